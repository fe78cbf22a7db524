"""All steps of the A/B review in one call, and experiments made by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from opsplaybook.params import resolve
from opsplaybook.playbooks import ab_review as playbook
from opsplaybook.sources import Tables


def first_steps(given: Tables | None = None, **values: object) -> SimpleNamespace:
    """Run the first three steps; tables may be handed in."""
    params = resolve(playbook.Params, {"resamples": 999} | values)
    tables = playbook.load(params) if given is None else given
    run = playbook.check_run(tables, params)
    effects = playbook.measure_effects(tables, params, run)
    weighed = playbook.weigh_units(tables, params, run, effects)
    return SimpleNamespace(params=params, tables=tables, run=run, effects=effects, weighed=weighed)


def review(given: Tables | None = None, **values: object) -> SimpleNamespace:
    """Run every step; tables may be handed in."""
    first = first_steps(given, **values)
    params, tables, run = first.params, first.tables, first.run
    effects, weighed = first.effects, first.weighed
    looks = playbook.look_early(tables, params, run, effects)
    groups = playbook.compare_groups(tables, params, run)
    sight = playbook.plan_units(params, run, effects)
    decision = playbook.decide(params, run, effects, weighed, looks, groups, sight)
    actions = playbook.plan_actions(params, run, effects, weighed, groups, sight, decision)
    findings = playbook.findings(
        tables, run, effects, weighed, looks, groups, sight, decision, actions
    )
    return SimpleNamespace(
        params=params, tables=tables, run=run, effects=effects, weighed=weighed, looks=looks,
        groups=groups, sight=sight, decision=decision, actions=actions, findings=findings,
    )  # fmt: skip


def everything_shown(done: SimpleNamespace) -> list:
    """Make every chart and table of the notebook."""
    run = done.run
    return [
        playbook.table_plan(run, done.params),
        playbook.table_arms(run),
        playbook.chart_daily_ratio(run),
        playbook.table_places(run),
        playbook.table_problems(run),
        playbook.table_balance(run),
        playbook.table_causes(run),
        playbook.table_open_actions(run),
        playbook.chart_effects(done.effects, run),
        playbook.table_effects(done.effects, run),
        playbook.table_guardrails(done.effects, run),
        playbook.table_readings(done.weighed, run),
        playbook.table_influence(done.weighed, run),
        playbook.chart_robust(done.weighed, run),
        playbook.table_largest(done.weighed, run),
        playbook.chart_path(done.looks, run),
        playbook.table_looks(done.looks, run),
        playbook.chart_classes(done.groups, run),
        playbook.table_groups(done.groups, run),
        playbook.chart_weeks(done.groups, run),
        playbook.table_needed(done.sight, run),
        playbook.table_memo(done.decision, run),
        playbook.table_actions(done.actions),
    ]


def hand_made(
    *, per_arm: int = 40, unit: str = "user", shift: float = 0.0, metric: str = "outcome(score)"
) -> dict[str, pd.DataFrame]:
    """Make an experiment whose outcomes are 0, 1, ..., 9 in turn, plus a shift of the treatment."""
    arms = np.repeat(["control", "treatment"], per_arm)
    names = [f"U-{number:04d}" for number in range(2 * per_arm)]
    values = np.tile(np.arange(per_arm) % 10, 2) + np.where(arms == "treatment", shift, 0.0)
    plan = {
        "experiment_id": "T-1", "name": "Test", "unit": unit,
        "shares": "control=0.5;treatment=0.5", "control_arm": "control",
        "success_metrics": metric, "start_on": "2026-01-05", "end_on": "2026-02-01",
    }  # fmt: skip
    assigned = pd.DataFrame({"experiment_id": "T-1", "unit_id": names, "arm": arms})
    outcomes = assigned[["experiment_id", "unit_id"]].assign(metric="score", value=values)
    return {
        "experiments": pd.DataFrame([plan]),
        "assignments": assigned.assign(
            account_id=names, assigned_at=pd.Timestamp("2026-01-05 09:00", tz="Europe/Berlin")
        ),
        "outcomes": outcomes.assign(at=pd.Timestamp("2026-01-20 09:00", tz="Europe/Berlin")),
    }
