"""Exact decompositions: which part of a gap comes from where. The parts add up to the gap.

Two methods, each for its question. A rate over segments that changed splits into mix and rate
(Kitagawa). A product of factors splits by Das Gupta, which is the Shapley value: the mean effect of
swapping one factor over all orders of swapping; it is exact with zeros, so the funnel uses it. For
a sum of products in its multiplicative form see `log_mean`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import factorial, nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opsplaybook.stats.arrays import Floats, pair_of_matrices

MOST_FACTORS = 12
"""Factors that Das Gupta's method takes; its work doubles with each."""


@dataclass(frozen=True, slots=True)
class MixRate:
    """Change of a rate, split into what segments did and how many were in which segment.

    Attributes
    ----------
    before, after : float
        The overall rates; NaN where the base is empty.
    mix, rate : array of float, shape (segments,)
        Parts of the change; all together add up to ``after - before``. The mix part of a segment
        is counted against the average rate: growth of a segment that is worse than average
        pulls the rate down.
    """

    before: float
    after: float
    mix: Floats
    rate: Floats

    @property
    def change(self) -> float:
        """Change of the overall rate."""
        return self.after - self.before

    @property
    def mix_total(self) -> float:
        """Part of the change that comes from the mix of segments."""
        return float(self.mix.sum())

    @property
    def rate_total(self) -> float:
        """Part of the change that comes from the segments' own rates."""
        return float(self.rate.sum())

    @property
    def reversal(self) -> bool:
        """Whether every segment went one way and the total the other (Simpson's paradox)."""
        moves = self.rate[np.abs(self.rate) > 0]
        if moves.size == 0 or not self.change:
            return False
        return bool((np.sign(moves) == -np.sign(self.change)).all())


@dataclass(frozen=True, slots=True)
class FunnelGap:
    """Gap between actual and target at the end of a funnel, by factor and segment.

    Attributes
    ----------
    target, actual : float
        Units that should have reached the last stage, and that did.
    factors : tuple of str
        ``entrants``, ``mix``, then one step per pair of stages, in order.
    effects : array of float, shape (segments, factors)
        Units gained or lost; they add up to ``actual - target``.
    """

    target: float
    actual: float
    factors: tuple[str, ...]
    effects: Floats

    @property
    def gap(self) -> float:
        """Actual less target."""
        return self.actual - self.target

    @property
    def by_factor(self) -> Floats:
        """Parts of the gap by factor."""
        return self.effects.sum(axis=0)

    @property
    def by_segment(self) -> Floats:
        """Parts of the gap by segment."""
        return self.effects.sum(axis=1)


def mix_and_rate(
    before: tuple[ArrayLike, ArrayLike], after: tuple[ArrayLike, ArrayLike]
) -> MixRate:
    """Split the change of a rate into mix and rate, by segment (Kitagawa).

    Parameters
    ----------
    before, after : tuple of (successes, bases), each of shape (segments,)
        Counts per segment in the same order. A segment that is empty on one side takes its rate
        from the other, so that its whole part is mix.

    Returns
    -------
    MixRate

    Raises
    ------
    ValueError
        Different shapes, negative or missing counts.

    References
    ----------
    Kitagawa 1955, JASA 50:1168-1194.

    Examples
    --------
    >>> found = mix_and_rate(([234, 55], [270, 80]), ([81, 192], [87, 263]))
    >>> round(found.change, 3), round(found.mix_total, 3), round(found.rate_total, 3)
    (-0.046, -0.099, 0.054)
    >>> found.reversal
    True

    Both segments got better and the total got worse: the second, harder segment tripled.
    """
    hits_before, base_before, hits_after, base_after = _table(*before, *after)
    total_before, total_after = base_before.sum(), base_after.sum()
    if not total_before or not total_after:
        empty = np.full(len(base_before), nan)
        return MixRate(
            _divide(hits_before.sum(), total_before),
            _divide(hits_after.sum(), total_after),
            empty,
            empty,
        )
    rate_before, rate_after = _rates_with_gaps_filled(
        (hits_before, base_before), (hits_after, base_after)
    )
    share_before, share_after = base_before / total_before, base_after / total_after
    overall_before, overall_after = hits_before.sum() / total_before, hits_after.sum() / total_after
    middle = (overall_before + overall_after) / 2
    mix = (share_after - share_before) * ((rate_before + rate_after) / 2 - middle)
    rate = (rate_after - rate_before) * (share_before + share_after) / 2
    return MixRate(float(overall_before), float(overall_after), mix, rate)


def product_effects(before: ArrayLike, after: ArrayLike) -> Floats:
    """Split the change of a product into the effects of its factors (Das Gupta).

    Parameters
    ----------
    before, after : array of float, shape (factors,) or (segments, factors)
        Factors in the same order; zeros are allowed, missing values are not.

    Returns
    -------
    array of float, shape as given
        Effects; along the factors they add up to the change of the product.

    Raises
    ------
    ValueError
        Different shapes, missing values, or more than 12 factors.

    References
    ----------
    Das Gupta 1993, Standardization and Decomposition of Rates, US Bureau of the Census, P23-186;
    Shapley 1953 gives the same numbers.

    Examples
    --------
    >>> product_effects([1000, 0.20, 0.50], [1200, 0.15, 0.50]).round(2).tolist()
    [17.5, -27.5, 0.0]

    Ten fewer customers: more visitors brought 17.5, the first step lost 27.5, the second nothing.
    """
    first, second = pair_of_matrices(before, after)
    factors = first.shape[-1]
    if factors > MOST_FACTORS:
        raise ValueError(f"{factors} factors given, at most {MOST_FACTORS} can be split")
    effects = np.zeros_like(first)
    for factor in range(factors):
        others = [other for other in range(factors) if other != factor]
        step = second[..., factor] - first[..., factor]
        effects[..., factor] = step * _mean_product(first, second, others)
    return effects


def funnel_gap(
    target: ArrayLike, actual: ArrayLike, *, stages: Sequence[str] | None = None
) -> FunnelGap:
    """Split the gap to target at the end of a funnel by stage and segment (Das Gupta).

    What reached the end of a segment is entrants x share of the segment x one rate per step. Each
    factor's effect is its mean effect over all orders of swapping target for actual, so zeros are
    exact and the effects add up.

    Parameters
    ----------
    target, actual : array of float, shape (segments, stages)
        Units that should have reached, and that reached, each stage, first stage first. A step
        that nobody came to on one side takes its rate from the other, and so explains nothing.
    stages : sequence of str, optional
        Names of the stages, for the names of the steps.

    Returns
    -------
    FunnelGap

    Raises
    ------
    ValueError
        Different shapes, negative or missing counts, fewer than two stages, or no entrants.

    Examples
    --------
    >>> found = funnel_gap(
    ...     [[500, 250, 50], [500, 250, 50]],
    ...     [[600, 300, 30], [400, 200, 40]],
    ...     stages=["invited", "registered", "attended"],
    ... )
    >>> dict(zip(found.factors, found.by_factor.round(2).tolist(), strict=True))
    {'entrants': 0.0, 'mix': -2.5, 'invited to registered': 0.0, 'registered to attended': -27.5}
    >>> found.by_segment.round(1).tolist(), round(found.gap, 6)
    ([-20.0, -10.0], -30.0)

    Thirty too few came, nearly all for want of turning up after registering.
    """
    planned, reached = pair_of_matrices(target, actual)
    if planned.ndim != 2 or planned.shape[1] < 2:
        raise ValueError("counts must have the shape (segments, stages) with two stages or more")
    if min(planned.min(initial=0), reached.min(initial=0)) < 0:
        raise ValueError("counts must not be negative")
    if not planned[:, 0].sum() or not reached[:, 0].sum():
        raise ValueError("nobody entered the funnel, on target or in fact")
    effects = product_effects(*_funnel_factors(planned, reached))
    names = tuple(stages or (f"stage {number + 1}" for number in range(planned.shape[1])))
    steps = tuple(f"{one} to {two}" for one, two in pairwise(names))
    target_end, actual_end = float(planned[:, -1].sum()), float(reached[:, -1].sum())
    return FunnelGap(target_end, actual_end, ("entrants", "mix", *steps), effects)


def _funnel_factors(planned: NDArray, reached: NDArray) -> tuple[NDArray, NDArray]:
    """Entrants, share of the segment and step rates, each of shape (segments, factors)."""
    sides = []
    for counts in (planned, reached):
        entrants = np.full(len(counts), counts[:, 0].sum())
        sides.append((entrants, counts[:, 0] / entrants))
    steps = [
        _rates_with_gaps_filled(
            (planned[:, step + 1], planned[:, step]), (reached[:, step + 1], reached[:, step])
        )
        for step in range(planned.shape[1] - 1)
    ]
    return tuple(
        np.column_stack([*sides[side], *(rates[side] for rates in steps)]) for side in (0, 1)
    )


def _rates_with_gaps_filled(
    first: tuple[NDArray, NDArray], second: tuple[NDArray, NDArray]
) -> tuple[NDArray, NDArray]:
    """Rates of both sides; an undefined one takes the other side's, and 0 where both are."""
    one, two = _divide(*first), _divide(*second)
    one, two = np.where(np.isnan(one), two, one), np.where(np.isnan(two), one, two)
    return np.nan_to_num(one), np.nan_to_num(two)


def _mean_product(first: NDArray, second: NDArray, others: Sequence[int]) -> NDArray:
    """Mean product of the other factors over all orders in which they may have been swapped."""
    count = len(others)
    total = np.zeros(first.shape[:-1])
    for swapped in range(count + 1):
        weight = factorial(swapped) * factorial(count - swapped) / factorial(count + 1)
        for chosen in combinations(others, swapped):
            kept = [other for other in others if other not in chosen]
            product = second[..., list(chosen)].prod(axis=-1) * first[..., kept].prod(axis=-1)
            total = total + weight * product
    return total


def _divide(numerator: ArrayLike, denominator: ArrayLike) -> NDArray:
    top, bottom = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    return np.divide(top, bottom, out=np.full(np.shape(bottom), nan), where=bottom != 0)


def _table(*columns: ArrayLike) -> list[Floats]:
    arrays = [np.asarray(column, dtype=float) for column in columns]
    if len({array.shape for array in arrays}) > 1 or arrays[0].ndim != 1:
        raise ValueError("successes and bases must have the same shape (segments,)")
    if any(not np.isfinite(array).all() or (array < 0).any() for array in arrays):
        raise ValueError("successes and bases must be counts: finite and not negative")
    return arrays
