import numpy as np
import pytest

from opsplaybook.stats.arrays import (
    cluster_codes,
    complete,
    flags,
    floats,
    has_spread,
    present,
)


def test_rows_missing_on_either_side_are_left_out_of_both():
    first, second = complete([1.0, np.nan, 3.0], [4.0, 5.0, np.nan])
    assert (first.tolist(), second.tolist()) == ([1.0], [4.0])


def test_present_keeps_zero():
    assert present([0.0, np.nan, 2.0]).tolist() == [0.0, 2.0]


def test_tables_are_no_columns():
    with pytest.raises(ValueError, match="prices has 2 dimensions"):
        floats([[1.0]], name="prices")
    with pytest.raises(ValueError, match="has 2 dimensions"):
        flags([[1]])


@pytest.mark.parametrize("values", [[0.5, 1], [None, 1], ["yes", "no"], [np.nan, 1]])
def test_flags_are_yes_or_no(values):
    with pytest.raises(ValueError, match="neither yes nor no"):
        flags(np.array(values, dtype=object))


def test_codes_follow_sorted_names():
    codes, count = cluster_codes(["B", "A", "B"])
    assert (codes.tolist(), count) == ([1, 0, 1], 2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], False),
        ([1.0], False),
        ([0.1 + 0.2, 0.3], False),
        ([0.0, 0.0], False),
        ([1.0, 1.001], True),
    ],
)
def test_rounding_is_no_spread(values, expected):
    assert has_spread(np.array(values)) is expected
