"""Account review: what one customer did in the last period, and what happens next.

Six steps: business, use, support, people, place among comparable accounts, next steps. It is
made to be sent: every chart, table and sentence says whether a customer may see it.
"""

from opsplaybook.playbooks import base
from opsplaybook.playbooks.account_review.account import (
    Account,
    require_account,
    review_account,
    table_account,
)
from opsplaybook.playbooks.account_review.business import (
    Business,
    chart_business,
    review_business,
    table_business,
)
from opsplaybook.playbooks.account_review.conclusions import findings
from opsplaybook.playbooks.account_review.next_steps import (
    NextSteps,
    plan_next_steps,
    table_actions,
    table_open_items,
)
from opsplaybook.playbooks.account_review.params import Params
from opsplaybook.playbooks.account_review.people import People, review_people, table_people
from opsplaybook.playbooks.account_review.place import (
    Place,
    chart_place,
    review_place,
    table_place,
)
from opsplaybook.playbooks.account_review.support import (
    Support,
    chart_support,
    review_support,
    table_support,
)
from opsplaybook.playbooks.account_review.use import Use, review_use
from opsplaybook.playbooks.account_review.use_shown import (
    chart_actions,
    chart_use,
    chart_value,
    table_key_actions,
    table_use,
)
from opsplaybook.sources import Tables

TITLE = "Account review"
QUESTION = "What did this customer do in the last period, and what happens next?"
SUBJECT = "account_id"
REQUIRED = ("accounts",)
OPTIONAL = (
    "contacts", "contracts", "invoices", "opportunities", "activity", "tickets", "requirements",
)  # fmt: skip


def load(params: Params) -> Tables:
    """Read the rows of the account, as known on ``params.as_of``.

    Of `activity` and `invoices` its rows are summed in the engine.

    Raises
    ------
    UsageError
        If there is no such account, or it is not known yet on that day.
    """
    given = base.load_tables(params, REQUIRED, OPTIONAL, where={"account_id": params.account_id})
    require_account(given, params)
    return given


__all__ = [
    "OPTIONAL",
    "QUESTION",
    "REQUIRED",
    "SUBJECT",
    "TITLE",
    "Account",
    "Business",
    "NextSteps",
    "Params",
    "People",
    "Place",
    "Support",
    "Use",
    "chart_actions",
    "chart_business",
    "chart_place",
    "chart_support",
    "chart_use",
    "chart_value",
    "findings",
    "load",
    "plan_next_steps",
    "review_account",
    "review_business",
    "review_people",
    "review_place",
    "review_support",
    "review_use",
    "table_account",
    "table_actions",
    "table_business",
    "table_key_actions",
    "table_open_items",
    "table_people",
    "table_place",
    "table_support",
    "table_use",
]
