"""Outcomes that a platform measured on the units of an experiment, and what is odd about them."""

from collections.abc import Sequence
from dataclasses import replace

import ibis
import pandas as pd
from ibis.expr import types as ir

from opsplaybook.errors import ContractError, quote
from opsplaybook.metrics.experiment_measures import Measure
from opsplaybook.metrics.experiment_values import Values
from opsplaybook.sources import Tables

_OPTIONAL = {
    "value": "float64",
    "denominator": "float64",
    "before": "float64",
    "before_denominator": "float64",
    "met_arm": "string",
    "at": "timestamp('UTC')",
}


def outcome_values(
    tables: Tables,
    units: ir.Table,
    experiment_id: str,
    measures: Sequence[Measure],
    *,
    outcome_days: int = 0,
    met: bool = True,
) -> Values:
    """Put the outcomes of an experiment beside its units, one row per unit.

    Left out and counted: values measured before the assignment, after the days that count, or
    while the unit met another arm than its own. A value with a day and no time belongs to the
    whole day, that of the assignment too. A unit without a value is missing, not 0. Where
    only some units have a value from before, the others get the mean of all, which is the same
    for every arm.

    Parameters
    ----------
    tables : Tables
        With ``outcomes``.
    units : ibis table
        ``unit_id``, ``account_id``, ``arm`` and ``since``, one row per unit.
    experiment_id : str
    measures : sequence of Measure
        All of the table of outcomes.
    outcome_days : int, optional
        Days after the assignment that count; 0: all that is known.
    met : bool, optional
        Leave out what was measured while the unit met another arm.

    Returns
    -------
    Values
        A measure is a conversion where all values are 0 or 1, a ratio where there are
        denominators, and a mean otherwise.

    Raises
    ------
    ContractError
        If the source has no such outcome, or no value of it.
    """
    joined = _joined(tables, units, experiment_id)
    facts = tables.fetch(_facts(joined, outcome_days)).sort_values(
        ["metric", "arm"], ignore_index=True
    )
    _refuse_unknown(facts, measures, experiment_id)
    kinds = tuple(_with_kind(measure, facts) for measure in measures)
    known = tuple(_has_past(measure, facts) for measure in kinds)
    kept = joined.filter(_usable(joined, outcome_days, met=met))
    sums = {}
    for place, measure in enumerate(kinds):
        for name, column in _columns(place, measure).items():
            if known[place] or name[0] not in "xe":
                sums[name] = _added(kept, measure, column)
    found = units.left_join(kept.group_by("unit_id").agg(**sums), "unit_id").drop("unit_id_right")
    table = tables.keep(f"experiment_outcomes_{'met' if met else 'all'}", found)
    return replace(Values(table, kinds, known, facts), table=_past_filled(table, kinds, known))


def odd(facts: pd.DataFrame, column: str) -> int:
    """Count odd outcomes of one sort over all arms and metrics; 0 where there are no outcomes."""
    return 0 if facts.empty else int(facts[column].sum())


def _joined(tables: Tables, units: ir.Table, experiment_id: str) -> ir.Table:
    rows = tables.expression("outcomes")
    if rows is None:
        raise ContractError(
            "the source has no outcomes",
            where=f"experiment {experiment_id}",
            remedy="map the table of outcomes, or judge the experiment by another metric",
        )
    rows = rows.filter(rows["experiment_id"] == experiment_id)
    filled = {
        name: rows[name] if name in rows.columns else ibis.null(kind)
        for name, kind in _OPTIONAL.items()
    }
    rows = rows.select("unit_id", "metric", **filled)
    return rows.inner_join(units.select("unit_id", "arm", "since"), "unit_id")


def _usable(rows: ir.Table, outcome_days: int, *, met: bool) -> ir.BooleanValue:
    """Tell which rows have a value that belongs to the arm of the unit."""
    fits = rows["value"].notnull() & ~_too_early(rows) & ~_too_late(rows, outcome_days)
    return fits & ~_elsewhere(rows) if met else fits


def _too_early(rows: ir.Table) -> ir.BooleanValue:
    dated = rows["at"] == rows["at"].truncate("D")
    since = ibis.ifelse(dated, rows["since"].truncate("D"), rows["since"])
    return (rows["at"] < since).fill_null(False)  # noqa: FBT003


def _too_late(rows: ir.Table, outcome_days: int) -> ir.BooleanValue:
    if not outcome_days:
        return ibis.literal(value=False)
    end = rows["since"] + ibis.interval(days=outcome_days)
    return (rows["at"] >= end).fill_null(False)  # noqa: FBT003


def _elsewhere(rows: ir.Table) -> ir.BooleanValue:
    return (rows["met_arm"] != rows["arm"]).fill_null(False)  # noqa: FBT003


def _facts(rows: ir.Table, outcome_days: int) -> ir.Table:
    """Count what is odd, by metric and arm."""
    value, usable = rows["value"], _usable(rows, outcome_days, met=True)
    return rows.group_by("metric", "arm").agg(
        rows=rows.count(),
        units=rows["unit_id"].nunique(where=usable),
        usable=usable.sum(),
        missing=value.isnull().sum(),
        elsewhere=_elsewhere(rows).sum(),
        too_early=(_too_early(rows) & ~_elsewhere(rows)).sum(),
        too_late=(_too_late(rows, outcome_days) & ~_elsewhere(rows)).sum(),
        negative=(usable & (value < 0)).sum(),
        neither=(usable & ~value.isin([0.0, 1.0])).sum(),
        denominators=rows["denominator"].notnull().sum(),
        before=rows["before"].notnull().sum(),
    )


def _refuse_unknown(facts: pd.DataFrame, measures: Sequence[Measure], where: str) -> None:
    for measure in measures:
        name = measure.numerator.argument
        own = facts.loc[facts["metric"] == name]
        if own["usable"].sum():
            continue
        there = ", ".join(sorted(facts["metric"].unique())) or "none at all"
        remedy = f"there are {there}; the units must be those of the assignments"
        raise ContractError(
            f"no usable outcome {quote(name)} of {own['rows'].sum():,} rows",
            where=f"experiment {where}",
            remedy=_why_unusable(own) or remedy,
        )


def _why_unusable(own: pd.DataFrame) -> str:
    """Say what is wrong with the rows of a metric; empty where there are none."""
    causes = {
        "missing": "have no value",
        "too_early": "lie before the assignment",
        "too_late": "lie after the days that count (`outcome_days`)",
        "elsewhere": "were measured in another arm",
    }
    found = own[list(causes)].sum()
    return ", ".join(f"{n:,} {causes[name]}" for name, n in found.items() if n)


def _with_kind(measure: Measure, facts: pd.DataFrame) -> Measure:
    own = facts.loc[facts["metric"] == measure.numerator.argument]
    if own["denominators"].any():
        return replace(measure, kind="ratio")
    return measure if own["neither"].any() else replace(measure, kind="conversion")


def _has_past(measure: Measure, facts: pd.DataFrame) -> bool:
    return bool(facts.loc[facts["metric"] == measure.numerator.argument, "before"].any())


def _columns(place: int, measure: Measure) -> dict[str, str]:
    own = {f"y{place}": "value", f"x{place}": "before"}
    if measure.kind != "ratio":
        return own
    return own | {f"d{place}": "denominator", f"e{place}": "before_denominator"}


def _added(rows: ir.Table, measure: Measure, column: str) -> ir.Value:
    own = rows["metric"] == measure.numerator.argument
    if measure.kind == "conversion":
        return rows[column].max(where=own)
    return rows[column].sum(where=own)


def _past_filled(table: ir.Table, measures: Sequence[Measure], known: Sequence[bool]) -> ir.Table:
    """Give units without a past the mean of the others."""
    names = [
        name
        for place, measure in enumerate(measures)
        if known[place]
        for name in _columns(place, measure)
        if name[0] in "xe"
    ]
    if not names:
        return table
    means = table.agg(**{name: table[name].mean() for name in names}).to_pandas().iloc[0]
    return table.mutate(**{name: table[name].fill_null(float(means[name])) for name in names})
