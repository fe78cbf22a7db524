import math

import numpy as np
import pytest

from opsplaybook.stats.survival import kaplan_meier, log_rank


def test_censored_at_the_time_of_an_event_still_counts_as_at_risk():
    curve = kaplan_meier([5.0, 5.0, 8.0], [1, 0, 1])
    assert curve.at(5).value == pytest.approx(2 / 3)


def test_curve_steps_at_its_event_and_says_nothing_beyond_the_last_time():
    curve = kaplan_meier([2.0, 4, 6, 9], [1, 1, 0, 0])
    shares = [curve.at(time).value for time in (0, 1.9, 2, 4, 9)]
    assert shares == pytest.approx([1, 1, 0.75, 0.5, 0.5])
    assert math.isnan(curve.at(9.1).value)
    assert curve.at(9.1).interval is None


def test_before_the_first_event_the_band_is_not_certainty():
    # Wilson for 20 of 20.
    found = kaplan_meier(np.arange(1.0, 21), np.ones(20)).at(0.5)
    assert found.value == 1
    assert found.interval.low == pytest.approx(0.83887484, abs=1e-7)


def test_after_the_last_event_of_all_the_band_is_not_certainty():
    found = kaplan_meier(np.arange(1.0, 21), np.ones(20)).at(20)
    assert (found.value, found.interval.low) == (0, 0)
    assert found.interval.high == pytest.approx(0.16112516, abs=1e-7)


def test_curve_that_falls_to_zero_on_a_few_keeps_its_high_end():
    curve = kaplan_meier([1.0, 2, 3, 9], [1, 0, 0, 1])
    assert curve.survival[-1] == 0
    assert curve.high[-1] == curve.high[-2]


def test_median_that_was_not_reached_is_unknown_not_the_last_time():
    median = kaplan_meier([1.0, 2, 3, 4, 5, 6], [1, 0, 0, 0, 0, 0]).median()
    assert math.isnan(median.value)
    assert median.interval is None or median.interval.high == math.inf
    assert not median.enough


def test_exactly_half_left_is_the_median():
    assert kaplan_meier([1.0, 2, 3, 4], [1, 1, 1, 1]).median().value == 2


def test_median_interval_is_where_the_band_crosses_one_half():
    # R survival, conf.type = "log-log", 6-MP arm of Freireich 1963: 13 to NA.
    durations = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    events = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    median = kaplan_meier(durations, events).median()
    assert (median.interval.low, median.interval.high) == (13, math.inf)
    assert (median.kind, median.n) == ("days", 21)


def test_only_censored_units_give_a_flat_curve():
    curve = kaplan_meier([3.0, 4, 5, 6, 7], [0] * 5)
    assert curve.at(5).value == 1
    assert curve.censored == 5
    assert math.isnan(curve.median().value)


def test_nobody_gives_no_curve():
    curve = kaplan_meier([], [])
    assert curve.n == 0
    assert math.isnan(curve.at(1).value)
    assert curve.median().interval is None


def test_events_at_time_zero_count():
    curve = kaplan_meier([0.0, 0, 3, 4], [1, 1, 1, 0])
    assert curve.at(0).value == 0.5


@pytest.mark.parametrize(
    ("durations", "observed", "message"),
    [
        ([1.0, -2.0], [1, 1], "1 durations are missing or negative"),
        ([1.0, math.nan], [1, 1], "1 durations are missing or negative"),
        ([1.0, 2.0], [1], "different lengths"),
        ([1.0, 2.0], [1, 3], "neither yes nor no"),
    ],
)
def test_durations_that_cannot_be_are_refused(durations, observed, message):
    with pytest.raises(ValueError, match=message):
        kaplan_meier(durations, observed)


def test_share_of_a_quantile_must_lie_between_zero_and_one():
    with pytest.raises(ValueError, match="between 0 and 1"):
        kaplan_meier([1.0], [1]).quantile(1.0)


def test_log_rank_of_the_same_groups_finds_nothing():
    group = ([1.0, 2, 3, 4, 5], [1, 1, 0, 1, 1])
    found = log_rank(group, group)
    assert found.value == 0
    assert found.p_value == pytest.approx(1)


@pytest.mark.parametrize("second", [([], []), ([3.0, 4.0], [0, 0])])
def test_log_rank_without_events_has_no_p_value(second):
    assert math.isnan(log_rank(([1.0, 2.0], [0, 0]), second).p_value)


def test_units_seen_late_count_only_from_then_on():
    # Two at risk at age 2 (the third is first seen at 3), two at age 4.
    curve = kaplan_meier([2.0, 5, 4], [1, 0, 1], entry=[0, 0, 3])
    assert curve.at(2).value == 0.5
    assert curve.at(4).value == 0.25
    assert curve.at_risk_at([0, 2, 3, 4, 5, 6]).tolist() == [2, 2, 1, 2, 1, 0]


def test_entry_at_the_beginning_changes_nothing():
    times, observed = [2.0, 3, 5, 8, 8, 0], [1, 1, 0, 1, 0, 1]
    one, other = kaplan_meier(times, observed), kaplan_meier(times, observed, entry=np.zeros(6))
    assert (one.survival == other.survival).all()
    assert (one.low == other.low).all()


def test_survivors_that_are_seen_late_would_look_immortal():
    generator = np.random.default_rng(2)
    times, entry = generator.exponential(5, 8000), generator.uniform(-5, 10, 8000).clip(0)
    seen = times > entry
    right = kaplan_meier(times[seen], np.ones(seen.sum()), entry=entry[seen]).at(5).value
    wrong = kaplan_meier(times[seen], np.ones(seen.sum())).at(5).value
    assert right == pytest.approx(np.exp(-1), abs=0.04)
    assert wrong > right + 0.1


def test_what_remains_depends_on_the_age():
    curve = kaplan_meier(np.arange(1.0, 11), np.ones(10))
    found = curve.remaining(4, 3)
    assert found.value == pytest.approx(3 / 6)
    assert found.n == 6
    assert found.interval.low < 0.5 < found.interval.high
    assert curve.remaining(0, 3).value == curve.at(3).value


def test_what_remains_is_unknown_beyond_the_data():
    curve = kaplan_meier([2.0, 4, 6], [1, 0, 0])
    assert math.isnan(curve.remaining(5, 2).value)
    assert math.isnan(curve.remaining(7, 1).value)
    assert math.isnan(kaplan_meier([], []).remaining(0, 1).value)


def test_what_remains_where_nobody_left_has_wilsons_low_end():
    found = kaplan_meier([2.0, 9, 9, 9, 9], [1, 0, 0, 0, 0]).remaining(3, 5)
    assert found.value == 1.0
    assert found.interval.low == pytest.approx(0.5101, abs=1e-4)


def test_log_rank_of_groups_seen_late():
    generator = np.random.default_rng(3)
    times, entry = generator.exponential(5, 600), generator.uniform(0, 4, 600)
    seen = times > entry
    groups = [
        (times[k::2][seen[k::2]], np.ones(seen[k::2].sum()), entry[k::2][seen[k::2]])
        for k in (0, 1)
    ]
    assert log_rank(*groups).p_value > 0.01
    shorter = (groups[1][0] * 0.5 + groups[1][2] * 0.5, groups[1][1], groups[1][2])
    assert log_rank(groups[0], shorter).p_value < 1e-6


@pytest.mark.parametrize(
    "second",
    [
        ([9.0, 10], [1, 1], [8, 8]),
        ([2.0, 2], [1, 1]),
        ([], []),
    ],
    ids=["never at risk together", "all leave at once", "nobody"],
)
def test_log_rank_of_groups_that_never_meet_is_unknown(second):
    assert math.isnan(log_rank(([2.0, 2.0], [1, 1]), second).p_value)
