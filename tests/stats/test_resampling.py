import math

import numpy as np
import pytest

from opsplaybook.stats.resampling import bootstrap, bootstrap_difference, median, quantile

SKEWED = np.random.default_rng(3).lognormal(2, 1, 60)


def draw(seed=1):
    return np.random.default_rng(seed)


def test_same_seed_same_interval():
    one = bootstrap(np.mean, [SKEWED], generator=draw())
    two = bootstrap(np.mean, [SKEWED], generator=draw())
    other = bootstrap(np.mean, [SKEWED], generator=draw(2))
    assert one == two
    assert one.interval != other.interval


def test_percentile_interval_of_a_mean_is_near_students():
    values = np.random.default_rng(5).normal(10, 2, 200)
    found = bootstrap(np.mean, [values], generator=draw(), method="percentile")
    margin = 1.972 * values.std(ddof=1) / math.sqrt(200)
    assert found.interval.low == pytest.approx(values.mean() - margin, abs=0.04)
    assert found.interval.high == pytest.approx(values.mean() + margin, abs=0.04)


def test_bca_shifts_the_interval_of_a_skewed_mean_upwards():
    bca = bootstrap(np.mean, [SKEWED], generator=draw()).interval
    percentile = bootstrap(np.mean, [SKEWED], generator=draw(), method="percentile").interval
    assert bca.low > percentile.low
    assert bca.high > percentile.high


def test_accounts_are_drawn_not_rows():
    names = np.repeat(np.arange(60), 25)
    rows = bootstrap(np.mean, [np.repeat(SKEWED, 25)], generator=draw(), resamples=400)
    accounts = bootstrap(
        np.mean, [np.repeat(SKEWED, 25)], clusters=names, generator=draw(), resamples=400
    )
    once = bootstrap(np.mean, [SKEWED], generator=draw(), resamples=400)
    assert accounts.n == 60
    assert accounts.interval.low == pytest.approx(once.interval.low)
    width = rows.interval.high - rows.interval.low
    assert (accounts.interval.high - accounts.interval.low) / width == pytest.approx(5, rel=0.25)


def test_clusters_may_come_in_any_order_and_size():
    values, names = np.array([1.0, 9, 2, 8, 3]), np.array(["b", "a", "b", "a", "c"])
    order = np.array([4, 2, 0, 3, 1])
    one = bootstrap(np.mean, [values], clusters=names, generator=draw(), resamples=200)
    two = bootstrap(
        np.mean, [values[order]], clusters=names[order], generator=draw(), resamples=200
    )
    assert one.value == pytest.approx(two.value)
    assert one.interval.low == pytest.approx(two.interval.low)


def test_statistic_of_several_columns():
    won, lost = np.arange(1.0, 31), np.arange(31.0, 1, -1)
    found = bootstrap(
        lambda w, x: w.sum() / (w.sum() + x.sum()), [won, lost], generator=draw(), kind="share"
    )
    assert found.value == pytest.approx(465 / 960)
    assert found.interval.contains(0.5)


@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_statistic_that_does_not_vary_has_no_interval(method):
    found = bootstrap(np.mean, [np.full(12, 3.0)], generator=draw(), method=method)
    assert (found.value, found.interval) == (3.0, None)


def test_statistic_that_no_single_account_moves_falls_back_to_percentiles_and_says_so():
    # Leaving out any one value keeps the median at 1, yet draws of 5 vary: BCa has no acceleration.
    found = bootstrap(np.median, [np.array([0.0, 1, 1, 1, 2])], generator=draw())
    assert (found.value, found.interval.low, found.interval.high) == (1.0, 0.0, 2.0)
    assert found.method == "bootstrap of rows, percentile interval (BCa does not exist)"


@pytest.mark.parametrize("count", [0, 1])
def test_one_account_or_none_has_no_interval(count):
    assert bootstrap(np.sum, [np.ones(count)], generator=draw()).interval is None


def test_no_data_is_refused():
    with pytest.raises(ValueError, match="data is empty"):
        bootstrap(np.mean, [], generator=draw())
    with pytest.raises(ValueError, match="different lengths"):
        bootstrap(np.mean, [[1.0, 2.0]], clusters=["A"], generator=draw())


def test_difference_of_medians_between_groups():
    found = bootstrap_difference(np.median, [SKEWED + 30], [SKEWED[:40]], generator=draw())
    assert found.value == pytest.approx(np.median(SKEWED) + 30 - np.median(SKEWED[:40]))
    assert found.n == 40
    assert found.detectable


def test_quantile_interval_is_made_of_observed_values():
    # Order statistics 6 and 15 of 20 for the median at 95% (Conover 1999, table A3).
    found = median(np.arange(1.0, 21))
    assert (found.interval.low, found.interval.high, found.interval.level) == (6, 15, 0.95)


def test_upper_quantile_of_few_values_says_what_level_it_attains():
    found = quantile([1.0, 2, 3, 4, 5, 6, 7, 8], 0.9)
    assert (found.interval.low, found.interval.high) == (1, 8)
    assert found.interval.level == pytest.approx(1 - 0.9**8 - 0.1**8)


@pytest.mark.parametrize(("values", "n"), [([], 0), ([4.0], 1), ([np.nan, 4.0], 1)])
def test_quantile_of_one_value_or_none_has_no_interval(values, n):
    found = quantile(values, 0.5)
    assert (found.interval, found.n) == (None, n)


@pytest.mark.parametrize("share", [0, 1, -0.1, 5])
def test_quantile_outside_zero_to_one_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile([1.0, 2.0], share)
