import math

import numpy as np
import pytest

from opsplaybook.stats.effects import (
    difference_in_differences,
    difference_in_differences_of_rows,
    e_value,
    effect_on_treated,
)
from opsplaybook.stats.matching import match
from opsplaybook.stats.means import mean_difference


def company(seed, effect, units=500):
    """Accounts that would have bought anyway are the ones that are reached."""
    generator = np.random.default_rng(seed)
    table = generator.normal(size=(units, 2))
    treated = generator.random(units) < 1 / (1 + np.exp(1 - 1.2 * table[:, 0]))
    outcome = 3 * table[:, 0] + table[:, 1] + effect * treated + generator.normal(size=units)
    return table, treated, outcome


def test_naive_comparison_is_fooled_and_the_matched_one_is_not():
    table, treated, outcome = company(1, 0.0)
    naive = mean_difference(outcome[treated], outcome[~treated])
    matched = effect_on_treated(match(table, treated), outcome)
    assert naive.value > 2
    assert naive.detectable
    assert matched.interval.contains(0)
    assert abs(matched.value) < 0.3


def test_planted_effect_is_found():
    table, treated, outcome = company(3, 2.0)
    found = effect_on_treated(match(table, treated), outcome)
    assert found.interval.contains(2)
    assert found.detectable
    assert found.value == pytest.approx(found.first.value - found.second.value)


def test_adjustment_takes_off_what_distance_is_left():
    # Each treated unit is half a step above its control, and the outcome is the covariate.
    table = np.r_[np.arange(60.0), np.arange(60.0) + 0.5][:, None]
    treated = np.arange(120) >= 60
    matching = match(table[:, :1] * [[1.0]], treated, caliper=math.inf)
    outcome = table[:, 0] * 10
    assert effect_on_treated(matching, outcome).value == pytest.approx(0, abs=1e-9)
    plain = effect_on_treated(matching, outcome, adjust=False)
    assert plain.value == pytest.approx(5 / 60, abs=1e-9)
    assert plain.method.endswith("not adjusted")


def test_too_few_controls_are_not_adjusted_and_the_method_says_so():
    table, treated = np.arange(12.0)[:, None], np.arange(12) % 2 == 0
    found = effect_on_treated(match(table, treated), table[:, 0])
    assert found.method.endswith("not adjusted")


def test_variance_of_distinct_pairs_is_that_of_their_gaps():
    table = np.repeat(np.arange(30.0) * 10, 2)[:, None]
    treated = np.arange(60) % 2 == 0
    outcome = np.random.default_rng(3).normal(size=60)
    found = effect_on_treated(match(table, treated), outcome, adjust=False)
    gaps = outcome[treated] - outcome[~treated]
    assert found.value == pytest.approx(gaps.mean())
    # t(0.975, 29) = 2.045230.
    margin = 2.045230 * gaps.std() / math.sqrt(30)
    assert found.interval.high - found.value == pytest.approx(margin, rel=1e-6)


def test_one_control_for_all_is_worth_one_unit():
    table, treated = np.ones((30, 1)), np.arange(30) < 29
    outcome = np.random.default_rng(3).normal(size=30)
    found = effect_on_treated(match(table, treated), outcome)
    assert found.n == 1
    assert found.interval is None
    assert not found.enough


def test_nobody_matched_is_not_enough_data():
    found = effect_on_treated(match(np.ones((8, 1)), np.ones(8)), np.arange(8.0))
    assert math.isnan(found.value)
    assert (found.n, found.interval) == (0, None)


def test_outcome_that_nobody_had_claims_no_certainty():
    table, treated, _ = company(4, 0.0)
    found = effect_on_treated(match(table, treated), np.zeros(500), kind="points")
    assert (found.value, found.interval, found.first.kind) == (0, None, "share")
    assert not found.detectable


@pytest.mark.parametrize("outcome", [np.ones(3), np.r_[np.nan, np.ones(7)]])
def test_outcome_must_be_complete(outcome):
    matching = match(np.arange(8.0)[:, None], np.arange(8) % 2)
    with pytest.raises(ValueError, match="outcome must hold 8 values"):
        effect_on_treated(matching, outcome)


def test_account_differences_leave_out_incomplete_accounts():
    found = difference_in_differences(
        [1.0, 2, np.nan, 4, 5], [2.0, 4, 9, 4, np.nan], [1, 1, 1, 0, 0]
    )
    assert found.value == 1.5
    assert (found.first.n, found.second.n) == (2, 1)


def test_common_trend_is_no_effect():
    before = np.random.default_rng(1).normal(size=60)
    found = difference_in_differences(before, before + 7, np.arange(60) % 2)
    assert found.value == pytest.approx(0, abs=1e-12)
    assert not found.detectable


def test_rows_and_account_changes_agree_on_a_complete_panel():
    generator = np.random.default_rng(6)
    before, after = generator.normal(size=(2, 40))
    treated = np.arange(40) % 2
    changes = difference_in_differences(before, after, treated)
    rows = difference_in_differences_of_rows(
        np.r_[before, after], np.r_[treated, treated], np.repeat([0, 1], 40), np.tile(range(40), 2)
    )
    assert rows.value == pytest.approx(changes.value)
    width = [found.interval.high - found.interval.low for found in (rows, changes)]
    assert width[0] == pytest.approx(width[1], rel=0.05)
    assert rows.n == 20


def test_missing_cell_is_refused():
    with pytest.raises(ValueError, match="one of the four cells"):
        difference_in_differences_of_rows([1.0, 2, 3], [1, 1, 0], [0, 1, 0], ["A", "A", "B"])


@pytest.mark.parametrize(("ratio", "needed"), [(1.0, 1.0), (2.0, 3.4142), (0.5, 3.4142)])
def test_e_value_is_symmetric_and_starts_at_one(ratio, needed):
    assert e_value(ratio) == pytest.approx(needed, abs=1e-4)


@pytest.mark.parametrize("ratio", [0.0, -1.0, math.nan])
def test_e_value_of_no_ratio_is_refused(ratio):
    with pytest.raises(ValueError, match="must be positive"):
        e_value(ratio)
