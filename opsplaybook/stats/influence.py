"""What a single account does to the effect of an experiment."""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import Floats, Integers, flags, floats, require_same_length
from opsplaybook.stats.means import mean_difference, ratio_difference
from opsplaybook.stats.results import Difference


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """The effect with each account left out in turn.

    Attributes
    ----------
    full : Difference
        With all accounts (Welch on account means, or on ratios of sums).
    effects, p_values : array of float, shape (accounts,)
        Without each account, in the order given; NaN for accounts that were not in.
    level : float
        Level of the interval; 1 less it decides.
    """

    full: Difference
    effects: Floats
    p_values: Floats
    level: float

    @property
    def low(self) -> float:
        """Smallest effect that leaving one account out gives."""
        return float(np.nanmin(self.effects)) if self._any else nan

    @property
    def high(self) -> float:
        """Largest effect that leaving one account out gives."""
        return float(np.nanmax(self.effects)) if self._any else nan

    @property
    def without_low(self) -> int:
        """Position of the account without which the effect is smallest; -1 without accounts."""
        return int(np.nanargmin(self.effects)) if self._any else -1

    @property
    def without_high(self) -> int:
        """Position of the account without which the effect is largest; -1 without accounts."""
        return int(np.nanargmax(self.effects)) if self._any else -1

    @property
    def most_influential(self) -> int:
        """Position of the account that moves the effect most; -1 without accounts."""
        moved = np.abs(self.effects - self.full.value)
        return int(np.nanargmax(moved)) if self._any else -1

    @property
    def sign_changes(self) -> Integers:
        """Positions of accounts without which the effect has the other sign."""
        return np.flatnonzero(self.effects * self.full.value < 0)

    @property
    def decision_changes(self) -> Integers:
        """Positions of accounts without which the test decides otherwise."""
        decided = self.full.p_value <= 1 - self.level
        others = self.p_values <= 1 - self.level
        return np.flatnonzero(~np.isnan(self.p_values) & (others != decided))

    @property
    def fragile(self) -> bool:
        """Whether one account decides: without it a detected effect is gone, or one appears."""
        return self.decision_changes.size > 0

    @property
    def _any(self) -> bool:
        return not np.isnan(self.effects).all()


def leave_one_account_out(
    values: ArrayLike,
    treated: ArrayLike,
    *,
    sizes: ArrayLike | None = None,
    kind: Kind = "number",
    level: float = 0.95,
) -> LeaveOneOut:
    """Estimate the effect of an experiment again without each of its accounts.

    Parameters
    ----------
    values : array of float, shape (accounts,)
        One number per account; missing ones are left out.
    treated : array of bool, shape (accounts,)
    sizes : array of float, shape (accounts,), optional
        Users of each account, where values are sums over users and the average user counts.
    kind : Kind
    level : float

    Returns
    -------
    LeaveOneOut

    References
    ----------
    Welch's test by leaving one out, in closed form.

    Examples
    --------
    >>> found = leave_one_account_out(
    ...     [5, 6, 5, 7, 6, 90, 5, 4, 6, 5, 6, 5], [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    ... )
    >>> round(found.full.value, 1), round(found.low, 2), found.without_low
    (14.7, 0.63, 5)

    An effect of 14.7 is 0.6 without the sixth account.
    """
    given, labels = floats(np.asarray(values, dtype=float)), flags(treated, name="treated")
    rows = np.ones(given.size) if sizes is None else floats(np.asarray(sizes, dtype=float))
    require_same_length(given, labels, rows)
    kept = ~np.isnan(given) & (rows > 0)
    effects, p_values = np.full(given.size, nan), np.full(given.size, nan)
    arms = [kept & labels, kept & ~labels]
    if sizes is None:
        full = mean_difference(*(given[arm] for arm in arms), kind=kind, level=level)
    else:
        pairs = ((given[arm], rows[arm]) for arm in arms)
        full = ratio_difference(*pairs, kind=kind, level=level)
    for own, other, sign in ((arms[0], arms[1], 1.0), (arms[1], arms[0], -1.0)):
        if own.sum() > 1 and other.any():
            found = _without_each(given[own], rows[own], given[other], rows[other])
            effects[own], p_values[own] = sign * found[0], found[1]
    return LeaveOneOut(full, effects, p_values, level)


def _without_each(
    totals: Floats, sizes: Floats, other_totals: Floats, other_sizes: Floats
) -> tuple[Floats, Floats]:
    """Effect (own arm less the other) and p-value without each account of the own arm."""
    count, other_count = totals.size - 1, other_totals.size
    left = sizes.sum() - sizes
    ratios = (totals.sum() - totals) / left
    residual = _less_own(totals**2) - 2 * ratios * _less_own(totals * sizes)
    residual = np.maximum(residual + ratios**2 * _less_own(sizes**2), 0.0)
    other_ratio = other_totals.sum() / other_sizes.sum()
    other_residual = ((other_totals - other_ratio * other_sizes) ** 2).sum()
    effects = ratios - other_ratio
    if min(count, other_count) < 2:
        return effects, np.full(effects.size, nan)
    own = residual / left**2 * count / (count - 1)
    other = other_residual / other_sizes.sum() ** 2 * other_count / (other_count - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = (own + other) ** 2 / (own**2 / (count - 1) + other**2 / (other_count - 1))
        p_values = 2 * stats.t.sf(np.abs(effects) / np.sqrt(own + other), freedom)
    return effects, p_values


def _less_own(values: Floats) -> Floats:
    return values.sum() - values
