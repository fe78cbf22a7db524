"""The lottery of an experiment: other draws of arms, and what the effect seen is among them.

The machinery behind `randomisation`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import (
    NEGLIGIBLE,
    Flags,
    Floats,
    flags,
    floats,
    require_same_length,
)
from opsplaybook.stats.means import ratio
from opsplaybook.stats.moments import Alternative, Moments, group_kind
from opsplaybook.stats.results import Estimate, Interval

_ROUNDING = 1e-9
"""Assignments as extreme as the actual one but for rounding count as extreme."""

_CELLS_AT_ONCE = 2_000_000
_MOST_DOUBLINGS = 40
_PRECISION = 1e-5
"""Of an end of an interval, as a share of its distance from the estimate."""


def draw_assignments(
    treated: Flags, resamples: int, generator: np.random.Generator
) -> tuple[NDArray[np.bool_], bool]:
    """Draw other ways to put accounts into arms of the same sizes, or list all of them.

    Parameters
    ----------
    treated : array of bool, shape (accounts,)
        The actual assignment.
    resamples : int
        All are listed if there are at most so many.
    generator : numpy.random.Generator

    Returns
    -------
    assignments : array of bool, shape (assignments, accounts)
        The actual one included: first where they are drawn.
    exact : bool
        Whether these are all there are.

    Examples
    --------
    >>> treated = np.array([True, True, False, False])
    >>> assignments, exact = draw_assignments(treated, 100, np.random.default_rng(1))
    >>> assignments.shape, exact
    ((6, 4), True)

    Two of four accounts can be drawn in six ways.
    """
    accounts, chosen = treated.size, int(treated.sum())
    if comb(accounts, chosen) <= resamples:
        picked = np.array(list(combinations(range(accounts), chosen)))
        assignments = np.zeros((len(picked), accounts), dtype=bool)
        np.put_along_axis(assignments, picked, values=True, axis=1)
        return assignments, True
    assignments = np.tile(treated, (resamples + 1, 1))
    assignments[1:] = generator.permuted(assignments[1:], axis=1)
    return assignments, False


@dataclass(frozen=True, slots=True)
class Units:
    """Accounts with what an effect of 1 adds to each.

    Attributes
    ----------
    totals : array of float, shape (accounts,)
        Without their common middle and what covariates explain.
    sizes : array of float, shape (accounts,)
    added : array of float, shape (accounts,)
        What has to be taken off per unit of a supposed effect: the size of treated accounts, or
        for a lift their total.
    treated : array of bool, shape (accounts,)
    raw : array of float, shape (accounts,)
        Totals as given.
    """

    totals: Floats
    sizes: Floats
    added: Floats
    treated: Flags
    raw: Floats

    @classmethod
    def of(
        cls,
        totals: ArrayLike,
        treated: ArrayLike,
        sizes: ArrayLike | None,
        covariates: Sequence[ArrayLike] = (),
        *,
        lift: bool = False,
    ) -> "Units":
        """Read accounts, leave out the missing, and take the covariates out of the rest."""
        given, labels = floats(np.asarray(totals, dtype=float)), flags(treated, name="treated")
        rows = np.ones(given.size) if sizes is None else floats(np.asarray(sizes, dtype=float))
        require_same_length(given, labels, rows)
        kept = ~np.isnan(given) & (rows > 0)
        given, labels, rows = given[kept], labels[kept], rows[kept]
        added = (given if lift else rows) * labels
        centred = given - rows * (given.sum() / rows.sum()) if given.size else given
        if not covariates:
            return cls(centred, rows, added, labels, given)
        if sizes is not None:
            raise ValueError("covariates need one number per account: leave sizes out")
        table = _covariate_table(covariates, kept)
        return cls(_residuals(centred, table), rows, _residuals(added, table), labels, given)

    def arm_estimates(self, kind: Kind, level: float) -> tuple[Estimate, Estimate]:
        """Estimate each arm on its own."""
        own = group_kind(kind)
        arms = (self.treated, ~self.treated)
        if (self.sizes == 1).all():
            return tuple(Moments.of(self.raw[arm]).estimate(own, level) for arm in arms)
        return tuple(ratio(self.raw[arm], self.sizes[arm], kind=own, level=level) for arm in arms)

    def products(self) -> Floats:
        """Columns whose sums over an arm give the statistic for any effect, shape (accounts, 9)."""
        totals, sizes, added = self.totals, self.sizes, self.added
        pairs = (totals * totals, totals * sizes, sizes * sizes)
        shifts = (added, totals * added, added * added, added * sizes)
        return np.column_stack([totals, sizes, *pairs, *shifts])


@dataclass(frozen=True, slots=True)
class Draws:
    """Gap of the arms and its variance for every assignment, as functions of a supposed effect.

    With the effect taken off, the gap is linear in it and the variance quadratic: so a p-value
    costs a few operations per assignment, whatever the number of accounts.
    """

    gaps: Floats
    spreads: Floats
    actual_gap: Floats
    actual_spread: Floats
    exact: bool

    @classmethod
    def of(cls, units: Units, generator: np.random.Generator, resamples: int) -> "Draws":
        """Add up the products of both arms."""
        table = units.products()
        assignments, exact = draw_assignments(units.treated, resamples, generator)
        step = max(1, _CELLS_AT_ONCE // units.treated.size)
        parts = [
            assignments[start : start + step].astype(float) @ table
            for start in range(0, len(assignments), step)
        ]
        whole, own = table.sum(axis=0)[:, None], table[units.treated].sum(axis=0)[:, None]
        chosen = int(units.treated.sum())
        counts = chosen, units.treated.size - chosen
        drawn = _difference_of_ratios(np.concatenate(parts).T, whole, counts)
        actual = _difference_of_ratios(own, whole, counts)
        return cls(*drawn, *(column[:, 0] for column in actual), exact)

    @property
    def method(self) -> str:
        """Name of the method with the number of assignments."""
        count = f"{self.gaps.shape[1]:,}"
        tried = f"all {count}" if self.exact else f"{count} drawn"
        return f"randomisation inference over {tried} assignments, studentised"

    def p_value(self, effect: float, alternative: Alternative = "two-sided") -> float:
        """Share of assignments as extreme as the actual one, were `effect` true everywhere."""
        drawn = _statistic(self.gaps, self.spreads, effect)
        actual = float(_statistic(self.actual_gap, self.actual_spread, effect))
        if alternative == "two-sided":
            drawn, actual = np.abs(drawn), abs(actual)
        elif alternative == "less":
            drawn, actual = -drawn, -actual
        return float(np.mean(drawn >= actual - _ROUNDING * max(abs(actual), 1.0)))

    def estimate(self) -> tuple[float, float]:
        """Effect at which the gap closes, and its standard error; NaN where none closes it."""
        if abs(self.actual_gap[1]) <= NEGLIGIBLE * np.abs(self.gaps[1]).max():
            return nan, nan
        value = float(self.actual_gap[0] / self.actual_gap[1])
        spread = _spread(self.actual_spread, value)
        return value, float(np.sqrt(spread) / abs(self.actual_gap[1]))


def _difference_of_ratios(
    first: Floats, whole: Floats, counts: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Coefficients of the gap, shape (2, assignments), and of its variance, shape (3, ...)."""
    gap, spread = _ratio(first, counts[0])
    other_gap, other_spread = _ratio(whole - first, counts[1])
    return gap - other_gap, spread + other_spread


def _ratio(sums: Floats, count: int) -> tuple[Floats, Floats]:
    """Ratio of an arm and its linearised variance; mean and variance where all sizes are 1."""
    totals, sizes, squares, by_size, size_squares, added, by_added, added_squares, added_by_size = (
        sums
    )
    ratio_of, added_of = totals / sizes, added / sizes
    constant = squares - 2 * ratio_of * by_size + ratio_of**2 * size_squares
    cross = by_added - ratio_of * added_by_size - added_of * by_size
    linear = 2 * (cross + ratio_of * added_of * size_squares)
    quadratic = added_squares - 2 * added_of * added_by_size + added_of**2 * size_squares
    scale = count / (count - 1) / sizes**2
    return np.stack([ratio_of, added_of]), np.stack([constant, linear, quadratic]) * scale


def _spread(coefficients: Floats, effect: float) -> Floats:
    constant, linear, quadratic = coefficients
    return np.maximum(constant - effect * linear + effect**2 * quadratic, 0.0)


def _statistic(gaps: Floats, spreads: Floats, effect: float) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (gaps[0] - effect * gaps[1]) / np.sqrt(_spread(spreads, effect))
    # Equal arms without spread are no sign of an effect; unequal ones are infinitely far.
    return np.where(np.isnan(found), 0.0, found)


def invert(
    p_value: Callable[[float], float], value: float, error: float, level: float
) -> Interval | None:
    """Interval of all effects that the test does not reject; None where it has no end."""
    alpha = 1 - level
    if not error > 0:
        return None
    ends = [_end(p_value, value, side * error, alpha) for side in (-1.0, 1.0)]
    if None in ends:
        return None
    return Interval(ends[0], ends[1], level)


def _end(
    p_value: Callable[[float], float], value: float, step: float, alpha: float
) -> float | None:
    """Walk away from the estimate until the test rejects, then halve."""
    inside, reach = 0.0, 2.0
    for _ in range(_MOST_DOUBLINGS):
        if p_value(value + reach * step) <= alpha + _ROUNDING:
            break
        inside, reach = reach, reach * 2
    else:
        return None
    while reach - inside > _PRECISION * reach:
        middle = (inside + reach) / 2
        rejected = p_value(value + middle * step) <= alpha + _ROUNDING
        inside, reach = (inside, middle) if rejected else (middle, reach)
    return value + reach * step


def _covariate_table(covariates: Sequence[ArrayLike], kept: Flags) -> Floats:
    """Intercept and covariates of the accounts kept; missing ones at the average."""
    columns = [floats(np.asarray(column, dtype=float), name="covariates") for column in covariates]
    require_same_length(kept, *columns)
    table = np.column_stack([np.ones(kept.sum()), *(column[kept] for column in columns)])
    if table.shape[0] <= table.shape[1] + 1:
        raise ValueError(
            f"{len(columns)} covariates for {kept.sum()} accounts, must be far fewer than accounts"
        )
    for column in table.T[1:]:
        known = column[~np.isnan(column)]
        column[np.isnan(column)] = known.mean() if known.size else 0.0
    return table


def _residuals(values: Floats, table: Floats) -> Floats:
    """Take out what the covariates explain, whatever the arm."""
    slopes, *_ = np.linalg.lstsq(table, values, rcond=None)
    left = values - table @ slopes
    # What is explained entirely leaves rounding, which must not pass for something.
    return np.where(np.abs(left) <= _ROUNDING * np.abs(values).max(), 0.0, left)
