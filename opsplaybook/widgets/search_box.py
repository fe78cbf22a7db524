"""A box to search a source in: what is typed is looked up as soon as the hand rests."""

from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

from opsplaybook.widgets.choices import Choices
from opsplaybook.widgets.notice import Notice
from opsplaybook.widgets.resting import Rested

REST_SECONDS = 0.25
"""A person who types quickly pauses less than that between two letters."""

_ROWS = 6
_WIDTH, _LEAST = "320px", "240px"
_INSIDE = {"width": "auto", "margin": "0"}
"""The box as a whole has the margin of a field, so that it stands in line with others."""


class SearchBox(ipywidgets.VBox):
    """A text, and below it what the source has that it is a part of.

    Parameters
    ----------
    choices : callable
        Returns what can be chosen, which is another after the source has changed.
    value : str
        What it shows first.

    Attributes
    ----------
    value : str
        What stands in the box once the hand has rested: a text that was offered, or anything
        else, for the form to judge.
    """

    value = traitlets.Unicode()

    def __init__(self, choices: Callable[[], Choices], value: str) -> None:
        self._choices = choices
        self._typed = ipywidgets.Text(
            value,
            placeholder="type a part of a key or name",
            layout=ipywidgets.Layout(**_INSIDE),
        )
        self._offered = ipywidgets.Select(
            rows=_ROWS, layout=ipywidgets.Layout(**_INSIDE, display="none")
        )
        self._said = Notice()
        super().__init__(
            [self._typed, self._offered, self._said],
            layout=ipywidgets.Layout(
                width=_WIDTH, flex=f"1 1 {_LEAST}", max_width=_WIDTH, margin="2px"
            ),
        )
        self.value = value
        self._look_up_later = Rested(self._look_up, REST_SECONDS)
        self._typed.observe(self._hear, names="value")
        self._offered.observe(self._choose, names="value")
        self.observe(self._show, names="value")

    def _hear(self, change: dict[str, Any]) -> None:
        """Hear what a person types, not what the box writes itself."""
        if change["new"] != self.value:
            self._look_up_later()

    def _look_up(self) -> None:
        """Offer what fits, unless what was typed is a choice already."""
        text = self._typed.value
        with self._said:
            choices = self._choices()
            chosen = choices.key_of(text) in choices
            self._offer(*(([], 0) if chosen else choices.offered(text)))
        self.value = text

    def _offer(self, texts: list[str], total: int) -> None:
        self._offered.index = None
        self._offered.options = texts
        self._offered.layout.display = "" if texts else "none"
        more = total > len(texts) > 0
        self._said.say(f"The first {len(texts):,} of {total:,}: type more" if more else "")

    def _choose(self, change: dict[str, Any]) -> None:
        if change["new"] is not None:
            self.value = change["new"]

    def _show(self, change: dict[str, Any]) -> None:
        """Show a value that was chosen, or that the form has set."""
        if self._typed.value != change["new"]:
            self._typed.value = change["new"]
            self._offer([], 0)
