"""Odds ratios: how much more often one group converts, on the scale that has no ceiling.

A ratio of odds is the same whether one counts who converted or who did not, so it can be compared
between actions that nearly everybody and hardly anybody takes. It is further from 1 than the ratio
of rates: words about it speak of odds.
"""

from math import inf, nan

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import chi2, t

from opsplaybook.stats.arrays import Floats, floats, require_same_length
from opsplaybook.stats.rates import rate, rate_difference
from opsplaybook.stats.results import Difference, Estimate, Interval

_METHOD = "odds ratio, score interval (Cornfield 1956)"
_CLUSTERED = "odds ratio, logit interval with accounts as clusters, half a unit added to each cell"
_HALF = 0.5


def odds_ratio(
    first: tuple[float, int], second: tuple[float, int], *, level: float = 0.95
) -> Difference:
    """Estimate the ratio of the odds of two independent groups, first over second.

    Parameters
    ----------
    first, second : tuple of (successes, n)
    level : float

    Returns
    -------
    Difference
        Kind ``ratio``, no effect at 1; n is the smaller group. The value may be 0 or infinite,
        then one end of the interval is as well. NaN without an interval where a group is empty,
        or where nobody or everybody converted in both.

    Notes
    -----
    The ready-made routine of statsmodels 0.15 divides by zero where a cell is empty.

    References
    ----------
    Cornfield 1956, Proceedings of the Third Berkeley Symposium 4:135-148, without correction for
    continuity.

    Examples
    --------
    >>> found = odds_ratio((36, 40), (16, 80))
    >>> round(found.value, 1), found.detectable
    (36.0, True)

    The odds are 36 times as high, although the rate, 90% against 20%, is only 4.5 times.
    """
    group, other = rate(*first, level=level), rate(*second, level=level)
    n, successes = group.n + other.n, first[0] + second[0]
    if not group.n or not other.n or successes in (0, n):
        return Difference(
            nan, None, min(group.n, other.n), "ratio", nan, group, other, 1.0, _METHOD
        )
    return Difference(
        _ratio_of_odds(first[0], first[1] - first[0], second[0], second[1] - second[0]),
        _cornfield_interval(first, second, level),
        min(group.n, other.n),
        "ratio",
        rate_difference(first, second, level=level).p_value,
        group,
        other,
        no_effect=1.0,
        method=_METHOD,
    )


def clustered_odds_ratio(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    level: float = 0.95,
) -> Difference:
    """Estimate the ratio of the odds of two groups of people nested in accounts.

    The people of one account are alike, and an account may have people in both groups: its parts
    of both go together, as in a logistic regression with errors clustered by account.

    Parameters
    ----------
    first, second : tuple of (successes, people), each of shape (accounts,)
        Per account, in the same order; an account may be empty in a group.
    level : float

    Returns
    -------
    Difference
        Kind ``ratio``; n counts accounts of the smaller group. Half a person is added to each of
        the four cells, so that a cell of nobody has an interval (Haldane 1956); value, interval
        and p-value belong to these cells. NaN where a group is empty; no interval under two
        accounts.

    Raises
    ------
    ValueError
        Different lengths, or more successes than people.

    References
    ----------
    Liang and Zeger 1986, Biometrika 73:13-22 (sums of scores by cluster).

    Examples
    --------
    >>> users, others = ([3, 2, 4, 1, 2], [4, 3, 5, 2, 2]), ([1, 0, 1, 0, 1], [4, 3, 4, 2, 3])
    >>> found = clustered_odds_ratio(users, others)
    >>> round(found.value, 1), found.n, found.detectable
    (10.7, 5, True)

    Five accounts agree: people who take the action convert far more often.
    """
    cells = [_cell(*side) for side in (first, second)]
    require_same_length(*(column for side in cells for column in side))
    sizes = [int((people > 0).sum()) for _, people in cells]
    n = min(sizes)
    groups = tuple(_pooled(hits, people) for hits, people in cells)
    if not n:
        return Difference(nan, None, 0, "ratio", nan, *groups, no_effect=1.0, method=_CLUSTERED)
    logs, scores = zip(*(_log_odds(hits, people) for hits, people in cells), strict=True)
    value = logs[0] - logs[1]
    accounts = int(((cells[0][1] + cells[1][1]) > 0).sum())
    if accounts < 2:
        return Difference(
            float(np.exp(value)), None, n, "ratio", nan, *groups, no_effect=1.0, method=_CLUSTERED
        )
    together = scores[0] - scores[1]
    error = float(np.sqrt(accounts / (accounts - 1) * (together**2).sum()))
    reach = t.ppf((1 + level) / 2, accounts - 1) * error
    return Difference(
        float(np.exp(value)),
        Interval(float(np.exp(value - reach)), float(np.exp(value + reach)), level),
        n,
        "ratio",
        float(2 * t.sf(abs(value) / error, accounts - 1)) if error else nan,
        *groups,
        no_effect=1.0,
        method=_CLUSTERED,
    )


def _ratio_of_odds(hits: float, misses: float, other_hits: float, other_misses: float) -> float:
    above, below = hits * other_misses, misses * other_hits
    if not below:
        return inf if above else nan
    return above / below


def _cornfield_interval(
    first: tuple[float, int], second: tuple[float, int], level: float
) -> Interval:
    """Find the counts, all margins kept, from which the actual one is just too far away."""
    seen, n, converted = first[0], first[1], first[0] + second[0]
    rest = second[1] - converted
    least, most = max(0.0, -rest), min(n, converted)
    critical = float(chi2.ppf(level, 1))

    def excess(count: float) -> float:
        cells = np.array([count, n - count, converted - count, rest + count])
        return float((seen - count) ** 2 * (1 / cells).sum() - critical)

    def odds(count: float) -> float:
        return _ratio_of_odds(count, n - count, converted - count, rest + count)

    margin = (most - least) * 1e-12
    low = 0.0 if seen <= least else odds(brentq(excess, least + margin, seen - margin))
    high = inf if seen >= most else odds(brentq(excess, seen + margin, most - margin))
    return Interval(low, high, level)


def _cell(successes: ArrayLike, people: ArrayLike) -> tuple[Floats, Floats]:
    hits, sizes = floats(successes, name="successes"), floats(people, name="people")
    require_same_length(hits, sizes)
    if not ((hits >= 0) & (hits <= sizes)).all():
        raise ValueError("successes must lie between 0 and people in each account")
    return hits, sizes


def _pooled(hits: Floats, people: Floats) -> Estimate:
    share = hits.sum() / people.sum() if people.sum() else nan
    return Estimate(float(share), None, int((people > 0).sum()), "share", "", float(hits.sum()))


def _log_odds(hits: Floats, people: Floats) -> tuple[float, Floats]:
    """Return the logarithm of the odds, and what each account adds to its error."""
    above, below = hits.sum() + _HALF, people.sum() - hits.sum() + _HALF
    share = above / (above + below)
    information = (above + below) * share * (1 - share)
    return float(np.log(above / below)), (hits - share * people) / information
