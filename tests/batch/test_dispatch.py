import json
import multiprocessing
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from opsplaybook.batch import dispatch as dispatching
from opsplaybook.batch.dispatch import dispatch
from opsplaybook.batch.records import Job, without_outcome
from opsplaybook.batch.stopping import StopRequest
from opsplaybook.errors import StorageError


@dataclass
class AnyPool:
    """Any executor will do."""

    executor: Executor
    slots: int = 2

    def restart(self) -> None:
        raise AssertionError("nobody died")


def jobs(count: int) -> list[Job]:
    return [Job(f"A-{n}", f"A-{n}", "p", "{}", {}, "out") for n in range(count)]


def work(job: Job):
    if job.name == "A-1":
        raise ValueError("a bug of ours")
    return without_outcome(job, "succeeded", None)


def test_an_error_of_our_own_fails_its_run_only_and_tells_the_place(monkeypatch):
    # What the worker is given must be importable there: json.loads takes no job.
    monkeypatch.setattr(dispatching, "work", json.loads)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as executor:
        records = list(dispatch(jobs(3), AnyPool(executor)).records(StopRequest()))
    assert sorted((r.name, r.status) for r in records) == [
        ("A-0", "failed"), ("A-1", "failed"), ("A-2", "failed"),
    ]  # fmt: skip
    assert records[0].failure.name == "TypeError"
    assert records[0].failure.source_line.startswith("__init__.py, line ")


def test_any_executor_gives_all_records(monkeypatch):
    monkeypatch.setattr(dispatching, "work", work)
    with ThreadPoolExecutor(2) as executor:
        records = list(dispatch(jobs(5), AnyPool(executor)).records(StopRequest()))
    assert sorted(r.name for r in records if r.status == "succeeded") == [
        "A-0",
        "A-2",
        "A-3",
        "A-4",
    ]
    (failed,) = [r for r in records if r.status == "failed"]
    assert (failed.failure.name, failed.failure.value) == ("ValueError", "a bug of ours")


def test_a_full_disk_in_a_worker_ends_the_batch(monkeypatch):
    def full(job: Job):
        raise StorageError("the disk is full", where="out")

    monkeypatch.setattr(dispatching, "work", full)
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(StorageError, match="the disk is full"),
    ):
        list(dispatch(jobs(5), AnyPool(executor)).records(StopRequest()))


def test_a_stop_leaves_the_rest_waiting(monkeypatch):
    monkeypatch.setattr(dispatching, "work", work)
    stop = StopRequest()
    with ThreadPoolExecutor(1) as executor:
        way = dispatch(jobs(50), AnyPool(executor))
        for _ in way.records(stop):
            stop.signal_number = 15
    assert len(way.waiting) > 40
    assert all(isinstance(future, Future) for future in way.running)
