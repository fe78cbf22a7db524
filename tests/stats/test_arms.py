import math

import numpy as np
import pytest

from opsplaybook.stats.arms import (
    AVERAGE_ACCOUNT,
    AVERAGE_USER,
    AccountTotals,
    account_effects,
    effective_accounts,
    trimmed_difference,
    winsorised_difference,
)


def company(seed, accounts=40, effect=0.0, users=8):
    generator = np.random.default_rng(seed)
    sizes = np.maximum(1, generator.lognormal(np.log(users), 1, accounts).round()).astype(int)
    names = np.repeat(np.arange(accounts), sizes)
    treated = generator.permutation(accounts) < accounts // 2
    values = generator.normal(size=accounts)[names] + generator.normal(size=names.size)
    return values + effect * treated[names], treated[names], names


def test_a_planted_effect_is_found_by_every_method():
    totals = AccountTotals.of_rows(*company(1, accounts=60, effect=2.0))
    found = account_effects(totals, generator=np.random.default_rng(1))
    assert all(effect.difference.interval.contains(2.0) for effect in found)
    assert all(effect.difference.detectable for effect in found)
    assert [effect.estimand for effect in found] == [AVERAGE_ACCOUNT] * 2 + [AVERAGE_USER] * 2


def test_the_two_averages_part_when_the_effect_depends_on_size():
    sizes = np.array([100, 90, 80, 5, 4, 3, 100, 95, 70, 5, 4, 6], dtype=float)
    treated = np.arange(12) < 6
    gain = np.where(treated, np.where(sizes > 50, 10.0, 0.0), 0.0)
    noise = np.tile([0.2, -0.1, 0.3], 4)
    totals = AccountTotals.of((5 + gain + noise) * sizes, sizes, treated)
    by_account, _, by_user, _ = account_effects(totals, generator=np.random.default_rng(1))
    assert by_account.difference.value == pytest.approx(5.0, abs=0.3)
    assert by_user.difference.value == pytest.approx(9.6, abs=0.3)


def test_an_arm_of_one_account_is_said_not_raised():
    totals = AccountTotals.of([5.0, 2, 3, 4], [1, 1, 1, 1], [1, 0, 0, 0])
    for effect in account_effects(totals, generator=np.random.default_rng(1)):
        assert effect.difference.interval is None
        assert math.isnan(effect.difference.p_value)
        assert effect.difference.value == pytest.approx(2.0)


def test_negative_revenue_is_a_number_like_any_other():
    totals = AccountTotals.of([-50.0, 20, 30, -10, 5, 8], [1] * 6, [1, 1, 1, 0, 0, 0])
    found = account_effects(totals, generator=np.random.default_rng(1))[0].difference
    assert found.value == pytest.approx(0 - 1)


def test_equal_accounts_count_in_full():
    found = effective_accounts([7.0] * 12)
    assert (found.n, found.effective) == (12, pytest.approx(12.0))
    assert found.largest_share == pytest.approx(1 / 12)


def test_unknown_sizes_do_not_shift_the_largest():
    found = effective_accounts([np.nan, 3.0, 9.0])
    assert (found.n, found.largest) == (2, 2)
    assert found.effective == pytest.approx(144 / 90)


def test_no_accounts_have_no_effective_number():
    found = effective_accounts([0.0, 0.0])
    assert math.isnan(found.effective)
    assert found.largest == -1


def test_trimming_is_not_moved_by_one_key_account():
    first, second = np.arange(20.0) + 3, np.arange(20.0)
    outlier = np.append(first[:-1], 10_000.0)
    trimmed = trimmed_difference(outlier, second)
    assert trimmed.value == pytest.approx(3.0)
    assert trimmed.p_value == trimmed_difference(first, second).p_value


def test_trimmed_groups_without_spread_have_no_interval():
    found = trimmed_difference([5.0] * 9 + [80.0], [2.0] * 10)
    assert found.value == 3
    assert found.interval is None


def test_cap_from_the_past_is_taken_as_it_is():
    found = winsorised_difference([10.0, 12, 900], [9.0, 11, 10], cap=20)
    assert found.first.value == pytest.approx(14.0)
    assert found.method.endswith("capped at 20")


def test_winsorising_takes_the_quantile_of_both_arms():
    first, second = np.append(np.arange(99.0), 1e6), np.arange(100.0)
    found = winsorised_difference(first, second, share=0.05)
    assert abs(found.value) < 2


def test_no_values_have_no_difference():
    found = winsorised_difference([], [])
    assert math.isnan(found.value)
    assert found.n == 0
