"""A form over the parameters of a playbook, checked by the model itself at every change."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
from pydantic import ValidationError

from opsplaybook.errors import OpsPlaybookError
from opsplaybook.params import PlaybookParams, problem_text
from opsplaybook.sources import open_source
from opsplaybook.widgets.choices import NONE_KNOWN, Choices, choices_of, has_choices
from opsplaybook.widgets.fields import fields_of
from opsplaybook.widgets.look import look
from opsplaybook.widgets.notice import Notice
from opsplaybook.widgets.rows import Meaning, row

_ALWAYS = frozenset(PlaybookParams.model_fields)


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
        self._params = params
        self.problems: dict[str, str] = {}
        self._notice, self._together = Notice(), Notice()
        self._read_choices(params.source)
        self._fields = fields_of(
            params, self._model.model_fields, moved=self._check, choices=self._choices_of
        )
        self._meanings = {name: Meaning(field.description) for name, field in self._fields.items()}
        self.box = ipywidgets.VBox([look(), self._notice, *self._groups(), self._together])
        self._mark(self._problems(self._values()))

    @property
    def valid(self) -> bool:
        """Whether the values on the screen can be run."""
        return not self.problems

    @property
    def params(self) -> PlaybookParams:
        """The last valid parameters."""
        return self._params

    def show(self, values: Mapping[str, Any]) -> None:
        """Put values of some parameters into their fields."""
        for name, value in values.items():
            self._fields[name].write(value)
        self._check()

    def _groups(self) -> list[ipywidgets.Widget]:
        own = [name for name in self._fields if name not in _ALWAYS]
        more = ipywidgets.Accordion(
            [ipywidgets.VBox([self._row(name) for name in self._fields if name in _ALWAYS])],
            titles=("Source, last known day, audience",),
            selected_index=None,
        )
        return [*(self._row(name) for name in own), more]

    def _row(self, name: str) -> ipywidgets.Widget:
        return row(self._fields[name], self._meanings[name])

    def _choices_of(self, name: str) -> Choices:
        return self._choices.get(name, NONE_KNOWN)

    def _read_choices(self, address: str) -> None:
        """Learn which keys the source has; say so where they cannot be read."""
        self._source, self._choices, self._unreadable = address, {}, ""
        try:
            source = open_source(address)
            for name in filter(has_choices, self._model.model_fields):
                self._choices[name] = choices_of(source, name)
        except OpsPlaybookError as error:
            self._unreadable = f"The source cannot be read. {error}"

    def _check(self, _: object = None) -> None:
        """Check what is on the screen, and mark what is wrong beside its field."""
        with self._notice:
            # Stays if the check itself fails: nothing may run on what nobody has checked.
            self.problems = {"": "what stands here could not be checked"}
            address = self._fields["source"].read()
            if address != self._source:
                self._read_choices(address)
            self._mark(self._problems(self._values()))
        self._changed()

    def _mark(self, problems: dict[str, str]) -> None:
        self.problems = problems
        self._notice.complain(self._unreadable)
        for name, meaning in self._meanings.items():
            meaning.complain(problems.get(name, "") if not self._unreadable else "")
        self._together.complain(problems.get("", ""))

    def _values(self) -> dict[str, Any]:
        return {name: field.read() for name, field in self._fields.items()}

    def _problems(self, values: Mapping[str, Any]) -> dict[str, str]:
        if self._unreadable:
            return {"source": self._unreadable}
        unknown = {
            name: problem
            for name, choices in self._choices.items()
            if values[name] and (problem := choices.problem_of(values[name]))
        }
        try:
            params = self._model(**values)
        except ValidationError as error:
            found = {
                str(item["loc"][0]) if item["loc"] else "": problem_text(item)
                for item in error.errors(include_url=False)
            }
            return unknown | found
        if not unknown:
            self._params = params
        return unknown
