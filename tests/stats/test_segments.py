"""Segments: cut points, clusters that must prove themselves, readable trees."""

import numpy as np
import pytest

from opsplaybook.stats.segments import (
    agreement,
    find_clusters,
    interval_codes,
    quantile_cuts,
)
from opsplaybook.stats.trees import split_quality, surrogate_tree


def test_a_value_on_a_cut_belongs_above_it():
    assert interval_codes([9, 10, 19, 20, None], [10, 20])[:4].tolist() == [1, 2, 2, 3]
    assert np.isnan(interval_codes([None], [10])[0])
    assert interval_codes([9, 10, 20], [10, 20], higher_is_better=False).tolist() == [3, 2, 1]
    with pytest.raises(ValueError, match="must rise"):
        interval_codes([1], [2, 1])


def test_cuts_of_tied_values_keep_them_together():
    cuts = quantile_cuts([1] * 90 + [2] * 10)
    assert cuts.tolist() == [1, 1, 1, 1]
    assert np.unique(interval_codes([1, 2], cuts)).tolist() == [5]
    assert np.isnan(quantile_cuts([])).all()


def blobs(*middles, size=60, seed=1):
    generator = np.random.default_rng(seed)
    return np.concatenate([generator.normal(middle, 1, (size, 2)) for middle in middles])


def test_three_clusters_are_found_and_profiled():
    table = blobs((0, 0), (9, 0), (4, 8))
    found = find_clusters(table)
    assert found.k == 3
    assert agreement(found.labels, np.repeat([0, 1, 2], 60)) == 1.0
    assert found.centres.shape == (3, 2)
    assert (np.abs(found.centres).max(axis=1) > 0.5).all()
    assert [trial.accepted for trial in found.trials if trial.k == 3] == [True]


@pytest.mark.parametrize("seed", range(3))
def test_one_long_cloud_is_one_cluster(seed):
    generator = np.random.default_rng(seed)
    cloud = generator.normal(size=(150, 3)) @ np.diag([4, 1, 1])
    assert find_clusters(cloud, scaled=False, seed=seed).k == 1


def test_accounts_with_gaps_get_no_cluster():
    table = blobs((0, 0), (9, 0))
    table[[0, 100], 1] = np.nan
    found = find_clusters(table)
    assert found.labels[[0, 100]].tolist() == [-1, -1]
    assert (found.k, found.n) == (2, 118)


@pytest.mark.parametrize(
    "table",
    [
        np.empty((0, 2)),
        np.empty((4, 0)),
        np.ones((1, 2)),
        np.ones((50, 2)),
        np.full((5, 2), np.nan),
    ],
)
def test_nothing_to_cluster(table):
    found = find_clusters(table)
    assert found.k == 1
    assert found.trials == ()


def test_the_same_seed_gives_the_same_clusters():
    table = blobs((0, 0), (5, 5))
    assert find_clusters(table, seed=3).trials == find_clusters(table, seed=3).trials


def test_tree_finds_the_rule_and_says_how_well_it_imitates():
    generator = np.random.default_rng(2)
    table = generator.random((300, 3))
    groups = np.where(table[:, 1] > 0.6, "S", np.where(table[:, 0] > 0.5, "A", "B"))
    found = surrogate_tree(table, groups)
    assert found.fidelity.value > 0.95
    assert found.baseline < 0.5
    assert {leaf.group for leaf in found.leaves} == {"S", "A", "B"}
    assert sum(leaf.agreeing.n for leaf in found.leaves) == 300


def test_tree_of_noise_is_no_better_than_the_largest_group():
    generator = np.random.default_rng(3)
    found = surrogate_tree(generator.random((200, 4)), generator.integers(0, 2, 200))
    assert found.fidelity.interval.low < found.baseline
    assert found.fidelity_in_sample > found.fidelity.value


def test_tree_of_one_group_and_with_gaps():
    table = np.array([[1.0], [np.nan], [3.0]])
    found = surrogate_tree(table, ["C", "C", "C"])
    assert [(leaf.conditions, leaf.group) for leaf in found.leaves] == [((), "C")]
    assert found.fidelity.value == 1.0
    with pytest.raises(ValueError, match="at least one account"):
        surrogate_tree(np.empty((0, 1)), [])


def test_a_column_that_tells_nothing_gains_nothing():
    found = split_quality([None] * 4, ["A", "A", "B", "B"])
    assert found.gain == pytest.approx(0, abs=1e-12)
    assert found.weighted_gini == found.gini == 0.5
