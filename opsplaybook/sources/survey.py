"""One pass over a staged table: rows by broken rule, first and last days, repeated keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import ibis
from ibis.expr import types as ir

from opsplaybook.contracts import Contract, Kind, kinds
from opsplaybook.sources.clocks import local_name
from opsplaybook.sources.engine import Engine
from opsplaybook.sources.staging import REASON, Staged

_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a staged table tells.

    Attributes
    ----------
    counts : mapping of int or None to int
        Rows by the position of the rule that they break first; None for those that keep all.
    first_on, last_on : date or None
        Earliest and latest day on which a row became known.
    known_until : date or None
        Latest day on which something was recorded as done.
    repeated : bool
        Some valid rows share a key.
    local : mapping of str to (datetime, datetime)
        First and last local time of columns in zones that change their clocks.
    """

    counts: Mapping[int | None, int]
    first_on: date | None
    last_on: date | None
    known_until: date | None
    repeated: bool
    local: Mapping[str, tuple[datetime, datetime]]


def survey(engine: Engine, staged: Staged, contract: type[Contract], key: Sequence[str]) -> Survey:
    """Look once at a staged table.

    Parameters
    ----------
    engine : Engine
    staged : Staged
    contract : type of Contract
    key : sequence of str
        Key columns that are filled.

    Returns
    -------
    Survey
    """
    table = staged.table
    facts = contract.facts()
    dated = [name for name in facts.dated_by if name in staged.columns]
    revealed = [r.on[0] for r in facts.reveals if r.on[0] in staged.columns]
    asked = {"rows": table.count()}
    for name in {*dated, *revealed}:
        day = table[name] if kinds(contract)[name] is Kind.DATE else table[name].date()
        asked |= {f"first_{name}": day.min(), f"last_{name}": day.max()}
    locals_ = [name for name in staged.columns if local_name(name) in table.columns]
    for name in locals_:
        local = table[local_name(name)]
        asked |= {f"first{local_name(name)}": local.min(), f"last{local_name(name)}": local.max()}
    if key:
        text = _key_text(table, key)
        asked |= {"keyed": text.count(), "distinct": text.nunique()}
    groups = engine.arrow(table.group_by(REASON).agg(**asked)).to_pylist()
    valid = next((group for group in groups if group[REASON] is None), {})
    done = revealed if facts.plans_ahead else [*dated, *revealed]
    return Survey(
        counts={group[REASON]: group["rows"] for group in groups},
        first_on=min(_found(valid, "first_", dated), default=None),
        last_on=max(_found(valid, "last_", dated), default=None),
        known_until=max(_found(valid, "last_", done), default=None),
        repeated=bool(key) and valid.get("keyed", 0) > valid.get("distinct", 0),
        local={
            name: (valid[f"first{local_name(name)}"], valid[f"last{local_name(name)}"])
            for name in locals_
            if valid.get(f"first{local_name(name)}") is not None
        },
    )


def _key_text(table: ir.Table, key: Sequence[str]) -> ir.Column:
    """Give the key as one value; missing where a part is."""
    if len(key) == 1:
        return table[key[0]]
    return ibis.literal(_SEPARATOR).join([table[name].cast("string") for name in key])


def _found(group: Mapping[str, date | None], prefix: str, names: Sequence[str]) -> list[date]:
    days = (group.get(f"{prefix}{name}") for name in names)
    return [day for day in days if day is not None]
