"""The runner is stopped or killed while it works: nothing is lost, run twice or left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from opsplaybook.batch import runner
from opsplaybook.batch.inputs import Inputs
from opsplaybook.batch.kernels.launcher import ADDRESS_VARIABLE

DRIVE = Path(__file__).with_name("drive.py")
SECONDS = 60


def rows(count: int, log: Path) -> list[dict]:
    return [{"account_id": f"A-{n:03}", "log": str(log), "behaviour": "slow"} for n in range(count)]


def wait_for(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.05)


def finished_in(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.glob("*/manifest.json")}


def tables_in(folder: Path) -> dict[str, bytes]:
    files = [*folder.glob("*/*.csv"), *folder.glob("*/tables/*.csv")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A temporary folder with a path that is short enough for sockets in it."""
    with tempfile.TemporaryDirectory(prefix="b", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def start(tmp_path: Path, temporary: Path) -> Iterator[Callable[[list[dict]], subprocess.Popen]]:
    """Start a batch in a process and a terminal session of its own."""
    started = []

    def begin(plan: list[dict]) -> subprocess.Popen:
        settings = {"rows": plan, "output": str(tmp_path / "out"), "resume": False}
        command = [sys.executable, str(DRIVE), json.dumps(settings)]
        # With a kernel server of its own, whatever tests before have started in this process.
        environment = os.environ | {"TMPDIR": str(temporary), ADDRESS_VARIABLE: ""}
        quiet = {"start_new_session": True, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen(command, env=environment, **quiet))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def descendants(process: subprocess.Popen) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


def folders_of_kernels(temporary: Path) -> list[Path]:
    return list(temporary.glob("opb-*"))


def test_a_killed_batch_is_resumed_as_if_nothing_had_happened(
    start, tmp_path, temporary, planned, console
):
    log, folder = tmp_path / "log", tmp_path / "out" / "batch"
    plan = rows(8, log)
    process = start(plan)
    wait_for(lambda: len(finished_in(folder)) >= 3 and folders_of_kernels(temporary))
    children = descendants(process)
    assert len(children) >= 4  # workers and kernels, and the servers that they are forked from
    process.kill()
    process.wait()
    wait_for(lambda: all_gone(children), seconds=10)
    wait_for(lambda: not folders_of_kernels(temporary), seconds=10)

    done = finished_in(folder)
    assert 3 <= len(done) < 8
    before = log.read_text().splitlines()
    options = {"workers": 2, "inputs": Inputs(), "console": console}
    resumed = runner.run_batch(planned(plan), tmp_path / "out", resume=True, **options)
    assert (resumed.exit_code, resumed.skipped) == (0, len(done))
    after = log.read_text().splitlines()[len(before) :]
    assert {line.split()[1] for line in after} == finished_in(folder) - done

    undisturbed = tmp_path / "undisturbed"
    runner.run_batch(planned(rows(8, tmp_path / "log2")), undisturbed, **options)
    assert tables_in(folder) == tables_in(undisturbed / "batch")
    names = {path.relative_to(folder) for path in folder.rglob("*")}
    assert names == {p.relative_to(undisturbed / "batch") for p in undisturbed.rglob("batch/**/*")}


def test_a_second_batch_on_the_same_folder_is_refused_and_the_first_one_goes_on(start, tmp_path):
    folder = tmp_path / "out" / "batch"
    first = start(rows(4, tmp_path / "log"))
    wait_for(lambda: (folder / "batch.json").exists())
    settings = {"rows": rows(4, tmp_path / "log"), "output": str(tmp_path / "out"), "resume": True}
    second = subprocess.run(
        [sys.executable, str(DRIVE), json.dumps(settings)],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert second.returncode == 2
    assert "another run or batch is writing here" in second.stderr
    assert "wait for it to end, or give another output" in second.stderr
    assert first.wait(SECONDS) == 0
    assert finished_in(folder) == {f"A-{n:03}" for n in range(4)}


@pytest.mark.parametrize(
    ("signum", "whole_terminal"), [(signal.SIGINT, True), (signal.SIGTERM, False)]
)
def test_a_stopped_batch_ends_its_children_and_says_so(
    start, tmp_path, temporary, signum, whole_terminal
):
    folder = tmp_path / "out" / "batch"
    process = start(rows(30, tmp_path / "log"))
    wait_for(lambda: len(finished_in(folder)) >= 2)
    children = descendants(process)
    if whole_terminal:
        os.killpg(process.pid, signum)
    else:
        process.send_signal(signum)
    assert process.wait(20) == 128 + signum
    wait_for(lambda: all_gone(children), seconds=10)
    wait_for(lambda: not folders_of_kernels(temporary), seconds=10)
    assert json.loads((folder / "batch.json").read_text())["state"] == "interrupted"
    assert (folder / "index.html").is_file()
    assert 2 <= len(finished_in(folder)) < 30
    assert not list(folder.glob(".unfinished*"))
    events = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    assert {event["run"] for event in events if event["event"] == "interrupted"}
