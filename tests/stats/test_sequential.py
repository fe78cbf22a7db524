import math

import numpy as np
import pytest

from opsplaybook.stats.contrasts import difference_of_moments
from opsplaybook.stats.moments import Moments
from opsplaybook.stats.sequential import (
    always_valid_difference,
    always_valid_interval,
    always_valid_path,
    mixture_bound,
    mixture_rho,
    mixture_sprt,
    normal_mixture,
)

FIRST, SECOND = Moments(40, 6.0, 9.0), Moments(40, 4.0, 9.0)


def test_interval_leaves_out_zero_exactly_when_the_p_value_is_small():
    verdicts = set()
    for gap in np.linspace(0, 5, 60):
        found = always_valid_difference(Moments(30, gap, 4.0), Moments(30, 0.0, 4.0), tuning_n=60)
        detected = not found.difference.interval.contains(0.0)
        assert detected == (found.difference.p_value < 0.05)
        verdicts.add(detected)
    assert verdicts == {True, False}


def test_it_is_wider_than_the_interval_of_one_look():
    always = always_valid_difference(FIRST, SECOND, tuning_n=80).difference
    once = difference_of_moments(FIRST, SECOND)
    assert always.interval.low < once.interval.low
    assert always.interval.high > once.interval.high
    assert always.p_value > once.p_value
    assert (always.value, always.n) == (once.value, once.n)


def test_few_units_widen_it_further():
    t = always_valid_difference(FIRST, SECOND, tuning_n=80).difference
    normal = always_valid_difference(FIRST, SECOND, tuning_n=80, reference="normal").difference
    assert t.interval.low < normal.interval.low
    assert t.p_value > normal.p_value


def test_it_is_narrowest_relative_to_the_error_at_the_planned_size():
    def width(n):
        ends = always_valid_interval(0.0, 1.0, n, tuning_n=1000).difference.interval
        return ends.high - ends.low

    assert width(1000) < width(200)
    assert width(1000) < width(20_000)


@pytest.mark.parametrize("second", [Moments(1, 4.0, math.nan), Moments.of([])])
def test_an_arm_that_is_too_small_says_nothing_yet(second):
    found = always_valid_difference(FIRST, second, tuning_n=80)
    assert found.difference.interval is None
    assert found.difference.p_value == 1
    assert found.e_value == 1


def test_overwhelming_evidence_stays_finite():
    found = always_valid_interval(500.0, 1.0, 10_000, tuning_n=10_000)
    assert math.isfinite(found.e_value)
    assert 0 <= found.difference.p_value < 1e-300


@pytest.mark.parametrize(("error", "n"), [(0.0, 5), (math.nan, 5), (1.0, 0)])
def test_nothing_to_judge_by_is_refused(error, n):
    with pytest.raises(ValueError, match="must be positive"):
        always_valid_interval(1.0, error, n, tuning_n=10)


def test_path_remembers_the_strongest_look():
    firsts = [Moments(50, 1.0, 1.0), Moments(100, 0.2, 1.0)]
    seconds = [Moments(50, 0.0, 1.0), Moments(100, 0.0, 1.0)]
    found = always_valid_path(firsts, seconds, tuning_n=200)
    assert found.first_detected == 0
    assert found.p_values[1] == found.p_values[0]
    assert found.looks[1].difference.p_value > found.p_values[1]


def test_path_needs_both_arms_at_each_look():
    with pytest.raises(ValueError, match="shorter"):
        always_valid_path([FIRST, FIRST], [SECOND], tuning_n=80)


def test_one_sided_mixture_is_stronger_in_its_direction_only():
    rho = mixture_rho(100, alpha=0.05, sided=1)
    up, down = (normal_mixture(score, 100, rho=rho, sided=1) for score in (25, -25))
    assert up > normal_mixture(25, 100, rho=rho) > down


@pytest.mark.parametrize("sided", [1, 2])
def test_bound_is_where_the_evidence_reaches_its_limit(sided):
    rho = mixture_rho(50, alpha=0.05, sided=sided)
    bound = mixture_bound(80, rho=rho, alpha=0.05, sided=sided)
    assert normal_mixture(bound, 80, rho=rho, sided=sided) == pytest.approx(math.log(20))


def test_rho_makes_the_bound_nearly_smallest():
    best = mixture_bound(100, rho=mixture_rho(100, alpha=0.05), alpha=0.05)
    others = [mixture_bound(100, rho=rho, alpha=0.05) for rho in (3, 6, 10, 16, 30)]
    assert best < 1.002 * min(others)


def test_pairs_add_up_to_the_same_test_however_often_one_looks():
    often = mixture_sprt([1.0, 4.0, 9.0], [5, 10, 20], sigma=1.0, tau=0.4)
    once = mixture_sprt([9.0], [20], sigma=1.0, tau=0.4)
    assert often.likelihood_ratios[-1] == pytest.approx(once.likelihood_ratios[0])
