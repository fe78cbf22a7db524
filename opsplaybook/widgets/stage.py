"""The widgets of a what-if view: fields above, what they lead to below."""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets
from pydantic import ValidationError

from opsplaybook.display import Chart, Table, table_html
from opsplaybook.errors import ParamsError
from opsplaybook.params import PlaybookParams, problem_text
from opsplaybook.widgets.fields import fields_of
from opsplaybook.widgets.look import VIEW, look
from opsplaybook.widgets.notice import Notice
from opsplaybook.widgets.resting import Rested
from opsplaybook.widgets.rows import Meaning, row
from opsplaybook.widgets.what_if import Shown, View

REST_SECONDS = 0.05
"""A drag sends many values; the view is computed when none has come for so long."""

QUICK_SECONDS = 0.15
"""A view that is computed in less follows the hand while it still moves."""


class Stage:
    """Fields of some parameters, and a view that follows them.

    Parameters
    ----------
    view, params, given, names
        As in `what_if`.
    adopt : callable
        Puts values into the panel of the playbook; returns which it has.

    Attributes
    ----------
    box : ipywidgets.Widget
        What is shown.
    computed : int
        How often the view was computed.
    """

    def __init__(
        self,
        view: View,
        params: PlaybookParams,
        given: tuple[Any, ...],
        names: tuple[str, ...],
        *,
        adopt: Callable[[PlaybookParams, dict[str, Any]], tuple[str, ...]],
    ) -> None:
        self._view, self._params, self._given, self._adopt = view, params, given, adopt
        self._screen, self._said = ipywidgets.HTML(), Notice()
        self.computed = 0
        self._moved = Rested(self._follow, REST_SECONDS)
        self._fields = fields_of(params, names, moved=self._moved)
        for field in self._fields.values():
            if isinstance(field.widget, ipywidgets.IntSlider | ipywidgets.FloatSlider):
                field.widget.continuous_update = True
        rows = [row(field, Meaning(field.description)) for field in self._fields.values()]
        self.box = ipywidgets.VBox([look(), *rows, self._buttons(), self._said, self._screen])
        self._follow()

    def _buttons(self) -> ipywidgets.Widget:
        wide = ipywidgets.Layout(width="auto")
        back = ipywidgets.Button(description="As in the panel", icon="undo", layout=wide)
        take = ipywidgets.Button(description="Put into the panel", icon="arrow-up", layout=wide)
        back.on_click(self._on_back)
        take.on_click(self._on_take)
        return ipywidgets.HBox([back, take])

    def _on_back(self, _: object) -> None:
        for name, field in self._fields.items():
            field.write(getattr(self._params, name))
        self._moved()

    def _on_take(self, _: object) -> None:
        with self._said:
            params = self._asked()
            values = {name: getattr(params, name) for name in self._fields}
            taken = self._adopt(params, values)
            if taken:
                self._said.say(_taken_text([name for name in values if name not in taken]))
            else:
                self._said.complain("There is no panel: run the cell that shows it.")

    def _follow(self) -> None:
        """Compute the view by what the fields say."""
        began = time.perf_counter()
        shown = ""
        with self._said:
            shown = "".join(map(_html, self._view(self._asked(), *self._given)))
            self._said.say("")
        # What does not fit the fields above is taken off the screen.
        self._screen.value = f'<div class="{VIEW}">{shown}</div>' if shown else ""
        self.computed += 1
        self._moved.restarts = time.perf_counter() - began > QUICK_SECONDS

    def _asked(self) -> PlaybookParams:
        """Return the parameters with what the fields say."""
        values = {name: field.read() for name, field in self._fields.items()}
        try:
            return type(self._params)(**(self._params.model_dump() | values))
        except ValidationError as error:
            problems = [_problem(item) for item in error.errors(include_url=False)]
        raise ParamsError("; ".join(problems))


def _taken_text(left: Sequence[str]) -> str:
    """Say that the panel has the values, and which are of this view alone."""
    text = "The panel at the top holds these values now. Keep them there."
    names = ", ".join(name.replace("_", " ") for name in left)
    return f"{text} Of this view alone: {names}." if left else text


def _problem(item: Mapping[str, Any]) -> str:
    """Say what is wrong with which field, by the name that stands before it."""
    name = str(item["loc"][0]).replace("_", " ") if item["loc"] else ""
    return f"{name}: {problem_text(item)}" if name else problem_text(item)


def _html(shown: Shown) -> str:
    return _table_html(shown) if isinstance(shown, Table) else _chart_html(shown)


def _table_html(table: Table) -> str:
    """Write a table that has no CSV beside it, unlike one of a run."""
    rows = len(table.rows)
    if table.total_rows <= rows:
        return table_html(table)
    note = f"The first {rows:,} of {table.total_rows:,}. {table.note}"
    return table_html(replace(table, total_rows=rows, note=note))


def _chart_html(chart: Chart) -> str:
    data = base64.b64encode(chart.image).decode()
    note = f"<p>{escape(chart.note)}</p>" if chart.note else ""
    return (
        f'<figure style="margin:0"><figcaption><b>{escape(chart.title)}</b><br>'
        f"{escape(chart.subtitle)}</figcaption>"
        f'<img src="data:{chart.image_type};base64,{data}" alt="{escape(chart.alt)}" '
        f'width="{chart.width}" height="{chart.height}" style="background:white">{note}</figure>'
    )
