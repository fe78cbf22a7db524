"""How value is spread over accounts: Lorenz curve, Gini, shares of the largest."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, nan

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import Floats, present
from opsplaybook.stats.results import Estimate, Interval

RESAMPLES = 2000
"""Draws of accounts behind the intervals."""

_CELLS_AT_ONCE = 2_000_000
_GROUPS = 400
_METHOD = "bootstrap of accounts, BCa interval"
_NAMES = ("gini", "gini_corrected", "top_share", "smallest_share", "hhi", "largest_share")
_KINDS: tuple[Kind, ...] = ("number", "number", "share", "share", "number", "share")


@dataclass(frozen=True, slots=True)
class Concentration:
    """How a total is spread over accounts.

    Attributes
    ----------
    gini : Estimate
        0 where all have the same, towards 1 where one has all (population formula).
    gini_corrected : Estimate
        The same times n / (n - 1), for few accounts.
    top_share : Estimate
        Share of the total held by the largest `top` of accounts, rounded up to whole accounts.
    smallest_share : Estimate
        Smallest share of accounts that holds `target` of the total.
    hhi : Estimate
        Herfindahl-Hirschman index: sum of squared shares; 1 / hhi equal accounts would be as
        concentrated.
    largest_share : Estimate
        Share of the largest account.
    top, target : float
        What the two shares are of.
    total : float
        Sum over the accounts that count.
    negative, negative_total : int, float
        Accounts below zero, left out, and their sum.
    zero : int
        Accounts at zero; they count.
    """

    gini: Estimate
    gini_corrected: Estimate
    top_share: Estimate
    smallest_share: Estimate
    hhi: Estimate
    largest_share: Estimate
    top: float
    target: float
    total: float
    negative: int
    negative_total: float
    zero: int

    @property
    def few_hold_most(self) -> bool | None:
        """Whether the largest `top` hold `target`: None where the interval leaves it open."""
        interval = self.top_share.interval
        if interval is None or interval.contains(self.target):
            return None
        return interval.low > self.target


def concentration(
    values: ArrayLike,
    *,
    generator: np.random.Generator,
    top: float = 0.2,
    target: float = 0.8,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Concentration:
    """Measure how concentrated a total is, every measure with an interval.

    Parameters
    ----------
    values : array of float, shape (accounts,)
        What each account brings. Missing ones are left out; those below zero are left out and
        counted, since no share of a total is defined for them.
    generator : numpy.random.Generator
        Source of the draws.
    top, target : float
        The "20" and the "80" of the rule, as shares.
    resamples : int
        Draws of accounts.
    level : float
        Level of the intervals.

    Returns
    -------
    Concentration
        Values are NaN where nobody has anything. No interval where all have the same, or under
        two accounts.

    Raises
    ------
    ValueError
        If `top` or `target` is not between 0 and 1.

    References
    ----------
    Gini 1912; Deltas 2003, Review of Economics and Statistics 85:226 (correction for few);
    Efron 1987, JASA 82:171 (BCa); the acceleration comes from leaving out groups of accounts.

    Examples
    --------
    >>> found = concentration([1, 1, 2, 6], generator=np.random.default_rng(1), top=0.25)
    >>> round(found.gini.value, 6), found.top_share.value, found.smallest_share.value
    (0.4, 0.6, 0.5)

    The largest of four holds 60%, and two of four are needed for 80%.
    """
    if not (0 < top < 1 and 0 < target < 1):
        raise ValueError(f"top == {top} and target == {target} must lie between 0 and 1")
    known = present(values)
    ordered = np.sort(known[known >= 0])[::-1]
    point = _measures(ordered, np.ones((1, ordered.size)), top, target)[:, 0]
    ends = _intervals(ordered, point, generator, top, target, resamples, level)
    measures = {
        name: Estimate(float(value), interval, ordered.size, kind, _METHOD)
        for name, value, interval, kind in zip(_NAMES, point, ends, _KINDS, strict=True)
    }
    return Concentration(
        **measures,
        top=top,
        target=target,
        total=float(ordered.sum()),
        negative=int((known < 0).sum()),
        negative_total=float(known[known < 0].sum()),
        zero=int((ordered == 0).sum()),
    )


def lorenz_curve(values: ArrayLike, *, points: int = 101) -> tuple[Floats, Floats]:
    """Return the share of the total that the largest accounts hold, at even steps of accounts.

    Parameters
    ----------
    values : array of float, shape (accounts,)
        As in `concentration`.
    points : int
        Length of the curve.

    Returns
    -------
    accounts, held : ndarray of float, shape (points,)
        Share of accounts, largest first, and share of the total that they hold. Between whole
        accounts the curve is straight. Empty where nobody has anything.

    Examples
    --------
    >>> accounts, held = lorenz_curve([1, 1, 2, 6], points=5)
    >>> accounts.tolist(), held.tolist()
    ([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.6, 0.8, 0.9, 1.0])

    A quarter of the accounts holds 60%.
    """
    known = present(values)
    ordered = np.sort(known[known > 0])[::-1]
    count = int((known >= 0).sum())
    if ordered.size == 0:
        return np.empty(0), np.empty(0)
    held = np.concatenate([[0.0], np.cumsum(ordered)]) / ordered.sum()
    held = np.append(held, np.ones(count - ordered.size))
    accounts = np.linspace(0, 1, points)
    return accounts, np.interp(accounts, np.linspace(0, 1, count + 1), held)


def _measures(ordered: Floats, counts: NDArray, top: float, target: float) -> NDArray:
    """Compute all measures for each row of counts; `ordered` is descending.

    Returns
    -------
    ndarray of float, shape (measures, rows)
    """
    held = np.cumsum(counts * ordered, axis=1)
    n = counts.sum(axis=1)
    total = held[:, -1] if ordered.size else np.zeros(len(counts))
    empty = total <= 0
    if ordered.size == 0 or empty.all():
        return np.full((len(_NAMES), len(counts)), nan)
    place = np.cumsum(counts, axis=1)
    base = np.where(empty, nan, total)
    # Sum of i * x(i), ascending; equal accounts share a run of places, whose middle counts.
    middle = n[:, None] - place + (counts + 1) / 2
    weighted = np.einsum("ij,ij,j->i", middle, counts, ordered)
    gini = (2 * weighted / base - (n + 1)) / n
    few = np.ceil(top * n - 1e-9)
    found = np.stack([
        gini,
        gini * n / np.maximum(n - 1, 1),
        _held_by(few, ordered, held, place) / base,
        _needed_for(target * base * (1 - 1e-12), ordered, held, place) / n,
        np.einsum("ij,j->i", counts, ordered**2) / base**2,
        ordered[np.argmax(counts > 0, axis=1)] / base,
    ])  # fmt: skip
    return np.where(empty, nan, found)


def _held_by(few: NDArray, ordered: Floats, held: NDArray, place: NDArray) -> NDArray:
    """Sum the largest `few` of each row, where a row counts each account several times."""
    rows = np.arange(len(few))
    at = np.argmax(place >= few[:, None], axis=1)
    return held[rows, at] - (place[rows, at] - few) * ordered[at]


def _needed_for(wanted: NDArray, ordered: Floats, held: NDArray, place: NDArray) -> NDArray:
    """Count the largest accounts that together hold what is wanted."""
    rows = np.arange(len(wanted))
    at = np.argmax(held >= wanted[:, None], axis=1)
    size = np.where(ordered[at] > 0, ordered[at], 1.0)
    spare = np.floor((held[rows, at] - wanted) / size)
    return place[rows, at] - spare


def _intervals(
    ordered: Floats,
    point: NDArray,
    generator: np.random.Generator,
    top: float,
    target: float,
    resamples: int,
    level: float,
) -> list[Interval | None]:
    n = ordered.size
    if n < 2 or np.isnan(point).all():
        return [None] * len(_NAMES)
    drawn = np.concatenate(
        [
            _measures(ordered, _draw(generator, size, n), top, target)
            for size in _batches(resamples, n)
        ],
        axis=1,
    )
    left_out = _leave_out(ordered, top, target)
    return [_bca(*parts, level) for parts in zip(point, drawn, left_out, strict=True)]


def _draw(generator: np.random.Generator, rows: int, n: int) -> NDArray:
    picked = generator.integers(0, n, (rows, n)) + np.arange(rows)[:, None] * n
    return np.bincount(picked.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def _batches(rows: int, n: int) -> list[int]:
    at_once = max(1, _CELLS_AT_ONCE // n)
    return [min(at_once, rows - start) for start in range(0, rows, at_once)]


def _leave_out(ordered: Floats, top: float, target: float) -> NDArray:
    """Compute the measures with each group of accounts left out, large and small ones in each."""
    n = ordered.size
    groups = min(n, _GROUPS)
    of_group = np.arange(n) % groups
    starts = np.cumsum([0, *_batches(groups, n)])
    parts = [
        _measures(
            ordered,
            (of_group != np.arange(start, stop)[:, None]).astype(np.float64),
            top,
            target,
        )
        for start, stop in pairwise(starts)
    ]
    return np.concatenate(parts, axis=1)


def _bca(point: float, drawn: NDArray, left_out: NDArray, level: float) -> Interval | None:
    drawn = drawn[~np.isnan(drawn)]
    if drawn.size == 0 or np.ptp(drawn) <= 1e-12:
        return None
    below = (np.mean(drawn < point) + np.mean(drawn <= point)) / 2
    below = np.clip(below, 0.5 / drawn.size, 1 - 0.5 / drawn.size)
    shift = norm.ppf(below)
    pull = np.nanmean(left_out) - left_out[~np.isnan(left_out)]
    spread = (pull**2).sum() ** 1.5
    acceleration = (pull**3).sum() / (6 * spread) if spread > 0 else 0.0
    tails = shift + norm.ppf([(1 - level) / 2, (1 + level) / 2])
    shares = norm.cdf(shift + tails / (1 - acceleration * tails))
    low, high = np.quantile(drawn, shares)
    return Interval(float(low), float(high), level) if low < high else None


def whole_accounts(share: float, n: int) -> int:
    """Return how many accounts a share is, rounded up.

    Examples
    --------
    >>> whole_accounts(0.2, 12)
    3
    """
    return ceil(share * n - 1e-9)
