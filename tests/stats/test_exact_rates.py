import math

import numpy as np
import pytest
from scipy import stats

from opsplaybook.stats.exact_rates import (
    conditional_odds_ratio,
    exact_rate_difference,
    exact_test,
)
from opsplaybook.stats.rates import rate_difference


@pytest.mark.parametrize("test", ["boschloo", "barnard", "fisher"])
def test_swapping_groups_keeps_the_p_value(test):
    one, two = (9, 20), (2, 14)
    assert exact_test(one, two, test=test).p_value == pytest.approx(
        exact_test(two, one, test=test).p_value, abs=1e-6
    )


@pytest.mark.parametrize("test", ["boschloo", "barnard", "fisher"])
def test_greater_means_that_the_first_rate_is_larger(test):
    greater = exact_test((9, 12), (2, 12), test=test, alternative="greater").p_value
    less = exact_test((9, 12), (2, 12), test=test, alternative="less").p_value
    assert greater < 0.01 < 0.9 < less


def test_boschloo_is_never_weaker_than_fisher_on_one_side():
    for one in range(0, 13, 2):
        for two in range(0, 10, 3):
            groups = (one, 12), (two, 9)
            boschloo = exact_test(*groups, alternative="greater").p_value
            fisher = exact_test(*groups, test="fisher", alternative="greater").p_value
            assert boschloo <= fisher + 1e-9


def test_boschloo_keeps_its_level_whatever_the_rate():
    n_one, n_two = 9, 7
    p_values = np.array(
        [[exact_test((a, n_one), (b, n_two)).p_value for b in range(8)] for a in range(10)]
    )
    for share in (0.05, 0.2, 0.5, 0.8):
        chances = np.outer(
            stats.binom.pmf(range(10), n_one, share), stats.binom.pmf(range(8), n_two, share)
        )
        assert chances[p_values <= 0.05].sum() <= 0.05


@pytest.mark.parametrize(("first", "second"), [((0, 10), (0, 10)), ((8, 8), (5, 5))])
def test_nobody_or_everybody_converts(first, second):
    assert exact_test(first, second).p_value == 1
    found = exact_rate_difference(first, second)
    assert found.value == 0
    assert found.interval.low < 0 < found.interval.high
    assert math.isnan(conditional_odds_ratio(first, second).value)


def test_an_empty_group_has_no_test():
    assert math.isnan(exact_test((0, 0), (3, 9)).p_value)
    assert exact_rate_difference((0, 0), (3, 9)).interval is None
    assert conditional_odds_ratio((0, 0), (3, 9)).interval is None


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="between 0 and n == 4"):
        exact_test((5, 4), (1, 4))


def test_large_tables_take_the_score_test():
    found = exact_rate_difference((100, 1000), (140, 1000))
    assert found == rate_difference((100, 1000), (140, 1000))
    assert "score" in found.method


def test_rare_conversions_of_many_units_take_fishers_test():
    found = exact_rate_difference((3, 5000), (0, 5000))
    assert found.method.endswith("Fisher exact test")


def test_no_conversion_in_one_group_has_an_infinite_odds_ratio():
    found = conditional_odds_ratio((7, 100), (0, 100))
    assert found.value == math.inf
    assert found.interval.low > 1
    assert found.interval.high == math.inf
    assert found.p_value == pytest.approx(0.01401776552)
