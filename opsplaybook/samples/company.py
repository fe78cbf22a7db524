"""Put the sample company together."""

from dataclasses import dataclass

import pandas as pd

from opsplaybook.contracts import TABLES
from opsplaybook.errors import ParamsError
from opsplaybook.samples import (
    activity,
    event_tables,
    experiments,
    marketing,
    money_tables,
    service,
)
from opsplaybook.samples.account_table import accounts_table
from opsplaybook.samples.clock import TIMEZONE
from opsplaybook.samples.history import History, live
from opsplaybook.samples.ids import Ids, make_ids
from opsplaybook.samples.market import Market, make_market
from opsplaybook.samples.money_tables import CURRENCY
from opsplaybook.samples.onboarding import make_onboarding
from opsplaybook.samples.people import People, contacts_table, make_people
from opsplaybook.samples.planted import collect
from opsplaybook.samples.truths import Truths
from opsplaybook.samples.usage import make_levels

SMALLEST = 20
"""Customers that the company has at least: with fewer, some tables would be empty."""

COMPANY_TABLES = tuple(name for name in TABLES if name != "outcomes")
"""Tables that the company has; what its experiments led to lies in its activity."""


@dataclass(frozen=True, slots=True)
class Company:
    """The sample company.

    Attributes
    ----------
    name : str
    currency, timezone : str
        Of all money, and of all times.
    tables : dict of str to DataFrame
        Every table of the contracts, in contract types.
    truths : Truths
        What was planted.
    """

    name: str
    currency: str
    timezone: str
    tables: dict[str, pd.DataFrame]
    truths: Truths


def make_company(accounts: int = 240, *, seed: int = 7, null: bool = False) -> Company:
    """Make a fictional B2B software company with three years of history.

    Parameters
    ----------
    accounts : int
        Customers on the first day, at least 20. Beside them stand 1.5 times as many prospects,
        some of which become customers.
    seed : int
        Same seed, same company.
    null : bool
        A company of the same structure in which nothing has an effect.

    Returns
    -------
    Company
        Its calendar runs from 2023-07-01 to 2026-06-30. Contracts that ran on the first day may
        have begun before, and customers may be older than their first contract in the table.

    Raises
    ------
    ParamsError
        If there are fewer than 20 accounts, or the seed is negative.

    Examples
    --------
    >>> company = make_company(40, seed=1)
    >>> len(company.tables["accounts"]), company.truths.events.lift
    (100, 0.2)

    Of 100 companies 40 began as customers; one event really raises the chance of a deal.
    """
    hold_in_range(accounts, seed)
    market = make_market(accounts, seed=seed, null=null)
    people = make_people(market, seed=seed)
    onboarding = make_onboarding(market, seed=seed, null=null)
    levels = make_levels(market, seed=seed)
    history = live(market, people, onboarding, levels, seed=seed, null=null)
    ids = make_ids(market.size, len(people.account))
    rows = activity.make_rows(market, onboarding, history, seed=seed)
    trials = experiments.run_trials(rows, seed=seed, null=null)
    tables, caused = _customer_tables(market, people, history, ids, seed=seed)
    tables |= {
        "activity": activity.activity_table(trials.rows, ids),
        "events": event_tables.events_table(),
        "event_goals": event_tables.event_goals_table(history),
        "event_costs": event_tables.event_costs_table(market.size, seed=seed),
        "event_contacts": event_tables.event_contacts_table(history, ids),
        "experiments": experiments.experiments_table(),
        "assignments": experiments.assignments_table(trials, ids),
        **_service_tables(people, history, ids, seed=seed, null=null),
        **_marketing_tables(tables["accounts"], ids, seed=seed, null=null),
    }
    truths = collect(
        market, history, ids, caused=caused, deciding_account=trials.deciding_account, null=null
    )
    return Company(company_name(null=null), CURRENCY, TIMEZONE, tables, truths)


def company_name(*, null: bool) -> str:
    """Return the name of the company, or of its null twin."""
    return "Null Analytics" if null else "Sample Analytics"


def hold_in_range(accounts: int, seed: int) -> None:
    """Refuse numbers from which no company is made.

    Raises
    ------
    ParamsError
        As in `make_company`.
    """
    if accounts < SMALLEST:
        raise ParamsError(
            f"{accounts} accounts are too few for a company",
            where="accounts",
            remedy=f"ask for at least {SMALLEST}",
        )
    if seed < 0:
        raise ParamsError("a seed is not negative", where="seed", remedy="ask for 0 or more")


def _customer_tables(
    market: Market, people: People, history: History, ids: Ids, *, seed: int
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Write who the customers are and what was agreed; list the deals that an event caused."""
    terms = money_tables.known_terms(history.terms)
    accounts = accounts_table(market, terms, ids, seed=seed)
    opportunities, caused = money_tables.opportunities_table(
        people, history, terms, ids, accounts["owner"], seed=seed
    )
    tables = {
        "accounts": accounts,
        "contacts": contacts_table(people, ids, seed=seed),
        "contracts": money_tables.contracts_table(market, terms, ids, seed=seed),
        "invoices": money_tables.invoices_table(market, terms, ids, seed=seed),
        "opportunities": opportunities,
    }
    return tables, opportunities.loc[caused]


def _service_tables(
    people: People, history: History, ids: Ids, *, seed: int, null: bool
) -> dict[str, pd.DataFrame]:
    months = history.customer_months
    return {
        "tickets": service.tickets_table(months, ids, seed=seed, null=null),
        "requirements": service.requirements_table(months, ids, seed=seed, null=null),
        "process_steps": service.process_steps_table(months, ids, seed=seed, null=null),
        "trainings": service.trainings_table(people, months.any(axis=1), ids, seed=seed, null=null),
    }


def _marketing_tables(
    accounts: pd.DataFrame, ids: Ids, *, seed: int, null: bool
) -> dict[str, pd.DataFrame]:
    content, content_daily = marketing.content_tables(len(accounts), ids, seed=seed, null=null)
    spend = marketing.spend_table(
        len(accounts), accounts["channel"], accounts["customer_since"], seed=seed, null=null
    )
    return {"spend": spend, "content": content, "content_daily": content_daily}
