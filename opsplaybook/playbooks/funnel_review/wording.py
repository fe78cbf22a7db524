"""What all tables and charts of the review share: the rule in words, levels, names, no rows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import pandas as pd

from opsplaybook.display import Chart, Table
from opsplaybook.formats import MINIMUM_UNITS
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.tables import Column

Shown = TypeVar("Shown", Table, Chart)


def with_rule(shown: Shown, definition: Definition) -> Shown:
    """Put the rule of counting behind the note of a table or chart.

    It silently decides every number, so everything that is shown passes here.

    Parameters
    ----------
    shown : Table or Chart
    definition : Definition

    Returns
    -------
    Table or Chart
        The same, with the rule at the end of its note.
    """
    note = " ".join(part for part in (shown.note, rule_in_words(definition)) if part)
    return replace(shown, note=note)


def rule_in_words(definition: Definition) -> str:
    """Return the rule on one line."""
    return f"Rule: {' '.join(definition.words.split())}"


def intervals(definition: Definition, what: str = "intervals") -> str:
    """Say of which level intervals or bands are, and whether they go by account."""
    clustered = " by account" if definition.nested and what == "intervals" else ""
    return f"{definition.level:.0%} {what}{clustered}"


def column_in_words(name: str) -> str:
    """Name a column as a reader would.

    Examples
    --------
    >>> column_in_words("accounts.business_model")
    'business model'
    """
    return name.rpartition(".")[2].replace("_", " ")


def points_column(name: str, label: str) -> Column:
    """Describe a difference of shares, in points with its ends; see `with_points`."""
    return Column(f"{name}_pp", f"{label} (pp)", "number", low=f"{name}_pp_low",
                  high=f"{name}_pp_high", n=f"{name}_pp_n")  # fmt: skip


def with_points(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Add differences of shares in points, to one decimal: the unit stands above the column once.

    Without a column of n, each row counts as enough.
    """
    added = {}
    for name in names:
        for end in ("", "_low", "_high"):
            added[f"{name}_pp{end}"] = (100 * frame[f"{name}{end}"].astype(float)).round(1)
        added[f"{name}_pp_n"] = frame.get(f"{name}_n", MINIMUM_UNITS)
    return frame.assign(**added)


def no_rows(columns: Sequence[Column]) -> pd.DataFrame:
    """Return a frame without rows that has all that the columns are made from."""
    names = [name for c in columns for name in (c.name, c.low, c.high, c.n) if name]
    return pd.DataFrame(columns=list(dict.fromkeys(names)))
