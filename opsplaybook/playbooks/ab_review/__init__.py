"""A/B review: did the treatment do it, for whom, for how long, and what is decided.

Seven steps: was it run as planned, effects, the unit that was drawn, looking early, groups and
weeks, what could be seen, decision. One function per step, each taking what the steps before
returned.
"""

from opsplaybook.playbooks import base
from opsplaybook.playbooks.ab_review.actions import plan_actions, table_actions
from opsplaybook.playbooks.ab_review.conclusions import findings
from opsplaybook.playbooks.ab_review.decision import Decision, decide, table_memo
from opsplaybook.playbooks.ab_review.effects import Effects, measure_effects
from opsplaybook.playbooks.ab_review.effects_shown import (
    chart_effects,
    table_effects,
    table_guardrails,
)
from opsplaybook.playbooks.ab_review.groups import Groups, compare_groups
from opsplaybook.playbooks.ab_review.looks import Looks, look_early
from opsplaybook.playbooks.ab_review.looks_shown import (
    chart_classes,
    chart_path,
    chart_weeks,
    table_groups,
    table_looks,
    table_needed,
)
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.run_check import RunCheck, check_run
from opsplaybook.playbooks.ab_review.run_shown import (
    chart_daily_ratio,
    table_arms,
    table_balance,
    table_causes,
    table_open_actions,
    table_places,
    table_plan,
    table_problems,
)
from opsplaybook.playbooks.ab_review.sight import Sight, plan_units
from opsplaybook.playbooks.ab_review.weight import Weighed, weigh_units
from opsplaybook.playbooks.ab_review.weight_shown import (
    chart_robust,
    table_influence,
    table_largest,
    table_readings,
)
from opsplaybook.playbooks.ab_review.what_if import WHAT_IF_METRIC, what_if_metric
from opsplaybook.sources import Tables

TITLE = "A/B review"
QUESTION = "Did the treatment do it, for whom, for how long, and is it shipped?"
SUBJECT = "experiment_id"
REQUIRED = ("experiments", "assignments")
OPTIONAL = ("outcomes", "accounts", "activity", "invoices", "opportunities")


def load(params: Params) -> Tables:
    """Read the tables that the playbook needs, as known on ``params.as_of``.

    Assignments, outcomes, activity and invoices stay in the engine and are added up there.
    """
    return base.load_tables(params, REQUIRED, OPTIONAL)


__all__ = [
    "OPTIONAL",
    "QUESTION",
    "REQUIRED",
    "SUBJECT",
    "TITLE",
    "WHAT_IF_METRIC",
    "Decision",
    "Effects",
    "Groups",
    "Looks",
    "Params",
    "RunCheck",
    "Sight",
    "Weighed",
    "chart_classes",
    "chart_daily_ratio",
    "chart_effects",
    "chart_path",
    "chart_robust",
    "chart_weeks",
    "check_run",
    "compare_groups",
    "decide",
    "findings",
    "load",
    "look_early",
    "measure_effects",
    "plan_actions",
    "plan_units",
    "table_actions",
    "table_arms",
    "table_balance",
    "table_causes",
    "table_effects",
    "table_groups",
    "table_guardrails",
    "table_influence",
    "table_largest",
    "table_looks",
    "table_memo",
    "table_needed",
    "table_open_actions",
    "table_places",
    "table_plan",
    "table_problems",
    "table_readings",
    "weigh_units",
    "what_if_metric",
]
