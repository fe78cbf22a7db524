"""Whether a score goes with what came after: ranks, groups, and several dimensions at once."""

from dataclasses import dataclass
from math import nan, tanh

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm, rankdata, t
from statsmodels.regression.linear_model import OLS

from opsplaybook.stats.arrays import Floats, complete, has_spread, present
from opsplaybook.stats.results import Difference, Estimate, Interval

ROWS_PER_TERM = 5
"""Accounts that there must be per dimension for all of them to be looked at together."""

_SPEARMAN = "Spearman's rank correlation, interval of Bonett and Wright 2000"
_SUPERIORITY = "probability of superiority, interval of Brunner and Munzel 2000 on the logit"


@dataclass(frozen=True, slots=True)
class Drivers:
    """What goes with an outcome, the other dimensions held.

    Attributes
    ----------
    terms : tuple of Difference
        One per dimension: ranks of the outcome per rank of the dimension, both in standard
        deviations; 0 means no association.
    inflation : ndarray of float, shape (dimensions,)
        Variance inflation factor: above 5 a dimension can hardly be told from the others.
    explained : float
        Share of the variance of the ranks that all of them explain.
    n : int
        Accounts with every dimension known.
    """

    terms: tuple[Difference, ...]
    inflation: Floats
    explained: float
    n: int


def rank_correlation(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Correlate the ranks of two columns, ties by half.

    Parameters
    ----------
    first, second : array of float, shape (accounts,)
        Accounts where either is missing are left out.
    level : float

    Returns
    -------
    Estimate
        -1 to 1; NaN where one column is constant, no interval under five accounts.

    References
    ----------
    Bonett and Wright 2000, Psychometrika 65:23 (Fisher's z with variance (1 + r²/2) / (n - 3)).

    Examples
    --------
    >>> found = rank_correlation([1, 2, 3, 4, 5, 6], [1, 3, 2, 4, 6, 5])
    >>> round(found.value, 3), round(found.interval.low, 2)
    (0.886, 0.07)

    They go together, though six accounts leave much open.
    """
    one, two = complete(first, second)
    if one.size < 2 or not (has_spread(one) and has_spread(two)):
        return Estimate(nan, None, one.size, "number", _SPEARMAN)
    value = float(np.corrcoef(rankdata(one), rankdata(two))[0, 1])
    value = float(np.clip(value, -1, 1))
    if one.size < 5:
        return Estimate(value, None, one.size, "number", _SPEARMAN)
    # Half the change that two neighbours make by changing places keeps a perfect order finite.
    inside = float(value * (1 - 6 / (one.size**3 - one.size)))
    inside = inside if abs(value) > 1 - 1e-12 else value
    spread = np.sqrt((1 + inside**2 / 2) / (one.size - 3)) * norm.ppf((1 + level) / 2)
    low, high = (tanh(np.arctanh(inside) + step) for step in (-spread, spread))
    ends = Interval(min(low, value), max(high, value), level)
    return Estimate(value, ends, one.size, "number", _SPEARMAN)


def superiority(upper: ArrayLike, lower: ArrayLike, *, level: float = 0.95) -> Difference:
    """Estimate how often one of the upper group has more than one of the lower group.

    Parameters
    ----------
    upper, lower : array of float
        Values of two groups of accounts; missing ones are left out.
    level : float

    Returns
    -------
    Difference
        Kind ``share``: 0.5 means that the groups cannot be told apart, equal values count by
        half. n is the smaller group.

    References
    ----------
    Brunner and Munzel 2000, Biometrical Journal 42:17; on the logit as in Pauly, Asendorf and
    Konietschke 2016, Biometrical Journal 58:1319. Where one group lies wholly above the other
    half a pair is taken off, so that an interval exists.

    Examples
    --------
    >>> found = superiority([6, 8, 9, 12, 30, 31], [1, 2, 5, 6, 7, 8])
    >>> round(found.value, 3), found.detectable
    (0.917, False)

    In 92 of 100 pairs the one from the upper group has more, but twelve accounts leave it open.
    """
    one, two = present(upper), present(lower)
    smaller = min(one.size, two.size)
    if not smaller:
        return Difference(nan, None, 0, "share", no_effect=0.5, method=_SUPERIORITY)
    ranks = rankdata(np.concatenate([one, two]))
    above = (ranks[: one.size] - rankdata(one)) / two.size
    below = (ranks[one.size :] - rankdata(two)) / one.size
    value = float(above.mean())
    ends, p_value = _logit_interval(value, above, below, level)
    return Difference(
        value, ends, smaller, "share", p_value=p_value, no_effect=0.5, method=_SUPERIORITY
    )


def rank_drivers(dimensions: ArrayLike, outcome: ArrayLike, *, level: float = 0.95) -> Drivers:
    """Regress the ranks of an outcome on the ranks of several dimensions together.

    Parameters
    ----------
    dimensions : array of float, shape (accounts, dimensions)
        Accounts with any of them missing are left out.
    outcome : array of float, shape (accounts,)
    level : float

    Returns
    -------
    Drivers
        Terms are NaN where a dimension does not vary, or there are fewer than five accounts per
        dimension.

    References
    ----------
    Iman and Conover 1979, Technometrics 21:499 (regression on ranks); MacKinnon and White 1985,
    Journal of Econometrics 29:305 (HC3 standard errors).

    Examples
    --------
    >>> generator = np.random.default_rng(3)
    >>> table = generator.normal(size=(200, 2))
    >>> found = rank_drivers(table, table[:, 0] + generator.normal(size=200))
    >>> [term.detectable for term in found.terms], found.inflation.round(1).tolist()
    ([True, False], [1.0, 1.0])

    The first goes with the outcome, the second does not.
    """
    table, result = np.asarray(dimensions, dtype=float), np.asarray(outcome, dtype=float)
    kept = ~(np.isnan(table).any(axis=1) | np.isnan(result))
    ranks = np.apply_along_axis(rankdata, 0, table[kept]) if kept.any() else table[kept]
    n, terms = ranks.shape
    varied = [place for place in range(terms) if has_spread(ranks[:, place])]
    nothing = Difference(nan, None, n, method="rank regression, HC3")
    if n < ROWS_PER_TERM * max(len(varied), 1) or not varied or not has_spread(result[kept]):
        return Drivers((nothing,) * terms, np.full(terms, nan), nan, n)
    design = _standardised(ranks[:, varied])
    fitted = OLS(_standardised(rankdata(result[kept])), design).fit(cov_type="HC3", use_t=True)
    ends = fitted.conf_int(alpha=1 - level)
    found = dict.fromkeys(range(terms), nothing)
    for at, place in enumerate(varied):
        interval = Interval(float(ends[at, 0]), float(ends[at, 1]), level)
        value, p_value = float(fitted.params[at]), float(fitted.pvalues[at])
        found[place] = Difference(value, interval, n, p_value=p_value, method=nothing.method)
    inflation = np.full(terms, nan)
    inflation[varied] = np.diag(
        np.linalg.pinv(np.corrcoef(design, rowvar=False).reshape(len(varied), -1))
    )
    return Drivers(tuple(found.values()), inflation, float(fitted.rsquared), n)


def _standardised(columns: Floats) -> Floats:
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def _logit_interval(
    value: float, above: Floats, below: Floats, level: float
) -> tuple[Interval | None, float]:
    if min(above.size, below.size) < 2:
        return None, nan
    half_a_pair = 0.5 / (above.size * below.size)
    inside = float(np.clip(value, half_a_pair, 1 - half_a_pair))
    parts = np.array([above.var(ddof=1) / above.size, below.var(ddof=1) / below.size])
    smallest = inside * (1 - inside) / (above.size * below.size)
    variance = max(parts.sum(), smallest)
    sizes = np.array([above.size - 1, below.size - 1])
    freedom = parts.sum() ** 2 / (parts**2 / sizes).sum() if parts.sum() > 0 else float(sizes.min())
    error = np.sqrt(variance) / (inside * (1 - inside))
    centre = np.log(inside / (1 - inside))
    reach = t.ppf((1 + level) / 2, freedom) * error
    low, high = 1 / (1 + np.exp(-(centre + np.array([-reach, reach]))))
    return Interval(float(low), float(high), level), float(2 * t.sf(abs(centre) / error, freedom))
