"""Whether an experiment could see anything: units and accounts needed, effects that can be seen.

Where accounts are drawn, accounts are counted: a thousand more users in the same accounts add
little. The power that an experiment "had" given the effect it saw says nothing beyond its p-value
and is not offered; `smallest_detectable_after` reads the standard error that was reached.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, inf, nan, sqrt
from typing import Literal

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.proportion import power_proportions_2indep, proportion_effectsize

from opsplaybook.stats.clusters import design_effect

Convention = Literal["score", "arcsine", "baseline variance"]
"""Formula of a sample size for rates; they differ by up to 6%."""

_MOST_ACCOUNTS = 10_000_000


@dataclass(frozen=True, slots=True)
class AccountDesign:
    """What users and accounts are like.

    Attributes
    ----------
    mean_size : float
        Users per account.
    correlation : float
        Intraclass correlation of the metric.
    size_variation : float
        Coefficient of variation of users per account.
    deviation : float
        Standard deviation of the metric between users.
    """

    mean_size: float
    correlation: float
    size_variation: float = 0.0
    deviation: float = 1.0

    def __post_init__(self) -> None:
        if self.mean_size < 1 or not self.deviation > 0 or self.size_variation < 0:
            raise ValueError(
                f"mean_size == {self.mean_size}, size_variation == {self.size_variation}, "
                f"deviation == {self.deviation}: must be at least 1, at least 0 and positive"
            )
        if not 0 <= self.correlation <= 1:
            raise ValueError(f"correlation == {self.correlation}, must lie between 0 and 1")

    @classmethod
    def of_rate(
        cls, rate: float, mean_size: float, correlation: float, *, size_variation: float = 0.0
    ) -> "AccountDesign":
        """Design for a metric that is yes or no, with the variance of its rate."""
        return cls(mean_size, correlation, size_variation, sqrt(rate * (1 - rate)))

    @property
    def effect(self) -> float:
        """Design effect: how many times more users are needed than in a test by user."""
        return design_effect(self.mean_size, self.correlation, size_variation=self.size_variation)

    def error(self, accounts_per_arm: float) -> float:
        """Compute the standard error of the difference of two arms of so many accounts."""
        users = accounts_per_arm * self.mean_size
        return self.deviation * sqrt(2 * self.effect / users)


def sample_size_of_rates(
    before: float,
    after: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    convention: Convention = "score",
) -> float:
    """Compute the units per arm that find a change of a rate, two-sided.

    Parameters
    ----------
    before, after : float
        Rates of the two arms.
    power, alpha : float
    convention : {"score", "arcsine", "baseline variance"}
        ``score``: pooled variance under no effect, own variances under the effect (R's
        power.prop.test); ``arcsine``: Cohen's h; ``baseline variance``: the variance of the
        baseline under no effect (Evan Miller's calculator).

    Returns
    -------
    float
        Not rounded; infinite where the rates are equal.

    Raises
    ------
    ValueError
        A rate outside 0 to 1.

    References
    ----------
    Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, section 4.2; Cohen
    1988, Statistical Power Analysis, section 6.

    Examples
    --------
    >>> round(sample_size_of_rates(0.20, 0.25))
    1094

    To see 25% instead of 20%, 1,094 users per arm; drawn by account, times the design effect.
    """
    _require_shares(before, after)
    if before == after:
        return inf
    if convention == "arcsine":
        size = proportion_effectsize(after, before)
        return float(NormalIndPower().solve_power(abs(size), power=power, alpha=alpha))
    critical, reached = stats.norm.isf(alpha / 2), stats.norm.ppf(power)
    middle = (before + after) / 2 if convention == "score" else before
    under_none = sqrt(2 * middle * (1 - middle))
    under_effect = sqrt(before * (1 - before) + after * (1 - after))
    return float(((critical * under_none + reached * under_effect) / (after - before)) ** 2)


def power_of_rates(before: float, after: float, n: float, *, alpha: float = 0.05) -> float:
    """Compute the chance to find a change of a rate with n units per arm, two-sided.

    Examples
    --------
    >>> round(power_of_rates(0.50, 0.75, 50), 3)
    0.74

    Fifty users per arm see a jump from 50% to 75% in three tests of four.
    """
    _require_shares(before, after)
    found = power_proportions_2indep(after - before, before, n, alpha=alpha, return_results=False)
    return float(found)


def sample_size_of_means(
    difference: float,
    deviation: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
) -> float:
    """Compute the units per arm that find a difference of means (t test).

    Examples
    --------
    >>> round(sample_size_of_means(1.0, 1.0, power=0.9), 1)
    22.0

    A difference of one standard deviation takes 22 units per arm.
    """
    alternative = "two-sided" if sides == 2 else "larger"
    size = abs(difference) / deviation
    if size == 0:
        return inf
    found = TTestIndPower().solve_power(size, power=power, alpha=alpha, alternative=alternative)
    return float(np.squeeze(found))


def power_of_means(
    difference: float,
    deviation: float,
    n: float,
    *,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
) -> float:
    """Compute the chance to find a difference of means with n units per arm (t test).

    Examples
    --------
    >>> round(power_of_means(1.0, 1.0, 20), 2)
    0.87

    Twenty units per arm see one standard deviation in seven tests of eight.
    """
    alternative = "two-sided" if sides == 2 else "larger"
    size = abs(difference) / deviation
    return float(TTestIndPower().power(size, n, alpha, alternative=alternative))


def accounts_needed(
    design: AccountDesign,
    difference: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    inflation: float = 1.0,
) -> float:
    """Compute the accounts per arm that find a difference, where accounts are drawn.

    Parameters
    ----------
    design : AccountDesign
    difference : float
        Of the means of users, in the unit of the metric.
    power, alpha : float
    inflation : float
        For planned looks: `group_sequential.inflation_factor`.

    Returns
    -------
    float
        Whole accounts; infinite where the difference is 0. The t distribution with two degrees
        of freedom fewer than accounts counts what their small number costs.

    References
    ----------
    Eldridge, Ashby and Kerry 2006, International Journal of Epidemiology 35:1292-1300; Donner and
    Klar 2000, Design and Analysis of Cluster Randomization Trials, section 5.3 (the t correction).

    Examples
    --------
    >>> design = AccountDesign.of_rate(0.2, mean_size=20, correlation=0.05, size_variation=0.65)
    >>> accounts_needed(design, 0.05)
    121

    To see 25% instead of 20%, 121 accounts per arm: the 2,400 users alone do not do it.
    """
    if difference == 0:
        return inf

    def shortfall(accounts: float) -> float:
        return smallest_detectable(design, accounts, power=power, alpha=alpha) - abs(difference)

    fewest = 1.5
    if shortfall(fewest) <= 0:
        return ceil(max(fewest * inflation, 2))
    most = 4.0
    while shortfall(most) > 0:
        most *= 2
        if most > _MOST_ACCOUNTS:
            return inf
    return ceil(optimize.brentq(shortfall, fewest, most, xtol=1e-6) * inflation - 1e-9)


def smallest_detectable(
    design: AccountDesign, accounts_per_arm: float, *, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Compute the smallest difference that so many accounts per arm find, two-sided.

    Examples
    --------
    >>> design = AccountDesign(mean_size=20, correlation=0.05, size_variation=0.65, deviation=0.4)
    >>> [round(smallest_detectable(design, accounts), 3) for accounts in (6, 20, 100)]
    [0.247, 0.125, 0.055]

    Six accounts per arm see a change of 25 points, a hundred one of 5.5.
    """
    freedom = 2 * accounts_per_arm - 2
    if freedom <= 0:
        return nan
    return smallest_detectable_after(
        design.error(accounts_per_arm), freedom, power=power, alpha=alpha
    )


def smallest_detectable_after(
    error: float, freedom: float = inf, *, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Compute the smallest effect that a test of this standard error would have found, two-sided.

    Parameters
    ----------
    error : float
        Standard error that the experiment reached (or will reach).
    freedom : float
        Degrees of freedom of the t distribution.
    power, alpha : float

    Returns
    -------
    float
        NaN where the error is unknown.

    References
    ----------
    Hoenig and Heisey 2001, The American Statistician 55:19-24 (why not the power "observed").

    Examples
    --------
    >>> round(smallest_detectable_after(1.5, 10), 2)
    4.66

    With this noise only an effect of 4.7 or more was likely to be found; smaller ones stay open.
    """
    if not error > 0 or not freedom > 0:
        return nan
    critical = float(stats.t.isf(alpha / 2, freedom))
    chance = _chance_beyond(critical, freedom)
    drift = optimize.brentq(lambda shift: chance(shift) - power, 0.0, 10 * (critical + 4))
    return float(drift) * error


def _chance_beyond(critical: float, freedom: float) -> Callable[[float], float]:
    """Chance that t passes its critical value, by how far the truth is off in standard errors."""
    if freedom == inf:
        return lambda shift: float(stats.norm.sf(critical - shift))
    return lambda shift: float(stats.nct.sf(critical, freedom, shift))


def _require_shares(*shares: float) -> None:
    for share in shares:
        if not 0 <= share <= 1:
            raise ValueError(f"rate == {share}, must lie between 0 and 1")
