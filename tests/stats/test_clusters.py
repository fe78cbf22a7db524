import math

import numpy as np
import pytest

from opsplaybook.stats.clusters import (
    clustered_difference,
    clustered_mean,
    design_effect,
    intraclass_correlation,
)
from opsplaybook.stats.means import mean, mean_difference


def test_one_row_per_cluster_is_an_ordinary_mean():
    values, names = np.array([3.0, 5.0, 9.0, 4.0, 8.0]), list("ABCDE")
    one, two = clustered_mean(values, names), mean(values)
    assert one.value == two.value
    assert one.interval.low == pytest.approx(two.interval.low)
    assert one.interval.high == pytest.approx(two.interval.high)


def test_one_row_per_cluster_is_welchs_difference():
    first, second = np.array([3.0, 5.0, 9.0, 4.0]), np.array([2.0, 2.5, 1.0, 4.0])
    one = clustered_difference((first, list("ABCD")), (second, list("EFGH")))
    two = mean_difference(first, second)
    error = (two.interval.high - two.interval.low) / (one.interval.high - one.interval.low)
    assert one.value == two.value
    # Same standard error; the degrees of freedom assume equal variances (6) or not (4.4).
    assert error == pytest.approx(2.6834 / 2.4469, abs=2e-2)


def test_copies_of_rows_add_no_certainty():
    values, names = np.array([3.0, 5.0, 9.0, 4.0, 8.0]), np.array(list("ABCDE"))
    once = clustered_mean(values, names)
    copied = clustered_mean(np.repeat(values, 50), np.repeat(names, 50))
    assert copied.n == once.n == 5
    assert copied.interval.low == pytest.approx(once.interval.low)


def test_missing_values_drop_their_cluster():
    found = clustered_mean([1.0, 2.0, np.nan], ["A", "B", "C"])
    assert (found.value, found.n) == (1.5, 2)


@pytest.mark.parametrize("clusters", [["A", None, "B"], [1.0, np.nan, 2.0]])
def test_rows_without_a_cluster_are_refused(clusters):
    with pytest.raises(ValueError, match="1 rows belong to no cluster"):
        clustered_mean([1.0, 2.0, 3.0], np.array(clusters, dtype=object))


def test_one_cluster_gives_no_interval():
    found = clustered_mean([1.0, 2.0, 3.0], ["A", "A", "A"])
    assert (found.value, found.interval, found.n) == (2.0, None, 1)


def test_nothing_gives_nothing():
    found = clustered_mean([], [])
    assert math.isnan(found.value)
    assert found.n == 0


def test_account_in_both_groups_is_refused():
    with pytest.raises(ValueError, match="1 clusters are in both groups"):
        clustered_difference(([1.0, 2.0], ["A", "B"]), ([1.0, 2.0], ["B", "C"]))


def test_a_single_treated_account_gives_no_interval():
    found = clustered_difference(([1.0, 9.0], ["A", "A"]), ([1.0, 2.0, 5.0], ["B", "C", "D"]))
    assert (found.interval, found.n) == (None, 1)
    assert not found.detectable


def test_ten_thousand_accounts_need_no_matrix_of_accounts():
    generator = np.random.default_rng(2)
    names = np.repeat(np.arange(10_000), 3)
    values = generator.normal(size=30_000) + np.repeat(generator.normal(size=10_000), 3)
    found = clustered_mean(values, names)
    # Variance (1 + 1/3) / 10,000.
    assert found.interval.high - found.value == pytest.approx(1.96 * 0.011547, rel=0.03)


def test_correlation_of_identical_rows_is_one_and_of_one_row_each_unknown():
    assert intraclass_correlation([1.0, 1, 5, 5, 9, 9], [1, 1, 2, 2, 3, 3]).value == 1
    assert math.isnan(intraclass_correlation([1.0, 2.0, 3.0], [1, 2, 3]).value)


def test_no_correlation_needs_no_more_users():
    assert design_effect(20, 0.0) == 1
