import re
import stat

import pytest

from opsplaybook.errors import RenderError
from opsplaybook.report import pdf, render, write_pdf


def program(path, body: str):
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "a report, ünïcode.html"
    path.write_text("<h1>x</h1>")
    return path


def test_without_a_chromium_the_message_says_what_to_do(monkeypatch, page, tmp_path):
    monkeypatch.delenv(pdf.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError, match="PDF: no Chromium was found\nTo fix: install Chromium"):
        write_pdf(page, tmp_path / "r.pdf")


def test_a_variable_that_names_no_program_is_said(monkeypatch, page, tmp_path):
    monkeypatch.setenv(pdf.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(RenderError, match="OPSPLAYBOOK_CHROMIUM names no program"):
        write_pdf(page, tmp_path / "r.pdf")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo 'no display' >&2; exit 3", "the browser failed with code 3\n  no display"),
        ("exit 0", "the browser failed with code 0"),
        ("sleep 5", "the browser took more than 0.2 s"),
    ],
)
def test_a_browser_that_fails_leaves_nothing_behind(monkeypatch, page, tmp_path, body, message):
    monkeypatch.setenv(pdf.VARIABLE, program(tmp_path / "browser", body))
    with pytest.raises(RenderError, match=message):
        write_pdf(page, tmp_path / "r.pdf", timeout_seconds=0.2 if "sleep" in body else 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == [page.name, "browser"]


def test_an_old_pdf_stays_when_the_new_one_fails(monkeypatch, page, tmp_path):
    target = tmp_path / "r.pdf"
    target.write_bytes(b"old")
    monkeypatch.setenv(pdf.VARIABLE, program(tmp_path / "browser", "exit 1"))
    with pytest.raises(RenderError):
        write_pdf(page, target)
    assert target.read_bytes() == b"old"


def test_a_report_is_printed_and_nothing_else_is_left(browser, make, tmp_path):
    html = render(make.review(), audience="internal")
    path, target = tmp_path / "report.html", tmp_path / "report.pdf"
    path.write_text(html, encoding="utf-8")
    write_pdf(path, target)
    data = target.read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", data))
    assert data.startswith(b"%PDF-")
    assert 1 <= pages <= 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.pdf"]
