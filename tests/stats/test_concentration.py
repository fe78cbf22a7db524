"""Concentration: exact small cases, values that break shares, and honest intervals."""

import numpy as np
import pytest

from opsplaybook.stats.concentration import concentration, lorenz_curve, whole_accounts


def measured(values, **options):
    return concentration(values, generator=np.random.default_rng(4), **options)


def test_one_giant_and_equal_accounts():
    giant = measured([0, 0, 0, 100])
    assert giant.gini.value == pytest.approx(0.75)
    assert giant.gini_corrected.value == pytest.approx(1.0)
    assert giant.smallest_share.value == 0.25
    assert giant.hhi.value == 1.0
    assert giant.zero == 3
    equal = measured([5.0] * 10)
    assert equal.gini.value == pytest.approx(0.0, abs=1e-12)
    assert equal.top_share.value == pytest.approx(0.2)
    assert equal.smallest_share.value == pytest.approx(0.8)
    assert equal.hhi.value == pytest.approx(0.1)
    assert equal.gini.interval is None
    assert equal.few_hold_most is None


def test_share_of_accounts_is_rounded_up_to_whole_ones():
    assert whole_accounts(0.2, 10) == 2
    assert whole_accounts(0.2, 11) == 3
    assert measured([10, 1, 1], top=0.2).top_share.value == pytest.approx(10 / 12)


def test_negative_and_missing_values_are_named_and_left_out():
    found = measured([10, 30, -5, -7, None, 0])
    assert (found.negative, found.negative_total, found.zero) == (2, -12.0, 1)
    assert found.total == 40
    assert found.gini.n == 3


@pytest.mark.parametrize("values", [[], [None, np.nan], [0, 0, 0], [-1, -2]])
def test_nothing_to_share(values):
    found = measured(values)
    assert np.isnan(found.gini.value)
    assert found.top_share.interval is None
    assert found.few_hold_most is None


def test_one_account_has_no_interval():
    found = measured([42.0])
    assert found.largest_share.value == 1.0
    assert found.largest_share.interval is None


def test_shares_must_be_shares():
    with pytest.raises(ValueError, match="between 0 and 1"):
        measured([1, 2], top=20)


def test_formula_agrees_with_the_mean_difference():
    values = np.random.default_rng(1).lognormal(size=57)
    mean_difference = np.abs(values[:, None] - values).mean()
    assert measured(values).gini.value == pytest.approx(mean_difference / (2 * values.mean()))


def test_few_hold_most_is_left_open_unless_the_interval_decides():
    generator = np.random.default_rng(2)
    assert measured(np.exp(3 * generator.normal(size=600))).few_hold_most is True
    assert measured(generator.uniform(1, 2, 600)).few_hold_most is False
    assert measured(np.exp(1.6 * generator.normal(size=40))).few_hold_most is None


def test_lorenz_curve_ends_at_all_and_keeps_those_who_have_nothing():
    accounts, held = lorenz_curve([3, 1, 0, 0], points=5)
    assert accounts.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert held.tolist() == [0, 0.75, 1, 1, 1]
    assert lorenz_curve([-1, None])[0].size == 0


def coverage(n, runs):
    """Share of runs whose interval holds the share of the top 20% of a lognormal population."""
    from scipy.stats import norm

    truth = norm.cdf(1.0 - norm.ppf(0.8))
    hits = 0
    for run in range(runs):
        generator = np.random.default_rng([9, run])
        found = concentration(generator.lognormal(size=n), generator=generator, resamples=500)
        hits += found.top_share.interval.contains(truth)
    return hits / runs


def test_interval_of_the_top_share_covers():
    assert coverage(240, 60) >= 0.82


@pytest.mark.slow
def test_interval_of_the_top_share_covers_nearly_as_often_as_it_says():
    share = coverage(240, 1000)
    assert 0.90 <= share <= 0.98
