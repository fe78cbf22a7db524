import re
from html.parser import HTMLParser

import pytest

from opsplaybook.report import RunEntry, RunFailure, index_page
from opsplaybook.report.index import SENTENCE_CHARACTERS


def figure(key, label, raw, trend=()):
    return {"key": key, "label": label, "value": f"{raw:,.0f}", "raw": raw, "trend": trend}


def entry(number: int, status="succeeded", **changes) -> RunEntry:
    verdict = {"word": "Scale", "mark": "▲", "tone": "good", "sentence": "Use rose by 12%."}
    fields = {
        "href": f"run-{number:04d}/report.html",
        "started_at": "2026-07-01T08:00:00+00:00",
        "duration_seconds": 1.25,
        "verdict": verdict if status == "succeeded" else None,
        "key_figures": (figure("use", "Use", number, (1.0, 3.0, 2.0)),),
        "failure": None if status == "succeeded" else RunFailure("KeyError", "amount", 7),
    } | changes
    return RunEntry(status, f"run-{number:04d}", f"Account {number}", "account_review", **fields)


TAGS = {"tbody", "tr", "th", "td", "a", "b", "small", "span", "svg", "path"}


class Table(HTMLParser):
    """Reads the rows of the index as texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows, self.tags = [], []
        self.feed(html[html.index("<tbody") : html.index("</tbody>")])

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append("")

    def handle_data(self, data):
        self.rows[-1:] = [self.rows[-1] + data] if self.rows else []


def test_failures_come_first_with_their_error_and_the_others_keep_their_order():
    runs = [entry(1), entry(2, "failed"), entry(3), entry(4, "timed-out"), entry(5, "killed")]
    rows = Table(index_page(runs)).rows
    assert [re.search(r"Account \d", row)[0][-1] for row in rows] == ["2", "5", "4", "1", "3"]
    assert "✗ Failed" in rows[0]
    assert "KeyError in cell 7: amount" in rows[0]


def test_counts_by_status_stand_at_the_head():
    html = index_page([entry(1), entry(2, "failed"), entry(3)], title="Reviews")
    assert '<b class="bad">✗ 1</b> Failed</li><li><b class="good">✓ 2</b> Done' in html
    assert "<h1>Reviews</h1>" in html
    assert "account review · 2026-07-01" in html
    assert '<option value="failed">Failed (1)</option>' in html
    assert '<option value="Scale">Scale (2)</option>' in html


def test_a_run_shows_verdict_key_figures_trend_duration_and_link():
    (row,) = Table(index_page([entry(1200)])).rows
    html = index_page([entry(1200)])
    assert "▲ Scale" in row
    assert "Use rose by 12%." in row
    assert '<a href="run-1200/report.html">Account 1200</a>' in html
    assert '<td role="cell" class="n" data-v="1200">1,200' in html
    assert '<path d="M0 9l22-8 22 4"/>' in html
    assert '<td role="cell" class="n" data-v="1.25">1.2 s</td>' in html


def test_the_three_key_figures_that_most_runs_have_are_columns():
    figures = tuple(figure(key, key.title(), 1) for key in ("a", "b", "c"))
    rare = (figure("rare", "Rare", 2),)
    runs = [entry(1, key_figures=rare), *(entry(i, key_figures=figures) for i in (2, 3))]
    html = index_page(runs)
    head = re.findall(r'<button type="button">([^<]*)', html)
    assert head == ["Run", "Status", "Verdict", "A", "B", "C", "Took"]
    assert Table(html).rows[0].count("1") == Table(html).rows[0].replace("Account 1", "1").count(
        "1"
    )
    assert '<td role="cell" class="n" data-v=""></td>' in html


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{7*7}}", '"><img src=x>', "$x^2$"])
def test_hostile_text_comes_out_as_that_text(text):
    verdict = {"word": text, "mark": "▲", "tone": "good", "sentence": text}
    run = RunEntry(
        "succeeded", text, text, text, href="a/b.html", started_at=text, verdict=verdict,
        key_figures=(figure("k", text, 1.0),),
    )  # fmt: skip
    failed = entry(2, "failed", failure=RunFailure(text, text, 1))
    html = index_page([run, failed], title=text)
    table = Table(html)
    assert {tag for tag, _ in table.tags} == TAGS
    assert table.rows[1].count(text) >= 3
    assert table.rows[0].count(text) == 2
    assert html.count("<script>") == html.count("</script>") == 1
    assert html.count("</style>") == 1


def test_an_error_is_bounded_and_shows_no_path():
    failure = RunFailure("OSError", "cannot read /home/ana/a.csv\n" + "x" * 5000)
    html = index_page([entry(1, "failed", failure=failure)])
    assert "OSError: cannot read [path] xxx" in html
    assert "x" * SENTENCE_CHARACTERS not in html


def test_a_status_that_is_not_known_is_no_success():
    html = index_page([entry(1), entry(2, "exploded")])
    assert "✗ Exploded" in Table(html).rows[0]


def test_runs_that_were_not_run_are_listed_and_counted():
    left = [RunEntry("not-run", f"A-{n}", f"A-{n}", "account_review") for n in range(2)]
    html = index_page([entry(1), entry(2, "failed"), *left])
    rows = Table(html).rows
    assert ["Not run" in row for row in rows] == [False, True, True, False]
    assert "account review · 2026-07-01 · 2 of 4 runs were not run" in html
    assert '<b class="mixed">◌ 2</b> Not run' in html
    assert "not run" not in index_page([entry(1)])


def test_an_empty_batch_is_a_page_too():
    html = index_page([])
    assert "0 of 0 runs" in html
    assert "<tbody" in html


def test_a_thousand_runs_are_less_than_a_megabyte_and_the_same_bytes_twice():
    sentence = "Use fell by 12% (95% interval −18% to −6%) against the quarter before; " * 2
    verdict = {"word": "Change", "mark": "◆", "tone": "mixed", "sentence": sentence[:140]}
    trend = tuple(float(i * 7 % 11) for i in range(12))
    figures = tuple(figure(key, f"Figure {key}", 12345.0, trend) for key in "abc")
    runs = [entry(i, verdict=verdict, key_figures=figures) for i in range(1000)]
    html = index_page(runs)
    assert len(html.encode()) < 1_000_000
    assert index_page(runs) == html
