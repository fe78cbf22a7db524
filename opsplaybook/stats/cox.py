"""Cox's proportional hazards: what goes with leaving sooner, where customers can leave on any day.

For contracts with fixed dates of decision `hazards.decision_hazards` is the model.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning

from opsplaybook.stats.arrays import Flags, Floats
from opsplaybook.stats.censoring import before, read_entry, read_times
from opsplaybook.stats.identification import (
    SUFFICIENT_EVENTS,
    events_per_variable,
    independent_columns,
    read_features,
)
from opsplaybook.stats.penalised import FeatureRatio, ratio_of
from opsplaybook.stats.results import Difference, Interval

Ties = Literal["efron", "breslow"]
"""How equal times are handled; the answers differ, so a report names it."""

_MONOTONE = 12.0
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class ProportionalityTest:
    """Whether the hazard ratio of a feature stays the same over time.

    Attributes
    ----------
    name : str
    statistic : float
        Chi-square with one degree of freedom.
    p_value : float
        A small one says that the ratio changes over time and the single number is an average.
    """

    name: str
    statistic: float
    p_value: float


@dataclass(frozen=True, slots=True)
class CoxModel:
    """A fitted proportional-hazards model.

    Attributes
    ----------
    ratios : tuple of FeatureRatio
        Hazard ratios in the order of the features, without the dropped ones. A feature along which
        all events fall on one side has no finite ratio: its value is NaN, without interval.
    coefficients, standard_errors : array of float, shape (features,)
        Of the features in `ratios`.
    log_likelihood, likelihood_ratio : float
        Partial log-likelihood, and twice its gain over no feature.
    concordance : float
        Share of pairs in which the unit with the higher risk left first (Harrell's).
    n, events : int
    events_per_variable : float
    dropped : tuple of str
        Features that never vary or repeat others.
    ties : {"efron", "breslow"}
    hazards_check : tuple of ProportionalityTest
        In the order of `ratios`, over the ranks of times, equal times at their average rank;
        NaN where a ratio is not finite.
    """

    ratios: tuple[FeatureRatio, ...]
    coefficients: Floats
    standard_errors: Floats
    log_likelihood: float
    likelihood_ratio: float
    concordance: float
    n: int
    events: int
    events_per_variable: float
    dropped: tuple[str, ...]
    ties: Ties
    hazards_check: tuple[ProportionalityTest, ...]

    @property
    def enough(self) -> bool:
        """Whether there are enough events per feature to read the ratios together."""
        return self.events_per_variable >= SUFFICIENT_EVENTS

    def violations(self, alpha: float = 0.05) -> tuple[str, ...]:
        """Name the features whose ratio changes over time."""
        return tuple(test.name for test in self.hazards_check if test.p_value < alpha)


def cox(
    durations: ArrayLike,
    observed: ArrayLike,
    features: ArrayLike,
    *,
    names: Sequence[str],
    entry: ArrayLike | None = None,
    ties: Ties = "efron",
    level: float = 0.95,
) -> CoxModel:
    """Estimate hazard ratios of features that do not change over time.

    Parameters
    ----------
    durations : array of float, shape (units,)
        Time to the event, or to the last time the unit was known to be without it; none missing.
    observed : array of bool, shape (units,)
        Whether the event happened.
    features : array of float, shape (units, features), or (units,)
        As known when the unit was first seen, none missing.
    names : sequence of str
    entry : array of float, shape (units,), optional
        Age at which each unit was first seen (delayed entry).
    ties : {"efron", "breslow"}
    level : float
        Coverage of the intervals, which are symmetric on the scale of the logarithm.

    Returns
    -------
    CoxModel

    Raises
    ------
    ValueError
        No event, or as `read_features` and `kaplan_meier`.

    References
    ----------
    Cox 1972, JRSS B 34:187-220; Efron 1977, JASA 72:557-565; Grambsch and Therneau 1994, Biometrika
    81:515-526 (test of proportional hazards; ranks of the times of events).

    Examples
    --------
    >>> months = [3, 5, 7, 9, 12, 4, 8, 12, 12, 12, 12, 12]
    >>> left = [1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0]
    >>> model = cox(months, left, np.repeat([1, 0], [5, 7]), names=["no training"])
    >>> ratio = model.ratios[0].ratio
    >>> round(ratio.value, 1), ratio.detectable
    (3.9, False)

    Six losses: four times the hazard without training is possible, and so is no difference.
    """
    times, happened = read_times(durations, observed)
    _, table = read_features(happened, features, names)
    if not happened.any():
        raise ValueError("nothing happened to any unit, there is no hazard to compare")
    entered = before(read_entry(entry, times))
    kept = independent_columns(table)
    spread = table[:, kept].std(axis=0)
    scaled = (table[:, kept] - table[:, kept].mean(axis=0)) / spread
    fitted = _fit(times, happened, scaled, entered, ties)
    risks = scaled @ fitted.coefficients
    kept_names = [names[j] for j in np.flatnonzero(kept)]
    checks = tuple(ProportionalityTest(name, nan, nan) for name in kept_names)
    if fitted.known.all():
        since = np.full(len(times), -1.0) if entered is None else entered
        residuals = schoenfeld_residuals(times, happened, scaled, risks, entered=since, ties=ties)
        ranks = stats.rankdata(times[happened])
        checks = proportionality(residuals, fitted.covariance, ranks, names=kept_names)
    return CoxModel(
        _ratios(fitted, spread, kept_names, int(happened.sum()), ties, level),
        fitted.coefficients / spread,
        fitted.errors / spread,
        fitted.log_likelihood,
        2 * (fitted.log_likelihood - fitted.null_log_likelihood),
        _concordance(times, happened, risks, entered),
        len(times),
        int(happened.sum()),
        events_per_variable(happened, table[:, kept]),
        tuple(names[j] for j in np.flatnonzero(~kept)),
        ties,
        checks,
    )


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A fit over scaled features."""

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    null_log_likelihood: float

    @property
    def errors(self) -> Floats:
        """Standard errors; NaN where the likelihood has no maximum."""
        variances = np.diag(self.covariance)
        return np.sqrt(np.where(variances > 0, variances, nan))

    @property
    def known(self) -> Flags:
        """Tell which coefficients are finite: an infinite one stops far out, or without error."""
        return (np.abs(self.coefficients) < _MONOTONE) & np.isfinite(self.errors)


def _fit(
    times: Floats, happened: Flags, features: Floats, entered: Floats | None, ties: Ties
) -> _Fitted:
    # Only the order of times matters. Moved on by 1, whoever is seen from the beginning is at risk
    # at age 0 as well, since statsmodels counts units only after their entry.
    since = None if entered is None else np.maximum(entered + 1, 0)
    model = PHReg(times + 1, features, happened.astype(int), entry=since, ties=ties)
    variables = features.shape[1]
    null = float(model.loglike(np.zeros(variables)))
    # The search cannot end well where a ratio is infinite, which is told from what it returns.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", HessianInversionWarning)
        try:
            found = model.fit(disp=0)
        except np.linalg.LinAlgError:
            unknown = np.full((variables, variables), nan)
            return _Fitted(np.full(variables, nan), unknown, nan, null)
        covariance = np.asarray(found.cov_params())
        return _Fitted(found.params, covariance, float(found.llf), null)


def _ratios(
    fitted: _Fitted,
    spread: Floats,
    names: Sequence[str],
    events: int,
    ties: Ties,
    level: float,
) -> tuple[FeatureRatio, ...]:
    margin = stats.norm.ppf((1 + level) / 2) * fitted.errors
    p_values = 2 * stats.norm.sf(np.abs(fitted.coefficients) / fitted.errors)
    method = f"Cox proportional hazards, ties by {ties.capitalize()}"
    ratios = []
    for j, name in enumerate(names):
        value, ends, p_value = nan, None, nan
        if fitted.known[j]:
            value = ratio_of(fitted.coefficients[j] / spread[j])
            low, high = (fitted.coefficients[j] + np.array([-1, 1]) * margin[j]) / spread[j]
            ends = Interval(ratio_of(low), ratio_of(high), level)
            p_value = float(p_values[j])
        ratio = Difference(value, ends, events, "ratio", p_value, no_effect=1.0, method=method)
        ratios.append(FeatureRatio(name, ratio))
    return tuple(ratios)


def proportionality(
    residuals: ArrayLike, covariance: ArrayLike, ranks: ArrayLike, *, names: Sequence[str]
) -> tuple[ProportionalityTest, ...]:
    """Test whether scaled Schoenfeld residuals go up or down with time.

    Parameters
    ----------
    residuals : array of float, shape (events, features)
        Schoenfeld residuals: the features of who left, less their average among those at risk.
    covariance : array of float, shape (features, features)
        Of the coefficients.
    ranks : array of float, shape (events,)
        Of the times of the events.
    names : sequence of str

    Returns
    -------
    tuple of ProportionalityTest
        NaN where all events came at the same time.

    References
    ----------
    Grambsch and Therneau 1994, Biometrika 81:515-526.

    Examples
    --------
    >>> falling = [[0.4], [0.3], [0.1], [-0.1], [-0.3], [-0.4]]
    >>> test = proportionality(falling, [[0.8]], [1, 2, 3, 4, 5, 6], names=["seats"])[0]
    >>> round(test.statistic, 2), round(test.p_value, 2)
    (2.47, 0.12)

    Who left early had more seats than later leavers, but six losses prove no change.
    """
    rows, spread = np.asarray(residuals, dtype=float), np.asarray(covariance, dtype=float)
    times = np.asarray(ranks, dtype=float)
    centred, count = times - times.mean(), len(times)
    if not centred.any():
        return tuple(ProportionalityTest(name, nan, nan) for name in names)
    scaled = count * rows @ spread
    statistics = (centred @ scaled) ** 2 / (count * np.diag(spread) * (centred @ centred))
    p_values = stats.chi2.sf(statistics, 1)
    found = zip(names, statistics.tolist(), p_values.tolist(), strict=True)
    return tuple(ProportionalityTest(*test) for test in found)


def schoenfeld_residuals(
    times: Floats, happened: Flags, features: Floats, risks: Floats, *, entered: Floats, ties: Ties
) -> Floats:
    """Compare the features of those with the event with the average at risk at the time.

    Parameters
    ----------
    times, happened, risks, entered : array, shape (units,)
        `risks` are linear predictors.
    features : array of float, shape (units, features)
    ties : {"efron", "breslow"}
        Under Efron's each of several at one time is compared with the average over the ways in
        which they could have gone one after the other (statsmodels 0.15 has Breslow's only).

    Returns
    -------
    array of float, shape (events, features)
        In the order of the units.

    Examples
    --------
    >>> times, happened = np.array([1.0, 2, 3]), np.array([True, True, False])
    >>> schoenfeld_residuals(
    ...     times, happened, np.array([[3.0], [0], [0]]), np.zeros(3), entered=np.zeros(3) - 1,
    ...     ties="efron",
    ... ).ravel().tolist()
    [2.0, 0.0]

    The first to leave was 2 above the average of the three.
    """
    parts = np.exp(risks - risks.max())[:, None] * np.column_stack([np.ones(len(times)), features])
    at, group, count = np.unique(times[happened], return_inverse=True, return_counts=True)
    at_risk = _sums_from(times, parts, at) - _sums_from(entered, parts, at)
    leaving = np.zeros_like(at_risk)
    np.add.at(leaving, group, parts[happened])
    turn = np.concatenate([np.arange(size) / size for size in count]) * (ties == "efron")
    owner = np.repeat(np.arange(len(at)), count)
    sums = at_risk[owner] - turn[:, None] * leaving[owner]
    average = np.zeros((len(at), features.shape[1]))
    np.add.at(average, owner, sums[:, 1:] / sums[:, :1] / count[owner, None])
    return features[happened] - average[group]


def _sums_from(ages: Floats, parts: Floats, at: Floats) -> Floats:
    """Sum the parts of units whose age is at least each of some times."""
    order = np.argsort(ages)
    below = np.vstack([np.zeros(parts.shape[1]), np.cumsum(parts[order], axis=0)])
    return below[-1] - below[np.searchsorted(ages[order], at, side="left")]


def _concordance(times: Floats, happened: Flags, risks: Floats, entered: Floats | None) -> float:
    """Share of comparable pairs in the order of their risks; equal risks count half."""
    if np.isnan(risks).any():
        return nan
    agree = comparable = 0.0
    events = np.flatnonzero(happened)
    chunks = np.array_split(events, 1 + len(events) * len(times) // _CELLS_AT_ONCE)
    for chunk in chunks:
        at, risk = times[chunk, None], risks[chunk, None]
        later = (times > at) | ((times == at) & ~happened)
        later &= True if entered is None else entered < at
        agree += (later & (risks < risk)).sum() + 0.5 * (later & (risks == risk)).sum()
        comparable += later.sum()
    return float(agree / comparable) if comparable else nan
