"""The tables of contracts, invoices and opportunities.

Invoices are issued at the start of each year (or quarter) of a term; payment depends on a habit
of each company that has nothing to do with anything else. About one invoice in fifty is followed
by a credit note.
"""

import numpy as np
import pandas as pd

from opsplaybook.samples.clock import LAST_DAY, UNKNOWN, dates, first_day, if_known
from opsplaybook.samples.columns import MISSING, frame, generator, pick, serial
from opsplaybook.samples.history import History
from opsplaybook.samples.ids import Ids
from opsplaybook.samples.market import Market
from opsplaybook.samples.people import People
from opsplaybook.samples.pipeline import KINDS, RENEWAL, UPSELL
from opsplaybook.samples.renewals import COMPETITORS, REASONS
from opsplaybook.samples.terms import LOST, OPEN, OUTCOMES, PRODUCTS, RENEWED, Terms

CURRENCY = "EUR"

_BILLINGS = ("annual", "quarterly")
_BILLING_MONTHS = np.array([12, 3])
_QUARTERLY_SHARE = 0.2
_VALUE_PER_SEAT = 900.0
_PAYMENT_DAYS = 30
_CREDIT_NOTE_SHARE = 0.02
_STAGES = ("Discovery", "Evaluation", "Proposal", "Negotiation", "Won", "Lost")
_STAGE_PROBABILITIES = np.array([0.10, 0.25, 0.50, 0.75, 1.0, 0.0])
_STAGE_DAYS = (15, 40, 70)
_WON_STAGE, _LOST_STAGE = 4, 5
_DEAL_OUTCOMES = ("open", "won", "lost")
_DEAL_LOSSES = ("no budget", "no decision", "competitor price", "missing function")
_SOURCES = ("outbound", "website", "partner", "referral", "event", "account manager")
_EVENT_SOURCE, _MANAGER_SOURCE = 4, 5


def known_terms(terms: Terms) -> Terms:
    """Keep what is known on the last day: terms signed by then, and decisions taken by then.

    Examples
    --------
    A term that was renewed in July is open in June, and its successor does not exist.
    """
    kept = terms.signed <= LAST_DAY
    number = np.cumsum(kept) - 1
    undecided = (terms.decided == UNKNOWN) | (terms.decided > LAST_DAY)
    columns = {name: getattr(terms, name) for name in Terms.__slots__}
    columns["renews"] = np.where(terms.renews >= 0, number[terms.renews], -1)
    columns["outcome"] = np.where(undecided, OPEN, terms.outcome)
    columns["decided"] = np.where(undecided, UNKNOWN, terms.decided)
    columns["renewed_value"] = np.where(undecided, np.nan, terms.renewed_value)
    for name in ("reason", "competitor"):
        columns[name] = np.where(undecided, MISSING, columns[name])
    return Terms(**{name: values[kept] for name, values in columns.items()})


def contracts_table(market: Market, terms: Terms, ids: Ids, *, seed: int) -> pd.DataFrame:
    """Write the table of contracts from known terms."""
    rng = generator(seed, "contracts")
    count = len(terms.account)
    keys = serial("C-", count, width=5)
    billing = _billing(market, seed=seed)[terms.account]
    is_core = terms.product == 0
    seats = np.where(is_core, np.ceil(terms.value / _VALUE_PER_SEAT) + 2, np.nan)
    renews_itself = rng.random(market.size) < 0.4
    return frame(
        "contracts",
        {
            "contract_id": pick(keys, np.arange(count)),
            "account_id": pick(ids.account, terms.account),
            "start_on": dates(terms.start_day),
            "end_on": dates(terms.end_day),
            "signed_on": dates(terms.signed),
            "product": pick(PRODUCTS, terms.product),
            "annual_value": terms.value,
            "currency": pick([CURRENCY], np.zeros(count, dtype=np.int64)),
            "seats": seats,
            "billing": pick(_BILLINGS, billing),
            "auto_renew": renews_itself[terms.account],
            "notice_days": terms.notice_days,
            "renews_contract_id": pick(keys, terms.renews),
            "outcome": pick(OUTCOMES, terms.outcome),
            "decided_on": dates(terms.decided),
            "renewed_value": terms.renewed_value,
            "loss_reason": pick([reason for reason, _ in REASONS], terms.reason),
            "loss_kind": pick([kind for _, kind in REASONS], terms.reason),
            "competitor": pick(COMPETITORS, terms.competitor),
        },
    )


def invoices_table(market: Market, terms: Terms, ids: Ids, *, seed: int) -> pd.DataFrame:
    """Write the table of invoices from known terms, in order of issue."""
    rng = generator(seed, "invoices")
    term, issued, amount = _invoiced(rng, market, terms, seed=seed)
    credited = np.flatnonzero(rng.random(len(term)) < _CREDIT_NOTE_SHARE)
    refund = -np.round(amount[credited] * rng.uniform(0.1, 0.5, len(credited)), 2)
    term = np.concatenate([term, term[credited]])
    issued = np.concatenate([issued, issued[credited] + rng.integers(20, 60, len(credited))])
    amount = np.concatenate([amount, refund])
    order = np.argsort(issued, kind="stable")
    order = order[issued[order] <= LAST_DAY]
    term, issued, amount = term[order], issued[order], amount[order]
    account = terms.account[term]
    habit = rng.normal(0, 12, market.size)[account]
    paid = issued + np.maximum(1, np.round(_PAYMENT_DAYS + rng.normal(habit, 8))).astype(np.int64)
    never = rng.random(len(term)) < 0.01
    margin = rng.uniform(0.45, 0.8, market.size)[account]
    return frame(
        "invoices",
        {
            "invoice_id": pick(serial("I-", len(term), width=5), np.arange(len(term))),
            "account_id": pick(ids.account, account),
            "issued_on": dates(issued),
            "amount": amount,
            "currency": pick([CURRENCY], np.zeros(len(term), dtype=np.int64)),
            "due_on": dates(issued + _PAYMENT_DAYS),
            "paid_on": dates(np.where(never, UNKNOWN, if_known(paid))),
            "cost": np.round(amount * (1 - margin), 2),
            "product": pick(PRODUCTS, terms.product[term]),
            "contract_id": pick(serial("C-", len(terms.account), width=5), term),
        },
    )


def opportunities_table(
    people: People,
    history: History,
    terms: Terms,
    ids: Ids,
    owners: pd.Series,
    *,
    seed: int,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Write the table of opportunities: deals, and one for each renewal of the core product.

    Returns
    -------
    DataFrame
        In order of opening.
    ndarray of bool
        Which of them an event truly caused: no column of the table says so.
    """
    rng = generator(seed, "opportunities")
    deals = _with_renewals(rng, people, history, terms)
    account, opened, closed, won = (deals[n] for n in ("account", "opened", "closed", "won"))
    count = len(account)
    is_open = (closed == UNKNOWN) | (closed > LAST_DAY)
    outcome = np.where(is_open, 0, np.where(won, 1, 2))
    stage = np.select(
        [is_open, won],
        [np.searchsorted(_STAGE_DAYS, LAST_DAY - opened), _WON_STAGE],
        default=_LOST_STAGE,
    )
    stage_days = np.array([0, *_STAGE_DAYS, 0, 0])[stage]
    value = deals["value"]
    qualified = opened + rng.integers(2, 7, count)
    is_qualified = (rng.random(count) < 0.75) | (outcome == 1)
    table = frame(
        "opportunities",
        {
            "opportunity_id": pick(serial("O-", count), np.arange(count)),
            "account_id": pick(ids.account, account),
            "event_id": pick(ids.event, deals["event"]),
            "contact_id": pick(ids.contact, deals["contact"]),
            "kind": pick(KINDS, deals["kind"]),
            "product": pick(PRODUCTS, np.where(deals["kind"] == UPSELL, 1, 0)),
            "owner": owners.to_numpy()[account],
            "source": pick(_SOURCES, _sources(rng, deals)),
            "opened_on": dates(opened),
            "qualified_on": dates(if_known(np.where(is_qualified, qualified, UNKNOWN))),
            "stage": pick(_STAGES, stage),
            "stage_on": dates(np.where(is_open, opened + stage_days, closed)),
            "probability": _STAGE_PROBABILITIES[stage],
            "expected_close_on": dates(opened + np.round(rng.normal(60, 15, count)).astype(int)),
            "closed_on": dates(np.where(is_open, UNKNOWN, closed)),
            "outcome": pick(_DEAL_OUTCOMES, outcome),
            "amount": np.round(value * np.exp(rng.normal(0, 0.25, count)), -2),
            "closed_amount": np.select([is_open, won], [np.nan, deals["final"]], default=0.0),
            "currency": pick([CURRENCY], np.zeros(count, dtype=np.int64)),
            "loss_reason": _deal_losses(rng, outcome, deals["reason"]),
            "competitor": pick(COMPETITORS, np.where(outcome == 2, deals["competitor"], MISSING)),
        },
    )
    return table, deals["caused"]


def _billing(market: Market, *, seed: int) -> np.ndarray:
    return (generator(seed, "billing").random(market.size) < _QUARTERLY_SHARE).astype(np.int64)


def _invoiced(
    rng: np.random.Generator, market: Market, terms: Terms, *, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """List the invoices of each term: number of the term, day of issue, amount."""
    step = _BILLING_MONTHS[_billing(market, seed=seed)[terms.account]]
    months = terms.end_month - terms.start_month + 1
    parts = -(-months // step)
    term = np.repeat(np.arange(len(parts)), parts)
    part = np.arange(len(term)) - np.repeat(np.cumsum(parts) - parts, parts)
    covered = np.minimum(step[term], months[term] - part * step[term])
    issued = first_day(terms.start_month[term] + part * step[term]) + rng.integers(0, 4, len(term))
    return term, issued, np.round(terms.value[term] * covered / 12, 2)


def _with_renewals(
    rng: np.random.Generator, people: People, history: History, terms: Terms
) -> dict[str, np.ndarray]:
    """Put deals and renewals together, in order of opening."""
    deals = history.deals
    count = len(deals["account"])
    nothing = np.full(count, MISSING)
    renewal_opened = terms.end_day - terms.notice_days - 30
    due = np.flatnonzero((terms.product == 0) & (renewal_opened <= LAST_DAY))
    competitor = np.where(rng.random(count) < 0.3, rng.integers(0, len(COMPETITORS), count), -1)
    renewed = terms.outcome[due] == RENEWED
    joined = {
        "account": (deals["account"], terms.account[due]),
        "kind": (deals["kind"], np.full(len(due), RENEWAL)),
        "opened": (deals["opened"], renewal_opened[due]),
        "closed": (deals["closed"], terms.decided[due]),
        "won": (deals["won"], renewed),
        "value": (deals["value"], terms.value[due]),
        "final": (deals["value"], terms.renewed_value[due]),
        "event": (history.tagged_event, np.full(len(due), MISSING)),
        "caused": (deals["caused_by"] != MISSING, np.zeros(len(due), dtype=bool)),
        "contact": (deals["contact"], np.full(len(due), MISSING)),
        "reason": (nothing, terms.reason[due]),
        "competitor": (competitor, terms.competitor[due]),
    }
    stacked = {name: np.concatenate(parts) for name, parts in joined.items()}
    stacked["contact"] = _spoken_with(rng, people, stacked["account"], stacked["contact"])
    order = np.argsort(stacked["opened"], kind="stable")
    return {name: values[order] for name, values in stacked.items()}


def _spoken_with(
    rng: np.random.Generator, people: People, account: np.ndarray, contact: np.ndarray
) -> np.ndarray:
    """Draw somebody of the company where nobody is known yet."""
    first = np.searchsorted(people.account, account)
    number = np.searchsorted(people.account, account, side="right") - first
    somebody = first + np.floor(rng.random(len(account)) * number).astype(np.int64)
    return np.where(contact == MISSING, somebody, contact)


def _sources(rng: np.random.Generator, deals: dict[str, np.ndarray]) -> np.ndarray:
    drawn = rng.integers(0, _EVENT_SOURCE, len(deals["event"]))
    by_event = deals["event"] != MISSING
    by_manager = deals["kind"] == RENEWAL
    return np.select([by_manager, by_event], [_MANAGER_SOURCE, _EVENT_SOURCE], default=drawn)


def _deal_losses(
    rng: np.random.Generator, outcome: np.ndarray, reason: np.ndarray
) -> pd.api.extensions.ExtensionArray:
    labels = [*_DEAL_LOSSES, *(name for name, _ in REASONS)]
    drawn = rng.integers(0, len(_DEAL_LOSSES), len(outcome))
    code = np.where(reason != MISSING, reason + len(_DEAL_LOSSES), drawn)
    return pick(labels, np.where(outcome == LOST, code, MISSING))
