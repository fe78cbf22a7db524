import base64

import pytest

from opsplaybook.report.outputs import WIDGET_MIME, Reader

ERROR = {
    "output_type": "error",
    "ename": "ValueError",
    "evalue": "no such account: <b>",
    "traceback": ["\x1b[31mValueError\x1b[0m: no such account"],
}


def block(make, output, *tags, audience="internal", **metadata):
    reader = Reader(audience, heading="Who came")
    return reader.block(make.code("x", output, tags=tags, **metadata), output)


def test_tables_and_figures_are_counted_and_placed(make):
    reader = Reader("internal")
    items = [make.table(), make.chart(), make.table(), make.chart("other")]
    blocks = [reader.block(make.code("x"), make.shown(item)) for item in items]
    assert [(b.name, b.anchor) for b in blocks] == [
        ("Table 1", "channels"),
        ("Figure 1", "attendance"),
        ("Table 2", "channels-2"),
        ("Figure 2", "other"),
    ]
    assert blocks[1].data.rows == (
        ("Partner invitation", "98", "41%"),
        ("Newsletter", "240", "12%"),
    )
    assert reader.columns == {"Attended": "Of the invited, those who came"}


def test_findings_are_not_shown_where_they_stand(make):
    assert block(make, make.shown(make.findings())) is None


@pytest.mark.parametrize(
    "bundle",
    [
        {"text/html": "<b>x</b>"},
        {"text/plain": "x"},
        {"text/markdown": "x"},
        {"image/png": "eA=="},
        {WIDGET_MIME: {}},
    ],
)
def test_foreign_output_is_internal_unless_its_cell_says_otherwise(make, bundle):
    output = make.shown(bundle)
    assert block(make, output, audience="customer") is None
    assert block(make, output, "customer", audience="customer") is not None
    assert block(make, output) is not None


def test_the_data_of_a_chart_can_be_internal_while_the_chart_is_not(make):
    mixed = make.chart(audience="customer", data=make.table("others"))
    assert block(make, make.shown(mixed), audience="customer").data is None
    assert block(make, make.shown(mixed)).data.rows


def test_errors_are_told_to_colleagues_and_hidden_from_customers(make):
    told = block(make, ERROR)
    assert told.message == "This step failed. ValueError: no such account: <b>"
    assert told.traceback == "ValueError: no such account"
    hidden = block(make, ERROR, "customer", audience="customer")
    assert (hidden.message, hidden.traceback) == ("This part could not be computed.", "")


def test_prints_are_asides_and_warnings_are_left_out(make):
    stream = {"output_type": "stream", "name": "stdout", "text": ["a\n", "\x1b[1mb\x1b[0m"]}
    assert block(make, stream).text == "a\nb"
    assert block(make, stream).fold == "Printed by this step"
    assert block(make, stream | {"name": "stderr"}) is None


@pytest.mark.parametrize("mime", ["application/javascript", "text/vnd.mermaid"])
def test_what_would_run_is_named_and_left_out(make, mime):
    shown = block(make, make.shown({mime: "alert(1)", "text/plain": "x"}))
    assert shown.text == "An output that would run a script is left out."


def test_headings_of_foreign_markup_do_not_enter_the_order_of_the_page(make):
    html = block(make, make.shown({"text/html": "<h1 id=a>Top</h1><h4>Low</h4>"})).html
    assert html == "<p>Top</p><p>Low</p>"


def test_a_foreign_table_is_called_what_its_cell_says(make):
    output = make.shown({"text/html": "<table><tr><td>1</td></tr></table>"})
    assert "<caption>Who came</caption>" in block(make, output).html
    assert "<caption>By channel</caption>" in block(make, output, caption="By channel").html


def test_formulas_and_text_in_latex_output(make):
    assert "<math" in block(make, make.shown({"text/latex": r"$\alpha$"})).html
    assert block(make, make.shown({"text/latex": "<img src=x>"})).html == "<p>&lt;img src=x&gt;</p>"


def test_a_plot_takes_its_alt_from_the_cell_or_the_output_and_says_when_there_is_none(make):
    png = {"image/png": base64.b64encode(make.png()).decode()}
    assert block(make, make.shown(png), alt="Three lines.").alt == "Three lines."
    named = make.shown(png, **{"image/png": {"alt": "Two bars.", "width": 4, "height": 4}})
    assert (block(make, named).alt, block(make, named).picture.width) == ("Two bars.", 4)
    nameless = block(make, make.shown(png))
    assert nameless.subtitle.startswith("It has no text alternative: write one into the metadata")
    assert nameless.alt == "Picture under the heading Who came; its maker gave no description."
    told = block(make, make.shown(png), "customer", audience="customer")
    assert (told.alt, told.subtitle) == (nameless.alt, "")
    assert nameless.title == "Who came"


def test_pictures_that_do_more_than_draw_are_left_out_and_said_to_be(make):
    active = make.svg("x").replace("<text", "<script>alert(1)</script><text")
    chart = make.chart(image=active.encode())
    assert "is left out" in block(make, make.shown(chart)).text
    assert "is left out" in block(make, make.shown({"image/svg+xml": active})).text
