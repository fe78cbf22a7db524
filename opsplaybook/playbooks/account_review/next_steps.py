"""Step 6, next steps: what is open, what is due, who does what."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from opsplaybook import tables
from opsplaybook.display import Audience, Table
from opsplaybook.findings import Action
from opsplaybook.metrics.orders import in_force
from opsplaybook.metrics.periods import Period
from opsplaybook.playbooks import actions
from opsplaybook.playbooks.account_review.account import Account
from opsplaybook.playbooks.account_review.business import Business, last_end
from opsplaybook.playbooks.account_review.compared import Compared, audience_of
from opsplaybook.playbooks.account_review.params import Params
from opsplaybook.playbooks.account_review.people import People
from opsplaybook.playbooks.account_review.support import Support
from opsplaybook.playbooks.account_review.use import Use
from opsplaybook.playbooks.base import earlier_runs
from opsplaybook.sources import Tables
from opsplaybook.tables import Column

OWNER_ROLE = "your account manager"
"""Who owns an action, as the customer reads it: the names of our people are not in their report."""

ANSWERED = ("delivered", "declined")
_ITEM = ["kind", "item", "what", "since", "due_on"]


@dataclass(frozen=True, slots=True)
class Due:
    """The next end of a contract that is not decided.

    Attributes
    ----------
    end_on : date
    notice_on : date or None
        Last day for notice; None where none was agreed.
    annual_value : float
        Of the terms that end on that day; NaN where not known.
    """

    end_on: date
    notice_on: date | None
    annual_value: float


@dataclass(frozen=True, slots=True)
class NextSteps:
    """What is open with the account, and what happens next.

    Attributes
    ----------
    account : Account
    items : DataFrame
        ``kind``, ``item``, ``what``, ``since`` and ``due_on``; what is due first comes first.
    due : Due or None
        The next end of a contract within `due_days`.
    leaving : bool
        Whether a contract that runs, or that ended in the period, is known to be lost.
    ended_on : date or None
        Last day of the last contract; None where one runs or is signed, and where there is none.
    actions : tuple of Action
        Those that earlier reviews of this account left open, and new ones.
    """

    account: Account
    items: pd.DataFrame
    due: Due | None
    leaving: bool
    ended_on: date | None
    actions: tuple[Action, ...]

    def count(self, kind: str) -> int:
        """Count the open items of a kind."""
        return int((self.items["kind"] == kind).sum())


def plan_next_steps(
    given: Tables,
    params: Params,
    business: Business,
    use: Use,
    support: Support,
    people: People,
) -> NextSteps:
    """Collect open items and dates, and turn them into actions.

    Parameters
    ----------
    given : Tables
        As from `load`.
    params : Params
    business, use, support, people
        As from the steps before.

    Returns
    -------
    NextSteps
    """
    account = business.account
    terms = in_force(business.contracts, given.as_of)
    due = _due(terms, given.as_of, params.due_days)
    items = _items(given, business, support, due)
    earlier = earlier_runs(
        params.earlier_runs, "account_review", given.as_of, about={"account_id": account.account_id}
    )
    again = given.as_of + timedelta(days=params.period_days)
    wanted = [*_shared(items, due, again), *_internal(items, business, use, people)]
    known = {action.what for action in earlier.actions}
    new = [_action(w, given.as_of, params, account) for w in wanted if w.what not in known]
    return NextSteps(
        account=account,
        items=items,
        due=due,
        leaving=_leaving(business.contracts, account.periods.now),
        ended_on=_ended_on(business.contracts, given.as_of),
        actions=(*earlier.actions, *new),
    )


def table_open_items(steps: NextSteps) -> Table:
    """Show what is open: tickets, requests, invoices and the end of the contract."""
    columns = [
        Column("kind", "Kind"),
        Column("item", "Item"),
        Column("what", "What it is about"),
        Column("since", "Since", "date"),
        Column("due_on", "Due", "date"),
    ]
    return tables.table(
        steps.items,
        columns,
        key="open-items",
        caption=f"Open on {steps.account.periods.now.last:%Y-%m-%d}, n = {len(steps.items):,}",
        audience=audience_of(steps.items),
    )


def table_actions(steps: NextSteps) -> Table:
    """Show all actions with owner and date, those for us alone included."""
    return actions.table_actions(steps.actions)


def _due(terms: pd.DataFrame, as_of: date, due_days: int) -> Due | None:
    """Return the first end of undecided terms; those that end together count as one."""
    undecided = terms.loc[terms["outcome"].fillna("open") == "open"]
    ends = undecided["end_on"].dropna()
    near = ends[ends <= pd.Timestamp(as_of + timedelta(days=due_days))]
    if near.empty:
        return None
    together = undecided.loc[undecided["end_on"] == near.min()]
    notice_days = together["notice_days"].max()
    end_on = near.min().date()
    notice_on = None if pd.isna(notice_days) else end_on - timedelta(days=int(notice_days))
    return Due(end_on, notice_on, float(together["annual_value"].sum(min_count=1)))


def _leaving(contracts: pd.DataFrame, period: Period) -> bool:
    """Tell whether a term that began by the last day, and ran in the period, is lost."""
    begun = contracts["start_on"] <= pd.Timestamp(period.last)
    over = contracts["end_on"] < pd.Timestamp(period.first)
    return bool((contracts.loc[begun & ~over, "outcome"] == "lost").any())


def _ended_on(contracts: pd.DataFrame, as_of: date) -> date | None:
    end = last_end(contracts)
    return end.date() if end < pd.Timestamp(as_of) else None


def _items(given: Tables, business: Business, support: Support, due: Due | None) -> pd.DataFrame:
    parts = [
        _tickets(support.open_tickets),
        _requests(given["requirements"]),
        _overdue(business.invoices, given.as_of),
        _dates(due),
    ]
    filled = [part for part in parts if len(part)]
    items = pd.concat(filled, ignore_index=True) if filled else _dates(None)
    return items.sort_values(["due_on", "since", "item"], ignore_index=True)


def _tickets(rows: pd.DataFrame) -> pd.DataFrame:
    opened = rows["opened_at"].dt.tz_localize(None).dt.normalize()
    what = rows["topic"].fillna(rows["kind"])
    return _frame("ticket", rows["ticket_id"], what, opened, pd.NaT)


def _requests(rows: pd.DataFrame) -> pd.DataFrame:
    own = rows.loc[rows["delivered_on"].isna() & ~rows["status"].isin(ANSWERED)]
    what = own["words"].fillna(own["topic"])
    return _frame("request", own["requirement_id"], what, own["submitted_on"], own["promised_on"])


def _overdue(invoices: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return invoices past their day; without any day of payment nobody knows what is open."""
    if invoices["paid_on"].isna().all():
        invoices = invoices.iloc[:0]
    late = invoices["paid_on"].isna() & (invoices["due_on"] < pd.Timestamp(as_of))
    own = invoices.loc[late & (invoices["amount"] > 0)]
    return _frame("invoice", own["invoice_id"], "not paid yet", own["issued_on"], own["due_on"])


def _dates(due: Due | None) -> pd.DataFrame:
    rows = []
    if due is not None:
        rows.append(("contract", "end", "the term ends", pd.NaT, pd.Timestamp(due.end_on)))
        if due.notice_on is not None:
            last = pd.Timestamp(due.notice_on)
            rows.append(("contract", "notice", "last day for notice", pd.NaT, last))
    return _typed(pd.DataFrame(rows, columns=_ITEM))


def _frame(kind: str, item: object, what: object, since: object, due_on: object) -> pd.DataFrame:
    frame = pd.DataFrame({"item": item, "what": what, "since": since, "due_on": due_on})
    return _typed(frame.assign(kind=kind)[_ITEM])


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({"since": "datetime64[us]", "due_on": "datetime64[us]"})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Something to do, before it has an owner and a date."""

    what: str
    measure: str
    audience: Audience = "internal"
    due_on: date | None = None


def _shared(items: pd.DataFrame, due: Due | None, next_review: date) -> list[_Wanted]:
    """List what is done together with the customer, in words that both may read."""
    kinds = set(items["kind"])
    found = []
    if "ticket" in kinds:
        found.append(_Wanted("Solve the open tickets", "no ticket of today open", "customer"))
    if "request" in kinds:
        found.append(_Wanted("Answer the open requests", "each one has an answer", "customer"))
    if due is not None:
        what = f"Agree on the time after {due.end_on:%Y-%m-%d}"
        found.append(_Wanted(what, "signed, or declined in time", "customer", due.notice_on))
    what, measure = "Look at these numbers again", "the same numbers, a period later"
    return [*found, _Wanted(what, measure, "customer", next_review)]


def _internal(items: pd.DataFrame, business: Business, use: Use, people: People) -> list[_Wanted]:
    found = []
    if any(measure.direction < 0 for measure in use.measures):
        found.append(_Wanted("Find out why use fell", "use of the next period"))
    if business.headline is not None and business.headline.direction < 0:
        found.append(_fallen(business.headline))
    if people.deciders_left:
        found.append(_Wanted("Meet whoever follows those who left", "a first meeting"))
    if people.uncovered:
        roles = ", ".join(people.uncovered)
        found.append(_Wanted(f"Get in contact with: {roles}", "somebody in regular contact"))
    if "invoice" in set(items["kind"]):
        found.append(_Wanted("Clear the overdue invoices", "paid, or a date agreed"))
    return found


def _fallen(headline: Compared) -> _Wanted:
    if headline.fact:
        return _Wanted("Find out why contract value fell", "contract value of the next period")
    return _Wanted("Find out where orders go", "orders of the next period")


def _action(wanted: _Wanted, as_of: date, params: Params, account: Account) -> Action:
    soon = as_of + timedelta(days=params.action_days)
    due_on = wanted.due_on if wanted.due_on is not None and wanted.due_on > as_of else soon
    owner = account.owner or params.owner
    return Action(
        wanted.what, owner, due_on, wanted.measure, audience=wanted.audience, role=OWNER_ROLE
    )
