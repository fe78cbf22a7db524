"""Means and ratios of sums, with one value per independent unit (as a rule: the account).

A ratio such as orders per session is a ratio of two sums over accounts. `ratio_contributions`
turns it into one value per account whose mean is the ratio and whose variance is the ratio's by
the delta method, so ratios are compared by the same code as means. Where users are the rows and
accounts the units, see `clusters`.
"""

from dataclasses import dataclass
from math import exp, log, nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import Floats, complete, has_spread, present
from opsplaybook.stats.results import Difference, Estimate, Interval

RelativeMethod = Literal["fieller", "log", "delta"]
"""How the interval of a relative difference is formed."""

_WELCH = "Welch t interval"


def mean(values: ArrayLike, *, kind: Kind = "number", level: float = 0.95) -> Estimate:
    """Estimate a mean with Student's t interval.

    Parameters
    ----------
    values : array of float, shape (accounts,)
        One value per account; missing ones are left out and not counted in n.
    kind : Kind
        What the values are.
    level : float
        Coverage of the interval.

    Returns
    -------
    Estimate
        No interval where the values do not differ: equal values tell nothing about the spread.

    Examples
    --------
    >>> seats = mean([12, 30, 7, 18, 25, None])
    >>> round(seats.value, 1), seats.n
    (18.4, 5)

    Five accounts use 18.4 seats on average; the sixth is unknown and not counted as zero.
    """
    known = present(np.asarray(values, dtype=float))
    ends = _student_interval(known, level)
    value = float(known.mean()) if known.size else nan
    return Estimate(value, ends, known.size, kind, "Student t interval", float(known.sum()))


def mean_difference(
    first: ArrayLike, second: ArrayLike, *, kind: Kind = "number", level: float = 0.95
) -> Difference:
    """Estimate the difference of two means, first minus second (Welch).

    Parameters
    ----------
    first, second : array of float, shapes (accounts,)
        One value per account; missing ones are left out.
    kind : Kind
        What the values are.
    level : float

    Returns
    -------
    Difference
        No interval and no p-value where a group has under two values or neither group has spread.

    References
    ----------
    Welch 1947, Biometrika 34:28-35.

    Examples
    --------
    >>> found = mean_difference([4.1, 5.0, 6.2, 5.5, 4.8], [3.9, 4.4, 4.0, 5.1, 4.2])
    >>> round(found.value, 2), round(found.p_value, 2), found.detectable
    (0.8, 0.1, False)

    The first group is 0.8 higher, which chance could give: no detectable difference.
    """
    group, other = present(np.asarray(first, float)), present(np.asarray(second, float))
    ends, p_value = None, nan
    if _comparable(group, other):
        ends, p_value = _welch(group, other, level)
    own = group_kind(kind)
    one, two = mean(group, kind=own, level=level), mean(other, kind=own, level=level)
    smaller = min(one.n, two.n)
    value = one.value - two.value
    return Difference(value, ends, smaller, kind, p_value, one, two, method=_WELCH)


def relative_difference(
    first: ArrayLike,
    second: ArrayLike,
    *,
    method: RelativeMethod = "fieller",
    level: float = 0.95,
) -> Difference:
    """Estimate by what share the first mean differs from the second.

    Fieller's interval leaves out zero exactly when Welch's test of the absolute difference
    rejects, so a verdict does not depend on the scale of display; ``log`` and ``delta`` lack this.

    Parameters
    ----------
    first, second : array of float, shapes (accounts,)
        One value per account, or `ratio_contributions`; missing ones are left out.
    method : {"fieller", "log", "delta"}
        ``log`` is exp(t interval of the log ratio) - 1; ``delta`` is symmetric.
    level : float

    Returns
    -------
    Difference
        Kind ``change``. No interval where it would be unbounded (the second mean cannot be told
        from zero), or as in `mean_difference`.

    References
    ----------
    Fieller 1954, JRSS B 16:175-185.

    Examples
    --------
    >>> found = relative_difference([4.1, 5.0, 6.2, 5.5, 4.8], [3.9, 4.4, 4.0, 5.1, 4.2])
    >>> round(found.value, 3), round(found.interval.low, 3), round(found.interval.high, 3)
    (0.185, -0.04, 0.444)

    The first group is 18.5% higher; from 4% lower to 44% higher would fit the data.
    """
    group, other = present(np.asarray(first, float)), present(np.asarray(second, float))
    absolute = mean_difference(group, other, level=level)
    one, two = absolute.first, absolute.second
    value = one.value / two.value - 1 if two.n and two.value else nan
    ends, p_value = None, nan
    if _comparable(group, other) and two.value:
        pair = _Pair.of(group, other)
        ends, p_value = _RELATIVE[method](pair, level)
    return Difference(
        value, ends, absolute.n, "change", p_value, one, two, method=f"{_WELCH}, {method} scale"
    )


def fieller_interval(
    numerator: tuple[float, float], denominator: tuple[float, float], *, critical: float
) -> tuple[float, float] | None:
    """Invert the test of numerator - ratio x denominator = 0 for independent estimates.

    Parameters
    ----------
    numerator, denominator : tuple of (estimate, variance of the estimate)
    critical : float
        Critical value of the normal or t distribution.

    Returns
    -------
    tuple of (low, high) or None
        Ends of the interval of the ratio; None where it is unbounded.

    References
    ----------
    Fieller 1954, JRSS B 16:175-185.

    Examples
    --------
    >>> low, high = fieller_interval((0.70, 0.0111), (0.41, 0.00446), critical=1.96)
    >>> round(low, 2), round(high, 2)
    (1.09, 2.71)

    The ratio lies between 1.09 and 2.71.
    """
    (top, top_variance), (bottom, bottom_variance) = numerator, denominator
    quadratic = bottom**2 - critical**2 * bottom_variance
    if quadratic <= 0:
        return None
    constant = top**2 - critical**2 * top_variance
    root = sqrt(max((top * bottom) ** 2 - quadratic * constant, 0.0))
    return (top * bottom - root) / quadratic, (top * bottom + root) / quadratic


def ratio_contributions(numerators: ArrayLike, denominators: ArrayLike) -> Floats:
    """Linearise a ratio of sums: one value per account, their mean is the ratio.

    Parameters
    ----------
    numerators, denominators : array of float, shape (accounts,)
        Sums per account (orders, sessions); accounts where either is missing are left out.

    Returns
    -------
    array of float, shape (complete accounts,)
        Empty where the denominators sum to 0.

    References
    ----------
    Deng, Knoblich and Lu 2018, KDD, section 3 (delta method for ratios of clustered sums).

    Examples
    --------
    >>> ratio_contributions([2, 0, 4], [4, 2, 6]).tolist()
    [0.5, 0.25, 0.75]

    The mean is 6 orders over 12 sessions = 0.5; the second account pulls it down.
    """
    top, bottom = complete(np.asarray(numerators, float), np.asarray(denominators, float))
    if bottom.sum() == 0:
        return np.empty(0)
    overall = top.sum() / bottom.sum()
    return overall + (top - overall * bottom) / bottom.mean()


def ratio(
    numerators: ArrayLike, denominators: ArrayLike, *, kind: Kind = "ratio", level: float = 0.95
) -> Estimate:
    """Estimate a ratio of sums over accounts, by the delta method.

    Parameters
    ----------
    numerators, denominators : array of float, shape (accounts,)
        Sums per account; accounts where either is missing are left out.
    kind : Kind
        What the ratio is.
    level : float

    Returns
    -------
    Estimate
        n counts accounts; NaN where the denominators sum to 0.

    Examples
    --------
    >>> orders_per_session = ratio([2, 0, 4, 1, 3], [4, 2, 6, 5, 3])
    >>> round(orders_per_session.value, 2), orders_per_session.n
    (0.5, 5)

    Half an order per session, from five accounts.
    """
    top, _ = complete(np.asarray(numerators, float), np.asarray(denominators, float))
    contributions = ratio_contributions(numerators, denominators)
    ends = _student_interval(contributions, level)
    value = float(contributions.mean()) if contributions.size else nan
    method = "ratio of sums by account, delta method"
    return Estimate(value, ends, contributions.size, kind, method, float(top.sum()))


def ratio_difference(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    kind: Kind = "ratio",
    level: float = 0.95,
) -> Difference:
    """Estimate the difference of two ratios of sums over accounts, first minus second.

    Parameters
    ----------
    first, second : tuple of (numerators, denominators), each of shape (accounts,)
    kind : Kind
        What the ratios are; ``points`` where they are shares.
    level : float

    Returns
    -------
    Difference
        As `mean_difference`; n counts accounts of the smaller group.

    Examples
    --------
    >>> reached = [2, 3, 4, 2, 3], [4, 4, 6, 5, 3]
    >>> others = [1, 0, 2, 1, 1], [4, 2, 6, 5, 3]
    >>> found = ratio_difference(reached, others)
    >>> round(found.value, 2), found.detectable
    (0.39, True)

    The first group orders 0.39 times more often per session.
    """
    found = mean_difference(ratio_contributions(*first), ratio_contributions(*second), level=level)
    own = group_kind(kind)
    one, two = ratio(*first, kind=own, level=level), ratio(*second, kind=own, level=level)
    method = f"{_WELCH} of ratios by account, delta method"
    return Difference(
        found.value, found.interval, found.n, kind, found.p_value, one, two, method=method
    )


def group_kind(kind: Kind) -> Kind:
    """Name the kind of each group from the kind of their difference."""
    return "share" if kind == "points" else kind


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two means with the variances of these means."""

    top: float
    top_variance: float
    top_n: int
    bottom: float
    bottom_variance: float
    bottom_n: int

    @classmethod
    def of(cls, first: Floats, second: Floats) -> "_Pair":
        """Take the moments of two groups."""
        return cls(
            float(first.mean()),
            float(first.var(ddof=1) / first.size),
            first.size,
            float(second.mean()),
            float(second.var(ddof=1) / second.size),
            second.size,
        )

    def degrees_of_freedom(self, top_scale: float = 1.0, bottom_scale: float = 1.0) -> float:
        """Degrees of freedom after Welch and Satterthwaite, each mean taken times its scale."""
        one, two = self.top_variance * top_scale**2, self.bottom_variance * bottom_scale**2
        return (one + two) ** 2 / (one**2 / (self.top_n - 1) + two**2 / (self.bottom_n - 1))


def _fieller(pair: _Pair, level: float) -> tuple[Interval | None, float]:
    freedom = pair.degrees_of_freedom()
    ends = fieller_interval(
        (pair.top, pair.top_variance),
        (pair.bottom, pair.bottom_variance),
        critical=float(stats.t.ppf((1 + level) / 2, freedom)),
    )
    error = sqrt(pair.top_variance + pair.bottom_variance)
    p_value = _two_sided((pair.top - pair.bottom) / error, freedom)
    return (Interval(ends[0] - 1, ends[1] - 1, level) if ends else None), p_value


def _log(pair: _Pair, level: float) -> tuple[Interval | None, float]:
    if pair.top <= 0 or pair.bottom <= 0:
        return None, nan
    error = sqrt(pair.top_variance / pair.top**2 + pair.bottom_variance / pair.bottom**2)
    freedom = pair.degrees_of_freedom(1 / pair.top, 1 / pair.bottom)
    middle = log(pair.top / pair.bottom)
    margin = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    ends = Interval(exp(middle - margin) - 1, exp(middle + margin) - 1, level)
    return ends, _two_sided(middle / error, freedom)


def _delta(pair: _Pair, level: float) -> tuple[Interval | None, float]:
    error = (
        sqrt(pair.top_variance + (pair.top / pair.bottom) ** 2 * pair.bottom_variance)
        / abs(pair.bottom)
    )  # fmt: skip
    freedom = pair.degrees_of_freedom()
    lift = pair.top / pair.bottom - 1
    margin = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    return Interval(lift - margin, lift + margin, level), _two_sided(lift / error, freedom)


_RELATIVE = {"fieller": _fieller, "log": _log, "delta": _delta}


def _two_sided(statistic: float, freedom: float) -> float:
    return float(2 * stats.t.sf(abs(statistic), freedom))


def _comparable(first: Floats, second: Floats) -> bool:
    return min(first.size, second.size) > 1 and (has_spread(first) or has_spread(second))


def _welch(first: Floats, second: Floats, level: float) -> tuple[Interval, float]:
    """Welch's interval and p-value from moments: one of the groups may be constant."""
    gap = first.mean() - second.mean()
    parts = np.array([first.var(ddof=1) / first.size, second.var(ddof=1) / second.size])
    degrees = parts.sum() ** 2 / (parts**2 / (np.array([first.size, second.size]) - 1)).sum()
    spread = np.sqrt(parts.sum())
    width = stats.t.ppf((1 + level) / 2, degrees) * spread
    ends = Interval(float(gap - width), float(gap + width), level)
    return ends, float(2 * stats.t.sf(abs(gap) / spread, degrees))


def _student_interval(values: Floats, level: float) -> Interval | None:
    if not has_spread(values):
        return None
    margin = stats.t.ppf((1 + level) / 2, values.size - 1) * stats.sem(values)
    middle = values.mean()
    return Interval(float(middle - margin), float(middle + margin), level)
