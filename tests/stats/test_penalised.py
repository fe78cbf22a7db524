import math

import numpy as np
import pytest

from opsplaybook.stats.penalised import fit_penalised, fit_shift


def decisions(n=400, seed=2):
    generator = np.random.default_rng(seed)
    features = np.column_stack([generator.random(n) < 0.2, generator.normal(size=n)]).astype(float)
    hazard = 0.1 * 2.0 ** features[:, 0]
    return generator.random(n) < -np.expm1(-hazard), features


def test_predictions_are_right_on_average():
    lost, features = decisions()
    for link in ("logit", "cloglog"):
        model = fit_penalised(lost, features, names=["a", "b"], link=link)
        assert model.predict(features).mean() == pytest.approx(lost.mean(), abs=1e-9)


def test_the_unit_of_a_feature_changes_its_ratio_and_nothing_else():
    lost, features = decisions()
    one = fit_penalised(lost, features, names=["a", "b"], link="cloglog")
    other = fit_penalised(lost, features * [1, 1000], names=["a", "b"], link="cloglog")
    ratio, small = one.ratios[1].ratio, other.ratios[1].ratio
    assert small.value**1000 == pytest.approx(ratio.value, rel=1e-4)
    assert small.interval.high**1000 == pytest.approx(ratio.interval.high, rel=1e-2)
    assert small.p_value == pytest.approx(ratio.p_value, rel=1e-3)
    assert other.predict(features * [1, 1000]) == pytest.approx(one.predict(features), rel=1e-5)


def test_the_order_of_rows_and_of_features_changes_nothing():
    lost, features = decisions()
    order = np.random.default_rng(1).permutation(len(lost))
    one = fit_penalised(lost, features, names=["a", "b"], link="cloglog")
    other = fit_penalised(lost[order], features[order][:, ::-1], names=["b", "a"], link="cloglog")
    assert other.ratios[1].ratio.value == pytest.approx(one.ratios[0].ratio.value, rel=1e-4)


def test_with_much_data_it_is_maximum_likelihood():
    # Without a penalty the likeliest hazards of two groups are those of their shares.
    lost, group = (
        np.repeat([1, 0, 1, 0], [4000, 16000, 8000, 72000]),
        np.repeat([1, 0], [20000, 80000]),
    )
    ratio = fit_penalised(lost, group, names=["group"], link="cloglog").ratios[0].ratio
    assert ratio.value == pytest.approx(math.log(1 - 0.2) / math.log(1 - 0.1), rel=1e-3)


def test_a_perfect_predictor_has_a_finite_ratio_and_is_named():
    lost, features = decisions()
    model = fit_penalised(
        lost, np.column_stack([features, lost]), names=["a", "b", "c"], link="logit"
    )
    assert model.separated == ("c",)
    ratio = model.ratios[2].ratio
    assert 1 < ratio.interval.low < ratio.value < math.inf
    assert np.isfinite(model.predict(np.column_stack([features, lost]))).all()


def test_constant_and_repeated_features_are_dropped_and_named():
    lost, features = decisions()
    table = np.column_stack([np.ones(len(lost)), features, features[:, 0] * 3 + 1])
    model = fit_penalised(lost, table, names=["always", "a", "b", "again"], link="cloglog")
    assert model.dropped == ("always", "again")
    assert [ratio.name for ratio in model.ratios] == ["a", "b"]
    assert model.events_per_variable == min(lost.sum(), (~lost).sum()) / 2
    assert model.predict(table).mean() == pytest.approx(lost.mean(), abs=1e-9)


def test_without_any_usable_feature_the_base_rate_is_left():
    lost, _ = decisions()
    model = fit_penalised(lost, np.ones((len(lost), 1)), names=["always"], link="cloglog")
    assert model.ratios == ()
    assert model.base.interval.contains(lost.mean())
    assert model.predict(np.ones((3, 1))) == pytest.approx([lost.mean()] * 3)


@pytest.mark.parametrize("losses", [1, 2, 399])
def test_hardly_any_losses_give_a_wide_interval_and_no_failure(losses):
    _, features = decisions()
    lost = np.arange(400) < losses
    model = fit_penalised(lost, features, names=["a", "b"], link="cloglog")
    assert not model.enough
    for found in model.ratios:
        ends = found.ratio.interval
        assert 0 <= ends.low < found.ratio.value < ends.high


def test_features_of_any_size_are_fitted():
    lost, features = decisions()
    table = np.column_stack([features[:, 1] * 1e9 + 1e6, features[:, 0] * 1e-6])
    model = fit_penalised(lost, table, names=["money", "share"], link="cloglog")
    assert len(model.ratios) == 2
    assert model.ratios[1].ratio.interval.high == math.inf


@pytest.mark.parametrize("link", ["logit", "cloglog"])
@pytest.mark.parametrize("seed", range(6))
def test_hostile_features_of_few_rows_are_fitted(seed, link):
    generator = np.random.default_rng([9, seed])
    lost = np.arange(16 + 4 * seed) < 5
    n = len(lost)
    table = np.column_stack(
        [
            lost + generator.normal(0, 0.1, n),
            generator.lognormal(0, 3, n),
            1e6 + generator.normal(size=n),
            generator.random(n) < 0.1,
        ]
    )
    model = fit_penalised(lost, table, names=list("abcd"), link=link)
    for found in model.ratios:
        ends = found.ratio.interval
        assert ends.low <= found.ratio.value <= ends.high
    assert np.isfinite(model.predict(table)).all()


@pytest.mark.parametrize("outcome", [np.zeros(10), np.ones(10)])
def test_without_both_outcomes_there_is_nothing_to_fit(outcome):
    with pytest.raises(ValueError, match=r"happened \d+ of 10 times"):
        fit_penalised(outcome, np.arange(10.0), names=["a"], link="logit")


def test_features_that_do_not_fit_are_refused():
    model = fit_penalised([1, 0, 1, 0, 0], np.arange(5.0), names=["a"], link="logit")
    with pytest.raises(ValueError, match="2 features, must be 1"):
        model.predict(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="missing or infinite"):
        model.predict([np.nan])


def test_without_a_level_the_fit_is_the_same_and_has_no_intervals():
    lost, features = decisions()
    one = fit_penalised(lost, features, names=["a", "b"], link="cloglog")
    other = fit_penalised(lost, features, names=["a", "b"], link="cloglog", level=None)
    assert (other.predict(features) == one.predict(features)).all()
    assert [r.ratio.value for r in other.ratios] == [r.ratio.value for r in one.ratios]
    assert {r.ratio.interval for r in other.ratios} == {other.base.interval} == {None}
    assert not any(r.ratio.detectable for r in other.ratios)


def test_input_is_not_changed():
    lost, features = decisions()
    before = features.copy()
    fit_penalised(lost, features, names=["a", "b"], link="cloglog").predict(features)
    assert (features == before).all()


def test_a_level_that_is_right_needs_no_shift():
    forecast = np.repeat([0.1, 0.3], 100)
    lost = np.concatenate([np.arange(100) < 10, np.arange(100) < 30])
    shift = fit_shift(lost, np.log(forecast / (1 - forecast)))
    assert shift.value == pytest.approx(0, abs=0.02)
    assert shift.interval.contains(0.0)
