import numpy as np
import pytest
from scipy.stats import chi2

from opsplaybook.stats.changes import (
    change_beyond_swings,
    change_of_members,
    change_of_totals,
)


def garwood(count: int) -> tuple[float, float]:
    """Exact Poisson interval (Garwood 1936)."""
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return low, chi2.ppf(0.975, 2 * count + 2) / 2


def test_change_of_counts_joins_two_exact_intervals():
    (one_low, one_high), (two_low, two_high) = garwood(12), garwood(20)
    middle = np.log(12 / 20)
    down = np.hypot(np.log(12 / one_low), np.log(two_high / 20))
    up = np.hypot(np.log(one_high / 12), np.log(20 / two_low))

    found = change_of_totals([1] * 12, [1] * 20)

    assert found.value == pytest.approx(-0.4)
    assert found.interval.low == pytest.approx(np.exp(middle - down) - 1)
    assert found.interval.high == pytest.approx(np.exp(middle + up) - 1)


def test_unequal_amounts_are_less_certain_than_equal_ones():
    equal = change_of_totals([10] * 20, [10] * 20).interval
    unequal = change_of_totals([181] + [1] * 19, [10] * 20).interval

    assert unequal.high - unequal.low > equal.high - equal.low


def test_fall_to_nothing_is_a_change_with_an_upper_end():
    found = change_of_totals([], [1] * 20)

    assert found.value == -1
    assert found.interval.low == -1
    assert found.interval.high == pytest.approx(garwood(0)[1] / garwood(20)[0] - 1)
    assert found.detectable


def test_rise_from_nothing_has_no_relative_size():
    found = change_of_totals([1] * 9, [])

    assert np.isnan(found.value)
    assert found.interval is None
    assert not found.detectable


def test_nothing_in_both_periods_is_no_change_to_speak_of():
    assert np.isnan(change_of_totals([], []).value)


def test_negative_amounts_are_refused():
    with pytest.raises(ValueError, match="negative"):
        change_of_totals([5, -1], [5])


def test_members_change_by_joiners_less_leavers():
    low_joined, high_joined = garwood(10)
    low_left, high_left = garwood(6)

    found = change_of_members(24, 10, 6)

    assert found.value == pytest.approx(4 / 30)
    assert found.interval.low == pytest.approx((4 - np.hypot(10 - low_joined, high_left - 6)) / 30)
    assert found.interval.high == pytest.approx((4 + np.hypot(high_joined - 10, 6 - low_left)) / 30)
    assert found.n == 40


def test_who_stays_makes_no_difference_to_what_is_detectable():
    assert change_of_members(5, 12, 1).detectable
    assert change_of_members(500, 12, 1).detectable


def test_nobody_before_has_no_relative_size():
    assert np.isnan(change_of_members(0, 5, 0).value)


def test_members_cannot_fall_below_none():
    assert change_of_members(0, 0, 6).interval.low == -1


@pytest.mark.parametrize(("now", "before"), [(8, 8), (20, 10), (5, 20)])
def test_intervals_of_marked_processes_cover(now, before):
    """At 400 runs and 95%, 366 covered are three standard deviations below what is claimed."""
    rng = np.random.default_rng(20)
    covered = 0
    for _ in range(400):
        amounts = [rng.lognormal(0, 0.8, rng.poisson(mean)) for mean in (now, before)]
        found = change_of_totals(*amounts)
        covered += found.interval is not None and found.interval.contains(now / before - 1)

    assert covered >= 366


def swing(now, before, history, lag=4):
    return change_beyond_swings(now, before, history=history, lag=lag)


def test_change_is_held_against_earlier_differences_of_roots():
    history = np.array([4, 4, 9, 9, 4, 4, 16, 16, 4, 4, 9, 9], dtype=float)
    found = swing([0, 2], [9, 9], history, lag=2)

    roots = np.sqrt(history[:-1] + history[1:])
    spread = np.mean((roots[2:] - roots[:-2]) ** 2) / 2
    assert found.value == pytest.approx(1 / 9 - 1)
    # Fieller 1954: the ends are where the statistic reaches its critical value.
    for end in (found.interval.low, found.interval.high):
        ratio = np.sqrt(1 + end)
        reached = (np.sqrt(2) - ratio * np.sqrt(18)) ** 2 / (spread * (1 + ratio**2))
        no_end = np.isinf(end) or end == -1
        assert no_end or reached == pytest.approx(_critical(found, spread, [2, 18]) ** 2)


def _critical(found, spread, totals):
    """Recover the critical value from the p-value and the statistic by bisection of freedom."""
    from scipy.optimize import brentq
    from scipy.stats import t

    statistic = abs(np.diff(np.sqrt(totals))[0]) / np.sqrt(2 * spread)
    freedom = brentq(lambda df: 2 * t.sf(statistic, df) - found.p_value, 0.5, 1e4)
    return t.ppf(0.975, freedom)


def test_same_fall_is_news_for_a_steady_account_and_none_for_a_swinging_one():
    swinging = np.repeat(np.tile([20, 4], 8), 5)
    steady = np.tile([19, 21, 20, 20, 20], 16)
    now, before = [4, 4, 5, 3, 4], [20, 20, 19, 21, 20]

    assert swing(now, before, steady, lag=5).detectable
    assert not swing(now, before, swinging, lag=5).detectable
    assert swing(now, before, steady, lag=5).p_value < 0.001


def test_interval_leaves_out_no_change_exactly_when_the_test_rejects():
    generator = np.random.default_rng(5)
    for _ in range(200):
        weeks = generator.poisson(generator.gamma(3, 2, 60).repeat(2)).astype(float)
        found = swing(weeks[-5:], weeks[-10:-5], weeks[:-5], lag=5)
        assert found.detectable == (found.p_value < 0.05)


def test_silence_after_regular_use_is_detectable_and_has_a_bounded_interval():
    found = swing(np.zeros(12), np.full(12, 6.0), np.full(52, 6.0), lag=12)

    assert (found.value, found.detectable) == (-1, True)
    assert found.interval.low == -1
    assert -1 < found.interval.high < 0


def test_weeks_before_the_first_use_are_no_history():
    late = np.concatenate([np.zeros(40), np.full(19, 5.0)])

    assert swing([5] * 8, [5] * 8, late, lag=8).n == 8
    assert swing([5] * 8, [5] * 8, late[:-4], lag=8).n == 0
    assert not swing([0] * 8, [5] * 8, late[:-4], lag=8).detectable


def test_rise_from_silence_has_no_size_and_little_before_no_upper_end():
    steady = np.full(40, 3.0)

    assert np.isnan(swing([3] * 5, [0] * 5, steady, lag=5).value)
    swinging = np.repeat(np.tile([3, 0], 6), 5)
    little = swing([3, 2, 4, 3, 3], [0, 0, 1, 0, 0], swinging, lag=5)
    assert little.interval.high == np.inf


@pytest.mark.parametrize(
    ("now", "before", "why"),
    [([1, -1], [1, 1], "none missing"), ([1, np.nan], [1, 1], "none missing"), ([1], [1, 1], "1")],
)
def test_weeks_that_cannot_be_are_refused(now, before, why):
    with pytest.raises(ValueError, match=why):
        swing(now, before, np.ones(20))
