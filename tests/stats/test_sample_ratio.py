import math

import numpy as np
import pytest
from scipy import stats

from opsplaybook.stats.sample_ratio import sample_ratio, sequential_sample_ratio


def test_shares_in_any_unit_mean_the_same():
    counts = [310, 90, 600]
    parts, shares = sample_ratio(counts, [3, 1, 6]), sample_ratio(counts, [0.3, 0.1, 0.6])
    assert parts.p_value == pytest.approx(shares.p_value)
    assert parts.expected == pytest.approx([300, 100, 600])


def test_small_counts_of_two_arms_take_the_binomial_test():
    found = sample_ratio([1, 8], [0.5, 0.5])
    assert found.exact
    assert found.p_value == pytest.approx(stats.binomtest(1, 9, 0.5).pvalue)


def test_small_counts_of_three_arms_take_the_multinomial_test():
    counts, shares = [5, 1, 0], [0.2, 0.3, 0.5]
    seen = stats.multinomial.pmf(counts, 6, shares)
    tables = [(a, b, 6 - a - b) for a in range(7) for b in range(7 - a)]
    chances = [stats.multinomial.pmf(table, 6, shares) for table in tables]
    expected = sum(chance for chance in chances if chance <= seen * (1 + 1e-9))
    assert sample_ratio(counts, shares).p_value == pytest.approx(expected)


def test_a_missing_arm_is_flagged_even_when_small():
    found = sample_ratio([8, 9, 0], [1, 1, 1])
    assert found.p_value == pytest.approx(0.0136, abs=1e-4)
    assert found.expected.tolist() == pytest.approx([17 / 3] * 3)
    assert sample_ratio([100, 100, 0], [1, 1, 1]).mismatch()


def test_units_in_an_arm_that_was_switched_off_are_a_mismatch():
    clean = sample_ratio([500, 510, 0], [0.5, 0.5, 0.0])
    assert not clean.mismatch()
    strays = sample_ratio([500, 510, 12], [0.5, 0.5, 0.0])
    assert strays.p_value == clean.p_value
    assert (strays.unplanned, strays.n) == (12, 1010)
    assert strays.mismatch()


@pytest.mark.parametrize("counts", [[0, 0], [0, 5]])
def test_one_planned_arm_or_no_units_cannot_be_tested(counts):
    found = sample_ratio(counts, [0.0, 1.0])
    assert math.isnan(found.p_value)
    assert not found.mismatch()


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ([1, 2], [0.5, 0.3, 0.2]),
        ([-1, 2], [0.5, 0.5]),
        ([1, 2], [0.0, 0.0]),
        ([1, math.nan], [0.5, 0.5]),
    ],
)
def test_impossible_plans_are_refused(counts, shares):
    with pytest.raises(ValueError, match=r"counts|shares"):
        sample_ratio(counts, shares)


def test_exact_test_keeps_its_level():
    shares = np.array([0.7, 0.2, 0.1])
    tables = [(a, b, 9 - a - b) for a in range(10) for b in range(10 - a)]
    chances = np.array([stats.multinomial.pmf(table, 9, shares) for table in tables])
    p_values = np.array([sample_ratio(table, shares).p_value for table in tables])
    for level in (0.01, 0.05, 0.2):
        assert chances[p_values <= level].sum() <= level + 1e-9


def test_days_alone_and_together_are_the_same_evidence():
    daily = np.array([[40, 60, 20], [55, 45, 30], [60, 61, 19]])
    found = sequential_sample_ratio(daily, [2, 2, 1])
    together = sequential_sample_ratio(daily.sum(axis=0, keepdims=True), [2, 2, 1])
    assert found.n == together.n == 390
    assert found.p_values[-1] <= together.p_values[-1] + 1e-12


def test_a_mismatch_raises_the_alarm_before_the_end():
    daily = np.tile([600, 400], (20, 1))
    found = sequential_sample_ratio(daily, [0.5, 0.5])
    assert found.first_alarm == 2
    assert (np.diff(found.p_values) <= 0).all()


def test_an_arm_switched_off_does_not_enter_the_sequence():
    daily = np.array([[50, 52, 0], [49, 51, 3]])
    with_off = sequential_sample_ratio(daily, [0.5, 0.5, 0.0])
    without = sequential_sample_ratio(daily[:, :2], [0.5, 0.5])
    assert with_off.p_values.tolist() == without.p_values.tolist()


def test_a_single_planned_arm_has_no_sequence():
    with pytest.raises(ValueError, match="two arms or more"):
        sequential_sample_ratio([[5, 0]], [1.0, 0.0])
