import numpy as np
import pytest

from opsplaybook.stats.lifetimes import cohort_counts, fit_shifted_beta_geometric


def test_planted_customers_are_found_again():
    generator = np.random.default_rng(1)
    inclination = generator.beta(0.8, 3.0, 40_000)
    renewals = generator.geometric(inclination)
    survivors = [(renewals > term).sum() for term in range(7)]
    model = fit_shifted_beta_geometric(*cohort_counts(survivors))
    assert (model.alpha, model.beta) == pytest.approx((0.8, 3.0), rel=0.06)
    assert model.n == 40_000


def test_customers_that_are_all_alike_have_constant_retention():
    survivors = np.round(100_000 * 0.8 ** np.arange(7))
    model = fit_shifted_beta_geometric(*cohort_counts(survivors))
    assert model.alpha + model.beta > 1000
    assert model.retention([1, 6]) == pytest.approx([0.8, 0.8], abs=2e-3)


def test_survival_is_the_product_of_retention():
    model = fit_shifted_beta_geometric([100, 80, 70], [20, 10, 5])
    assert model.survival([0]) == pytest.approx([1.0])
    assert model.survival([3]) == pytest.approx(model.retention([1, 2, 3]).prod())


def test_cohorts_add_up_and_the_undecided_count_only_where_seen():
    # 100 came to the first renewal; only 40 of the 80 that stayed have come to the second.
    model = fit_shifted_beta_geometric([100, 40], [20, 6])
    assert 1 - model.retention([1, 2]) == pytest.approx([0.2, 0.15], abs=2e-3)


def test_a_projection_of_a_small_cohort_is_wide_and_whole():
    model = fit_shifted_beta_geometric([12, 9, 8], [3, 1, 1])
    found = model.project(7, 3, [4, 5], generator=np.random.default_rng(2), resamples=100)
    assert (found.low <= found.expected).all()
    assert (found.expected <= found.high).all()
    assert found.high[0] == 7
    assert found.low[1] <= 4


def test_projections_are_the_same_with_the_same_seed():
    model = fit_shifted_beta_geometric([100, 80, 70], [20, 10, 5])
    one, other = (
        model.project(65, 3, [4], generator=np.random.default_rng(2), resamples=50)
        for _ in range(2)
    )
    assert (one.low, one.high) == (other.low, other.high)


def test_the_past_is_not_projected():
    model = fit_shifted_beta_geometric([100, 80, 70], [20, 10, 5])
    with pytest.raises(ValueError, match="must come after 3"):
        model.project(65, 3, [3, 4], generator=np.random.default_rng(2))


@pytest.mark.parametrize(
    ("at_risk", "lost", "message"),
    [
        ([100], [20], "one renewal"),
        ([100, 0], [20, 0], "one renewal"),
        ([100, 80], [0, 0], "0 of 180 left"),
        ([100, 80], [100, 80], "180 of 180 left"),
        ([100, 80], [20, 81], "lost must lie between"),
        ([100, 80], [20.5, 1], "not whole"),
    ],
)
def test_counts_that_tell_nothing_are_refused(at_risk, lost, message):
    with pytest.raises(ValueError, match=message):
        fit_shifted_beta_geometric(at_risk, lost)


def test_survivors_cannot_rise():
    with pytest.raises(ValueError, match="cannot rise"):
        cohort_counts([100, 90, 95])
