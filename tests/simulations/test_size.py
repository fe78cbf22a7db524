"""Tests stay silent where there is nothing: they reject a true null as often as they claim."""

import numpy as np
import pytest
from scipy import stats

from opsplaybook.stats.multiplicity import benjamini_hochberg, holm
from opsplaybook.stats.permutation import (
    permutation_difference,
    sign_flip_test,
    wild_cluster_test,
)
from opsplaybook.stats.rates import rate_difference, rates_equal
from opsplaybook.stats.survival import log_rank

ALPHA = 0.05
RUNS = [pytest.param(100, id="few"), pytest.param(2000, id="many", marks=pytest.mark.slow)]


def rejections(test, runs, *, seed=21):
    """Share of runs with a p-value at or under 5%."""
    p_values = [test(np.random.default_rng([seed, run])) for run in range(runs)]
    return float(np.mean([p_value <= ALPHA for p_value in p_values]))


def assert_size(share, runs, *, most=ALPHA):
    high = stats.binom.ppf(1 - 1e-4, runs, most) / runs
    assert share <= high, f"rejects {share:.3f} of true nulls, allowed {high:.3f}"


def users(generator, count):
    names = np.repeat(np.arange(count), 1 + generator.geometric(0.2, count))
    return generator.normal(size=count)[names] + generator.normal(size=names.size), names


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("by_account", [True, False])
def test_permutation_by_account(by_account, runs):
    def test(generator):
        values, names = users(generator, 10)
        treated = generator.permutation(10)[names] < 5
        return permutation_difference(
            values, treated, names, generator=generator, by_account=by_account
        ).p_value

    assert_size(rejections(test, runs), runs)


@pytest.mark.parametrize("runs", RUNS)
def test_sign_flips(runs):
    def test(generator):
        return sign_flip_test(generator.standard_t(3, 9), generator=generator).p_value

    assert_size(rejections(test, runs), runs)


@pytest.mark.parametrize("runs", RUNS)
def test_wild_cluster_bootstrap(runs):
    def test(generator):
        values, names = users(generator, 12)
        return wild_cluster_test(values, names < 6, names, generator=generator).p_value

    assert_size(rejections(test, runs), runs, most=0.07)


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize(("n", "share"), [(40, 0.3), (40, 0.03)])
def test_difference_of_rates(n, share, runs):
    def test(generator):
        first, second = generator.binomial(n, share, 2)
        return rate_difference((first, n), (second, n)).p_value

    assert_size(rejections(test, runs), runs, most=0.06)


@pytest.mark.parametrize("runs", RUNS)
def test_equality_of_many_rates(runs):
    def test(generator):
        return rates_equal(generator.binomial(60, 0.3, 6), [60] * 6).p_value

    assert_size(rejections(test, runs), runs, most=0.06)


@pytest.mark.parametrize("runs", RUNS)
def test_log_rank(runs):
    def test(generator):
        times, limits = generator.exponential(10, 60), generator.uniform(5, 30, 60)
        group = np.minimum(times, limits), times <= limits
        halves = [[column[half] for column in group] for half in (slice(30), slice(30, 60))]
        return log_rank(*halves).p_value

    assert_size(rejections(test, runs), runs, most=0.06)


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_many_nulls_raise_no_alarm(adjust, runs):
    def test(generator):
        return adjust(generator.random(20)).min()

    assert_size(rejections(test, runs), runs)


@pytest.mark.parametrize("runs", RUNS)
def test_twenty_unadjusted_nulls_would(runs):
    assert rejections(lambda generator: generator.random(20).min(), runs) > 0.5
