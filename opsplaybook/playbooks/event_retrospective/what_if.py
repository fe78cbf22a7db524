"""Ask what would change if deals were read earlier or later after the event."""

from opsplaybook.display import Table
from opsplaybook.playbooks.event_retrospective.goals import Goals
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.playbooks.event_retrospective.results import evaluate_results
from opsplaybook.playbooks.event_retrospective.results_shown import table_deals, table_returns
from opsplaybook.sources import Tables

WHAT_IF_WINDOWS = ("early_window_days", "late_window_days")
"""Parameters that can be moved."""


def what_if_windows(params: Params, given: Tables, goals: Goals) -> tuple[Table, Table]:
    """Read the deals and the returns over other windows.

    Returns
    -------
    tuple of Table
        Returns per window, and the deals.
    """
    results = evaluate_results(given, params, goals)
    return table_returns(results), table_deals(results)
