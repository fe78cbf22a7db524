"""Step 3, time to convert: how long each step takes, those still on their way included."""

from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from opsplaybook.metrics import funnels
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.nested import ends
from opsplaybook.stats.survival import SurvivalCurve, kaplan_meier

_SHORT_DAYS = (1, 7)
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
        ``by_end``: share that had gone on by that day, with ends.
    curves : DataFrame
        ``step``, ``day``, ``share`` that had gone on by then, ``low``, ``high``.
    last_day : int
        Day of ``by_end``: the length of the window, or the longest time observed.
    caveats : tuple of str
    """

    rows: pd.DataFrame
    curves: pd.DataFrame
    last_day: int
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
        return Timing(pd.DataFrame(), pd.DataFrame(), 0, ())
    names = [step.name for step in definition.required]
    wanted = [(later, before, later) for before, later in pairwise(names)]
    if len(names) > 2:
        wanted.append((_WHOLE, names[0], names[-1]))
    curves = {label: _curve(definition, since, step) for label, since, step in wanted}
    last_day = definition.window_days or int(max(curve.last for curve in curves.values()))
    rows = [_row(label, curve, last_day) for label, curve in curves.items()]
    drawn = [_drawn(label, curve) for label, curve in curves.items() if curve.n]
    return Timing(
        rows=pd.DataFrame(rows),
        curves=pd.concat(drawn, ignore_index=True) if drawn else pd.DataFrame(),
        last_day=last_day,
        caveats=_caveats(definition),
    )


def _curve(definition: Definition, since: str, step: str) -> SurvivalCurve:
    times = funnels.durations(definition.funnel, step, since=since)
    return kaplan_meier(times.days, times.observed, level=definition.level)


def _row(label: str, curve: SurvivalCurve, last_day: int) -> dict[str, object]:
    row: dict[str, object] = {
        "step": label,
        "units": curve.n,
        "converted": curve.n - curve.censored,
        "censored": curve.censored,
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
    frame = pd.DataFrame(
        {
            "step": label,
            "day": curve.times,
            "share": 1 - curve.survival,
            "low": 1 - curve.high,
            "high": 1 - curve.low,
        }
    )
    if curve.last <= curve.times[-1]:
        return frame
    tail = frame.iloc[[-1]].assign(day=curve.last)
    return pd.concat([frame, tail], ignore_index=True)


def _caveats(definition: Definition) -> tuple[str, ...]:
    if not definition.nested:
        return ()
    return (
        (
            f"Bands of the time to convert take {definition.counted} as independent; colleagues of "
            "one account are rather alike, so they are somewhat too narrow."
        ),
    )
