import math

import numpy as np
import pytest
from tea_tasting.aggr import Aggregates
from tea_tasting.metrics import Mean, RatioOfMeans

from opsplaybook.stats.covariates import NO_VARIATION, TOO_FEW, adjusted_difference
from opsplaybook.stats.moments import JointMoments

NAMES = ("value", "denominator", "before", "before_denominator")


def company(seed, units, effect=0.0):
    """Orders and sessions of users now and before, kept apart by a habit of each user."""
    generator = np.random.default_rng(seed)
    habit = generator.gamma(4, 0.5, units)
    sessions, earlier = 1 + generator.poisson(6, (2, units))
    return np.array(
        [
            generator.poisson(sessions * (habit + effect)),
            sessions,
            generator.poisson(earlier * habit),
            earlier,
        ],
        dtype=float,
    )


def aggregates(table, names):
    covariance = np.cov(table)
    size = len(names)
    pairs = [(one, two) for one in range(size) for two in range(one + 1, size)]
    return Aggregates(
        table.shape[1],
        {name: float(row.mean()) for name, row in zip(names, table, strict=True)},
        {name: float(covariance[i, i]) for i, name in enumerate(names)},
        {(names[one], names[two]): float(covariance[one, two]) for one, two in pairs},
    )


def assert_like_tea_tasting(found, peer):
    assert found.value == pytest.approx(peer.effect_size, rel=1e-9)
    assert found.first.value == pytest.approx(peer.treatment, rel=1e-9)
    assert found.interval.low == pytest.approx(peer.effect_size_ci_lower, rel=1e-7)
    assert found.interval.high == pytest.approx(peer.effect_size_ci_upper, rel=1e-7)
    assert found.p_value == pytest.approx(peer.pvalue, rel=1e-7)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ratio_with_the_period_before_against_tea_tasting(seed):
    first, second = company(seed, 300, 0.2), company(seed + 100, 260)
    found = adjusted_difference(JointMoments.of(*first), JointMoments.of(*second), ratio=True)
    metric = RatioOfMeans(*NAMES)
    peer = metric.analyze_aggregates(aggregates(second, NAMES), aggregates(first, NAMES))
    assert_like_tea_tasting(found.adjusted, peer)
    assert 0.2 < found.gain < 0.9


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mean_with_the_period_before_against_tea_tasting(seed):
    first, second = company(seed, 300, 0.2)[[0, 2]], company(seed + 100, 260)[[0, 2]]
    found = adjusted_difference(JointMoments.of(*first), JointMoments.of(*second))
    names = ("value", "before")
    peer = Mean(*names).analyze_aggregates(aggregates(second, names), aggregates(first, names))
    assert_like_tea_tasting(found.adjusted, peer)


def test_adjusting_narrows_the_interval_by_the_gain():
    first, second = company(5, 400)[[0, 2]], company(6, 400)[[0, 2]]
    found = adjusted_difference(JointMoments.of(*first), JointMoments.of(*second))
    widths = [d.interval.high - d.interval.low for d in (found.adjusted, found.raw)]
    assert (widths[0] / widths[1]) ** 2 == pytest.approx(1 - found.gain, rel=0.01)
    assert found.correlation == pytest.approx(np.corrcoef(first)[0, 1], abs=0.12)


def test_lift_agrees_with_the_adjusted_effect():
    first, second = company(7, 200, 0.3)[[0, 2]], company(8, 200)[[0, 2]]
    found = adjusted_difference(JointMoments.of(*first), JointMoments.of(*second))
    assert found.relative.p_value == found.adjusted.p_value
    assert found.relative.detectable == found.adjusted.detectable


def test_a_covariate_that_does_not_vary_leaves_the_effect_raw():
    first = JointMoments.of([3.0, 4, 6, 5], [1.0] * 4)
    second = JointMoments.of([2.0, 1, 2, 3], [1.0] * 4)
    found = adjusted_difference(first, second)
    assert found.message == NO_VARIATION
    assert found.adjusted == found.raw
    assert (found.coefficient, found.gain) == (0.0, 0.0)


def test_denominators_that_sum_to_zero_leave_the_effect_raw():
    empty = np.zeros(4)
    table = [3.0, 4, 6, 5], [2.0, 2, 3, 2], empty, empty
    found = adjusted_difference(JointMoments.of(*table), JointMoments.of(*table), ratio=True)
    assert found.message == NO_VARIATION
    assert found.adjusted.value == 0


def test_one_unit_in_an_arm_is_said_and_not_raised():
    # tea-tasting 1.14 raises TypeError.
    found = adjusted_difference(
        JointMoments.of([3.0], [1.0]), JointMoments.of([2.0, 1, 2], [1.0, 2, 3])
    )
    assert found.message == TOO_FEW
    assert found.adjusted.interval is None
    assert math.isnan(found.adjusted.p_value)


def test_columns_are_counted():
    with pytest.raises(ValueError, match="3 columns, must be 2"):
        adjusted_difference(*[JointMoments.of([1.0, 2], [1.0, 3], [2.0, 2])] * 2)
