"""Tiers: places, ties, thresholds, shares of value, two axes, drawn weights."""

from math import inf

import numpy as np
import pytest

from opsplaybook.stats.scores import weighted_sum
from opsplaybook.stats.tiers import TierRule, acceptability, assign_tiers


def test_places_are_filled_from_the_top():
    found = assign_tiers([0.1, 0.9, 0.5, 0.7, 0.3], TierRule("capacity", (1, 2, 1)))
    assert found.codes.tolist() == [3, 0, 1, 1, 2]
    assert found.cuts == (0.9, 0.5, 0.3)


def test_the_order_of_the_rows_decides_nothing():
    generator = np.random.default_rng(1)
    scores = generator.integers(0, 8, 60) / 8
    rule = TierRule("capacity", (5, 10, 20))
    order = generator.permutation(60)
    straight, turned = assign_tiers(scores, rule), assign_tiers(scores[order], rule)
    assert straight.codes[order].tolist() == turned.codes.tolist()
    assert straight.cuts == turned.cuts
    counts = np.bincount(straight.codes, minlength=4)
    assert (counts[:3] <= [5, 10, 20]).all()


def test_equal_accounts_all_stay_in_the_lowest_tier():
    found = assign_tiers([0.5] * 9, TierRule("capacity", (1, 2, 3)))
    assert found.codes.tolist() == [3] * 9
    assert found.cuts == (inf, inf, inf)


def test_more_places_than_accounts_and_no_places():
    assert assign_tiers([0.2, 0.1], TierRule("capacity", (5, 5, 5))).codes.tolist() == [0, 0]
    assert assign_tiers([0.2, 0.1], TierRule("capacity", (0, 0, 0))).codes.tolist() == [3, 3]
    assert assign_tiers([0.2], TierRule("capacity", (1, 1, 1))).codes.tolist() == [0]
    assert assign_tiers([], TierRule("capacity", (1, 1, 1))).codes.tolist() == []


def test_without_a_score_there_is_no_tier():
    found = assign_tiers([np.nan, 0.4, 0.6], TierRule("capacity", (1, 0, 0)))
    assert found.codes.tolist() == [-1, 3, 0]


def test_a_score_on_a_threshold_is_in():
    found = assign_tiers([0.8, 0.79, 0.6, 0.1], TierRule("threshold", (0.8, 0.6, 0.4)))
    assert found.codes.tolist() == [0, 1, 1, 3]


def test_shares_of_value():
    rule = TierRule("cumulative", (0.5, 0.8, 0.95))
    found = assign_tiers([0.9, 0.8, 0.7, 0.6, 0.5], rule, values=[50, 25, 10, 10, 5])
    assert found.codes.tolist() == [0, 1, 1, 2, 3]
    assert assign_tiers([0.9, 0.8], rule, values=[0, -5]).codes.tolist() == [3, 3]
    with pytest.raises(ValueError, match="value of each account"):
        assign_tiers([0.9], rule)


def test_second_axis_decides_between_the_first_two_tiers_only():
    scores = [0.9, 0.8, 0.7, 0.2]
    rule = TierRule("capacity", (1, 2, 0), second_weight=0.5)
    found = assign_tiers(scores, rule, second=[0.1, 0.9, np.nan, 1.0])
    assert found.codes.tolist() == [1, 0, 1, 3]
    assert found.decisive == pytest.approx([0.5, 0.85, 0.7, 0.6])
    threshold = TierRule("threshold", (0.7, 0.5, 0.1), second_weight=0.5)
    assert assign_tiers(scores, threshold, second=[0.1, 0.9, np.nan, 1.0]).codes.tolist() == [
        1,
        0,
        0,
        2,
    ]


@pytest.mark.parametrize(
    ("kind", "levels"),
    [("capacity", (-1, 2)), ("threshold", (0.2, 0.5)), ("cumulative", (0.8, 0.5))],
)
def test_levels_that_make_no_tiers(kind, levels):
    with pytest.raises(ValueError, match="must"):
        TierRule(kind, levels)


@pytest.mark.parametrize("kind", ["capacity", "threshold", "cumulative"])
def test_acceptability_is_what_assigning_again_gives(kind):
    generator = np.random.default_rng(2)
    table = np.where(generator.random((40, 4)) < 0.2, np.nan, generator.random((40, 4)))
    values, second = generator.lognormal(size=40), generator.random(40)
    levels = {"capacity": (4, 8, 12), "threshold": (0.7, 0.5, 0.4), "cumulative": (0.4, 0.7, 0.9)}
    rule = TierRule(kind, levels[kind], second_weight=0.3)
    drawn = generator.dirichlet([5, 3, 1, 1], 25)
    base = assign_tiers(
        weighted_sum(table, [5, 3, 1, 1]).totals, rule, values=values, second=second
    )
    found = acceptability(table, drawn, rule, base.codes, values=values, second=second)
    again = np.array(
        [
            assign_tiers(weighted_sum(table, one).totals, rule, values=values, second=second).codes
            for one in drawn
        ]
    )
    expected = np.stack([(again == tier).mean(axis=0) for tier in range(4)], axis=1)
    scored = base.codes >= 0
    assert found.shares[scored] == pytest.approx(expected[scored])
    assert np.isnan(found.shares[~scored]).all()
    assert found.kept == pytest.approx((again == base.codes).mean(axis=1))


def test_equal_accounts_stay_equal_under_any_weights():
    table = np.tile(np.random.default_rng(5).random((1, 9)), (1000, 1))
    drawn = np.random.default_rng(6).dirichlet(np.ones(9), 50)
    found = acceptability(table, drawn, TierRule("capacity", (10, 20, 30)), np.full(1000, 3))
    assert found.shares[:, 3].tolist() == [1.0] * 1000
