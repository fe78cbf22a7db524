"""Rates of people nested in accounts."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm, t

from opsplaybook.stats.means import ratio_difference
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Difference, Estimate, Interval

METHOD = "share of people, Wilson interval on the effective number (Dean and Pagano 2015)"

DIFFERENCE_METHOD = "difference of shares of people, joined intervals (Zou and Donner 2008)"


def clustered_rate(successes: ArrayLike, people: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate the share of people with a property, when people of one account are alike.

    The people of an account are not independent. The design effect says how many independent
    people they are worth, and the Wilson interval is formed on that effective number, with the
    quantile of the t distribution because the design effect is itself estimated.

    Parameters
    ----------
    successes, people : array-like, shape (n_accounts,)
        People with the property, and all people, of each account. Accounts without people are
        left out.
    level : float, optional
        Level of the interval.

    Returns
    -------
    Estimate
        The share; `n` is the number of accounts. Where the share is 0 or 1 the accounts count as
        the effective number. Without any person the value is NaN and there is no interval.

    References
    ----------
    .. [1] Dean and Pagano (2015), Evaluating confidence interval methods for binomial proportions
       in clustered surveys, Journal of Survey Statistics and Methodology 3:484-503.
    .. [2] Korn and Graubard (1998), Confidence intervals for proportions with small expected
       number of positive counts estimated from survey data, Survey Methodology 24:193-201.

    Examples
    --------
    >>> share = clustered_rate([2, 0, 3, 1, 0, 2], [2, 2, 3, 2, 1, 2])
    >>> print(round(share.value, 3), share.n)
    0.667 6
    >>> print(round(share.interval.low, 2), round(share.interval.high, 2))
    0.23 0.93

    Two thirds of twelve people, but only six accounts: anything from 23% to 93% is possible.
    """
    hits, sizes = np.asarray(successes, dtype=float), np.asarray(people, dtype=float)
    hits, sizes = hits[sizes > 0], sizes[sizes > 0]
    accounts, total = sizes.size, sizes.sum()
    if accounts == 0:
        return Estimate(float("nan"), None, 0, "share", METHOD, 0.0)
    value = hits.sum() / total
    if accounts == 1:
        return Estimate(value, None, 1, "share", METHOD, hits.sum())
    effective = _effective_number(hits, sizes, value) * _small_sample_factor(accounts, level)
    ends = rate(value * effective, effective, level=level).interval
    return Estimate(
        value, Interval(ends.low, ends.high, level), accounts, "share", METHOD, hits.sum()
    )


def clustered_rate_difference(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    level: float = 0.95,
) -> Difference:
    """Estimate the difference of two shares of people nested in accounts, first minus second.

    The interval joins those of the two shares (MOVER, as Newcombe does for independent people);
    the p-value is that of Welch's test on the accounts' contributions.

    Parameters
    ----------
    first, second : tuple of (successes, people), each of shape (n_accounts,)
    level : float, optional

    Returns
    -------
    Difference
        Kind ``points``; `n` counts accounts of the smaller group. Without an interval when a
        group has fewer than two accounts.

    References
    ----------
    .. [1] Zou and Donner (2008), Construction of confidence limits about effect measures,
       Statistics in Medicine 27:1693-1702.

    Examples
    --------
    >>> ours, theirs = ([0, 1, 0, 0, 1, 0], [3] * 6), ([2, 3, 2, 3, 3, 2], [3] * 6)
    >>> gap = clustered_rate_difference(ours, theirs)
    >>> print(round(gap.value, 2), round(gap.interval.low, 2), round(gap.interval.high, 2))
    -0.72 -0.87 -0.3
    >>> gap.detectable
    True

    The first group is between 30 and 87 points lower.
    """
    one, two = clustered_rate(*first, level=level), clustered_rate(*second, level=level)
    n = min(one.n, two.n)
    value = one.value - two.value
    if one.interval is None or two.interval is None:
        return Difference(value, None, n, "points", first=one, second=two, method=DIFFERENCE_METHOD)
    down = np.hypot(one.value - one.interval.low, two.interval.high - two.value)
    up = np.hypot(one.interval.high - one.value, two.value - two.interval.low)
    p_value = ratio_difference(first, second, level=level).p_value
    ends = Interval(float(value - down), float(value + up), level)
    return Difference(value, ends, n, "points", p_value, one, two, method=DIFFERENCE_METHOD)


def _effective_number(hits: np.ndarray, sizes: np.ndarray, value: float) -> float:
    """Return how many independent people the sample is worth, at most as many as there are."""
    accounts, total = sizes.size, sizes.sum()
    residuals = hits - value * sizes
    variance = accounts / (accounts - 1) * (residuals**2).sum() / total**2
    if variance == 0:
        return float(accounts)
    return float(min(value * (1 - value) / variance, total))


def _small_sample_factor(accounts: int, level: float) -> float:
    """Shrink the effective number by the square of normal over t quantile (Korn, Graubard)."""
    tail = (1 - level) / 2
    return float((norm.ppf(tail) / t.ppf(tail, accounts - 1)) ** 2)
