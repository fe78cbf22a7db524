"""The funnel review in process, step by step, and all that it shows."""

from types import SimpleNamespace

from opsplaybook.display import Chart, Table
from opsplaybook.params import resolve
from opsplaybook.playbooks import funnel_review as playbook


def review(source: str = "sample", **values: object) -> SimpleNamespace:
    """Run all steps as the notebook does."""
    params = resolve(playbook.Params, {"source": source} | values)
    return follow(playbook.load(params), params)


def follow(given: object, params: object) -> SimpleNamespace:
    """Run all steps on loaded tables."""
    definition = playbook.define_funnel(given, params)
    reach = playbook.measure_reach(given, params, definition)
    rules = playbook.try_other_rules(given, params, definition)
    timing = playbook.measure_timing(definition)
    breakdown = playbook.break_down(params, definition)
    change = playbook.explain_change(params, definition)
    behaviour = playbook.watch_behaviour(params, definition, reach, change)
    worth = playbook.value_repairs(given, params, definition, reach, change)
    steps = playbook.plan_steps(
        given, params, definition, reach, breakdown, change, behaviour, worth
    )
    findings = playbook.findings(
        given, params, definition, reach, timing, breakdown, change, behaviour, worth, steps
    )
    return SimpleNamespace(
        params=params, given=given, definition=definition, rules=rules, reach=reach, timing=timing,
        breakdown=breakdown, change=change, behaviour=behaviour, worth=worth, steps=steps,
        findings=findings,
    )  # fmt: skip


def shown(done: SimpleNamespace) -> dict[str, Table | Chart]:
    """Make every table and chart, by key."""
    p, definition, reach, change = playbook, done.definition, done.reach, done.change
    items = [
        done.given.table(), p.table_definition(definition), p.table_rules(done.rules, definition),
        p.chart_reach(reach, definition), p.table_reach(reach, definition),
        p.table_lost(reach, definition), p.chart_timing(done.timing, definition),
        p.table_timing(done.timing, definition),
        p.chart_segments(done.breakdown, reach, definition),
        p.table_segments(done.breakdown, definition), p.chart_trend(done.breakdown, definition),
        p.table_changes(done.breakdown, definition), p.chart_change(change, definition),
        p.table_change(change, definition), p.chart_cells(change, definition),
        p.table_cells(change, definition), p.chart_odds(done.behaviour, definition),
        p.table_odds(done.behaviour, definition), p.table_paths(done.behaviour, definition),
        p.chart_worth(done.worth, definition), p.table_worth(done.worth, definition),
        p.table_actions(done.steps, definition),
    ]  # fmt: skip
    return {item.key: item for item in items}
