"""Who was lost, and how long the others took."""

from dataclasses import dataclass
from datetime import timedelta

import ibis
import numpy as np
import pandas as pd

from opsplaybook.errors import ParamsError, quote
from opsplaybook.metrics.funnels.clock import microseconds
from opsplaybook.metrics.funnels.funnel import Funnel, at_entry
from opsplaybook.metrics.funnels.rows import UNIT
from opsplaybook.metrics.funnels.units import at, has_reached, positions

_DAY = timedelta(days=1)
_WHERE = "funnel"


def count_lost(funnel: Funnel) -> int:
    """Count the units that are not at the end and that no window is open for."""
    return int(funnel.fetch(_lost(funnel).agg(lost=_lost(funnel).count()))["lost"].iloc[0])


def lost_units(funnel: Funnel, *, limit: int = 1000) -> pd.DataFrame:
    """List the units that were lost, those that came furthest first, the latest first.

    Parameters
    ----------
    funnel : Funnel
    limit : int
        Rows at most; `count_lost` says how many there are.

    Returns
    -------
    DataFrame
        ``unit``, ``account_id`` (missing where the table of entries has none), ``last_step``,
        ``last_at`` (moment of that step, in the source's zone), ``days_since`` (whole days from
        then to the end of the last known day) and ``entered_on`` (local day).
    """
    lost = _lost(funnel)
    required = positions(funnel.plan)
    last = ibis.coalesce(*(lost[at(place)] for place in reversed(required)))
    lost = lost.select(UNIT, "level", "entered", last=last)
    few = lost.order_by([ibis.desc("level"), ibis.desc("last"), UNIT]).limit(limit)
    frame = funnel.fetch(_with_account(funnel, few))
    frame = frame.sort_values(["level", "last", UNIT], ascending=[False, False, True])
    clock = funnel.plan.clock
    names = [funnel.rule.required[level - 1].name for level in frame["level"].astype("int64")]
    if funnel.rule.order == "any":
        names = [f"{level} of {len(required)} steps" for level in frame["level"].astype("int64")]
    return pd.DataFrame(
        {
            "unit": frame[UNIT],
            "account_id": frame["account_id"],
            "last_step": pd.Series(names, index=frame.index, dtype="str"),
            "last_at": clock.times(frame["last"]),
            "days_since": (funnel.plan.end - frame["last"].astype("int64")) // microseconds(_DAY),
            "entered_on": clock.days(frame["entered"]),
        }
    ).reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class Durations:
    """How long units took from one step to another, or have been waiting.

    Attributes
    ----------
    counts : DataFrame
        ``time`` (in resolutions), ``reached`` (units that had reached the step by then, and not
        one resolution earlier) and ``censored`` (units that were seen so long without it).
    resolution : timedelta
        Reached times are rounded up to it, the others down, so that "by day k" is exact.
    """

    counts: pd.DataFrame
    resolution: timedelta

    @property
    def days(self) -> np.ndarray:
        """One time per unit, in days, shape (units,)."""
        number = self.counts[["reached", "censored"]].sum(axis=1)
        days = self.counts["time"].to_numpy(dtype=float) * (self.resolution / _DAY)
        return np.repeat(days, number)

    @property
    def observed(self) -> np.ndarray:
        """Whether each of `days` ended with the step, shape (units,)."""
        numbers = self.counts[["reached", "censored"]].to_numpy().ravel()
        return np.repeat(np.tile([True, False], len(self.counts)), numbers)


def durations(
    funnel: Funnel, step: str, *, since: str = "", resolution: timedelta = _DAY
) -> Durations:
    """Count how long units took to reach a step.

    Parameters
    ----------
    funnel : Funnel
    step : str
        A required step, not the first.
    since : str
        A required step before it. Empty: the one just before.
    resolution : timedelta
        Times are counted in whole numbers of it. Choose it small against the window, hours or
        minutes where that has days: units that the window leaves behind are taken out up to one
        resolution before those that go on at its very end, so that the curve ends too high. In
        shop events with a window of a week, 46% went on to the choice of a payment; the curve of
        whole days ended at 100%, those of hours and of minutes at 46%.

    Returns
    -------
    Durations
        Of all units that reached `since`, along the chain that counts. Those that did not reach
        `step` are censored when no window of theirs was open any more, or at the end of the last
        known day.

    Raises
    ------
    ParamsError
        If there is no such step, or the order is not that of time.
    """
    first, last = _pair(funnel, step, since)
    units = funnel.units.filter(has_reached(funnel.units, first))
    size = microseconds(resolution)
    reached = has_reached(units, last)
    took = units[at(last)] - units[at(first)]
    waited = ibis.greatest(units["until"] - units[at(first)], 0)
    # The remainder stands in for a division that some engines would do in floating point.
    up, down = took + (size - took % size) % size, waited - waited % size
    grouped = units.group_by(time=reached.ifelse(up, down), reached=reached).agg(
        units=units.count()
    )
    frame = funnel.fetch(grouped).astype({"time": "int64", "units": "int64", "reached": "bool"})
    frame["time"] //= size
    wide = frame.pivot_table(index="time", columns="reached", values="units", aggfunc="sum")
    wide = wide.reindex(columns=[True, False]).fillna(0).astype("int64").sort_index()
    wide.columns = pd.Index(["reached", "censored"])
    return Durations(wide.reset_index(), resolution)


def next_step(funnel: Funnel, step: str) -> tuple[int, int]:
    """Return the positions of a required step and of the one that follows it.

    Raises
    ------
    ParamsError
        If there is no such step, or none follows.
    """
    number = _number(funnel, step)
    places = positions(funnel.plan)
    if number + 1 == len(places):
        raise ParamsError(
            f"no step follows {quote(step)}", where=_WHERE, remedy="name an earlier one"
        )
    return places[number], places[number + 1]


def _pair(funnel: Funnel, step: str, since: str) -> tuple[int, int]:
    number = _number(funnel, step)
    before = _number(funnel, since) if since else number - 1
    if not 0 <= before < number:
        raise ParamsError(
            f"{quote(since) if since else 'no step'} does not come before {quote(step)}",
            where=_WHERE,
            remedy="name a later step, and one before it",
        )
    places = positions(funnel.plan)
    return places[before], places[number]


def _number(funnel: Funnel, step: str) -> int:
    """Return the place of a required step, from 0."""
    names = [part.name for part in funnel.rule.required]
    if step not in names:
        raise ParamsError(
            f"there is no required step {quote(step)}",
            where=_WHERE,
            remedy=f"there are {', '.join(names)}",
        )
    return names.index(step)


def _lost(funnel: Funnel) -> ibis.Table:
    units = funnel.units
    return units.filter((units["level"] < funnel.plan.length) & ~units["open"])


def _with_account(funnel: Funnel, units: ibis.Table) -> ibis.Table:
    """Add the account of each unit, as of its first entry."""
    if funnel.rule.unit == "account_id":
        return units.mutate(account_id=units[UNIT])
    tables = funnel.tables
    if not any(
        "account_id" in tables.expression(step.table).columns for step in funnel.rule.required[:1]
    ):
        return units.mutate(account_id=ibis.null(str))
    found = at_entry(tables, funnel.plan, units, "account_id").rename(account_id="value")
    return units.left_join(found, UNIT).select(*units.columns, "account_id")
