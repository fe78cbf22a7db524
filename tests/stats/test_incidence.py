import math

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight

from opsplaybook.stats.incidence import cumulative_incidence
from opsplaybook.stats.survival import kaplan_meier


def competing(n=300, seed=1):
    generator = np.random.default_rng(seed)
    price, people = generator.exponential(8, n), generator.exponential(4, n)
    limits = generator.uniform(1, 8, n)
    times = np.ceil(np.minimum.reduce([price, people, limits]) * 4) / 4
    first = np.argmin([limits, price, people], axis=0)
    return times, np.array(["", "price", "people"])[first]


def test_shares_and_errors_without_entry_are_those_of_statsmodels():
    times, causes = competing()
    codes = np.select([causes == "people", causes == "price"], [1, 2])
    expected = CumIncidenceRight(times, codes)
    for k, curve in enumerate(cumulative_incidence(times, causes)):
        steps = np.isin(expected.times, curve.times)
        assert curve.incidence[1:] == pytest.approx(expected.cinc[k][steps])
        # The band on log(-log(1 - share)) gives the standard error back.
        share = curve.incidence[1:]
        width = (
            np.log(np.log(curve.high[1:].clip(0, 0.999) * -1 + 1) / np.log(1 - share)) / 1.959964
        )
        error = width * (1 - share) * -np.log(1 - share)
        inside = (share > 0) & (curve.high[1:] < 0.999)
        assert error[inside] == pytest.approx(expected.cinc_se[k][steps][inside], rel=1e-3)


def test_causes_and_those_who_stay_add_up_to_one():
    times, causes = competing()
    curves = cumulative_incidence(times, causes)
    staying = kaplan_meier(times, causes != "").survival
    assert sum(curve.incidence for curve in curves) + staying == pytest.approx(
        np.ones(len(staying))
    )
    assert sum(curve.events for curve in curves) == (causes != "").sum()


def test_one_cause_is_one_minus_kaplan_meier_with_its_band():
    times, causes = competing()
    entry = np.where(np.arange(300) % 3 == 0, times / 2, 0.0)
    (curve,) = cumulative_incidence(times, np.where(causes != "", "any", ""), entry=entry)
    staying = kaplan_meier(times, causes != "", entry=entry)
    assert 1 - curve.incidence == pytest.approx(staying.survival)
    assert 1 - curve.low == pytest.approx(staying.high)
    assert 1 - curve.high == pytest.approx(staying.low)


def test_before_anybody_left_for_a_cause_the_share_is_0_with_an_end():
    people, price = cumulative_incidence(
        [1.0] * 5 + [3.0] * 10, ["price"] * 5 + ["people"] + [""] * 9
    )
    assert people.at(2).value == 0
    assert people.at(2).interval.low == 0
    assert 0 < people.at(2).interval.high < 0.35
    assert price.at(2).value == pytest.approx(1 / 3)


def test_beyond_the_data_nothing_is_known():
    (curve,) = cumulative_incidence([1.0, 2], ["price", ""])
    assert math.isnan(curve.at(3).value)


def test_where_nobody_left_there_is_no_curve():
    assert cumulative_incidence([1.0, 2], ["", ""]) == ()


@pytest.mark.parametrize("causes", [[None, "price"], [1, 0], [np.nan, "price"]])
def test_causes_that_are_no_text_are_refused(causes):
    with pytest.raises(ValueError, match="causes are no text"):
        cumulative_incidence([1.0, 2], causes)
