"""Changes of one unit from one period to the next: its orders, its tickets, its users.

There is one account and no control group: an interval tells which changes the size and number of
what was counted, or the usual swings of the account, could bring by chance, not why something
changed.
"""

from functools import cache
from math import exp, inf, log, nan, sqrt

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike
from scipy import stats

from opsplaybook.stats.arrays import Floats, floats
from opsplaybook.stats.results import Difference, Estimate, Interval
from opsplaybook.stats.totals import total

_TOTALS = "ratio of totals, joined gamma intervals (Fay and Feuer 1997; Li, Tang and Wong 2014)"
_SWINGS = "ratio of totals on the scale of roots, against earlier swings (Fieller 1954)"
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


def change_beyond_swings(
    now: ArrayLike,
    before: ArrayLike,
    *,
    history: ArrayLike,
    lag: int,
    level: float = 0.95,
) -> Difference:
    """Estimate by what share a total differs from an earlier one, given how it usually swings.

    Use goes up and down slowly, so that weeks next to one another are alike: taken as independent
    they call every swing a change. Here the yardstick is the unit's own past: how far two totals
    of that length, that far apart, lay from each other before. Roots make the spread of large and
    small totals alike.

    Parameters
    ----------
    now, before : array of float, shape (weeks,)
        What each week of the two periods brought, zeros included.
    history : array of float, shape (earlier weeks,)
        Every week before the present period, oldest first, zeros included. It begins with the
        first amount: before that nothing had started yet.
    lag : int
        Weeks from the start of one period to the start of the other.
    level : float
        Coverage of the interval.

    Returns
    -------
    Difference
        Kind ``change``; `n` counts the weeks of a period, and is 0 where the history is too short
        to hold two periods that far apart. NaN where there was nothing before.

    Raises
    ------
    ValueError
        If an amount is negative or missing, or the periods are empty or unequal in length.

    References
    ----------
    .. [1] Allan (1966), Proceedings of the IEEE 54:221-230 (spread of differences of consecutive
       means); overlapping ones as in Howe, Allan and Barnes (1981).
    .. [2] Satterthwaite (1946), Biometrics Bulletin 2:110-114 (degrees of freedom).
    .. [3] Fieller (1954), JRSS B 16:175-185 (interval of a ratio).

    Examples
    --------
    >>> year = [9, 11, 10, 12, 16, 15, 17, 14, 8, 10, 9, 11, 15, 17, 14, 16]
    >>> found = change_beyond_swings([8, 9, 10, 9], [15, 17, 14, 16], history=year, lag=4)
    >>> print(round(found.value, 2), found.detectable)
    -0.42 False

    A fall by 42% is nothing new here: this account swings as far between any two months.
    """
    one, two = _weeks(now), _weeks(before)
    past = np.trim_zeros(_weeks(history), "f")
    if one.size != two.size or not one.size:
        raise ValueError(f"periods of {one.size} and {two.size} weeks, must be equal and not empty")
    top, bottom = float(one.sum()), float(two.sum())
    contrasts = past.size - one.size - lag + 1
    if not bottom or contrasts < 1:
        value = top / bottom - 1 if bottom else nan
        return Difference(value, None, one.size if contrasts > 0 else 0, "change", method=_SWINGS)
    spread = max(_swings(past, one.size, lag), _scatter(one, two))
    freedom = _degrees_of_freedom(contrasts, one.size, lag)
    critical = float(stats.t.ppf((1 + level) / 2, freedom))
    low, high = _ratio_of_roots(sqrt(top), sqrt(bottom), critical**2 * spread)
    p_value = float(2 * stats.t.sf(abs(sqrt(top) - sqrt(bottom)) / sqrt(2 * spread), freedom))
    ends = Interval(low - 1, high - 1, level)
    return Difference(top / bottom - 1, ends, one.size, "change", p_value, method=_SWINGS)


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


def _weeks(values: ArrayLike) -> Floats:
    amounts = floats(values, name="weeks")
    if not (amounts >= 0).all():
        raise ValueError("amounts must be >= 0 and none missing; a week without use is 0")
    return amounts


def _swings(past: Floats, span: int, lag: int) -> float:
    """Return the variance of the root of a total, from how far two of them lay apart."""
    roots = np.sqrt(sliding_window_view(past, span).sum(axis=1))
    return float(np.mean((roots[lag:] - roots[:-lag]) ** 2) / 2)


def _scatter(one: Floats, two: Floats) -> float:
    """Return the same variance from the weeks of both periods: swings are no smaller than it.

    Where weeks do not differ, as in silence after regular use, each is one chance event.
    """
    total = float(one.sum() + two.sum())
    within = one.size * (one.var(ddof=1) + two.var(ddof=1)) if one.size > 1 else 0.0
    return float(max(within, 0.0) or (one**2).sum() + (two**2).sum()) / (4 * total)


@cache
def _degrees_of_freedom(contrasts: int, span: int, lag: int) -> float:
    """Return what overlapping differences are worth.

    The level is taken to forget half of itself within the length of a period.
    """
    weeks = np.arange(contrasts + lag + span - 1)
    first = weeks - np.arange(contrasts)[:, None]
    second = first - lag
    contrast = ((second >= 0) & (second < span)) - ((first >= 0) & (first < span)).astype(float)
    alike = 0.5 ** (np.abs(np.subtract.outer(weeks, weeks)) / span)
    together = contrast @ alike @ contrast.T
    return float(np.trace(together) ** 2 / (together**2).sum())


def _ratio_of_roots(top: float, bottom: float, margin: float) -> tuple[float, float]:
    """Return the ends of the ratio of two totals whose roots spread alike (Fieller)."""
    leading, constant = bottom**2 - margin, top**2 - margin
    reach = top * bottom + sqrt(max((top * bottom) ** 2 - leading * constant, 0.0))
    low = max(constant, 0.0) / reach if reach else 0.0
    return low**2, (reach / leading) ** 2 if leading > 0 else inf


def _down(estimate: Estimate) -> float:
    """Return how far the low end lies below, on the scale of logarithms."""
    low = estimate.interval.low
    return log(estimate.value / low) if low > 0 else inf


def _up(estimate: Estimate) -> float:
    return log(estimate.interval.high / estimate.value)


def _apart(one: float, two: float) -> float:
    return sqrt(one**2 + two**2)
