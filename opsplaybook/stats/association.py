"""Whether a score goes with what came after: ranks, groups, and several dimensions at once."""

from dataclasses import dataclass
from math import nan, tanh

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm, rankdata, t

from opsplaybook.stats.arrays import Floats, complete, has_spread, present
from opsplaybook.stats.results import Difference, Estimate, Interval

ROWS_PER_TERM = 5
"""Accounts that there must be per dimension for all of them to be looked at together."""

RESAMPLES = 400
"""Draws of accounts behind a standard error."""

_DRIVERS = "rank regression on available cases, bootstrap of accounts"
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
        Accounts whose outcome is known.
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


def rank_drivers(
    dimensions: ArrayLike,
    outcome: ArrayLike,
    *,
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Drivers:
    """Regress the ranks of an outcome on the ranks of several dimensions together.

    Every correlation rests on all accounts that have both columns: leaving out whoever has any
    gap would leave out most. Gaps are taken as accidental, so that those with and without one
    are alike.

    Parameters
    ----------
    dimensions : array of float, shape (accounts, dimensions)
        Missing values are allowed.
    outcome : array of float, shape (accounts,)
        Accounts without it are left out.
    generator : numpy.random.Generator
        Source of the draws of accounts.
    resamples : int
        Draws behind the standard errors.
    level : float

    Returns
    -------
    Drivers
        n of a term counts the accounts that have the dimension. Terms are NaN where a dimension
        does not vary, or two columns have fewer accounts in common than five per dimension.

    References
    ----------
    Iman and Conover 1979, Technometrics 21:499 (regression on ranks); Little 1992, JASA 87:1227,
    section 4 (available cases); Freedman 1981, Annals of Statistics 9:1218 (drawing cases).

    Examples
    --------
    >>> generator = np.random.default_rng(3)
    >>> table = generator.normal(size=(200, 2))
    >>> outcome = table[:, 0] + generator.normal(size=200)
    >>> found = rank_drivers(table, outcome, generator=generator)
    >>> [term.detectable for term in found.terms], found.inflation.round(1).tolist()
    ([True, False], [1.0, 1.0])

    The first goes with the outcome, the second does not.
    """
    table, result = np.asarray(dimensions, dtype=float), np.asarray(outcome, dtype=float)
    kept = ~np.isnan(result)
    table, result = table[kept], result[kept]
    counts = (~np.isnan(table)).sum(axis=0)
    terms = [Difference(nan, None, int(n), method=_DRIVERS) for n in counts]
    inflation = np.full(len(terms), nan)
    used = [at for at in range(len(terms)) if has_spread(present(table[:, at]))]
    columns = np.column_stack([*(_ranks(table[:, at]) for at in used), _ranks(result)])
    common = (~np.isnan(columns)).T.astype(int) @ ~np.isnan(columns)
    if not used or common.min() < ROWS_PER_TERM * len(used) or not has_spread(result):
        return Drivers(tuple(terms), inflation, nan, len(result))
    weights = np.ones(len(result))
    slopes, explained, inflation[used] = _available_cases(columns, weights)
    draws = [
        _available_cases(columns, _counts(generator, len(result)))[0] for _ in range(resamples)
    ]
    errors = np.std(draws, axis=0, ddof=1)
    for place, at in enumerate(used):
        freedom = int(counts[at]) - len(used) - 1
        terms[at] = _term(slopes[place], errors[place], freedom, int(counts[at]), level)
    return Drivers(tuple(terms), inflation, explained, len(result))


def _ranks(column: Floats) -> Floats:
    """Rank the known values of a column, from 0 to 1; gaps stay."""
    known = ~np.isnan(column)
    ranks = np.full(column.size, nan)
    ranks[known] = (rankdata(column[known]) - 0.5) / max(known.sum(), 1)
    return ranks


def _counts(generator: np.random.Generator, n: int) -> Floats:
    return np.bincount(generator.integers(0, n, n), minlength=n).astype(np.float64)


def _available_cases(columns: Floats, weights: Floats) -> tuple[Floats, float, Floats]:
    """Regress the last column on the others by the correlations of each two.

    Returns
    -------
    slopes : ndarray of float, shape (dimensions,)
    explained : float
    inflation : ndarray of float, shape (dimensions,)
    """
    known = (~np.isnan(columns)).astype(np.float64)
    filled = np.nan_to_num(columns)
    weighted = known * weights[:, None]
    n = weighted.T @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        # Row i, column j: mean of i, and of its square, over the accounts that have both.
        mean = (filled * weights[:, None]).T @ known / n
        square = (filled**2 * weights[:, None]).T @ known / n
        product = (filled * weights[:, None]).T @ filled / n
        spread = np.sqrt(np.maximum(square - mean**2, 0))
        together = (product - mean * mean.T) / (spread * spread.T)
    together = np.nan_to_num(together)
    np.fill_diagonal(together, 1.0)
    inverse = np.linalg.pinv(together[:-1, :-1])
    slopes = inverse @ together[:-1, -1]
    explained = float(np.clip(slopes @ together[:-1, -1], 0, 1))
    return slopes, explained, np.maximum(np.diag(inverse), 1.0)


def _term(slope: float, error: float, freedom: int, n: int, level: float) -> Difference:
    reach = float(t.ppf((1 + level) / 2, freedom) * error)
    p_value = float(2 * t.sf(abs(slope) / error, freedom)) if error > 0 else nan
    ends = Interval(float(slope) - reach, float(slope) + reach, level)
    return Difference(float(slope), ends, n, p_value=p_value, method=_DRIVERS)


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
