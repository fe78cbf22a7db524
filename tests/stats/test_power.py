import math

import numpy as np
import pytest
from scipy import stats

from opsplaybook.stats.group_sequential import boundaries, inflation_factor
from opsplaybook.stats.power import (
    AccountDesign,
    accounts_needed,
    power_of_means,
    power_of_rates,
    sample_size_of_means,
    sample_size_of_rates,
    smallest_detectable,
    smallest_detectable_after,
)

DESIGN = AccountDesign.of_rate(0.2, 20, 0.05, size_variation=0.65)


def test_sample_size_gives_back_its_power():
    n = sample_size_of_rates(0.2, 0.26, power=0.9)
    assert power_of_rates(0.2, 0.26, n) == pytest.approx(0.9, abs=1e-3)
    n = sample_size_of_means(0.4, 1.3, power=0.85)
    assert power_of_means(0.4, 1.3, n) == pytest.approx(0.85, abs=1e-6)


def test_accounts_needed_are_those_of_eldridge_and_the_cost_of_few():
    # Design effect 2.3725 on the unpooled sample size of the plain test, 1,090 users per arm:
    # 129.4 accounts; the variance of one rate for both arms needs 119, and t a bit more.
    assert accounts_needed(DESIGN, 0.05) == 121
    users = 2 * (1.959964 + 0.841621) ** 2 * 0.16 / 0.05**2 * 2.3725
    assert accounts_needed(DESIGN, 0.05) == pytest.approx(users / 20, abs=2)


@pytest.mark.parametrize("difference", [0.02, 0.05, 0.1, 0.3])
def test_accounts_needed_can_see_the_difference_and_one_fewer_cannot(difference):
    accounts = accounts_needed(DESIGN, difference)
    assert smallest_detectable(DESIGN, accounts) <= difference
    assert accounts == 2 or smallest_detectable(DESIGN, accounts - 1) > difference


def test_more_users_in_the_same_accounts_add_little():
    small = AccountDesign(20, 0.2)
    large = AccountDesign(2000, 0.2)
    ratio = smallest_detectable(large, 30) / smallest_detectable(small, 30)
    assert 0.9 < ratio < 1


def test_planned_looks_cost_accounts():
    factor = inflation_factor(boundaries([0.5, 1.0], spending="pocock"))
    assert accounts_needed(DESIGN, 0.05, inflation=factor) == pytest.approx(121 * factor, abs=1.01)


def test_detectable_effect_has_the_power_it_claims():
    error, freedom = 0.7, 10
    effect = smallest_detectable_after(error, freedom)
    critical = stats.t.isf(0.025, freedom)
    assert stats.nct.sf(critical, freedom, effect / error) == pytest.approx(0.8)


def test_simulated_accounts_are_found_as_often_as_planned():
    design = AccountDesign(10, 0.2, deviation=1.0)
    effect = smallest_detectable(design, 12)
    generator = np.random.default_rng(5)
    between = generator.normal(0, math.sqrt(0.2), (4000, 24))
    means = between + generator.normal(0, math.sqrt(0.8 / 10), (4000, 24))
    means[:, :12] += effect
    found = stats.ttest_ind(means[:, :12], means[:, 12:], axis=1).pvalue <= 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.025)


@pytest.mark.parametrize(
    ("error", "freedom"), [(0.0, 10), (math.nan, 10), (1.0, 0), (1.0, math.nan)]
)
def test_unknown_noise_has_no_detectable_effect(error, freedom):
    assert math.isnan(smallest_detectable_after(error, freedom))


def test_no_difference_needs_endless_units():
    assert accounts_needed(DESIGN, 0.0) == math.inf
    assert sample_size_of_rates(0.2, 0.2) == math.inf
    assert sample_size_of_means(0.0, 1.0) == math.inf
    assert math.isnan(smallest_detectable(DESIGN, 1))


def test_a_huge_effect_needs_two_accounts():
    assert accounts_needed(AccountDesign(10, 0.1), 500.0) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((0.5, 0.1), "at least 1"),
        ((10, 1.4), "between 0 and 1"),
        ((10, -0.1), "between 0 and 1"),
        ((10, 0.1, -1.0), "at least 0"),
        ((10, 0.1, 0.0, 0.0), "positive"),
    ],
)
def test_impossible_designs_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        AccountDesign(*settings)


def test_rates_lie_between_nobody_and_everybody():
    with pytest.raises(ValueError, match=r"rate == 1\.2"):
        sample_size_of_rates(0.2, 1.2)
