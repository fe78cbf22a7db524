from math import inf

import pytest
from scipy import stats

from opsplaybook.stats.tails import normal_of, t_of, t_quantile, t_tail


@pytest.mark.parametrize("freedom", [1.5, 4, 30, inf])
@pytest.mark.parametrize("bound", [0.0, 1.0, 3.5])
def test_there_and_back(bound, freedom):
    assert normal_of(t_of(bound, freedom), freedom) == pytest.approx(bound, abs=1e-9)


def test_tails_are_the_same_and_the_sign_stays():
    found = normal_of(-2.8, 6)
    assert found < 0
    assert stats.norm.cdf(found) == pytest.approx(stats.t.cdf(-2.8, 6))


def test_evidence_beyond_all_tables_stays_finite():
    assert 37 < normal_of(1e200, 40) < 38
    assert t_of(60.0, 40) < inf


@pytest.mark.parametrize("freedom", [1.0, 3.7, 25, 4000, inf])
def test_tails_and_quantiles_are_scipys(freedom):
    for statistic in (-3.0, 0.0, 1.7, 8.0):
        assert t_tail(statistic, freedom) == pytest.approx(stats.t.sf(statistic, freedom), rel=1e-9)
    for tail in (1e-12, 0.025, 0.5, 0.9):
        expected = stats.t.isf(tail, freedom)
        assert t_quantile(tail, freedom) == pytest.approx(expected, rel=1e-7, abs=1e-9)
