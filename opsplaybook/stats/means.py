"""Means and ratios of sums, with one value per independent unit (as a rule: the account).

A ratio such as orders per session is a ratio of two sums over accounts. `ratio_contributions`
turns it into one value per account whose mean is the ratio and whose variance is the ratio's by
the delta method, so ratios are compared by the same code as means. Where users are the rows and
accounts the units, see `clusters`.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import Floats, complete, present
from opsplaybook.stats.contrasts import (
    WELCH,
    RelativeMethod,
    difference_of_moments,
    relative_of_moments,
)
from opsplaybook.stats.moments import Moments, group_kind
from opsplaybook.stats.results import Difference, Estimate


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
    return replace(Moments.of(known).estimate(kind, level), numerator=float(known.sum()))


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
    return difference_of_moments(Moments.of(first), Moments.of(second), kind=kind, level=level)


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
        Kind ``change``, measured in the size of the second mean. No interval where it would be
        unbounded (the second mean cannot be told from zero), or as in `mean_difference`.

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
    return relative_of_moments(Moments.of(first), Moments.of(second), method=method, level=level)


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
    found = Moments.of(contributions).estimate(kind, level)
    method = "ratio of sums by account, delta method"
    return replace(found, method=method, numerator=float(top.sum()))


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
    method = f"{WELCH} of ratios by account, delta method"
    return Difference(
        found.value, found.interval, found.n, kind, found.p_value, one, two, method=method
    )
