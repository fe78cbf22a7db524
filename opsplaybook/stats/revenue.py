"""Renewed revenue to come, as a distribution: few big accounts make the sum of averages mislead."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats
from scipy.special import expit, logit, ndtr, ndtri

from opsplaybook.formats import MINIMUM_UNITS
from opsplaybook.stats.arrays import (
    Flags,
    Floats,
    Integers,
    cluster_codes,
    flags,
    floats,
    require_same_length,
)
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Estimate, Interval

DRAWS = 20_000
"""Simulated outcomes behind a distribution."""

_CELLS_AT_ONCE = 2_000_000
_NODES = 41
_HIGHEST_CORRELATION = 0.98
_SMALLEST = 1e-9


@dataclass(frozen=True, slots=True)
class RevenueForecast:
    """What contracts that fall due will bring.

    Attributes
    ----------
    due : float
        Value that falls due.
    expected : float
        Average of the outcomes at the probabilities as they were given.
    low, median, high : float
        Ends of the interval and the middle; P10, P50 and P90 at the level 0.8.
    level : float
    swings : array of float, shape (accounts,)
        By how much the total moves with each account's single outcome: stays or leaves.
    variance_shares : array of float, shape (accounts,)
        Share of the uncertainty that each account's own outcome makes; adds up to 1 unless all
        outcomes are certain.
    order : array of int, shape (accounts,)
        Accounts from the largest share of the uncertainty to the smallest.
    """

    due: float
    expected: float
    low: float
    median: float
    high: float
    level: float
    swings: Floats
    variance_shares: Floats
    order: Integers

    def decisive(self, share: float = 0.5) -> Integers:
        """List the fewest accounts that together make a share of the uncertainty; none if certain.

        Examples
        --------
        >>> forecast = renewed_revenue(
        ...     [500, 10, 10, 10], [0.1] * 4, generator=np.random.default_rng(1)
        ... )
        >>> forecast.decisive().tolist()
        [0]

        The first account alone decides what the quarter brings.
        """
        if not self.variance_shares.any():
            return self.order[:0]
        reached = np.cumsum(self.variance_shares[self.order])
        return self.order[: int(np.searchsorted(reached, share - _SMALLEST)) + 1]


def renewed_revenue(
    values: ArrayLike,
    loss_probabilities: ArrayLike,
    *,
    generator: np.random.Generator,
    parents: ArrayLike | None = None,
    correlation: float = 0.0,
    level_error: float = 0.0,
    renewed_shares: ArrayLike | None = None,
    draws: int = DRAWS,
    level: float = 0.8,
) -> RevenueForecast:
    """Simulate how much of the value that falls due is renewed.

    Parameters
    ----------
    values : array of float, shape (accounts,)
        Value due per account (add up its contracts: they are decided together).
    loss_probabilities : array of float, shape (accounts,)
        From 0 to 1.
    generator : numpy.random.Generator
    parents : array, shape (accounts,), optional
        Company that each account belongs to; accounts of one company are correlated.
    correlation : float
        Of the latent inclination of accounts of one company, from 0 to under 1; see
        `parent_correlation`.
    level_error : float
        Standard error, as a logit, of the level of all probabilities together; see
        `level_error_of`. Without it the interval is too narrow where the past was short.
        A probability of 0 or 1 stays certain with it: forecast with `level_of` instead.
    renewed_shares : array of float, optional
        Renewed value over old value of past renewals, drawn at random; without it contracts are
        renewed at their old value.
    draws : int
    level : float
        Coverage of the interval.

    Returns
    -------
    RevenueForecast

    Raises
    ------
    ValueError
        Values missing or negative, probabilities not from 0 to 1, no account, or parameters out of
        range.

    Examples
    --------
    >>> values, risks = np.array([400.0, 50, 50, 50, 50]), np.full(5, 0.2)
    >>> forecast = renewed_revenue(values, risks, generator=np.random.default_rng(1))
    >>> forecast.due, round(forecast.expected), forecast.low, forecast.median, forecast.high
    (600.0, 480, 150.0, 550.0, 600.0)

    The average of 480 will not come: it is 550 or so with the big account, and 150 without it.
    """
    amounts, risks = _read(values, loss_probabilities)
    if not 0 <= correlation < 1 or level_error < 0 or draws < 1:
        raise ValueError("correlation must lie in [0, 1), level_error from 0 on, draws from 1 on")
    codes = _codes(parents, len(amounts))
    shares = np.ones(1) if renewed_shares is None else _read_shares(renewed_shares)
    totals = np.concatenate(
        [
            _totals(size, generator, amounts, risks, shares, codes, (correlation, level_error))
            for size in _chunks(draws, len(amounts))
        ]
    )
    low, median, high = np.quantile(totals, [(1 - level) / 2, 0.5, (1 + level) / 2]).tolist()
    swings = amounts * shares.mean()
    variances = risks * (1 - risks) * swings**2
    whole = variances.sum()
    return RevenueForecast(
        float(amounts.sum()),
        float((swings * (1 - risks)).sum()),
        low,
        median,
        high,
        level,
        swings,
        variances / whole if whole else variances,
        np.argsort(-variances, kind="stable"),
    )


def level_of(losses: int, decisions: int) -> float:
    """Compute a loss rate to forecast with, never 0 or 1: the one that `level_error_of` belongs to.

    Parameters
    ----------
    losses, decisions : int

    Returns
    -------
    float
        ``(losses + 0.5) / (decisions + 1)``, whose logit has the smallest bias.

    Raises
    ------
    ValueError
        Losses below 0, or more than decisions.

    References
    ----------
    Gart and Zweifel 1967, Biometrika 54:181-187.

    Examples
    --------
    >>> round(level_of(0, 6), 3), round(level_of(12, 120), 3)
    (0.071, 0.103)

    None lost of six does not make the next renewal certain.
    """
    _require_counts(losses, decisions)
    return (losses + 0.5) / (decisions + 1)


def level_error_of(losses: int, decisions: int) -> float:
    """Compute the standard error of a loss rate as a logit, finite without any loss.

    References
    ----------
    Gart and Zweifel 1967, Biometrika 54:181-187.

    Examples
    --------
    >>> round(level_error_of(12, 120), 2)
    0.3

    A rate of 10% from 120 decisions may as well be 7.6% or 13%.
    """
    _require_counts(losses, decisions)
    return sqrt(1 / (losses + 0.5) + 1 / (decisions - losses + 0.5))


def parent_correlation(
    lost: ArrayLike, probabilities: ArrayLike, parents: ArrayLike, *, level: float = 0.95
) -> Estimate:
    """Estimate how much accounts of one company leave together, beyond their own risks.

    Parameters
    ----------
    lost : array of bool, shape (decisions,)
    probabilities : array of float, shape (decisions,)
        Risk of each, between 0 and 1, from a model or the base rate.
    parents : array, shape (decisions,)
        The company of each.
    level : float

    Returns
    -------
    Estimate
        Correlation of a latent inclination (probit, one factor per company), from 0 on, by maximum
        likelihood; n counts companies with several decisions. 0 without an interval where there
        are fewer than five of those, or none of their accounts left.

    Raises
    ------
    ValueError
        A probability that is missing or not between 0 and 1.

    References
    ----------
    Vasicek 2002, Risk 15(12):160-162 (the one-factor model of joint defaults).

    Examples
    --------
    >>> lost = np.repeat([1, 0], [6, 54])
    >>> found = parent_correlation(lost, np.full(60, 0.1), np.repeat(np.arange(20), 3))
    >>> round(found.value, 2), found.n
    (0.98, 20)

    All six losses came from two companies of three accounts each: they leave together.
    """
    happened, risks = flags(lost, name="lost"), floats(np.asarray(probabilities, dtype=float))
    require_same_length(happened, risks)
    if not ((risks > 0) & (risks < 1)).all():
        raise ValueError("probabilities must lie between 0 and 1, none missing")
    codes, count = cluster_codes(parents)
    shared = np.bincount(codes, minlength=count)[codes] > 1
    companies = len(np.unique(codes[shared]))
    method = "one-factor probit, maximum likelihood"
    if companies < MINIMUM_UNITS or not happened[shared].any():
        return Estimate(0.0, None, companies, "number", f"{method}: too few siblings")
    log_likelihood = _Siblings(happened[shared], ndtri(risks[shared]), codes[shared])
    return _profile(log_likelihood, companies, level, method)


def interval_coverage(
    lows: ArrayLike, highs: ArrayLike, actual: ArrayLike, *, level: float = 0.95
) -> Estimate:
    """Estimate how often past intervals held what came.

    Parameters
    ----------
    lows, highs, actual : array of float, shape (forecasts,)
        None missing; ends count as inside.
    level : float
        Of the interval of the coverage itself.

    Examples
    --------
    >>> found = interval_coverage([90, 80, 95, 70, 60], [120] * 5, [100, 85, 90, 100, 110])
    >>> found.value, round(found.interval.low, 2)
    (0.8, 0.38)

    Four of five quarters came out inside, which five quarters cannot tell from 38%.
    """
    ends = [floats(np.asarray(end, dtype=float)) for end in (lows, highs, actual)]
    require_same_length(*ends)
    if any(np.isnan(end).any() for end in ends):
        raise ValueError("forecasts and outcomes hold missing values, must hold none")
    inside = (ends[0] <= ends[2]) & (ends[2] <= ends[1])
    return rate(int(inside.sum()), len(inside), level=level)


def _require_counts(losses: int, decisions: int) -> None:
    if not 0 <= losses <= decisions:
        raise ValueError(f"losses == {losses}, must lie between 0 and decisions == {decisions}")


class _Siblings:
    """Log-likelihood of losses that share a factor per company."""

    def __init__(self, lost: Flags, thresholds: Floats, codes: Integers) -> None:
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        self._lost, self._thresholds = lost[:, None], thresholds[:, None]
        self._nodes, self._weights = nodes[None, :], weights / weights.sum()
        _, self._codes = np.unique(codes, return_inverse=True)

    def __call__(self, correlation: float) -> float:
        """Compute it at a correlation."""
        given = self._thresholds - sqrt(correlation) * self._nodes
        chance = ndtr(np.where(self._lost, 1, -1) * given / sqrt(1 - correlation))
        together = np.zeros((int(self._codes.max()) + 1, _NODES))
        np.add.at(together, self._codes, np.log(np.maximum(chance, 1e-300)))
        return float(np.log(np.exp(together) @ self._weights).sum())


def _profile(log_likelihood: _Siblings, n: int, level: float, method: str) -> Estimate:
    bounds = (0.0, _HIGHEST_CORRELATION)
    found = optimize.minimize_scalar(lambda r: -log_likelihood(r), bounds=bounds, method="bounded")
    edges = {edge: log_likelihood(edge) for edge in bounds}
    best = max(edges, key=edges.get)
    value, top = (best, edges[best]) if edges[best] >= -found.fun else (found.x, -found.fun)
    target = top - stats.chi2.ppf(level, 1) / 2

    def excess(correlation: float) -> float:
        return log_likelihood(correlation) - target

    low = 0.0 if edges[0.0] >= target else optimize.brentq(excess, 0.0, value)
    highest = edges[_HIGHEST_CORRELATION] >= target
    high = 1.0 if highest else optimize.brentq(excess, value, _HIGHEST_CORRELATION)
    return Estimate(float(value), Interval(float(low), float(high), level), n, "number", method)


def _totals(
    size: int,
    generator: np.random.Generator,
    amounts: Floats,
    risks: Floats,
    shares: Floats,
    codes: Integers,
    spread: tuple[float, float],
) -> Floats:
    """Draw totals; `spread` is the correlation within companies and the error of the level."""
    correlation, level_error = spread
    chance = risks[None, :]
    if level_error:
        shift = level_error * generator.standard_normal((size, 1))
        chance = expit(logit(risks)[None, :] + shift)
    if correlation:
        factor = generator.standard_normal((size, int(codes.max()) + 1))[:, codes]
        own = generator.standard_normal((size, len(amounts)))
        luck = ndtr(sqrt(correlation) * factor + sqrt(1 - correlation) * own)
    else:
        luck = generator.random((size, len(amounts)))
    stays = luck >= chance
    if len(shares) == 1:
        return stays @ (amounts * shares[0])
    return (stays * generator.choice(shares, size=stays.shape)) @ amounts


def _chunks(draws: int, accounts: int) -> list[int]:
    size = max(1, _CELLS_AT_ONCE // accounts)
    whole, rest = divmod(draws, size)
    return [size] * whole + ([rest] if rest else [])


def _codes(parents: ArrayLike | None, accounts: int) -> Integers:
    codes, _ = cluster_codes(np.arange(accounts) if parents is None else parents)
    require_same_length(codes, np.arange(accounts))
    return codes


def _read(values: ArrayLike, loss_probabilities: ArrayLike) -> tuple[Floats, Floats]:
    amounts = floats(np.asarray(values, dtype=float), name="values")
    risks = floats(np.asarray(loss_probabilities, dtype=float), name="loss_probabilities")
    require_same_length(amounts, risks)
    if not len(amounts):
        raise ValueError("nothing falls due, there is nothing to forecast")
    if not (amounts >= 0).all():
        raise ValueError(f"{(~(amounts >= 0)).sum()} values are missing or negative")
    if not ((risks >= 0) & (risks <= 1)).all():
        raise ValueError("loss_probabilities must lie from 0 to 1, none missing")
    return amounts, risks


def _read_shares(renewed_shares: ArrayLike) -> Floats:
    shares = floats(np.asarray(renewed_shares, dtype=float), name="renewed_shares")
    if not len(shares) or not (shares >= 0).all():
        raise ValueError("renewed_shares must hold values from 0 on, none missing")
    return shares
