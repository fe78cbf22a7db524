"""Change points of a rate over time, named only where they exceed noise.

The cumulative sum of what lies above the common rate (CUSUM) has its peak where the rate changed.
How high peaks rise by chance is found by trying: where units are independent, successes are dealt
out anew among all of them; where they are nested in accounts, whole accounts change their sign, so
that what an account does at different times stays together.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from opsplaybook.stats.arrays import Floats
from opsplaybook.stats.nested_rates import clustered_rate
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Estimate

RESAMPLES = 1999
"""Histories without a change that the actual one is compared with."""

LEAST_UNITS = 20
"""Units on either side of a change that is looked for."""

LEAST_EXPECTED = 10
"""Successes, and failures, that must be expected on either side."""

LEAST_CLUSTERS = 6
"""Accounts that there must be: with five, no p-value can come below 0.06."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The likeliest place of a change, and whether it is more than noise.

    Attributes
    ----------
    position : int
        First period of the new rate; -1 where there are too few units to look for one.
    p_value : float
        How often histories without a change have as high a peak; NaN where none was looked for.
        The search over all places is part of it.
    before, after : Estimate
        Rates on either side. The place was chosen because they differ, so they differ somewhat
        more than they would without looking: the p-value decides, not their intervals.
    n : int
        Units in all periods.
    earliest, latest : int
        First and last place that the data hardly tell from `position` (a likelihood set): the
        true place lies outside at most about as rarely as the level says.
    """

    position: int
    p_value: float
    before: Estimate
    after: Estimate
    n: int
    earliest: int = -1
    latest: int = -1

    @property
    def change(self) -> float:
        """Rate after less rate before."""
        return self.after.value - self.before.value


def likeliest_change(
    successes: ArrayLike,
    n: ArrayLike,
    *,
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
    least_units: int = LEAST_UNITS,
    level: float = 0.95,
) -> ChangePoint:
    """Find the likeliest change of a rate over time, and test it.

    Parameters
    ----------
    successes, n : array of int, shape (periods,) or (accounts, periods)
        Units that did it, and units that could have, oldest period first. With one row per
        account its units may be alike; without rows all units are taken as independent.
    generator : numpy.random.Generator
        Source of the histories without a change.
    resamples : int
    least_units : int
        Units that there must be on either side.
    level : float
        Of the intervals of both rates.

    Returns
    -------
    ChangePoint

    Raises
    ------
    ValueError
        Different shapes, or successes that do not lie between 0 and n.

    References
    ----------
    Pettitt 1980, Biometrika 67:79-84 (CUSUM of zero-one observations, permutation); Cameron,
    Gelbach and Miller 2008, Review of Economics and Statistics 90:414-427 (signs by cluster).

    Examples
    --------
    >>> found = likeliest_change(
    ...     [41, 38, 40, 42, 25, 27, 24], [50] * 7, generator=np.random.default_rng(1)
    ... )
    >>> found.position, found.p_value, round(found.change, 2)
    (4, 0.0005, -0.3)

    From the fifth month on 30 points fewer convert, and chance does not do that.
    """
    hits, base = _read(successes, n)
    total = int(base.sum())
    none = ChangePoint(-1, nan, *(_rate(hits[:, :0], base[:, :0], level),) * 2, total)
    places = _places(hits, base, least_units)
    few = len(hits) > 1 and np.count_nonzero(base.sum(axis=1)) < LEAST_CLUSTERS
    if few or not places.size or hits.sum() in (0, total):
        return none
    bridges = _bridges(hits, base)[:, places]
    spread = _independent_spread(hits, base, places)
    if len(hits) == 1:
        drawn = _dealt_out(hits[0], base[0], places, generator, resamples)
    else:
        # Accounts that happen to agree must not make a place look surer than units alone could.
        spread = np.maximum(spread, np.sqrt((bridges**2).sum(axis=0)))
        signs = generator.choice([-1.0, 1.0], size=(resamples, len(hits)))
        drawn = signs @ bridges
    known = spread > 0
    if not known.any():
        return none
    peaks = np.abs(bridges.sum(axis=0)[known]) / spread[known]
    chance = (np.abs(drawn[:, known]) / spread[known]).max(axis=1)
    position = int(places[known][peaks.argmax()]) + 1
    as_high = int((chance >= peaks.max() * (1 - 1e-12)).sum())
    near = places[known][peaks**2 >= peaks.max() ** 2 - chi2.ppf(level, 1)] + 1
    return ChangePoint(
        position,
        (1 + as_high) / (1 + resamples),
        _rate(hits[:, :position], base[:, :position], level),
        _rate(hits[:, position:], base[:, position:], level),
        total,
        int(near.min()),
        int(near.max()),
    )


def change_points(
    successes: ArrayLike,
    n: ArrayLike,
    *,
    generator: np.random.Generator,
    alpha: float = 0.05,
    resamples: int = RESAMPLES,
    least_units: int = LEAST_UNITS,
    level: float = 0.95,
) -> tuple[ChangePoint, ...]:
    """Find all changes of a rate that exceed noise, oldest first.

    Parameters
    ----------
    successes, n, generator, resamples, least_units, level
        As in `likeliest_change`.
    alpha : float
        Chance of naming any change where there is none. Someone who looks at several rates gives
        each its part of it.

    Returns
    -------
    tuple of ChangePoint
        `before` and `after` reach to the change before and the change after.

    References
    ----------
    Vostrikova 1981, Soviet Mathematics Doklady 24:55-59 (binary segmentation): where a change is
    found, both parts are searched again.

    Examples
    --------
    >>> steady = change_points([40, 38, 41, 39, 42], [50] * 5, generator=np.random.default_rng(1))
    >>> len(steady)
    0

    The months differ no more than chance makes them.
    """
    hits, base = _read(successes, n)
    cuts = _cuts(hits, base, 0, generator, alpha, resamples, least_units)
    ends = [0, *(cut.position for cut in cuts), base.shape[1]]
    spans = [_rate(hits[:, start:end], base[:, start:end], level) for start, end in pairwise(ends)]
    total = int(base.sum())
    return tuple(
        replace(cut, before=spans[place], after=spans[place + 1], n=total)
        for place, cut in enumerate(cuts)
    )


def _cuts(
    hits: Floats,
    base: Floats,
    offset: int,
    generator: np.random.Generator,
    alpha: float,
    resamples: int,
    least_units: int,
) -> list[ChangePoint]:
    """Split at the likeliest change while it exceeds noise; positions count from the start."""
    found = likeliest_change(
        hits, base, generator=generator, resamples=resamples, least_units=least_units
    )
    if not found.p_value < alpha:
        return []
    at = found.position
    moved = replace(
        found,
        position=offset + at,
        earliest=offset + found.earliest,
        latest=offset + found.latest,
    )
    rest = (generator, alpha, resamples, least_units)
    return [
        *_cuts(hits[:, :at], base[:, :at], offset, *rest),
        moved,
        *_cuts(hits[:, at:], base[:, at:], offset + at, *rest),
    ]


def _read(successes: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    hits, base = (np.atleast_2d(np.asarray(column, dtype=float)) for column in (successes, n))
    if hits.shape != base.shape or hits.ndim != 2:
        raise ValueError(f"shapes differ: successes {hits.shape}, n {base.shape}")
    if not ((hits >= 0) & (hits <= base)).all():
        raise ValueError("successes must lie between 0 and n in each period")
    return hits, base


def _places(hits: Floats, base: Floats, least_units: int) -> NDArray[np.intp]:
    """Return the last periods before a change, with enough units and outcomes on either side.

    Of accounts, ten successes and failures must be expected: with fewer, they say next to nothing
    of how far their sum may swing. Independent units need none, their test is exact.
    """
    so_far = np.cumsum(base.sum(axis=0))[:-1]
    smaller = np.minimum(so_far, base.sum() - so_far)
    rarer = min(hits.sum(), base.sum() - hits.sum()) / max(base.sum(), 1)
    expected = LEAST_EXPECTED if len(hits) > 1 else 0
    return np.flatnonzero((smaller >= least_units) & (smaller * rarer >= expected))


def _bridges(hits: Floats, base: Floats) -> Floats:
    """Return each row's part of the cumulative sum, tied to 0 at the end; shape as given."""
    residuals = hits - base * hits.sum() / base.sum()
    time = np.cumsum(base.sum(axis=0)) / base.sum()
    return np.cumsum(residuals, axis=1) - time * residuals.sum(axis=1, keepdims=True)


def _independent_spread(hits: Floats, base: Floats, places: NDArray[np.intp]) -> Floats:
    """Return the standard deviations of the cumulative sums of independent units."""
    total, share = base.sum(), hits.sum() / base.sum()
    so_far = np.cumsum(base.sum(axis=0))[places]
    return np.sqrt(share * (1 - share) * so_far * (total - so_far) / (total - 1))


def _dealt_out(
    hits: Floats,
    base: Floats,
    places: NDArray[np.intp],
    generator: np.random.Generator,
    resamples: int,
) -> Floats:
    """Deal the successes out anew among all units: cumulative sums, shape (resamples, places)."""
    sizes = base.astype(np.int64)
    dealt = generator.multivariate_hypergeometric(
        sizes, int(hits.sum()), size=resamples, method="marginals"
    )
    return np.cumsum(dealt - sizes * (hits.sum() / base.sum()), axis=1)[:, places]


def _rate(hits: Floats, base: Floats, level: float) -> Estimate:
    if len(hits) > 1:
        return clustered_rate(hits.sum(axis=1), base.sum(axis=1), level=level)
    return rate(float(hits.sum()), int(base.sum()), level=level)
