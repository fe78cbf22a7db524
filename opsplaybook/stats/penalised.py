"""Binary regression under Jeffreys' penalty: finite and little biased where losses are few.

The likelihood is multiplied by the root of the determinant of the expected information. Estimates
stay finite even where a feature splits the outcomes without an error, and intervals follow the
penalised likelihood itself instead of a symmetric approximation, which is poor with few losses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats
from scipy.special import expit, log_expit

from opsplaybook.stats.arrays import Flags, Floats
from opsplaybook.stats.identification import (
    SUFFICIENT_EVENTS,
    events_per_variable,
    independent_columns,
    read_features,
    separated_by,
)
from opsplaybook.stats.results import Difference, Estimate, Interval

Link = Literal["logit", "cloglog"]
"""``logit`` gives odds ratios, ``cloglog`` (complementary log-log) hazard ratios per decision."""

_NAMES = {
    "logit": "logistic regression",
    "cloglog": "discrete-time hazard (complementary log-log)",
}
_METHOD = "Jeffreys penalty, profile penalised likelihood"
_ITERATIONS = 200
_CONVERGED = 1e-10
_CONVERGED_ON_PROFILE = 1e-7
_ROUNDING = 1e-13
_LARGEST_PREDICTOR = 5.0
_SMALLEST_PREDICTOR = -30.0
_END_PRECISION = 1e-3
_FARTHEST = 60


@dataclass(frozen=True, slots=True)
class FeatureRatio:
    """What goes with one more unit of a feature, the other features being equal.

    Attributes
    ----------
    name : str
        The feature.
    ratio : Difference
        Odds or hazard ratio; n is the number of the rarer outcome, the certainty's base.
    """

    name: str
    ratio: Difference


@dataclass(frozen=True, slots=True)
class BinaryModel:
    """A fitted model of an outcome that happens or not.

    Attributes
    ----------
    ratios : tuple of FeatureRatio
        In the order of the features, without the dropped ones.
    base : Estimate
        Probability where every feature is 0.
    n, events : int
        Units, and how many of them had the outcome.
    events_per_variable : float
        The rarer outcome per feature.
    separated : tuple of str
        Features that split the outcomes without an error: their ratio is the penalty's, and only
        the end of its interval that is nearer to 1 tells something.
    dropped : tuple of str
        Features that never vary or repeat others; they have no ratio.
    link : Link
    method : str
        For the appendix of a report.
    intercept : float
        Such that predictions are right on average over the units of the fit.
    coefficients : array of float, shape (features,)
        0 for the dropped ones.
    """

    ratios: tuple[FeatureRatio, ...]
    base: Estimate
    n: int
    events: int
    events_per_variable: float
    separated: tuple[str, ...]
    dropped: tuple[str, ...]
    link: Link
    method: str
    intercept: float
    coefficients: Floats

    @property
    def enough(self) -> bool:
        """Whether there are enough losses per feature to read the ratios together."""
        return self.events_per_variable >= SUFFICIENT_EVENTS

    def predict(self, features: ArrayLike) -> Floats:
        """Compute the probability of the outcome for each row of features (all columns).

        Raises
        ------
        ValueError
            Another number of columns than in the fit, or values that are missing.
        """
        table = np.asarray(features, dtype=float)
        table = table[:, None] if table.ndim == 1 else table
        if table.shape[1] != len(self.coefficients):
            raise ValueError(f"{table.shape[1]} features, must be {len(self.coefficients)}")
        if not np.isfinite(table).all():
            raise ValueError("features hold missing or infinite values")
        return probability(self.intercept + table @ self.coefficients, self.link)


def fit_penalised(
    outcome: ArrayLike,
    features: ArrayLike,
    *,
    names: Sequence[str],
    link: Link,
    level: float = 0.95,
) -> BinaryModel:
    """Fit a binary regression under Jeffreys' penalty; call `logistic` or `decision_hazards`.

    Parameters
    ----------
    outcome : array of bool, shape (units,)
    features : array of float, shape (units, features), or (units,)
        None missing.
    names : sequence of str
    link : {"logit", "cloglog"}
    level : float
        Coverage of the intervals.

    Returns
    -------
    BinaryModel
        P-values are those of the penalised likelihood ratio. Predictions have their intercept
        corrected, since the penalty alone pulls them away from rare outcomes.

    Raises
    ------
    ValueError
        The outcome never or always happens, fewer rows than features, or as `read_features`.

    References
    ----------
    Firth 1993, Biometrika 80:27-38; Heinze and Schemper 2002, Statistics in Medicine 21:2409-2419
    (intervals); Kosmidis and Firth 2021, Biometrika 108:71-82 (other links than the logit); Puhr
    et al. 2017, Statistics in Medicine 36:2302-2317 (the corrected intercept).

    Examples
    --------
    >>> lost, fell = np.repeat([1, 0, 1, 0], [6, 14, 6, 74]), np.repeat([1, 0], [20, 80])
    >>> model = fit_penalised(lost, fell, names=["use fell"], link="cloglog")
    >>> round(model.ratios[0].ratio.value, 1), model.ratios[0].ratio.detectable
    (4.5, True)

    Where use fell, the risk of a loss per decision is 4.5 times as high.
    """
    happened, table = read_features(outcome, features, names)
    events = int(happened.sum())
    if events in (0, len(happened)):
        raise ValueError(f"the outcome happened {events} of {len(happened)} times, must vary")
    kept = independent_columns(table)
    scale = np.sqrt((table[:, kept] ** 2).mean(axis=0))
    design = np.column_stack([np.ones(len(table)), table[:, kept] / scale])
    fit = _Fit(design, happened.astype(float), link, level)
    coefficients = np.zeros(len(names))
    coefficients[kept] = fit.best[1:] / scale
    positions = enumerate(zip(np.flatnonzero(kept), scale, strict=True), start=1)
    return BinaryModel(
        tuple(FeatureRatio(names[j], fit.ratio(k, float(size))) for k, (j, size) in positions),
        fit.base(),
        len(happened),
        events,
        events_per_variable(happened, table[:, kept]),
        separated_by(happened, table, names=names),
        tuple(names[j] for j in np.flatnonzero(~kept)),
        link,
        f"{_NAMES[link]}, {_METHOD}",
        _corrected_intercept(table @ coefficients, events / len(happened), link),
        coefficients,
    )


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


class _Fit:
    """The penalised likelihood of one design, its maximum and its profile."""

    def __init__(self, design: Floats, outcome: Floats, link: Link, level: float) -> None:
        self._design, self._outcome, self._link, self._level = design, outcome, link, level
        self._rarer = int(min(outcome.sum(), (1 - outcome).sum()))
        start = np.zeros(design.shape[1])
        start[0] = _corrected_intercept(np.zeros(len(outcome)), float(outcome.mean()), link)
        self._free = np.ones(design.shape[1], dtype=bool)
        top = self._maximise(start, self._free)
        self.best, self._top = top.place, top.value
        self._covariance = np.linalg.inv(top.information)

    def ratio(self, position: int, scale: float) -> Difference:
        """Ratio of one feature, in units of the original feature."""
        value = float(np.exp(self.best[position] / scale))
        low, high = self._ends(position)
        p_value = float(stats.chi2.sf(self._drop(position, 0.0), 1))
        ends = Interval(float(np.exp(low / scale)), float(np.exp(high / scale)), self._level)
        return Difference(value, ends, self._rarer, "ratio", p_value, no_effect=1.0, method=_METHOD)

    def base(self) -> Estimate:
        """Probability where every feature is 0."""
        value, low, high = probability([self.best[0], *self._ends(0)], self._link).tolist()
        ends = Interval(low, high, self._level)
        return Estimate(value, ends, len(self._outcome), "share", _METHOD)

    def _ends(self, position: int) -> tuple[float, float]:
        return self._end(position, -1), self._end(position, 1)

    def _end(self, position: int, side: int) -> float:
        """Where twice the drop of the profile reaches the quantile of its distribution."""
        target = sqrt(stats.chi2.ppf(self._level, 1))
        middle, error = self.best[position], sqrt(self._covariance[position, position])

        def excess(distance: float) -> float:
            drop = self._drop(position, middle + side * distance) if distance else 0.0
            return sqrt(max(drop, 0.0)) - target

        far = 1.25 * target * error
        for _ in range(_FARTHEST):
            if excess(far) > 0:
                precision = _END_PRECISION * error
                return middle + side * float(optimize.brentq(excess, 0.0, far, xtol=precision))
            far *= 1.5
        return side * inf

    def _drop(self, position: int, value: float) -> float:
        """Twice the loss of penalised log-likelihood from fixing one coefficient."""
        free = self._free.copy()
        free[position] = False
        # The others move along as in a quadratic likelihood, so that few steps remain.
        slope = self._covariance[position] / self._covariance[position, position]
        start = self.best + (value - self.best[position]) * slope
        return 2 * (self._top - self._maximise(start, free, _CONVERGED_ON_PROFILE).value)

    def _maximise(self, start: Floats, free: Flags, precision: float = _CONVERGED) -> "_Point":
        """Climb by scoring with halved steps; coefficients that are not free stay."""
        point = self._at(start)
        for _ in range(_ITERATIONS):
            step, gain = self._step(point, free)
            if gain < max(precision, _ROUNDING * abs(point.value)):
                return point
            size = 1.0
            reached = self._at(point.place + step)
            while reached.value < point.value and size > _CONVERGED:
                size /= 2
                reached = self._at(point.place + size * step)
            if reached.value <= point.value:
                return point
            point = reached
        raise ArithmeticError(f"the fit did not converge in {_ITERATIONS} steps, last gain {gain}")

    def _step(self, point: "_Point", free: Flags) -> tuple[Floats, float]:
        spread = np.linalg.solve(point.information, self._design.T)
        leverage = point.terms.weight * np.einsum("ij,ji->i", self._design, spread)
        slope = self._design.T @ (point.terms.residual + 0.5 * leverage * point.terms.growth)
        step = np.zeros(len(point.place))
        step[free] = np.linalg.solve(point.information[np.ix_(free, free)], slope[free])
        return step, float(slope @ step)

    def _at(self, place: Floats) -> "_Point":
        terms = _TERMS[self._link](self._design @ place, self._outcome)
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


def _corrected_intercept(predictor: Floats, share: float, link: Link) -> float:
    """Intercept at which the average probability is a share."""

    def excess(intercept: float) -> float:
        return float(probability(intercept + predictor, link).mean()) - share

    reach = 40.0 + float(np.abs(predictor).max())
    return float(optimize.brentq(excess, -reach, reach))
