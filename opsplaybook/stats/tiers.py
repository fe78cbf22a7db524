"""Tiers from scores: cut points, ties, a second axis, and how often an account keeps its tier."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from opsplaybook.stats.arrays import Flags, Floats, Integers, floats, require_same_length

RuleKind = Literal["capacity", "threshold", "cumulative"]
"""Cut where the places are taken, at given scores, or where given shares of value are held."""

UNSCORED = -1
_DECIMALS = 12
_CELLS_AT_ONCE = 8_000_000


@dataclass(frozen=True, slots=True)
class TierRule:
    """Where to cut.

    Attributes
    ----------
    kind : {"capacity", "threshold", "cumulative"}
    levels : tuple of float
        One per tier but the last, highest tier first: places; scores; or cumulative shares of
        value (0 to 1).
    second_weight : float
        Weight of the second axis when the highest tier is chosen among the first two; 0 for none.

    Raises
    ------
    ValueError
        Levels are negative, or out of order.
    """

    kind: RuleKind
    levels: tuple[float, ...]
    second_weight: float = 0.0

    def __post_init__(self) -> None:
        steps = np.diff(self.levels)
        if min(self.levels, default=0) < 0:
            raise ValueError(f"levels {self.levels} must not be negative")
        if self.kind == "threshold" and (steps > 0).any():
            raise ValueError(f"thresholds {self.levels} must fall from tier to tier")
        if self.kind == "cumulative" and (steps < 0).any():
            raise ValueError(f"cumulative shares {self.levels} must rise from tier to tier")


@dataclass(frozen=True, slots=True)
class Assignment:
    """Accounts in tiers.

    Attributes
    ----------
    codes : ndarray of int, shape (accounts,)
        0 for the highest tier; -1 for an account without a score.
    cuts : tuple of float
        Lowest score that is in, one per tier but the last; infinite where nobody is.
    decisive : ndarray of float, shape (accounts,)
        What the first cut is compared with: the score, or its mean with the second axis.
    """

    codes: Integers
    cuts: tuple[float, ...]
    decisive: Floats


@dataclass(frozen=True, slots=True)
class Acceptability:
    """What the tiers become when the weights are drawn.

    Attributes
    ----------
    shares : ndarray of float, shape (accounts, tiers)
        Share of the draws in which an account is in each tier.
    kept : ndarray of float, shape (draws,)
        Share of the accounts that keep their tier, by draw.
    """

    shares: Floats
    kept: Floats


def assign_tiers(
    scores: ArrayLike,
    rule: TierRule,
    *,
    values: ArrayLike | None = None,
    second: ArrayLike | None = None,
) -> Assignment:
    """Put accounts into tiers. Equal scores are in one tier, whatever the order of the rows.

    Parameters
    ----------
    scores : array of float, shape (accounts,)
        Higher is better; a missing score stays without a tier.
    rule : TierRule
        With places, those who are equal at the cut all stay below it: no tier but the last holds
        more than it has places for. With shares of value they all get in.
    values : array of float, shape (accounts,), optional
        Value of each account, for cumulative shares; below zero counts as zero.
    second : array of float, shape (accounts,), optional
        Second axis, on the scale of the scores; where it is missing the score stands for it.

    Returns
    -------
    Assignment

    Raises
    ------
    ValueError
        Cumulative shares without values, or columns of different length.

    Examples
    --------
    >>> found = assign_tiers([0.9, 0.7, 0.7, 0.1], TierRule("capacity", (1, 1, 1)))
    >>> found.codes.tolist(), found.cuts
    ([0, 3, 3, 3], (0.9, 0.9, 0.9))

    Two are equal where the second tier and the third have one place each: neither gets in.
    """
    numbers = np.round(floats(scores, name="scores"), _DECIMALS)
    worth = _values(rule, values, numbers)
    axis = numbers if second is None else floats(second, name="second axis")
    require_same_length(numbers, axis)
    decisive = _decisive(numbers, axis, rule)
    codes, cuts = _assign(numbers, decisive, worth, rule)
    return Assignment(codes, cuts, decisive)


def acceptability(
    matrix: ArrayLike,
    drawn: ArrayLike,
    rule: TierRule,
    base: ArrayLike,
    *,
    values: ArrayLike | None = None,
    second: ArrayLike | None = None,
) -> Acceptability:
    """Assign tiers again under every drawn set of weights, and count.

    Parameters
    ----------
    matrix : array of float, shape (accounts, dimensions)
        Scaled dimensions; weights of missing ones go to those that are known.
    drawn : array of float, shape (draws, dimensions)
        Weights, rows adding up to 1.
    rule : TierRule
    base : array of int, shape (accounts,)
        Tiers under the weights that were chosen.
    values, second : array of float, shape (accounts,), optional
        As in `assign_tiers`.

    Returns
    -------
    Acceptability

    References
    ----------
    Lahdelma and Salminen 2001, Operations Research 49:444 (SMAA-2); here the categories are tiers.

    Examples
    --------
    >>> matrix = [[0.9, 0.9], [0.8, 0.1], [0.1, 0.7]]
    >>> found = acceptability(
    ...     matrix, [[0.7, 0.3], [0.2, 0.8]], TierRule("capacity", (1, 1)), [0, 1, 2]
    ... )
    >>> found.shares.tolist(), found.kept.round(2).tolist()
    ([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.5, 0.5]], [1.0, 0.33])

    The first is firm; which of the others is second hangs on the weights.
    """
    table = np.asarray(matrix, dtype=np.float64)
    weights = np.asarray(drawn, dtype=np.float64)
    chosen = np.asarray(base)
    tiers = len(rule.levels) + 1
    counts = np.zeros((tiers, len(table)), dtype=np.int32)
    kept = np.empty(len(weights))
    worth = _values(rule, values, table[:, 0])
    axis = None if second is None else floats(second, name="second axis")
    for number, scores in enumerate(_scores(table, weights)):
        decisive = _decisive(scores, scores if axis is None else axis, rule)
        codes, _ = _assign(scores, decisive, worth, rule)
        for tier in range(tiers):
            counts[tier] += codes == tier
        kept[number] = np.mean(codes == chosen)
    shares = counts.T / max(len(weights), 1)
    return Acceptability(np.where((chosen == UNSCORED)[:, None], np.nan, shares), kept)


def _scores(table: Floats, weights: Floats) -> Iterator[Floats]:
    """Yield the scores of all accounts, one set of weights after the other."""
    known = ~np.isnan(table)
    complete = bool(known.all())
    filled = np.where(known, table, 0.0)
    step = max(1, _CELLS_AT_ONCE // max(len(table), 1))
    for start in range(0, len(weights), step):
        part = weights[start : start + step]
        sums = part @ filled.T
        if not complete:
            with np.errstate(invalid="ignore", divide="ignore"):
                sums /= part @ known.T.astype(np.float64)
        # What is equal must stay equal: sums in another order differ in the last digit.
        yield from np.round(sums, _DECIMALS, out=sums)


def _values(rule: TierRule, values: ArrayLike | None, like: Floats) -> Floats:
    if rule.kind != "cumulative":
        return like
    if values is None:
        raise ValueError("cumulative shares need the value of each account")
    worth = np.nan_to_num(floats(values)).clip(min=0)
    require_same_length(worth, like)
    return worth


def _decisive(scores: Floats, axis: Floats, rule: TierRule) -> Floats:
    if not rule.second_weight:
        return scores
    other = np.where(np.isnan(axis), scores, axis)
    blended = (1 - rule.second_weight) * scores + rule.second_weight * other
    return np.round(blended, _DECIMALS)


def _assign(
    scores: Floats, decisive: Floats, worth: Floats, rule: TierRule
) -> tuple[Integers, tuple[float, ...]]:
    scored = ~np.isnan(scores)
    if rule.second_weight and len(rule.levels) > 1:
        cuts, candidates = _two_axes(scores, decisive, worth, rule, scored)
    else:
        cuts, candidates = _CUTS[rule.kind](scores, worth, rule.levels, scored), scored
    codes = np.full(scores.size, len(cuts), dtype=np.intp)
    for place in reversed(range(1, len(cuts))):
        codes[scores >= cuts[place]] = place
    codes[candidates & (decisive >= cuts[0])] = 0
    codes[~scored] = UNSCORED
    return codes, tuple(cuts)


def _two_axes(
    scores: Floats, decisive: Floats, worth: Floats, rule: TierRule, scored: Flags
) -> tuple[list[float], Flags]:
    """Take those of the first two tiers together by score, and the first of them by both axes."""
    cut = _CUTS[rule.kind]
    first, second, *others = rule.levels
    together = first + second if rule.kind == "capacity" else second
    below = cut(scores, worth, (together, *others), scored)
    candidates = scored & (scores >= below[0])
    return [*cut(decisive, worth, (first,), candidates), *below], candidates


def _by_capacity(
    scores: Floats,
    worth: Floats,  # noqa: ARG001 - one signature for all rules
    places: Sequence[float],
    of: Flags,
) -> list[float]:
    part = scores if of.all() else scores[of]
    ends = [int(end) for end in np.cumsum(places)]
    first_out = [part.size - end - 1 for end in ends if 0 < end < part.size]
    wanted = sorted({place + step for place in first_out for step in (0, 1)})
    ordered = np.partition(part, wanted) if wanted else part
    if any(ordered[place] == ordered[place + 1] for place in first_out):
        return _by_capacity_with_ties(np.sort(part)[::-1], places)
    return [_last_in(ordered, end) for end in ends]


def _last_in(ordered: Floats, end: int) -> float:
    if end < 1:
        return inf
    return -inf if end >= ordered.size else float(ordered[ordered.size - end])


def _by_capacity_with_ties(falling: Floats, places: Sequence[float]) -> list[float]:
    """Fill one tier after the other; who is equal to the first one out stays out as well."""
    cuts, inside = [], 0
    for place in places:
        end = inside + int(place)
        if end < falling.size:
            end = int(np.searchsorted(-falling, -falling[end], side="left"))
        cuts.append(float(falling[end - 1]) if 0 < end < falling.size else (-inf if end else inf))
        inside = min(end, falling.size)
    return cuts


def _by_threshold(
    scores: Floats,  # noqa: ARG001 - one signature for all rules
    worth: Floats,  # noqa: ARG001
    levels: Sequence[float],
    of: Flags,  # noqa: ARG001
) -> list[float]:
    return [float(level) for level in levels]


def _by_cumulative(
    scores: Floats, worth: Floats, shares: Sequence[float], of: Flags
) -> list[float]:
    order = np.flatnonzero(of)[np.argsort(-scores[of], kind="stable")]
    held = np.cumsum(worth[order])
    # Shares are of the value of everybody scored, also where only some may enter the first tier.
    total = worth[~np.isnan(scores)].sum()
    if total <= 0:
        return [inf] * len(shares)
    places = np.searchsorted(held, np.asarray(shares) * total * (1 - 1e-12))
    ordered = scores[order]
    return [-inf if place >= order.size else float(ordered[place]) for place in places]


_CUTS: dict[RuleKind, Callable[..., list[float]]] = {
    "capacity": _by_capacity,
    "threshold": _by_threshold,
    "cumulative": _by_cumulative,
}
