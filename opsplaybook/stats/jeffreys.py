"""The likelihood of a binary outcome under Jeffreys' penalty: its maximum and its profile."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats
from scipy.special import expit, log_expit

from opsplaybook.stats.arrays import Flags, Floats

Link = Literal["logit", "cloglog"]
"""``logit`` gives odds ratios, ``cloglog`` (complementary log-log) hazard ratios per decision."""

_ITERATIONS = 200
_CONVERGED = 1e-10
_CONVERGED_ON_PROFILE = 1e-7
_UNCONVERGED = 1e-4
_ROUNDING = 1e-9
_LARGEST_PREDICTOR = 5.0
_SMALLEST_PREDICTOR = -30.0
_END_PRECISION = 1e-3
_FARTHEST = 60


def probability(predictor: ArrayLike, link: Link) -> Floats:
    """Compute probabilities from linear predictors.

    Examples
    --------
    >>> probability([0.0], "logit").item(), round(probability([0.0], "cloglog").item(), 3)
    (0.5, 0.632)

    The same predictor is another probability under another link.
    """
    given = np.asarray(predictor, dtype=float)
    return expit(given) if link == "logit" else -np.expm1(-np.exp(np.minimum(given, 700.0)))


def intercept_for(predictor: Floats, share: float, link: Link) -> float:
    """Find the intercept at which the average probability is a share.

    Examples
    --------
    >>> round(intercept_for(np.zeros(3), 0.5, "logit"), 6)
    0.0

    Without features an average of one half needs a logit of 0.
    """

    def excess(intercept: float) -> float:
        return float(probability(intercept + predictor, link).mean()) - share

    reach = 40.0 + float(np.abs(predictor).max())
    return float(optimize.brentq(excess, -reach, reach))


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a linear predictor means for each row.

    `residual` is the slope of the log-likelihood, `weight` the expected information, `growth` the
    slope of the logarithm of the weight.
    """

    log_likelihood: float
    residual: Floats
    weight: Floats
    growth: Floats


def _logit(predictor: Floats, outcome: Floats) -> _Terms:
    share = expit(predictor)
    likelihood = log_expit(np.where(outcome == 1, predictor, -predictor)).sum()
    return _Terms(float(likelihood), outcome - share, share * (1 - share), 1 - 2 * share)


def _cloglog(predictor: Floats, outcome: Floats) -> _Terms:
    # Beyond these the probability is 0 or 1 to the last digit; unclipped, exponentials overflow.
    hazard = np.exp(np.clip(predictor, _SMALLEST_PREDICTOR, _LARGEST_PREDICTOR))
    share = -np.expm1(-hazard)
    likelihood = np.where(outcome == 1, np.log(share), -hazard).sum()
    residual = (outcome - share) * hazard / share
    return _Terms(float(likelihood), residual, hazard**2 / np.expm1(hazard), 2 - hazard / share)


_TERMS: dict[Link, Callable[[Floats, Floats], _Terms]] = {"logit": _logit, "cloglog": _cloglog}


class PenalisedLikelihood:
    """The penalised likelihood of one design (first column the constant) and its maximum.

    Attributes
    ----------
    best : array of float, shape (coefficients,)
        Coefficients at the maximum.
    n, rarer : int
        Units, and those of them with the rarer outcome.
    """

    def __init__(
        self,
        design: Floats,
        outcome: Floats,
        link: Link,
        *,
        offset: Floats | float = 0.0,
    ) -> None:
        self._design, self._outcome, self._link = design, outcome, link
        self._offset, self.n = offset, len(outcome)
        self.rarer = int(min(outcome.sum(), (1 - outcome).sum()))
        start = np.zeros(design.shape[1])
        start[0] = intercept_for(np.zeros(len(outcome)), float(outcome.mean()), link)
        self._free = np.ones(design.shape[1], dtype=bool)
        top = self._maximise(start, self._free)
        self.best, self._top = top.place, top.value
        self._covariance = np.linalg.inv(top.information)

    def ends(self, position: int, level: float) -> tuple[float, float]:
        """Find the ends of one coefficient's interval: where its profile has fallen by enough."""
        return self._end(position, level, -1), self._end(position, level, 1)

    def _end(self, position: int, level: float, side: int) -> float:
        """Where twice the drop of the profile reaches the quantile of its distribution."""
        target = sqrt(stats.chi2.ppf(level, 1))
        middle, error = self.best[position], sqrt(self._covariance[position, position])

        def excess(distance: float) -> float:
            drop = self.drop(position, middle + side * distance) if distance else 0.0
            return sqrt(max(drop, 0.0)) - target

        far = 1.25 * target * error
        for _ in range(_FARTHEST):
            if excess(far) > 0:
                precision = _END_PRECISION * error
                distance = optimize.brentq(excess, 0.0, far, xtol=precision)
                return float(middle + side * distance)
            far *= 1.5
        return side * inf

    def drop(self, position: int, value: float) -> float:
        """Compute twice the loss of penalised log-likelihood from fixing one coefficient."""
        free = self._free.copy()
        free[position] = False
        # The others move along as in a quadratic likelihood, so that few steps remain.
        slope = self._covariance[position] / self._covariance[position, position]
        start = self.best + (value - self.best[position]) * slope
        return 2 * (self._top - self._maximise(start, free, _CONVERGED_ON_PROFILE).value)

    def _maximise(self, start: Floats, free: Flags, precision: float = _CONVERGED) -> "_Point":
        """Climb from a start; coefficients that are not free stay.

        Steps are taken in coordinates in which the expected information is the identity, so that
        the slope bounds how much of the value is missing.
        """
        first = self._at(start)
        if not free.any():
            return first
        information = first.information[np.ix_(free, free)]
        root = np.linalg.inv(np.linalg.cholesky(information)).T

        def cost(moved: Floats) -> tuple[float, Floats]:
            place = start.copy()
            place[free] += root @ moved
            point = self._at(place)
            return -point.value, -(root.T @ self._slope(point)[free])

        found = optimize.minimize(
            cost,
            np.zeros(root.shape[1]),
            jac=True,
            method="BFGS",
            options={"gtol": sqrt(precision), "maxiter": _ITERATIONS},
        )
        # On much data rounding ends the search a little above the precision that was asked for.
        missing = float((found.jac**2).sum())
        if missing > max(_UNCONVERGED, _ROUNDING * abs(found.fun)):
            raise ArithmeticError(f"the fit did not converge: {found.message}, slope {missing:.2g}")
        place = start.copy()
        place[free] += root @ found.x
        return self._at(place)

    def _slope(self, point: "_Point") -> Floats:
        spread = np.linalg.solve(point.information, self._design.T)
        leverage = point.terms.weight * np.einsum("ij,ji->i", self._design, spread)
        return self._design.T @ (point.terms.residual + 0.5 * leverage * point.terms.growth)

    def _at(self, place: Floats) -> "_Point":
        terms = _TERMS[self._link](self._design @ place + self._offset, self._outcome)
        information = (self._design.T * terms.weight) @ self._design
        sign, log_determinant = np.linalg.slogdet(information)
        value = terms.log_likelihood + 0.5 * float(log_determinant) if sign > 0 else -inf
        return _Point(place, value, terms, information)


@dataclass(frozen=True, slots=True)
class _Point:
    """The penalised log-likelihood at some coefficients, and what its slope is made of."""

    place: Floats
    value: float
    terms: _Terms
    information: Floats
