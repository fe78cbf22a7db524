import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsplaybook.stats.rates import (
    rate,
    rate_difference,
    rate_ratio,
    rates,
    rates_equal,
    union_rate,
)

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_empty_base_has_no_rate():
    found = rate(0, 0)
    assert math.isnan(found.value)
    assert found.interval is None
    assert not found.enough


@pytest.mark.parametrize("n", range(1, 40))
def test_the_interval_of_nobody_begins_at_zero_and_that_of_everybody_ends_at_one(n):
    assert rate(0, n).interval.low == 0.0
    assert rate(n, n).interval.high == 1.0


def test_four_units_are_estimated_but_not_enough():
    found = rate(2, 4)
    assert found.value == 0.5
    assert not found.enough
    assert rate(2, 5).enough


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (1, 0)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match="must lie between 0 and n"):
        rate(successes, n)


def test_wider_level_gives_wider_interval():
    assert rate(3, 10, level=0.99).interval.low < rate(3, 10, level=0.8).interval.low
    assert rate(3, 10, level=0.8).interval.level == 0.8


def test_rates_keep_the_order_of_groups():
    assert [found.numerator for found in rates([1, 0, 7], [2, 0, 9])] == [1, 0, 7]
    with pytest.raises(ValueError, match="zip"):
        rates([1, 2], [3])


def test_union_counts_each_unit_once():
    sourced, influenced = np.array([1, 0, 1, 0, 0]), np.array([1, 1, 0, 0, 0])
    found = union_rate([sourced, influenced])
    assert (found.numerator, found.n, found.value) == (3, 5, 0.6)


@pytest.mark.parametrize("outcomes", [[], [[1, 0], [1]]])
def test_union_of_nothing_or_of_different_units_is_refused(outcomes):
    with pytest.raises(ValueError, match="same length"):
        union_rate(outcomes)


@given(counts, counts)
def test_difference_changes_sign_with_the_order(first, second):
    one, two = rate_difference(first, second), rate_difference(second, first)
    assert one.value == -two.value
    assert one.interval.low == pytest.approx(-two.interval.high, abs=1e-12)
    assert one.interval.low - 1e-12 <= one.value <= one.interval.high + 1e-12


@given(counts, counts)
def test_ratio_inverts_with_the_order(first, second):
    one, two = rate_ratio(first, second), rate_ratio(second, first)
    if first[0] == second[0] == 0:
        assert one.interval is None
        assert math.isnan(one.value)
        return
    assert one.interval.low <= one.value * (1 + 1e-9)
    assert one.value <= one.interval.high * (1 + 1e-9)
    assert one.interval.low * two.interval.high == pytest.approx(1, rel=1e-6) or not first[0]


def test_ratio_with_an_empty_cell_has_an_open_end():
    none_second = rate_ratio((3, 10), (0, 10))
    assert none_second.value == math.inf
    assert none_second.interval.high == math.inf
    assert none_second.interval.low == pytest.approx(0.92399256, abs=1e-7)
    none_first = rate_ratio((0, 10), (3, 10))
    assert (none_first.value, none_first.interval.low) == (0, 0)
    assert none_first.interval.high == pytest.approx(1.08225979, abs=1e-7)


def test_everybody_against_everybody_is_a_ratio_of_one():
    found = rate_ratio((10, 10), (10, 10))
    assert found.value == 1
    assert found.interval.low == pytest.approx(0.7225, abs=1e-3)
    assert found.interval.high == pytest.approx(1 / found.interval.low)
    assert math.isnan(found.p_value)


def test_koopman_interval_agrees_with_pearsons_test():
    # It is the inversion of the chi-square test: its end is 1 where p is 1 - level.
    found = rate_difference((40, 100), (26, 100))
    ratio = rate_ratio((40, 100), (26, 100), level=1 - found.p_value)
    assert ratio.interval.low == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("second", [(0, 0), (0, 10)])
def test_empty_group_has_no_comparison(second):
    found = rate_difference((0, 10), second)
    assert math.isnan(found.p_value)
    assert not found.detectable


def test_equality_leaves_out_empty_groups():
    found = rates_equal([5, 0, 9], [20, 0, 20])
    assert found.degrees_of_freedom == 1
    assert found.n == 40
    assert found.smallest_expected == 7


@pytest.mark.parametrize(
    ("successes", "n"), [([0, 0], [5, 5]), ([5, 5], [5, 5]), ([3], [9]), ([0], [0])]
)
def test_equality_of_nothing_that_differs_has_no_test(successes, n):
    assert math.isnan(rates_equal(successes, n).p_value)


def test_equality_refuses_impossible_counts():
    with pytest.raises(ValueError, match="between 0 and n"):
        rates_equal([5, 9], [20, 8])
