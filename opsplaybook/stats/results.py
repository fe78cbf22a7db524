"""Result types: an estimate never travels without its interval, its n and its method."""

from dataclasses import dataclass
from math import isnan, nan

from opsplaybook.formats import MINIMUM_UNITS, Kind


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval with its level.

    Attributes
    ----------
    low, high : float
        Ends, in the unit of the estimate.
    level : float
        Coverage that the interval claims, 0 to 1.
    """

    low: float
    high: float
    level: float = 0.95

    def contains(self, number: float) -> bool:
        """Tell whether a number lies in the interval, ends included.

        Examples
        --------
        >>> Interval(-0.1, 0.2).contains(0)
        True

        Zero is inside: the sign of the effect is open.
        """
        return self.low <= number <= self.high


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, the units behind it and the way it was made.

    Attributes
    ----------
    value : float
        Point estimate; NaN where the base is empty.
    interval : Interval or None
        None for plain counts and sums, which are not estimated.
    n : int
        Independent units in the base (accounts, unless `unit` says otherwise).
    kind : Kind
        What the value is, for its text form.
    method : str
        Name of the method, as it appears in the appendix of a report.
    numerator : float or None
        What was counted or summed, for rates and ratios.
    """

    value: float
    interval: Interval | None
    n: int
    kind: Kind = "number"
    method: str = ""
    numerator: float | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """Low and high end of the interval, for the columns of a frame; NaN without one.

        Examples
        --------
        >>> Estimate(0.2, Interval(0.1, 0.3), 9).ends, Estimate(5, None, 5).ends
        ((0.1, 0.3), (nan, nan))
        """
        return (self.interval.low, self.interval.high) if self.interval else (nan, nan)

    @property
    def enough(self) -> bool:
        """Whether there are enough units to show a number."""
        return self.n >= MINIMUM_UNITS and not isnan(self.value)


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference (or ratio) of two groups, first minus second.

    Attributes
    ----------
    value : float
        Point estimate.
    interval : Interval or None
        None when it cannot be formed.
    n : int
        Independent units of the smaller group: what the certainty rests on.
    kind : Kind
        What the value is; ``points`` for a difference of shares.
    p_value : float
        Two-sided; NaN where the method gives none.
    first, second : Estimate or None
        The two groups on their own.
    no_effect : float
        Value that means no difference: 0 for differences, 1 for ratios.
    method : str
        Name of the method.
    """

    value: float
    interval: Interval | None
    n: int
    kind: Kind = "number"
    p_value: float = float("nan")
    first: Estimate | None = None
    second: Estimate | None = None
    no_effect: float = 0.0
    method: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        """Low and high end of the interval, for the columns of a frame; NaN without one.

        Examples
        --------
        >>> Difference(0.2, Interval(0.1, 0.3), 9).ends, Difference(0.2, None, 9).ends
        ((0.1, 0.3), (nan, nan))
        """
        return (self.interval.low, self.interval.high) if self.interval else (nan, nan)

    @property
    def enough(self) -> bool:
        """Whether there are enough units to show a number."""
        return self.n >= MINIMUM_UNITS and not isnan(self.value)

    @property
    def detectable(self) -> bool:
        """Whether the interval leaves out "no difference".

        Examples
        --------
        >>> Difference(0.1, Interval(-0.05, 0.25), 40, "points").detectable
        False

        The report says: no detectable difference.
        """
        return (
            self.enough and self.interval is not None and not self.interval.contains(self.no_effect)
        )
