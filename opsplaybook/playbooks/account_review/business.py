"""Step 1, business: what the account orders and has under contract."""

from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

from opsplaybook import tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_period_bars
from opsplaybook.formats import Kind
from opsplaybook.metrics import orders as order_metrics
from opsplaybook.metrics.blocks import BLOCKS, block_sums, ends_of_blocks, year_on_year
from opsplaybook.playbooks.account_review.account import Account
from opsplaybook.playbooks.account_review.compared import (
    UNKNOWN,
    Compared,
    audience_of,
    fact,
    table_compared,
)
from opsplaybook.playbooks.account_review.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.changes import change_of_totals
from opsplaybook.stats.results import Difference, Estimate
from opsplaybook.tables import Column

_IN_FORCE: tuple[tuple[str, str, str, Kind], ...] = (
    ("contract_value", "Annual contract value", "annual_value", "money"),
    ("seats", "Seats", "seats", "count"),
)
"""What is measured of the terms in force: key, label, column and kind."""


@dataclass(frozen=True, slots=True)
class Business:
    """What the account orders and has under contract.

    Attributes
    ----------
    account : Account
    headline : Compared or None
        Contract value where there is one, else the value of orders; None where there is neither.
    measures : tuple of Compared
    blocks : DataFrame
        ``block_end``, ``amount`` and ``year_before`` (NaN where not known): the headline for the
        thirteen times four weeks of a year.
    contracts, invoices : DataFrame
        Of the account.
    caveats : tuple of str
    currency : str
    """

    account: Account
    headline: Compared | None
    measures: tuple[Compared, ...]
    blocks: pd.DataFrame
    contracts: pd.DataFrame
    invoices: pd.DataFrame
    caveats: tuple[str, ...]
    currency: str


def review_business(given: Tables, params: Params, account: Account) -> Business:
    """Measure contract value, seats and orders, against the period and the year before.

    Contract value is a fact on a day. Orders come by chance: their change carries an interval.

    Parameters
    ----------
    given : Tables
        As from `load`.
    params : Params
    account : Account
        As from `review_account`.

    Returns
    -------
    Business
    """
    contracts, invoices = given["contracts"], order_metrics.orders(given, account.account_id)
    measures = (
        *_contract_measures(contracts, account),
        *_order_measures(given, params, account, invoices),
    )
    headline = next((m for m in measures if m.key in ("contract_value", "order_value")), None)
    blocks = _contract_blocks(given, account)
    if headline is not None and headline.key == "order_value":
        blocks = _order_blocks(given, invoices, account)
    caveats = _caveats(given, account, contracts, invoices)
    return Business(
        account, headline, measures, blocks, contracts, invoices, caveats, given.currency
    )


def table_business(business: Business) -> Table:
    """Show contract value, seats and orders of the three periods."""
    return table_compared(
        business.measures,
        business.account,
        key="business",
        caption="Contract value and orders",
        currency=business.currency,
        note="Contract value and seats are those in force on the last day of each period. An "
        "order is a day with more invoiced than credited.",
    )


def chart_business(business: Business) -> Chart:
    """Draw the headline of the last year in steps of four weeks, the year before as a line."""
    label = business.headline.label if business.headline else "Contract value or orders"
    columns = [
        Column("block_end", "Four weeks until", "date"),
        Column("amount", label, "money"),
        Column("year_before", "Year before", "money"),
    ]
    periods = business.account.periods
    drawn = business.blocks if business.headline else business.blocks.iloc[:0]
    subtitle = f"Four weeks each, the last until {periods.now.last:%Y-%m-%d}"
    if drawn["year_before"].notna().any():
        subtitle += "; line: year before"
    data = tables.table(
        drawn,
        columns,
        key="business-by-month",
        caption=f"{label} by four weeks",
        currency=business.currency,
        audience=audience_of(drawn),
        shown=BLOCKS,
    )
    return plot_period_bars(
        drawn,
        x="block_end",
        y="amount",
        label=f"{label} ({business.currency})",
        comparison="year_before",
        comparison_label="year before",
        key="business-chart",
        title=f"{label} over the year",
        subtitle=subtitle,
        data=data,
        kind="money",
        currency=business.currency,
        x_label="Four weeks until",
        audience=audience_of(drawn),
    )


def last_end(contracts: pd.DataFrame) -> pd.Timestamp:
    """Return the last day of the last term; missing where one goes on, and without any."""
    return contracts["end_on"].max(skipna=False)


def _contract_measures(contracts: pd.DataFrame, account: Account) -> tuple[Compared, ...]:
    named = account.periods.named()
    days = [period.last for period in named.values()]
    n = len(order_metrics.in_force(contracts, account.periods.now.last))
    over = pd.DatetimeIndex(days) > last_end(contracts)
    found = []
    # After the last term the value is zero, and not unknown.
    for key, label, column, kind in _IN_FORCE:
        sums = pd.Series(order_metrics.in_force_on(contracts, days, column), index=list(named))
        if sums[["now", "before"]].notna().any():
            found.append(fact(key, label, sums.mask(over, 0.0).to_dict(), kind, n, "terms"))
    return tuple(found)


def _order_measures(
    given: Tables, params: Params, account: Account, invoices: pd.DataFrame
) -> tuple[Compared, ...]:
    if invoices.empty:
        return ()
    named = account.periods.named()
    known = {name: account.knows(given, "invoices", period) for name, period in named.items()}
    sizes = {name: order_metrics.order_sizes(invoices, period) for name, period in named.items()}
    nets = {
        name: float(invoices.loc[period.holds(invoices["issued_on"]), "amount"].sum())
        for name, period in named.items()
    }
    ones = {name: [1] * len(found) for name, found in sizes.items()}
    counts = {name: float(len(found)) for name, found in sizes.items()}
    shared = (known, len(sizes["now"]), params.level)
    return (
        _compared("order_value", "Value of orders", "money", nets, sizes, *shared),
        _compared("orders", "Orders", "count", counts, ones, *shared),
    )


def _compared(
    key: str,
    label: str,
    kind: str,
    values: dict[str, float],
    events: dict[str, object],
    known: dict[str, bool],
    n: int,
    level: float,
) -> Compared:
    change, year_change = (
        _change(values, events, name, level) if known[name] else UNKNOWN
        for name in ("before", "year_before")
    )
    before, year_before = (
        values[name] if known[name] else nan for name in ("before", "year_before")
    )
    now = Estimate(values["now"], None, n, kind, "counted")
    return Compared(key, label, now, before, year_before, change, year_change, unit="orders")


def _change(
    values: dict[str, float], events: dict[str, object], name: str, level: float
) -> Difference:
    """Compare totals; where a balance is negative there is a change, but no interval of it."""
    if min(values["now"], values[name]) < 0:
        return UNKNOWN
    return change_of_totals(events["now"], events[name], level=level)


def _order_blocks(given: Tables, invoices: pd.DataFrame, account: Account) -> pd.DataFrame:
    last = account.periods.now.last
    sums = block_sums(invoices["issued_on"], invoices["amount"], last)
    return year_on_year(sums, last, known_from=account.known_from(given, "invoices"))


def _contract_blocks(given: Tables, account: Account) -> pd.DataFrame:
    last, contracts = account.periods.now.last, given["contracts"]
    ends = ends_of_blocks(last)
    sums = order_metrics.in_force_on(contracts, ends, "annual_value")
    values = np.where(ends > last_end(contracts), 0.0, sums)
    return year_on_year(values, last, known_from=account.known_from(given, "contracts"))


def _caveats(
    given: Tables, account: Account, contracts: pd.DataFrame, invoices: pd.DataFrame
) -> tuple[str, ...]:
    caveats = []
    if contracts.empty and invoices.empty:
        return ("Neither a contract nor an invoice is known: business is left out.",)
    table = "invoices" if contracts.empty else "contracts"
    for name, words in (("before", "the period before"), ("year_before", "the year before")):
        if not account.knows(given, table, account.periods.named()[name]):
            caveats.append(f"{words.capitalize()} is not known in full: it is not compared.")
    return tuple(caveats)
