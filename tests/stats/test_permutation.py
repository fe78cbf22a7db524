import math

import numpy as np
import pytest

from opsplaybook.stats.permutation import (
    permutation_difference,
    sign_flip_test,
    wild_cluster_test,
)


def draw():
    return np.random.default_rng(1)


def test_smallest_exact_p_value_is_two_of_all_assignments():
    values = [9.0, 8, 7, 8, 2, 1, 2, 3]
    found = permutation_difference(values, [1] * 4 + [0] * 4, list("ABCDEFGH"), generator=draw())
    assert (found.p_value, found.total, found.exact) == (2 / 70, 70, True)


def test_many_accounts_are_shuffled_at_random_and_counted_so():
    generator = np.random.default_rng(8)
    values, treated = generator.normal(size=80), np.arange(80) % 2
    found = permutation_difference(values, treated, np.arange(80), generator=draw(), resamples=999)
    assert (found.total, found.exact, found.n) == (1000, False, 80)
    assert found.extreme >= 1


def test_strong_effect_never_has_a_p_value_of_zero():
    values = np.arange(80.0)
    found = permutation_difference(values, values > 39, values, generator=draw(), resamples=999)
    assert found.p_value == 1 / 1000


def test_rows_of_one_account_stay_together():
    values = np.repeat([9.0, 8, 7, 8, 2, 1, 2, 3], 40)
    treated, names = np.repeat([1, 0], 160), np.repeat(np.arange(8), 40)
    found = permutation_difference(values, treated, names, generator=draw(), by_account=False)
    assert (found.extreme, found.total, found.n) == (2, 70, 8)


def test_account_in_both_arms_is_refused():
    with pytest.raises(ValueError, match="1 accounts are treated in some rows"):
        permutation_difference([1.0, 2, 3], [1, 0, 0], ["A", "A", "B"], generator=draw())


def test_label_that_is_neither_is_refused():
    with pytest.raises(ValueError, match="neither yes nor no"):
        permutation_difference([1.0, 2], [1, 2], ["A", "B"], generator=draw())


@pytest.mark.parametrize("test", [permutation_difference, wild_cluster_test])
def test_one_arm_has_nothing_to_shuffle(test):
    found = test([1.0, 2, 3], [1, 1, 1], ["A", "B", "C"], generator=draw())
    assert math.isnan(found.p_value)
    assert (found.total, found.n) == (0, 3)


def test_sign_flips_of_no_change():
    found = sign_flip_test([0.0, 0, 0, 0], generator=draw())
    assert (found.p_value, found.total) == (1.0, 16)


def test_sign_flips_at_random_beyond_the_limit():
    found = sign_flip_test(np.ones(40), generator=draw(), resamples=500)
    assert (found.total, found.exact) == (501, False)
    assert found.p_value == 1 / 501


def test_wild_signs_at_random_beyond_sixteen_accounts():
    generator = np.random.default_rng(8)
    names = np.repeat(np.arange(30), 4)
    found = wild_cluster_test(
        generator.normal(size=120), names < 15, names, generator=draw(), resamples=499
    )
    assert (found.total, found.exact) == (500, False)
    assert 0 < found.p_value <= 1
