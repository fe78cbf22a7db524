"""Values of an experiment as counts, means and covariances: all that its statistics need.

Ten million units leave the engine as a few numbers per arm, or per account.
"""

from collections.abc import Sequence
from typing import NamedTuple

import ibis
import numpy as np
import pandas as pd
from ibis.expr import types as ir

from opsplaybook.metrics.experiment_values import Values
from opsplaybook.sources import Tables
from opsplaybook.stats.moments import JointMoments

ALL = "all"


class Group(NamedTuple):
    """Units of one arm and one segment."""

    arm: str
    segment: str = ALL


def arm_moments(
    tables: Tables, values: Values, *, segment: str = ""
) -> tuple[dict[Group, JointMoments], ...]:
    """Aggregate values to joint moments per arm, or per arm and segment.

    Parameters
    ----------
    tables : Tables
    values : Values
    segment : str, optional
        Column of the table of values whose classes are kept apart.

    Returns
    -------
    tuple of dict
        One per measure: the moments of its columns (value, denominator of a ratio, the same
        from before where known) of the units whose value is known.
    """
    keys = ["arm", segment] if segment else ["arm"]
    numbered = {
        f"{place}_{name}": column
        for place in range(len(values.measures))
        for name, column in _aggregates(values.table, values.columns(place)).items()
    }
    frame = tables.fetch(values.table.group_by(keys).agg(**numbered))
    frame = frame.dropna(subset=keys)
    return tuple(
        {
            Group(str(row["arm"]), str(row[segment]) if segment else ALL): _joint(
                row, place, len(values.columns(place))
            )
            for row in frame.to_dict("records")
        }
        for place in range(len(values.measures))
    )


def account_sums(tables: Tables, values: Values) -> pd.DataFrame:
    """Aggregate values to sums per account.

    Returns
    -------
    DataFrame
        One row per account, sorted: ``account_id``, ``arm``, ``size`` (units), and by measure
        ``n0`` (units with a value), ``y0``, ``yy0`` (sum of squares) and, where there are any,
        ``d0``, ``x0``, ``e0``. Accounts whose units are in several arms are left out.
    """
    table = values.table.filter(values.table["account_id"].notnull())
    arm = table["arm"]
    aggregates = {"arm": arm.min(), "other_arm": arm.max(), "size": table.count()}
    for place in range(len(values.measures)):
        value = table[f"y{place}"]
        aggregates[f"n{place}"] = value.count()
        aggregates[f"yy{place}"] = (value * value).sum()
        for name in values.columns(place):
            aggregates[name] = table[name].sum(where=value.notnull())
    frame = tables.fetch(table.group_by("account_id").agg(**aggregates))
    frame = frame.loc[frame["arm"] == frame["other_arm"]].drop(columns="other_arm")
    numbers = [name for name in frame if name not in ("account_id", "arm")]
    return frame.astype(dict.fromkeys(numbers, "float64")).sort_values(
        "account_id", ignore_index=True
    )


def largest_units(tables: Tables, values: Values, place: int, *, count: int) -> pd.DataFrame:
    """List the units with the largest values of a measure.

    Returns
    -------
    DataFrame
        ``unit_id``, ``arm``, ``value``; largest first.
    """
    table = values.table.filter(values.table[f"y{place}"].notnull())
    named = table.select("unit_id", "arm", value=table[f"y{place}"])
    order = [ibis.desc(named["value"]), named["unit_id"]]
    return tables.fetch(named.order_by(order).limit(count))


def upper_quantile(tables: Tables, values: Values, place: int, share: float) -> float:
    """Return the value that only a share of all units, whatever their arm, lies above."""
    column = values.table[f"y{place}"]
    found = tables.fetch(values.table.agg(cap=column.quantile(1 - share)))["cap"]
    return float(found.iloc[0])


def capped(values: Values, place: int, cap: float) -> Values:
    """Replace values above a cap by it."""
    name = f"y{place}"
    column = values.table[name]
    limited = ibis.ifelse(column > cap, cap, column)
    return Values(
        values.table.mutate(**{name: limited}), values.measures, values.with_past, values.outcomes
    )


def without_units(values: Values, unit_ids: Sequence[str]) -> Values:
    """Leave units out."""
    table = values.table.filter(~values.table["unit_id"].isin(list(unit_ids)))
    return Values(table, values.measures, values.with_past, values.outcomes)


def week_moments(
    tables: Tables, table: ir.Table, weeks: int
) -> dict[str, tuple[JointMoments, ...]]:
    """Aggregate weekly values to moments per arm and week since the assignment.

    Parameters
    ----------
    tables : Tables
    table : ibis table
        As from `weekly_values`.
    weeks : int

    Returns
    -------
    dict
        Arm to one entry per week.
    """
    numbered = {
        f"{week}_{name}": column
        for week in range(weeks)
        for name, column in _aggregates(table, (f"w{week}",)).items()
    }
    frame = tables.fetch(table.group_by("arm").agg(**numbered))
    return {
        row["arm"]: tuple(_joint(row, week, 1) for week in range(weeks))
        for row in frame.to_dict("records")
    }


def _aggregates(table: ir.Table, names: Sequence[str]) -> dict[str, ir.Value]:
    """Count, means and covariances of columns, over the rows where all are known."""
    complete = ibis.and_(*(table[name].notnull() for name in names))
    found = {"n": complete.sum()}
    for i, name in enumerate(names):
        found[f"mean{i}"] = table[name].mean(where=complete)
        found[f"cov{i}{i}"] = table[name].var(where=complete, how="sample")
        for j in range(i):
            found[f"cov{i}{j}"] = table[name].cov(table[names[j]], where=complete, how="sample")
    return found


def _joint(row: dict, place: int, size: int) -> JointMoments:
    n = int(row[f"{place}_n"])
    means = np.array([row[f"{place}_mean{i}"] for i in range(size)], dtype=float)
    covariance = np.empty((size, size))
    for i in range(size):
        for j in range(i + 1):
            covariance[i, j] = covariance[j, i] = row[f"{place}_cov{i}{j}"]
    return JointMoments(n, means, covariance)
