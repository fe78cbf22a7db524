"""Step 1, second half: retention of the whole base, and the bridge of recurring revenue."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_waterfall
from opsplaybook.metrics.retention import (
    MOVEMENTS,
    SIGNS,
    Bridge,
    active_in_month,
    bridge_by_month,
    revenue_bridge_of_accounts,
)
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.due import Due, capped_share_of_value, share_of_value
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Estimate
from opsplaybook.tables import Column

_NOTHING = Estimate(float("nan"), None, 0, "share", "nothing at the start")


@dataclass(frozen=True, slots=True)
class Retained:
    """What became of the revenue that was there at the start.

    Attributes
    ----------
    bridge : Bridge
        From the day before the period to its last day.
    months : DataFrame
        ``month``, ``start``, one column per movement, ``end``, ``gap`` and ``active`` (monthly
        value of the terms that ran on any day of the month).
    gross, net, logo : Estimate
        On the whole base: accounts with value at the start.
    gross_eligible : Estimate
        Gross retention of the accounts that had a term due in the period: longer terms that were
        not due could not leave.
    renewed_gap : float
        Value that outcomes say was renewed, less the value of the terms that followed.
    """

    bridge: Bridge
    months: pd.DataFrame
    gross: Estimate
    net: Estimate
    logo: Estimate
    gross_eligible: Estimate
    renewed_gap: float

    @property
    def sentence(self) -> str:
        """Whether the bridge reconciles, in words."""
        if self.bridge.reconciles:
            return "Start and movements add up to the end."
        return f"Movements leave {self.bridge.gap:,.2f} of the end unexplained."


def measure_retention(book: Book, params: Params) -> Retained:
    """Follow the recurring revenue of every account from the start of the period to its end.

    Parameters
    ----------
    book : Book
    params : Params

    Returns
    -------
    Retained
    """
    contracts = book.contracts
    if book.account_id:
        contracts = contracts.loc[contracts["account_id"] == book.account_id]
    first = book.last - pd.DateOffset(months=params.period_months)
    bridge = revenue_bridge_of_accounts(
        contracts, first.date(), book.last.date(), grace_days=params.grace_days
    )
    base = bridge.base
    eligible = base.loc[base["eligible"]]
    kept = int((base["end"] > 0).sum())
    return Retained(
        bridge=bridge,
        months=_months(contracts, book, params),
        gross=_gross(base, params),
        net=_share(base["end"], base["start"], params),
        logo=rate(kept, len(base), level=params.level),
        gross_eligible=_gross(eligible, params),
        renewed_gap=_renewed_gap(contracts),
    )


def chart_bridge(retained: Retained, book: Book) -> Chart:
    """Draw the way of recurring revenue from the start of the period to its end."""
    frame = _bridge_frame(retained.bridge)
    bridge = retained.bridge
    columns = [
        Column("step", "Step"),
        Column("value", "Annual value", "money"),
        Column("accounts", "Accounts", "count"),
    ]
    data = tables.table(
        frame,
        columns,
        key="bridge-data",
        caption=f"Recurring revenue, {book.scope}, {formats.period(bridge.first, bridge.last)}",
        currency=book.currency,
        shown=len(frame),
    )
    return plot_waterfall(
        frame,
        step="step",
        value="value",
        total="total",
        label=f"Annual value ({book.currency})",
        key="bridge",
        title="Recurring revenue from the start of the period to its end",
        subtitle=f"{book.scope}, {formats.period(bridge.first, bridge.last)}, "
        f"n = {len(bridge.base):,} accounts at the start. {retained.sentence}",
        data=data,
        kind="money",
        currency=book.currency,
    )


def table_bridge(retained: Retained, book: Book) -> Table:
    """Show the bridge month by month, with what it leaves unexplained."""
    columns = [
        Column("label", "Month"),
        Column("start", "Start", "money"),
        *(Column(name, name.capitalize(), "money") for name in MOVEMENTS),
        Column("end", "End", "money"),
        Column("gap", "Unexplained", "money"),
        Column("active", "Active in the month", "money",
               description="A twelfth of the annual value of terms that ran on any of its days"),
    ]  # fmt: skip
    frame = retained.months.assign(label=retained.months["month"].dt.strftime("%Y-%m"))
    held = formats.money(retained.bridge.held, book.currency)
    gap = formats.money(retained.renewed_gap, book.currency)
    return tables.table(
        frame,
        columns,
        key="bridge-by-month",
        caption=f"Recurring revenue by month, {book.scope}, annual value in force on its last day",
        currency=book.currency,
        note=f"{retained.sentence} The end counts {held} of terms that are over and not decided, "
        f"within the grace. Renewed values and the terms that followed differ by {gap}.",
        shown=len(frame),
    )


def table_rates(due: Due, retained: Retained, book: Book) -> Table:
    """Show every rate with its definition, base, n and interval: they answer other questions."""
    rows = [
        ("Renewal rate, customers", due.logo, "renewed over decided", "decisions due",
         float(due.logo.n)),
        ("Renewal rate, money", due.money, "renewed value, capped at the old, over value decided",
         "value due", _decided_value(due)),
        ("Gross revenue retention", retained.gross,
         "value still there, each account capped at its own, over value at the start",
         "value at the start", float(retained.bridge.base["start"].sum())),
        ("Gross retention, due only", retained.gross_eligible,
         "the same, of accounts with a term due in the period", "their value at the start",
         _eligible_value(retained)),
        ("Net revenue retention", retained.net,
         "value of the same accounts at the end over that at the start, without new ones",
         "value at the start", float(retained.bridge.base["start"].sum())),
        ("Customers kept", retained.logo, "accounts still there over accounts at the start",
         "accounts at the start", float(len(retained.bridge.base))),
    ]  # fmt: skip
    frame = pd.DataFrame(
        [(name, *_parts(found), found.n, meaning, base, size) for name, found, meaning, base, size
         in rows],
        columns=["rate", "value", "low", "high", "n", "definition", "base", "size"],
    )  # fmt: skip
    columns = [
        Column("rate", "Rate"),
        Column("value", "Value", "share", low="low", high="high", n="n"),
        Column("n", "n", "count"),
        Column("definition", "Definition"),
        Column("base", "Base"),
        Column("size", "Size of the base", "number"),
    ]
    return tables.table(
        frame,
        columns,
        key="rates",
        caption=f"Renewal and retention, {book.scope}, {due.period}, {book.intervals}",
        note="Open decisions are in no rate. A returned customer is neither kept nor expansion.",
        shown=len(frame),
    )


def _gross(base: pd.DataFrame, params: Params) -> Estimate:
    return _share(base[["start", "end"]].min(axis=1), base["start"], params, capped_share_of_value)


def _share(
    part: pd.Series,
    whole: pd.Series,
    params: Params,
    estimate: Callable[..., Estimate] = share_of_value,
) -> Estimate:
    if not whole.sum() > 0:
        return _NOTHING
    return estimate(part.to_numpy(), whole.to_numpy(), part.index.to_numpy(), params)


def _months(contracts: pd.DataFrame, book: Book, params: Params) -> pd.DataFrame:
    bridges = bridge_by_month(
        contracts, book.last.date(), months=params.period_months, grace_days=params.grace_days
    )
    rows = [
        {
            "month": bridge.last,
            "start": bridge.start,
            **{name: SIGNS[name] * bridge.total(name) for name in MOVEMENTS},
            "end": bridge.end,
            "gap": bridge.gap,
            "active": active_in_month(contracts, bridge.last.date()),
        }
        for bridge in bridges
    ]
    return pd.DataFrame(rows)


def _bridge_frame(bridge: Bridge) -> pd.DataFrame:
    frame = bridge.accounts
    counts = frame["movement"].value_counts()
    rows = [("start", bridge.start, True, int((frame["start"] > 0).sum()))]
    rows += [
        (name, SIGNS[name] * bridge.total(name), False, int(counts.get(name, 0)))
        for name in MOVEMENTS
    ]
    if not bridge.reconciles:
        rows.append(("not explained", bridge.gap, False, 0))
    rows.append(("end", bridge.end, True, int((frame["end"] > 0).sum())))
    return pd.DataFrame(rows, columns=["step", "value", "total", "accounts"])


def _renewed_gap(contracts: pd.DataFrame) -> float:
    """Compare renewed values with the terms that name the one they follow."""
    following = contracts.dropna(subset="renews_contract_id")
    before = following["renews_contract_id"].map(
        contracts.set_index("contract_id")["renewed_value"]
    )
    return float((before.astype("float64") - following["annual_value"]).sum())


def _decided_value(due: Due) -> float:
    return float(due.months["value_decided"].sum())


def _eligible_value(retained: Retained) -> float:
    base = retained.bridge.base
    return float(base.loc[base["eligible"], "start"].sum())


def _parts(found: Estimate) -> tuple[float, float, float]:
    ends = found.interval
    return (found.value, ends.low, ends.high) if ends else (found.value, np.nan, np.nan)
