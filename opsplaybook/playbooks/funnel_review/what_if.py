"""Ask what the rates would be under another rule."""

from opsplaybook.display import Chart, Table
from opsplaybook.playbooks.funnel_review.definition import define_alone
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.reach import count_reach
from opsplaybook.playbooks.funnel_review.reach_shown import chart_reach, table_reach
from opsplaybook.sources import Tables

WHAT_IF_RULE = ("steps", "window_days", "order", "anchor", "ties")
"""Parameters that can be moved."""


def what_if_rule(params: Params, given: Tables) -> tuple[Chart, Table]:
    """Count the funnel by other steps, another window or another order.

    Returns
    -------
    tuple of Chart and Table
        Reach of each step, and its rates with the rule in words.
    """
    definition = define_alone(given, params)
    reach = count_reach(definition)
    return chart_reach(reach, definition), table_reach(reach, definition)
