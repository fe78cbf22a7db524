import numpy as np
import pytest

from opsplaybook.stats.censoring import (
    before,
    greenwood_error,
    log_log_band,
    numbers_at_risk,
    read_entry,
    read_times,
)


@pytest.mark.parametrize("entry", [[5.0], [6.0], [-1.0], [np.nan]])
def test_units_that_were_never_seen_alive_are_refused(entry):
    with pytest.raises(ValueError, match="1 units were first seen"):
        read_entry(entry, np.array([5.0]))


def test_a_unit_that_leaves_on_its_first_day_is_one():
    assert read_entry([0.0], np.array([0.0])).tolist() == [0.0]


def test_negative_times_are_refused():
    with pytest.raises(ValueError, match="1 durations are missing or negative"):
        read_times([-1.0, 2.0], [1, 1])


def test_without_entry_statsmodels_gets_none():
    assert before(np.zeros(3)) is None


def test_a_unit_is_at_risk_after_its_entry_up_to_its_exit():
    ends = {"entries": np.array([0.0, 2.0]), "exits": np.array([3.0, 5.0])}
    assert numbers_at_risk([0, 2, 2.5, 3, 4, 5, 6], **ends).tolist() == [1, 1, 2, 2, 1, 1, 0]


def test_greenwood_stops_where_nobody_is_left():
    error = greenwood_error(np.array([0.5, 0.0]), np.array([4, 2]), np.array([2, 2]))
    assert error.tolist() == pytest.approx([0.25, 0.0])


def test_a_band_stays_between_0_and_1():
    survival = np.array([1.0, 0.9, 0.01, 0.0])
    low, high = log_log_band(
        survival, survival * 0.3, np.array([10, 10, 5, 1]), np.array([0, 1, 4, 1]), 0.95
    )
    assert ((low >= 0) & (low <= survival) & (survival <= high) & (high <= 1)).all()
