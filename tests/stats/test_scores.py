"""Scales and aggregations: gaps, ties, constants, directions."""

import numpy as np
import pytest

from opsplaybook.stats.scores import fill_gaps, scale, topsis, weighted_product, weighted_sum

ALL = ["rank", "minmax", "log", "z"]


@pytest.mark.parametrize("transformation", ALL)
def test_scales_lie_between_0_and_1_and_keep_order_and_gaps(transformation):
    values = np.append(np.random.default_rng(1).lognormal(6, 2, 80), np.nan)
    scaled = scale(values, transformation)
    assert np.isnan(scaled[-1])
    assert np.nanmin(scaled) >= 0
    assert np.nanmax(scaled) <= 1
    order = np.argsort(values[:-1])
    assert (np.diff(scaled[:-1][order]) >= -1e-12).all()


@pytest.mark.parametrize("transformation", ALL)
def test_a_cost_turns_the_order(transformation):
    days = [0.0, 2.0, 9.0, 30.0]
    scaled = scale(days, transformation, higher_is_better=False, winsorised=0)
    assert (np.diff(scaled) < 0).all()


@pytest.mark.parametrize("transformation", ALL)
def test_equal_values_tell_nobody_apart(transformation):
    assert scale([7, 7, 7, None], transformation)[:3].tolist() == [0.5, 0.5, 0.5]
    assert scale([7], transformation).tolist() == [0.5]
    assert scale([], transformation).size == 0
    assert np.isnan(scale([None, None], transformation)).all()


def test_infinite_values_are_refused():
    with pytest.raises(ValueError, match="infinite"):
        scale([1, np.inf])


def test_a_giant_moves_min_max_but_not_ranks():
    values = [1, 2, 3, 4, 5]
    with_giant = [*values, 10_000]
    assert scale(with_giant, "minmax", winsorised=0)[:5].max() < 0.001
    assert scale(with_giant, "rank")[:5] == pytest.approx([1 / 12, 3 / 12, 5 / 12, 7 / 12, 9 / 12])


def test_min_max_of_nearly_constant_values_uses_the_true_ends():
    values = np.append(np.zeros(99), 5.0)
    assert scale(values, "minmax")[-1] == 1.0


def test_rules_for_gaps():
    scaled = [0.2, np.nan]
    assert fill_gaps(scaled, "lowest").tolist() == [0.2, 0.0]
    assert fill_gaps(scaled, "middle").tolist() == [0.2, 0.5]
    assert np.isnan(fill_gaps(scaled, "rescale")[1])


def test_contributions_add_up_and_coverage_says_what_is_known():
    table = np.array([[0.4, np.nan, 1.0], [np.nan, np.nan, np.nan], [0.1, 0.2, 0.3]])
    found = weighted_sum(table, [50, 30, 20])
    assert np.nansum(found.contributions, axis=1)[[0, 2]] == pytest.approx(found.totals[[0, 2]])
    assert found.totals[0] == pytest.approx((0.4 * 50 + 1.0 * 20) / 70)
    assert np.isnan(found.totals[1])
    assert found.coverage == pytest.approx([0.7, 0.0, 1.0])


def test_what_is_known_only_of_unweighted_dimensions_gives_no_score():
    found = weighted_sum([[np.nan, 0.9]], [1, 0])
    assert np.isnan(found.totals[0])
    assert np.isnan(weighted_product([[np.nan, 0.9]], [1, 0])[0])


@pytest.mark.parametrize("weights", [[1, -1], [0, 0], [1], [1, np.nan]])
def test_weights_that_cannot_be_used(weights):
    with pytest.raises(ValueError, match="weights"):
        weighted_sum([[0.1, 0.2]], weights)


def test_product_of_a_zero_is_zero_and_negative_values_are_refused():
    assert weighted_product([[0.0, 1.0]], [1, 1]).tolist() == [0.0]
    with pytest.raises(ValueError, match="negative"):
        weighted_product([[-0.1, 1.0]], [1, 1])


def test_topsis_with_equal_accounts_and_gaps():
    assert topsis([[0.3, 0.3], [0.3, 0.3]], [1, 1]).tolist() == [0.5, 0.5]
    found = topsis([[0.9, np.nan], [0.1, 0.5], [np.nan, np.nan]], [1, 1])
    assert found[0] == 1.0
    assert np.isnan(found[2])
