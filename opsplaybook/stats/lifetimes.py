"""How long customers under contract stay, when some kinds of customers leave more readily.

The shifted beta-geometric model gives each customer a chance of leaving of its own, the same at
each renewal. Retention then rises from renewal to renewal because those who leave readily have
gone, without anybody growing more loyal; a constant rate of churn projects far too few survivors.
"""

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize
from scipy.special import betaln, expit, logit

from opsplaybook.stats.arrays import Floats, Integers, require_same_length
from opsplaybook.stats.hazards import whole_numbers

RESAMPLES = 400
"""Simulated cohorts behind an interval of a projection."""

_LOG_SIZE_BOUNDS = (-5.0, 9.0)
_LOGIT_BOUNDS = (-12.0, 12.0)
_METHOD = "shifted beta-geometric, maximum likelihood"


@dataclass(frozen=True, slots=True)
class Projection:
    """Customers left at renewals to come.

    Attributes
    ----------
    terms : array of int, shape (terms,)
    expected, low, high : array of float, shape (terms,)
        The interval holds what may truly come: chance in the losses and error of the fit.
    level : float
    """

    terms: Integers
    expected: Floats
    low: Floats
    high: Floats
    level: float


@dataclass(frozen=True, slots=True)
class ShiftedBetaGeometric:
    """A fitted model of how customers leave at renewals.

    Attributes
    ----------
    alpha, beta : float
        Of the beta distribution of the chance to leave at a renewal; its mean is
        ``alpha / (alpha + beta)``, and the smaller their sum, the more unlike customers are.
    log_likelihood : float
    at_risk, lost : array of int, shape (terms,)
        What it was fitted to.
    method : str
    """

    alpha: float
    beta: float
    log_likelihood: float
    at_risk: Integers
    lost: Integers
    method: str = _METHOD

    @property
    def n(self) -> int:
        """Customers that came to any renewal, counted at their first."""
        return int(self.at_risk.max())

    def retention(self, terms: ArrayLike) -> Floats:
        """Compute the share that renews at each renewal, of those that came to it (from 1)."""
        given = np.asarray(terms, dtype=float)
        return (self.beta + given - 1) / (self.alpha + self.beta + given - 1)

    def survival(self, terms: ArrayLike) -> Floats:
        """Compute the share of a cohort that is left after each renewal (0 is the start)."""
        given = np.asarray(terms, dtype=float)
        return np.exp(betaln(self.alpha, self.beta + given) - betaln(self.alpha, self.beta))

    def project(
        self,
        survivors: int,
        after: int,
        terms: ArrayLike,
        *,
        generator: np.random.Generator,
        level: float = 0.95,
        resamples: int = RESAMPLES,
    ) -> Projection:
        """Project how many of a cohort are left at renewals to come.

        Parameters
        ----------
        survivors : int
            Customers left now.
        after : int
            Renewals that they have behind them.
        terms : array of int, shape (terms,)
            Renewals asked about, each after `after`.
        generator : numpy.random.Generator
        level : float
        resamples : int
            Cohorts simulated from the fit, each fitted again (parametric bootstrap).

        Returns
        -------
        Projection

        Raises
        ------
        ValueError
            A term that is not to come.

        Examples
        --------
        >>> model = fit_shifted_beta_geometric(*cohort_counts([1000, 631, 468, 382, 326]))
        >>> found = model.project(326, 4, [5, 6, 7], generator=np.random.default_rng(1))
        >>> found.expected.round().tolist()
        [285.0, 254.0, 230.0]

        Of 326 customers about 230 are left after three more renewals.
        """
        asked = whole_numbers(terms, name="terms")
        if (asked <= after).any():
            raise ValueError(f"terms must come after {after}, the lowest is {asked.min()}")
        shares = self.survival(asked) / self.survival(after)
        simulated = [self._simulated_shares(asked, after, generator) for _ in range(resamples)]
        drawn = generator.binomial(survivors, np.minimum(simulated, 1.0))
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return Projection(asked, survivors * shares, low, high, level)

    def _simulated_shares(
        self, terms: Integers, after: int, generator: np.random.Generator
    ) -> Floats:
        """Draw a cohort as the fitted one, fit it, and project its share left."""
        renewals = np.arange(1, len(self.at_risk) + 1)
        lost = generator.binomial(self.at_risk, 1 - self.retention(renewals))
        if lost.sum() in (0, self.at_risk.sum()):
            return np.full(len(terms), float(lost.sum() == 0))
        model = fit_shifted_beta_geometric(self.at_risk, lost)
        return model.survival(terms) / model.survival(after)


def cohort_counts(survivors: ArrayLike) -> tuple[Integers, Integers]:
    """Turn the survivors of one cohort into counts at risk and lost at each renewal.

    Parameters
    ----------
    survivors : array of int, shape (terms + 1,)
        Customers at the start and after each renewal.

    Raises
    ------
    ValueError
        Survivors that rise, or counts that are not whole.

    Examples
    --------
    >>> at_risk, lost = cohort_counts([1000, 869, 743])
    >>> at_risk.tolist(), lost.tolist()
    ([1000, 869], [131, 126])

    At the first renewal 131 of 1,000 left, at the second 126 of 869.
    """
    left = whole_numbers(survivors, name="survivors")
    lost = -np.diff(left)
    if (lost < 0).any() or (left < 0).any():
        raise ValueError("survivors of one cohort cannot rise from renewal to renewal")
    return left[:-1], lost


def fit_shifted_beta_geometric(at_risk: ArrayLike, lost: ArrayLike) -> ShiftedBetaGeometric:
    """Fit how a cohort leaves at renewals, from the number of the renewal.

    Parameters
    ----------
    at_risk, lost : array of int, shape (terms,)
        Customers that came to the first, second, ... renewal, and those that left at it. Cohorts
        may be added up; who is not decided yet, or was first seen later, counts only where seen.

    Returns
    -------
    ShiftedBetaGeometric
        Customers that are all alike have a very large alpha and beta: churn is constant.

    Raises
    ------
    ValueError
        Fewer than two renewals with customers, nobody or everybody lost, or counts out of range.

    References
    ----------
    Fader and Hardie 2007, Journal of Interactive Marketing 21:76-90.

    Examples
    --------
    >>> model = fit_shifted_beta_geometric(*cohort_counts([1000, 869, 743, 653, 593, 551]))
    >>> model.retention([1, 2, 5]).round(2).tolist()
    [0.85, 0.88, 0.91]

    The share that renews goes from 85% to 91%, since those who leave readily have left.
    """
    base, gone = whole_numbers(at_risk, name="at_risk"), whole_numbers(lost, name="lost")
    require_same_length(base, gone)
    if (gone < 0).any() or (gone > base).any():
        raise ValueError("lost must lie between 0 and at_risk")
    if (base > 0).sum() < 2:
        raise ValueError("one renewal cannot tell kinds of customers apart, must be two or more")
    if not gone.any() or gone.sum() == base.sum():
        raise ValueError(f"{gone.sum()} of {base.sum()} left, must be some but not all")
    found = optimize.minimize(
        _cost,
        [logit(gone.sum() / base.sum()), log(2.0)],
        args=(base, gone, np.arange(len(base))),
        method="L-BFGS-B",
        bounds=[_LOGIT_BOUNDS, _LOG_SIZE_BOUNDS],
        options={"ftol": 1e-14, "gtol": 1e-8},
    )
    alpha, beta = _parameters(found.x)
    return ShiftedBetaGeometric(alpha, beta, -float(found.fun), base, gone)


def _parameters(place: Floats) -> tuple[float, float]:
    """Read the logit of the mean and the logarithm of the sum of alpha and beta."""
    mean, size = float(expit(place[0])), exp(place[1])
    return mean * size, (1 - mean) * size


def _cost(place: Floats, at_risk: Integers, lost: Integers, passed: Integers) -> float:
    alpha, beta = _parameters(place)
    both = np.log(alpha + beta + passed)
    gone = lost * (log(alpha) - both)
    return -float((gone + (at_risk - lost) * (np.log(beta + passed) - both)).sum())
