import io
from dataclasses import replace

import pytest
from rich.console import Console

from opsplaybook.batch.progress import show_failures, watch
from opsplaybook.batch.records import Failure, Job, RunRecord, without_outcome


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)


@pytest.fixture
def good() -> RunRecord:
    job = Job("A-1", "A-1", "review", "{}", {}, "out")
    record = without_outcome(job, "failed", Failure("", ""))
    return replace(record, status="succeeded", failure=None)


def failed(record: RunRecord, name: str, value: str) -> RunRecord:
    return replace(record, name=name, status="failed", failure=Failure("ValueError", value, 7))


def test_a_terminal_shows_done_failed_running_and_time_left(good):
    console = terminal()
    with watch(console, total=4, skipped=1) as watcher:
        watcher.running(2)
        watcher.finished(good)
        watcher.finished(failed(good, "A-2", "x"))
    last = [line for line in console.file.getvalue().splitlines() if "Runs" in line][-1]
    assert "3/4" in last
    assert "1 failed, 2 running, left" in last


def test_a_pipe_gets_a_line_per_tenth_and_per_failure(good, console):
    with watch(console, total=100, skipped=10) as watcher:
        for _ in range(89):
            watcher.finished(good)
        watcher.finished(failed(good, "A-2", "no rows"))
    lines = console.file.getvalue().splitlines()
    assert lines[0] == "100 runs, 10 of them complete already"
    assert lines[1] == "20 of 100 runs done, 0 failed"
    assert lines[-2:] == [
        "failed: A-2: ValueError: no rows", "100 of 100 runs done, 1 failed",
    ]  # fmt: skip
    assert len(lines) == 11


def test_the_summary_names_cell_and_error_and_takes_no_name_for_markup(good):
    console = terminal()
    show_failures(console, [good, failed(good, "[red]A[/red]", "line 1\nline 2 " + "x" * 300)])
    text = console.file.getvalue()
    assert "1 run did not succeed" in text
    assert "[red]A[/red]" in text
    assert "ValueError: line 1 line 2" in text
    assert "…" in text
    assert "│ 7 " in text


def test_one_run_is_one_run(good, console):
    with watch(console, total=1, skipped=0) as watcher:
        watcher.finished(good)
    assert console.file.getvalue().splitlines() == ["1 run", "1 of 1 run done, 0 failed"]


def test_an_error_does_not_steer_the_terminal(good):
    console = terminal()
    with watch(console, total=1, skipped=0):
        show_failures(console, [failed(good, "A-2", "no account \x1b]0;owned\x07 \x1b[2J")])
    text = console.file.getvalue()
    assert "no account ]0;owned [2J" in text
    assert "\x1b]" not in text
    assert "\x1b[2J" not in text


def test_a_summary_of_hundreds_stays_short(good):
    console = terminal()
    show_failures(console, [failed(good, f"A-{n}", "x") for n in range(300)])
    assert "and 280 more, in the index page" in console.file.getvalue()
    assert len(console.file.getvalue().splitlines()) < 40


def test_nothing_is_said_when_all_succeeded(good):
    console = terminal()
    show_failures(console, [good])
    assert console.file.getvalue() == ""
