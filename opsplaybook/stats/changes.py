"""Changes of one unit from one period to the next: its orders, its tickets, its users.

There is one account and no control group: an interval tells which changes the size and number of
what was counted could bring by chance, not why something changed.
"""

from math import exp, inf, log, nan, sqrt

from numpy.typing import ArrayLike

from opsplaybook.stats.results import Difference, Estimate, Interval
from opsplaybook.stats.totals import total

_TOTALS = "ratio of totals, joined gamma intervals (Fay and Feuer 1997; Li, Tang and Wong 2014)"
_MEMBERS = "joiners less leavers, joined exact Poisson intervals (Zou and Donner 2008)"


def change_of_totals(now: ArrayLike, before: ArrayLike, *, level: float = 0.95) -> Difference:
    """Estimate by what share a total differs from the one before.

    Each amount is one chance event of its size (a Poisson process with marks), so few or unequal
    amounts make a wide interval. With all amounts 1 it compares two counts.

    Parameters
    ----------
    now, before : array of float, shapes (events,)
        The amounts of the two periods, of equal length; missing values count as zero.
    level : float
        Coverage of the interval.

    Returns
    -------
    Difference
        Kind ``change``; `n` counts the events of both periods. NaN where there was nothing
        before; no interval where there is nothing at all.

    Raises
    ------
    ValueError
        If an amount is negative.

    References
    ----------
    .. [1] Fay and Feuer (1997), Statistics in Medicine 16:791-801 (interval of each total).
    .. [2] Li, Tang and Wong (2014), Computational Statistics 29:869-889 (joining intervals of
       two rates for their ratio).

    Examples
    --------
    >>> orders = change_of_totals([1] * 12, [1] * 20)
    >>> print(round(orders.value, 2), round(orders.interval.low, 2), round(orders.interval.high, 2))
    -0.4 -0.73 0.26
    >>> orders.detectable
    False

    12 orders after 20 are 40% fewer, and chance could give that.
    """
    one, two = total(now, level=level), total(before, level=level)
    n = one.n + two.n
    if not two.value:
        return Difference(nan, None, n, "change", first=one, second=two, method=_TOTALS)
    low, high = -1.0, inf
    if one.value:
        middle = log(one.value / two.value)
        low = exp(middle - _apart(_down(one), _up(two))) - 1
        high = exp(middle + _apart(_up(one), _down(two))) - 1
    elif two.interval.low:
        high = one.interval.high / two.interval.low - 1
    ends = Interval(low, high, level)
    value = one.value / two.value - 1
    return Difference(value, ends, n, "change", first=one, second=two, method=_TOTALS)


def change_of_members(stayed: int, joined: int, left: int, *, level: float = 0.95) -> Difference:
    """Estimate by what share the members of a group differ from those of the period before.

    Who is there in both periods changes nothing; joiners and leavers are chance events.

    Parameters
    ----------
    stayed, joined, left : int
        Members in both periods, only in the present one, only in the one before.
    level : float
        Coverage of the interval.

    Returns
    -------
    Difference
        Kind ``change``; `n` counts the members of either period. NaN where there was nobody
        before.

    References
    ----------
    .. [1] Zou and Donner (2008), Statistics in Medicine 27:1693-1702.

    Examples
    --------
    >>> users = change_of_members(stayed=24, joined=10, left=6)
    >>> print(round(users.value, 2), round(users.interval.low, 2), round(users.interval.high, 2))
    0.13 -0.16 0.44

    34 users after 30 are 13% more, and chance could give that.
    """
    before, n = stayed + left, stayed + joined + left
    if not before:
        return Difference(nan, None, n, "change", method=_MEMBERS)
    came, went = total([1] * joined, level=level), total([1] * left, level=level)
    value = joined - left
    low = value - sqrt((came.value - came.interval.low) ** 2 + (went.interval.high - left) ** 2)
    high = value + sqrt((came.interval.high - joined) ** 2 + (went.value - went.interval.low) ** 2)
    ends = Interval(max(low / before, -1.0), high / before, level)
    return Difference(value / before, ends, n, "change", method=_MEMBERS)


def _down(estimate: Estimate) -> float:
    """Return how far the low end lies below, on the scale of logarithms."""
    low = estimate.interval.low
    return log(estimate.value / low) if low > 0 else inf


def _up(estimate: Estimate) -> float:
    return log(estimate.interval.high / estimate.value)


def _apart(one: float, two: float) -> float:
    return sqrt(one**2 + two**2)
