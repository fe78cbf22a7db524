"""Rates of small tables: exact tests, which answer also where nobody converted."""

from dataclasses import dataclass, replace
from math import inf, nan
from typing import Literal

import numpy as np
from scipy import stats
from scipy.stats.contingency import odds_ratio

from opsplaybook.stats.moments import Alternative
from opsplaybook.stats.rates import SMALLEST_EXPECTED, rate, rate_difference
from opsplaybook.stats.results import Difference, Interval

Test = Literal["boschloo", "barnard", "fisher"]
"""Boschloo's one-sided test is never weaker than Fisher's, and its two-sided one doubles it;
Barnard's takes the pooled Wald statistic."""

_POINTS = 256
"""Points of the nuisance rate that Boschloo's and Barnard's tests search."""

_MOST_UNITS = 1000
"""Units beyond which Boschloo's test costs seconds and its gain over Fisher's is small."""


@dataclass(frozen=True, slots=True)
class ExactTest:
    """An exact test of two rates.

    Attributes
    ----------
    statistic : float
        Fisher's p-value (Boschloo), z (Barnard) or the odds ratio (Fisher).
    p_value : float
    test : str
    """

    statistic: float
    p_value: float
    test: str


def exact_test(
    first: tuple[float, int],
    second: tuple[float, int],
    *,
    test: Test = "boschloo",
    alternative: Alternative = "two-sided",
) -> ExactTest:
    """Test whether two rates are equal, exactly.

    Parameters
    ----------
    first, second : tuple of (successes, n)
    test : {"boschloo", "barnard", "fisher"}
    alternative : {"two-sided", "greater", "less"}
        ``greater``: the first rate is larger.

    Returns
    -------
    ExactTest
        P-value 1 where nobody or everybody converted, NaN where a group is empty.

    Raises
    ------
    ValueError
        Fewer than 0 or more than n successes.

    References
    ----------
    Boschloo 1970, Statistica Neerlandica 24:1-35; Barnard 1945, Nature 156:177; Fisher 1935.

    Examples
    --------
    >>> found = exact_test((7, 100), (0, 100))
    >>> round(found.p_value, 4)
    0.0097

    Seven of a hundred against none: more than chance gives.
    """
    (one, n_one), (two, n_two) = first, second
    for successes, n in (first, second):
        if not 0 <= successes <= n:
            raise ValueError(f"successes == {successes}, must lie between 0 and n == {n}")
    if not n_one or not n_two:
        return ExactTest(nan, nan, test)
    if one + two in (0, n_one + n_two):
        return ExactTest(nan, 1.0, test)
    # Boschloo's and Barnard's tests of scipy take groups as columns.
    table = np.array([[one, two], [n_one - one, n_two - two]]).round().astype(int)
    if test == "fisher":
        found = stats.fisher_exact(table.T, alternative=alternative)
    elif test == "boschloo":
        found = stats.boschloo_exact(table, alternative=alternative, n=_POINTS)
    else:
        found = stats.barnard_exact(table, alternative=alternative, n=_POINTS)
    return ExactTest(float(found.statistic), float(min(found.pvalue, 1.0)), test)


def exact_rate_difference(
    first: tuple[float, int], second: tuple[float, int], *, level: float = 0.95
) -> Difference:
    """Estimate the difference of two rates with Newcombe's interval and an exact test.

    Parameters
    ----------
    first, second : tuple of (successes, n)
    level : float

    Returns
    -------
    Difference
        Kind ``points``. The p-value is Boschloo's where an expected count is under 5 and the
        groups have at most 1,000 units, that of `rates.rate_difference` elsewhere.

    References
    ----------
    Newcombe 1998, Statistics in Medicine 17:873-890; Boschloo 1970, Statistica Neerlandica 24:1-35.

    Examples
    --------
    >>> found = exact_rate_difference((7, 100), (0, 100))
    >>> round(found.interval.low, 3), round(found.p_value, 4), found.detectable
    (0.019, 0.0097, True)

    At least two points better than a control in which nobody converted; a lift over 0 is undefined.
    """
    found = rate_difference(first, second, level=level)
    n = first[1] + second[1]
    hits = first[0] + second[0]
    rarer = min(hits, n - hits)
    smallest = rarer * min(first[1], second[1]) / n if n else 0.0
    if not min(first[1], second[1]) or n > _MOST_UNITS or smallest >= SMALLEST_EXPECTED:
        return found
    p_value = exact_test(first, second).p_value
    return replace(
        found, p_value=p_value, method="Newcombe hybrid score interval, Boschloo exact test"
    )


def conditional_odds_ratio(
    first: tuple[float, int], second: tuple[float, int], *, level: float = 0.95
) -> Difference:
    """Estimate the odds ratio of two rates, exactly given the margins.

    Parameters
    ----------
    first, second : tuple of (successes, n)
    level : float

    Returns
    -------
    Difference
        Kind ``ratio``, no effect at 1; the p-value is Fisher's. NaN where a group is empty or
        nobody or everybody converted.

    References
    ----------
    Fisher 1962, Australian Journal of Statistics 4:41 (conditional maximum likelihood).

    Examples
    --------
    >>> found = conditional_odds_ratio((2, 17), (10, 13))
    >>> round(found.value, 3), round(found.interval.high, 3)
    (0.047, 0.363)

    The odds of the first group are a twentieth of the second's, at most a third.
    """
    (one, n_one), (two, n_two) = first, second
    group, other = rate(*first, level=level), rate(*second, level=level)
    n, name = min(n_one, n_two), "conditional odds ratio, Fisher exact test"
    if not n or one + two in (0, n_one + n_two):
        return Difference(nan, None, n, "ratio", nan, group, other, 1.0, name)
    table = np.array([[one, n_one - one], [two, n_two - two]]).round().astype(int)
    found = odds_ratio(table)
    low, high = found.confidence_interval(level)
    ends = Interval(float(low), float(high) if np.isfinite(high) else inf, level)
    p_value = exact_test(first, second, test="fisher").p_value
    return Difference(float(found.statistic), ends, n, "ratio", p_value, group, other, 1.0, name)
