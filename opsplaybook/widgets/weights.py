"""Sliders that add up: moving one moves the others, each in proportion to what it has."""

from collections.abc import Callable, Sequence

import ipywidgets

from opsplaybook.widgets.look import common

STEP = 0.5
_WIDTH, _LEAST = "480px", "400px"


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
        super().__init__(
            layout=common(ipywidgets.Layout, width=_WIDTH, flex=f"1 1 {_LEAST}", max_width=_WIDTH)
        )
        self._lay_out(tuple(names), values)

    @property
    def values(self) -> tuple[float, ...]:
        """The weights, in the order of the names."""
        return tuple(slider.value for slider in self._sliders)

    def rename(self, names: Sequence[str]) -> None:
        """Have one slider per name; those of the same name, or as many as before, keep theirs.

        A new one begins at nothing.
        """
        if tuple(names) == self._names:
            return
        before = dict(zip(self._names, self.values, strict=True))
        same_count = len(names) == len(before)
        values = self.values if same_count else [before.get(name, 0) for name in names]
        self._lay_out(tuple(names), shared(values, total=self._total))

    def show(self, values: Sequence[float]) -> None:
        """Show other weights, without a move."""
        self._following = True
        for slider, value in zip(self._sliders, values, strict=True):
            slider.value = value
        self._following = False

    def _lay_out(self, names: tuple[str, ...], values: Sequence[float]) -> None:
        self._names = names
        self._sliders = [
            ipywidgets.FloatSlider(
                value=value, min=0, max=self._total, step=STEP, readout_format=".1f",
                description=name.replace("_", " "), continuous_update=True,
                style=common(ipywidgets.SliderStyle, description_width="150px"),
                layout=common(ipywidgets.Layout, width="auto"),
            )
            for name, value in zip(names, values, strict=True)
        ]  # fmt: skip
        for slider in self._sliders:
            slider.observe(self._follow, names="value")
        self.children = self._sliders

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
        The others share what is left, as `shared` has it.

    Examples
    --------
    >>> rebalanced((50, 30, 30), 0, total=100)
    (50.0, 25.0, 25.0)

    The first keeps its 50; the others share the rest alike, as before.
    """
    kept = min(float(values[moved]), total)
    others = [value for place, value in enumerate(values) if place != moved]
    if not others:
        return (total,)
    follow = shared(others, total=total - kept)
    return (*follow[:moved], kept, *follow[moved:])


def shared(values: Sequence[float], *, total: float) -> tuple[float, ...]:
    """Scale values so that they add up, in half points.

    Parameters
    ----------
    values : sequence of float
        None negative.
    total : float
        What they add up to afterwards.

    Returns
    -------
    tuple of float
        In proportion as before, or equal where all were zero. Rounded down to half points; what
        that leaves goes to the largest of them.

    Examples
    --------
    >>> shared((30, 30, 0), total=100)
    (50.0, 50.0, 0.0)

    Two share what there is, as they did before.
    """
    if not values:
        return ()
    before = sum(values)
    parts = [total * (value / before if before else 1 / len(values)) for value in values]
    result = [part // STEP * STEP for part in parts]
    result[parts.index(max(parts))] += total - sum(result)
    return tuple(result)
