"""What can go wrong, said so that an analyst can act on it.

The whole tree::

    OpsPlaybookError                 exit code 2
    ├─ UsageError                    a command, playbook, run or file name that does not exist
    ├─ ParamsError                   a parameter: unknown, missing, out of range
    ├─ SourceError                   the source: its YAML, a file, a database, a column
    │   └─ ContractError             a required table is empty, or a column cannot be trusted
    ├─ NotEnoughDataError            too little data for what was asked
    ├─ FolderBusyError               another run or batch holds the output folder
    ├─ StorageError                  exit code 1: the output cannot be written, as on a full disk
    ├─ RunError                      exit code 1: a notebook failed, with its cell
    └─ RenderError                   exit code 1: a report could not be made, or would leak

Every message has the same four parts: what is wrong, where, how many, what to do.
"""

import re
from collections.abc import Sequence

EXAMPLES_SHOWN = 5
"""Examples that a message quotes at most; the rest stays on the attributes."""

VALUE_CHARACTERS = 60
"""Characters of a quoted value at most."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""What steers a terminal, turns the direction of writing, or cannot be written at all."""


def quote(value: object) -> str:
    r"""Quote a value for a message: on one line, of bounded length, without terminal controls.

    Examples
    --------
    >>> quote("13-01-2024")
    '"13-01-2024"'
    >>> quote("Ac\x1b[31mme")
    '"Ac�[31mme"'

    The second would have coloured the terminal; now it shows that something was there.
    """
    text = _UNPRINTABLE.sub("�", " ".join(str(value).split()))
    if len(text) > VALUE_CHARACTERS:
        text = text[: VALUE_CHARACTERS - 1] + "…"
    return f'"{text}"'


class OpsPlaybookError(Exception):
    """Base of all errors that an analyst is meant to read.

    Parameters
    ----------
    what : str
        What is wrong, with the count where there is one.
    where : str, optional
        File, table, column, parameter or notebook cell.
    remedy : str, optional
        What to do about it.
    examples : sequence of str, optional
        All examples; the message shows the first five.
    """

    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        remedy: str | None = None,
        examples: Sequence[str] = (),
    ) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        self.examples = tuple(examples)
        super().__init__(self._message())

    def _message(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        lines += [f"  {example}" for example in self.examples[:EXAMPLES_SHOWN]]
        hidden = len(self.examples) - EXAMPLES_SHOWN
        if hidden > 0:
            lines.append(f"  and {hidden:,} more")
        if self.remedy:
            lines.append(f"To fix: {self.remedy}")
        return "\n".join(lines)


class UsageError(OpsPlaybookError):
    """A command, playbook, run or file that was named does not exist."""


class ParamsError(OpsPlaybookError):
    """A parameter is unknown, missing or out of range."""


class SourceError(OpsPlaybookError):
    """A source cannot be read as its YAML says."""


class ContractError(SourceError):
    """A table breaks its contract so far that it cannot be used."""


class NotEnoughDataError(OpsPlaybookError):
    """There is too little data for what was asked."""


class FolderBusyError(OpsPlaybookError):
    """Another run or batch is writing to the output folder."""


class StorageError(OpsPlaybookError):
    """The output cannot be written: the disk is full, or the folder is not ours to write."""

    exit_code = 1


class RunError(OpsPlaybookError):
    """A run failed.

    Parameters
    ----------
    what, where, remedy, examples
        As in `OpsPlaybookError`.
    cell : int, optional
        Position of the failing cell in the notebook, from 0.
    error_name, error_value : str
        Class and text of the error that the cell raised.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        remedy: str | None = None,
        examples: Sequence[str] = (),
        cell: int | None = None,
        error_name: str = "",
        error_value: str = "",
    ) -> None:
        super().__init__(what, where=where, remedy=remedy, examples=examples)
        self.cell = cell
        self.error_name = error_name
        self.error_value = error_value


class RenderError(OpsPlaybookError):
    """A report could not be made, or would have shown what it must not."""

    exit_code = 1
