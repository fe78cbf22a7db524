"""How certain a split into mix and rate is: the split again, over drawn accounts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opsplaybook.stats.arrays import Floats, pair_of_matrices
from opsplaybook.stats.decomposition import mix_and_rate
from opsplaybook.stats.results import Interval

DRAWS = 600
"""Sets of accounts that are drawn."""

_LEAST_CLUSTERS = 5


@dataclass(frozen=True, slots=True)
class SplitIntervals:
    """Intervals of a change of a rate, of its mix part and of its rate part."""

    change: Interval
    mix: Interval
    rate: Interval


def split_intervals(
    before: tuple[ArrayLike, ArrayLike],
    after: tuple[ArrayLike, ArrayLike],
    *,
    generator: np.random.Generator,
    alone: tuple[ArrayLike, ArrayLike] | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
) -> SplitIntervals | None:
    """Estimate how far mix and rate parts would vary with other accounts (percentile bootstrap).

    Parameters
    ----------
    before, after : tuple of (successes, bases), each of shape (segments,) or (accounts, segments)
        Counts in the same order of segments and accounts; an account that was there on both sides
        is drawn with both. Without rows for accounts, all units are independent.
    generator : numpy.random.Generator
    alone : tuple of two arrays of shape (2, segments), optional
        Successes and bases, before and after, of units that belong to no account.
    level : float
    draws : int

    Returns
    -------
    SplitIntervals or None
        None under five accounts, or where a side has no unit.

    Raises
    ------
    ValueError
        Different shapes.

    References
    ----------
    Field and Welsh 2007, JRSS B 69:369-390 (drawing whole clusters).

    Examples
    --------
    >>> found = split_intervals(
    ...     ([234, 55], [270, 80]), ([81, 192], [87, 263]), generator=np.random.default_rng(1)
    ... )
    >>> found.mix.high < 0, found.rate.low < 0 < found.rate.high
    (True, True)

    The mix pulled the total down for sure; that segments got better may be chance.
    """
    sides = [np.stack(pair_of_matrices(*side)) for side in (before, after)]
    if sides[0].shape != sides[1].shape:
        raise ValueError(f"shapes differ: {sides[0].shape} and {sides[1].shape}")
    if any(not side[1].sum() for side in sides):
        return None
    if sides[0].ndim == 2:
        drawn = [_independent(side, generator, draws) for side in sides]
    else:
        accounts = sides[0].shape[1]
        if accounts < _LEAST_CLUSTERS:
            return None
        weights = generator.multinomial(accounts, np.full(accounts, 1 / accounts), size=draws)
        drawn = [np.einsum("da,kas->dks", weights, side) for side in sides]
        if alone is not None:
            singles = [_independent(np.asarray(side), generator, draws) for side in alone]
            drawn = [one + more for one, more in zip(drawn, singles, strict=True)]
    kept = (drawn[0][:, 1].sum(axis=1) > 0) & (drawn[1][:, 1].sum(axis=1) > 0)
    parts = [
        mix_and_rate(tuple(one), tuple(two))
        for one, two in zip(drawn[0][kept], drawn[1][kept], strict=True)
    ]
    columns = np.array([(part.change, part.mix_total, part.rate_total) for part in parts])
    tail = (1 - level) / 2
    low, high = np.quantile(columns, [tail, 1 - tail], axis=0)
    return SplitIntervals(
        *(Interval(float(one), float(two), level) for one, two in zip(low, high, strict=True))
    )


def _independent(side: Floats, generator: np.random.Generator, draws: int) -> Floats:
    """Draw units anew: their segment, and whether they succeed; shape (draws, 2, segments)."""
    hits, base = side
    total = int(base.sum())
    if not total:
        return np.zeros((draws, *side.shape))
    sizes = generator.multinomial(total, base / total, size=draws)
    shares = np.divide(hits, base, out=np.zeros_like(hits), where=base > 0)
    return np.stack([generator.binomial(sizes, shares), sizes], axis=1).astype(float)
