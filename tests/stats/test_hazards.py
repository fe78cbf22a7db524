import numpy as np
import pytest

from opsplaybook.stats.hazards import decision_hazards, person_periods, whole_numbers


def test_ratios_are_those_of_hazards_not_of_odds():
    # Twice the hazard of 0.4 and 0.64 = 1 - 0.6 ** 2; the odds ratio would be 2.67.
    lost = np.repeat([1, 0, 1, 0], [3200, 1800, 2000, 3000])
    ratio = decision_hazards(lost, np.repeat([1, 0], [5000, 5000]), names=["a"]).ratios[0].ratio
    lost_share = np.log(1 - 0.64) / np.log(1 - 0.4)
    assert ratio.value == pytest.approx(lost_share, rel=1e-3)
    assert ratio.value == pytest.approx(2.0, rel=1e-3)


def test_the_base_is_the_probability_without_any_risk():
    lost = np.repeat([1, 0, 1, 0], [20, 80, 90, 810])
    model = decision_hazards(lost, np.repeat([1, 0], [100, 900]), names=["a"])
    assert model.base.value == pytest.approx(0.1, abs=1e-3)
    assert model.base.interval.contains(0.1)
    assert (model.n, model.events, model.link) == (1000, 110, "cloglog")


def test_terms_of_units_add_up_to_the_likelihood_of_durations():
    # Without features the hazard per period is events over periods at risk.
    table = person_periods([1, 3, 2, 4], [1, 0, 1, 1], entry=[0, 1, 0, 2])
    assert len(table.period) == 1 + 2 + 2 + 2
    assert table.event.sum() == 3
    assert table.unit.tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert table.period.tolist() == [1, 2, 3, 1, 2, 3, 4]
    assert table.event.tolist() == [True, False, False, False, True, False, True]


def test_no_units_give_no_rows():
    assert person_periods([], []).unit.size == 0


@pytest.mark.parametrize(("periods", "entry"), [([2], [2]), ([2], [-1]), ([0], [0])])
def test_units_that_end_before_they_are_seen_are_refused(periods, entry):
    with pytest.raises(ValueError, match="1 units end before they are first seen"):
        person_periods(periods, [1], entry=entry)


@pytest.mark.parametrize("values", [[1.5], [np.nan], [np.inf]])
def test_counts_with_a_fraction_are_refused(values):
    with pytest.raises(ValueError, match="periods holds 1 values"):
        whole_numbers(values, name="periods")
