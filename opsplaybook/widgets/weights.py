"""Sliders that add up: moving one moves the others, each in proportion to what it has."""

from collections.abc import Callable, Sequence

import ipywidgets

STEP = 0.5


class WeightSliders(ipywidgets.VBox):
    """Linked sliders, one per item.

    Parameters
    ----------
    names : sequence of str
    values : sequence of float
        One per name; they add up to the total.
    total : float
    moved : callable
        Called once for every move, after the others have followed.
    """

    def __init__(
        self,
        names: Sequence[str],
        values: Sequence[float],
        *,
        total: float,
        moved: Callable[[], None],
    ) -> None:
        self._total, self._moved, self._following = total, moved, False
        self._sliders = [
            ipywidgets.FloatSlider(
                value=value, min=0, max=total, step=STEP, readout_format="g",
                description=name.replace("_", " "), continuous_update=True,
                style={"description_width": "150px"},
                layout=ipywidgets.Layout(width="480px"),
            )
            for name, value in zip(names, values, strict=True)
        ]  # fmt: skip
        for slider in self._sliders:
            slider.observe(self._follow, names="value")
        super().__init__(self._sliders)

    @property
    def values(self) -> tuple[float, ...]:
        """The weights, in the order of the names."""
        return tuple(slider.value for slider in self._sliders)

    def show(self, values: Sequence[float]) -> None:
        """Show other weights, without a move."""
        self._following = True
        for slider, value in zip(self._sliders, values, strict=True):
            slider.value = value
        self._following = False

    def _follow(self, change: dict) -> None:
        if self._following:
            return
        place = self._sliders.index(change["owner"])
        self.show(rebalanced(self.values, place, total=self._total))
        self._moved()


def rebalanced(values: Sequence[float], moved: int, *, total: float) -> tuple[float, ...]:
    """Let all other weights share what the moved one leaves.

    Parameters
    ----------
    values : sequence of float
        After the move, so that they need not add up.
    moved : int
        Place of the one that was moved; it keeps its value, up to the total.
    total : float
        What they add up to.

    Returns
    -------
    tuple of float
        The others are in proportion as before, or equal where all were zero. Rounded down to
        half points; what that leaves goes to the largest of them.

    Examples
    --------
    >>> rebalanced((50, 30, 30), 0, total=100)
    (50.0, 25.0, 25.0)

    The first keeps its 50; the others share the rest alike, as before.
    """
    kept = min(float(values[moved]), total)
    places = [place for place in range(len(values)) if place != moved]
    if not places:
        return (total,)
    rest, others = total - kept, sum(values[place] for place in places)
    shares = {
        place: rest * (values[place] / others if others else 1 / len(places)) for place in places
    }
    result = {place: share // STEP * STEP for place, share in shares.items()}
    result[max(places, key=shares.__getitem__)] += rest - sum(result.values())
    result[moved] = kept
    return tuple(result[place] for place in range(len(values)))
