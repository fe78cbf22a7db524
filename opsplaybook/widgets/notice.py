"""The line of a panel that says what has happened, and what went wrong."""

import traceback
from html import escape
from types import TracebackType
from typing import Self

import ipywidgets

from opsplaybook.errors import OpsPlaybookError

_WRONG = "color:var(--jp-error-color1, #b3261e)"
_TEXT = "white-space:pre-wrap;overflow-wrap:anywhere;margin:0"
_LINK = "color:var(--jp-content-link-color, #1976d2);text-decoration:underline"
"""JupyterLab shows a link among widgets as any other text."""


def alert(text: str) -> str:
    """Write what is wrong as HTML; nothing where nothing is."""
    if not text:
        return ""
    return f'<pre role="alert" style="{_WRONG};{_TEXT};font-family:inherit">{escape(text)}</pre>'


class Notice(ipywidgets.HTML):
    """A line of text. As a context, it shows what goes wrong inside.

    A callback has no caller: what it raises would end in a log that nobody opens.
    """

    def say(self, text: str) -> None:
        """Say what has happened."""
        self.value = f'<span role="status">{escape(text)}</span>' if text else ""

    def complain(self, text: str) -> None:
        """Say what is wrong."""
        self.value = alert(text)

    def link(self, address: str, text: str, more: str) -> None:
        """Show a link that opens beside the notebook, and a text behind it."""
        self.value = (
            f'<span role="status"><a href="{escape(address)}" target="_blank" rel="noopener" '
            f'style="{_LINK}">{escape(text)}</a> ({escape(more)})</span>'
        )

    def __enter__(self) -> Self:
        """Begin to watch."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Show an error, and let the notebook go on; an interrupt goes through."""
        if isinstance(error, OpsPlaybookError):
            self.complain(str(error))
        elif isinstance(error, Exception):
            self._tell_unforeseen(error)
        return isinstance(error, Exception)

    def _tell_unforeseen(self, error: Exception) -> None:
        self.complain(f"Something unforeseen went wrong. {type(error).__name__}: {error}")
        lines = escape("".join(traceback.format_exception(error)))
        self.value += (
            f"<details><summary>For whoever looks into it</summary>"
            f'<pre style="{_TEXT}">{lines}</pre></details>'
        )
