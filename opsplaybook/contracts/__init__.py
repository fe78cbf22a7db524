"""What each table must be: the vocabulary of the whole package.

`TABLES` holds one contract per table. Times of a contract are in the source's declared zone,
money is in its one currency.
"""

import pandas as pd

from opsplaybook.contracts.accounts import ROLES, TIERS, Accounts, Contacts
from opsplaybook.contracts.base import Contract, Facts, Order, Reveal
from opsplaybook.contracts.content import Content, ContentDaily
from opsplaybook.contracts.dictionary import dictionary_of, table_meaning
from opsplaybook.contracts.events import (
    GOAL_METRICS,
    PURPOSES,
    EventContacts,
    EventCosts,
    EventGoals,
    Events,
    GoalMetric,
)
from opsplaybook.contracts.frames import Kind, conform, dtypes, empty, kinds, validate
from opsplaybook.contracts.money import Contracts, Invoices, Opportunities, Spend
from opsplaybook.contracts.product_use import Activity, Assignments, Experiments, Outcomes
from opsplaybook.contracts.service import ProcessSteps, Requirements, Tickets, Trainings

__all__ = [
    "GOAL_METRICS",
    "PURPOSES",
    "ROLES",
    "TABLES",
    "TIERS",
    "Contract",
    "Facts",
    "GoalMetric",
    "Kind",
    "Order",
    "Reveal",
    "conform",
    "data_dictionary",
    "dtypes",
    "empty",
    "kinds",
    "table_meaning",
    "validate",
]

TABLES: dict[str, type[Contract]] = {
    contract.facts().table: contract
    for contract in (
        Accounts,
        Contacts,
        Contracts,
        Invoices,
        Activity,
        Tickets,
        Events,
        EventGoals,
        EventCosts,
        EventContacts,
        Opportunities,
        Experiments,
        Assignments,
        Outcomes,
        Spend,
        Requirements,
        ProcessSteps,
        Content,
        ContentDaily,
        Trainings,
    )
}
"""Every table by name."""


def data_dictionary() -> pd.DataFrame:
    """Describe every column of every table.

    Returns
    -------
    DataFrame
        As `dictionary_of` describes.

    Examples
    --------
    >>> rows = data_dictionary().query("table == 'spend' and required")
    >>> list(rows["column"])
    ['channel', 'amount']

    A source has to have these two to fill the table; all else may be missing.
    """
    return dictionary_of(list(TABLES.values()))
