import json
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from opsplaybook.batch import run_playbook
from opsplaybook.playbooks import account_review
from opsplaybook.widgets import publishing
from opsplaybook.widgets.desk import served
from opsplaybook.widgets.publishing import publish
from opsplaybook.widgets.publishing_notes import cut_short, noted


def published(params, output, *, at_first_cell=lambda: None):
    heard, ended = [], []

    def hear(cell, cells):
        if not heard:
            at_first_cell()
        heard.append((cell, cells))

    thread = publish(params, "account_review", output, progress=hear, done=ended.append)
    thread.join(300)
    return heard, ended


@pytest.fixture
def interrupting():
    """Return a function that interrupts the run, which gets Ctrl-C as a fresh process does.

    Whoever ignores interrupts hands that down to what it starts; a kernel does between two cells.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt():
        if sys.platform == "win32":  # There is no such interrupt of one process.
            return
        (run,) = (p for p in psutil.Process().children() if "--progress" in p.cmdline())
        os.kill(run.pid, signal.SIGINT)

    yield interrupt
    signal.signal(signal.SIGINT, before)


def test_the_page_is_that_of_a_run_on_the_same_params_also_when_a_cell_is_interrupted(
    tmp_path, interrupting
):
    params = account_review.Params(account_id="A-0012", period_days=60)
    heard, (result,) = published(params, tmp_path / "beside", at_first_cell=interrupting)
    assert result.page.name == "report.html"
    assert result.page.is_file()
    assert result.message.startswith("A-0012: succeeded in ")
    assert "report.html" not in result.message
    assert heard[-1][0] == heard[-1][1]
    assert [cell for cell, _ in heard] == sorted(cell for cell, _ in heard)

    record = run_playbook("account_review", params.model_dump(mode="json"), tmp_path / "here")
    manifest = json.loads((result.page.parent / "manifest.json").read_text())
    assert manifest["findings"] == record.findings


def test_a_run_that_cannot_start_says_why_and_leaves_nothing(tmp_path):
    params = account_review.Params(account_id="A-9999")
    _, (result,) = published(params, tmp_path / "out")
    assert result.page is None
    assert "A-9999" in result.message
    assert not list(tmp_path.glob("out/*/report.html"))


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "out").write_text("a file")
    _, (result,) = published(account_review.Params(), tmp_path / "out")
    assert result.page is None
    assert "cannot be made" in result.message


def test_a_page_that_is_being_made_is_noted_and_the_note_goes_with_it(tmp_path):
    with noted("account_review", tmp_path):
        assert len(list(tmp_path.iterdir())) == 1
        assert cut_short("account_review", tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_is_killed_leaves_its_note(tmp_path, monkeypatch):
    program = [sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"]
    monkeypatch.setattr(publishing, "_command", lambda *_: program)
    _, (result,) = published(account_review.Params(), tmp_path)
    assert (result.page, result.killed) == (None, True)
    assert len(cut_short("account_review", tmp_path)) == 1


def test_a_page_whose_kernel_was_killed_is_told_once(tmp_path):
    program = (
        "import os, sys, pathlib\n"
        "from opsplaybook.widgets.publishing_notes import noted\n"
        "with noted('account_review', pathlib.Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert cut_short("funnel_review", tmp_path) == []
    (began,) = cut_short("account_review", tmp_path)
    assert abs((datetime.now().astimezone() - began).total_seconds()) < 60
    assert cut_short("account_review", tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_the_link_is_where_the_server_serves_files(tmp_path, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    monkeypatch.setenv("OPSPLAYBOOK_LAB_FOLDER", str(tmp_path))
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    page = Path("outputs", "A & B", "report.html")
    assert served(page) == "/files/mine/outputs/A%20%26%20B/report.html"
    monkeypatch.delenv("OPSPLAYBOOK_LAB_FOLDER")
    assert served(page) == "/files/outputs/A%20%26%20B/report.html"
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/mina/")
    assert served(page).startswith("/user/mina/files/")
