"""Odds ratios against published and hand-made numbers."""

import numpy as np
import pytest
import statsmodels.api as sm

from opsplaybook.stats.odds import clustered_odds_ratio, odds_ratio


def test_value_is_the_cross_product():
    # Doll and Hill 1950, BMJ 2:739: smokers among 649 men with lung cancer and 649 without;
    # (647 * 27) / (2 * 622).
    found = odds_ratio((647, 649), (622, 649))

    assert found.value == pytest.approx(14.04, abs=0.005)
    assert found.detectable
    assert found.p_value < 1e-4


def test_equal_groups_have_a_ratio_of_one():
    found = odds_ratio((30, 60), (50, 100))

    assert found.value == pytest.approx(1)
    assert not found.detectable
    assert found.n == 60


def test_turning_the_groups_round_turns_the_interval_round():
    one, two = odds_ratio((12, 40), (9, 70)), odds_ratio((9, 70), (12, 40))

    assert one.value == pytest.approx(1 / two.value)
    assert one.interval.low == pytest.approx(1 / two.interval.high)


def test_nobody_in_one_cell_leaves_one_end():
    found = odds_ratio((0, 30), (12, 40))

    assert found.value == 0
    assert found.interval.low == 0
    assert 0.05 < found.interval.high < 1


def test_everybody_in_one_cell_leaves_the_other_end():
    found = odds_ratio((30, 30), (12, 40))

    assert found.value == np.inf
    assert found.interval.high == np.inf
    assert found.interval.low > 1


def test_interval_agrees_with_the_routine_of_statsmodels_where_that_works():
    # confint_proportions_2indep(12, 40, 9, 70, method="score", compare="odds-ratio",
    # correction=False) of statsmodels 0.15.
    found = odds_ratio((12, 40), (9, 70))

    assert found.interval.low == pytest.approx(1.118367931804907, rel=1e-6)
    assert found.interval.high == pytest.approx(7.539851110774025, rel=1e-6)


@pytest.mark.parametrize(
    ("first", "second"), [((0, 0), (3, 9)), ((0, 8), (0, 9)), ((8, 8), (9, 9))]
)
def test_nothing_to_compare_has_no_interval(first, second):
    found = odds_ratio(first, second)

    assert np.isnan(found.value)
    assert found.interval is None
    assert not found.detectable


def test_clusters_agree_with_a_logistic_regression_clustered_by_account():
    rng = np.random.default_rng(5)
    accounts = np.repeat(np.arange(60), 200)
    likely = np.repeat(rng.uniform(0.2, 0.6, 60), 200)
    did = rng.random(len(accounts)) < 0.4
    hit = rng.random(len(accounts)) < np.where(did, likely + 0.15, likely)
    model = sm.Logit(hit.astype(float), sm.add_constant(did.astype(float)))
    fitted = model.fit(disp=0, cov_type="cluster", cov_kwds={"groups": accounts})

    sides = [
        (np.bincount(accounts[side], hit[side], 60), np.bincount(accounts[side], minlength=60))
        for side in (did, ~did)
    ]
    found = clustered_odds_ratio(*sides)

    assert np.log(found.value) == pytest.approx(fitted.params[1], abs=0.001)
    error = np.log(found.interval.high / found.interval.low) / 2 / 2.001
    assert error == pytest.approx(fitted.bse[1], rel=0.02)


def test_accounts_that_agree_within_make_the_interval_wider():
    alike = clustered_odds_ratio(([10, 0] * 10, [10] * 20), ([10, 0] * 9 + [0, 0], [10] * 20))
    apart = odds_ratio((100, 200), (90, 200))

    assert alike.interval.high / alike.interval.low > apart.interval.high / apart.interval.low


def test_more_successes_than_people_are_refused():
    with pytest.raises(ValueError, match="between 0 and people"):
        clustered_odds_ratio(([3], [2]), ([1], [2]))


def test_an_empty_group_says_so():
    assert clustered_odds_ratio(([0, 0], [0, 0]), ([1, 1], [2, 2])).n == 0
