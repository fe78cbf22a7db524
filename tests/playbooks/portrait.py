"""The customer portrait in process, step by step, and all that it shows."""

from types import SimpleNamespace

from opsplaybook.display import Chart, Table
from opsplaybook.params import resolve
from opsplaybook.playbooks import customer_portrait as playbook


def portray(source: str = "sample", **values: object) -> SimpleNamespace:
    """Run all steps as the notebook does."""
    params = resolve(playbook.Params, {"source": source} | values)
    given = playbook.load(params)
    portrait = playbook.portray(given, params)
    concentrated = playbook.measure_concentration(portrait, params)
    scored = playbook.score_customers(portrait, params)
    tiered = playbook.assign(given, params, portrait, scored)
    firmness = playbook.check_firmness(params, portrait, scored, tiered)
    test = playbook.back_test(given, params, portrait, scored, tiered)
    segments = playbook.find_segments(given, params, portrait, tiered)
    steps = playbook.plan_steps(given, params, portrait, scored, tiered, firmness, test)
    findings = playbook.findings(
        given, portrait, concentrated, scored, tiered, firmness, test, steps
    )
    return SimpleNamespace(
        params=params, given=given, portrait=portrait, concentrated=concentrated, scored=scored,
        tiered=tiered, firmness=firmness, test=test, segments=segments, steps=steps,
        findings=findings,
    )  # fmt: skip


def shown(done: SimpleNamespace) -> dict[str, Table | Chart]:
    """Make every table and chart, by key."""
    p, portrait, scored, tiered = playbook, done.portrait, done.scored, done.tiered
    items = [
        done.given.table(), p.table_coverage(portrait), p.table_segments(portrait),
        p.table_chain(portrait), p.chart_lorenz(done.concentrated),
        p.table_concentration(done.concentrated), p.table_dimensions(scored, done.params),
        p.chart_correlations(scored), p.chart_contributions(scored, portrait),
        p.table_scores(scored, portrait), p.chart_scores(scored, portrait, tiered),
        p.table_tiers(tiered, portrait), p.table_accounts(tiered, scored, portrait),
        p.table_overrides(tiered), p.table_card(portrait, scored, tiered, done.params),
        p.chart_weights(done.firmness), p.chart_acceptability(done.firmness, portrait),
        p.table_methods(done.firmness), p.table_moves(done.firmness),
        p.chart_back_test(done.test, portrait), p.table_back_test(done.test, portrait),
        p.chart_drivers(done.test, portrait), p.chart_transitions(done.test, portrait),
        p.table_moved(done.test, portrait), p.table_rfm_cuts(done.segments, portrait),
        p.chart_rfm(done.segments, portrait), p.table_cluster_trials(done.segments),
        p.table_clusters(done.segments, portrait), p.table_rules(done.segments),
        p.table_gains(done.segments), p.table_uncovered(done.steps, portrait),
        p.table_review(done.steps, portrait), p.table_shifts(done.steps),
        p.table_actions(done.steps),
    ]  # fmt: skip
    return {item.key: item for item in items}
