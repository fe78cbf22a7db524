"""Funnels over any table with times: a rule in words, and exact counts by it, in the engine."""

from opsplaybook.metrics.funnels.accounts import account_times
from opsplaybook.metrics.funnels.between import actions_after, paths_after
from opsplaybook.metrics.funnels.counts import NOT_KNOWN, reach, reach_in
from opsplaybook.metrics.funnels.funnel import Funnel, occurrences, read_funnel
from opsplaybook.metrics.funnels.losses import Durations, count_lost, durations, lost_units
from opsplaybook.metrics.funnels.rule import Exclusion, FunnelRule, Step

__all__ = [
    "NOT_KNOWN",
    "Durations",
    "Exclusion",
    "Funnel",
    "FunnelRule",
    "Step",
    "account_times",
    "actions_after",
    "count_lost",
    "durations",
    "lost_units",
    "occurrences",
    "paths_after",
    "reach",
    "reach_in",
    "read_funnel",
]
