import math
from itertools import combinations

import numpy as np
import pytest

from opsplaybook.stats.means import mean_difference
from opsplaybook.stats.randomisation import randomised_difference, randomised_lift

VALUES = np.array([9.1, 8.4, 7.2, 12.5, 2.3, 1.1, 4.2, 3.0])
TREATED = np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)


def estimate(values=VALUES, treated=TREATED, seed=1, **settings):
    return randomised_difference(values, treated, generator=np.random.default_rng(seed), **settings)


def t_of(values, treated):
    one, two = values[treated], values[~treated]
    spread = one.var(ddof=1) / one.size + two.var(ddof=1) / two.size
    return (one.mean() - two.mean()) / math.sqrt(spread)


def test_p_value_is_the_share_of_assignments_by_hand():
    actual, extreme = abs(t_of(VALUES, TREATED)), 0
    for picked in combinations(range(8), 4):
        other = np.isin(np.arange(8), picked)
        extreme += abs(t_of(VALUES, other)) >= actual - 1e-9
    found = estimate()
    assert found.p_value == pytest.approx(extreme / 70)
    assert "all 70 assignments" in found.method


def test_of_all_draws_that_could_have_been_at_most_one_in_twenty_raises_a_false_alarm():
    # Without an effect each of the 70 assignments was as likely; 2 of them reject at 5%.
    draws = [np.isin(np.arange(8), picked) for picked in combinations(range(8), 4)]
    p_values = np.array([estimate(VALUES, draw).p_value for draw in draws])
    for level in (0.05, 0.1, 0.3):
        assert (p_values <= level).mean() <= level
    assert (p_values <= 0.05).sum() == 2


def test_interval_holds_exactly_the_effects_that_are_not_rejected():
    found = estimate()
    inside, outside = 1e-4, -1e-4
    for end, inward in ((found.interval.low, 1), (found.interval.high, -1)):
        assert estimate(null=end + inward * inside).p_value > 0.05
        assert estimate(null=end + inward * outside).p_value <= 0.05


def test_an_added_effect_moves_estimate_and_interval_by_itself():
    plain, shifted = estimate(), estimate(VALUES + 5.0 * TREATED)
    assert shifted.value == pytest.approx(plain.value + 5)
    assert shifted.interval.low == pytest.approx(plain.interval.low + 5, abs=1e-4)
    assert shifted.interval.high == pytest.approx(plain.interval.high + 5, abs=1e-4)


def test_a_large_offset_changes_nothing():
    plain, far = estimate(), estimate(VALUES + 1e7)
    assert far.p_value == plain.p_value
    assert far.interval.low == pytest.approx(plain.interval.low, abs=1e-3)


def test_one_sided_p_values_share_the_actual_assignment():
    greater = estimate(alternative="greater").p_value
    less = estimate(alternative="less").p_value
    assert greater == pytest.approx(1 / 70)
    assert less == pytest.approx(1.0)


def test_same_seed_gives_the_same_result():
    values = np.random.default_rng(3).lognormal(size=30)
    treated = np.arange(30) < 15
    first = randomised_difference(values, treated, generator=np.random.default_rng(8))
    again = randomised_difference(values, treated, generator=np.random.default_rng(8))
    assert first == again
    assert "10,000 drawn assignments" in first.method


def test_drawn_assignments_come_near_all_of_them():
    values = np.random.default_rng(4).lognormal(size=14)
    treated = np.arange(14) < 7
    every = estimate(values, treated)
    drawn = estimate(values, treated, resamples=3000)
    assert "all 3,432" in every.method
    assert drawn.p_value == pytest.approx(every.p_value, abs=0.03)
    assert drawn.interval.low == pytest.approx(every.interval.low, abs=0.2)


def test_in_large_samples_it_is_welchs_interval():
    generator = np.random.default_rng(5)
    one, two = generator.normal(3, 1, 150), generator.normal(2, 3, 90)
    found = estimate(np.append(one, two), np.arange(240) < 150)
    welch = mean_difference(one, two)
    assert found.value == pytest.approx(welch.value)
    assert found.interval.low == pytest.approx(welch.interval.low, abs=0.06)
    assert found.interval.high == pytest.approx(welch.interval.high, abs=0.06)


def test_users_per_account_give_the_effect_on_the_average_user():
    sums, sizes = np.array([40.0, 6, 9, 14, 20, 5, 4, 6]), np.array([10.0, 2, 3, 5, 10, 2, 2, 3])
    found = estimate(sums, sizes=sizes)
    assert found.value == pytest.approx(69 / 20 - 35 / 17)
    assert found.first.value == pytest.approx(69 / 20)
    assert found.n == 4


def test_a_covariate_gives_the_effect_of_the_regression():
    generator = np.random.default_rng(6)
    before = generator.normal(50, 20, 24)
    treated = generator.permutation(24) < 12
    after = before + generator.normal(0, 3, 24) + 4 * treated
    found = estimate(after, treated, covariates=[before])
    table = np.column_stack([np.ones(24), treated, before])
    assert found.value == pytest.approx(np.linalg.lstsq(table, after, rcond=None)[0][1])
    raw = estimate(after, treated)
    width = found.interval.high - found.interval.low
    assert width < 0.3 * (raw.interval.high - raw.interval.low)
    assert found.interval.contains(4)


def test_a_covariate_unknown_for_an_account_counts_as_average():
    generator = np.random.default_rng(7)
    before = generator.normal(size=16)
    treated = np.arange(16) % 2 == 0
    after = before + generator.normal(0, 0.2, 16) + treated
    gaps = before.copy()
    gaps[[3, 8]] = np.nan
    found = estimate(after, treated, covariates=[gaps])
    assert found.n == 8
    assert found.detectable


def test_too_few_accounts_are_unbounded():
    found = estimate([5.0, 6, 1, 2], [1, 1, 0, 0])
    assert found.p_value == pytest.approx(2 / 6)
    assert found.interval is None
    assert not found.detectable


@pytest.mark.parametrize(
    ("values", "treated"),
    [([5.0, 1, 2, 3], [1, 0, 0, 0]), ([5.0, 5, 5, 5], [1, 1, 0, 0]), ([], [])],
)
def test_nothing_to_judge_by(values, treated):
    found = estimate(values, treated)
    assert found.interval is None
    assert math.isnan(found.p_value)


def test_missing_accounts_are_left_out():
    gaps = np.append(VALUES, [np.nan, np.nan])
    found = estimate(gaps, np.append(TREATED, [True, False]))
    assert found == estimate()


def test_accounts_without_users_are_left_out():
    sizes = np.ones(9)
    sizes[8] = 0
    found = estimate(np.append(VALUES, 0.0), np.append(TREATED, True), sizes=sizes)
    assert found.n == 4
    assert found.p_value == estimate().p_value


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"covariates": [VALUES], "sizes": np.ones(8)}, "leave sizes out"),
        ({"covariates": list(np.eye(8)[:7])}, "7 covariates for 8 accounts"),
        ({"covariates": [VALUES[:3]]}, "different lengths"),
        ({"sizes": np.ones(3)}, "different lengths"),
    ],
)
def test_columns_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        estimate(**settings)


def test_infinite_value_is_refused():
    with pytest.raises(ValueError, match="1 infinite"):
        estimate(np.append(VALUES[:7], math.inf))


def test_inputs_stay_as_they_were():
    values, before = VALUES.copy(), np.append(VALUES[:7], np.nan)
    kept = before.copy()
    estimate(values, covariates=[before])
    assert np.array_equal(values, VALUES)
    assert np.array_equal(before, kept, equal_nan=True)


def lift(values, treated=TREATED, seed=1, **settings):
    return randomised_lift(values, treated, generator=np.random.default_rng(seed), **settings)


def test_lift_and_difference_never_disagree():
    verdicts = set()
    for seed in range(40):
        generator = np.random.default_rng(seed)
        values = generator.lognormal(2, 0.5, 14)
        treated = generator.permutation(14) < 7
        values = np.where(treated, values * 1.7, values)
        absolute = estimate(values, treated, resamples=499)
        relative = lift(values, treated, resamples=499)
        assert relative.p_value == absolute.p_value
        if relative.interval is not None:
            assert relative.interval.contains(0) == absolute.interval.contains(0)
            verdicts.add(relative.interval.contains(0))
    assert verdicts == {True, False}


def test_lift_holds_exactly_the_factors_that_are_not_rejected():
    values = VALUES + 5
    found = lift(values)
    assert found.value == pytest.approx(values[:4].mean() / values[4:].mean() - 1)
    for end, inward in ((found.interval.low, 1), (found.interval.high, -1)):
        for step, holds in ((inward * 1e-3, True), (-inward * 1e-3, False)):
            without = np.where(TREATED, values / (1 + end + step), values)
            assert (estimate(without).p_value > 0.05) == holds


def test_lift_in_other_units_is_the_same():
    plain, cents = lift(VALUES + 5), lift(100 * (VALUES + 5))
    assert cents.value == pytest.approx(plain.value)
    assert cents.interval.high == pytest.approx(plain.interval.high, rel=1e-3)


def test_lift_over_a_negative_base_keeps_the_sign_of_the_gain():
    losses = np.array([-1.0, -1.2, -0.8, -1.1, -2.0, -2.2, -1.9, -2.1])
    found = lift(losses)
    assert found.value == pytest.approx((losses[:4].mean() - losses[4:].mean()) / 2.05)
    assert 0 < found.interval.low < found.value < found.interval.high
    assert estimate(losses).value > 0


@pytest.mark.parametrize("control", [[0.0, 0, 0, 0], [-1.0, -2, -1, -3]])
def test_lift_over_nothing_or_a_loss_is_undefined(control):
    found = lift(np.append(VALUES[:4], control))
    assert math.isnan(found.value)
    assert found.interval is None


def test_lift_is_unbounded_where_control_may_be_zero():
    values = [9.0, 7, 1, 12, 8, 0.1, 0, 0.2, 3, 0]
    found = lift(values, np.arange(10) < 5)
    assert found.value > 3
    assert found.interval is None


def test_lift_with_the_period_before_is_narrower():
    generator = np.random.default_rng(8)
    before = generator.lognormal(3, 0.6, 24)
    treated = generator.permutation(24) < 12
    after = before * generator.normal(1, 0.05, 24) * np.where(treated, 1.2, 1.0)
    raw, adjusted = lift(after, treated), lift(after, treated, covariates=[before])
    assert adjusted.interval.contains(0.2)
    width = adjusted.interval.high - adjusted.interval.low
    assert width < 0.4 * (raw.interval.high - raw.interval.low)


def test_a_covariate_that_is_the_arm_leaves_no_effect_to_estimate():
    found = estimate(covariates=[TREATED.astype(float)])
    assert math.isnan(found.value)
    assert found.interval is None
