import math

import pytest

from opsplaybook.stats.ranks import place_among


@pytest.mark.parametrize(
    ("value", "place"), [(0.5, 0.0), (1, 0.125), (2.5, 0.5), (4, 0.875), (9, 1.0)]
)
def test_place_is_the_share_below_with_ties_by_half(value, place):
    assert place_among(value, [1, 2, 3, 4]).value == place


def test_all_equal_is_the_middle():
    assert place_among(3, [3, 3, 3, 3, 3, 3]).value == 0.5


def test_missing_peers_are_not_peers():
    found = place_among(3, [1, None, math.nan, 5])
    assert (found.value, found.n, found.enough) == (0.5, 2, False)


def test_few_peers_give_a_wide_interval():
    found = place_among(9, [1, 2, 3, 4, 5])
    assert found.interval.low == pytest.approx(0.5655, abs=1e-4)
    assert found.interval.high == 1


@pytest.mark.parametrize(("value", "peers"), [(math.nan, [1, 2]), (1, [])])
def test_unknown_value_or_no_peers_has_no_place(value, peers):
    found = place_among(value, peers)
    assert math.isnan(found.value)
    assert found.interval is None
