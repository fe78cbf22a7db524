"""Rates, their differences and their ratios, with score intervals.

Score intervals (Wilson, Newcombe, Koopman) keep their coverage in small groups and at 0 of n or
n of n, where the textbook interval of plus and minus two standard errors collapses to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isinf, isnan, log, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    proportions_ztest,
)

from opsplaybook.stats.results import Difference, Estimate, Interval

SMALLEST_EXPECTED = 5
"""Expected count under which the normal approximation of a p-value gives way to an exact test."""

_LOG_RATIO_LIMIT = 30.0


@dataclass(frozen=True, slots=True)
class EqualityTest:
    """Whether several groups can share one rate.

    Attributes
    ----------
    statistic : float
        Pearson's chi-square.
    degrees_of_freedom : int
        Groups less one.
    p_value : float
        NaN where there is nothing to compare.
    smallest_expected : float
        Smallest expected count; under 5 the p-value is rough.
    n : int
        Units in all groups.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    smallest_expected: float
    n: int


def rate(successes: float, n: int, *, level: float = 0.95) -> Estimate:
    """Estimate a rate with Wilson's score interval.

    Parameters
    ----------
    successes : float
        Units that did it.
    n : int
        Units that could have.
    level : float
        Coverage of the interval.

    Returns
    -------
    Estimate
        Kind ``share``; value NaN and no interval where n is 0.

    Raises
    ------
    ValueError
        Fewer than 0 or more than n successes.

    References
    ----------
    Wilson 1927, JASA 22:209-212; Newcombe 1998, Statistics in Medicine 17:857-872, method 3.

    Examples
    --------
    >>> from opsplaybook.formats import estimate
    >>> estimate(rate(0, 20), unit="accounts")
    '0% (95% interval 0% to 16%, n = 20 accounts)'

    None of 20 accounts renewed early, which still allows for a rate of up to 16%.
    """
    _require_counts(successes, n)
    if n == 0:
        return Estimate(nan, None, 0, "share", "Wilson score interval", 0.0)
    low, high = proportion_confint(successes, n, alpha=1 - level, method="wilson")
    # At 0 and n the interval begins and ends there, which rounding hides.
    low = 0.0 if successes == 0 else max(float(low), 0.0)
    high = 1.0 if successes == n else min(float(high), 1.0)
    ends = Interval(low, high, level)
    return Estimate(successes / n, ends, n, "share", "Wilson score interval", float(successes))


def rates(successes: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> tuple[Estimate, ...]:
    """Estimate the rate of each of several groups.

    Parameters
    ----------
    successes, n : array of int, shape (groups,)
    level : float

    Examples
    --------
    >>> [round(r.value, 3) for r in rates([380, 312], [500, 380])]
    [0.76, 0.821]

    Of 500 invited 76% registered, of those 82% came.
    """
    pairs = zip(np.asarray(successes), np.asarray(n), strict=True)
    return tuple(rate(float(hits), int(base), level=level) for hits, base in pairs)


def union_rate(outcomes: Sequence[ArrayLike], *, level: float = 0.95) -> Estimate:
    """Estimate the share of units with at least one of several outcomes, each unit counted once.

    Parameters
    ----------
    outcomes : sequence of array of bool, each of shape (units,)
        One array per outcome, in the same order of units; nothing missing.

    Raises
    ------
    ValueError
        No outcome, or arrays of different length.

    Examples
    --------
    >>> mail, call = [True, True, False, False], [False, True, True, False]
    >>> union_rate([mail, call]).numerator
    3.0

    Two were reached by mail and two by call, three in all: one was reached twice.
    """
    if len({len(np.asarray(outcome)) for outcome in outcomes}) != 1:
        raise ValueError("outcomes must be one or more arrays of the same length")
    any_of_them = np.logical_or.reduce([np.asarray(outcome, dtype=bool) for outcome in outcomes])
    return rate(int(any_of_them.sum()), len(any_of_them), level=level)


def rate_difference(
    first: tuple[float, int], second: tuple[float, int], *, level: float = 0.95
) -> Difference:
    """Estimate the difference of two independent rates, first minus second.

    The interval is Newcombe's hybrid score interval. The p-value is the pooled score test's, or
    Fisher's exact one where an expected count is under 5; the interval decides what is detectable.

    Parameters
    ----------
    first, second : tuple of (successes, n)
    level : float

    Returns
    -------
    Difference
        Kind ``points``; no interval where a group is empty.

    References
    ----------
    Newcombe 1998, Statistics in Medicine 17:873-890, method 10.

    Examples
    --------
    >>> attended_minus_not = rate_difference((56, 70), (48, 80))
    >>> round(attended_minus_not.value, 2), attended_minus_not.detectable
    (0.2, True)

    Attendees convert 20 points more often, and the interval leaves out zero.
    """
    group, other = rate(*first, level=level), rate(*second, level=level)
    ends = None
    p_value, test = _p_value(first, second)
    if group.n and other.n:
        low, high = confint_proportions_2indep(*first, *second, method="newcomb", alpha=1 - level)
        ends = Interval(float(low), float(high), level)
    return Difference(
        group.value - other.value,
        ends,
        min(group.n, other.n),
        "points",
        p_value,
        group,
        other,
        method=f"Newcombe hybrid score interval, {test}",
    )


def rate_ratio(
    first: tuple[float, int], second: tuple[float, int], *, level: float = 0.95
) -> Difference:
    """Estimate the ratio of two independent rates, first over second.

    Parameters
    ----------
    first, second : tuple of (successes, n)
    level : float

    Returns
    -------
    Difference
        Kind ``ratio``, no effect at 1. With no success in the second group the value and the high
        end are infinite; with none in either there is no interval.

    Notes
    -----
    Koopman's score interval by root finding. The ready-made routine of statsmodels 0.15 returns
    complex numbers for n of n against n of n and warns at 0 of n.

    References
    ----------
    Koopman 1984, Biometrics 40:513-517.

    Examples
    --------
    >>> ratio = rate_ratio((36, 40), (16, 80))
    >>> round(ratio.value, 1), round(ratio.interval.low, 2), round(ratio.interval.high, 2)
    (4.5, 2.94, 7.15)

    The first rate is 4.5 times the second, at least 2.9 and at most 7.2 times.
    """
    group, other = rate(*first, level=level), rate(*second, level=level)
    p_value, test = _p_value(first, second)
    return Difference(
        _quotient(group.value, other.value),
        _koopman_interval(first, second, level),
        min(group.n, other.n),
        "ratio",
        p_value,
        group,
        other,
        no_effect=1.0,
        method=f"Koopman score interval, {test}",
    )


def rates_equal(successes: ArrayLike, n: ArrayLike) -> EqualityTest:
    """Test whether several independent groups can share one rate (Pearson's chi-square).

    Parameters
    ----------
    successes, n : array of int, shape (groups,)
        Empty groups are left out.

    Examples
    --------
    >>> test = rates_equal([83, 90, 129, 70], [86, 93, 136, 82])
    >>> round(test.statistic, 1), test.degrees_of_freedom, round(test.p_value, 4)
    (12.6, 3, 0.0056)

    The four rates differ by more than chance gives.
    """
    hits, base = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    if ((hits < 0) | (hits > base)).any():
        raise ValueError("successes must lie between 0 and n in each group")
    hits, base = hits[base > 0], base[base > 0]
    groups = len(base)
    total, share = int(base.sum()), hits.sum() / base.sum() if groups else nan
    if groups < 2 or share in (0.0, 1.0):
        return EqualityTest(nan, max(groups - 1, 0), nan, nan, total)
    table = np.array([hits, base - hits])
    found = stats.chi2_contingency(table, correction=False)
    return EqualityTest(
        float(found.statistic),
        int(found.dof),
        float(found.pvalue),
        float(found.expected_freq.min()),
        total,
    )


def _require_counts(successes: float, n: int) -> None:
    if not 0 <= successes <= n:
        raise ValueError(f"successes == {successes}, must lie between 0 and n == {n}")


def _quotient(numerator: float, denominator: float) -> float:
    if isnan(numerator) or isnan(denominator) or numerator == denominator == 0:
        return nan
    return numerator / denominator if denominator else inf


def _p_value(first: tuple[float, int], second: tuple[float, int]) -> tuple[float, str]:
    """Two-sided p-value of equal rates and the name of its test."""
    successes, n = first[0] + second[0], first[1] + second[1]
    if not first[1] or not second[1] or successes in (0, n):
        return nan, "no test"
    rarer = min(successes, n - successes)
    if rarer * min(first[1], second[1]) / n < SMALLEST_EXPECTED:
        table = [[first[0], first[1] - first[0]], [second[0], second[1] - second[0]]]
        return float(stats.fisher_exact(np.rint(table).astype(int)).pvalue), "Fisher exact test"
    _, p_value = proportions_ztest([first[0], second[0]], [first[1], second[1]])
    return float(p_value), "pooled score test"


def _koopman_interval(
    first: tuple[float, int], second: tuple[float, int], level: float
) -> Interval | None:
    if not first[1] or not second[1] or first[0] == second[0] == 0:
        return None
    critical = float(stats.chi2.ppf(level, 1))
    ratio = _quotient(first[0] / first[1], second[0] / second[1])
    middle = log(ratio) if ratio not in (0.0, inf) else None

    def excess(log_ratio: float) -> float:
        return _score_statistic(first, second, exp(log_ratio)) - critical

    below = _LOG_RATIO_LIMIT if middle is None else middle
    above = -_LOG_RATIO_LIMIT if middle is None else middle
    low = 0.0 if ratio == 0 else exp(optimize.brentq(excess, -_LOG_RATIO_LIMIT, below))
    high = inf if isinf(ratio) else exp(optimize.brentq(excess, above, _LOG_RATIO_LIMIT))
    return Interval(low, high, level)


def _score_statistic(first: tuple[float, int], second: tuple[float, int], ratio: float) -> float:
    """Chi-square of both groups at the likeliest rates that have this ratio."""
    successes, n = first[0] + second[0], first[1] + second[1]
    slope = ratio * (first[1] + second[0]) + first[0] + second[1]
    root = sqrt(max(slope**2 - 4 * n * ratio * successes, 0.0))
    second_rate = min(2 * successes / (slope + root), 1.0)
    first_rate = min(ratio * second_rate, 1.0)
    return _pearson(*first, first_rate) + _pearson(*second, second_rate)


def _pearson(successes: float, n: int, expected_rate: float) -> float:
    variance = n * expected_rate * (1 - expected_rate)
    gap = successes - n * expected_rate
    if variance <= 0:
        return 0.0 if abs(gap) < 1e-9 * n else inf
    return gap**2 / variance
