"""A slider for a wide range: it begins around the value, and goes on where its end is reached."""

from typing import Any

import ipywidgets

from opsplaybook.widgets.resting import Rested

WIDE_STEPS = 400
"""Numbers from which a range is wide: a slider has fewer pixels than that."""

_AROUND = 4
_LEAST = 100
_REST_SECONDS = 0.5


class GrowingSlider(ipywidgets.IntSlider):
    """A slider up to a few times its value, whose end moves away when it is reached.

    Parameters
    ----------
    value, low, high : int
        What it shows first, and the whole range.
    **look
        Layout and style.
    """

    def __init__(self, value: int, low: int, high: int, **look: Any) -> None:
        self._high = high
        end = min(high, max(_AROUND * value, low + _LEAST))
        super().__init__(value=value, min=low, max=end, continuous_update=False, **look)
        self._grow_later = Rested(self._grow, _REST_SECONDS)
        self.observe(self._hear, names="value")

    def show(self, value: int) -> None:
        """Show a value, also one behind the end."""
        if value > self.max:
            self.max = min(_AROUND * value, self._high)
        self.value = value

    def _hear(self, change: dict[str, Any]) -> None:
        if change["new"] == self.max < self._high:
            self._grow_later()

    def _grow(self) -> None:
        """Move the end away, if the hand still rests there."""
        if self.value == self.max:
            self.max = min(self._high, _AROUND * self.max)
