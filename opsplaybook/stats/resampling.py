"""Bootstrap by account, and quantiles with an interval.

Accounts, not rows, are drawn with replacement, so the interval has the certainty of accounts. Every
function that draws takes its random generator: the same seed gives the same interval.
"""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from math import nan
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import Integers, cluster_codes, present, require_same_length
from opsplaybook.stats.results import Difference, Estimate, Interval

BootstrapMethod = Literal["bca", "percentile"]
"""``bca`` corrects the interval for bias and skew; ``percentile`` does not."""

Statistic = Callable[..., float]
"""Function of one or more arrays of equal length."""

RESAMPLES = 2000
"""Draws behind an interval."""

_CELLS_AT_ONCE = 1_000_000
_SCIPY_NAMES = {"bca": "BCa", "percentile": "percentile"}
_NAMES = {"bca": "BCa interval", "percentile": "percentile interval"}


def bootstrap(
    statistic: Statistic,
    data: Sequence[ArrayLike],
    *,
    generator: np.random.Generator,
    clusters: ArrayLike | None = None,
    kind: Kind = "number",
    method: BootstrapMethod = "bca",
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Estimate:
    """Estimate any statistic with an interval by drawing accounts.

    Parameters
    ----------
    statistic : callable
        Called as ``statistic(*data)``, returns one number.
    data : sequence of array, each of shape (rows,)
        Missing values are the statistic's business.
    generator : numpy.random.Generator
        Source of the draws.
    clusters : array, shape (rows,), optional
        The account of each row; without it each row is a unit.
    kind : Kind
        What the statistic is.
    method : {"bca", "percentile"}
    resamples : int
        Draws.
    level : float

    Returns
    -------
    Estimate
        n counts accounts. No interval with fewer than two, or where the statistic does not vary or
        cannot be computed on some draw. Where BCa does not exist, because leaving out any one
        account changes nothing, the interval is the percentile one and `method` says so.

    Raises
    ------
    ValueError
        No data, or columns of different length.

    References
    ----------
    Efron 1987, JASA 82:171-185 (BCa); Davison and Hinkley 1997, section 3.8 (drawing clusters).

    Examples
    --------
    >>> spend = np.array([1.0, 2, 2, 3, 4, 5, 8, 9, 12, 40])
    >>> found = bootstrap(np.median, [spend], generator=np.random.default_rng(1))
    >>> found.value, found.interval.low, found.interval.high
    (4.5, 2.0, 9.0)

    The median account spends 4.5, with certainty between 2 and 9.
    """
    sample = _Sample(statistic, data, clusters)
    value = sample.statistic_of(np.arange(sample.count)) if sample.count else nan
    ends, name = _interval([sample], lambda found: found, generator, method, resamples, level)
    return Estimate(value, ends, sample.count, kind, _name(name, clusters))


def bootstrap_difference(
    statistic: Statistic,
    first: Sequence[ArrayLike],
    second: Sequence[ArrayLike],
    *,
    generator: np.random.Generator,
    first_clusters: ArrayLike | None = None,
    second_clusters: ArrayLike | None = None,
    kind: Kind = "number",
    method: BootstrapMethod = "bca",
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Difference:
    """Estimate the difference of a statistic between two groups, drawing accounts in each.

    Parameters
    ----------
    statistic : callable
        Called on the data of each group, returns one number.
    first, second : sequence of array, each of shape (rows,)
        Data of the two groups.
    generator : numpy.random.Generator
        Source of the draws.
    first_clusters, second_clusters : array, shape (rows,), optional
        The account of each row.
    kind, method, resamples, level
        As in `bootstrap`.

    Returns
    -------
    Difference
        First minus second; n counts accounts of the smaller group; no p-value.

    Examples
    --------
    >>> first, second = np.arange(20.0) + 12, np.arange(20.0)
    >>> found = bootstrap_difference(
    ...     np.median, [first], [second], generator=np.random.default_rng(1)
    ... )
    >>> found.value, found.detectable
    (12.0, True)

    The first group's median is 12 higher, more than chance gives.
    """
    one = _Sample(statistic, first, first_clusters)
    two = _Sample(statistic, second, second_clusters)
    smaller = min(one.count, two.count)
    value = nan
    if smaller:
        value = one.statistic_of(np.arange(one.count)) - two.statistic_of(np.arange(two.count))
    ends, name = _interval([one, two], lambda a, b: a - b, generator, method, resamples, level)
    return Difference(value, ends, smaller, kind, method=_name(name, first_clusters))


def quantile(
    values: ArrayLike, share: float, *, kind: Kind = "number", level: float = 0.95
) -> Estimate:
    """Estimate a quantile with an interval that assumes no distribution.

    Parameters
    ----------
    values : array of float, shape (accounts,)
        Independent values; missing ones are left out. For rows within accounts use `bootstrap`.
    share : float
        Which quantile, between 0 and 1.
    kind : Kind
        What the values are.
    level : float
        Coverage asked for.

    Returns
    -------
    Estimate
        Where n is too small for the level, the interval is the whole range of the values, with the
        lower level that it attains.

    Raises
    ------
    ValueError
        Share outside 0 to 1.

    References
    ----------
    Conover 1999, Practical Nonparametric Statistics, section 3.2 (binomial order statistics).

    Examples
    --------
    >>> found = quantile([2, 3, 5, 8, 13], 0.5, kind="days")
    >>> found.value, found.interval.low, found.interval.high, found.interval.level
    (5.0, 2.0, 13.0, 0.9375)

    Half take 5 days or less; with five cases the median can only be placed between 2 and 13 days,
    at 93.75%.
    """
    if not 0 < share < 1:
        raise ValueError(f"share == {share}, must lie between 0 and 1")
    known = present(np.asarray(values, dtype=float))
    method = "quantile, binomial order statistics"
    if known.size == 0:
        return Estimate(nan, None, 0, kind, method)
    value = float(np.quantile(known, share))
    if known.size == 1:
        return Estimate(value, None, 1, kind, method)
    return Estimate(value, _order_interval(known, share, level), known.size, kind, method)


def median(values: ArrayLike, *, kind: Kind = "number", level: float = 0.95) -> Estimate:
    """Estimate a median with an interval that assumes no distribution; see `quantile`.

    Examples
    --------
    >>> found = median(range(1, 21), kind="hours")
    >>> found.value, found.interval.low, found.interval.high
    (10.5, 6.0, 15.0)

    Half of the cases took up to 10.5 hours; the median lies between 6 and 15.
    """
    return quantile(np.asarray(values, dtype=float), 0.5, kind=kind, level=level)


class _Sample:
    """Data of one group, from which accounts can be picked."""

    def __init__(
        self, statistic: Statistic, data: Sequence[ArrayLike], clusters: ArrayLike | None
    ) -> None:
        columns = [np.asarray(column) for column in data]
        if not columns:
            raise ValueError("data is empty, must hold at least one array")
        require_same_length(*columns, *([] if clusters is None else [np.asarray(clusters)]))
        names = np.arange(len(columns[0])) if clusters is None else clusters
        codes, self.count = cluster_codes(names)
        order = np.argsort(codes, kind="stable")
        self._statistic = statistic
        self._columns = [column[order] for column in columns]
        self._sizes = np.bincount(codes, minlength=self.count)
        self._starts = np.cumsum(self._sizes) - self._sizes

    def statistic_of(self, picked: Integers) -> float:
        """Compute the statistic on the rows of the picked accounts."""
        rows = self._rows(picked)
        return float(self._statistic(*(column[rows] for column in self._columns)))

    def _rows(self, picked: Integers) -> Integers:
        sizes = self._sizes[picked]
        before = np.cumsum(sizes) - sizes
        return np.repeat(self._starts[picked] - before, sizes) + np.arange(sizes.sum())


def _interval(
    samples: Sequence[_Sample],
    combine: Callable[..., float],
    generator: np.random.Generator,
    method: BootstrapMethod,
    resamples: int,
    level: float,
) -> tuple[Interval | None, str]:
    """Interval of a statistic of one or two samples, and the name of the way it was formed."""
    if min(sample.count for sample in samples) < 2:
        return None, _NAMES[method]

    def statistic(*picked: NDArray) -> float:
        pairs = zip(samples, picked, strict=True)
        return combine(*(sample.statistic_of(units) for sample, units in pairs))

    draw = partial(
        stats.bootstrap,
        [np.arange(sample.count) for sample in samples],
        statistic,
        batch=max(1, _CELLS_AT_ONCE // max(sample.count for sample in samples)),
        vectorized=False,
        confidence_level=level,
        rng=generator,
    )
    # Where a statistic does not vary the result is NaN, which is read below rather than warned of.
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = draw(n_resamples=resamples, method=_SCIPY_NAMES[method])
        name = _NAMES[method]
        if method == "bca" and np.isnan(found.confidence_interval.low):
            found = draw(n_resamples=0, method="percentile", bootstrap_result=found)
            name = "percentile interval (BCa does not exist)"
    low, high = found.confidence_interval
    if np.isnan(low) or np.isnan(high) or low == high:
        return None, _NAMES[method]
    return Interval(float(low), float(high), level), name


def _order_interval(values: NDArray, share: float, level: float) -> Interval:
    found = stats.quantile_test(values, p=share).confidence_interval(level)
    if np.isnan(found.low) or np.isnan(found.high):
        attained = float(1 - share**values.size - (1 - share) ** values.size)
        return Interval(float(values.min()), float(values.max()), min(attained, level))
    return Interval(float(found.low), float(found.high), level)


def _name(interval: str, clusters: ArrayLike | None) -> str:
    return f"bootstrap of {'rows' if clusters is None else 'accounts'}, {interval}"
