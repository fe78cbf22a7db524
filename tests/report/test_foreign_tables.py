import pandas as pd
import pytest

from opsplaybook.report import foreign_tables, sanitize, tree


def tidied(html: str, caption: str = "By segment") -> tree.Node:
    root = tree.parse(sanitize.clean(html))
    foreign_tables.tidy(root, caption)
    return root


def test_a_frame_gets_a_caption_scopes_and_alignment():
    frame = pd.DataFrame({"arr": [1200.5, -3.0], "name": ["a", "b"]}, index=["x", "y"])
    html = tidied(frame._repr_html_()).html()
    assert "<caption>By segment</caption>" in html
    assert '<td></td><th scope="col" class="n">arr</th><th scope="col">name</th>' in " ".join(
        html.split()
    ).replace("> <", "><")
    assert '<th scope="row">x</th>' in html
    assert '<td class="n">-3.0</td>' in html
    assert "style" not in html


def test_a_caption_of_its_own_stays():
    html = tidied("<table><caption>Own</caption><tbody><tr><td>1</td></tr></tbody></table>").html()
    assert html.count("<caption>") == 1
    assert "<caption>Own</caption>" in html


@pytest.mark.parametrize(("rows", "folds"), [(25, 0), (26, 1)])
def test_long_tables_are_folded(rows, folds):
    root = tidied(pd.DataFrame({"n": range(rows)}).to_html())
    html = root.html()
    assert html.count("<details") == folds
    assert sum(node.tag == "tr" for node in root.walk()) == (rows + 1) + folds * 11
    if folds:
        assert "<caption>By segment (first 10 rows)</caption>" in html
        assert "<summary>All 26 rows</summary>" in html


def test_wide_tables_may_break_words_on_paper():
    narrow, wide = (pd.DataFrame([range(n)]).to_html(index=False) for n in (9, 10))
    assert 'class="scroll"' in tidied(narrow).html()
    assert 'class="scroll wide"' in tidied(wide).html()


def test_pictures_are_named_and_empty_ones_dropped():
    root = tree.parse('<p><img src="data:image/png;base64,A="><img alt="x"></p>')
    foreign_tables.name_pictures(root, "By segment")
    assert root.html() == '<p><img src="data:image/png;base64,A=" alt="By segment"></p>'
