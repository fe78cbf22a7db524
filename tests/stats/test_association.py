"""Associations: exact small cases, constants and gaps, and intervals that cover."""

import numpy as np
import pytest
from scipy import stats

from opsplaybook.stats.association import rank_correlation, rank_drivers, superiority


def test_rank_correlation_agrees_with_scipy():
    generator = np.random.default_rng(1)
    one, two = generator.integers(0, 9, 50).astype(float), generator.normal(size=50)
    assert rank_correlation(one, two).value == pytest.approx(stats.spearmanr(one, two).statistic)


def test_rank_correlation_without_spread_or_with_few_accounts():
    assert np.isnan(rank_correlation([1, 1, 1], [1, 2, 3]).value)
    assert np.isnan(rank_correlation([], []).value)
    few = rank_correlation([1, 2, 3, None], [1, 2, 3, 4])
    assert (few.value, few.n, few.interval) == (1.0, 3, None)


def test_a_perfect_order_has_an_interval_that_ends_at_it():
    found = rank_correlation(range(12), range(12))
    assert (found.value, found.interval.high) == (1.0, 1.0)
    assert 0.9 < found.interval.low < 1
    assert rank_correlation(range(12), range(12, 0, -1)).interval.low == -1.0


def test_rank_correlation_covers():
    truth = 6 / np.pi * np.arcsin(0.5 / 2)
    hits = 0
    for run in range(400):
        pair = np.random.default_rng([3, run]).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 60)
        hits += rank_correlation(pair[:, 0], pair[:, 1]).interval.contains(truth)
    assert 0.92 <= hits / 400 <= 0.98


def test_superiority_counts_pairs_and_ties_by_half():
    found = superiority([3, 5, 5, 9], [1, 5, 6, None])
    pairs = [(a > b) + (a == b) / 2 for a in (3, 5, 5, 9) for b in (1, 5, 6)]
    assert found.value == pytest.approx(np.mean(pairs))
    assert found.n == 3


def test_superiority_agrees_with_brunner_and_munzel_on_the_variance():
    # scipy tests (p - 1/2) with the same variance and degrees of freedom; on the logit the test
    # is close to it where p is near a half.
    generator = np.random.default_rng(4)
    one, two = generator.normal(0.2, 1, 300), generator.normal(0, 2, 200)
    assert superiority(one, two).p_value == pytest.approx(
        stats.brunnermunzel(one, two).pvalue, abs=0.01
    )


def test_groups_that_do_not_overlap_have_an_interval_below_one():
    found = superiority([10, 11, 12, 13, 14, 15], [1, 2, 3, 4, 5, 6])
    assert found.value == 1.0
    assert 0.5 < found.interval.low < found.interval.high < 1
    assert superiority([1], [2]).interval is None
    assert np.isnan(superiority([], [1]).value)


def test_equal_groups_cannot_be_told_apart():
    assert not superiority([5.0] * 8, [5.0] * 9).detectable


def test_drivers_come_out_in_order_and_idle_ones_silent():
    generator = np.random.default_rng(7)
    table = generator.normal(size=(400, 4))
    outcome = np.exp(table @ [1.0, 0.5, 0.0, 0.25] + generator.normal(size=400))
    found = rank_drivers(table, outcome, generator=generator)
    values = [term.value for term in found.terms]
    assert np.argsort(values)[::-1].tolist()[:3] == [0, 1, 3]
    assert [term.detectable for term in found.terms] == [True, True, False, True]


def test_collinear_dimensions_are_inflated():
    generator = np.random.default_rng(8)
    first = generator.normal(size=200)
    table = np.column_stack([first, first + 0.1 * generator.normal(size=200), np.ones(200)])
    found = rank_drivers(table, first, generator=generator)
    assert (found.inflation[:2] > 5).all()
    assert np.isnan(found.terms[2].value)
    assert np.isnan(found.inflation[2])


@pytest.mark.parametrize("rows", [0, 1, 9])
def test_too_few_accounts_for_all_dimensions(rows):
    generator = np.random.default_rng(1)
    table = generator.normal(size=(rows, 2))
    found = rank_drivers(table, np.arange(float(rows)), generator=generator)
    assert [np.isnan(term.value) for term in found.terms] == [True, True]
    assert found.n == rows


def test_columns_with_hardly_an_account_in_common_are_not_compared():
    generator = np.random.default_rng(1)
    table = generator.normal(size=(60, 2))
    table[:28, 0], table[32:, 1] = np.nan, np.nan
    found = rank_drivers(table, generator.normal(size=60), generator=generator)
    assert [np.isnan(term.value) for term in found.terms] == [True, True]


def test_gaps_and_a_constant_outcome():
    generator = np.random.default_rng(1)
    empty = rank_drivers(np.full((30, 2), np.nan), np.arange(30.0), generator=generator)
    assert [term.n for term in empty.terms] == [0, 0]
    found = rank_drivers(generator.normal(size=(30, 2)), np.ones(30), generator=generator)
    assert np.isnan(found.explained)


def test_without_gaps_it_is_ordinary_regression_on_ranks():
    generator = np.random.default_rng(2)
    table = generator.normal(size=(150, 3)) @ [[1, 0.5, 0], [0, 1, 0.3], [0, 0, 1]]
    outcome = table @ [1.0, -0.5, 0.0] + generator.normal(size=150)
    ranks = np.apply_along_axis(stats.rankdata, 0, np.column_stack([table, outcome]))
    ranks = (ranks - ranks.mean(axis=0)) / ranks.std(axis=0)
    slopes = np.linalg.lstsq(ranks[:, :3], ranks[:, 3], rcond=None)[0]
    found = rank_drivers(table, outcome, generator=generator)
    assert [term.value for term in found.terms] == pytest.approx(slopes.tolist())


def rejections_and_coverage(runs):
    """Share of runs that reject a dimension without effect, and that cover one with."""
    mix = np.array([[1, 0.6, 0], [0, 0.8, 0], [0, 0, 1]])
    big = np.random.default_rng(0).normal(size=(200_000, 3)) @ mix
    noise = np.random.default_rng(1).normal(size=200_000)
    ranks = np.apply_along_axis(stats.rankdata, 0, np.column_stack([big, big[:, 0] + noise]))
    ranks = (ranks - ranks.mean(axis=0)) / ranks.std(axis=0)
    truth = np.linalg.lstsq(ranks[:, :3], ranks[:, 3], rcond=None)[0]
    hits, alarms = 0, 0
    for run in range(runs):
        generator = np.random.default_rng([11, run])
        table = generator.normal(size=(240, 3)) @ mix
        outcome = table[:, 0] + generator.normal(size=240)
        table[generator.random(table.shape) < [0.0, 0.25, 0.3]] = np.nan
        terms = rank_drivers(table, outcome, generator=generator, resamples=200).terms
        hits += terms[0].interval.contains(truth[0])
        alarms += terms[2].detectable
    return alarms / runs, hits / runs


def test_drivers_with_gaps_cover_and_stay_silent():
    alarms, covered = rejections_and_coverage(60)
    assert alarms <= 0.15
    assert covered >= 0.85


@pytest.mark.slow
def test_drivers_with_gaps_cover_and_stay_silent_as_often_as_they_say():
    alarms, covered = rejections_and_coverage(1000)
    assert 0.03 <= alarms <= 0.07
    assert 0.93 <= covered <= 0.97
