import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from opsplaybook.stats.contrasts import (
    difference_of_moments,
    relative_of_moments,
    welch_contrast,
)
from opsplaybook.stats.means import mean_difference, ratio_difference
from opsplaybook.stats.moments import JointMoments, Moments

FIRST = np.array([4.1, 5.0, 6.2, 5.5, 4.8, 9.3])
SECOND = np.array([3.9, 4.4, 4.0, 5.1, 4.2])
NUMBERS = some.lists(some.floats(-1e6, 1e6), min_size=2, max_size=30)


def test_sums_and_values_give_the_same_moments():
    by_value = Moments.of(FIRST)
    by_sums = Moments.of_sums(6, FIRST.sum(), (FIRST**2).sum())
    assert by_sums.n == by_value.n
    assert by_sums.mean == pytest.approx(by_value.mean)
    assert by_sums.variance == pytest.approx(by_value.variance)


def test_missing_values_are_not_counted_as_units():
    # tea-tasting 1.14 counts rows without a value: five values and five gaps give p = 0.0059.
    gaps = [np.nan] * 5
    with_gaps = difference_of_moments(
        Moments.of([5.0, 6, 7, 6, 8, *gaps]), Moments.of([3.0, 5, 4, 5, 4, *gaps])
    )
    without = mean_difference([5.0, 6, 7, 6, 8], [3.0, 5, 4, 5, 4])
    assert with_gaps.p_value == without.p_value
    assert with_gaps.n == 5


@pytest.mark.parametrize("values", [[], [5.0]])
def test_an_arm_of_one_or_none_has_an_effect_without_certainty(values):
    found = difference_of_moments(Moments.of(values), Moments.of(SECOND))
    assert found.interval is None
    assert math.isnan(found.p_value)
    assert found.n == len(values)
    assert relative_of_moments(Moments.of(values), Moments.of(SECOND)).interval is None


def test_arms_without_spread_have_no_certainty():
    found = difference_of_moments(Moments.of([2.0] * 9), Moments.of([1.0] * 9))
    assert found.value == 1
    assert found.interval is None


def test_one_arm_without_spread_still_has_an_interval():
    found = difference_of_moments(Moments.of([0.0] * 9), Moments.of(SECOND))
    assert found.detectable


def test_infinite_values_are_refused():
    with pytest.raises(ValueError, match="1 infinite"):
        Moments.of([1.0, math.inf])


def test_a_rate_needs_no_more_successes_than_units():
    with pytest.raises(ValueError, match="between 0 and n == 4"):
        Moments.of_rate(5, 4)


@pytest.mark.parametrize("method", ["fieller", "delta"])
def test_lift_over_a_negative_base_keeps_the_sign_of_the_gain(method):
    # tea-tasting shows -24% where a loss of 2.5 became one of 1.9.
    first, second = Moments(50, -1.9, 0.5), Moments(50, -2.5, 0.5)
    found = relative_of_moments(first, second, method=method)
    assert found.value == pytest.approx(0.24)
    assert found.interval.low < 0.24 < found.interval.high
    assert found.interval.low > 0
    assert difference_of_moments(first, second).value > 0


def test_lift_over_a_base_that_may_be_zero_is_unbounded():
    found = relative_of_moments(Moments(10, 1.0, 1.0), Moments(10, 0.1, 1.0))
    assert found.interval is None
    assert found.value == pytest.approx(9.0)


def test_tiny_variance_around_a_large_mean_survives_sums():
    values = 1e6 + np.array([0.0, 1.0, 2.0, 3.0])
    found = Moments.of_sums(4, values.sum(), (values**2).sum())
    assert found.variance == pytest.approx(5 / 3, rel=1e-3)


def test_identical_values_have_no_spread_in_sums():
    values = np.full(7, 0.1)
    assert Moments.of_sums(7, values.sum(), (values**2).sum()).variance == 0


def test_days_join_to_the_moments_of_all_rows():
    generator = np.random.default_rng(2)
    table = generator.normal(size=(60, 3)) @ generator.normal(size=(3, 3)) + 5
    whole = JointMoments.of(*table.T)
    parts = [JointMoments.of(*part.T) for part in (table[:1], table[1:20], table[20:])]
    joined = parts[0].joined(parts[1]).joined(parts[2])
    assert joined.n == whole.n
    assert joined.means == pytest.approx(whole.means)
    assert joined.covariance == pytest.approx(whole.covariance)


def test_an_empty_day_adds_nothing():
    whole = JointMoments.of([1.0, 2, 4], [3.0, 1, 2])
    empty = JointMoments.of([], [])
    assert whole.joined(empty) is whole
    assert empty.joined(whole) is whole


def test_rows_with_any_missing_number_are_left_out():
    found = JointMoments.of([1.0, 2, np.nan, 5], [2.0, np.nan, 1, 4])
    assert found.n == 2
    assert found.means.tolist() == [3.0, 3.0]


def test_ratio_of_sums_equals_the_ratio_by_account():
    one = np.array([2.0, 3, 4, 2, 3]), np.array([4.0, 4, 6, 5, 3])
    two = np.array([1.0, 0, 2, 1, 1]), np.array([4.0, 2, 6, 5, 3])
    arms = [JointMoments.of(*arm).ratio(0, 1) for arm in (one, two)]
    found, expected = difference_of_moments(*arms), ratio_difference(one, two)
    assert found.value == pytest.approx(expected.value)
    assert found.p_value == pytest.approx(expected.p_value)


def test_ratio_over_nothing_is_undefined():
    found = JointMoments.of([1.0, 2.0], [0.0, 0.0]).ratio(0, 1)
    assert math.isnan(found.mean)
    assert not found.usable


def test_scaled_contrast_counts_the_noise_of_the_scaled_mean():
    found = welch_contrast(Moments(8, 9.0, 4.0), Moments(8, 10.0, 4.0), scale=0.9)
    assert found.value == pytest.approx(0.0)
    assert found.variance == pytest.approx(4 / 8 + 0.81 * 4 / 8)


def test_a_variance_whose_square_vanishes_is_still_a_variance():
    found = welch_contrast(Moments.of([0.0, 0.0]), Moments.of([0.0, 1.761670478834663e-153]))
    assert found.freedom == pytest.approx(1.0)


@given(NUMBERS, NUMBERS)
def test_swapping_arms_mirrors_the_difference(first, second):
    one, two = Moments.of(first), Moments.of(second)
    found, mirrored = difference_of_moments(one, two), difference_of_moments(two, one)
    assert found.value == -mirrored.value
    if found.interval is not None:
        assert found.p_value == mirrored.p_value
        assert found.interval.low == pytest.approx(-mirrored.interval.high)
