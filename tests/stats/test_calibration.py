import math

import numpy as np
import pytest

from opsplaybook.stats.calibration import brier_skill, calibrate, calibration_bins

GENERATOR = np.random.default_rng(5)
TRUE = GENERATOR.beta(1.5, 8, 1500)
LOST = GENERATOR.random(1500) < TRUE


def logits(shares):
    return np.log(shares / (1 - shares))


def stretched(factor, shift=0.0):
    return 1 / (1 + np.exp(-(factor * logits(TRUE) + shift)))


def test_true_probabilities_are_calibrated():
    found = calibrate(TRUE, LOST)
    assert found.calibrated
    assert found.slope.interval.contains(1)
    assert found.intercept.interval.contains(0)
    assert found.expected == pytest.approx(TRUE.sum())
    assert found.observed == LOST.sum()


def test_forecasts_that_are_too_extreme_have_a_slope_under_1():
    found = calibrate(stretched(2.0), LOST)
    assert found.slope.interval.high < 1
    assert found.slope.value == pytest.approx(0.5, abs=0.1)
    assert not found.calibrated


def test_forecasts_that_are_too_low_have_a_level_over_0():
    found = calibrate(stretched(1.0, -0.7), LOST)
    assert found.intercept.value == pytest.approx(0.7, abs=0.15)
    assert found.intercept.interval.low > 0
    assert found.slope.interval.contains(1)
    assert not found.calibrated


def test_one_forecast_for_all_has_a_level_and_no_slope():
    found = calibrate(np.full(1500, LOST.mean()), LOST)
    assert math.isnan(found.slope.value)
    assert found.intercept.value == pytest.approx(0, abs=0.01)
    assert found.calibrated
    assert len(found.bins) == 1


def test_where_nobody_left_nothing_can_be_told():
    found = calibrate([0.1, 0.2, 0.3], [0, 0, 0])
    assert found.intercept.interval is None
    assert not found.calibrated
    assert found.bins[0].observed.interval.low == 0


def test_nearly_equal_forecasts_give_a_wide_slope_and_no_failure():
    forecast = 0.1 + 1e-4 * np.arange(40) / 40
    found = calibrate(forecast, np.arange(40) % 8 == 0)
    assert found.slope.interval.low < 1 < found.slope.interval.high


def test_groups_are_of_equal_size_and_keep_ties_together():
    sizes = [group.observed.n for group in calibration_bins(TRUE, LOST, bins=5)]
    assert sizes == [300] * 5
    tied = calibration_bins(np.repeat([0.1, 0.3], [90, 10]), np.zeros(100), bins=5)
    assert [group.observed.n for group in tied] == [90, 10]
    assert [(group.low, group.high) for group in tied] == [(0.1, 0.1), (0.3, 0.3)]


def test_skill_is_over_the_base_rate_as_it_was_known():
    generator = np.random.default_rng(1)
    found = brier_skill(TRUE, LOST, base=TRUE.mean(), generator=generator)
    assert found.skill.value == pytest.approx(1 - found.score / found.base_score)
    assert found.skill.interval.low > 0
    assert found.log_loss < found.base_log_loss
    worse = brier_skill(TRUE, LOST, base=np.full(1500, 0.9), generator=generator)
    assert worse.skill.value > 0.8


def test_forecasting_the_base_rate_has_no_skill():
    generator = np.random.default_rng(1)
    found = brier_skill(np.full(1500, 0.2), LOST, base=0.2, generator=generator)
    assert found.skill.value == 0
    assert found.skill.interval is None


def test_what_was_ruled_out_and_happened_costs_everything():
    generator = np.random.default_rng(1)
    assert brier_skill([0.0, 0.5], [0, 1], base=0.5, generator=generator).log_loss < 1
    with np.errstate(divide="ignore"):
        assert brier_skill([0.0, 0.5], [1, 1], base=0.5, generator=generator).log_loss == math.inf


def test_repeated_rows_of_an_account_add_no_certainty():
    names, generator = np.repeat(np.arange(1500), 4), np.random.default_rng(1)
    four = np.repeat(TRUE, 4), np.repeat(LOST, 4)
    by_account = brier_skill(*four, base=0.16, clusters=names, generator=generator).skill
    by_row = brier_skill(*four, base=0.16, generator=generator).skill
    assert by_account.n == 1500
    narrow, wide = (s.interval.high - s.interval.low for s in (by_row, by_account))
    assert narrow < 0.7 * wide


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_what_is_no_probability_is_refused(wrong):
    with pytest.raises(ValueError, match="1 probabilities are missing or not from 0 to 1"):
        calibrate([0.1, wrong], [0, 1])


def test_certainty_has_no_logit():
    with pytest.raises(ValueError, match="0 or 1 has no logit"):
        calibrate([0.0, 0.5], [0, 1])
    with pytest.raises(ValueError, match="nothing to compare"):
        calibrate([], [])
