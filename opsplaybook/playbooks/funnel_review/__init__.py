"""Funnel review: where customers are lost on the way, which loss matters, what explains a change.

Six steps: definition, reach and loss, time to convert, segments and trend, what explains the
change, findings and actions. The rule of counting silently decides the answer, so it is printed
in words under every number.
"""

from opsplaybook.playbooks import base
from opsplaybook.playbooks.funnel_review.actions import Steps, plan_steps, table_actions
from opsplaybook.playbooks.funnel_review.behaviour import Behaviour, watch_behaviour
from opsplaybook.playbooks.funnel_review.behaviour_shown import chart_odds, table_odds, table_paths
from opsplaybook.playbooks.funnel_review.breakdown import Breakdown, break_down
from opsplaybook.playbooks.funnel_review.breakdown_shown import (
    chart_segments,
    chart_trend,
    table_changes,
    table_segments,
)
from opsplaybook.playbooks.funnel_review.change import Change, explain_change
from opsplaybook.playbooks.funnel_review.change_shown import (
    chart_cells,
    chart_change,
    table_cells,
    table_change,
)
from opsplaybook.playbooks.funnel_review.conclusions import findings
from opsplaybook.playbooks.funnel_review.definition import Definition, define_funnel
from opsplaybook.playbooks.funnel_review.other_rules import OtherRules, try_other_rules
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.reach import Reach, measure_reach
from opsplaybook.playbooks.funnel_review.reach_shown import (
    chart_reach,
    table_definition,
    table_lost,
    table_reach,
    table_rules,
)
from opsplaybook.playbooks.funnel_review.timing import Timing, measure_timing
from opsplaybook.playbooks.funnel_review.timing_shown import chart_timing, table_timing
from opsplaybook.playbooks.funnel_review.trend import Trend
from opsplaybook.playbooks.funnel_review.what_if import WHAT_IF_RULE, what_if_rule
from opsplaybook.playbooks.funnel_review.worth import Worth, value_repairs
from opsplaybook.playbooks.funnel_review.worth_shown import chart_worth, table_worth
from opsplaybook.sources import Tables

TITLE = "Funnel review"
QUESTION = "Where are customers lost on the way, which loss matters, and what explains a change?"
SUBJECT = "funnel"
REQUIRED = ()
"""None: a funnel goes over whatever tables its steps name, and those have to be there."""
OPTIONAL = ("activity", "accounts", "opportunities", "event_contacts", "contracts")


def load(params: Params) -> Tables:
    """Read the tables that the steps name, as known on ``params.as_of``.

    `activity` stays in the engine, where its rows are followed and counted.
    """
    lines = (*params.read_steps(), *params.read_exclusions())
    named = tuple(dict.fromkeys(line.table for line in lines))
    others = tuple(name for name in OPTIONAL if name not in (*named, "activity"))
    return base.load_tables(params, named, others)


__all__ = [
    "OPTIONAL",
    "QUESTION",
    "REQUIRED",
    "SUBJECT",
    "TITLE",
    "WHAT_IF_RULE",
    "Behaviour",
    "Breakdown",
    "Change",
    "Definition",
    "OtherRules",
    "Params",
    "Reach",
    "Steps",
    "Timing",
    "Trend",
    "Worth",
    "break_down",
    "chart_cells",
    "chart_change",
    "chart_odds",
    "chart_reach",
    "chart_segments",
    "chart_timing",
    "chart_trend",
    "chart_worth",
    "define_funnel",
    "explain_change",
    "findings",
    "load",
    "measure_reach",
    "measure_timing",
    "plan_steps",
    "table_actions",
    "table_cells",
    "table_change",
    "table_changes",
    "table_definition",
    "table_lost",
    "table_odds",
    "table_paths",
    "table_reach",
    "table_rules",
    "table_segments",
    "table_timing",
    "table_worth",
    "try_other_rules",
    "value_repairs",
    "watch_behaviour",
    "what_if_rule",
]
