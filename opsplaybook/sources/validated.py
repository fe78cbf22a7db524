"""From a staged table to the valid rows and what was found on the way."""

from collections.abc import Mapping, Sequence

import ibis
from ibis.expr import types as ir

from opsplaybook.contracts import Contract, kinds
from opsplaybook.errors import EXAMPLES_SHOWN, quote
from opsplaybook.sources.casting import Style
from opsplaybook.sources.clocks import notes_on_clocks
from opsplaybook.sources.duplicates import set_duplicates_aside
from opsplaybook.sources.engine import Engine, LocalEngine
from opsplaybook.sources.quality import Quality, SetAside
from opsplaybook.sources.raw import RawTable, rejected_lines
from opsplaybook.sources.refusal import refuse_misread
from opsplaybook.sources.staging import QUOTED, REASON, ROW, Staged, valid
from opsplaybook.sources.survey import survey

_LOOKED_AT = 200
"""Distinct unreadable values of a column that are looked at."""


def validate_rows(
    engine: Engine,
    raw: RawTable,
    staged: Staged,
    contract: type[Contract],
    *,
    styles: Mapping[str, Style],
    sources_of: Mapping[str, str],
    unused: Sequence[str],
    where: str,
) -> tuple[ir.Table, Quality]:
    """Set broken rows aside and count them.

    Parameters
    ----------
    engine, raw, staged, contract
        As for `staging.stage`.
    styles : mapping of str to Style
        How the columns were read.
    sources_of : mapping of str to str
        Name that each column has in the raw table; empty where it is computed.
    unused : sequence of str
        Columns of the raw table that nothing is mapped from.
    where : str
        Place, for messages.

    Returns
    -------
    ibis table, Quality
        The valid rows, and what was found.

    Raises
    ------
    SourceError
        If the file as a whole, or a column, cannot be trusted.
    """
    name = contract.facts().table
    key = [column for column in contract.facts().key if column in staged.columns]
    seen = survey(engine, staged, contract, key)
    found = seen.counts
    read = sum(found.values())
    lines = (
        rejected_lines(engine, raw, read, where=where) if isinstance(engine, LocalEngine) else None
    )
    examples = _examples(engine, staged) if set(found) - {None} else {}
    places = {column: f"{where}, column {_named(column, sources_of)}" for column in sources_of}
    _refuse_columns(engine, staged, contract, found, examples, styles, places)
    table, repeated = valid(staged), []
    if seen.repeated:
        table, repeated = set_duplicates_aside(engine, staged, key, name)
    set_aside = [lines] if lines else []
    set_aside += [
        SetAside(staged.rules[i].reason, count, examples.get(i, ()), staged.rules[i].excluded)
        for i, count in sorted((i, c) for i, c in found.items() if i is not None)
    ]
    set_aside += repeated
    return table, Quality(
        table=name,
        origin=raw.origin,
        rows_read=read + (lines.count if lines else 0),
        rows=found.get(None, 0) - sum(part.count for part in repeated),
        columns=staged.columns,
        unused=tuple(unused),
        set_aside=tuple(set_aside),
        first_on=seen.first_on,
        last_on=seen.last_on,
        known_until=seen.known_until,
        notes=notes_on_clocks(engine, staged.table, seen.local, styles),
    )


def _examples(engine: Engine, staged: Staged) -> dict[int, tuple[str, ...]]:
    """Fetch five examples for each broken rule."""
    table = staged.table
    window = ibis.window(group_by=REASON, order_by=ROW if engine.local else QUOTED)
    broken = table.filter(table[REASON].notnull()).mutate(_nth=ibis.row_number().over(window))
    few = broken.filter(broken["_nth"] < EXAMPLES_SHOWN).select(REASON, ROW, QUOTED)
    found: dict[int, list[str]] = {}
    for row in sorted(engine.arrow(few).to_pylist(), key=lambda row: row[ROW] or 0):
        found.setdefault(row[REASON], []).append(_example(row))
    return {reason: tuple(filter(None, texts)) for reason, texts in found.items()}


def _example(row: dict[str, object]) -> str:
    """Write an example; the header of a file is row 1, so the first row of data is row 2."""
    place = f"row {row[ROW] + 1:,}" if row[ROW] is not None else ""
    text = quote(row[QUOTED]) if row[QUOTED] is not None else ""
    return ": ".join(part for part in (place, text) if part)


def _named(column: str, sources_of: Mapping[str, str]) -> str:
    own = sources_of[column]
    return column if own in ("", column) else f"{column} ({quote(own)})"


def _refuse_columns(
    engine: Engine,
    staged: Staged,
    contract: type[Contract],
    found: Mapping[int | None, int],
    examples: Mapping[int, tuple[str, ...]],
    styles: Mapping[str, Style],
    places: Mapping[str, str],
) -> None:
    for position, rule in enumerate(staged.rules):
        if rule.unreadable and found.get(position):
            column = staged.table[rule.unreadable]
            readable = engine.arrow(staged.table.agg(rows=column.count())).to_pylist()[0]["rows"]
            broken = staged.table.filter(staged.table[REASON] == position)
            values = engine.arrow(broken.select(QUOTED).distinct().limit(_LOOKED_AT))
            refuse_misread(
                values.column(0).to_pylist(),
                kinds(contract)[rule.unreadable],
                styles[rule.unreadable],
                unreadable=found[position],
                readable=readable,
                examples=examples[position],
                where=places[rule.unreadable],
            )
