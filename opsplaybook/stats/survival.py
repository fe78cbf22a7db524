"""Time to an event when some units have not had it yet (Kaplan-Meier).

A unit without the event is censored at its last known time: it counts as at risk until then and as
nothing after. Leaving it out, or taking it for a success or a failure, would bias every number. A
unit older than the data counts from the age at which it was first seen (delayed entry): those of
its age that had left before are nowhere in the data.
"""

from dataclasses import dataclass
from math import inf, nan

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import Flags, Floats, Integers
from opsplaybook.stats.censoring import (
    before,
    greenwood_error,
    log_log_band,
    numbers_at_risk,
    read_entry,
    read_times,
)
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
        Units at risk just before this time, and events at it. With delayed entry the first number
        is that at the first event.
    last : float
        Longest time observed; the curve says nothing beyond it.
    n : int
        Units.
    level : float
        Coverage of the band.
    entries, exits : array of float, shape (units,)
        Ages at which units were first and last seen, each sorted on its own.
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
    entries: Floats
    exits: Floats

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

    def at_risk_at(self, times: ArrayLike) -> Integers:
        """Count the units observed just before each of some times, for the table under a curve.

        Examples
        --------
        >>> kaplan_meier([2, 3, 5, 8, 8, 9], [1, 1, 0, 1, 0, 1]).at_risk_at([0, 4, 8]).tolist()
        [6, 4, 3]

        From 8 hours on the curve rests on three tickets.
        """
        return numbers_at_risk(times, entries=self.entries, exits=self.exits)

    def remaining(self, age: float, further: float) -> Estimate:
        """Estimate the chance that a unit without the event at an age stays so for longer.

        Parameters
        ----------
        age : float
            How long the unit has been without the event.
        further : float
            How much longer is asked about.

        Returns
        -------
        Estimate
            Survival at ``age + further`` over survival at `age`, kind ``share``. n counts the units
            at risk just after that age. NaN beyond the longest time observed, or where nobody got
            that far.

        Examples
        --------
        >>> curve = kaplan_meier([2, 3, 5, 8, 8, 9], [1, 1, 0, 1, 0, 1])
        >>> round(curve.remaining(4, 4).value, 2), round(curve.at(8).value, 2)
        (0.67, 0.44)

        A ticket that is open after 4 hours is open after 8 with a chance of 67%, not 44%.
        """
        later = (self.times > age) & (self.times <= age + further)
        n = int((self.entries <= age).sum() - (self.exits <= age).sum()) if self.n else 0
        method = f"{_METHOD}, of those that got to the age"
        if not n or age + further > self.last:
            return Estimate(nan, None, n, "share", method)
        at_risk = np.append(n, self.at_risk[later])
        events = np.append(0.0, self.events[later])
        survival = np.cumprod(1 - events / at_risk)
        error = greenwood_error(survival, at_risk, events)
        low, high = log_log_band(survival, error, at_risk, events, self.level)
        ends = Interval(float(low[-1]), float(high[-1]), self.level)
        return Estimate(float(survival[-1]), ends, n, "share", method)

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
    durations: ArrayLike,
    observed: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    level: float = 0.95,
) -> SurvivalCurve:
    """Estimate the share of units still without an event, over time.

    Parameters
    ----------
    durations : array of float, shape (units,)
        Time to the event, or to the last time the unit was known to be without it; none missing.
    observed : array of bool, shape (units,)
        Whether the event happened; False is censored.
    entry : array of float, shape (units,), optional
        Age at which each unit was first seen, before its duration; without it all are seen from 0.
        Where few are seen at low ages the start of the curve is unsure, and so is all after it.
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
        Different lengths, a duration that is missing or negative, or an entry that is not before
        it.

    References
    ----------
    Kaplan and Meier 1958, JASA 53:457-481; Kalbfleisch and Prentice 1980 (log-log band); Tsai,
    Jewell and Wang 1987, Biometrika 74:883-886 (delayed entry).

    Examples
    --------
    >>> curve = kaplan_meier([2, 3, 5, 8, 8, 9], [1, 1, 0, 1, 0, 1])
    >>> curve.survival.round(3).tolist(), curve.censored
    ([1.0, 0.833, 0.667, 0.444, 0.0], 2)

    After 8 hours 44% are still open; two were open when last seen.
    """
    times, happened = read_times(durations, observed)
    entered = read_entry(entry, times)
    seen = np.sort(entered), np.sort(times)
    if not len(times):
        none = np.array([nan])
        zero = np.array([0.0])
        return SurvivalCurve(zero, none, none, none, none, zero, zero, nan, 0, level, *seen)
    fitted = SurvfuncRight(times, happened.astype(float), entry=before(entered))
    events = np.append(0.0, fitted.n_events)
    at_start = fitted.n_risk[0] if entered.any() and len(fitted.n_risk) else len(times)
    at_risk = np.append(float(at_start), fitted.n_risk)
    survival = np.append(1.0, fitted.surv_prob)
    # Greenwood's sum is 0 divided by 0 where the curve has fallen to 0; there is no spread left.
    error = np.append(0.0, np.nan_to_num(fitted.surv_prob_se, posinf=0.0))
    low, high = log_log_band(survival, error, at_risk, events, level)
    return SurvivalCurve(
        np.append(0.0, fitted.surv_times),
        survival,
        low,
        high,
        error,
        at_risk,
        events,
        float(times.max()),
        len(times),
        level,
        *seen,
    )


def log_rank(
    first: tuple[ArrayLike, ...],
    second: tuple[ArrayLike, ...],
    *,
    kind: Kind = "days",
    level: float = 0.95,
) -> Difference:
    """Compare two groups' times to an event by the log-rank test.

    Parameters
    ----------
    first, second : tuple of (durations, observed) or (durations, observed, entry)
        Arrays of shape (units,) as in `kaplan_meier`.
    kind : Kind
        What the durations are.
    level : float

    Returns
    -------
    Difference
        Of the medians, without an interval: the p-value belongs to the whole curves. `first` and
        `second` are the medians. The p-value is NaN where the groups were never at
        risk together when something happened to some of them, as with an empty group.

    Examples
    --------
    >>> slow, fast = ([6, 7, 10, 15, 19, 25], [1, 0, 1, 1, 0, 1]), ([1, 1, 2, 2, 3, 4], [1] * 6)
    >>> found = log_rank(slow, fast)
    >>> found.first.value, found.second.value, round(found.p_value, 4)
    (15.0, 2.0, 0.0005)

    The first group takes 13 days longer in the median, and chance hardly gives such curves.
    """
    (times, happened, entered), (others, other_happened, other_entered) = map(
        _read, (first, second)
    )
    one = kaplan_meier(times, happened, entry=entered, level=level)
    two = kaplan_meier(others, other_happened, entry=other_entered, level=level)
    medians = one.median(kind=kind), two.median(kind=kind)
    p_value = nan
    if _comparable(one, two):
        groups = np.repeat([0, 1], [one.n, two.n])
        statistic, _ = survdiff(
            np.append(times, others),
            np.append(happened, other_happened),
            groups,
            entry=before(np.append(entered, other_entered)),
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


def _read(group: tuple[ArrayLike, ...]) -> tuple[Floats, Flags, Floats]:
    times, happened = read_times(*group[:2])
    return times, happened, read_entry(group[2] if len(group) > 2 else None, times)


def _comparable(one: SurvivalCurve, two: SurvivalCurve) -> bool:
    """Tell whether an event left some of both groups, which were at risk together."""
    if not one.n or not two.n:
        return False
    times = np.union1d(one.times[one.events > 0], two.times[two.events > 0])
    first, second = one.at_risk_at(times), two.at_risk_at(times)
    lost = np.zeros(len(times))
    for curve in (one, two):
        np.add.at(
            lost,
            np.searchsorted(times, curve.times[curve.events > 0]),
            curve.events[curve.events > 0],
        )
    return bool(((first > 0) & (second > 0) & (first + second > lost)).any())
