import math

import numpy as np
import pytest

from opsplaybook.stats.cox import cox


def lifetimes(n=300, seed=4, ratio=2.0):
    """Exponential lifetimes with a planted hazard ratio, seen from an age on."""
    generator = np.random.default_rng(seed)
    feature = (generator.random(n) < 0.4).astype(float)
    times = generator.exponential(10 / ratio**feature)
    entry = np.where(generator.random(n) < 0.5, 0.0, generator.uniform(0, 8, n))
    seen = times > entry
    limits = entry + generator.uniform(2, 20, n)
    return np.minimum(times, limits)[seen], (times <= limits)[seen], feature[seen], entry[seen]


def test_a_planted_ratio_lies_in_the_interval():
    times, observed, feature, entry = lifetimes()
    found = cox(times, observed, feature, names=["a"], entry=entry).ratios[0].ratio
    assert found.interval.contains(2.0)
    assert found.detectable


def test_who_is_seen_late_would_look_safe():
    generator = np.random.default_rng(4)
    feature = np.repeat([0.0, 1.0], 600)
    times = generator.exponential(10 / 2.0**feature)
    entry = np.where(feature, generator.uniform(0, 8, 1200), 0.0)
    seen = times > entry
    given = times[seen], np.ones(seen.sum()), feature[seen]
    right = cox(*given, names=["a"], entry=entry[seen]).ratios[0].ratio
    wrong = cox(*given, names=["a"]).ratios[0].ratio
    assert right.interval.contains(2.0)
    assert wrong.interval.high < 2.0


def test_an_entry_at_the_beginning_changes_nothing():
    times, observed, feature, _ = lifetimes()
    one = cox(times, observed, feature, names=["a"])
    other = cox(times, observed, feature, names=["a"], entry=np.zeros(len(times)))
    assert one.ratios == other.ratios
    assert one.concordance == other.concordance


def test_the_unit_of_a_feature_changes_its_ratio_and_nothing_else():
    times, observed, feature, entry = lifetimes()
    one = cox(times, observed, feature, names=["a"], entry=entry)
    other = cox(times, observed, 1 + feature / 100, names=["a"], entry=entry)
    assert other.coefficients == pytest.approx(one.coefficients * 100, rel=1e-6)
    assert other.log_likelihood == pytest.approx(one.log_likelihood)
    assert other.hazards_check[0].statistic == pytest.approx(one.hazards_check[0].statistic)


def test_proportional_hazards_pass_and_crossing_ones_do_not():
    generator = np.random.default_rng(8)
    feature = np.repeat([0.0, 1.0], 300)
    times = generator.weibull(np.where(feature, 3.0, 0.7))
    crossing = cox(times, np.ones(600), feature, names=["a"])
    assert crossing.violations() == ("a",)
    times, observed, feature, entry = lifetimes()
    assert cox(times, observed, feature, names=["a"], entry=entry).violations() == ()


def test_the_order_of_rows_changes_nothing_where_times_are_equal():
    times, observed, feature, entry = lifetimes()
    times, entry = np.ceil(times) + 1, np.floor(entry)
    order = np.random.default_rng(1).permutation(len(times))
    one = cox(times, observed, feature, names=["a"], entry=entry)
    other = cox(times[order], observed[order], feature[order], names=["a"], entry=entry[order])
    assert other.coefficients == pytest.approx(one.coefficients)
    assert other.hazards_check[0].p_value == pytest.approx(one.hazards_check[0].p_value)


def test_a_feature_with_all_events_on_one_side_has_no_ratio():
    times, observed = np.arange(1.0, 21), np.repeat([1, 0], 10)
    found = cox(times, observed, observed, names=["left"]).ratios[0].ratio
    assert math.isnan(found.value)
    assert found.interval is None
    assert not found.detectable


def test_features_that_tell_nothing_are_dropped_and_named():
    times, observed, feature, entry = lifetimes()
    table = np.column_stack([feature, np.ones(len(times)), feature * 2])
    model = cox(times, observed, table, names=["a", "always", "again"], entry=entry)
    assert model.dropped == ("always", "again")
    assert len(model.ratios) == len(model.hazards_check) == 1


def test_pairs_in_order_are_counted():
    model = cox([1, 2, 3, 4], [1, 1, 1, 0], [3.0, 1.0, 2.0, 0.0], names=["a"])
    # Of six pairs one, the second and third, is in the wrong order.
    assert model.concordance == pytest.approx(5 / 6)


def test_nothing_to_compare_is_refused():
    with pytest.raises(ValueError, match="nothing happened"):
        cox([1, 2, 3], [0, 0, 0], [1.0, 2, 3], names=["a"])
    with pytest.raises(ValueError, match="1 durations are missing"):
        cox([1, 2, np.nan], [0, 0, 1], [1.0, 2, 3], names=["a"])


def test_a_rare_flag_has_an_open_end():
    times, observed, _, entry = lifetimes()
    flag = np.zeros(len(times))
    flag[np.flatnonzero(observed)[0]] = 1e-3
    found = cox(times, observed, flag, names=["rare"], entry=entry).ratios[0].ratio
    assert found.interval.high == math.inf
    assert not found.detectable


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_a_feature_that_nearly_parts_the_events_gives_no_warning(seed, noise):
    generator = np.random.default_rng([6, seed])
    left = np.arange(60) < 8
    times = generator.uniform(1, 10, 60)
    size = np.where(left, 1.0, 1e4) * np.exp(generator.normal(0, noise, 60))
    table = np.column_stack([size, generator.normal(size=60), left + noise * times])
    model = cox(times, left, table, names=["size", "other", "twin"])
    for found in model.ratios:
        ends = found.ratio.interval
        assert math.isnan(found.ratio.value) if ends is None else ends.low <= ends.high
