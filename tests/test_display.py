import base64
import json

import pytest

from opsplaybook.display import (
    CHART_MIME,
    PACKED_FROM,
    TABLE_MIME,
    Chart,
    Heading,
    Table,
    table_html,
    unpacked,
)

HOSTILE = ["<script>alert(1)</script>", "{{7*7}}", "$x^2$", '" onmouseover="x']


def shown(**changes):
    parts = {
        "key": "accounts", "caption": "Accounts, n = 14",
        "headings": (Heading("Name"), Heading("Value (EUR)", "right")),
        "rows": (("Acme", "€5"), ("Longer name", "€1,200")), "total_rows": 2,
        "csv": "name,value\r\n",
    }  # fmt: skip
    return Table(**(parts | changes))


def chart(**changes):
    parts = {
        "key": "trend", "title": "Active accounts", "subtitle": "2026", "alt": "Ends at 79%.",
        "image": b"<svg/>", "image_type": "image/svg+xml", "width": 614, "height": 346,
        "data": shown(),
    }  # fmt: skip
    return Chart(**(parts | changes))


def test_the_text_of_a_table_is_aligned():
    assert str(shown(note="Open deals only.")).splitlines() == [
        "Accounts, n = 14",
        "Name         Value (EUR)",
        "Acme                  €5",
        "Longer name       €1,200",
        "Open deals only.",
    ]


def test_rows_that_are_not_shown_are_counted():
    table = shown(total_rows=1_402)
    assert table.more == "and 1,400 more, in accounts.csv"
    assert table.more in str(table)
    assert table.more in table_html(table)
    assert table.to_json()["more"] == table.more
    assert shown().more == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_data_in_a_table_is_escaped_wherever_it_stands(text):
    table = shown(caption=text, headings=(Heading(text), Heading(text)), rows=((text, text),),
                  note=text)  # fmt: skip
    html = table_html(table)
    escaped = text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    assert html.count(escaped) == 6
    assert "<script" not in html
    assert '"x' not in html.replace("&quot;x", "")
    assert str(table).count(text) == 6


def test_a_date_is_not_broken_at_its_hyphens():
    html = table_html(shown(rows=(("left on 2026-01-31, not 1-2", "€5"),)))
    assert 'left on <span style="white-space:nowrap">2026-01-31</span>, not 1-2<' in html


def test_the_notebook_reads_no_formula_in_a_table():
    assert table_html(shown()).startswith('<div class="opsplaybook tex2jax_ignore mathjax_ignore">')


def test_header_cells_have_a_scope_and_numbers_stand_right():
    html = table_html(shown())
    assert html.count('<th scope="col"') == 2
    assert '<td style="text-align:right">€1,200</td>' in html


def test_a_table_leaves_the_kernel_in_three_forms():
    bundle, metadata = shown()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", TABLE_MIME}
    assert metadata == {}
    record = json.loads(json.dumps(bundle[TABLE_MIME], allow_nan=False))
    assert record["rows"] == [["Acme", "€5"], ["Longer name", "€1,200"]]
    assert (record["audience"], record["csv"]) == ("internal", "name,value\r\n")


def test_a_chart_leaves_the_kernel_with_its_description():
    bundle, metadata = chart()._repr_mimebundle_()
    assert bundle["text/plain"] == "Active accounts\n2026\nEnds at 79%."
    assert bundle["image/svg+xml"] == "<svg/>"
    assert metadata == {"image/svg+xml": {"alt": "Ends at 79%."}}
    record = json.loads(json.dumps(bundle[CHART_MIME], allow_nan=False))
    assert (record["alt"], record["audience"]) == ("Ends at 79%.", "internal")
    assert record["data"]["key"] == "accounts"
    assert "image" not in record


def test_a_picture_of_dots_is_encoded():
    bundle, metadata = chart(image=b"\x89PNG", image_type="image/png")._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]) == b"\x89PNG"
    assert list(metadata) == ["image/png"]


def test_a_changed_number_changes_the_text_that_is_compared():
    assert str(chart(alt="Ends at 78%.")) != str(chart())


def test_a_ragged_table_is_refused():
    with pytest.raises(ValueError, match="zip"):
        str(shown(rows=(("Acme",),)))


def test_what_is_said_below_a_picture_leaves_the_kernel_with_it():
    said = chart(note="Counted per user.")
    assert str(said).splitlines()[-1] == "Counted per user."
    assert said.to_json()["note"] == "Counted per user."
    assert "note" not in chart().to_json()


def test_a_long_csv_leaves_the_kernel_packed_and_the_same_every_time():
    text = "unit,owner\r\n" + "Ü-1,Nora Lindberg\r\n" * (PACKED_FROM // 18)
    tables = [shown(csv=text), shown(csv=text)]
    first, second = (table.to_json()["csv"] for table in tables)
    assert first == second
    assert len(first) < len(text) / 20
    assert unpacked(first) == text == tables[0].csv


def test_a_short_csv_stays_readable_in_the_notebook():
    text = "x" * (PACKED_FROM - 1)
    assert shown(csv=text).to_json()["csv"] == text
    assert unpacked(text) == text
