"""From a raw table to a validated one: typed columns, and the first broken rule of each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
from ibis.expr import types as ir

from opsplaybook.contracts import Contract, Kind, kinds
from opsplaybook.errors import SourceError
from opsplaybook.sources.casting import Style, as_text, cast, constant, local_times, mapped
from opsplaybook.sources.cells import TYPED, typed_name
from opsplaybook.sources.clocks import changes_clocks, local_name
from opsplaybook.sources.engine import Engine, identifier
from opsplaybook.sources.mapping import ColumnMapping, RowFilter
from opsplaybook.sources.raw import RawTable
from opsplaybook.sources.rules import (
    Rule,
    contract_rules,
    first_broken,
    quoted,
    raw_name,
)

ROW = "_row"
REASON = "_reason"
QUOTED = "_quoted"
"""Columns of a staged table beside those of its contract."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A table whose rows are typed and marked.

    Attributes
    ----------
    table : ibis table
        Columns of the contract, with row number, position of the first broken rule, raw text.
    rules : tuple of Rule
        What the positions mean.
    columns : tuple of str
        Columns of the contract that are filled.
    """

    table: ir.Table
    rules: tuple[Rule, ...]
    columns: tuple[str, ...]


def stage(
    engine: Engine,
    raw: RawTable,
    contract: type[Contract],
    *,
    columns: Mapping[str, ColumnMapping],
    styles: Mapping[str, Style],
    filters: Sequence[RowFilter],
    currency: str,
    where: str,
) -> Staged:
    """Type and mark the rows of a raw table.

    Parameters
    ----------
    engine : Engine
    raw : RawTable
    contract : type of Contract
    columns : mapping of str to ColumnMapping
        Where each filled column comes from; names exist in the raw table.
    styles : mapping of str to Style
        How each is written.
    filters : sequence of RowFilter
        Rows to keep.
    currency : str
        Currency of the source.
    where : str
        Place in the source YAML, for messages.

    Returns
    -------
    Staged

    Raises
    ------
    SourceError
        If an expression or a file cannot be read.
    """
    name = contract.facts().table
    prepared = _prepared(engine, name, raw, columns, filters, where)
    typed = _typed(prepared, contract, columns, styles)
    rules = [
        Rule(part.reason, ~prepared_condition, excluded=True)
        for part, prepared_condition in zip(
            filters, (typed[_kept(i)] for i in range(len(filters))), strict=True
        )
    ]
    rules += contract_rules(typed, contract, currency=currency)
    marked = typed.select(
        ROW,
        first_broken(rules).name(REASON),
        quoted(typed, rules).name(QUOTED),
        *(name for name in typed.columns if name.startswith(local_name(""))),
        *columns,
    )
    try:
        table = engine.keep(f"staged_{name}", marked, coded=contract.facts().coded)
    except engine.errors as error:
        raise engine_error(error, where) from error
    return Staged(table, tuple(rules), tuple(columns))


def _prepared(
    engine: Engine,
    name: str,
    raw: RawTable,
    columns: Mapping[str, ColumnMapping],
    filters: Sequence[RowFilter],
    where: str,
) -> ir.Table:
    """Give each row its number and the SQL expressions of the mapping."""
    number = "row_number() OVER ()" if engine.local else "CAST(NULL AS BIGINT)"
    parts = [f"{number} AS {ROW}", "source_rows.*"]
    parts += [
        f"({column.sql}) AS {identifier(_computed(target))}"
        for target, column in columns.items()
        if column.sql is not None
    ]
    parts += [
        f"COALESCE(({part.keep}), FALSE) AS {_kept(position)}"
        for position, part in enumerate(filters)
    ]
    sql = f"SELECT {', '.join(parts)} FROM {raw.sql} AS source_rows"
    try:
        return engine.view(f"prepared_{name}", sql)
    except engine.errors as error:
        raise engine_error(error, where) from error


def engine_error(error: Exception, where: str) -> SourceError:
    """Turn an error of the engine into one that names the place in the YAML."""
    text = " ".join(str(error).split())[:300]
    return SourceError(
        f"the engine says: {text}", where=where, remedy="correct the query, column or file"
    )


def _computed(column: str) -> str:
    return f"_sql_{column}"


def _kept(position: int) -> str:
    return f"_keep_{position}"


def _typed(
    prepared: ir.Table,
    contract: type[Contract],
    columns: Mapping[str, ColumnMapping],
    styles: Mapping[str, Style],
) -> ir.Table:
    kind_of = kinds(contract)
    values: dict[str, ir.Value] = {}
    for target, column in columns.items():
        found, text = _found(prepared, target, column, styles[target])
        style, kind = styles[target], kind_of[target]
        ways = (*_typed_cells(prepared, column, kind), found)
        values[target] = _first([cast(way, text, kind, style) for way in ways])
        values[raw_name(target)] = text
        if kind is Kind.TIMESTAMP and changes_clocks(style.zone):
            values[local_name(target)] = _first([local_times(way, text, style) for way in ways])
    kept = [name for name in prepared.columns if name.startswith("_keep_")]
    return prepared.select(ROW, *kept, **values)


def _first(ways: Sequence[ir.Value]) -> ir.Value:
    return ibis.coalesce(*ways) if len(ways) > 1 else ways[0]


def _typed_cells(prepared: ir.Table, column: ColumnMapping, kind: Kind) -> list[ir.Column]:
    """Give the cells of a column of text that were numbers or times where it was found."""
    if column.from_ is None or column.map or kind is Kind.TEXT:
        return []
    names = (typed_name(column.from_, type_of_cell) for type_of_cell in TYPED)
    return [prepared[name] for name in names if name in prepared.columns]


def _found(
    prepared: ir.Table, target: str, column: ColumnMapping, style: Style
) -> tuple[ir.Value, ir.Value]:
    """Return a column as it is found, and as text with null tokens and value map applied."""
    if column.constant is not None:
        found: ir.Value = constant(column.constant)
    else:
        found = prepared[column.from_ if column.from_ is not None else _computed(target)]
    text = as_text(found, style)
    if column.map:
        text = mapped(text, column.map)
        return text, text
    return found, text


def valid(staged: Staged) -> ir.Table:
    """Return the rows that break no rule, with the columns of the contract only."""
    return staged.table.filter(staged.table[REASON].isnull()).select(*staged.columns)
