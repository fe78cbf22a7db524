"""Time to an event when some units have not had it yet (Kaplan-Meier).

A unit without the event is censored at its last known time: it counts as at risk until then and as
nothing after. Leaving it out, or taking it for a success or a failure, would bias every number.
"""

from dataclasses import dataclass
from math import inf, nan

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from statsmodels.stats.proportion import proportion_confint

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import Flags, Floats, flags, floats, require_same_length
from opsplaybook.stats.results import Difference, Estimate, Interval

_TIE = 1e-9
_METHOD = "Kaplan-Meier, log-log band"


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """Share of units still without the event, over time.

    Attributes
    ----------
    times : array of float, shape (steps,)
        0 and each time with an event, ascending.
    survival, low, high : array of float, shape (steps,)
        Share without the event from this time on, with the ends of its pointwise band.
    standard_error : array of float, shape (steps,)
        Greenwood's.
    at_risk, events : array of int, shape (steps,)
        Units at risk just before this time, and events at it.
    last : float
        Longest time observed; the curve says nothing beyond it.
    n : int
        Units.
    level : float
        Coverage of the band.
    """

    times: Floats
    survival: Floats
    low: Floats
    high: Floats
    standard_error: Floats
    at_risk: Floats
    events: Floats
    last: float
    n: int
    level: float

    @property
    def censored(self) -> int:
        """Units without the event."""
        return self.n - int(self.events.sum())

    def at(self, time: float) -> Estimate:
        """Estimate the share still without the event after a time.

        Returns
        -------
        Estimate
            Kind ``share``; NaN beyond the longest time observed.

        Examples
        --------
        >>> curve = kaplan_meier([2, 3, 5, 8, 8, 9], [1, 1, 0, 1, 0, 1])
        >>> round(curve.at(4).value, 3)
        0.667

        Two thirds of the tickets are still open after 4 hours.
        """
        if time > self.last or not self.n:
            return Estimate(nan, None, self.n, "share", _METHOD)
        step = int(np.searchsorted(self.times, time, side="right")) - 1
        ends = Interval(float(self.low[step]), float(self.high[step]), self.level)
        return Estimate(float(self.survival[step]), ends, self.n, "share", _METHOD)

    def quantile(self, share: float, *, kind: Kind = "days") -> Estimate:
        """Estimate the time by which a share of units has had the event.

        Returns
        -------
        Estimate
            NaN where the curve does not fall so far; the high end is infinite where the band does
            not. No interval where there is no unit.

        References
        ----------
        Brookmeyer and Crowley 1982, Biometrics 38:29-41 (where the band crosses the share).

        Examples
        --------
        >>> curve = kaplan_meier([2, 3, 5, 8, 8, 9], [1, 1, 0, 1, 0, 1])
        >>> median = curve.quantile(0.5, kind="hours")
        >>> median.value, median.interval.low, median.interval.high
        (8.0, 2.0, inf)

        Half are closed after 8 hours; six tickets cannot say how much later it may truly be.
        """
        if not 0 < share < 1:
            raise ValueError(f"share == {share}, must lie between 0 and 1")
        value = self._first_below(self.survival, 1 - share)
        low = self._first_below(self.low, 1 - share)
        high = self._first_below(self.high, 1 - share)
        ends = Interval(low, high, self.level) if self.n and low < inf else None
        return Estimate(value if value < inf else nan, ends, self.n, kind, _METHOD)

    def median(self, *, kind: Kind = "days") -> Estimate:
        """Estimate the time by which half of the units have had the event; see `quantile`."""
        return self.quantile(0.5, kind=kind)

    def _first_below(self, curve: NDArray, share: float) -> float:
        steps = np.flatnonzero(curve[1:] <= share + _TIE)
        return float(self.times[1:][steps[0]]) if steps.size else inf


def kaplan_meier(
    durations: ArrayLike, observed: ArrayLike, *, level: float = 0.95
) -> SurvivalCurve:
    """Estimate the share of units still without an event, over time.

    Parameters
    ----------
    durations : array of float, shape (units,)
        Time to the event, or to the last time the unit was known to be without it; none missing.
    observed : array of bool, shape (units,)
        Whether the event happened; False is censored.
    level : float
        Coverage of the band, formed on the scale log(-log(share)). Where nobody has had the event
        yet, or every unit has, it is Wilson's on all units; where the curve falls to 0 although
        some units are censored, the high end stays where it was.

    Returns
    -------
    SurvivalCurve

    Raises
    ------
    ValueError
        Different lengths, or a duration that is missing or negative.

    References
    ----------
    Kaplan and Meier 1958, JASA 53:457-481; Kalbfleisch and Prentice 1980 (log-log band).

    Examples
    --------
    >>> curve = kaplan_meier([2, 3, 5, 8, 8, 9], [1, 1, 0, 1, 0, 1])
    >>> curve.survival.round(3).tolist(), curve.censored
    ([1.0, 0.833, 0.667, 0.444, 0.0], 2)

    After 8 hours 44% are still open; two were open when last seen.
    """
    times, happened = _read(durations, observed)
    at_start = float(len(times))
    if not len(times):
        none = np.array([nan])
        zero = np.array([0.0])
        return SurvivalCurve(zero, none, none, none, none, zero, zero, nan, 0, level)
    fitted = SurvfuncRight(times, happened.astype(float))
    kept = fitted.n_events > 0
    survival = np.append(1.0, fitted.surv_prob[kept])
    # Greenwood's sum is 0 divided by 0 where the curve has fallen to 0; there is no spread left.
    error = np.append(0.0, np.nan_to_num(fitted.surv_prob_se[kept], posinf=0.0))
    at_risk = np.append(at_start, fitted.n_risk[kept])
    events = np.append(0.0, fitted.n_events[kept])
    low, high = _band(survival, error, at_risk, events, level)
    return SurvivalCurve(
        np.append(0.0, fitted.surv_times[kept]),
        survival,
        low,
        high,
        error,
        at_risk,
        events,
        float(times.max()),
        len(times),
        level,
    )


def log_rank(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    kind: Kind = "days",
    level: float = 0.95,
) -> Difference:
    """Compare two groups' times to an event by the log-rank test.

    Parameters
    ----------
    first, second : tuple of (durations, observed), each of shape (units,)
        As in `kaplan_meier`.
    kind : Kind
        What the durations are.
    level : float

    Returns
    -------
    Difference
        Of the medians, without an interval: the p-value belongs to the whole curves. `first` and
        `second` are the medians. NaN where a group is empty or nothing happened.

    Examples
    --------
    >>> slow, fast = ([6, 7, 10, 15, 19, 25], [1, 0, 1, 1, 0, 1]), ([1, 1, 2, 2, 3, 4], [1] * 6)
    >>> found = log_rank(slow, fast)
    >>> found.first.value, found.second.value, round(found.p_value, 4)
    (15.0, 2.0, 0.0005)

    The first group takes 13 days longer in the median, and chance hardly gives such curves.
    """
    one, two = kaplan_meier(*first, level=level), kaplan_meier(*second, level=level)
    medians = one.median(kind=kind), two.median(kind=kind)
    p_value = nan
    if one.n and two.n and one.events.sum() + two.events.sum() > 0:
        (times, happened), (other_times, other_happened) = _read(*first), _read(*second)
        groups = np.repeat([0, 1], [one.n, two.n])
        statistic, _ = survdiff(
            np.append(times, other_times), np.append(happened, other_happened), groups
        )
        # Computed here: the p-value that comes with the statistic is cut off at 1e-16.
        p_value = float(stats.chi2.sf(statistic, 1))
    return Difference(
        medians[0].value - medians[1].value,
        None,
        min(one.n, two.n),
        kind,
        p_value,
        *medians,
        method="medians by Kaplan-Meier, log-rank test",
    )


def _read(durations: ArrayLike, observed: ArrayLike) -> tuple[Floats, Flags]:
    times = floats(np.asarray(durations, dtype=float), name="durations")
    happened = flags(observed, name="observed")
    require_same_length(times, happened)
    wrong = np.isnan(times) | (times < 0)
    if wrong.any():
        raise ValueError(f"{wrong.sum()} durations are missing or negative")
    return times, happened


def _band(
    survival: NDArray, error: NDArray, at_risk: NDArray, events: NDArray, level: float
) -> tuple[Floats, Floats]:
    critical = stats.norm.ppf((1 + level) / 2)
    low, high = np.zeros_like(survival), np.ones_like(survival)
    inside = (survival > _TIE) & (survival < 1)
    share = survival[inside]
    width = critical * error[inside] / (share * np.abs(np.log(share)))
    low[inside], high[inside] = share ** np.exp(width), share ** np.exp(-width)
    start = survival == 1
    low[start] = proportion_confint(
        at_risk[start], at_risk[start], alpha=1 - level, method="wilson"
    )[0]
    if survival[-1] <= _TIE:
        everybody = events.sum() == at_risk[0]
        none_left = proportion_confint(0, at_risk[0], alpha=1 - level, method="wilson")[1]
        high[-1] = none_left if everybody else high[-2]
    return low, high
