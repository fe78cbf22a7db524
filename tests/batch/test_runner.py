import json
import os
import re
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from opsplaybook.batch import pool, runner
from opsplaybook.batch.inputs import Inputs
from opsplaybook.batch.store import LocalStore
from opsplaybook.errors import FolderBusyError, StorageError, UsageError


@pytest.fixture
def run(tmp_path, console, planned):
    """Run a batch of the varied notebook on two workers."""

    def run_rows(rows, *, output=tmp_path / "out", fields=None, **options):
        plan = planned(rows, **(fields or {}))
        return runner.run_batch(
            plan, output, **{"workers": 2, "inputs": Inputs(), "console": console} | options
        )

    return run_rows


def rows(count, log="", **behaviours):
    """Parameters of runs; behaviours by position."""
    return [
        {"account_id": f"A-{n:03}", "log": str(log), "behaviour": behaviours.get(f"n{n}", "well")}
        for n in range(count)
    ]


def journal(folder: Path) -> list[dict]:
    lines = (folder / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_two_hundred_runs_with_twenty_failures(run, tmp_path, console):
    failing = {f"n{n}": "raise" for n in range(5, 200, 10)}
    summary = run(rows(200, **failing))
    expected = {f"A-{n:03}" for n in range(5, 200, 10)}
    assert {record.name for record in summary.failed} == expected
    assert summary.exit_code == 1
    assert str(summary).startswith("180 of 200 runs succeeded, 20 failed; ")
    text = console.file.getvalue()
    index = (tmp_path / "out" / "batch" / "index.html").read_text()
    for name in expected:
        assert f"planted for {name}" in text
        assert f"planted for {name}" in index
    assert index.count("/report.html") == 180
    assert len(list((tmp_path / "out" / "batch").glob("*/manifest.json"))) == 200
    assert not list((tmp_path / "out" / "batch").glob(".unfinished*"))
    state = json.loads((tmp_path / "out" / "batch" / "batch.json").read_text())
    assert (state["state"], len(state["runs"])) == ("finished", 200)


def test_a_batch_in_which_all_succeed_exits_with_zero(run, tmp_path):
    summary = run(rows(3))
    assert (summary.exit_code, summary.state, summary.failed) == (0, "finished", ())
    events = [(line["run"], line["event"]) for line in journal(tmp_path / "out" / "batch")]
    assert sorted(events) == [(f"A-{n:03}", "succeeded") for n in range(3)]


@pytest.mark.parametrize(
    ("runs", "workers", "rehearsed"),
    [(60, 1, "varied"), (59, 1, ""), (120, 2, "varied"), (119, 2, "")],
)
def test_a_rehearsal_is_asked_for_where_many_runs_follow(
    run, monkeypatch, runs, workers, rehearsed
):
    asked = []

    def start_server(playbook):
        asked.append(playbook)
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "start_server", start_server)
    with pytest.raises(KeyboardInterrupt):
        run(rows(runs), workers=workers)
    assert asked == [rehearsed]


def test_names_from_data_become_safe_folders_with_reports(run, tmp_path):
    names = ["../../etc/passwd", "CON", "a/b", "<b>x</b>", "🚀", "x" * 300]
    summary = run([{"account_id": name} for name in names])
    assert summary.exit_code == 0
    folder = tmp_path / "out" / "batch"
    reports = sorted(path.parent.name for path in folder.glob("*/report.html"))
    assert reports == sorted(record.name for record in summary.records)
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    index = (folder / "index.html").read_text()
    assert "<b>x</b>" not in index
    for href in re.findall(r'href="([^"]+/report\.html)"', index):
        assert (folder / href).is_file()


def test_resume_repeats_what_failed_and_nothing_else(run, tmp_path):
    log = tmp_path / "log"
    first = run(rows(4, log, n1="raise"))
    assert len(first.failed) == 1
    log.unlink()
    second = run(rows(4, log, n1="well"), resume=True)
    assert (second.exit_code, second.skipped, len(second.records)) == (0, 3, 4)
    assert log.read_text() == "started A-001\nended A-001\n"


@pytest.mark.parametrize("change", ["parameter", "input", "artefact", "missing", "manifest"])
def test_resume_repeats_what_is_not_the_same_any_more(run, tmp_path, change):
    log, folder = tmp_path / "log", tmp_path / "out" / "batch" / "A-000"
    run(rows(2, log))
    log.unlink()
    options = {}
    plan = rows(2, log)
    if change == "parameter":
        plan[0]["level"] = 0.9
    if change == "input":
        options = {"inputs": Inputs(digests={"accounts": "other"})}
    if change == "artefact":
        (folder / "report.html").write_text("half")
    if change == "missing":
        (folder / "tables" / "letters.csv").unlink()
    if change == "manifest":
        (folder / "manifest.json").write_text('{"status": "succ')
    summary = run(plan, resume=True, **options)
    assert summary.exit_code == 0
    ran = {"A-000", "A-001"} if change == "input" else {"A-000"}
    assert {line.split()[1] for line in log.read_text().splitlines()} == ran


def test_resume_repeats_runs_whose_earlier_runs_changed_but_not_for_its_own(run, tmp_path):
    log, earlier = tmp_path / "log", tmp_path / "out" / "before" / "A-000"
    plan = [row | {"earlier_runs": str(tmp_path / "out")} for row in rows(1, log)]
    earlier.mkdir(parents=True)
    manifest = {"playbook": "varied", "findings": None}
    (earlier / "manifest.json").write_text(json.dumps(manifest))
    run(plan)
    assert run(plan, resume=True).skipped == 1
    (earlier / "actions.csv").write_text("what\n")
    assert run(plan, resume=True).skipped == 0


def test_earlier_runs_that_are_not_there_are_told_before_anything_runs(run, tmp_path):
    with pytest.raises(UsageError, match="there is no such folder"):
        run([row | {"earlier_runs": str(tmp_path / "nowhere")} for row in rows(2)])


def test_resume_says_that_it_cannot_see_changes_in_a_database(run, console):
    inputs, said = Inputs(are_digested=False), "cannot see whether its data have changed"
    run(rows(1), inputs=inputs)
    assert said not in " ".join(console.file.getvalue().split())
    assert run(rows(1), inputs=inputs, resume=True).skipped == 1
    assert said in " ".join(console.file.getvalue().split())


def test_resume_leaves_actions_alone_that_people_edited(run, tmp_path):
    run(rows(1))
    actions = tmp_path / "out" / "batch" / "A-000" / "actions.csv"
    actions.write_text(actions.read_text(encoding="utf-8").replace(",new,", ",done,"))
    assert run(rows(1), resume=True).skipped == 1
    assert ",done," in actions.read_text()


def test_a_folder_with_a_batch_is_not_written_without_resume(run, tmp_path):
    run(rows(1))
    with pytest.raises(UsageError, match="--resume"):
        run(rows(1))
    state = tmp_path / "out" / "batch" / "batch.json"
    state.write_text(state.read_text().replace('"varied"', '"other"'))
    with pytest.raises(UsageError, match="is of other, not of varied"):
        run(rows(1), resume=True)
    for foreign in ("{}", "[1]", "not JSON", "ü"):
        state.write_text(foreign, encoding="latin-1")
        with pytest.raises(UsageError, match=r"no batch has written the batch\.json here"):
            run(rows(1), resume=True)
    state.write_text('{"playbook": "other"}')
    with pytest.raises(UsageError, match="is of other, not of varied"):
        run(rows(1), resume=True)


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("place", ["A-001/contract.pdf", "index.html"])
def test_what_no_batch_has_written_is_left_alone_and_told_before_anything_runs(
    run, tmp_path, place, resume
):
    folder = tmp_path / "out" / "batch"
    (folder / place).parent.mkdir(parents=True)
    (folder / place).write_text("mine")
    with pytest.raises(UsageError, match=rf"(?s)written: 1.*{place.partition('/')[0]}"):
        run(rows(2), resume=resume)
    assert (folder / place).read_text() == "mine"
    assert not (folder / "batch.json").exists()


def test_a_second_batch_on_the_folder_is_refused(run, tmp_path):
    with LocalStore(str(tmp_path / "out" / "batch")).lock():
        with pytest.raises(FolderBusyError, match="another run or batch is writing here"):
            run(rows(1))
        assert not (tmp_path / "out" / "batch" / "batch.json").exists()


def kill_workers_of(subject: str, log: Path, *, times: int) -> threading.Thread:
    """Kill all workers of this process, each time that a run says that it started."""

    def watch() -> None:
        for time_ in range(1, times + 1):
            while not log.exists() or log.read_text().count(f"started {subject}") < time_:
                time.sleep(0.02)
            for server in psutil.Process().children():
                if "multiprocessing.forkserver" in " ".join(server.cmdline()):
                    for worker in server.children():
                        worker.kill()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_a_worker_that_dies_costs_its_own_run_only(run, tmp_path):
    log = tmp_path / "log"
    killer = kill_workers_of("A-002", log, times=2)
    summary = run(rows(6, log, n2="hang"))
    killer.join(5)
    (lost,) = summary.failed
    assert (lost.name, lost.status) == ("A-002", "killed")
    assert (lost.failure.name, lost.attempts) == ("WorkerDied", 2)
    folder = tmp_path / "out" / "batch"
    assert [path.name for path in (folder / "A-002").iterdir()] == ["manifest.json"]
    assert not list(folder.glob(".unfinished*"))


def test_workers_that_all_die_stop_the_batch(run, monkeypatch, console):
    monkeypatch.setattr(pool, "begin_worker", os._exit)
    summary = run(rows(40))
    assert (summary.state, summary.exit_code) == ("stopped", 1)
    assert len(summary.records) == 3
    assert "each lost their worker process" in console.file.getvalue()


def test_a_full_disk_stops_the_batch_with_a_message_and_it_can_be_resumed(
    run, tmp_path, console, monkeypatch
):
    folder = tmp_path / "out" / "batch"
    real = LocalStore.append

    def full(store, name, line):
        if len(list(folder.glob("A-*/manifest.json"))) >= 3:
            raise StorageError("the disk is full", where=store.address)
        real(store, name, line)

    monkeypatch.setattr(LocalStore, "append", full)
    summary = run(rows(8))
    assert (summary.state, summary.exit_code) == ("stopped", 1)
    assert "the disk is full" in console.file.getvalue()
    assert "not run (stopped; continue with --resume)" in str(summary)
    monkeypatch.undo()
    resumed = run(rows(8), resume=True)
    assert resumed.exit_code == 0
    assert resumed.skipped >= 3


def test_an_output_that_cannot_be_written_is_told_before_anything_runs(run, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError, match="cannot be written"):
        run(rows(1))


def test_the_progress_of_a_batch_without_a_terminal_is_plain(run, console):
    run(rows(3, n1="raise"))
    lines = console.file.getvalue().splitlines()
    assert lines[0] == "3 runs"
    assert "failed: A-001: ValueError: planted for A-001" in lines
    assert "3 of 3 runs done, 1 failed" in lines
    assert "\x1b" not in console.file.getvalue()


def test_paths_with_spaces_and_letters_of_any_script(run, tmp_path, monkeypatch):
    place = tmp_path / "Bérichte für 株式会社" / "out puts"
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    assert run(rows(2), output="Läufe").exit_code == 0
    assert len(list(place.glob("Läufe/batch/*/report.html"))) == 2


def test_a_stop_between_runs_keeps_what_is_done(run, tmp_path, monkeypatch):
    folder = tmp_path / "out" / "batch"
    real = LocalStore.append

    def interrupt(store, name, line):
        real(store, name, line)
        if len(journal(folder)) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(LocalStore, "append", interrupt)
    summary = run(rows(8))
    assert (summary.state, summary.exit_code) == ("interrupted", 130)
    assert json.loads((folder / "batch.json").read_text())["state"] == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before
    left = 8 - len(summary.records)
    index = (folder / "index.html").read_text()
    assert f"{left} of 8 runs were not run" in index
    assert index.count("</td></tr>") == 8
    monkeypatch.undo()
    resumed = run(rows(8), resume=True)
    assert resumed.exit_code == 0
    assert resumed.skipped >= 2
    assert "not run" not in (folder / "index.html").read_text()
