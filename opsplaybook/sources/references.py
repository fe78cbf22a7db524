"""Values that point to rows of another table that are not there."""

import difflib
from collections.abc import Mapping, Sequence

import ibis
import pandas as pd
from ibis.expr import types as ir

from opsplaybook.contracts import TABLES
from opsplaybook.errors import EXAMPLES_SHOWN, UsageError, quote
from opsplaybook.sources.engine import Engine
from opsplaybook.sources.quality import Unmatched

_CANDIDATES = 20_000
"""Values of the other table that are compared for a near match at most."""

_NEAR = 0.75


def unmatched(
    engine: Engine, table: ir.Table, column: str, other: ir.Table, key: str, refers_to: str
) -> Unmatched | None:
    """Count the values of a column that another table's key lacks.

    Parameters
    ----------
    engine : Engine
    table, other : ibis table
    column, key : str
        Column of `table`, and column of `other` that it should match.
    refers_to : str
        Name of the other table.

    Returns
    -------
    Unmatched or None
        None where every value matches.
    """
    values = table.filter(table[column].notnull()).group_by(column).agg(rows=ibis._.count())  # noqa: PD004 - a column of Ibis
    lacking = values.anti_join(other, values[column] == other[key])
    totals = engine.arrow(lacking.agg(rows=lacking["rows"].sum(), values=lacking.count()))
    total = totals.to_pylist()[0]
    if not total["values"]:
        return None
    ordered = lacking.order_by(ibis.desc("rows"), column).limit(EXAMPLES_SHOWN)
    top = engine.arrow(ordered).to_pylist()
    known = engine.arrow(other.select(key).distinct().limit(_CANDIDATES)).column(0).to_pylist()
    examples = tuple(
        f"{quote(row[column])} in {row['rows']:,} rows{near_match(row[column], known)}"
        for row in top
    )
    return Unmatched(column, refers_to, int(total["rows"]), int(total["values"]), examples)


def unmatched_values(
    engine: Engine, name: str, table: ir.Table, others: Mapping[str, ir.Table]
) -> tuple[Unmatched, ...]:
    """Count the values of a table that point to rows that other tables lack.

    Parameters
    ----------
    engine : Engine
    name : str
        Name of the table in the contracts.
    table : ibis table
    others : mapping of str to ibis table
        Tables that it may point to.
    """
    parts = (
        unmatched(engine, table, column, others[other], TABLES[other].facts().key[0], other)
        for column, other in TABLES[name].facts().refers_to.items()
        if column in table.columns and other in others
    )
    return tuple(part for part in parts if part is not None)


def near_match(value: str, known: Sequence[str | None]) -> str:
    """Say which known value is meant, if one looks alike.

    Examples
    --------
    >>> near_match("GTXPro", ["GTX Basic", "GTX Pro"])
    '; near "GTX Pro"'
    """
    plain = {_plain(other): other for other in known if other is not None}
    near = difflib.get_close_matches(_plain(value), plain, n=1, cutoff=_NEAR)
    return f"; near {quote(plain[near[0]])}" if near else ""


def _plain(value: str) -> str:
    return "".join(value.casefold().split())


def refuse_unknown(keys: pd.Series, values: Sequence[str], *, where: str) -> None:
    """Refuse values that are no keys, with keys that are written alike.

    Raises
    ------
    UsageError
        With every unknown value.
    """
    known = keys.astype("str").tolist()
    unknown = sorted({str(value) for value in values} - set(known))
    if not unknown:
        return
    near = [difflib.get_close_matches(value, known, n=1) for value in unknown[:EXAMPLES_SHOWN]]
    hints = [f"; did you mean {match[0]}?" if match else "" for match in near]
    hints += [""] * (len(unknown) - len(hints))
    count = "1 value is" if len(unknown) == 1 else f"{len(unknown):,} values are"
    raise UsageError(
        f"{count} not among the {len(known):,} keys",
        where=where,
        examples=[quote(value) + hint for value, hint in zip(unknown, hints, strict=True)],
        remedy="name keys that the table has; nothing was started",
    )
