"""What-if views show what the steps of the notebook would, for the same parameters."""

import pytest

from opsplaybook.playbooks import ab_review, customer_portrait, funnel_review

SOURCE = "sample?accounts=120"


@pytest.fixture(scope="module")
def experiment():
    params = ab_review.Params()
    tables = ab_review.load(params)
    return params, tables, ab_review.check_run(tables, params)


def test_an_experiment_by_the_same_metric_shows_the_same(experiment):
    params, tables, run = experiment
    effects = ab_review.measure_effects(tables, params, run)
    shown, _ = ab_review.what_if_metric(params, tables, run)
    assert shown.rows == ab_review.table_effects(effects, run).rows


def test_an_experiment_by_another_attribute_shows_what_its_own_check_would(experiment):
    params, tables, run = experiment
    other = params.model_copy(update={"segments": ("region",)})
    own = ab_review.check_run(tables, other)
    whole = ab_review.compare_groups(tables, other, own)
    _, shown = ab_review.what_if_metric(other, tables, run)
    assert shown.rows == ab_review.table_groups(whole, own).rows
    assert [row[0] for row in shown.rows] == ["region"]


@pytest.mark.parametrize("changed", [{}, {"window_days": 7}, {"order": "any"}])
def test_a_funnel_by_a_rule_shows_what_the_step_would(changed):
    params = funnel_review.Params(source=SOURCE, other_rules=False, **changed)
    tables = funnel_review.load(params)
    definition = funnel_review.define_funnel(tables, params)
    reach = funnel_review.measure_reach(tables, params, definition)
    chart, table = funnel_review.what_if_rule(params, tables)
    assert table.rows == funnel_review.table_reach(reach, definition).rows
    assert chart.alt == funnel_review.chart_reach(reach, definition).alt


def test_tiers_by_the_same_weights_move_nobody_and_others_move_some():
    params = customer_portrait.Params(source=SOURCE)
    tables = customer_portrait.load(params)
    portrait = customer_portrait.portray(tables, params)
    scored = customer_portrait.score_customers(portrait, params)
    tiered = customer_portrait.assign(tables, params, portrait, scored)
    _, movers = customer_portrait.what_if_tiers(params, tables, portrait, tiered)
    assert movers.rows == ()
    alone = (100.0, *[0.0] * (len(params.weights) - 1))
    other = params.model_copy(update={"weights": alone})
    service, movers = customer_portrait.what_if_tiers(other, tables, portrait, tiered)
    assert movers.total_rows > 0
    assert f"{movers.total_rows:,} of {len(tiered.frame):,}" in movers.caption
    again = customer_portrait.assign(
        tables, other, portrait, customer_portrait.score_customers(portrait, other)
    )
    assert service.rows == customer_portrait.table_tiers(again, portrait).rows
