"""Binary regression under Jeffreys' penalty: finite and little biased where losses are few.

The likelihood is multiplied by the root of the determinant of the expected information. Estimates
stay finite even where a feature splits the outcomes without an error, and intervals follow the
penalised likelihood itself instead of a symmetric approximation, which is poor with few losses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, nan

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opsplaybook.stats.arrays import Floats
from opsplaybook.stats.identification import (
    SUFFICIENT_EVENTS,
    events_per_variable,
    independent_columns,
    read_features,
    separated_by,
)
from opsplaybook.stats.jeffreys import Link, PenalisedLikelihood, intercept_for, probability
from opsplaybook.stats.results import Difference, Estimate, Interval

_NAMES = {
    "logit": "logistic regression",
    "cloglog": "discrete-time hazard (complementary log-log)",
}
_METHOD = "Jeffreys penalty, profile penalised likelihood"
_LARGEST_LOGARITHM = 700.0


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
    level: float | None = 0.95,
) -> BinaryModel:
    """Fit a binary regression under Jeffreys' penalty; call `logistic` or `decision_hazards`.

    Parameters
    ----------
    outcome : array of bool, shape (units,)
    features : array of float, shape (units, features), or (units,)
        None missing.
    names : sequence of str
    link : {"logit", "cloglog"}
    level : float or None
        Coverage of the intervals. None where only predictions are wanted, as in a back-test: it
        leaves out intervals, p-values and the search for separation, which take most of the time.

    Returns
    -------
    BinaryModel
        P-values are those of the penalised likelihood ratio. Predictions have their intercept
        corrected, since the penalty alone pulls them away from rare outcomes. Under perfect
        separation an end may be infinite, or 0, and a p-value NaN, where numbers reach no further.

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
    centre, spread = table[:, kept].mean(axis=0), table[:, kept].std(axis=0)
    design = np.column_stack([np.ones(len(table)), (table[:, kept] - centre) / spread])
    fit = PenalisedLikelihood(design, happened.astype(float), link)
    coefficients = np.zeros(len(names))
    coefficients[kept] = fit.best[1:] / spread
    units = np.eye(len(spread) + 1)[1:] / spread[:, None]
    ratios = [_ratio(fit, unit, level) for unit in units]
    return BinaryModel(
        tuple(FeatureRatio(names[j], r) for j, r in zip(np.flatnonzero(kept), ratios, strict=True)),
        _base(fit, np.append(1.0, -centre / spread), link, level),
        len(happened),
        events,
        events_per_variable(happened, table[:, kept]),
        () if level is None else separated_by(happened, table, names=names),
        tuple(names[j] for j in np.flatnonzero(~kept)),
        link,
        f"{_NAMES[link]}, {_METHOD}",
        intercept_for(table @ coefficients, events / len(happened), link),
        coefficients,
    )


def fit_shift(
    outcome: ArrayLike, predictor: ArrayLike, *, link: Link = "logit", level: float = 0.95
) -> Estimate:
    """Estimate by how much all linear predictors are too low.

    Parameters
    ----------
    outcome : array of bool, shape (units,)
    predictor : array of float, shape (units,)
        Logits (or complementary log-logs) of the probabilities to be judged.
    link : {"logit", "cloglog"}
    level : float

    Returns
    -------
    Estimate
        Kind ``number``, 0 where the level is right; n is the number of the rarer outcome.

    Raises
    ------
    ValueError
        As `read_features`.

    Examples
    --------
    >>> lost = np.repeat([1, 0], [20, 80])
    >>> shift = fit_shift(lost, np.full(100, np.log(0.1 / 0.9)))
    >>> round(shift.value, 2), shift.interval.contains(0)
    (0.83, False)

    A forecast of 10% was too low where 20% left.
    """
    happened, table = read_features(outcome, predictor, ["predictor"])
    ones = np.ones((len(table), 1))
    fit = PenalisedLikelihood(ones, happened.astype(float), link, offset=table[:, 0])
    ends = Interval(*fit.ends(np.ones(1), level), level)
    return Estimate(float(fit.best[0]), ends, fit.rarer, "number", _METHOD)


def _ratio(fit: PenalisedLikelihood, unit: Floats, level: float | None) -> Difference:
    """Ratio for one more unit of a feature."""
    ends, p_value = None, nan
    if level is not None:
        low, high = (ratio_of(end) for end in fit.ends(unit, level))
        ends = Interval(low, high, level)
        p_value = _p_value(fit, unit)
    value = ratio_of(float(unit @ fit.best))
    return Difference(value, ends, fit.rarer, "ratio", p_value, no_effect=1.0, method=_METHOD)


def _p_value(fit: PenalisedLikelihood, unit: Floats) -> float:
    try:
        return float(stats.chi2.sf(fit.drop(unit, 0.0), 1))
    except ArithmeticError:
        return nan


def _base(fit: PenalisedLikelihood, zero: Floats, link: Link, level: float | None) -> Estimate:
    """Probability where every feature is 0, which lies at `zero` of the design."""
    ends = None
    if level is not None:
        ends = Interval(*probability(fit.ends(zero, level), link).tolist(), level)
    value = float(probability(zero @ fit.best, link))
    return Estimate(value, ends, fit.n, "share", _METHOD)


def ratio_of(log_ratio: float) -> float:
    """Turn the logarithm of a ratio into the ratio, infinite where it is too large to write.

    Examples
    --------
    >>> ratio_of(0.0), ratio_of(1e5)
    (1.0, inf)

    An end of an interval may lie beyond all numbers.
    """
    return exp(log_ratio) if log_ratio < _LARGEST_LOGARITHM else inf
