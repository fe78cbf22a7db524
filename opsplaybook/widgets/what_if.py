"""What if? A step of a playbook again and again, while a person moves what it depends on."""

from collections.abc import Callable, Sequence
from typing import Any

from opsplaybook.display import Chart, MimeBundle, Table
from opsplaybook.params import PlaybookParams
from opsplaybook.widgets.frontend import is_interactive
from opsplaybook.widgets.panel import adopt

Shown = Table | Chart
View = Callable[..., Sequence[Shown]]


class WhatIf:
    """A view with the parameters that it depends on.

    Parameters
    ----------
    view : callable
        Takes parameters and what was given; returns what is to be seen.
    params : PlaybookParams
        Where the person starts.
    given : tuple
        Results of earlier steps.
    names : tuple of str
        Parameters that can be moved.
    """

    def __init__(
        self, view: View, params: PlaybookParams, given: tuple[Any, ...], names: tuple[str, ...]
    ) -> None:
        self._view, self._params, self._given, self._names = view, params, given, names

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> MimeBundle:
        if not is_interactive():
            first = self._view(self._params, *self._given)[0]
            return first._repr_mimebundle_(include, exclude)
        # ipywidgets costs a second to import, which no batch needs to pay.
        from opsplaybook.widgets.stage import Stage

        stage = Stage(self._view, self._params, self._given, self._names, adopt=adopt)
        return stage.box._repr_mimebundle_(), {}


def what_if(view: View, params: PlaybookParams, *given: Any, names: Sequence[str]) -> WhatIf:
    """Show a step with the parameters that it depends on, to be moved.

    Parameters
    ----------
    view : callable
        A function of the playbook: ``view(params, *given)`` returns the tables and charts to see.
    params : PlaybookParams
        Where the person starts; the notebook's own stay as they are.
    given : object
        Results of earlier steps, which do not depend on what is moved.
    names : sequence of str
        Parameters that can be moved.

    Returns
    -------
    WhatIf
        Where nobody sits in front of the notebook, it shows the first table or chart as it stands.
    """
    return WhatIf(view, params, given, tuple(names))
