import numpy as np
import pytest

from opsplaybook.stats.revenue import (
    interval_coverage,
    level_error_of,
    level_of,
    parent_correlation,
    renewed_revenue,
)

VALUES = np.array([500.0, 80, 60, 40, 30, 30, 20, 20, 10, 10])


def forecast(risks, **more):
    return renewed_revenue(VALUES, risks, generator=np.random.default_rng(1), **more)


def test_equal_accounts_follow_the_binomial_distribution():
    # Of 100 contracts with a risk of 0.2 each, 75 to 85 stay with P10 and P90 of the binomial.
    found = renewed_revenue(np.ones(100), np.full(100, 0.2), generator=np.random.default_rng(1))
    assert (found.low, found.median, found.high) == (75, 80, 85)
    assert found.expected == pytest.approx(80)
    assert found.variance_shares == pytest.approx(np.full(100, 0.01))


def test_certain_outcomes_leave_no_spread():
    found = forecast((VALUES < 50).astype(float))
    assert found.low == found.high == found.expected == 640
    assert found.variance_shares.sum() == 0
    assert found.decisive().size == 0
    assert forecast(np.zeros(10)).median == found.due == 800


def test_the_account_that_decides_is_named():
    found = forecast(np.full(10, 0.2))
    assert found.order[0] == 0
    assert found.decisive().tolist() == [0]
    assert found.decisive(1.0).size == 10
    assert found.variance_shares.sum() == pytest.approx(1)
    assert found.swings[0] == 500


def test_a_big_account_that_is_sure_to_stay_decides_nothing():
    found = forecast(np.array([0.0] + [0.2] * 9))
    assert found.order[0] == 1


def test_siblings_that_leave_together_widen_the_interval():
    values, risks = np.ones(100), np.full(100, 0.2)
    parents = np.repeat(np.arange(10), 10)
    widths = []
    for correlation in (0.0, 0.6):
        found = renewed_revenue(
            values, risks, generator=np.random.default_rng(1), parents=parents,
            correlation=correlation,
        )  # fmt: skip
        widths.append(found.high - found.low)
        assert found.expected == pytest.approx(80)
        assert found.median == pytest.approx(81, abs=3)
    assert widths[1] > 1.8 * widths[0]


def test_an_unsure_level_widens_the_interval():
    values, risks = np.ones(400), np.full(400, 0.1)
    sure = renewed_revenue(values, risks, generator=np.random.default_rng(1))
    unsure = renewed_revenue(values, risks, generator=np.random.default_rng(1), level_error=0.4)
    assert unsure.high - unsure.low > 1.8 * (sure.high - sure.low)


def test_renewals_at_other_values_move_the_total():
    found = forecast(np.full(10, 0.2), renewed_shares=[1.0, 1.2, 0.5])
    assert found.expected == pytest.approx(800 * 0.8 * 0.9)
    assert found.swings[0] == pytest.approx(450)
    assert found.high > 800 * 0.8


def test_many_accounts_are_drawn_in_parts_with_the_same_seed_the_same():
    values, risks = np.ones(3000), np.full(3000, 0.1)
    one, other = (
        renewed_revenue(values, risks, generator=np.random.default_rng(1), draws=1500)
        for _ in range(2)
    )
    assert (one.low, one.high) == (other.low, other.high)
    assert one.low == pytest.approx(2679, abs=4)


@pytest.mark.parametrize(
    ("values", "risks", "more", "message"),
    [
        ([], [], {}, "nothing falls due"),
        ([1.0, np.nan], [0.1, 0.1], {}, "1 values are missing or negative"),
        ([1.0, -1], [0.1, 0.1], {}, "1 values are missing or negative"),
        ([1.0], [1.2], {}, "from 0 to 1"),
        ([1.0], [np.nan], {}, "from 0 to 1"),
        ([1.0], [0.1], {"correlation": 1.0}, "correlation must lie"),
        ([1.0], [0.1], {"renewed_shares": []}, "renewed_shares must hold"),
        ([1.0, 2], [0.1, 0.1], {"parents": ["a"]}, "different lengths"),
    ],
)
def test_what_cannot_be_forecast_is_refused(values, risks, more, message):
    with pytest.raises(ValueError, match=message):
        renewed_revenue(values, risks, generator=np.random.default_rng(1), **more)


def test_the_error_of_a_level_shrinks_with_decisions():
    assert level_error_of(10, 100) > level_error_of(40, 400)
    assert level_error_of(0, 20) == pytest.approx(np.sqrt(2 + 1 / 20.5))
    with pytest.raises(ValueError, match="losses == 5"):
        level_error_of(5, 4)


def planted(correlation, companies=400, seed=3):
    generator = np.random.default_rng(seed)
    parents = np.repeat(np.arange(companies), 4)
    factor = generator.normal(size=companies)[parents]
    own = generator.normal(size=len(parents))
    inclination = np.sqrt(correlation) * factor + np.sqrt(1 - correlation) * own
    return inclination < -1.2816, np.full(len(parents), 0.1), parents


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.7])
def test_a_planted_correlation_lies_in_its_interval(correlation):
    found = parent_correlation(*planted(correlation))
    assert found.interval.contains(correlation)
    assert found.n == 400


def test_too_few_siblings_are_said_to_be_too_few():
    found = parent_correlation([1, 0, 0, 1], [0.1] * 4, ["a", "a", "b", "c"])
    assert (found.value, found.interval, found.n) == (0.0, None, 1)
    assert found.method.endswith("too few siblings")


def test_coverage_counts_ends_as_inside():
    found = interval_coverage([1, 1, 1], [2, 2, 2], [1, 2, 3])
    assert found.numerator == 2
    with pytest.raises(ValueError, match="missing values"):
        interval_coverage([1.0], [2.0], [np.nan])


def test_level_has_the_logit_of_its_error():
    # Gart and Zweifel: log((losses + 1/2) / (stayed + 1/2)) has the error of `level_error_of`.
    assert np.log(level_of(3, 20) / (1 - level_of(3, 20))) == pytest.approx(np.log(3.5 / 17.5))
    assert level_of(0, 6) == 0.5 / 7
    assert level_of(10, 10) == 10.5 / 11
    with pytest.raises(ValueError, match="losses == 5"):
        level_of(5, 4)


@pytest.mark.parametrize(("losses", "decisions"), [(0, 6), (10, 10)])
def test_a_short_past_makes_no_forecast_certain(losses, decisions):
    level, error = level_of(losses, decisions), level_error_of(losses, decisions)
    found = forecast(np.full(10, level), level_error=error)
    assert 0 < found.expected < found.due
    assert found.low < found.high
    assert found.variance_shares.sum() == pytest.approx(1)
