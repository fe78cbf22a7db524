import numpy as np
import pytest
from scipy import stats

from opsplaybook.stats.group_sequential import (
    boundaries,
    crossing_chances,
    inflation_factor,
    stopping_chances,
)

SPENDINGS = [
    "o'brien-fleming",
    "pocock",
    "lan-demets o'brien-fleming",
    "lan-demets pocock",
    "kim-demets",
]


@pytest.mark.parametrize("spending", SPENDINGS)
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_all_looks_together_spend_alpha(spending, alpha):
    plan = boundaries([0.25, 0.3, 0.7, 1.0], spending=spending, alpha=alpha)
    chances = crossing_chances(plan.fractions, plan.critical)
    assert chances.sum() == pytest.approx(alpha, abs=1e-8)
    assert np.cumsum(chances) == pytest.approx(plan.spent, abs=1e-8)
    assert plan.nominal == pytest.approx(2 * stats.norm.sf(plan.critical))


@pytest.mark.parametrize("spending", SPENDINGS)
def test_one_look_is_an_ordinary_test(spending):
    plan = boundaries([1.0], spending=spending)
    assert plan.critical[0] == pytest.approx(1.959963984540054, abs=1e-7)
    assert inflation_factor(plan) == pytest.approx(1.0, abs=1e-6)


def test_chances_against_simulated_paths():
    fractions, critical, drift = np.array([0.3, 0.6, 1.0]), np.array([2.5, 2.2, 2.0]), 1.5
    generator = np.random.default_rng(3)
    steps = np.diff(fractions, prepend=0.0)
    moves = generator.normal(drift * steps, np.sqrt(steps), (200_000, 3))
    z = np.cumsum(moves, axis=1) / np.sqrt(fractions)
    stopped = np.abs(z) >= critical
    first = np.where(stopped.any(axis=1), stopped.argmax(axis=1), -1)
    upper, lower = stopping_chances(fractions, critical, drift=drift)
    for look in range(3):
        above = ((first == look) & (z[:, look] > 0)).mean()
        below = ((first == look) & (z[:, look] < 0)).mean()
        assert upper[look] == pytest.approx(above, abs=0.004)
        assert lower[look] == pytest.approx(below, abs=0.002)


def test_thirty_daily_looks_spend_alpha_too():
    plan = boundaries(np.arange(1, 31) / 30, spending="lan-demets pocock")
    assert crossing_chances(plan.fractions, plan.critical).sum() == pytest.approx(0.05, abs=1e-7)


def test_looks_that_came_otherwise_than_planned_keep_what_was_spent():
    planned = boundaries([0.5, 1.0])
    moved = boundaries([0.5, 0.8, 1.0])
    assert moved.critical[0] == pytest.approx(planned.critical[0])
    assert moved.spent[-1] == pytest.approx(0.05)


def test_ending_early_leaves_alpha_and_running_over_spends_it_all():
    assert boundaries([0.5, 0.9]).spent[-1] < 0.05
    over = boundaries([0.5, 1.2])
    assert over.spent[-1] == pytest.approx(0.05)
    assert crossing_chances(over.fractions, over.critical).sum() == pytest.approx(0.05, abs=1e-8)


def test_a_look_that_spends_nothing_cannot_stop():
    plan = boundaries([0.01, 1.0])
    assert plan.nominal[0] < 1e-15
    assert plan.critical[1] == pytest.approx(1.96, abs=0.001)


@pytest.mark.parametrize(
    "fractions", [[], [0.5, 0.5], [1.0, 0.5], [0.0, 1.0], [np.nan, 1.0], [[0.5, 1.0]]]
)
def test_looks_must_rise(fractions):
    with pytest.raises(ValueError, match="positive and rising"):
        boundaries(fractions)


def test_unknown_rules_and_levels_are_refused():
    with pytest.raises(ValueError, match="must be one of"):
        boundaries([1.0], spending="haybittle")
    with pytest.raises(ValueError, match="between 0 and 1"):
        boundaries([1.0], alpha=1.0)


def test_inflation_gives_back_the_power():
    plan = boundaries([0.25, 0.5, 0.75, 1.0], spending="pocock")
    single = stats.norm.isf(0.025) + stats.norm.ppf(0.9)
    drift = single * np.sqrt(inflation_factor(plan, power=0.9))
    upper, _ = stopping_chances(plan.fractions, plan.critical, drift=drift)
    assert upper.sum() == pytest.approx(0.9, abs=1e-9)
