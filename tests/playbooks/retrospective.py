"""The event retrospective in process, step by step, for tests of several folders."""

from dataclasses import dataclass

from opsplaybook.display import Chart, Table
from opsplaybook.findings import Findings
from opsplaybook.params import resolve
from opsplaybook.playbooks import event_retrospective
from opsplaybook.playbooks.base import LARGE
from opsplaybook.sources import Source, Tables, open_source


@dataclass(frozen=True, slots=True)
class Retrospective:
    """Every step of an event retrospective, and all that it shows."""

    params: event_retrospective.Params
    given: Tables
    goals: event_retrospective.Goals
    results: event_retrospective.Results
    attendance: event_retrospective.Attendance
    causes: event_retrospective.Causes
    patterns: event_retrospective.Patterns
    findings: Findings

    def shown(self) -> dict[str, Table | Chart]:
        """Make every table and chart, by key."""
        playbook = event_retrospective
        makers = (
            (self.goals, (
                playbook.table_goals, playbook.table_open_actions, playbook.table_known_patterns,
            )),
            (self.results, (
                playbook.table_goal_results, playbook.chart_goals, playbook.table_key_measures,
                playbook.table_tiers, playbook.chart_tiers, playbook.table_costs,
                playbook.table_deals, playbook.table_returns,
            )),
            (self.attendance, (playbook.table_attendance, playbook.chart_attendance)),
            (self.causes, (
                playbook.chart_funnel, playbook.chart_gap, playbook.table_gap,
                playbook.table_segments, playbook.chart_comparison, playbook.table_balance,
                playbook.table_causes,
            )),
            (self.patterns, (playbook.table_patterns, playbook.table_actions)),
        )  # fmt: skip
        made = [make(step) for step, functions in makers for make in functions]
        return {item.key: item for item in made}


def look_back(source: Source | str, **values: object) -> Retrospective:
    """Run the event retrospective in process, on an open source or on an address."""
    playbook = event_retrospective
    params = resolve(playbook.Params, values)
    opened = open_source(source) if isinstance(source, str) else source
    names = (*playbook.REQUIRED, *playbook.OPTIONAL)
    given = opened.load(
        [name for name in names if name not in LARGE],
        required=playbook.REQUIRED,
        in_engine=LARGE,
        as_of=params.as_of,
    )
    goals = playbook.review_goals(given, params)
    results = playbook.evaluate_results(given, params, goals)
    causes = playbook.analyse_causes(given, params, goals, results)
    patterns = playbook.summarise_patterns(given, params, goals, causes)
    attendance = playbook.summarise_attendance(results, params)
    found = playbook.findings(given, params, goals, results, causes, patterns, attendance)
    return Retrospective(params, given, goals, results, attendance, causes, patterns, found)
