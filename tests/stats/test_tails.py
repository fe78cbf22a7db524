from math import inf

import pytest
from scipy import stats

from opsplaybook.stats.tails import normal_of, t_of


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
