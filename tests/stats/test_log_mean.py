import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from opsplaybook.stats.log_mean import log_mean_index

sizes = st.one_of(st.just(0.0), st.floats(1e-3, 1e3))
tables = arrays(float, (3, 3), elements=sizes)


@given(tables, tables)
def test_parts_add_up_with_any_zeros(before, after):
    found = log_mean_index(before, after)
    change = after.prod(axis=1) - before.prod(axis=1)
    assert found.additive.sum(axis=1) == pytest.approx(change, rel=1e-9, abs=1e-6)


@given(arrays(float, (3, 3), elements=st.floats(1e-2, 1e2)))
def test_indices_multiply_to_the_ratio(after):
    before = np.full((3, 3), 2.0)
    found = log_mean_index(before, after)
    assert found.multiplicative.prod() == pytest.approx(found.after / found.before, rel=1e-9)


def test_zeros_are_the_limit_of_small_values():
    before, after = [[10.0, 0.0, 3.0]], [[12.0, 4.0, 3.0]]
    tiny = log_mean_index([[10.0, 1e-300, 3.0]], after).additive
    assert log_mean_index(before, after).additive == pytest.approx(np.array([[0, 144.0, 0]]))
    assert tiny == pytest.approx(np.array([[0, 144.0, 0]]), abs=0.1)


def test_two_factors_from_zero_share_the_change():
    found = log_mean_index([[0.0, 0.0, 3.0]], [[12.0, 4.0, 3.0]])
    assert found.additive.tolist() == [[72.0, 72.0, 0.0]]
    assert np.isnan(found.multiplicative).all()


def test_nothing_before_and_nothing_after_is_no_change():
    assert log_mean_index([[0.0, 5.0]], [[7.0, 0.0]]).additive.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ([[1.0, -2.0]], [[1.0, 2.0]], "negative"),
        ([1.0, 2.0], [1.0, 2.0], "dimensions"),
        ([[1.0, 2.0]], [[1.0], [2.0]], "shapes differ"),
    ],
)
def test_tables_that_cannot_be_split_are_refused(before, after, message):
    with pytest.raises(ValueError, match=message):
        log_mean_index(before, after)
