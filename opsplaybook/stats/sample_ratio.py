"""Sample-ratio mismatch: whether each arm got the share of units that was planned.

Too few units in one arm mean that assignment, logging or filtering depends on the arm, and then no
effect can be read. Arms and shares come from the plan: an arm that received nobody must fail, and
an arm that was switched off must not soften the test of the others.
"""

from dataclasses import dataclass
from math import comb, nan

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import betaln, gammaln

from opsplaybook.stats.arrays import Floats
from opsplaybook.stats.rates import SMALLEST_EXPECTED

ALARM = 0.001
"""Level of the alarm: every experiment is checked, so it must be rare (Fabijan et al. 2019)."""

_MOST_TABLES = 200_000


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether units fell into arms as planned.

    Attributes
    ----------
    statistic : float
        Pearson's chi-square over the arms with a share.
    degrees_of_freedom : int
    p_value : float
        NaN with fewer than two such arms, or without units.
    observed, expected : array of float, shape (arms,)
        Units of each planned arm; expected 0 where the share is 0.
    unplanned : int
        Units in arms whose share is 0.
    n : int
        Units in arms with a share.
    exact : bool
        Whether the p-value is that of the exact multinomial test.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    observed: Floats
    expected: Floats
    unplanned: int
    n: int
    exact: bool = False

    def mismatch(self, alpha: float = ALARM) -> bool:
        """Whether the counts cannot be chance, or units sit in an arm that was switched off."""
        return self.unplanned > 0 or self.p_value <= alpha


@dataclass(frozen=True, slots=True)
class SequentialSampleRatio:
    """A sample-ratio test that may be looked at after every day.

    Attributes
    ----------
    p_values : array of float, shape (looks,)
        Valid at every look and at all of them together; never rises.
    first_alarm : int or None
        First look at which the p-value is at most alpha.
    n : int
        Units in all.
    """

    p_values: Floats
    first_alarm: int | None
    n: int


def sample_ratio(counts: ArrayLike, shares: ArrayLike) -> SampleRatio:
    """Test whether units fell into arms as planned.

    Parameters
    ----------
    counts : array of int, shape (arms,)
        Units of each planned arm, 0 where none came.
    shares : array of float, shape (arms,)
        Planned shares, in any unit (0.5 and 0.5, or 1 and 1). An arm of share 0 is left out of
        total and degrees of freedom.

    Returns
    -------
    SampleRatio
        Exact where an expected count is under 5 and the tables can be listed.

    Raises
    ------
    ValueError
        Negative counts or shares, no positive share, or different lengths.

    References
    ----------
    Fabijan et al. 2019, KDD, Diagnosing sample ratio mismatch in online controlled experiments.

    Examples
    --------
    >>> found = sample_ratio([821588, 815482], [0.5, 0.5])
    >>> round(found.statistic, 1), found.mismatch()
    (22.8, True)

    0.992 of the planned ratio with 1.6 million users is no chance: the effect must not be read.
    """
    observed, planned = _read(counts, shares)
    used = planned > 0
    hits, weights = observed[used], planned[used] / planned.sum()
    n, arms = int(hits.sum()), int(used.sum())
    expected = np.zeros(observed.size)
    expected[used] = n * weights
    rest = (observed, expected, int(observed[~used].sum()), n)
    if arms < 2 or n == 0:
        return SampleRatio(nan, max(arms - 1, 0), nan, *rest)
    statistic = float(((hits - n * weights) ** 2 / (n * weights)).sum())
    small = (n * weights).min() < SMALLEST_EXPECTED
    if small and comb(n + arms - 1, arms - 1) <= _MOST_TABLES:
        return SampleRatio(statistic, arms - 1, _exact(hits, weights), *rest, exact=True)
    p_value = float(stats.chi2.sf(statistic, arms - 1))
    return SampleRatio(statistic, arms - 1, p_value, *rest)


def sequential_sample_ratio(
    counts: ArrayLike, shares: ArrayLike, *, concentration: float = 10_000, alpha: float = ALARM
) -> SequentialSampleRatio:
    """Test after every day whether units fall into arms as planned.

    Parameters
    ----------
    counts : array of int, shape (looks, arms)
        New units of each arm since the look before.
    shares : array of float, shape (arms,)
        Planned shares; arms of share 0 are left out.
    concentration : float
        How near to the plan the alternatives are: the larger, the smaller the mismatch that is
        looked for.
    alpha : float
        Level over all looks together.

    Returns
    -------
    SequentialSampleRatio

    Raises
    ------
    ValueError
        As `sample_ratio`, or fewer than two arms with a share.

    References
    ----------
    Lindon and Malek 2020, arXiv 2011.03567 (multinomial counts, Dirichlet alternatives).

    Examples
    --------
    >>> daily = [[510, 490], [520, 480], [515, 470], [540, 465], [530, 455]]
    >>> sequential_sample_ratio(daily, [0.5, 0.5]).p_values.round(2).tolist()
    [1.0, 0.94, 0.75, 0.37, 0.14]

    Five days lean to the first arm, not yet more than chance gives.
    """
    daily = np.atleast_2d(np.asarray(counts, dtype=float))
    _, planned = _read(daily.sum(axis=0), shares)
    used = planned > 0
    if used.sum() < 2:
        raise ValueError("shares must be positive for two arms or more")
    weights = planned[used] / planned.sum()
    seen = np.cumsum(daily[:, used], axis=0)
    prior = concentration * weights
    evidence = (
        _log_beta(prior + seen) - _log_beta(prior) - (seen * np.log(weights)).sum(axis=1)
    )  # fmt: skip
    p_values = np.minimum.accumulate(np.exp(np.minimum(-evidence, 0.0)))
    alarms = np.flatnonzero(p_values <= alpha)
    first = int(alarms[0]) if alarms.size else None
    return SequentialSampleRatio(p_values, first, int(seen[-1].sum()))


def _read(counts: ArrayLike, shares: ArrayLike) -> tuple[Floats, Floats]:
    observed, planned = np.asarray(counts, dtype=float), np.asarray(shares, dtype=float)
    if observed.shape != planned.shape:
        raise ValueError(f"{observed.size} counts for {planned.size} shares, must be one each")
    if not (np.isfinite(observed).all() and np.isfinite(planned).all()):
        raise ValueError("counts and shares must be finite")
    if (observed < 0).any() or (planned < 0).any() or not planned.any():
        raise ValueError("counts and shares must be 0 or more, and a share positive")
    return observed, planned


def _exact(hits: Floats, weights: Floats) -> float:
    """Chance of all tables that are as rare as the one seen, or rarer."""
    tables = _tables(int(hits.sum()), hits.size)
    logs = _log_chance(tables, weights)
    seen = _log_chance(hits[None, :], weights)[0]
    return float(min(np.exp(logs[logs <= seen + 1e-9]).sum(), 1.0))


def _tables(n: int, arms: int) -> Floats:
    """Every way to put n units into arms, shape (tables, arms)."""
    tables = np.zeros((1, 0))
    for _ in range(arms - 1):
        left = (n - tables.sum(axis=1)).astype(int)
        rows = np.repeat(np.arange(len(tables)), left + 1)
        starts = np.cumsum(left + 1) - (left + 1)
        added = np.arange(rows.size) - np.repeat(starts, left + 1)
        tables = np.column_stack([tables[rows], added])
    return np.column_stack([tables, n - tables.sum(axis=1)])


def _log_chance(tables: Floats, weights: Floats) -> Floats:
    n = tables.sum(axis=1)
    return gammaln(n + 1) - gammaln(tables + 1).sum(axis=1) + (tables * np.log(weights)).sum(axis=1)


def _log_beta(counts: Floats) -> Floats:
    """Logarithm of the multivariate beta function over the last axis."""
    if counts.shape[-1] == 2:
        return betaln(counts[..., 0], counts[..., 1])
    return gammaln(counts).sum(axis=-1) - gammaln(counts.sum(axis=-1))
