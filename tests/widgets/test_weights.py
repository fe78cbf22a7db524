import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsplaybook.widgets.weights import WeightSliders, rebalanced

halves = st.integers(0, 200).map(lambda number: number / 2)


@given(st.lists(halves, min_size=1, max_size=9), st.data())
def test_weights_add_up_and_none_is_negative(values, data):
    moved = data.draw(st.integers(0, len(values) - 1))
    found = rebalanced(values, moved, total=100)
    assert sum(found) == 100
    assert min(found) >= 0
    assert len(values) == 1 or found[moved] == min(values[moved], 100)


def test_the_others_share_the_rest_as_before():
    assert rebalanced((40, 20, 10), 0, total=100) == (40, 40, 20)
    assert rebalanced((40, 0, 0), 0, total=100) == (40, 30, 30)


def test_one_move_is_heard_once_after_the_others_followed():
    heard = []
    sliders = WeightSliders(
        ("a", "b", "c"), (50, 30, 20), total=100, moved=lambda: heard.append(sliders.values)
    )
    sliders.children[0].value = 60
    assert heard == [(60, 24.0, 16.0)]
    assert sum(heard[0]) == pytest.approx(100)


def test_other_items_have_sliders_of_their_own():
    sliders = WeightSliders(("a", "b", "c"), (50, 30, 20), total=100, moved=lambda: None)
    sliders.rename(("a", "b", "d"))
    assert sliders.values == (50, 30, 20)
    sliders.rename(("d", "a"))
    assert [slider.description for slider in sliders.children] == ["d", "a"]
    assert sliders.values == (28.5, 71.5)
    sliders.rename(())
    assert sliders.values == ()
    sliders.rename(("x", "y"))
    assert sliders.values == (50, 50)
