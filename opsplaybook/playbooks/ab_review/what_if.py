"""Ask what another metric, or another group, would show."""

from opsplaybook.display import Table
from opsplaybook.playbooks.ab_review.effects import measure_effects
from opsplaybook.playbooks.ab_review.effects_shown import table_effects
from opsplaybook.playbooks.ab_review.groups import compare_groups
from opsplaybook.playbooks.ab_review.looks_shown import table_groups
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.run_check import check_run
from opsplaybook.sources import Tables

WHAT_IF_METRIC = ("metrics", "segments")
"""Parameters that can be moved."""


def what_if_metric(params: Params, given: Tables) -> tuple[Table, Table]:
    """Read the experiment by other metrics and other groups.

    Whoever tries many finds one that moves: it is a question for the next experiment then.

    Returns
    -------
    tuple of Table
        Effects, and whether they differ between groups.
    """
    run = check_run(given, params)
    effects = measure_effects(given, params, run)
    groups = compare_groups(given, params, run)
    return table_effects(effects, run), table_groups(groups, run)
