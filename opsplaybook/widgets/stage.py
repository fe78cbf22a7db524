"""The widgets of a what-if view: fields above, what they lead to below."""

import asyncio
import base64
from html import escape
from typing import Any

import ipywidgets
from pydantic import ValidationError

from opsplaybook.display import Chart, Table, table_html
from opsplaybook.errors import OpsPlaybookError
from opsplaybook.params import PlaybookParams
from opsplaybook.widgets.fields import fields_of, row
from opsplaybook.widgets.what_if import Shown, View

REST_SECONDS = 0.05
"""A drag sends many values; the view is computed when none has come for so long."""


class Stage:
    """Fields of some parameters, and a view that follows them.

    Parameters
    ----------
    view, params, given, names
        As in `what_if`.

    Attributes
    ----------
    box : ipywidgets.Widget
        What is shown.
    computed : int
        How often the view was computed.
    """

    def __init__(
        self, view: View, params: PlaybookParams, given: tuple[Any, ...], names: tuple[str, ...]
    ) -> None:
        self._view, self._params, self._given = view, params, given
        self._waiting: asyncio.TimerHandle | None = None
        self._screen, self._said = ipywidgets.HTML(), ipywidgets.HTML()
        # A callback has no caller: what it did not foresee is shown here, not in a hidden log.
        self._unforeseen = ipywidgets.Output()
        self.computed = 0
        self._fields = fields_of(params, names, moved=self._moved)
        for field in self._fields.values():
            if isinstance(field.widget, ipywidgets.IntSlider | ipywidgets.FloatSlider):
                field.widget.continuous_update = True
        rows = [row(field) for field in self._fields.values()]
        self.box = ipywidgets.VBox([*rows, self._said, self._unforeseen, self._screen])
        self._follow()

    def _moved(self, _: object = None) -> None:
        """Wait until the hand rests: of a drag, only where it ends is computed."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = asyncio.get_event_loop().call_later(REST_SECONDS, self._follow)

    def _follow(self) -> None:
        self._unforeseen.outputs = ()
        with self._unforeseen:
            self._compute()
        self.computed += 1

    def _compute(self) -> None:
        values = {name: field.read() for name, field in self._fields.items()}
        try:
            params = type(self._params)(**(self._params.model_dump() | values))
            shown = self._view(params, *self._given)
        except ValidationError as error:
            self._complain("; ".join(item["msg"] for item in error.errors(include_url=False)))
        except OpsPlaybookError as error:
            self._complain(str(error))
        else:
            self._said.value = ""
            self._screen.value = "".join(map(_html, shown))

    def _complain(self, text: str) -> None:
        self._said.value = (
            f'<pre role="alert" style="color:var(--jp-error-color1, #b3261e)">{escape(text)}</pre>'
        )


def _html(shown: Shown) -> str:
    return table_html(shown) if isinstance(shown, Table) else _chart_html(shown)


def _chart_html(chart: Chart) -> str:
    data = base64.b64encode(chart.image).decode()
    return (
        f"<figure><figcaption><b>{escape(chart.title)}</b><br>{escape(chart.subtitle)}</figcaption>"
        f'<img src="data:{chart.image_type};base64,{data}" alt="{escape(chart.alt)}" '
        f'width="{chart.width}" height="{chart.height}" style="background:white"></figure>'
    )
