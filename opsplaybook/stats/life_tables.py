"""Life tables by term: the share lost at each renewal, and what is left after it."""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from opsplaybook.stats.arrays import Floats, Integers, require_same_length
from opsplaybook.stats.censoring import greenwood_error, log_log_band
from opsplaybook.stats.hazards import person_periods, whole_numbers
from opsplaybook.stats.rates import rates
from opsplaybook.stats.results import Estimate

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class LifeTable:
    """Losses by number of the renewal.

    Attributes
    ----------
    periods : array of int, shape (periods,)
        Number of the term, ascending.
    at_risk, events : array of int, shape (periods,)
        Units that came to the end of this term, and those that left at it.
    hazard : tuple of Estimate
        Share that left, of those that came so far.
    survival, low, high : array of float, shape (periods,)
        Share of all that stays beyond this term, with its pointwise band.
    median : float
        Term at which half are gone, interpolated between terms; NaN where more than half stay.
    level : float
    """

    periods: Integers
    at_risk: Integers
    events: Integers
    hazard: tuple[Estimate, ...]
    survival: Floats
    low: Floats
    high: Floats
    median: float
    level: float


def life_table(
    periods: ArrayLike,
    observed: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    level: float = 0.95,
) -> LifeTable:
    """Estimate the hazard at each renewal from units.

    Parameters
    ----------
    periods : array of int, shape (units,)
        Last term whose end each unit came to and was decided, from 1.
    observed : array of bool, shape (units,)
        Whether it left at that end.
    entry : array of int, shape (units,), optional
        Renewals before the unit was first seen (delayed entry).
    level : float

    Returns
    -------
    LifeTable
        From the first term at which somebody was at risk; a term at which nobody was ends it.

    Raises
    ------
    ValueError
        As `person_periods`.

    Examples
    --------
    >>> table = life_table([1, 1, 2, 2, 2, 3, 3, 3], [1, 0, 1, 0, 0, 0, 0, 1])
    >>> table.at_risk.tolist(), table.events.tolist(), table.survival.round(3).tolist()
    ([8, 6, 3], [1, 1, 1], [0.875, 0.729, 0.486])

    Half are gone after three renewals, although only three of eight were seen to leave.
    """
    rows = person_periods(periods, observed, entry=entry)
    if not len(rows.period):
        return life_table_of([], [], level=level)
    counts = np.bincount(rows.period), np.bincount(rows.period, weights=rows.event)
    first = int(rows.period.min())
    at_risk, events = (count[first:] for count in counts)
    seen = int(np.argmin(at_risk > 0)) if (at_risk == 0).any() else len(at_risk)
    return life_table_of(at_risk[:seen], events[:seen], first=first, level=level)


def life_table_of(
    at_risk: ArrayLike, events: ArrayLike, *, first: int = 1, level: float = 0.95
) -> LifeTable:
    """Estimate the hazard at each renewal from counts.

    Parameters
    ----------
    at_risk, events : array of int, shape (periods,)
        Units that came to the end of each term, and those that left at it.
    first : int
        Number of the first term.
    level : float

    Returns
    -------
    LifeTable
        Hazards with Wilson's interval, survival with Greenwood's error on the log-log scale.

    Raises
    ------
    ValueError
        More events than units at risk, nobody at risk, or counts that are not whole.

    References
    ----------
    Singer and Willett 2003, Applied Longitudinal Data Analysis, chapter 10.

    Examples
    --------
    >>> table = life_table_of([1000, 869, 743], [131, 126, 90])
    >>> [round(hazard.value, 3) for hazard in table.hazard]
    [0.131, 0.145, 0.121]

    The risk of a loss hardly changes over the first three renewals.
    """
    base, lost = whole_numbers(at_risk, name="at_risk"), whole_numbers(events, name="events")
    require_same_length(base, lost)
    if (base <= 0).any() or (lost < 0).any() or (lost > base).any():
        raise ValueError("events must lie between 0 and at_risk, which must be over 0")
    survival = np.cumprod(1 - lost / base)
    error = greenwood_error(survival, base, lost)
    low, high = np.zeros(0), np.zeros(0)
    if len(base):
        low, high = log_log_band(survival, error, base, lost, level)
    return LifeTable(
        first + np.arange(len(base)),
        base,
        lost,
        rates(lost, base, level=level),
        survival,
        low,
        high,
        _median(first, survival),
        level,
    )


def _median(first: int, survival: Floats) -> float:
    below = np.flatnonzero(survival <= _HALF)
    if not below.size:
        return nan
    step = int(below[0])
    before = survival[step - 1] if step else 1.0
    return float(first + step - 1 + (before - _HALF) / (before - survival[step]))
