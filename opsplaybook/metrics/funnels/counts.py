"""Reach and loss per step: by segment, by cohort of entry, in periods."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from opsplaybook.metrics.funnels.clock import one_if
from opsplaybook.metrics.funnels.funnel import Funnel
from opsplaybook.metrics.funnels.units import has_reached

Cohort = Literal["", "day", "week", "month"]
NOT_KNOWN = "not known"
"""Value of a segment that is missing at the first entry."""

COUNTS = (
    "entered",
    "before",
    "reached",
    "open",
    "lost",
    "mature_entered",
    "mature_before",
    "mature_reached",
    "mature_open",
)
_COHORT, _PERIOD = "cohort", "period"


def reach(funnel: Funnel, *, by: Sequence[str] = (), cohort: Cohort = "") -> pd.DataFrame:
    """Count the units that reached each step, and those that did not.

    Parameters
    ----------
    funnel : Funnel
    by : sequence of str
        Segments of the rule; each unit is in the one of its first entry.
    cohort : {"", "day", "week", "month"}
        Split by the time of the first entry; weeks begin on Monday.

    Returns
    -------
    DataFrame
        One row per group and step, in order: the segments (``not known`` where missing),
        ``cohort`` (first local day, a midnight without a zone) if asked for, ``position`` (from
        1), ``step``, ``optional``, and counts of units: ``entered``, ``before`` (at the required
        step before; all entrants for the first step), ``reached``, ``open`` (stand there, and a
        window of theirs is still running), ``lost`` (stand there, and none is), and
        ``mature_entered``, ``mature_before``, ``mature_reached`` and ``mature_open``, the same of
        the units whose first window is over, whatever became of them: the base of rates. For an
        optional step ``open`` and ``lost`` are those that have not reached it and stand where
        they still may, or no longer may. Without units: one row per step with 0.
    """
    keys = {name: _named(funnel, name) for name in by}
    frame = funnel.fetch(_by_level(funnel, keys, _edges_of(funnel, cohort)))
    if cohort:
        frame[_COHORT] = _cohort_days(funnel, cohort, frame["place"])
    return _steps(funnel, frame, [*by, *([_COHORT] if cohort else [])])


def reach_in(
    funnel: Funnel, periods: Mapping[str, tuple[date, date]], *, by: Sequence[str] = ()
) -> pd.DataFrame:
    """Count as `reach` does, for the units whose first entry lies in each of some periods.

    Parameters
    ----------
    funnel : Funnel
    periods : mapping of str to (date, date)
        Names, first and last local days, both inclusive. Periods may overlap.
    by : sequence of str
        Segments of the rule.

    Returns
    -------
    DataFrame
        As from `reach`, with ``period`` before the segments, in the order of `periods`; a period
        without units has one row per step with 0.
    """
    clock = funnel.plan.clock
    keys = {name: _named(funnel, name) for name in by}
    parts = []
    for name, (first, last) in periods.items():
        entered = funnel.units["entered"]
        own = (entered >= clock.start_of(first)) & (entered < clock.end_of(last))
        levels = funnel.fetch(_by_level(funnel, keys, [], only=own))
        parts.append(_steps(funnel, levels, list(by)).assign(**{_PERIOD: name}))
    frame = pd.concat(parts, ignore_index=True)
    return frame[[_PERIOD, *(column for column in frame if column != _PERIOD)]]


def _by_level(
    funnel: Funnel,
    keys: Mapping[str, ir.Value],
    edges: Sequence[int],
    *,
    only: ir.BooleanValue | None = None,
) -> ir.Table:
    """Count units by group, cohort, maturity, level and whether they are open."""
    units = funnel.units if only is None else funnel.units.filter(only)
    place = ibis.literal(0, type="int64")
    if edges:
        branches = [(units["entered"] < edge, i) for i, edge in enumerate(edges)]
        place = ibis.cases(*branches, else_=len(edges)).cast("int64")
    optional = {f"at_{p}_too": one_if(has_reached(units, p)).sum() for p in _optional(funnel)}
    return units.group_by(
        **keys, place=place, mature=units["mature"], level=units["level"], open=units["open"]
    ).agg(units=units.count(), **optional)


def _named(funnel: Funnel, name: str) -> ir.Value:
    return funnel.units[funnel.segment(name)].fill_null(NOT_KNOWN)


def _optional(funnel: Funnel) -> list[int]:
    return [place for place, step in enumerate(funnel.rule.steps, start=1) if step.optional]


def _edges_of(funnel: Funnel, cohort: Cohort) -> list[int]:
    """Return where one cohort ends and the next begins."""
    return [funnel.plan.clock.start_of(day) for day in _cohort_starts(funnel, cohort)[1:]]


def _cohort_days(funnel: Funnel, cohort: Cohort, places: pd.Series) -> pd.Series:
    starts = pd.Series(pd.to_datetime(_cohort_starts(funnel, cohort)), dtype="datetime64[us]")
    return pd.Series(starts.to_numpy()[places.astype("int64")], index=places.index)


def _cohort_starts(funnel: Funnel, cohort: Cohort) -> list[date]:
    """List the first days of the cohorts, from the first entry to the last."""
    if not cohort:
        return []
    units = funnel.units
    ends = funnel.fetch(units.agg(first=units["entered"].min(), last=units["entered"].max()))
    if ends["first"].isna().all():
        return []
    first, last = (funnel.plan.clock.days(ends[name]).iloc[0].date() for name in ("first", "last"))
    starts = [_first_of(cohort, first)]
    while starts[-1] <= last:
        starts.append(_next(cohort, starts[-1]))
    return starts[:-1]


def _first_of(cohort: Cohort, day: date) -> date:
    if cohort == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if cohort == "week" else day


def _next(cohort: Cohort, day: date) -> date:
    if cohort == "month":
        return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day + timedelta(days=7 if cohort == "week" else 1)


def _steps(funnel: Funnel, levels: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Turn counts by level into counts by step."""
    numbers = levels.select_dtypes("number").columns
    levels = levels.astype(dict.fromkeys(numbers, "int64"))
    levels = levels.astype({"open": "bool", "mature": "bool"})
    parts = [
        _one_step(funnel, levels, keys, place) for place in range(1, len(funnel.rule.steps) + 1)
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.sort_values([*keys, "position"], ignore_index=True)


def _one_step(funnel: Funnel, levels: pd.DataFrame, keys: list[str], place: int) -> pd.DataFrame:
    """Count the units before, at and short of one step."""
    step = funnel.rule.steps[place - 1]
    number = sum(not other.optional for other in funnel.rule.steps[:place])
    came = max(number - 1, 1) if not step.optional else number
    units, level = levels["units"], levels["level"]
    if step.optional:
        reached = levels[f"at_{place}_too"]
        short = (level == number) * (units - reached)
    else:
        reached = units * (level >= number)
        short = units * (level == came) if number > 1 else units * 0
    before, still = units * (level >= came), short * levels["open"]
    counts = {
        "entered": units,
        "before": before,
        "reached": reached,
        "open": still,
        "lost": before - reached - still,
    }
    mature = {
        f"mature_{name}": counts[name] * levels["mature"]
        for name in ("entered", "before", "reached", "open")
    }
    frame = pd.DataFrame(counts | mature)[list(COUNTS)]
    if keys:
        summed = frame.groupby([levels[key] for key in keys], sort=True).sum().reset_index()
    else:
        summed = frame.sum().to_frame().T
    label = _label(funnel, place)
    named = summed.assign(position=place, step=label, optional=step.optional)
    return named[[*keys, "position", "step", "optional", *COUNTS]].astype(
        dict.fromkeys(COUNTS, np.int64)
    )


def _label(funnel: Funnel, place: int) -> str:
    if funnel.rule.order == "any":
        return f"{place} of {len(funnel.rule.steps)} steps"
    return funnel.rule.steps[place - 1].name
