"""Ask what another metric, or another group, would show."""

from dataclasses import replace

from opsplaybook.display import Table
from opsplaybook.playbooks.ab_review.effects import measure_effects
from opsplaybook.playbooks.ab_review.effects_shown import table_effects
from opsplaybook.playbooks.ab_review.groups import compare_classes
from opsplaybook.playbooks.ab_review.looks_shown import table_groups
from opsplaybook.playbooks.ab_review.measured import measure
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.plan import read_plan
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.sources import Tables

WHAT_IF_METRIC = ("metrics", "segments")
"""Parameters that can be moved."""


def what_if_metric(params: Params, given: Tables, run: RunCheck) -> tuple[Table, Table]:
    """Read the experiment by other metrics and other groups.

    Whoever tries many finds one that moves: it is a question for the next experiment then.

    Parameters
    ----------
    params : Params
    given : Tables
    run : RunCheck
        Who was put where stays as it is, and so does what was found wrong with it.

    Returns
    -------
    tuple of Table
        Effects, and whether they differ between groups.
    """
    experiment = read_plan(given, params)
    design = replace(run.design, experiment=experiment)
    asked = replace(run, experiment=experiment, design=design, measured=measure(given, design))
    effects = measure_effects(given, params, asked)
    groups = compare_classes(given, params, asked)
    return table_effects(effects, asked), table_groups(groups, asked)
