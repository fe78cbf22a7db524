import csv
import io
import json
import os
import re
import signal
import threading
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import nbformat
import psutil
import pytest

from opsplaybook import report
from opsplaybook.batch import run
from opsplaybook.batch.folders import digests
from opsplaybook.batch.kernels import ForkedProvisioner
from opsplaybook.batch.records import Limits, RunRecord
from opsplaybook.batch.store import LocalStore
from opsplaybook.errors import RenderError, StorageError
from opsplaybook.playbooks.base import earlier_runs

LIMITS = Limits(cell_seconds=3.5, memory_megabytes=300)


def folder_of(job):
    return LocalStore(job.output)


def states(job) -> list[str]:
    notebook = nbformat.reads(folder_of(job).read("run/notebook.ipynb").decode(), as_version=4)
    return [cell.metadata.papermill["status"] for cell in notebook.cells]


def test_a_run_leaves_notebook_report_tables_actions_and_manifest(job):
    made = job(subject='Acme "<b>"')
    record = run.execute(made)
    store = folder_of(made)
    assert record.status == "succeeded"
    assert sorted(record.artefacts) == [
        "actions.csv", "notebook.ipynb", "patterns.csv", "report.html", "tables/letters.csv",
        "tables/own-letters.csv",
    ]  # fmt: skip
    files = {name: store.read(f"run/{name}") for name in record.artefacts}
    assert digests(files) == record.artefacts
    assert RunRecord.from_json(store.read("run/manifest.json").decode()) == record
    assert record.findings["verdict"]["word"] == "Keep"
    assert record.kernel == "forked"
    assert set(record.seconds) == {"kernel", "cells", "report", "total"}
    assert record.versions["pandas"].startswith("3.")
    assert b'Acme "<b>"' not in files["report.html"]
    assert b"&lt;b&gt;" in files["report.html"]


def test_tables_open_in_a_spreadsheet_and_in_a_program(job):
    made = job(subject="Añb")
    run.execute(made)
    content = folder_of(made).read("run/tables/letters.csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows == [["letter", "code"], ["A", "65"], ["ñ", "241"], ["b", "98"]]


def test_the_next_run_reads_the_open_actions(job):
    made = job()
    run.execute(made)
    (action,) = earlier_runs(made.output, "varied", date(2026, 12, 31)).actions
    assert (action.what, action.status, action.from_run) == ("Call A-1", "open", "run")


def test_no_spreadsheet_runs_a_text_of_an_action_and_the_next_run_reads_it_as_it_was(job):
    made = job()
    notebook = made.notebook.replace('f\\"Call', 'f\\"-Call').replace('\\"Ada\\"', '\\"=1+1\\"')
    run.execute(replace(made, notebook=notebook))
    text = folder_of(made).read("run/actions.csv").decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["what"], row["owner"], row["due_on"]) == ("'-Call A-1", "'=1+1", "")
    (action,) = earlier_runs(made.output, "varied", date(2026, 12, 31)).actions
    assert (action.what, action.owner) == ("-Call A-1", "=1+1")


def test_the_notebook_shows_no_path_of_this_machine(job):
    made = job()
    run.execute(made)
    text = folder_of(made).read("run/notebook.ipynb").decode()
    notebook = json.loads(text)
    assert set(notebook["metadata"]["papermill"]) == {"parameters", "exception"}
    assert text.count(made.output) == 0


def test_an_error_in_a_cell_fails_the_run_with_cell_and_line(job):
    made = job("raise")
    record = run.execute(made)
    assert record.status == "failed"
    assert record.attempts == 1
    assert record.failure.name == "ValueError"
    assert record.failure.value == "planted for A-1"
    assert record.failure.cell == 4
    assert record.failure.source_line == 'raise ValueError(f"planted for {account_id}")'
    assert states(made) == [*["completed"] * 4, "failed", *["not-run"] * 3]
    assert sorted(record.artefacts) == ["notebook.ipynb"]
    assert b"planted for A-1" in folder_of(made).read("run/notebook.ipynb")


def test_a_notebook_that_ends_itself_early_has_failed(job):
    record = run.execute(job("quit"))
    assert (record.status, record.failure.name) == ("failed", "SystemExit")


@pytest.mark.parametrize("behaviour", ["hang", "deaf"])
def test_a_cell_without_end_times_out_and_nothing_of_it_remains(job, behaviour):
    made = job(behaviour, limits=LIMITS)
    record = run.execute(made)
    assert record.status == "timed-out"
    assert record.attempts == 1
    assert record.failure.cell == 4
    assert record.failure.value == "the cell took longer than its limit of 3.5 s"
    assert states(made)[4:6] == ["timed-out", "not-run"]
    lines = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    assert "sleep 3600.25" not in lines


def test_the_whole_run_has_a_limit_of_its_own(job):
    record = run.execute(job("hang", limits=Limits(cell_seconds=60, run_seconds=1.5)))
    assert record.status == "timed-out"
    assert record.failure.value == "the run took longer than its limit of 1.5 s"


@pytest.mark.parametrize("behaviour", ["exit", "kill"])
def test_a_dead_kernel_is_tried_again_and_then_told(job, tmp_path, behaviour):
    made = job(behaviour)
    record = run.execute(made)
    assert record.status == "killed"
    assert record.attempts == 2
    assert (record.failure.name, record.failure.cell) == ("KernelDied", 4)
    assert states(made)[3:6] == ["completed", "killed", "not-run"]
    assert (tmp_path / "log").read_text().count("started") == 2


def kill_kernels_from_outside(log: Path, *, times: int) -> threading.Thread:
    """Kill the forked kernel of a run each time that its notebook says that it started."""

    def watch() -> None:
        for time_ in range(1, times + 1):
            while not log.exists() or log.read_text().count("started") < time_:
                time.sleep(0.02)
            for server in psutil.Process().children():
                if "opsplaybook.batch.kernels.server" in " ".join(server.cmdline()):
                    for kernel in server.children():
                        kernel.send_signal(signal.SIGKILL)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_a_kernel_that_is_killed_from_outside_is_tried_again_and_then_told(job, tmp_path):
    killer = kill_kernels_from_outside(tmp_path / "log", times=2)
    made = job("hang")
    record = run.execute(made)
    killer.join(5)
    assert (record.status, record.attempts, record.failure.name) == ("killed", 2, "KernelDied")
    assert record.failure.cell == 4
    assert states(made)[3:6] == ["completed", "killed", "not-run"]


def test_a_kernel_that_died_by_accident_costs_one_more_start(job):
    record = run.execute(job("die once"))
    assert (record.status, record.attempts) == ("succeeded", 2)


def test_a_notebook_that_eats_memory_is_stopped_in_its_cell(job):
    record = run.execute(job("eat", limits=Limits(memory_megabytes=300)))
    assert (record.status, record.failure.name) == ("failed", "MemoryError")
    assert record.failure.cell == 4


def test_a_notebook_that_talks_a_lot_succeeds(job):
    assert run.execute(job("chatty")).succeeded


def test_a_report_that_would_leak_fails_the_run_and_is_not_written(job, monkeypatch):
    def refuse(*_: object, **__: object) -> str:
        raise RenderError("the report would show another customer", where="A-1")

    monkeypatch.setattr(report, "render", refuse)
    made = job()
    record = run.execute(made)
    assert (record.status, record.failure.name) == ("failed", "RenderError")
    assert record.failure.cell is None
    assert sorted(record.artefacts) == ["notebook.ipynb"]


def test_a_customer_report_with_the_name_of_another_customer_fails(job, tmp_path):
    names = tmp_path / "names.json"
    names.write_text('{"accounts": {"A-3": "Acme", "A-2": "Acme Spain"}, "staff": ["Ada"]}')
    options = {"subject": "A-2", "names_file": str(names)}
    made = job("as A-3 did", params={"audience": "customer"}, **options)
    record = run.execute(made)
    assert (record.status, record.failure.name) == ("failed", "RenderError")
    assert "forbidden name in the page: A-3" in record.failure.value
    assert folder_of(made).read("run/report.html") is None
    own_name = job("as Acme Spain", params={"audience": "customer"}, **options)
    assert run.execute(own_name).succeeded


def test_beside_a_customers_report_lie_only_tables_for_customers_and_it_stands_alone(job):
    made = job(params={"audience": "customer"})
    run.execute(made)
    assert folder_of(made).read("run/tables/letters.csv") is not None
    assert folder_of(made).read("run/tables/own-letters.csv") is None
    page = folder_of(made).read("run/report.html").decode()
    assert "Letters of A-1" in page
    assert re.findall('<a href="(?!#)[^"]*"', page) == []


def test_the_appendix_says_what_made_the_report(job):
    made = job(input_digests={"accounts": "5eed"}, code_digest="c0de")
    record = run.execute(made)
    page = folder_of(made).read("run/report.html").decode()
    facts = dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", page))
    expected = {
        "Run": "run", "Playbook": "varied", "Digest of the code": "c0de", "accounts": "5eed",
        "account_id": "A-1", "pandas": record.versions["pandas"], "Started": record.started_at,
    }  # fmt: skip
    assert {name: facts.get(name) for name in expected} == expected


def test_a_full_disk_leaves_nothing_that_looks_whole(job, tmp_path, monkeypatch):
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match="the disk is full"):
        run.execute(job())
    assert list((tmp_path / "out").iterdir()) == []


def test_a_run_repeated_gives_the_same_tables(job):
    made = job()
    first = run.execute(made)
    second = run.execute(made)
    same = ["actions.csv", "patterns.csv", "tables/letters.csv"]
    assert [first.artefacts[name] for name in same] == [second.artefacts[name] for name in same]
    assert first.key == second.key


def test_actions_that_people_edited_outlive_a_repeated_run(job, tmp_path):
    made = job()
    run.execute(made)
    actions = tmp_path / "out" / "run" / "actions.csv"
    actions.write_text(actions.read_text(encoding="utf-8").replace(",new,", ",done,"))
    run.execute(made)
    assert ",new," in actions.read_text()
    kept = tmp_path / "out" / "run--earlier-1" / "actions.csv"
    assert ",done," in kept.read_text()


def test_an_ordinary_kernel_does_the_same_and_says_so(job, monkeypatch):
    monkeypatch.setenv("OPSPLAYBOOK_KERNEL", "ordinary")
    record = run.execute(job())
    assert record.succeeded
    assert re.fullmatch(r"ordinary: .*OPSPLAYBOOK_KERNEL.*", record.kernel)
    assert ForkedProvisioner.ordinary_because is None


def test_an_address_of_fsspec_takes_the_run(job, tmp_path):
    made = job()
    remote = f"file://{tmp_path}/remote"
    record = run.execute(replace(made, output=remote))
    assert record.succeeded
    assert (tmp_path / "remote" / "run" / "manifest.json").is_file()
