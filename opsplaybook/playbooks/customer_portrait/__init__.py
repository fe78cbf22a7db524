"""Customer portrait: who the customers are, what they are worth, and who gets which service.

Seven steps: portrait, concentration, value score, tiers, whether they hold, segments found in the
data, findings and actions. One function per step, each taking what the steps before returned.
"""

from opsplaybook.playbooks import base
from opsplaybook.playbooks.customer_portrait.actions import (
    Steps,
    plan_steps,
    table_actions,
    table_review,
    table_shifts,
    table_uncovered,
)
from opsplaybook.playbooks.customer_portrait.back_test import BackTest, back_test
from opsplaybook.playbooks.customer_portrait.back_test_shown import (
    chart_back_test,
    chart_drivers,
    chart_transitions,
    table_back_test,
    table_moved,
)
from opsplaybook.playbooks.customer_portrait.concentration import (
    Concentrated,
    chart_lorenz,
    measure_concentration,
    table_concentration,
)
from opsplaybook.playbooks.customer_portrait.conclusions import findings
from opsplaybook.playbooks.customer_portrait.firmness import Firmness, check_firmness
from opsplaybook.playbooks.customer_portrait.firmness_shown import (
    chart_acceptability,
    chart_weights,
    table_methods,
    table_moves,
)
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.playbooks.customer_portrait.portrait import (
    Portrait,
    portray,
    table_chain,
    table_coverage,
    table_segments,
)
from opsplaybook.playbooks.customer_portrait.score import Scored, score_customers
from opsplaybook.playbooks.customer_portrait.score_shown import (
    chart_contributions,
    chart_correlations,
    table_dimensions,
    table_scores,
)
from opsplaybook.playbooks.customer_portrait.segments import Segments, find_segments
from opsplaybook.playbooks.customer_portrait.segments_shown import (
    chart_rfm,
    table_cluster_trials,
    table_clusters,
    table_gains,
    table_rfm_cuts,
    table_rules,
)
from opsplaybook.playbooks.customer_portrait.tiers import Tiered, assign
from opsplaybook.playbooks.customer_portrait.tiers_shown import (
    chart_scores,
    table_accounts,
    table_card,
    table_overrides,
    table_tiers,
)
from opsplaybook.playbooks.customer_portrait.what_if import WHAT_IF_TIERS, what_if_tiers
from opsplaybook.sources import Tables

TITLE = "Customer portrait and tiering"
QUESTION = "Who are the customers, what are they worth, and who gets which service?"
SUBJECT = "scope"
REQUIRED = ("accounts",)
OPTIONAL = ("contacts", "contracts", "invoices", "opportunities", "activity", "tickets")


def load(params: Params) -> Tables:
    """Read the tables of all customers, as known on ``params.as_of``.

    `activity` and `invoices` stay in the engine and are read there as sums per account.
    """
    return base.load_tables(params, REQUIRED, OPTIONAL)


__all__ = [
    "OPTIONAL",
    "QUESTION",
    "REQUIRED",
    "SUBJECT",
    "TITLE",
    "WHAT_IF_TIERS",
    "BackTest",
    "Concentrated",
    "Firmness",
    "Params",
    "Portrait",
    "Scored",
    "Segments",
    "Steps",
    "Tiered",
    "assign",
    "back_test",
    "chart_acceptability",
    "chart_back_test",
    "chart_contributions",
    "chart_correlations",
    "chart_drivers",
    "chart_lorenz",
    "chart_rfm",
    "chart_scores",
    "chart_transitions",
    "chart_weights",
    "check_firmness",
    "find_segments",
    "findings",
    "load",
    "measure_concentration",
    "plan_steps",
    "portray",
    "score_customers",
    "table_accounts",
    "table_actions",
    "table_back_test",
    "table_card",
    "table_chain",
    "table_cluster_trials",
    "table_clusters",
    "table_concentration",
    "table_coverage",
    "table_dimensions",
    "table_gains",
    "table_methods",
    "table_moved",
    "table_moves",
    "table_overrides",
    "table_review",
    "table_rfm_cuts",
    "table_rules",
    "table_scores",
    "table_segments",
    "table_shifts",
    "table_tiers",
    "table_uncovered",
    "what_if_tiers",
]
