import math

import numpy as np
import pytest
from scipy import stats

from opsplaybook.stats.group_sequential import boundaries
from opsplaybook.stats.planned_looks import read_look

PLAN = boundaries([0.2, 0.4, 0.6, 0.8, 1.0], spending="o'brien-fleming")


def test_an_early_look_that_does_not_cross_goes_on():
    look = read_look(PLAN, 1, 2.5, 1.0, n=40)
    assert (look.phase, look.crosses, look.adjusted) == ("planned", False, None)
    assert look.interval.low == pytest.approx(2.5 - 3.2256389, abs=2e-4)


def test_crossing_early_shrinks_the_effect_and_widens_doubt():
    look = read_look(PLAN, 1, 3.5, 1.0, n=40)
    assert look.crosses
    # Stopping at the first sight of success overstates it.
    assert look.adjusted.value < 3.5
    assert look.adjusted.interval.low > 0
    assert look.adjusted.p_value > 2 * stats.norm.sf(3.5)
    assert look.adjusted.p_value < 0.05


def test_adjusted_interval_agrees_with_the_decision():
    for z in (1.9, 2.03, 2.05, 2.3, -2.03, -2.05):
        look = read_look(PLAN, 4, z, 1.0, n=40)
        assert look.phase == "final"
        assert look.crosses == (not look.adjusted.interval.contains(0.0))
        assert look.crosses == (look.adjusted.p_value <= 0.05)


def test_without_earlier_looks_nothing_is_adjusted():
    look = read_look(boundaries([1.0]), 0, 2.4, 1.0, n=40)
    assert look.adjusted.value == pytest.approx(2.4, abs=1e-6)
    assert look.adjusted.p_value == pytest.approx(2 * stats.norm.sf(2.4), rel=1e-6)
    assert look.adjusted.interval.low == pytest.approx(2.4 - 1.959964, abs=1e-5)
    assert look.interval.high == pytest.approx(2.4 + 1.959964, abs=1e-5)


@pytest.mark.parametrize(("index", "z"), [(2, 2.9), (4, 1.2), (4, 0.0), (4, 2.6)])
def test_a_harm_is_read_as_a_gain_with_the_other_sign(index, z):
    gain, harm = read_look(PLAN, index, z, 2.0, n=40), read_look(PLAN, index, -z, 2.0, n=40)
    assert gain.crosses == harm.crosses
    if gain.adjusted is not None:
        assert gain.adjusted.value == pytest.approx(-harm.adjusted.value, abs=1e-6)
        assert gain.adjusted.interval.low == pytest.approx(-harm.adjusted.interval.high, abs=1e-6)
        assert gain.adjusted.p_value == pytest.approx(harm.adjusted.p_value)


def test_past_the_plan_nothing_is_left_to_decide():
    look = read_look(PLAN, 5, 9.0, 1.0, n=40)
    assert look.phase == "past the plan"
    assert look.critical == math.inf
    assert not look.crosses
    assert look.interval is None
    assert look.adjusted is None


def test_few_accounts_must_pass_more():
    normal = read_look(PLAN, 4, 2.1, 1.0, n=6)
    t = read_look(PLAN, 4, 2.1, 1.0, n=6, freedom=10)
    assert normal.crosses
    assert not t.crosses
    assert t.interval.low < normal.interval.low
    # The same tail: p of t with 10 degrees of freedom.
    assert 2 * stats.norm.sf(t.z) == pytest.approx(2 * stats.t.sf(2.1, 10))


def test_extreme_evidence_stays_finite():
    look = read_look(PLAN, 0, 400.0, 1.0, n=40, freedom=30)
    assert look.crosses
    assert math.isfinite(look.z)
    assert np.isfinite([look.adjusted.value, look.adjusted.interval.low]).all()


@pytest.mark.parametrize(("index", "error"), [(0, 0.0), (0, math.nan), (-1, 1.0)])
def test_impossible_looks_are_refused(index, error):
    with pytest.raises(ValueError, match="must be positive and 0 or more"):
        read_look(PLAN, index, 1.0, error, n=40)


def test_adjusted_interval_covers_and_is_median_unbiased():
    generator = np.random.default_rng(12)
    drift, runs = 2.0, 400
    plan = boundaries([0.5, 1.0], spending="pocock")
    steps = generator.normal(drift * 0.5, np.sqrt(0.5), (runs, 2))
    found = [stop(plan, np.cumsum(path)) for path in steps]
    covered = np.mean([look.adjusted.interval.contains(drift) for look in found])
    below = np.mean([look.adjusted.value < drift for look in found])
    assert covered == pytest.approx(0.95, abs=0.04)
    assert below == pytest.approx(0.5, abs=0.09)


def stop(plan, scores):
    """Read looks until one crosses, on the scale where the drift is the effect."""
    for index, (score, fraction) in enumerate(zip(scores, plan.fractions, strict=True)):
        look = read_look(plan, index, score / fraction, 1 / np.sqrt(fraction), n=50)
        if look.crosses:
            break
    return look
