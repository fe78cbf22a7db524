"""The account as the unit of an experiment: what each way of counting says, side by side.

When accounts are drawn into arms, users of one account share its fate. The effect on the average
account counts each account once; the effect on the average user counts large accounts more, and
the two differ when the effect depends on size. Neither has more certainty than there are accounts.
See `influence` for what a single account does to either.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opsplaybook.formats import Kind
from opsplaybook.stats.accounts import AccountTotals
from opsplaybook.stats.arrays import (
    Floats,
    floats,
    has_spread,
    present,
)
from opsplaybook.stats.clusters import clustered_difference_of_totals
from opsplaybook.stats.means import mean_difference
from opsplaybook.stats.moments import group_kind
from opsplaybook.stats.permutation import RESAMPLES
from opsplaybook.stats.randomisation import randomised_difference
from opsplaybook.stats.results import Difference, Estimate, Interval

AVERAGE_ACCOUNT = "effect on the average account"
AVERAGE_USER = "effect on the average user"


@dataclass(frozen=True, slots=True)
class ArmEffect:
    """One way to read the effect of an experiment.

    Attributes
    ----------
    estimand : str
        What is estimated: whom the average is over.
    method : str
        How certainty is judged.
    difference : Difference
        Treated less control.
    headline : bool
        Whether this is the one that decides.
    """

    estimand: str
    method: str
    difference: Difference
    headline: bool = False


@dataclass(frozen=True, slots=True)
class EffectiveAccounts:
    """How many accounts of equal size would tell as much about the average user.

    Attributes
    ----------
    n : int
        Accounts.
    effective : float
    largest_share : float
        Share of the largest account, 0 to 1.
    largest : int
        Its position; -1 where there is none.
    """

    n: int
    effective: float
    largest_share: float
    largest: int


def account_effects(
    totals: AccountTotals,
    *,
    generator: np.random.Generator,
    covariates: Sequence[ArrayLike] = (),
    resamples: int = RESAMPLES,
    kind: Kind = "number",
    level: float = 0.95,
) -> tuple[ArmEffect, ...]:
    """Estimate the effect of an experiment drawn by account in the ways that are sound.

    Parameters
    ----------
    totals : AccountTotals
    generator : numpy.random.Generator
        Source of assignments.
    covariates : sequence of array of float, each of shape (accounts,)
        Numbers from before the assignment, for the headline only; accounts as in `totals`.
    resamples : int
    kind : Kind
    level : float

    Returns
    -------
    tuple of ArmEffect
        Randomisation inference on account means (the headline, whose false alarms do not depend on
        how few or unequal the accounts are), Welch on account means, randomisation inference per
        user, CR2 per user.

    Examples
    --------
    >>> totals = AccountTotals.of(
    ...     [18, 10, 7, 27, 8, 1, 5, 9], [2, 2, 1, 3, 2, 1, 1, 3], [1, 1, 1, 1, 0, 0, 0, 0]
    ... )
    >>> for effect in account_effects(totals, generator=np.random.default_rng(1)):
    ...     print(round(effect.difference.value, 2), round(effect.difference.p_value, 3))
    4.25 0.057
    4.25 0.016
    4.46 0.057
    4.46 0.013

    The average account gains 4.2, the average user 4.5; of the 70 ways to draw four of eight
    accounts 4 give as much, which the other two methods take for rarer than it is.
    """
    shared = {"generator": generator, "resamples": resamples, "kind": kind, "level": level}
    treated, means = totals.treated, totals.means
    by_account = randomised_difference(means, treated, covariates=covariates, **shared)
    by_user = randomised_difference(totals.sums, treated, sizes=totals.sizes, **shared)
    first, second = ((totals.sums[arm], totals.sizes[arm]) for arm in (treated, ~treated))
    welch = mean_difference(means[treated], means[~treated], kind=kind, level=level)
    clustered = clustered_difference_of_totals(first, second, kind=kind, level=level)
    return (
        ArmEffect(AVERAGE_ACCOUNT, by_account.method, by_account, headline=True),
        ArmEffect(AVERAGE_ACCOUNT, "Welch t on account means", welch),
        ArmEffect(AVERAGE_USER, by_user.method, by_user),
        ArmEffect(AVERAGE_USER, "CR2 variance by account, Satterthwaite t", clustered),
    )


def effective_accounts(sizes: ArrayLike) -> EffectiveAccounts:
    """Count accounts by how much each weighs: ten where one has all the users count as one.

    Parameters
    ----------
    sizes : array of float, shape (accounts,)
        Users, or revenue, of each account; not negative. Missing ones are left out.

    References
    ----------
    Kish 1965, Survey Sampling, section 11.7.

    Examples
    --------
    >>> found = effective_accounts([400, 20, 20, 30, 30])
    >>> round(found.effective, 1), round(found.largest_share, 2)
    (1.5, 0.8)

    Five accounts, but one has 80% of the users: they tell as much as one and a half.
    """
    given = floats(np.asarray(sizes, dtype=float), name="sizes")
    if (given < 0).any():
        raise ValueError(f"{(given < 0).sum()} sizes are negative, must be 0 or more")
    known = ~np.isnan(given)
    total = given[known].sum()
    if total == 0:
        return EffectiveAccounts(int(known.sum()), nan, nan, -1)
    largest = int(np.nanargmax(given))
    effective = float(total**2 / (given[known] ** 2).sum())
    return EffectiveAccounts(int(known.sum()), effective, float(given[largest] / total), largest)


def trimmed_difference(
    first: ArrayLike,
    second: ArrayLike,
    *,
    trim: float = 0.2,
    equal_spread: bool = False,
    kind: Kind = "number",
    level: float = 0.95,
) -> Difference:
    """Estimate the difference of trimmed means: the typical account, without the extremes.

    Parameters
    ----------
    first, second : array of float, shapes (accounts,)
        One value per account; missing ones are left out.
    trim : float
        Share cut off at each end of each arm, 0 to under 0.5.
    equal_spread : bool
        Whether to take the spread of both arms for the same.
    kind : Kind
    level : float

    Returns
    -------
    Difference
        No interval where fewer than two values are left in an arm or the rest has no spread.

    References
    ----------
    Yuen 1974, Biometrika 61:165-170.

    Examples
    --------
    >>> found = trimmed_difference([56, 128.6, 12, 123.8, 64.34, 78, 763.3], [1.1, 2.9, 4.2])
    >>> round(found.value), round(found.p_value, 3)
    (87, 0.01)

    Without the one of 763 and the one of 12 the first group is still 87 higher.
    """
    groups = [np.sort(present(np.asarray(group, dtype=float))) for group in (first, second)]
    cuts = [int(trim * group.size) for group in groups]
    kept = [group[cut : group.size - cut] for group, cut in zip(groups, cuts, strict=True)]
    name = f"Yuen t interval, {trim:.0%} trimmed at each end"
    one, two = (
        Estimate(float(g.mean()) if g.size else nan, None, g.size, group_kind(kind), name)
        for g in kept
    )
    value, n = one.value - two.value, min(one.n, two.n)
    if n < 2 or not (has_spread(kept[0]) or has_spread(kept[1])):
        return Difference(value, None, n, kind, nan, one, two, method=name)
    found = stats.ttest_ind(*groups, equal_var=equal_spread, trim=trim)
    low, high = found.confidence_interval(level)
    ends = Interval(float(low), float(high), level)
    return Difference(value, ends, n, kind, float(found.pvalue), one, two, method=name)


def winsorised_difference(
    first: ArrayLike,
    second: ArrayLike,
    *,
    share: float = 0.05,
    cap: float | None = None,
    kind: Kind = "number",
    level: float = 0.95,
) -> Difference:
    """Estimate the difference of means after pulling extremes in (Welch).

    Parameters
    ----------
    first, second : array of float, shapes (accounts,)
        One value per account; missing ones are left out.
    share : float
        Share of both arms together that is pulled in at each end.
    cap : float, optional
        Largest size instead, best taken from the period before: what came after the assignment
        cannot move it.
    kind : Kind
    level : float

    Returns
    -------
    Difference
        Of the capped values, as `means.mean_difference`.

    Examples
    --------
    >>> found = winsorised_difference([8, 9, 7, 8, 400], [6, 5, 7, 6, 6], cap=20)
    >>> round(found.value, 1), round(found.first.value, 1)
    (4.4, 10.4)

    With 400 counted as 20 the gap is 4.4 instead of 80.
    """
    groups = [present(np.asarray(group, dtype=float)) for group in (first, second)]
    low, high = (-cap, cap) if cap is not None else _ends(np.concatenate(groups), share)
    found = mean_difference(*(np.clip(g, low, high) for g in groups), kind=kind, level=level)
    name = f"capped at {cap:g}" if cap is not None else f"{share:.0%} winsorised at each end"
    return replace(found, method=f"Welch t interval, {name}")


def _ends(values: Floats, share: float) -> tuple[float, float]:
    if not values.size:
        return nan, nan
    low, high = np.quantile(values, [share, 1 - share])
    return float(low), float(high)
