import pytest

from opsplaybook.figures import lettering


def test_a_long_text_is_cut_to_its_room():
    text = lettering.fit("W" * 200, 80)
    assert text.endswith("…")
    assert lettering.text_width(text) <= 80
    assert lettering.fit("short", 80) == "short"


def test_widths_are_those_of_the_font():
    # DejaVu Sans, advance widths in its hmtx table over 2048 units: A 1401, i 569.
    assert lettering.text_width("A", 20.48) == pytest.approx(14.01, abs=0.01)
    assert lettering.text_width("i", 20.48) == pytest.approx(5.69, abs=0.01)


def test_characters_that_the_font_lacks_take_a_square():
    assert lettering.text_width("北", 10) == 10
    assert not lettering.drawable("北")
    assert lettering.drawable("€")
