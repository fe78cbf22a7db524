import math

import pytest

from opsplaybook.stats.contrasts import difference_of_moments, welch_contrast
from opsplaybook.stats.guardrails import non_inferior
from opsplaybook.stats.moments import Moments

CONTROL = Moments(60, 10.0, 16.0)


def arm(mean):
    return Moments(60, mean, 16.0)


@pytest.mark.parametrize(
    ("mean", "state"), [(10.2, "holds"), (9.4, "open"), (8.0, "harmed"), (12.0, "holds")]
)
def test_states(mean, state):
    assert non_inferior(arm(mean), CONTROL, margin=1.2).state == state


def test_a_proven_but_tolerated_harm_holds():
    found = non_inferior(Moments(10_000, 9.8, 16.0), Moments(10_000, 10.0, 16.0), margin=1.0)
    assert found.harm_p_value < 0.05
    assert found.state == "holds"


def test_the_bound_decides_as_the_p_value_does():
    for mean in (9.0, 9.5, 9.8, 10.0, 10.4):
        found = non_inferior(arm(mean), CONTROL, margin=1.0)
        assert found.holds == (found.bound >= found.limit)


def test_bound_is_the_end_of_the_two_sided_interval():
    found = non_inferior(arm(9.7), CONTROL, margin=1.0, alpha=0.05)
    assert found.bound == pytest.approx(found.difference.interval.low)
    assert found.difference.interval.level == pytest.approx(0.90)


def test_lower_is_better_is_the_mirror():
    up = non_inferior(arm(9.6), CONTROL, margin=1.0)
    down = non_inferior(
        Moments(60, -9.6, 16.0), Moments(60, -10.0, 16.0), margin=1.0, higher_is_better=False
    )
    assert down.p_value == pytest.approx(up.p_value)
    assert down.limit == -up.limit
    assert down.bound == pytest.approx(-up.bound)


@pytest.mark.parametrize("higher", [True, False])
def test_relative_margin_counts_the_noise_of_the_control(higher):
    found = non_inferior(arm(9.9), CONTROL, margin=0.1, relative=True, higher_is_better=higher)
    fixed = non_inferior(arm(9.9), CONTROL, margin=1.0, higher_is_better=higher)
    assert found.limit == pytest.approx(fixed.limit)
    scale = 0.9 if higher else 1.1
    contrast = welch_contrast(arm(9.9), CONTROL, scale=scale)
    side = "greater" if higher else "less"
    assert found.p_value == pytest.approx(contrast.p_value(alternative=side))
    assert found.p_value != fixed.p_value
    assert found.holds == (found.bound >= 0 if higher else found.bound <= 0)


def test_few_accounts_need_the_t_distribution():
    few = Moments(6, 10.0, 4.0)
    t = non_inferior(few, few, margin=2.0)
    normal = non_inferior(few, few, margin=2.0, reference="normal")
    assert t.p_value > normal.p_value


@pytest.mark.parametrize("first", [Moments.of([3.0]), Moments.of([])])
def test_an_arm_too_small_to_judge_is_open_not_safe(first):
    found = non_inferior(first, CONTROL, margin=1.0)
    assert found.state == "open"
    assert math.isnan(found.p_value)


def test_arms_without_spread_are_open():
    same = Moments.of([5.0] * 8)
    assert non_inferior(same, same, margin=1.0).state == "open"
    assert difference_of_moments(same, same).value == 0


@pytest.mark.parametrize(
    ("settings", "second", "message"),
    [
        ({"margin": 0.0}, CONTROL, "must be above 0"),
        ({"margin": math.nan}, CONTROL, "must be above 0"),
    ],
)
def test_margins_without_meaning_are_refused(settings, second, message):
    with pytest.raises(ValueError, match=message):
        non_inferior(arm(9.0), second, **settings)


@pytest.mark.parametrize(("treated", "state"), [(0.0, "open"), (0.1, "open"), (2.0, "harmed")])
def test_a_share_of_nothing_is_no_margin(treated, state):
    nothing = Moments(n=100, mean=0.0, variance=0.0)
    found = non_inferior(
        Moments(n=100, mean=treated, variance=1.0),
        nothing, margin=0.1, relative=True, higher_is_better=False,
    )  # fmt: skip
    assert found.state == state
    assert math.isnan(found.p_value)
