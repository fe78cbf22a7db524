"""Builders of notebooks as a kernel leaves them, and the browser that looks at what they become."""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html import escape
from pathlib import Path
from types import SimpleNamespace

import pytest

from opsplaybook.display import Chart, Heading, Table
from opsplaybook.errors import RenderError
from opsplaybook.findings import Action, Finding, Findings, KeyFigure, Notes, Pattern, Verdict
from opsplaybook.report import pdf

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="200" viewBox="0 0 640 200">'
    '<path d="M0 0h640v200H0z" fill="#fff"/>'
    '<path d="M20 40h380" stroke="#0173b2" stroke-width="9"/>'
    '<text x="20" y="90">{}</text></svg>'
)


def table(key="channels", *, audience="internal", rows=None, caption=None, **changes) -> Table:
    rows = rows or (("Partner invitation", "98", "41%"), ("Newsletter", "240", "12%"))
    headings = (
        Heading("Channel"),
        Heading("Invited", "right"),
        Heading("Attended", "right", "Of the invited, those who came"),
    )
    text = "channel,invited,attended\r\n" + "".join(f"{','.join(row)}\r\n" for row in rows)
    fields = {"total_rows": len(rows), "csv": text, "note": "One channel per contact."} | changes
    caption = caption or f"Attendance by channel, March 2026, n = 338 ({key})"
    return Table(key, caption, headings, tuple(rows), audience=audience, **fields)


def chart(key="attendance", *, audience="internal", **changes) -> Chart:
    fields = {
        "title": "Attendance by channel",
        "subtitle": "Invited contacts, March 2026, n = 338, 95% intervals",
        "alt": "Dot chart. Partner invitation 41%, Newsletter 12%.",
        "image": SVG.format("Partner invitation").encode(),
        "image_type": "image/svg+xml",
        "data": table(f"{key}-data", audience=audience),
    } | changes
    return Chart(key=key, width=640, height=200, audience=audience, **fields)


def findings(audience="internal", **changes) -> Findings:
    fields = {
        "playbook": "event_retrospective",
        "title": "Event retrospective",
        "subject": "Spring Forum 2026",
        "period": "2026-03-01 to 2026-03-31",
        "as_of": "2026-06-30",
        "verdict": Verdict("Change", "Seven more deals, at twice the cost.", "mixed", audience),
        "key_figures": (
            KeyFigure(
                "attended", "Attended", "20%", "Came to half of the sessions", "25%", "+3.2 pp",
                "95% interval 17% to 23%", "n = 338 contacts", "bad", (0.1, 0.2), 0.2, audience,
            ),
        ),
        "findings": (
            Finding(
                "Partners bring 41% (95% interval 32% to 51%).", "strong", "matched",
                ("attendance", "channels"), ("One event only.",), "A second event.", audience,
            ),
        ),
        "actions": (
            Action(
                "Invite through partners", "Jana Kowalski", date(2026, 9, 1),
                "Attendance above 25%", "+40 attendees", audience=audience,
            ),
            Action(
                "Agree on the list", "Tom Albrecht", None, "A dated list", status="open",
                from_run="event-winter", audience=audience,
            ),
        ),
        "patterns": (Pattern("keep", "Partners first", "41%, n = 98", "moderate", "", audience),),
        "caveats": ("12 contacts have no account.",),
        "definitions": (("Qualified lead", "Accepted by sales within 30 days."),),
        "method": ("Matched on industry and size.",),
    } | changes  # fmt: skip
    return Findings(**fields)


def prose(source: str, *tags: str, **fields) -> dict:
    """Return a cell of text."""
    return {"cell_type": "markdown", "metadata": {"tags": list(tags)}, "source": source} | fields


def code(source: str, *outputs: dict, tags: tuple[str, ...] = (), **metadata) -> dict:
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {"tags": list(tags)} | metadata,
        "source": source,
        "outputs": list(outputs),
    }


def shown(item, **metadata) -> dict:
    """Return the output of a cell that ends in one of our objects, or in a bundle of mime types."""
    data, extra = (item, {}) if isinstance(item, dict) else item._repr_mimebundle_()
    return {
        "output_type": "execute_result",
        "execution_count": 1,
        "data": json.loads(json.dumps(data)),
        "metadata": extra | metadata,
    }


def notebook(*cells: dict) -> dict:
    named = [cell | {"id": f"cell-{position}"} for position, cell in enumerate(cells)]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": named}


def review(audience="internal", **changes) -> dict:
    """Return a whole playbook: title, parameters, steps, findings, appendix."""
    parameters = Table(
        "parameters", "Parameters", (Heading("Parameter"), Heading("Value")),
        (("event_id", "E-7"),), 1, "parameter,value\r\n",
    )  # fmt: skip
    return notebook(
        prose("# Event retrospective: what did it bring?\n\n**Answers** whether goals were met."),
        code('event_id = "E-7"', tags=("parameters",)),
        code('event_id = "E-8"', tags=("injected-parameters",)),
        code("params = playbook.Params(event_id)", shown(parameters), tags=("setup",)),
        prose("## Who came\n\nWhy we look: goals were set.\n\n### By channel\n\nOne dot each."),
        code("playbook.chart_attendance(reach)", shown(chart(audience=audience))),
        code("playbook.table_channels(reach)", shown(table(audience=audience))),
        prose("## Findings\n\nStrongest first."),
        code("playbook.findings(reach)", shown(findings(audience, **changes))),
        prose("## Appendix\n\n### Data quality"),
        code("playbook.table_quality(tables)", shown(table("quality", audience=audience))),
    )


HOSTILE = [
    "<script>alert(1)</script>",
    "{{7*7}}",
    "$x^2$",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style><script>alert(1)</script>",
    "]]><!--",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "Ω 漢字 🙂 \u202e",
]
"""Texts that data may hold: markup, templates, formulas, links, what turns the direction."""


def pytest_generate_tests(metafunc) -> None:
    """Run a test of ``hostile_text`` with each of them."""
    if "hostile_text" in metafunc.fixturenames:
        metafunc.parametrize("hostile_text", HOSTILE)


def hostile_review(text: str, audience: str = "internal") -> dict:
    """Put a text into every place of a playbook where data reach the page."""
    data = table("data", audience=audience, caption=text, rows=((text, text, text),), note=text)
    headings = tuple(Heading(text, "left", text) for _ in range(3))
    data = replace(data, headings=headings)
    figure = chart(
        text,
        audience=audience,
        title=text,
        subtitle=text,
        alt=text,
        data=data,
        image=SVG.format(escape(text)).encode(),
    )
    plain = findings(audience)
    told = findings(
        audience,
        title=text, subject=text, period=text, as_of=text, playbook=text,
        verdict=Verdict(text, text, "good", audience),
        key_figures=(replace(plain.key_figures[0], key=text, label=text, value=text, target=text,
                             definition=text, change=text, interval=text, base=text),),
        findings=(replace(plain.findings[0], claim=text, evidence=(text,), caveats=(text,),
                          would_change=text),),
        actions=tuple(replace(a, what=text, owner=text, measure=text, expected_effect=text,
                              from_run=text) for a in plain.actions),
        patterns=(replace(plain.patterns[0], what=text, evidence=text, applies_to=text),),
        caveats=(text,), definitions=((text, text),), method=(text,),
        for_customer=Notes((text,), ((text, text),), (text,)),
    )  # fmt: skip
    error = {"output_type": "error", "ename": text, "evalue": text, "traceback": [text]}
    stream = {"output_type": "stream", "name": "stdout", "text": text}
    return notebook(
        prose("# Review"),
        code(text, shown(figure)),
        code(text, shown(data), shown({"text/plain": text}), stream, error),
        prose("## Findings\n\nRead them."),
        code(text, shown(told)),
    )


def png(*texts: tuple[bytes, bytes], side: int = 8) -> bytes:
    """Return a grey PNG with text chunks."""
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * side for _ in range(side)))
    chunks = [(b"IHDR", head), *texts, (b"IDAT", rows), (b"IEND", b"")]
    written = [
        struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


@pytest.fixture(scope="module")
def make() -> SimpleNamespace:
    """Builders, by the name of what they build."""
    builders = (
        table,
        chart,
        findings,
        prose,
        code,
        shown,
        notebook,
        review,
        hostile_review,
        png,
        watch,
    )
    return SimpleNamespace(**{builder.__name__: builder for builder in builders}, svg=SVG.format)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """A Chromium that reaches no network; tests that need it skip where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    try:
        program = pdf.find_chromium()
    except RenderError:
        pytest.skip("no Chromium on this machine: set OPSPLAYBOOK_CHROMIUM to its program")
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=options)
        yield chromium
        chromium.close()


def watch(page: object, path: Path) -> None:
    """Go to a file and note on ``page.seen`` what it asks for and what the browser complains of."""
    page.seen = []
    page.on("pageerror", lambda error: page.seen.append(str(error)))
    page.on("console", lambda message: page.seen.append(message.text))
    page.on("request", lambda request: page.seen.append(request.url[:80]))
    page.goto(path.as_uri())
    own = ("data:", path.as_uri()[:80])
    page.seen = [line for line in page.seen if not line.startswith(own)]


@pytest.fixture
def open_page(browser, tmp_path: Path) -> Iterator[object]:
    """Open a page from a file; requests and complaints of the browser are on ``page.seen``."""
    contexts = []

    def open_(html: str, *, width: int = 1280, **options) -> object:
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 844}, **options)
        contexts.append(context)
        page = context.new_page()
        watch(page, path)
        return page

    yield open_
    for context in contexts:
        context.close()
