import math

import numpy as np
import pytest

from opsplaybook.stats.contrasts import fieller_interval
from opsplaybook.stats.means import (
    mean,
    mean_difference,
    ratio,
    ratio_contributions,
    ratio_difference,
    relative_difference,
)

FIRST = np.array([4.1, 5.0, 6.2, 5.5, 4.8])
SECOND = np.array([3.9, 4.4, 4.0, 5.1, 4.2])


def test_missing_values_are_neither_zero_nor_counted():
    found = mean([2.0, np.nan, 4.0, None, 6.0])
    assert (found.value, found.n, found.numerator) == (4.0, 3, 12.0)


def test_mean_interval_is_students():
    # t(0.975, 4) = 2.776445; standard error = 0.351283.
    found = mean(FIRST)
    assert found.interval.high - found.value == pytest.approx(2.776445 * 0.351283, abs=1e-5)


@pytest.mark.parametrize("values", [[], [3.0], [7.0, 7.0, 7.0], [0, 0, 0, 0, 0]])
def test_values_without_spread_claim_no_certainty(values):
    assert mean(values).interval is None


def test_infinite_value_is_refused():
    with pytest.raises(ValueError, match="1 infinite"):
        mean([1.0, math.inf])


def test_difference_of_groups_without_spread_is_not_detectable():
    found = mean_difference([1.0] * 6, [2.0] * 6)
    assert found.value == -1
    assert found.interval is None
    assert math.isnan(found.p_value)
    assert not found.detectable


def test_difference_of_shares_shows_groups_as_shares():
    found = mean_difference([0, 1, 1, 0, 1], [0, 0, 1, 0, 0], kind="points")
    assert (found.kind, found.first.kind, found.second.kind) == ("points", "share", "share")


def test_one_account_gives_no_interval():
    found = mean_difference([5.0], SECOND)
    assert (found.interval, found.n) == (None, 1)


def test_inputs_stay_as_they_were():
    values = np.array([1.0, np.nan, 3.0])
    mean(values)
    ratio_contributions(values, values)
    assert np.array_equal(values, [1.0, np.nan, 3.0], equal_nan=True)


def test_fieller_excludes_zero_exactly_when_welch_rejects():
    generator = np.random.default_rng(4)
    verdicts = set()
    for _ in range(200):
        one, two = generator.normal(11.0, 3, 12), generator.normal(8.5, 2, 9)
        absolute, relative = mean_difference(one, two), relative_difference(one, two)
        assert absolute.detectable == relative.detectable
        verdicts.add(absolute.detectable)
    assert verdicts == {True, False}


def test_relative_difference_to_a_mean_near_zero_is_unbounded():
    found = relative_difference(FIRST, [-1.0, 1.2, 0.4, -0.9, 0.5])
    assert found.interval is None
    assert fieller_interval((1.0, 0.1), (0.1, 1.0), critical=1.96) is None


def test_relative_difference_to_zero_is_undefined():
    assert math.isnan(relative_difference(FIRST, [0.0] * 5).value)


def test_log_scale_needs_positive_means():
    assert relative_difference([-4.0, -5.0, -6.5], SECOND, method="log").interval is None


def test_contributions_average_to_the_ratio():
    top, bottom = np.array([5.0, 0.0, 12.0, 3.0]), np.array([10.0, 4.0, 9.0, 8.0])
    assert ratio_contributions(top, bottom).mean() == pytest.approx(20 / 31)


def test_ratio_leaves_out_incomplete_accounts():
    found = ratio([5.0, np.nan, 12.0], [10.0, 4.0, 9.0])
    assert (found.value, found.n, found.numerator) == (pytest.approx(17 / 19), 2, 17.0)


def test_ratio_over_nothing_is_undefined():
    found = ratio([0.0, 0.0], [0.0, 0.0])
    assert math.isnan(found.value)
    assert found.interval is None


def test_same_ratio_everywhere_claims_no_certainty():
    found = ratio([1.0, 2.0, 3.0], [2.0, 4.0, 6.0])
    assert (found.value, found.interval) == (0.5, None)


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="different lengths"):
        ratio([1.0], [1.0, 2.0])


def test_ratio_difference_counts_accounts():
    found = ratio_difference(([1.0, 2, 3, 5], [2.0, 3, 4, 4]), ([1.0, 1, 1], [2.0, 3, 4]))
    assert found.n == 3
    assert found.value == pytest.approx(11 / 13 - 3 / 9)
