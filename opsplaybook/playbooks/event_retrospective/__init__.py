"""Event retrospective: did the event do what it was held for, why, and what follows.

Four steps: review goals, evaluate results, analyse causes, summarise patterns. One function per
step, each taking what the steps before returned.
"""

from opsplaybook.playbooks import base
from opsplaybook.playbooks.event_retrospective.attendance import (
    Attendance,
    chart_attendance,
    summarise_attendance,
    table_attendance,
)
from opsplaybook.playbooks.event_retrospective.causes import Causes, analyse_causes
from opsplaybook.playbooks.event_retrospective.causes_shown import (
    chart_comparison,
    chart_funnel,
    chart_gap,
    table_actions,
    table_balance,
    table_causes,
    table_gap,
    table_patterns,
    table_segments,
)
from opsplaybook.playbooks.event_retrospective.goals import (
    Goals,
    review_goals,
    table_goals,
    table_known_patterns,
    table_open_actions,
)
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.playbooks.event_retrospective.patterns import (
    Patterns,
    findings,
    summarise_patterns,
)
from opsplaybook.playbooks.event_retrospective.results import Results, evaluate_results
from opsplaybook.playbooks.event_retrospective.results_shown import (
    chart_goals,
    chart_tiers,
    table_costs,
    table_deals,
    table_goal_results,
    table_key_measures,
    table_returns,
    table_tiers,
)
from opsplaybook.playbooks.event_retrospective.what_if import WHAT_IF_WINDOWS, what_if_windows
from opsplaybook.sources import Tables

TITLE = "Event retrospective"
QUESTION = "Did the event do what it was held for, why, and what follows for the next one?"
SUBJECT = "event_id"
REQUIRED = ("events", "event_contacts")
OPTIONAL = (
    "event_goals",
    "event_costs",
    "accounts",
    "contacts",
    "opportunities",
    "invoices",
    "activity",
)


def load(params: Params) -> Tables:
    """Read the tables that the playbook needs, as known on ``params.as_of``.

    `activity` and `invoices` stay in the engine and are read there as sums per account.
    """
    return base.load_tables(params, REQUIRED, OPTIONAL)


__all__ = [
    "OPTIONAL",
    "QUESTION",
    "REQUIRED",
    "SUBJECT",
    "TITLE",
    "WHAT_IF_WINDOWS",
    "Attendance",
    "Causes",
    "Goals",
    "Params",
    "Patterns",
    "Results",
    "analyse_causes",
    "chart_attendance",
    "chart_comparison",
    "chart_funnel",
    "chart_gap",
    "chart_goals",
    "chart_tiers",
    "evaluate_results",
    "findings",
    "load",
    "review_goals",
    "summarise_attendance",
    "summarise_patterns",
    "table_actions",
    "table_attendance",
    "table_balance",
    "table_causes",
    "table_costs",
    "table_deals",
    "table_gap",
    "table_goal_results",
    "table_goals",
    "table_key_measures",
    "table_known_patterns",
    "table_open_actions",
    "table_patterns",
    "table_returns",
    "table_segments",
    "table_tiers",
    "what_if_windows",
]
