"""Step 3, time to convert: how long each step takes, those still on their way included."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from opsplaybook.metrics import funnels
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.nested import ends
from opsplaybook.stats.survival import SurvivalCurve, kaplan_meier

_SHORT_DAYS = (1, 7)
_LEAST_AT_RISK = 10
"""Units that must still be observed for a curve to go on: one unit can make it fall to nothing."""
_FINE, _COARSE = timedelta(minutes=1), timedelta(hours=1)
_FINE_DAYS = 90
_DRAWN_POINTS = 240
_WHOLE = "whole way"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long it takes.

    Attributes
    ----------
    rows : DataFrame
        One row per step and one for the whole way: ``step``, ``units`` that came to the step
        before, ``converted``, ``censored`` (not observed to the end), ``median`` (days by which
        half of those had gone on, NaN where fewer do) with ends, and ``by_1``, ``by_7``,
        ``by_end``: share that had gone on by that day, with ends; NaN where
        fewer than ten units are still observed.
    curves : DataFrame
        ``step``, ``day``, ``share`` that had gone on by then, ``low``, ``high``.
    last_day : int
        Day of ``by_end``: the length of the window, or the longest time observed.
    resolution : str
        Unit in whole numbers of which times are counted; empty where there are none.
    caveats : tuple of str
    """

    rows: pd.DataFrame
    curves: pd.DataFrame
    last_day: int
    resolution: str
    caveats: tuple[str, ...]


def measure_timing(definition: Definition) -> Timing:
    """Estimate the time from each step to the next (Kaplan and Meier).

    Whoever has not gone on counts as on the way for as long as was observed, and as nothing
    after: a median over those who converted alone would be far too short.

    Parameters
    ----------
    definition : Definition

    Returns
    -------
    Timing
        Empty without times (statuses) and in any order, where there is no step before.
    """
    if definition.funnel is None or definition.rule.order == "any":
        return Timing(pd.DataFrame(), pd.DataFrame(), 0, "", ())
    names = [step.name for step in definition.required]
    wanted = [(later, before, later) for before, later in pairwise(names)]
    if len(names) > 2:
        wanted.append((_WHOLE, names[0], names[-1]))
    curves = {label: _curve(definition, since, step) for label, since, step in wanted}
    last_day = definition.window_days or int(max(curve.last for curve, _ in curves.values()))
    rows = [_row(label, *found, last_day) for label, found in curves.items()]
    drawn = [_drawn(label, curve) for label, (curve, _) in curves.items() if curve.n]
    return Timing(
        rows=pd.DataFrame(rows),
        curves=pd.concat(drawn, ignore_index=True) if drawn else pd.DataFrame(),
        last_day=last_day,
        resolution="day" if definition.funnel.plan.clock.in_days else _resolution(definition)[0],
        caveats=_caveats(definition),
    )


def _curve(definition: Definition, since: str, step: str) -> tuple[SurvivalCurve, int]:
    """Estimate a curve, up to where enough units are still observed, and count who went on.

    Times are fine: whole days would let the units that the window leaves behind go up to a day
    before those that go on, and the share of the latter would seem too high.
    """
    times = funnels.durations(
        definition.funnel, step, since=since, resolution=_resolution(definition)[1]
    )
    curve = kaplan_meier(times.days, times.observed, level=definition.level)
    return _observed_enough(curve), int(times.observed.sum())


def _resolution(definition: Definition) -> tuple[str, timedelta]:
    """Return how finely times are counted, finer in a short window."""
    short = 0 < definition.window_days <= _FINE_DAYS
    return ("minute", _FINE) if short else ("hour", _COARSE)


def _observed_enough(curve: SurvivalCurve) -> SurvivalCurve:
    """End a curve before the first event at which too few units are still observed."""
    enough = int((curve.at_risk >= _LEAST_AT_RISK).sum())
    if not 0 < enough < len(curve.times):
        return curve
    parts = ("times", "survival", "low", "high", "standard_error", "at_risk", "events")
    kept = {name: getattr(curve, name)[:enough] for name in parts}
    return replace(curve, last=float(np.nextafter(curve.times[enough], 0)), **kept)


def _row(label: str, curve: SurvivalCurve, went_on: int, last_day: int) -> dict[str, object]:
    row: dict[str, object] = {
        "step": label,
        "units": curve.n,
        "converted": went_on,
        "censored": curve.n - went_on,
        **ends(curve.median(), "median"),
    }
    days = (*_SHORT_DAYS, min(last_day, curve.last))
    for name, day in zip(("by_1", "by_7", "by_end"), days, strict=True):
        row |= _gone_by(curve, day, name)
    return row


def _gone_by(curve: SurvivalCurve, day: float, name: str) -> dict[str, float]:
    """Return the share that had gone on by a day: one less the share still waiting."""
    waiting = ends(curve.at(day), name)
    return {
        name: 1 - waiting[name],
        f"{name}_low": 1 - waiting[f"{name}_high"],
        f"{name}_high": 1 - waiting[f"{name}_low"],
        f"{name}_n": waiting[f"{name}_n"],
    }


def _drawn(label: str, curve: SurvivalCurve) -> pd.DataFrame:
    """Return the curve at its steps, or at as many places as can be seen."""
    days = np.append(curve.times, curve.last)
    if len(days) > _DRAWN_POINTS:
        days = np.linspace(0, curve.last, _DRAWN_POINTS)
    step = np.searchsorted(curve.times, days, side="right") - 1
    return pd.DataFrame(
        {
            "step": label,
            "day": days,
            "share": 1 - curve.survival[step],
            "low": 1 - curve.high[step],
            "high": 1 - curve.low[step],
        }
    ).drop_duplicates(["step", "day"])


def _caveats(definition: Definition) -> tuple[str, ...]:
    if not definition.nested:
        return ()
    return (
        (
            f"Bands of the time to convert take {definition.counted} as independent; colleagues of "
            "one account are rather alike, so they are somewhat too narrow."
        ),
    )
