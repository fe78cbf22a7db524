"""The likelihood of a binary outcome under Jeffreys' penalty: its maximum and its profile."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats
from scipy.linalg import cho_solve, null_space
from scipy.special import expit, log_expit

from opsplaybook.stats.arrays import Floats

Link = Literal["logit", "cloglog"]
"""``logit`` gives odds ratios, ``cloglog`` (complementary log-log) hazard ratios per decision."""

_ITERATIONS = 200
_CONVERGED = 1e-10
_CONVERGED_ON_PROFILE = 1e-7
_UNCONVERGED = 1e-4
_ROUNDING = 1e-13
_LONGEST = 5.0
_SHORTEST = 1e-9
_ENOUGH_GAIN = 1e-4
_FLAT = 1e-10
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
    """The penalised likelihood of one design and its maximum.

    Columns of the design should be centred and of like size; the first is the constant.

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
        top = self._climb(start, np.eye(design.shape[1]), _CONVERGED)
        self.best, self._top = top.place, top.value
        self._covariance = np.linalg.inv(top.information)

    def ends(self, direction: Floats, level: float) -> tuple[float, float]:
        """Find the ends of the interval of a combination of coefficients: a profile's quantiles.

        An end is infinite where the profile falls too little, or where it can be followed no
        further because no row tells anything that far out.
        """
        return self._end(direction, level, -1), self._end(direction, level, 1)

    def _end(self, direction: Floats, level: float, side: int) -> float:
        """Find where twice the drop of the profile reaches the quantile of its distribution."""
        target = sqrt(stats.chi2.ppf(level, 1))
        middle = float(direction @ self.best)
        error = sqrt(direction @ self._covariance @ direction)
        near = [self.best]

        def excess(distance: float) -> float:
            if not distance:
                return -target
            drop, near[0] = self._profile(direction, middle + side * distance, near[0])
            return sqrt(max(drop, 0.0)) - target

        far = 1.25 * target * error
        try:
            for _ in range(_FARTHEST):
                if excess(far) > 0:
                    precision = _END_PRECISION * error
                    distance = optimize.brentq(excess, 0.0, far, xtol=precision)
                    return float(middle + side * distance)
                far *= 1.5
        except ArithmeticError:
            return side * inf
        return side * inf

    def drop(self, direction: Floats, value: float) -> float:
        """Compute twice the loss of penalised log-likelihood from fixing a combination.

        Raises
        ------
        ArithmeticError
            The value is so far out that no row tells anything.
        """
        return self._profile(direction, value, self.best)[0]

    def _profile(self, direction: Floats, value: float, near: Floats) -> tuple[float, Floats]:
        """Fix a combination and climb, from the best of some starts near a place on the profile."""
        spread = self._covariance @ direction
        starts = [
            self._at(place + (value - direction @ place) * along / (direction @ along))
            for place in (self.best, near)
            for along in (spread, direction)
        ]
        start = max(starts, key=lambda point: point.value)
        reached = self._climb(start.place, null_space(direction[None, :]), _CONVERGED_ON_PROFILE)
        return 2 * (self._top - reached.value), reached.place

    def _climb(self, start: Floats, directions: Floats, precision: float) -> "_Point":
        """Climb from a start along some directions by quasi-Newton steps (BFGS).

        Coordinates are such that the expected information at the start is the identity: the first
        step is one of scoring, and the gain that a step promises is what is missing of the value.
        """
        point = self._at(start)
        if point.value == -inf:
            raise ArithmeticError("no row tells anything this far out")
        if not directions.size:
            return point
        information = directions.T @ point.information @ directions
        axes = directions @ np.linalg.inv(np.linalg.cholesky(information)).T
        inverse, slope = np.eye(axes.shape[1]), axes.T @ self._slope(point)
        for _ in range(_ITERATIONS):
            step = inverse @ slope
            gain = float(slope @ step)
            if gain < max(precision, _ROUNDING * abs(point.value)):
                return point
            moved, reached = self._search(
                point, axes, step * min(1.0, _LONGEST / sqrt(step @ step)), gain
            )
            if reached is None:
                break
            turned = axes.T @ self._slope(reached)
            inverse = _updated(inverse, moved, slope - turned)
            point, slope = reached, turned
        if gain > _UNCONVERGED:
            raise ArithmeticError(f"the fit did not converge, a step still promises {gain:.2g}")
        return point

    def _search(
        self, point: "_Point", axes: Floats, step: Floats, gain: float
    ) -> tuple[Floats, "_Point | None"]:
        """Halve a step until it gains what it should; None where rounding allows no gain."""
        size = 1.0
        while size > _SHORTEST:
            reached = self._at(point.place + axes @ (size * step))
            if reached.value > point.value + _ENOUGH_GAIN * size * gain:
                return size * step, reached
            size /= 2
        return step, None

    def _slope(self, point: "_Point") -> Floats:
        spread = cho_solve((point.root, True), self._design.T)
        leverage = point.terms.weight * np.einsum("ij,ji->i", self._design, spread)
        return self._design.T @ (point.terms.residual + 0.5 * leverage * point.terms.growth)

    def _at(self, place: Floats) -> "_Point":
        terms = _TERMS[self._link](self._design @ place + self._offset, self._outcome)
        information = (self._design.T * terms.weight) @ self._design
        try:
            root = np.linalg.cholesky(information)
        except np.linalg.LinAlgError:
            # So far out that no row tells anything: the penalty forbids it.
            return _Point(place, -inf, terms, information, information)
        half_log_determinant = float(np.log(np.diag(root)).sum())
        return _Point(place, terms.log_likelihood + half_log_determinant, terms, information, root)


def _updated(inverse: Floats, moved: Floats, turned: Floats) -> Floats:
    """Learn the curvature from a step and the turn of the slope (BFGS), where it curves down."""
    curvature = float(moved @ turned)
    if curvature <= _FLAT * sqrt((moved @ moved) * (turned @ turned)):
        return inverse
    left = np.eye(len(moved)) - np.outer(moved, turned) / curvature
    return left @ inverse @ left.T + np.outer(moved, moved) / curvature


@dataclass(frozen=True, slots=True)
class _Point:
    """The penalised log-likelihood at some coefficients, and what its slope is made of."""

    place: Floats
    value: float
    terms: _Terms
    information: Floats
    root: Floats
