"""Step 6: which step's repair is worth most, in units, deals and money."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.playbooks.funnel_review.change import FIRST, SECOND, Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.nested import alone, matrix
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.playbooks.funnel_review.unit_value import DRAWS, UnitValue, value_of_unit
from opsplaybook.sources import Tables
from opsplaybook.stats.arrays import Floats

YEAR_DAYS = 365
KEEP = "keep some of those lost"
BACK = "back to before"

_LEAST_MATURE = 20


@dataclass(frozen=True, slots=True)
class Worth:
    """What repairs would bring, at the pace of entrants and the later rates of now.

    Attributes
    ----------
    repairs : DataFrame
        ``repair`` (what it does), ``step``, ``segment`` (empty: all), ``lost`` (units at that
        step), ``rate`` now and ``target``, and ``units``, ``deals`` and ``money`` more, each with
        ends; first falls undone, then repairs of a step, those with most units first.
    value : UnitValue
        What one more unit at the end goes with.
    entrants : float
        Entrants of the span.
    span : str
        "a year"; "among these", where entries have no times.
    share : float
        Share of those lost that a repair keeps.
    basis : str
        Which entrants all of it rests on.
    currency : str
    caveats : tuple of str
    """

    repairs: pd.DataFrame
    value: UnitValue
    entrants: float
    span: str
    share: float
    basis: str
    currency: str
    caveats: tuple[str, ...]

    def first(self, repair: str) -> pd.Series | None:
        """Return the repair of a kind that brings most units; None where none is known."""
        if self.repairs.empty:
            return None
        known = self.repairs.dropna(subset="units")
        own = known.loc[known["repair"] == repair]
        return None if own.empty else own.iloc[0]


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
    counts = _now(reach, change)
    days, basis = _span(definition, change)
    scale, span = (YEAR_DAYS / days, "a year") if days else (1.0, "among these")
    stages = _stages(counts, definition)
    mature = float(_total(stages)[0])
    if mature < _LEAST_MATURE:
        why = "Too few mature entrants to value a repair."
        return Worth(
            pd.DataFrame(),
            value,
            mature * scale,
            span,
            params.repair_share,
            basis,
            given.currency,
            (why,),
        )
    rows = _kept(stages, definition, params, scale, value)
    rows += _undone(change, definition, params, scale, value)
    frame = pd.DataFrame(rows)
    repairs = frame.sort_values(
        ["repair", "units"], ascending=[True, False], kind="stable", ignore_index=True
    )
    return Worth(
        repairs,
        value,
        mature * scale,
        span,
        params.repair_share,
        basis,
        given.currency,
        value.caveats,
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


def _stages(counts: pd.DataFrame, definition: Definition) -> tuple[Floats, Floats]:
    """Return mature units per account and required step, and those of no account.

    Shapes are (accounts, steps) and (steps,).
    """
    required = counts.loc[~counts["optional"].astype(bool)]
    positions = [place for place, step in enumerate(definition.steps, start=1) if not step.optional]
    reached = matrix(required, "mature_reached", "position", positions)
    entered = matrix(required, "mature_entered", "position", positions)
    table = np.column_stack([entered[:, :1], reached[:, 1:]])
    single = alone(required) if len(table) > 1 else np.array([True])
    return table[~single], table[single].sum(axis=0)


def _drawn(stages: tuple[Floats, Floats], generator: np.random.Generator) -> Floats:
    """Draw accounts, and units that belong to none: shape (DRAWS, steps)."""
    accounts, single = stages
    chain = [generator.poisson(single[0], size=DRAWS)]
    for before, after in pairwise(single):
        chain.append(generator.binomial(chain[-1], after / before if before else 0.0))
    drawn = np.column_stack(chain).astype(float)
    return drawn + generator.poisson(1.0, size=(DRAWS, len(accounts))) @ accounts


def _total(stages: tuple[Floats, Floats]) -> Floats:
    return stages[0].sum(axis=0) + stages[1]


def _more_at_the_end(stages: Floats, position: int, kept: Floats) -> Floats:
    """Return how many more come to the end if `kept` more come to a step; they go on like others.

    `stages` has the shape (..., steps); NaN where nobody comes to the step.
    """
    here = stages[..., position]
    onward = np.divide(stages[..., -1], here, out=np.full(np.shape(here), np.nan), where=here > 0)
    return kept * onward


def _kept(
    stages: tuple[Floats, Floats],
    definition: Definition,
    params: Params,
    scale: float,
    value: UnitValue,
) -> list[dict[str, object]]:
    """Value, for each step, that a share of those lost goes on."""
    drawn = _drawn(stages, np.random.default_rng(params.seed))
    total = _total(stages)
    rows = []
    for position, step in enumerate(definition.required[1:], start=1):
        more, of_draws = (
            _more_at_the_end(s, position, (s[..., position - 1] - s[..., position]) * scale)
            * params.repair_share
            for s in (total, drawn)
        )
        lost, base = total[position - 1] - total[position], total[position - 1]
        rate = total[position] / base if base else np.nan
        rows.append(
            {
                "repair": KEEP,
                "step": step.name,
                "segment": "",
                "lost": lost * scale,
                "rate": rate,
                "target": rate + (1 - rate) * params.repair_share,
            }
            | _sizes(float(more), of_draws, value, params.level)
        )
    return rows


def _undone(
    change: Change, definition: Definition, params: Params, scale: float, value: UnitValue
) -> list[dict[str, object]]:
    """Value that a segment which fell beyond chance does as well as before."""
    names = [step.name for step in definition.required]
    rows = []
    for cell in change.moved(-1).itertuples() if change.since is not None else ():
        own = change.counts.loc[change.counts[change.by].astype(str) == cell.segment]
        sides = [_stages(own.loc[own["side"] == side], definition) for side in (FIRST, SECOND)]
        position = names.index(cell.step)
        generator = np.random.default_rng(params.seed)
        drawn = [_drawn(stages, generator) for stages in sides]
        totals = [_total(stages) for stages in sides]
        more, of_draws = (
            _more_at_the_end(now, position, _gap(before, now, position) * scale)
            for before, now in (totals, drawn)
        )
        rows.append(
            {
                "repair": BACK,
                "step": cell.step,
                "segment": cell.segment,
                "lost": (totals[1][position - 1] - totals[1][position]) * scale,
                "rate": cell.second,
                "target": cell.first,
            }
            | _sizes(float(more), of_draws, value, params.level)
        )
    return rows


def _gap(before: Floats, now: Floats, position: int) -> Floats:
    """Return how many more would come to a step at the rate of before."""
    base = before[..., position - 1]
    rate = np.divide(
        before[..., position], base, out=np.full(np.shape(base), np.nan), where=base > 0
    )
    return rate * now[..., position - 1] - now[..., position]


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
