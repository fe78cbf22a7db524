"""The panel of a playbook: its parameters as a form, kept and published from there."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from opsplaybook.display import MimeBundle
from opsplaybook.errors import ParamsError
from opsplaybook.params import PlaybookParams
from opsplaybook.widgets.frontend import is_interactive

_OPEN: dict[str, "Panel"] = {}
"""Panels of this kernel: "Run all" must not throw away what a person has put in."""


class Panel:
    """Parameters that a person may change before the cells below run.

    Parameters
    ----------
    playbook : str
        Stem of the playbook.
    params : PlaybookParams
        As the parameters cell has them.

    Attributes
    ----------
    given : PlaybookParams
        As the parameters cell has them.
    """

    def __init__(self, playbook: str, params: PlaybookParams) -> None:
        self._playbook, self.given = playbook, params
        self._desk = None

    @property
    def params(self) -> PlaybookParams:
        """The parameters as they stand.

        Raises
        ------
        ParamsError
            If something on the form is wrong: nothing runs on values that nobody sees.
        """
        if self._desk is None:
            return self.given
        form = self._desk.form
        if not form.valid:
            problems = [f"{name}: {text}" if name else text for name, text in form.problems.items()]
            raise ParamsError(
                "the panel holds values that cannot be run",
                where="panel",
                examples=problems,
                remedy="correct them in the panel, and run this cell again",
            )
        self._desk.taken()
        return form.params

    def adopt(self, values: Mapping[str, Any]) -> bool:
        """Put values into the form; return whether somebody has it on the screen."""
        if self._desk is None:
            return False
        self._desk.form.show(values)
        return True

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> MimeBundle:
        if not is_interactive():
            return self.given._repr_mimebundle_(include, exclude)
        if self._desk is None:
            # ipywidgets costs a second to import, which no batch needs to pay.
            from opsplaybook.widgets.desk import Desk

            self._desk = Desk(self._playbook, self.given)
        return self._desk.box._repr_mimebundle_(), {}


def panel(playbook: ModuleType, params: PlaybookParams) -> Panel:
    """Show the parameters of a playbook: as a form to a person, as a table to everybody else.

    Parameters
    ----------
    playbook : module
        Module of the playbook.
    params : PlaybookParams
        As the parameters cell has them.

    Returns
    -------
    Panel
        ``panel.params`` is what the cells below run on. When the cell runs again and the
        parameters cell has not changed, it is the same panel, with what was put in.
    """
    name = playbook.__name__.rpartition(".")[2]
    known = _OPEN.get(name)
    if known is None or known.given != params:
        _OPEN[name] = Panel(name, params)
    return _OPEN[name]


def adopt(params: PlaybookParams, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Put values into the panel that such parameters have come from.

    Parameters
    ----------
    params : PlaybookParams
        Of the playbook.
    values : mapping
        Parameter to value.

    Returns
    -------
    tuple of str
        Parameters that the panel holds now: none if there is no such panel.
    """
    known = next((one for one in _OPEN.values() if isinstance(params, type(one.given))), None)
    if known is None:
        return ()
    # A view may ask for more than the playbook has, such as a threshold of its own.
    fields = type(known.given).model_fields
    own = {name: value for name, value in values.items() if name in fields}
    return tuple(own) if known.adopt(own) else ()
