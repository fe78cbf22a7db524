import math

import numpy as np
import pytest

from opsplaybook.stats.discrimination import (
    area_under_curve,
    discrimination,
    precision_among_top,
)


def scored(n=200, shift=1.0, seed=1):
    generator = np.random.default_rng(seed)
    lost = generator.random(n) < 0.15
    return generator.normal(size=n) + shift * lost, lost


def test_the_interval_is_delongs_on_the_logit_scale():
    scores, lost = scored()
    pairs = (scores[lost][:, None] > scores[~lost]) + 0.5 * (scores[lost][:, None] == scores[~lost])
    area = pairs.mean()
    ones, zeros = lost.sum(), (~lost).sum()
    variance = pairs.mean(axis=1).var(ddof=1) / ones + pairs.mean(axis=0).var(ddof=1) / zeros
    found = discrimination(scores, lost)
    assert found.auc.value == pytest.approx(area)
    ends = np.array([found.auc.interval.low, found.auc.interval.high])
    width = np.diff(np.log(ends / (1 - ends)))[0] / 2
    error = math.sqrt(variance) / (area * (1 - area))
    # Student's t instead of the normal distribution, with some 30 degrees of freedom here.
    assert 1.96 < width / error < 2.08


def test_a_real_score_separates_and_a_reversed_one_does_not():
    scores, lost = scored()
    assert discrimination(scores, lost).separates
    assert not discrimination(-scores, lost).separates
    assert discrimination(-scores, lost).auc.value == pytest.approx(
        1 - area_under_curve(scores, lost)
    )


def test_a_constant_score_tells_nothing():
    _, lost = scored()
    found = discrimination(np.full(200, 0.3), lost)
    assert found.auc.value == 0.5
    assert found.auc.interval is None
    assert not found.separates


def test_a_perfect_score_has_an_open_low_end():
    found = discrimination(np.arange(20.0), np.arange(20) >= 14)
    assert found.auc.value == 1.0
    # Wilson's for six of six.
    assert found.auc.interval.low == pytest.approx(0.6097, abs=1e-4)


def test_only_one_outcome_cannot_be_told_apart():
    found = discrimination(np.arange(5.0), np.zeros(5))
    assert math.isnan(found.auc.value)
    assert (found.positives, found.negatives) == (0, 5)
    assert not found.separates
    assert not discrimination([], []).separates


def test_rows_that_repeat_in_accounts_add_no_certainty():
    scores, lost = scored()
    once = discrimination(scores, lost).auc
    names = np.repeat(np.arange(200), 5)
    many = discrimination(np.repeat(scores, 5), np.repeat(lost, 5), clusters=names).auc
    naive = discrimination(np.repeat(scores, 5), np.repeat(lost, 5)).auc
    width = once.interval.high - once.interval.low
    assert many.interval.high - many.interval.low == pytest.approx(width, rel=0.01)
    assert naive.interval.high - naive.interval.low < 0.6 * width


def test_one_account_of_each_kind_has_no_interval():
    found = discrimination([1.0, 2, 3, 4], [0, 1, 0, 1], clusters=["a", "b", "a", "b"])
    assert found.auc.interval is None


def test_the_top_counts_ties_on_average():
    found = precision_among_top([0.5, 0.5, 0.5, 0.5, 0.1], [1, 1, 0, 0, 0], top=2)
    assert found.precision.value == 0.5
    assert found.precision.numerator == 1.0
    assert found.caught.value == 0.5


@pytest.mark.parametrize("n", [3, 49, 98, 103])
def test_a_top_of_equal_scores_never_holds_more_than_there_are(n):
    found = precision_among_top(np.zeros(n), np.arange(n) > 0, top=n)
    assert found.caught.value == pytest.approx(1)
    assert found.precision.numerator <= n - 1


def test_the_top_of_few_is_all():
    found = precision_among_top([0.5, 0.4], [1, 0], top=10)
    assert (found.top, found.precision.value, found.base.value) == (2, 0.5, 0.5)


def test_the_top_of_nothing_is_unknown():
    found = precision_among_top([], [], top=3)
    assert found.top == 0
    assert math.isnan(found.precision.value)


def test_missing_scores_and_no_capacity_are_refused():
    with pytest.raises(ValueError, match="1 missing values"):
        discrimination([0.1, np.nan], [1, 0])
    with pytest.raises(ValueError, match="top == 0"):
        precision_among_top([0.1], [1], top=0)
