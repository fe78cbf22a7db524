"""What every contract states about its table.

A contract is a pandera model. Its fields say what a column holds; its facts say what pandera
has no word for: the key, the tables it points to, which columns date a row, and which columns
become known later than the row itself. The sources package turns both into expressions of the
engine, so that a table of any size is checked where it lies.

Kinds of column, and what pandas gets:

========== ============================== ==========================================
kind       pandas                         missing
========== ============================== ==========================================
Text       ``str``                        NaN
Number     ``float64``                    NaN
Whole      ``Int64``                      ``pd.NA``
Flag       ``boolean``                    ``pd.NA``
Date       ``datetime64[us]``, midnight   NaT
Timestamp  ``datetime64[us, ZONE]``       NaT
========== ============================== ==========================================
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import pandas as pd
import pandera.pandas as pa
from pandera.engines import pandas_engine
from pandera.typing import Series

Text = Series[str]
Number = Series[float]
Whole = Series[pd.Int64Dtype]
Flag = Series[pd.BooleanDtype]
# The parameters of pandera's DateTime: unit "us", and whether any time zone is accepted.
Date = Series[Annotated[pandas_engine.DateTime, None, "us", None, False, None]]
Timestamp = Series[Annotated[pandas_engine.DateTime, None, "us", None, True, None]]

ITEM_SEPARATOR = ";"
"""Between the items of a column that holds several, such as ``events.purposes``."""


@dataclass(frozen=True, slots=True)
class Order:
    """A rule that one time does not come before another.

    Parameters
    ----------
    earlier, later : str
        Columns of one kind. A row where either is missing keeps the rule.
    name : str
        What a breach is called in the counts.
    """

    earlier: str
    later: str
    name: str = "negative duration"


@dataclass(frozen=True, slots=True)
class Reveal:
    """Columns that become known later than their row.

    Before the day of reveal the columns are missing, or hold what `before` says.

    Parameters
    ----------
    on : tuple of str
        Date or timestamp columns of one kind; the first that is present dates the reveal. A row
        where all are missing has been open about its columns from the start. The first of them
        is hidden with the columns; the others stand in for it and are not.
    columns : tuple of str
        Columns that are unknown until then.
    before : tuple of (str, str)
        Column and the value that it had until then, such as ``("outcome", "open")``.
    """

    on: tuple[str, ...]
    columns: tuple[str, ...] = ()
    before: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What pandera has no word for.

    Parameters
    ----------
    table : str
        Name of the table.
    key : tuple of str
        Columns that name a row. Optional key columns that a source lacks are left out of it; a
        row with a missing key value is not compared. Empty: rows have no key.
    refers_to : dict of str to str
        Column to the table whose first key column it holds.
    dated_by : tuple of str
        Columns that date the row: it is known from the earliest of them. A row without any of
        them has always been known.
    reveals : tuple of Reveal
        Columns that become known later than the row.
    as_exported : tuple of str
        Columns that describe the day of the export, whatever the date asked for.
    orders : tuple of Order
        Times that cannot come in another order.
    plans_ahead : bool
        Rows may be dated after the last known day, so that their dates do not tell that day.
    coded : tuple of str
        Text columns of a large table by which reviews pick rows, with few different values.
    """

    table: str = ""
    key: tuple[str, ...] = ()
    refers_to: dict[str, str] = field(default_factory=dict)
    dated_by: tuple[str, ...] = ()
    reveals: tuple[Reveal, ...] = ()
    as_exported: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()
    plans_ahead: bool = False
    coded: tuple[str, ...] = ()


class Contract(pa.DataFrameModel):
    """Base of all contracts: ``class Spend(Contract, facts=Facts(table="spend"))``."""

    _facts = Facts()  # pandera takes names without an underscore for columns

    def __init_subclass__(cls, *, facts: Facts | None = None, **pandera_options: Any) -> None:
        super().__init_subclass__(**pandera_options)
        cls._facts = facts or Facts()

    @classmethod
    def facts(cls) -> Facts:
        """Give what the class statement says about the table."""
        return cls._facts

    @pa.dataframe_check(name="negative duration", ignore_na=False)
    def times_in_order(cls, frame: pd.DataFrame) -> pd.Series:  # noqa: N805 - pandera binds the class
        """Hold every rule of `orders`."""
        kept = pd.Series(data=True, index=frame.index)
        for order in cls._facts.orders:
            if {order.earlier, order.later} <= set(frame.columns):
                kept &= ~(frame[order.earlier] > frame[order.later])
        return kept


def required(
    title: str,
    meaning: str,
    *,
    unit: str | None = None,
    allowed: Sequence[str] | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Any:
    """Describe a column that the table cannot do without; each row has a value.

    Parameters
    ----------
    title, meaning : str
        Heading of the column, and what it holds, in one sentence.
    unit : str, optional
        Unit of a number. "money" stands for the one currency of the source.
    allowed : sequence of str, optional
        The only values.
    at_least, at_most : float, optional
        Bounds, both included.

    Returns
    -------
    pandera field
    """
    return _field(title, meaning, unit, allowed, at_least, at_most, nullable=False)


def optional(
    title: str,
    meaning: str,
    *,
    unit: str | None = None,
    allowed: Sequence[str] | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    items: bool = False,
) -> Any:
    """Describe a column that may be absent, or missing in a row.

    Parameters
    ----------
    title, meaning, unit, allowed, at_least, at_most
        As in `required`.
    items : bool
        The text holds several of the allowed values, separated by semicolons.

    Returns
    -------
    pandera field
    """
    return _field(title, meaning, unit, allowed, at_least, at_most, nullable=True, items=items)


def _field(
    title: str,
    meaning: str,
    unit: str | None,
    allowed: Sequence[str] | None,
    at_least: float | None,
    at_most: float | None,
    *,
    nullable: bool,
    items: bool = False,
) -> Any:
    checks: dict[str, Any] = {"ge": at_least, "le": at_most}
    if allowed and items:
        choices = "|".join(allowed)
        checks["str_matches"] = f"^({choices})({ITEM_SEPARATOR}({choices}))*$"
    elif allowed:
        checks["isin"] = tuple(allowed)
    return pa.Field(
        title=title,
        description=meaning,
        nullable=nullable,
        metadata={"unit": unit, "allowed": tuple(allowed or ()), "items": items},
        **{name: value for name, value in checks.items() if value is not None},
    )
