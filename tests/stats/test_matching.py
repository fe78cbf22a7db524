import math

import numpy as np
import pytest

from opsplaybook.stats.matching import (
    match,
    propensity_scores,
    standardised_differences,
)


def company(seed, units=400):
    """Larger and busier accounts are reached more often."""
    generator = np.random.default_rng(seed)
    table = np.column_stack(
        [generator.normal(5, 2, units), generator.normal(size=units), generator.random(units) < 0.4]
    )
    chance = 1 / (1 + np.exp(1.2 - 0.5 * (table[:, 0] - 5) - 0.4 * table[:, 1]))
    return table, generator.random(units) < chance


def test_matching_removes_planted_imbalance():
    table, treated = company(1)
    found = match(table, treated)
    assert np.abs(found.balance.before).max() > 0.4
    assert found.balance.worst < 0.15
    assert found.overlap.matched == 97
    assert found.overlap.share_matched == pytest.approx(97 / 109)
    # The twelve set aside are those that nobody resembles: the likeliest to be reached.
    assert found.propensity[found.unmatched].min() > np.median(found.propensity[treated])


def test_each_pair_is_the_nearest_one_within_the_caliper():
    table, treated = company(2, 120)
    found = match(table, treated)
    logits = np.log(found.propensity / (1 - found.propensity))
    width = 0.2 * logits.std()
    pairs = zip(found.pair_treated, found.pair_control, strict=True)
    covariance = np.linalg.inv(np.cov(table.T, ddof=0))
    for ours, theirs in pairs:
        allowed = np.flatnonzero(~treated & (np.abs(logits - logits[ours]) <= width))
        apart = table[allowed] - table[ours]
        distance = np.einsum("ij,jk,ik->i", apart, covariance, apart)
        assert theirs == allowed[distance.argmin()]


def test_order_of_rows_decides_nothing():
    table, treated = company(3, 150)
    table = table.round()
    order = np.random.default_rng(1).permutation(150)
    one, two = match(table, treated), match(table[order], treated[order])
    assert one.weights[order] == pytest.approx(two.weights)


def test_equally_near_controls_share_the_weight():
    found = match([[1.0], [1.0], [1.0], [9.0]], [1, 0, 0, 0], caliper=math.inf)
    assert found.pair_control.tolist() == [1, 2]
    assert found.pair_weight.tolist() == [0.5, 0.5]


def test_weights_of_controls_add_up_to_the_matched():
    table, treated = company(4)
    found = match(table, treated, neighbours=3)
    assert found.weights[~treated].sum() == pytest.approx(found.overlap.matched)
    assert found.overlap.effective_controls <= found.overlap.controls_used


def test_strata_are_never_mixed():
    table, treated = company(5)
    strata = np.random.default_rng(1).choice(["small", "large", "key"], 400)
    found = match(table, treated, strata=strata)
    assert (strata[found.pair_treated] == strata[found.pair_control]).all()


def test_stratum_without_controls_is_set_aside_and_counted():
    table, treated = company(6)
    strata = np.where(treated & (np.arange(400) % 5 == 0), "key", "other")
    found = match(table, treated, strata=strata)
    key = np.flatnonzero(strata == "key")
    assert set(key) <= set(found.unmatched)
    assert found.overlap.matched == treated.sum() - len(found.unmatched)


def test_no_common_ground_matches_nobody():
    table = np.r_[np.zeros(20), np.full(20, 100.0)][:, None] + np.arange(40.0)[:, None] / 100
    found = match(table, np.arange(40) < 20)
    assert found.overlap.matched == 0
    assert found.overlap.share_matched == 0
    assert np.isnan(found.balance.after).all()
    assert not found.balance.good


@pytest.mark.parametrize("label", [0, 1])
def test_one_group_alone_matches_nobody(label):
    found = match(np.arange(10.0)[:, None], np.full(10, label))
    assert found.overlap.matched == 0
    assert found.propensity == pytest.approx(label, abs=1e-8)


def test_constant_and_redundant_covariates_change_nothing():
    table, treated = company(7, 200)
    more = np.column_stack([table, np.ones(200), 3 * table[:, 0]])
    one, two = match(table, treated, caliper=math.inf), match(more, treated, caliper=math.inf)
    assert one.pair_control.tolist() == two.pair_control.tolist()
    assert two.points.shape == (200, 3)
    assert two.balance.before[3] == 0


def test_separated_groups_keep_a_propensity_between_zero_and_one():
    scores = propensity_scores(np.arange(40.0)[:, None], np.arange(40) > 19)
    assert (scores > 0).all()
    assert (scores < 1).all()
    assert scores[30] > 0.9


def test_standardised_difference_uses_the_spread_before_weighting():
    table, treated = np.array([[1.0], [3.0], [1.0], [3.0], [5.0]]), np.array([1, 1, 0, 0, 0])
    plain = standardised_differences(table, treated)
    weighted = standardised_differences(table, treated, [1, 1, 1, 1, 0])
    # Variances 2 and 4: the means differ by 1, then by nothing.
    assert plain == pytest.approx([-1 / math.sqrt(3)])
    assert weighted == pytest.approx([0])


@pytest.mark.parametrize(
    ("covariates", "treated", "message"),
    [
        ([[1.0], [math.nan]], [1, 0], "1 units have missing"),
        ([[1.0], [math.inf]], [1, 0], "1 units have missing"),
        ([[1.0], [2.0]], [1], "must be \\(1, covariates\\)"),
        ([1.0, 2.0], [1, 0], "must be \\(2, covariates\\)"),
    ],
)
def test_covariates_that_cannot_be_compared_are_refused(covariates, treated, message):
    with pytest.raises(ValueError, match=message):
        match(covariates, treated)


def test_no_neighbour_and_short_strata_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        match([[1.0], [2.0]], [1, 0], neighbours=0)
    with pytest.raises(ValueError, match="strata have the length 1"):
        match([[1.0], [2.0]], [1, 0], strata=["A"])
