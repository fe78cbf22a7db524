"""Whether forecast probabilities come true, and whether they beat knowing only the base rate.

Each decision is one row, scored once, by the newest forecast that was made before it; the
probabilities were fitted without it. Scores of the data that a model was fitted to flatter it.
"""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit, xlogy

from opsplaybook.stats.arrays import (
    Flags,
    Floats,
    cluster_codes,
    flags,
    floats,
    has_spread,
    require_same_length,
)
from opsplaybook.stats.jeffreys import PenalisedLikelihood
from opsplaybook.stats.penalised import fit_shift
from opsplaybook.stats.rates import rate
from opsplaybook.stats.resampling import bootstrap
from opsplaybook.stats.results import Estimate, Interval

BINS = 5
"""Groups of equal size that forecasts are compared with the outcomes in."""

_METHOD = "logistic recalibration, Jeffreys penalty, profile penalised likelihood"
_FEWEST = 3
_MOST_FOR_BCA = 2000


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """One group of similar forecasts.

    Attributes
    ----------
    low, high : float
        Lowest and highest forecast of the group.
    expected : float
        Their average.
    observed : Estimate
        Share that had the outcome, with Wilson's interval.
    """

    low: float
    high: float
    expected: float
    observed: Estimate


@dataclass(frozen=True, slots=True)
class Calibration:
    """How forecasts compare with what came.

    Attributes
    ----------
    intercept : Estimate
        By how much forecasts were too low, as a logit: 0 where their level was right.
    slope : Estimate
        1 where their spread was right; under 1 high forecasts were too high and low ones too low.
        NaN where all forecasts are the same.
    bins : tuple of CalibrationBin
        From low to high forecasts.
    expected : float
        Sum of the forecasts.
    observed : int
        Units with the outcome.
    n : int
        Units.
    """

    intercept: Estimate
    slope: Estimate
    bins: tuple[CalibrationBin, ...]
    expected: float
    observed: int
    n: int

    @property
    def calibrated(self) -> bool:
        """Whether neither level nor spread is detectably wrong; False where it cannot be told.

        Two looks at 95%: forecasts that are right pass nine times in ten.
        """
        level, spread = self.intercept.interval, self.slope.interval
        known = level is not None and (spread is not None or np.isnan(self.slope.value))
        return known and level.contains(0) and (spread is None or spread.contains(1))


@dataclass(frozen=True, slots=True)
class BrierSkill:
    """How much better forecasts were than the base rate alone.

    Attributes
    ----------
    score, base_score : float
        Brier score (mean squared error) of the forecasts, and of the base rate.
    skill : Estimate
        ``1 - score / base_score``: 0 is no better than the base rate, 1 is perfect.
    log_loss, base_log_loss : float
        Mean negative log-likelihood; infinite where something happened that was ruled out.
    """

    score: float
    base_score: float
    skill: Estimate
    log_loss: float
    base_log_loss: float


def calibrate(
    probabilities: ArrayLike, outcome: ArrayLike, *, bins: int = BINS, level: float = 0.95
) -> Calibration:
    """Compare forecast probabilities with outcomes.

    Parameters
    ----------
    probabilities : array of float, shape (units,)
        Between 0 and 1, ends excluded; none missing.
    outcome : array of bool, shape (units,)
    bins : int
        Groups of about equal size; equal forecasts stay in one group.
    level : float

    Returns
    -------
    Calibration
        Level and slope by penalised logistic regression, with intervals along the likelihood; none
        where the outcome never or always happened.

    Raises
    ------
    ValueError
        A probability that is missing or not between 0 and 1, or no unit.

    References
    ----------
    Cox 1958, Biometrika 45:562-565; Van Calster et al. 2019, BMC Medicine 17:230 (level, slope).

    Examples
    --------
    >>> forecast = np.repeat([0.1, 0.2, 0.4], [100, 100, 100])
    >>> lost = np.concatenate([np.repeat([1, 0], [hits, 100 - hits]) for hits in (10, 21, 39)])
    >>> found = calibrate(forecast, lost)
    >>> round(found.expected), found.observed, round(found.slope.value, 2), found.calibrated
    (70, 70, 0.95, True)

    70 losses were forecast and 70 came, and high forecasts were as much higher as they should be.
    """
    given, happened = _read(probabilities, outcome)
    if not len(given):
        raise ValueError("no forecast was decided, there is nothing to compare")
    if ((given <= 0) | (given >= 1)).any():
        raise ValueError("a forecast of 0 or 1 has no logit, must lie between them")
    intercept, slope = _recalibrated(logit(given), happened, level)
    return Calibration(
        intercept,
        slope,
        calibration_bins(given, happened, bins=bins, level=level),
        float(given.sum()),
        int(happened.sum()),
        len(given),
    )


def calibration_bins(
    probabilities: ArrayLike,
    outcome: ArrayLike,
    *,
    bins: int = BINS,
    edges: ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[CalibrationBin, ...]:
    """Compare forecasts with outcomes in groups of similar forecasts.

    Parameters
    ----------
    probabilities : array of float, shape (units,)
        From 0 to 1, none missing.
    outcome : array of bool, shape (units,)
    bins : int
        Groups of about equal size; equal forecasts stay in one group.
    edges : array of float, optional
        Ascending limits between groups instead; each belongs to the group below it.
    level : float

    Returns
    -------
    tuple of CalibrationBin
        From low to high forecasts, without empty groups.

    Raises
    ------
    ValueError
        A probability that is missing or not from 0 to 1, or different lengths.

    Examples
    --------
    >>> forecast, lost = [0.1, 0.1, 0.2, 0.6, 0.7, 0.8], [0, 0, 1, 0, 1, 1]
    >>> low, high = calibration_bins(forecast, lost, edges=[0.5])
    >>> round(high.expected, 2), round(high.observed.value, 2), high.observed.n
    (0.7, 0.67, 3)

    Of the three with a high forecast two left, as forecast.
    """
    given, happened = _read(probabilities, outcome)
    shares = np.arange(1, bins) / bins
    if edges is None and len(given):
        edges = np.unique(np.quantile(given, shares, method="inverted_cdf"))
    codes = np.searchsorted(np.asarray(edges, dtype=float), given, side="left")
    return tuple(_bin(given[codes == k], happened[codes == k], level) for k in np.unique(codes))


def brier_skill(
    probabilities: ArrayLike,
    outcome: ArrayLike,
    *,
    base: ArrayLike | float,
    generator: np.random.Generator,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> BrierSkill:
    """Compare forecasts with the base rate by their squared errors.

    Parameters
    ----------
    probabilities : array of float, shape (units,)
        From 0 to 1, none missing.
    outcome : array of bool, shape (units,)
    base : float, or array of float, shape (units,)
        The rate as it was known when each forecast was made.
    generator : numpy.random.Generator
    clusters : array, shape (units,), optional
        The account of each row, where accounts have several.
    level : float

    Returns
    -------
    BrierSkill
        The interval is a bootstrap of accounts: BCa up to 2,000 of them, above that percentile,
        since its correction needs one pass per account and is negligible there.

    Raises
    ------
    ValueError
        A probability that is missing or not from 0 to 1, or different lengths.

    References
    ----------
    Brier 1950, Monthly Weather Review 78:1-3.

    Examples
    --------
    >>> forecast, lost = np.tile([0.1, 0.4], 50), np.tile([0, 0, 0, 1], 25)
    >>> found = brier_skill(forecast, lost, base=0.25, generator=np.random.default_rng(1))
    >>> round(found.score, 3), round(found.base_score, 3), round(found.skill.value, 2)
    (0.135, 0.188, 0.28)

    Squared errors are 28% smaller than those of forecasting the base rate for all.
    """
    given, happened = _read(probabilities, outcome)
    rates, _ = _read(np.broadcast_to(np.asarray(base, dtype=float), given.shape), happened)
    errors, base_errors = (given - happened) ** 2, (rates - happened) ** 2
    names = np.arange(len(given)) if clusters is None else clusters
    codes, accounts = cluster_codes(names)
    require_same_length(given, codes)
    skill = bootstrap(
        _gain,
        [np.bincount(codes, weights=e, minlength=accounts) for e in (errors, base_errors)],
        generator=generator,
        kind="share",
        method="bca" if accounts <= _MOST_FOR_BCA else "percentile",
        level=level,
    )
    return BrierSkill(
        _mean(errors),
        _mean(base_errors),
        skill,
        _log_loss(given, happened),
        _log_loss(rates, happened),
    )


def _read(probabilities: ArrayLike, outcome: ArrayLike) -> tuple[Floats, Flags]:
    given = floats(np.asarray(probabilities, dtype=float), name="probabilities")
    happened = flags(outcome, name="outcome")
    require_same_length(given, happened)
    wrong = ~((given >= 0) & (given <= 1))
    if wrong.any():
        raise ValueError(f"{wrong.sum()} probabilities are missing or not from 0 to 1")
    return given, happened


def _recalibrated(logits: Floats, happened: Flags, level: float) -> tuple[Estimate, Estimate]:
    rarer = int(min(happened.sum(), (~happened).sum()))
    nothing = Estimate(nan, None, rarer, "number", _METHOD)
    if not rarer:
        return nothing, nothing
    shift = fit_shift(happened, logits, level=level)
    if not has_spread(logits) or len(logits) < _FEWEST:
        return shift, nothing
    spread = logits.std()
    design = np.column_stack([np.ones(len(logits)), (logits - logits.mean()) / spread])
    fit = PenalisedLikelihood(design, happened.astype(float), "logit")
    unit = np.array([0.0, 1 / spread])
    ends = Interval(*fit.ends(unit, level), level)
    return shift, Estimate(float(unit @ fit.best), ends, rarer, "number", _METHOD)


def _bin(given: Floats, happened: Flags, level: float) -> CalibrationBin:
    observed = rate(int(happened.sum()), len(given), level=level)
    return CalibrationBin(float(given.min()), float(given.max()), float(given.mean()), observed)


def _gain(errors: Floats, base_errors: Floats) -> float:
    base = base_errors.mean()
    return float(1 - errors.mean() / base) if base > 0 else nan


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else nan


def _log_loss(given: Floats, happened: Flags) -> float:
    # xlogy counts 0 times the logarithm of 0 as 0: certainty that comes true costs nothing.
    return -_mean(xlogy(happened, given) + xlogy(~happened, 1 - given))
