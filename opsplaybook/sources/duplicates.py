"""Rows that share the key of an earlier row."""

from collections.abc import Sequence

import ibis
from ibis.expr import types as ir

from opsplaybook.errors import EXAMPLES_SHOWN, quote
from opsplaybook.sources.engine import Engine
from opsplaybook.sources.quality import SetAside
from opsplaybook.sources.staging import REASON, ROW, Staged

_NTH = "_nth"
_FIRST = "_first"


def set_duplicates_aside(
    engine: Engine, staged: Staged, key: Sequence[str], name: str
) -> tuple[ir.Table, list[SetAside]]:
    """Keep the first row of each key, in the order of the file.

    Parameters
    ----------
    engine : Engine
    staged : Staged
    key : sequence of str
        Key columns that are filled; rows with a missing key value are all kept.
    name : str
        Name of the table.

    Returns
    -------
    ibis table, list of SetAside
        The valid rows, and what was set aside: repetitions of the same row apart from rows that
        contradict one another.
    """
    rows = staged.table.filter(staged.table[REASON].isnull())
    window = ibis.window(group_by=list(key), order_by=ROW if engine.local else list(key))
    content = _content(rows, staged.columns)
    numbered = rows.mutate(
        **{
            _NTH: ibis.row_number().over(window),
            _FIRST: content.first().over(window),
            "_content": content,
            "_no_key": ibis.or_(*(rows[column].isnull() for column in key)),
        }
    )
    later = numbered.filter(~numbered["_no_key"] & (numbered[_NTH] > 0))
    set_aside = _counted(engine, later, key)
    first = numbered.filter(numbered["_no_key"] | (numbered[_NTH] == 0))
    return engine.keep(f"unique_{name}", first.select(*staged.columns)), set_aside


def _content(rows: ir.Table, columns: Sequence[str]) -> ir.StringValue:
    texts = [rows[column].cast("string").fill_null("\x1e") for column in columns]
    return ibis.literal("\x1f").join(texts)


def _counted(engine: Engine, later: ir.Table, key: Sequence[str]) -> list[SetAside]:
    same = later["_content"] == later[_FIRST]
    parts = []
    for rows, reason in (
        (later.filter(same), "repetition of an earlier row"),
        (later.filter(~same), f"{', '.join(key)}: given before, with other content"),
    ):
        count = engine.arrow(rows.agg(rows=rows.count())).to_pylist()[0]["rows"]
        if count:
            found = engine.arrow(rows.select(ROW, *key).order_by(ROW).limit(EXAMPLES_SHOWN))
            examples = tuple(_example(row, key) for row in found.to_pylist())
            parts.append(SetAside(reason, count, examples))
    return parts


def _example(row: dict[str, object], key: Sequence[str]) -> str:
    place = f"row {row[ROW] + 1:,}: " if row[ROW] is not None else ""
    return place + ", ".join(quote(row[column]) for column in key)
