import numpy as np
import pytest
from scipy.stats import chi2

from opsplaybook.stats.changes import change_of_members, change_of_totals


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
