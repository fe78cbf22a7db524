import base64
import copy
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from opsplaybook.display import Heading
from opsplaybook.errors import RenderError
from opsplaybook.findings import Notes
from opsplaybook.report import page, render

MANIFEST = {
    "name": "event-spring",
    "playbook": "event_retrospective",
    "started_at": "2026-07-01T08:00:00+00:00",
    "seconds": 1.26,
    "params": {"source": "/home/ana/crm.yaml", "as_of": None},
    "versions": {"opsplaybook": "0.1.0", "pandas": "3.1.1"},
    "input_digests": {"events": "sha256:ab12"},
    "code_digest": "cd34",
}


class Reader(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.said = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_data(self, data):
        self.said.append(data)

    @property
    def text(self) -> str:
        return "".join(self.said)


def test_the_parts_stand_in_their_order(make):
    html = render(make.review(), audience="internal", manifest=MANIFEST)
    wanted = [
        "Skip to the report", "<h1>Event retrospective</h1>", "Spring Forum 2026 · 2026-03-01 to",
        "◆ Change", "Seven more deals", '<dl class="tiles"', ">Findings</h2>", "Partners bring 41%",
        "<nav", ">Who came</h2>", "<figure", ">Table 1</b>", ">Actions</h2>", "Jana Kowalski",
        ">Patterns to carry forward</h2>", ">Caveats</h2>", ">Appendix</h2>",
        "What this report answers", ">Definitions</h3>", "Of the invited, those who came",
        ">Method</h3>", ">Parameters</h3>", "Data quality", ">This run</h3>", ">Versions</h3>",
        "sha256:ab12",
    ]  # fmt: skip
    body = html[html.index("<body>") :]
    places = [body.find(part) for part in wanted]
    assert -1 not in places
    assert places == sorted(places)


def test_a_figure_has_title_alt_size_and_its_data(make):
    html = render(make.review(), audience="internal")
    assert '<figure id="attendance"><figcaption><b>Figure 1. Attendance by channel</b>' in html
    assert (
        'alt="Dot chart. Partner invitation 41%, Newsletter 12%." width="640" height="200"' in html
    )
    assert "Attendance by channel, March 2026, n = 338 (attendance-data)" in html
    assert '<a href="#attendance">Figure 1</a>, <a href="#channels">Table 1</a>' in html


def test_the_picture_in_the_page_is_the_picture_of_the_chart(make):
    html = render(make.review(), audience="internal")
    (src,) = re.findall(r'src="data:image/svg\+xml,([^"]*)"', html)
    assert unquote(src.replace("&#39;", "'").replace("&amp;", "&")) == make.svg(
        "Partner invitation"
    )


def test_tables_have_caption_scopes_and_numbers_to_the_right(make):
    html = render(make.review(), audience="internal")
    assert '<th scope="col">Channel</th><th scope="col" class="n">Invited</th>' in html
    assert '<th scope="row">Newsletter</th><td class="n">240</td>' in html
    reader = Reader(html)
    assert reader.tags.count("table") == reader.tags.count("caption") == 6
    assert {value for tag, name, value in reader.attributes if (tag, name) == ("th", "scope")} == {
        "col", "row",
    }  # fmt: skip


def test_files_are_linked_only_when_told_that_they_are_there(make):
    linked = render(make.review(), audience="internal", tables_folder="tables")
    assert '<a href="tables/channels.csv" download>All rows as CSV</a>' in linked
    assert ".csv" not in render(make.review(), audience="internal")


def test_an_empty_table_says_so(make):
    html = render(make.notebook(make.code("x", make.shown(empty(make)))), audience="internal")
    assert '<tr><td colspan="3">None</td></tr>' in html


def test_a_subject_that_is_in_the_title_is_not_said_twice(make):
    html = render(make.review(title="Review: Acme", subject="Acme"), audience="internal")
    assert "<title>Review: Acme</title>" in html
    assert '<p class="about">2026-03-01' in html


def test_dates_are_not_broken(make):
    dated = make.table(rows=(("Partner", "2026-01-31", "not enough data"),), total_rows=1)
    dated = replace(dated, headings=tuple(Heading(label) for label in "abc"))
    html = render(make.notebook(make.code("x", make.shown(dated))), audience="internal")
    assert '<td class="k">2026-01-31</td><td>not enough data</td>' in html


def test_rows_that_are_not_shown_are_counted(make):
    cut = make.table(total_rows=1240)
    html = render(make.notebook(make.code("x", make.shown(cut))), audience="internal")
    assert "2 of 1,240 rows shown." in html


@pytest.mark.parametrize(("rows", "tables"), [(25, 1), (26, 2)])
def test_long_tables_are_folded(make, rows, tables):
    many = make.table(rows=tuple((f"Channel {i}", str(i), "1%") for i in range(rows)))
    html = render(make.notebook(make.code("x", make.shown(many))), audience="internal")
    assert html.count("<table") == tables
    assert html.count("Channel 25<") == (rows > 25)


def test_the_same_notebook_gives_the_same_bytes_also_in_another_process(make, tmp_path):
    path = tmp_path / "n.json"
    path.write_text(json.dumps(make.review()), encoding="utf-8")
    program = (
        "import json,sys;from opsplaybook.report import render;"
        "sys.stdout.buffer.write(render(json.load(open(sys.argv[1],encoding='utf-8')),"
        "audience='internal').encode())"
    )
    other = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, check=True
    )
    assert other.stdout.decode() == render(make.review(), audience="internal")


def test_the_notebook_is_not_changed(make):
    book = make.review()
    before = copy.deepcopy(book)
    render(book, audience="internal", manifest=MANIFEST)
    assert book == before


def test_importing_the_report_imports_neither_jupyter_nor_pandas():
    program = "import sys, opsplaybook.report; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"nbconvert", "nbformat", "IPython", "jupyter_client", "pandas", "PIL"}


def test_the_policy_allows_the_style_of_the_page_and_nothing_that_runs(make):
    html = render(make.review(), audience="internal")
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy.replace("&#39;", "'") == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; script-src 'none'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert html.index("Content-Security-Policy") < html.index("<title>")


def empty(make):
    return replace(make.table(), rows=(), total_rows=0)


def test_hostile_text_comes_out_as_that_text_everywhere(make, hostile_text):
    text = hostile_text
    values = {"name": text, "params": {text: text}, "versions": {text: text}, "started_at": text}
    html = render(make.hostile_review(text), audience="internal", manifest=MANIFEST | values)
    reader = Reader(html)
    assert not {"script", "b onerror", "iframe"} & set(reader.tags)
    assert [(t, n) for t, n, _ in reader.attributes if n.startswith("on") or n == "style"] == []
    assert not [v for _, n, v in reader.attributes if n in ("href", "src") and v.startswith("java")]
    assert reader.text.count(text) >= 40
    assert ("img", "alt", text) in reader.attributes
    assert html.count("<style>") == html.count("</style>") == 1


def test_money_in_data_is_no_formula(make):
    html = render(make.hostile_review("from $1.2M to $x^2$"), audience="internal")
    assert "<math" not in html


def test_titles_reach_the_head_of_printed_pages_and_cannot_leave_it(make):
    html = render(make.review(title='A"}</style><b>'), audience="internal", manifest=MANIFEST)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    assert '@top-left{content:"A\\22 \\7d \\3c \\2f style\\3e \\3c b\\3e ' in style
    assert '@top-right{content:"2026\\2d 07\\2d 01"' in style


def test_paths_and_credentials_are_masked_for_everybody(make):
    told = make.findings(caveats=("read /home/ana/crm.yaml",))
    book = make.notebook(
        make.prose("# T\n\nSee ~/notes/a.md"),
        make.code("connect('mysql://u:p4ssw0rd@h/x')", make.shown(make.table())),
        make.code("f", make.shown(told)),
    )
    html = render(book, audience="internal", manifest=MANIFEST)
    assert "/home/ana" not in html
    assert "p4ssw0rd" not in html
    assert html.count("[path]") == 3
    assert "<dt>source</dt><dd>[path]</dd><dt>as_of</dt><dd>–</dd>" in html


INTERNAL_ONLY = [
    "Jana Kowalski", "event-winter", "12 contacts have no account", "playbook.chart_attendance",
    "event_id", "E-7", "E-8", "pandas", "sha256:", "event-spring", "crm.yaml", "internal use",
]  # fmt: skip


@pytest.mark.parametrize("text", INTERNAL_ONLY)
def test_a_customer_report_leaves_out(make, text):
    internal = render(make.review("customer"), audience="internal", manifest=MANIFEST)
    customer = render(make.review("customer"), audience="customer", manifest=MANIFEST)
    assert text in internal or text in ("event_id = ", "E-8", "event_id", "crm.yaml")
    assert text not in customer


def test_a_customer_report_keeps_what_is_for_customers(make):
    html = render(make.review("customer"), audience="customer", manifest=MANIFEST)
    for part in ("Seven more deals", "20%", "Partners bring 41%", "<figure", "Newsletter", "Keep"):
        assert part in html


def test_nothing_is_for_customers_unless_it_says_so(make):
    html = render(make.review("internal"), audience="customer", manifest=MANIFEST)
    assert "<h1>Event retrospective</h1>" in html
    for part in ("Seven more deals", "20%", "Partners", "<figure", "Newsletter", "Keep", "<table"):
        assert part not in html


ACCOUNTS = [f"Account {i:02d} GmbH" for i in range(40)]


def test_forty_customer_reports_hold_no_other_customer(make):
    for number, account in enumerate(ACCOUNTS):
        others = [name for name in ACCOUNTS if name != account]
        ids = [f"A-{i:04d}" for i in range(40) if i != number]
        book = make.review("customer", subject=f"{account} (A-{number:04d})")
        html = render(book, audience="customer", manifest=MANIFEST, forbidden=[*others, *ids])
        assert account in html


@pytest.mark.parametrize("place", ["cell", "alt", "drawing", "data", "claim", "title", "prose"])
def test_another_customer_planted_in_a_report_is_found(make, place):
    other = ACCOUNTS[7]
    chart, rows = make.chart("planted", audience="customer"), ((other, "1", "2%"),)
    claim = replace(make.findings("customer").findings[0], claim=f"Ahead of {other}.")
    plants = {
        "cell": make.code("x", make.shown(make.table("p", audience="customer", rows=rows))),
        "alt": make.code("x", make.shown(replace(chart, alt=f"Bars. {other} leads."))),
        "drawing": make.code("x", make.shown(replace(chart, image=make.svg(other).encode()))),
        "data": make.code("x", make.shown(replace(chart, data=replace(chart.data, rows=rows)))),
        "claim": make.code("x", make.shown(make.findings("customer", findings=(claim,)))),
        "title": make.prose(f"## Against {other}\n\nSee."),
        "prose": make.prose("Compare *Account*   07 GmbH"),
    }
    book = make.review("customer")
    book["cells"].append(plants[place])
    with pytest.raises(RenderError, match="that a customer must not see") as caught:
        render(book, audience="customer", forbidden=ACCOUNTS)
    assert {hit.rpartition(": ")[2] for hit in caught.value.examples} == {other}


def test_caveats_definitions_and_method_are_for_us_unless_named_for_customers(make):
    notes = Notes(("Four weeks are missing.",), (("Order", "A day with sales."),), ("Counted.",))
    book = make.review("customer", for_customer=notes)
    page_ = render(book, audience="customer")
    for text in ("Four weeks are missing.", "A day with sales.", "Counted."):
        assert text in page_
        assert text not in render(book, audience="internal")
    for text in ("12 contacts have no account.", "Accepted by sales", "Matched on industry"):
        assert text not in page_
        assert text in render(book, audience="internal")


def test_a_page_on_which_nothing_is_for_its_readers_says_so(make):
    assert "holds no result for readers outside" in render(
        make.review("internal"), audience="customer"
    )
    for shown_to_all in (make.review("customer"), make.notebook(make.prose("# T"), make.code(
        "x", make.shown(make.chart(audience="customer"))))):  # fmt: skip
        assert "holds no result" not in render(shown_to_all, audience="customer")


def test_a_notebook_without_findings_is_a_page_too(make):
    book = make.notebook(
        make.prose("# Only prose\n\nUnder the title."), make.prose("## Step\n\nText.")
    )
    html = render(book, audience="internal")
    assert "<title>Only prose</title>" in html
    assert html.index("Under the title") < html.index("Step</h2>")
    assert "Appendix" not in html


def test_a_notebook_of_another_format_is_refused():
    with pytest.raises(RenderError, match='format 4 is needed, not format "3"'):
        render({"nbformat": 3, "worksheets": []}, audience="internal")


@pytest.mark.parametrize("name", ["report.css", "index.css"])
def test_style_sheets_are_small_and_fetch_nothing(name):
    css = page.resource(name)
    assert len(css) < 8192
    assert "url(" not in css
    assert "@import" not in css


@pytest.mark.parametrize("key", ["patterns", "part-actions", "findings", "parameters", "main"])
def test_no_key_takes_a_place_of_the_page(make, key):
    book = make.review()
    book["cells"][6]["outputs"] = [make.shown(make.table(key))]
    html = render(book, audience="internal")
    places = [value for _, name, value in Reader(html).attributes if name == "id"]
    assert len(places) == len(set(places))


def test_what_is_said_below_a_chart_stands_below_its_picture(make):
    said = make.chart(note="Counted per user; <b>later</b> entries do not count.")
    html = render(make.notebook(make.code("a", make.shown(said))), audience="internal")
    note = '<p class="note">Counted per user; &lt;b&gt;later&lt;/b&gt; entries do not count.</p>'
    assert html.index("<img ") < html.index(note) < html.index("Data of this figure")
