"""Step 5, place: where the account stands among comparable ones, none of which is named."""

from dataclasses import dataclass
from math import nan

import pandas as pd

from opsplaybook import tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals
from opsplaybook.metrics.comparable import customer_totals
from opsplaybook.playbooks.account_review.account import Account
from opsplaybook.playbooks.account_review.compared import audience_of
from opsplaybook.playbooks.account_review.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.ranks import place_among
from opsplaybook.stats.results import Estimate
from opsplaybook.tables import Column

LABELS = {
    "contract_value": "Annual contract value",
    "order_value": "Value of orders",
    "users": "Active users",
    "actions": "Actions",
    "value": "Value delivered",
    "tickets": "Tickets opened",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the account stands.

    Attributes
    ----------
    account : Account
    likeness : str
        What the comparable accounts have in common, in words.
    places : dict of str to Estimate
        By measure, the share of comparable accounts that lie below; only over enough accounts.
    caveats : tuple of str
    """

    account: Account
    likeness: str
    places: dict[str, Estimate]
    caveats: tuple[str, ...]


def review_place(given: Tables, params: Params, account: Account) -> Place:
    """Place the account among customers that are like it; a place needs enough of them.

    Parameters
    ----------
    given : Tables
        As from `load`.
    params : Params
    account : Account
        As from `review_account`.

    Returns
    -------
    Place
    """
    totals = customer_totals(
        given, account.periods.now, group=params.comparable_by, value_action=params.value_action
    )
    own = totals.loc[totals.index == account.account_id]
    others = totals.drop(index=own.index)
    alike = others.loc[others["group"] == account.group] if account.group else others
    wide = len(alike) < params.comparable_minimum
    peers = others if wide else alike
    likeness = f"customers with {params.comparable_by.replace('_', ' ')} {account.group}"
    places = {
        name: place_among(own[name].iloc[0] if len(own) else nan, peers[name], level=params.level)
        for name in LABELS
        if name in peers
    }
    shown = {name: e for name, e in places.items() if _can_be_shown(e, params)}
    return Place(
        account=account,
        likeness="all customers" if wide or not account.group else likeness,
        places=shown,
        caveats=_caveats(params, account, len(alike), len(others), is_customer=len(own) > 0),
    )


def table_place(place: Place) -> Table:
    """Show the place by measure, with interval and number of comparable accounts."""
    return _table(place, "place")


def chart_place(place: Place) -> Chart:
    """Draw the place by measure, with its interval; the middle is the reference."""
    frame = _frame(place)
    return plot_intervals(
        frame,
        category="measure",
        value="below",
        low="low",
        high="high",
        n="n",
        label="Comparable accounts that lie below (%)",
        key="place-chart",
        title="Place among comparable accounts",
        subtitle=f"{place.likeness}; {place.account.periods.now.text}; {place.account.intervals}",
        data=_table(place, "place-drawn"),
        reference=0.5,
        reference_label="middle",
        kind="share",
        zero=True,
        audience=audience_of(frame),
    )


def _can_be_shown(estimate: Estimate, params: Params) -> bool:
    return estimate.n >= params.comparable_minimum and estimate.interval is not None


def _frame(place: Place) -> pd.DataFrame:
    rows = [
        (LABELS[name], e.value, e.interval.low, e.interval.high, e.n)
        for name, e in place.places.items()
        if e.interval is not None
    ]
    return pd.DataFrame(rows, columns=["measure", "below", "low", "high", "n"])


def _table(place: Place, key: str) -> Table:
    frame = _frame(place)
    columns = [
        Column("measure", "Measure"),
        Column("below", "Comparable accounts below", "share", low="low", high="high", n="n"),
        Column("n", "Comparable accounts", "count"),
    ]
    return tables.table(
        frame,
        columns,
        key=key,
        caption=f"Place among comparable accounts ({place.likeness}), "
        f"{place.account.periods.now.text}",
        note="More is not better in itself: many tickets may mean much use. Equals count by half.",
        audience=audience_of(frame),
        shown=len(frame),
    )


def _caveats(
    params: Params, account: Account, alike: int, others: int, *, is_customer: bool
) -> tuple[str, ...]:
    least = params.comparable_minimum
    if not is_customer:
        return ("The account is no customer on the last known day: it is not placed.",)
    if max(alike, others) < least:
        return (f"There are fewer than {least} comparable accounts: the place is left out.",)
    if account.group and alike < least:
        shared = params.comparable_by.replace("_", " ")
        return (f"Fewer than {least} customers share its {shared}: it is placed among all.",)
    return ()
