import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from opsplaybook.stats.decomposition import funnel_gap, mix_and_rate, product_effects

# Zero or an ordinary size: what is smaller than the last digit of the sum is lost to rounding.
sizes = st.one_of(st.just(0.0), st.floats(1e-3, 1e3))
factor_tables = arrays(float, (4, 3), elements=sizes)


@given(factor_tables, factor_tables)
def test_effects_add_up_to_the_change_with_any_zeros(before, after):
    effects = product_effects(before, after)
    change = after.prod(axis=1) - before.prod(axis=1)
    assert effects.sum(axis=1) == pytest.approx(change, rel=1e-9, abs=1e-6)


def test_a_factor_that_did_not_change_has_no_effect():
    assert product_effects([3.0, 0.5, 0.2], [9.0, 0.5, 0.1])[1] == 0


def test_effects_do_not_depend_on_the_order_of_factors():
    before, after = np.array([3.0, 0.5, 0.2, 7]), np.array([9.0, 0.4, 0.1, 2])
    order = [2, 0, 3, 1]
    assert product_effects(before[order], after[order]) == pytest.approx(
        product_effects(before, after)[order]
    )


def test_effects_change_sign_when_time_runs_backwards():
    before, after = [3.0, 0.5, 0.2], [9.0, 0.4, 0.1]
    assert product_effects(before, after) == pytest.approx(-product_effects(after, before))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ([1.0, 2.0], [1.0], "shapes differ"),
        ([1.0, math.nan], [1.0, 2.0], "finite"),
        (np.ones(13), np.ones(13), "at most 12"),
    ],
)
def test_factors_that_cannot_be_split_are_refused(before, after, message):
    with pytest.raises(ValueError, match=message):
        product_effects(before, after)


def test_pure_change_of_mix():
    found = mix_and_rate(([40, 10], [50, 50]), ([16, 16], [20, 80]))
    assert found.rate.tolist() == [0, 0]
    assert found.mix_total == pytest.approx(found.change)
    assert found.change == pytest.approx(-0.18)
    # The weak segment grew and the strong one shrank: both pull down.
    assert (found.mix < 0).all()


def test_pure_change_of_rates():
    found = mix_and_rate(([40, 10], [50, 50]), ([80, 60], [100, 100]))
    assert found.mix.tolist() == [0, 0]
    assert found.rate == pytest.approx([0, 0.2])
    assert not found.reversal


def test_segment_that_appears_or_disappears_is_all_mix():
    found = mix_and_rate(([40, 10, 0], [50, 50, 0]), ([40, 0, 5], [50, 0, 50]))
    assert found.rate.tolist() == [0, 0, 0]
    assert found.mix_total == pytest.approx(found.change) == pytest.approx(-0.05)


def test_empty_side_has_nothing_to_split():
    found = mix_and_rate(([1, 2], [5, 5]), ([0, 0], [0, 0]))
    assert found.before == 0.3
    assert math.isnan(found.after)
    assert np.isnan(found.mix).all()


@pytest.mark.parametrize("base", [[-1, 5], [math.nan, 5], [5, 5, 5]])
def test_bases_that_are_no_counts_are_refused(base):
    with pytest.raises(ValueError, match="must"):
        mix_and_rate(([1, 2], base), ([1, 2], [5, 5]))


TARGET = np.array([[500, 250, 50, 10], [500, 250, 50, 10], [200, 60, 30, 9.0]])
ACTUAL = np.array([[600, 300, 30, 5], [400, 200, 40, 0], [0, 0, 0, 0.0]])


def test_funnel_gap_adds_up_over_stages_and_segments():
    found = funnel_gap(TARGET, ACTUAL)
    assert found.gap == 5 - 29
    assert found.effects.sum() == pytest.approx(found.gap, abs=1e-12)
    assert found.by_segment == pytest.approx([-5, -10, -9])
    assert found.by_factor.sum() == pytest.approx(found.gap)
    assert found.factors[2:] == ("stage 1 to stage 2", "stage 2 to stage 3", "stage 3 to stage 4")


def test_segment_that_nobody_entered_loses_by_entrants_and_mix_alone():
    found = funnel_gap(TARGET, ACTUAL)
    assert found.effects[2, 2:].tolist() == [0, 0, 0]


def test_planted_stage_is_named_as_the_cause():
    actual = TARGET.copy()
    actual[0, 2:] = [25, 5]
    found = funnel_gap(TARGET, actual, stages=["invited", "registered", "attended", "qualified"])
    worst = found.factors[int(np.argmin(found.by_factor))]
    assert worst == "registered to attended"
    assert found.by_factor == pytest.approx([0, 0, 0, -5, 0], abs=1e-12)
    assert found.by_segment == pytest.approx([-5, 0, 0], abs=1e-12)


def test_target_equal_to_actual_leaves_nothing_to_explain():
    assert not funnel_gap(TARGET, TARGET).effects.any()


@given(
    arrays(int, (3, 4), elements=st.integers(0, 300)),
    arrays(int, (3, 4), elements=st.integers(0, 300)),
)
def test_funnel_gap_adds_up_for_any_counts(target, actual):
    # Sorting makes funnels of them: no stage larger than the one before.
    target, actual = -np.sort(-target, axis=1), -np.sort(-actual, axis=1)
    if not target[:, 0].sum() or not actual[:, 0].sum():
        return
    found = funnel_gap(target, actual)
    assert found.effects.sum() == pytest.approx(actual[:, -1].sum() - target[:, -1].sum(), abs=1e-9)
    assert found.by_segment == pytest.approx(actual[:, -1] - target[:, -1], abs=1e-9)


@pytest.mark.parametrize(
    ("target", "actual", "message"),
    [
        ([[0, 0]], [[5, 1]], "nobody entered"),
        ([[5, 1]], [[5, -1]], "negative"),
        ([[5]], [[5]], "two stages"),
        ([5, 1], [5, 1], "two stages"),
    ],
)
def test_funnels_that_cannot_be_compared_are_refused(target, actual, message):
    with pytest.raises(ValueError, match=message):
        funnel_gap(target, actual)
