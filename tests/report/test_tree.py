from opsplaybook.report.tree import parse


def test_markup_comes_out_as_it_went_in():
    html = (
        '<p>a &amp; b <b title="&quot;x&quot;">c</b><br>d</p><img src="data:image/png;base64,A=">'
    )
    assert parse(html).html() == html


def test_text_is_unescaped_and_its_spaces_are_single():
    assert parse("<td>1 &lt;\n 2</td>").text == "1 < 2"


def test_two_nodes_with_the_same_text_are_not_the_same():
    first, second = parse("<b>x</b><b>x</b>").elements
    assert first != second
