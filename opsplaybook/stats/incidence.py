"""Cumulative incidence: how many leave for each reason, where one reason rules out the others.

Taking each reason alone and treating the others as censored (1 minus Kaplan-Meier) overstates all
of them: it asks how many would leave if nobody could leave for anything else.
"""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opsplaybook.stats.arrays import Flags, Floats, Integers
from opsplaybook.stats.censoring import (
    greenwood_parts,
    log_log_band,
    numbers_at_risk,
    read_entry,
    read_times,
)
from opsplaybook.stats.results import Estimate, Interval

_METHOD = "Aalen-Johansen cumulative incidence, log-log interval"


@dataclass(frozen=True, slots=True)
class IncidenceCurve:
    """Share of units that had left for one cause, over time.

    Attributes
    ----------
    cause : str
    times : array of float, shape (steps,)
        0 and each time at which anybody left for any cause, ascending.
    incidence, low, high : array of float, shape (steps,)
        Share that has left for this cause, with its pointwise band. The curves of all causes and
        the share that stays add up to 1.
    events : int
        Units that left for this cause.
    last : float
        Longest time observed.
    n : int
        Units.
    level : float
    """

    cause: str
    times: Floats
    incidence: Floats
    low: Floats
    high: Floats
    events: int
    last: float
    n: int
    level: float

    def at(self, time: float) -> Estimate:
        """Estimate the share that has left for this cause by a time.

        Returns
        -------
        Estimate
            Kind ``share``; NaN beyond the longest time observed.

        Examples
        --------
        >>> years, reasons = [1, 1, 2, 3, 3, 4], ["price", "", "people", "price", "", ""]
        >>> people, price = cumulative_incidence(years, reasons)
        >>> round(people.at(3).value, 3), round(price.at(3).value, 3)
        (0.208, 0.375)

        In three years 38% leave over the price and 21% because people changed.
        """
        if not self.n or time > self.last:
            return Estimate(nan, None, self.n, "share", _METHOD)
        step = int(np.searchsorted(self.times, time, side="right")) - 1
        ends = Interval(float(self.low[step]), float(self.high[step]), self.level)
        return Estimate(float(self.incidence[step]), ends, self.n, "share", _METHOD)


def cumulative_incidence(
    durations: ArrayLike,
    causes: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[IncidenceCurve, ...]:
    """Estimate the share that leaves for each of several causes that rule each other out.

    Parameters
    ----------
    durations : array of float, shape (units,)
        Time to leaving, or to the last time the unit was known to stay; none missing.
    causes : array of str, shape (units,)
        Why it left; empty text where it had not left when last seen.
    entry : array of float, shape (units,), optional
        Age at which each unit was first seen (delayed entry).
    level : float
        Coverage of the band, formed on the scale log(-log(1 - share)).

    Returns
    -------
    tuple of IncidenceCurve
        One per cause, by name; empty where nobody left.

    Raises
    ------
    ValueError
        A cause that is no text, or as `kaplan_meier`.

    Notes
    -----
    The routine of statsmodels 0.15 knows no delayed entry; without it the numbers are the same.

    References
    ----------
    Aalen and Johansen 1978, Scandinavian Journal of Statistics 5:141-150; Marubini and Valsecchi
    1995, Analysing Survival Data from Clinical Trials, section 10.5 (variance).

    Examples
    --------
    >>> curves = cumulative_incidence([1, 2, 3, 4], ["price", "people", "price", ""])
    >>> [(curve.cause, curve.incidence[-1].item()) for curve in curves]
    [('people', 0.25), ('price', 0.5)]

    Half leave over the price, a quarter because people changed, and a quarter stays.
    """
    labels = _read_causes(causes)
    times, happened = read_times(durations, labels != "")
    entered = read_entry(entry, times)
    risk = _Risk.of(times, happened, entered)
    return tuple(
        _curve(cause, times, labels == cause, risk, level) for cause in np.unique(labels[happened])
    )


def _read_causes(causes: ArrayLike) -> NDArray[np.object_]:
    labels = np.asarray(causes, dtype=object)
    wrong = sum(not isinstance(label, str) for label in labels)
    if wrong:
        raise ValueError(f"{wrong} causes are no text; write empty text where nobody left")
    return labels


@dataclass(frozen=True, slots=True)
class _Risk:
    """The course of all causes together, at each time at which anybody left."""

    steps: Floats
    at_risk: Integers
    left: Integers
    staying: Floats

    @classmethod
    def of(cls, times: Floats, happened: Flags, entered: Floats) -> "_Risk":
        """Count who was at risk and who left."""
        steps, left = np.unique(times[happened], return_counts=True)
        at_risk = numbers_at_risk(steps, entries=np.sort(entered), exits=np.sort(times))
        staying = np.append(1.0, np.cumprod(1 - left / at_risk))[:-1]
        return cls(steps, at_risk, left, staying)


def _curve(cause: str, times: Floats, left: Flags, risk: _Risk, level: float) -> IncidenceCurve:
    own = np.bincount(np.searchsorted(risk.steps, times[left]), minlength=len(risk.steps))
    share = np.cumsum(risk.staying * own / risk.at_risk)
    error = np.sqrt(np.maximum(_variance(share, own, risk), 0.0))
    low, high = log_log_band(
        np.append(1.0, 1 - share),
        np.append(0.0, error),
        np.append(risk.at_risk[0], risk.at_risk),
        np.append(0, own),
        level,
    )
    return IncidenceCurve(
        cause,
        np.append(0.0, risk.steps),
        np.append(0.0, share),
        1 - high,
        1 - low,
        int(own.sum()),
        float(times.max()),
        len(times),
        level,
    )


def _variance(share: Floats, own: Integers, risk: _Risk) -> Floats:
    """Variance by the delta method, from sums over the times up to each."""
    all_causes = greenwood_parts(risk.at_risk, risk.left)
    own_part = risk.staying**2 * own * (risk.at_risk - own) / risk.at_risk.astype(float) ** 3
    shared = risk.staying * own / risk.at_risk.astype(float) ** 2
    spread = (
        share**2 * np.cumsum(all_causes)
        - 2 * share * np.cumsum(share * all_causes)
        + np.cumsum(share**2 * all_causes)
    )
    covariance = share * np.cumsum(shared) - np.cumsum(share * shared)
    return spread + np.cumsum(own_part) - 2 * covariance
