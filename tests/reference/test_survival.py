"""Published survival curves: the leukaemia trial of Freireich et al. 1963, Blood 21:699-716."""

import numpy as np
import pytest

from opsplaybook.stats.survival import kaplan_meier, log_rank

# Data as in Cox and Oakes 1984, table 1.1; the curve is the standard textbook table.
TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
TREATED_EVENT = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
SURVIVAL = {
    6: 0.8571428571,
    7: 0.8067226891,
    10: 0.7529411765,
    13: 0.6901960784,
    16: 0.6274509804,
    22: 0.5378151261,
    23: 0.4481792717,
}
GREENWOOD = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]


def test_curve_against_r_survfit():
    curve = kaplan_meier(TREATED, TREATED_EVENT)
    assert curve.times.tolist() == [0, *SURVIVAL]
    assert curve.survival[1:] == pytest.approx(list(SURVIVAL.values()), abs=1e-9)
    assert curve.standard_error[1:] == pytest.approx(GREENWOOD, abs=5e-5)
    assert (curve.n, int(curve.events.sum()), curve.censored) == (21, 9, 12)


@pytest.mark.parametrize(
    ("time", "low", "high"), [(6, 0.6197, 0.9516), (10, 0.5032, 0.8894), (23, 0.1881, 0.6801)]
)
def test_log_log_band_against_lifelines(time, low, high):
    # lifelines 0.30.3 and statsmodels 0.15.
    found = kaplan_meier(TREATED, TREATED_EVENT).at(time)
    assert found.interval.low == pytest.approx(low, abs=5e-5)
    assert found.interval.high == pytest.approx(high, abs=5e-5)


def test_median_counts_those_who_have_not_converted_yet():
    # R survival survfit: 23 with censoring; the median of converters alone would say 10.
    median = kaplan_meier(TREATED, TREATED_EVENT).median()
    assert median.value == 23
    converters = np.array(TREATED)[np.array(TREATED_EVENT) == 1]
    assert np.median(converters) == 10


def test_without_censoring_the_curve_is_the_share_left():
    # S(10) = 8/21 with the binomial standard error 0.106.
    curve = kaplan_meier(PLACEBO, np.ones(21))
    left = {1: 0.9048, 2: 0.8095, 3: 0.7619, 8: 0.381, 10: 0.381}
    assert [curve.at(time).value for time in left] == pytest.approx(list(left.values()), abs=5e-5)
    step = int(np.searchsorted(curve.times, 10, side="right")) - 1
    assert curve.standard_error[step] == pytest.approx(0.106, abs=5e-4)
    assert curve.median().value == 8


def test_log_rank_against_the_textbook():
    # Chi-square 16.793 (Kleinbaum and Klein), p = 4.17e-05.
    found = log_rank((TREATED, TREATED_EVENT), (PLACEBO, np.ones(21)))
    assert found.p_value == pytest.approx(4.17e-05, abs=1e-7)
    assert found.value == 15
