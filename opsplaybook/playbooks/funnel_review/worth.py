"""Step 6: which step's repair is worth most, in units, deals and money."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.playbooks.funnel_review.change import SECOND, Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.playbooks.funnel_review.repairs import (
    Repair,
    keep_some,
    stages_of,
    total,
    undo_falls,
)
from opsplaybook.playbooks.funnel_review.unit_value import UnitValue, value_of_unit
from opsplaybook.sources import Tables
from opsplaybook.stats.arrays import Floats

_YEAR_DAYS = 365
_LEAST_MATURE = 20
_WHOLE_FROM = 10


@dataclass(frozen=True, slots=True)
class Worth:
    """What repairs would bring, at the pace of entrants and the later rates of now.

    Attributes
    ----------
    repairs : DataFrame
        ``repair`` (what it does), ``step``, ``segment`` (empty: all), ``lost`` (units at that
        step), ``rate`` now and ``target``, ``units``, ``deals`` and ``money`` more, each with
        ends, and ``ahead`` (share of draws in which no other step brings more, where the same
        share of those lost is kept); falls undone first, those with most units first.
    value : UnitValue
        What one more unit at the end goes with.
    mature : int
        Mature entrants that all of it rests on.
    span : str
        "a year"; "among these", where entries have no times.
    share : float
        Share of those lost that a repair keeps.
    basis : str
        Which entrants all of it rests on, in words.
    currency : str
    caveats : tuple of str
    """

    repairs: pd.DataFrame
    value: UnitValue
    mature: int
    span: str
    share: float
    basis: str
    currency: str
    caveats: tuple[str, ...]

    def first(self, kind: str) -> pd.Series | None:
        """Return the repair of a kind that brings most units; None where none brings any."""
        if self.repairs.empty:
            return None
        known = self.repairs.loc[self.repairs["units"] > 0]
        own = known.loc[known["repair"] == kind]
        return None if own.empty else own.iloc[0]

    @property
    def units_kind(self) -> formats.Kind:
        """How units are written: whole ones, unless all repairs bring few."""
        most = self.repairs["units"].max() if len(self.repairs) else 0
        return "count" if most >= _WHOLE_FROM else "number"


def value_repairs(
    given: Tables, params: Params, definition: Definition, reach: Reach, change: Change
) -> Worth:
    """Value the repair of each step, and the undoing of each fall, with intervals.

    A repair keeps a share of those lost at a step (`repair_share`, the same for every step), who
    then go on like others. Entrants of the later period count where two periods are compared.
    Intervals come from drawn accounts and carry the doubt of entrants, rates and value together.

    Parameters
    ----------
    given : Tables
    params : Params
    definition : Definition
    reach : Reach
    change : Change

    Returns
    -------
    Worth
    """
    value = value_of_unit(given, params, definition)
    stages = stages_of(_now(reach, change), definition)
    days, basis = _span(definition, change)
    mature = int(total(stages)[0])
    repairs, caveats = pd.DataFrame(), value.caveats
    if mature < _LEAST_MATURE:
        caveats = ("Too few mature entrants to value a repair.",)
    else:
        found = (
            *undo_falls(change, definition, params), *keep_some(stages, definition, params),
        )  # fmt: skip
        repairs = _valued(found, value, _YEAR_DAYS / days if days else 1.0, params.level)
    return Worth(
        repairs=repairs,
        value=value,
        mature=mature,
        span="a year" if days else "among these",
        share=params.repair_share,
        basis=basis,
        currency=given.currency,
        caveats=caveats,
    )


def _now(reach: Reach, change: Change) -> pd.DataFrame:
    """Return counts of the later period; of everybody where no periods are compared."""
    if change.since is None:
        return reach.counts
    return change.counts.loc[change.counts["side"] == SECOND]


def _span(definition: Definition, change: Change) -> tuple[int, str]:
    """Return the days on which the counted entrants entered (0: no times), and the words."""
    begin = definition.occurrences["first_on"].iloc[0]
    if definition.funnel is None or pd.isna(begin):
        return 0, f"all {definition.counted}"
    first = change.since or pd.Timestamp(begin).date()
    last = definition.as_of - timedelta(days=definition.window_days)
    if definition.rule.last_day:
        last = min(last, definition.rule.last_day)
    return max((last - first).days + 1, 1), f"entrants {formats.period(first, last)}"


def _valued(found: Iterable[Repair], value: UnitValue, scale: float, level: float) -> pd.DataFrame:
    """Put a size in units, deals and money on each repair, those of a kind with most first."""
    rows = [
        {
            "repair": repair.kind,
            "step": repair.step,
            "segment": repair.segment,
            "lost": repair.lost * scale,
            "rate": repair.rate,
            "target": repair.target,
            **_sizes(repair.more * scale, repair.drawn * scale, value, level),
            "ahead": repair.ahead,
        }
        for repair in found
    ]
    return pd.DataFrame(rows).sort_values(
        ["repair", "units"], ascending=[True, False], kind="stable", ignore_index=True
    )


def _sizes(more: float, drawn: Floats, value: UnitValue, level: float) -> dict[str, float]:
    """Return units, deals and money more, with ends."""
    row = _with_ends("units", more, drawn, level)
    for name, estimate, per_unit in (
        ("deals", value.deals, value.drawn_deals),
        ("money", value.money, value.drawn_money),
    ):
        point = more * estimate.value if estimate else np.nan
        row |= _with_ends(name, point, drawn * per_unit, level)
    return row


def _with_ends(name: str, point: float, drawn: Floats, level: float) -> dict[str, float]:
    known = drawn[np.isfinite(drawn)]
    tail = (1 - level) / 2
    low, high = np.quantile(known, [tail, 1 - tail]) if known.size else (np.nan, np.nan)
    return {name: point, f"{name}_low": float(low), f"{name}_high": float(high)}
