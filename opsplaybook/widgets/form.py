"""A form over the parameters of a playbook, checked by the model itself at every change."""

from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from typing import Any

import ipywidgets
from pydantic import ValidationError

from opsplaybook import formats
from opsplaybook.errors import OpsPlaybookError
from opsplaybook.params import AddsUpTo, PlaybookParams
from opsplaybook.widgets.choices import Choices, choices_of, has_choices
from opsplaybook.widgets.fields import Field, listed, make_field
from opsplaybook.widgets.weights import WeightSliders

_ALWAYS = frozenset(PlaybookParams.model_fields)
_NAME_WIDTH, _TEXT_WIDTH = "170px", "min(480px, 40vw)"


class Form:
    """Fields of all parameters with their meaning, and what is wrong with them.

    Parameters
    ----------
    params : PlaybookParams
        What it shows first.
    changed : callable
        Called after every change, valid or not.

    Attributes
    ----------
    box : ipywidgets.Widget
        What is shown.
    problems : dict of str to str
        Parameter to what is wrong with its value, in the model's own words; those that concern
        several stand under the empty name.
    """

    def __init__(self, params: PlaybookParams, changed: Callable[[], None]) -> None:
        self._model, self._changed = type(params), changed
        self._params: PlaybookParams = params
        self.problems: dict[str, str] = {}
        self._choices: dict[str, Choices] = {}
        self._source = ""
        self._notice, self._together = _line(""), _line("")
        self._read_choices(params.source)
        self._fields = self._make_fields(params)
        self._errors = {name: _line("") for name in self._fields}
        self.box = ipywidgets.VBox([self._notice, *self._groups(), self._together])

    @property
    def valid(self) -> bool:
        """Whether the values on the screen can be run."""
        return not self.problems

    @property
    def params(self) -> PlaybookParams:
        """The last valid parameters."""
        return self._params

    def _groups(self) -> list[ipywidgets.Widget]:
        own = [name for name in self._fields if name not in _ALWAYS]
        more = ipywidgets.Accordion(
            [ipywidgets.VBox([self._row(name) for name in self._fields if name in _ALWAYS])],
            titles=("Source, last known day, audience",),
            selected_index=None,
        )
        return [*(self._row(name) for name in own), more]

    def _row(self, name: str) -> ipywidgets.Widget:
        field = self._fields[name]
        label = ipywidgets.HTML(
            f"<b>{escape(name.replace('_', ' '))}</b>",
            layout=ipywidgets.Layout(width=_NAME_WIDTH),
        )
        meaning = ipywidgets.HTML(
            escape(field.description), layout=ipywidgets.Layout(width=_TEXT_WIDTH)
        )
        beside = ipywidgets.VBox([meaning, self._errors[name]])
        return ipywidgets.HBox(
            [label, field.widget, beside], layout=ipywidgets.Layout(align_items="flex-start")
        )

    def _make_fields(self, params: PlaybookParams) -> dict[str, Field]:
        fields = {}
        for name, info in self._model.model_fields.items():
            value = getattr(params, name)
            linked = next((item for item in info.metadata if isinstance(item, AddsUpTo)), None)
            if linked is not None:
                fields[name] = self._linked(name, linked, params)
                continue
            choices = partial(self._choices_of, name) if has_choices(name) else None
            fields[name] = make_field(name, info, value, choices)
            fields[name].widget.observe(self._check, names="value")
        return fields

    def _linked(self, name: str, linked: AddsUpTo, params: PlaybookParams) -> Field:
        sliders = WeightSliders(
            getattr(params, linked.items),
            getattr(params, name),
            total=linked.total,
            moved=self._check,
        )
        meaning = self._model.model_fields[name].description or ""
        return Field(name, meaning, sliders, lambda: sliders.values, sliders.show)

    def _choices_of(self, name: str) -> Choices:
        return self._choices.get(name, Choices({}))

    def _read_choices(self, source: str) -> None:
        """Read what the keys of the source are; say so where they cannot be read."""
        self._source, self._choices = source, {}
        try:
            for name in filter(has_choices, self._model.model_fields):
                self._choices[name] = choices_of(source, name)
        except OpsPlaybookError as error:
            self._notice.value = _problem(f"The source cannot be read: {formats.text(error)}")
        else:
            self._notice.value = ""

    def _check(self, _: object = None) -> None:
        """Check what is on the screen, and mark what is wrong beside its field."""
        values = {name: field.read() for name, field in self._fields.items()}
        if values["source"] != self._source:
            self._read_choices(values["source"])
            for name, choices in self._choices.items():
                self._fields[name].widget.options = listed(choices)
        self.problems = self._problems(values)
        for name, line in self._errors.items():
            line.value = _problem(self.problems[name]) if name in self.problems else ""
        self._together.value = _problem(self.problems[""]) if "" in self.problems else ""
        self._changed()

    def _problems(self, values: Mapping[str, Any]) -> dict[str, str]:
        unknown = {
            name: f"{values[name]} is not among the {len(choices.keys):,} of the source"
            for name, choices in self._choices.items()
            if values[name] and values[name] not in choices
        }
        try:
            params = self._model(**values)
        except ValidationError as error:
            found = {
                str(item["loc"][0]) if item["loc"] else "": item["msg"]
                for item in error.errors(include_url=False)
            }
            return unknown | found
        if not unknown:
            self._params = params
        return unknown


def _line(text: str) -> ipywidgets.HTML:
    return ipywidgets.HTML(text)


def _problem(text: str) -> str:
    return f'<span role="alert" style="color:var(--jp-error-color1, #b3261e)">{escape(text)}</span>'
