"""One measure in the present period, held against the period before and the year before."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Audience, Table
from opsplaybook.formats import Kind
from opsplaybook.playbooks.account_review.account import Account
from opsplaybook.stats.results import Difference, Estimate
from opsplaybook.tables import Column


@dataclass(frozen=True, slots=True)
class Compared:
    """A measure of three periods.

    Attributes
    ----------
    key, label : str
    now : Estimate
        Its value in the present period, with n; with an interval where it is estimated.
    before, year_before : float
        In the period before, and on the same days a year before; NaN where not known.
    change, year_change : Difference
        Of the present period against these; a fact, such as contract value, has no interval.
    unit : str
        What n counts.
    fact : bool
        Whether a change is one for certain, as with a contract.
    """

    key: str
    label: str
    now: Estimate
    before: float
    year_before: float
    change: Difference
    year_change: Difference
    unit: str = ""
    fact: bool = False

    @property
    def direction(self) -> int:
        """1 for detectably more than before, -1 for less, 0 for no detectable change."""
        value = self.change.value
        if isnan(value) or not (self.fact or self.change.detectable):
            return 0
        return (value > 0) - (value < 0)

    @property
    def compared(self) -> bool:
        """Whether there is enough to tell more from less, or that it stayed the same."""
        return not isnan(self.change.value) and (self.fact or self.change.enough)


UNKNOWN = Difference(nan, None, 0, "change")
"""Change against a period that is not known."""


def fact(key: str, label: str, values: dict[str, float], kind: Kind, n: int, unit: str) -> Compared:
    """Compare what is certain: the value of contracts, the number of seats."""
    now, before, year_before = (values[name] for name in ("now", "before", "year_before"))
    return Compared(
        key,
        label,
        Estimate(now, None, n, kind, "counted"),
        before,
        year_before,
        _relative(now, before, n),
        _relative(now, year_before, n),
        unit=unit,
        fact=True,
    )


def table_compared(
    measures: Sequence[Compared],
    account: Account,
    *,
    key: str,
    caption: str,
    currency: str = "",
    note: str = "",
) -> Table:
    """Show measures with their three periods, changes with intervals."""
    rows = [_row(measure, currency) for measure in measures]
    columns = [
        Column("measure", "Measure"),
        Column("now_text", "This period"),
        Column("n_text", "n"),
        Column("before_text", "Period before"),
        Column("change_text", "Change"),
        Column("year_before_text", "Year before"),
        Column("year_change_text", "Change on the year"),
    ]
    frame = pd.DataFrame(rows, columns=list(_ROW))
    periods = account.periods
    against = f"against {periods.before.text} and {periods.year_before.text}"
    return tables.table(
        frame,
        columns,
        key=key,
        caption=f"{caption}, {periods.now.text}, {against}",
        note=f"In brackets: {account.intervals}. {note}",
        audience=audience_of(frame),
        shown=len(frame),
    )


def audience_of(frame: pd.DataFrame) -> Audience:
    """Return who may see what is made of rows about the account itself.

    Its own numbers are for the customer; a part that is left out for want of them is for us.
    """
    return "customer" if len(frame) else "internal"


_ROW = (
    "measure", "now", "low", "high", "n", "before", "change", "change_low", "change_high",
    "year_before", "year_change", "year_change_low", "year_change_high", "now_text", "n_text",
    "before_text", "change_text", "year_before_text", "year_change_text",
)  # fmt: skip


def _row(measure: Compared, currency: str) -> tuple[object, ...]:
    now, kind = measure.now, measure.now.kind
    values = (now.value, *now.ends, now.n, measure.before, measure.change.value)
    year = (measure.year_before, measure.year_change.value, *measure.year_change.ends)
    return (
        measure.label,
        *values,
        *measure.change.ends,
        *year,
        value_text(now, currency=currency),
        f"{formats.count(now.n)} {singular(measure.unit, now.n)}".strip(),
        formats.value(measure.before, kind, currency=currency),
        change_text(measure.change, fact=measure.fact),
        formats.value(measure.year_before, kind, currency=currency),
        change_text(measure.year_change, fact=measure.fact),
    )


def singular(unit: str, n: int) -> str:
    """Return the name of a unit in the number that fits.

    Examples
    --------
    >>> singular("terms", 1), singular("weeks", 12)
    ('term', 'weeks')
    """
    return unit.removesuffix("s") if n == 1 else unit


def value_text(estimate: Estimate, *, currency: str = "") -> str:
    """Write a value with its interval, where it is estimated."""
    if estimate.interval is None:
        return formats.value(estimate.value, estimate.kind, currency=currency)
    if not estimate.enough:
        return formats.NOT_ENOUGH
    ends = formats.interval(estimate.interval, estimate.kind, currency=currency)
    return f"{formats.value(estimate.value, estimate.kind, currency=currency)} ({ends})"


def change_text(change: Difference, *, fact: bool = False) -> str:
    """Write a change with its interval; one that cannot be told from chance says so.

    Examples
    --------
    >>> from opsplaybook.stats.results import Interval
    >>> change_text(Difference(0.12, Interval(-0.1, 0.4), 30, "change"))
    '+12% (−10% to +40%)'
    >>> change_text(Difference(0.12, None, 2, "change"), fact=True)
    '+12%'

    The first may be chance; the second is the value of a contract.
    """
    if formats.is_missing(change.value):
        return formats.MISSING
    if fact:
        return formats.change(change.value)
    if not change.enough:
        return formats.NOT_ENOUGH
    signed = "+" if change.value > 0 and change.kind == "hours" else ""
    text = f"{signed}{formats.value(change.value, change.kind)}"
    if change.interval is None:
        known = not formats.is_missing(change.p_value)
        return f"{text} ({formats.p_value(change.p_value)})" if known else text
    return f"{text} ({formats.interval(change.interval, change.kind)})"


def _relative(now: float, before: float, n: int) -> Difference:
    return Difference(now / before - 1 if before else nan, None, n, "change", method="counted")
