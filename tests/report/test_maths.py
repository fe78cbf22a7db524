import pytest

from opsplaybook.report.maths import mathml


def test_a_formula_becomes_mathml_in_its_own_line():
    text = mathml(r"\frac{a}{b}", block=True)
    assert text == (
        '<math display="block"><mrow><mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow>'
        "</mfrac></mrow></math>"
    )


@pytest.mark.parametrize(
    "tex", [r"\left(", "{", "x_y_z", "^", r"\begin{matrix} a", "", r"\genfrac", "{" * 2000]
)
def test_what_is_no_tex_is_shown_as_it_was_written(tex):
    assert mathml(tex) == f"<code>{tex}</code>"


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<img src=x onerror=alert(1)>}",
        r"\text{</mtext><script>alert(1)</script>}",
        r"\text{<a href='javascript:alert(1)'>x</a>}",
    ],
)
def test_markup_in_a_formula_is_text(tex):
    text = mathml(tex)
    assert "<img" not in text
    assert "<script" not in text
    assert "<a " not in text
    assert "&lt;" in text


@pytest.mark.parametrize(
    ("tex", "word"),
    [(r"\href{javascript:alert(1)}{x}", "href"), (r"\style{color:red}{x}", "style")],
)
def test_attributes_that_are_not_mathml_are_dropped(tex, word):
    text = mathml(tex)
    assert "<mi>x</mi>" in text
    assert word not in text
