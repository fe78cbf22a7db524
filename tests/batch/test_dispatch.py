import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from dataclasses import dataclass, field

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


class Breaking(Executor):
    """Takes some jobs and never says what became of them; then it breaks, or only fails."""

    def __init__(self, takes: int, error: Exception, *, breaks: bool = True) -> None:
        self.left, self.error, self.breaks = takes, error, breaks

    def submit(self, function: Callable, *arguments) -> Future:
        self.left -= 1
        if self.left >= 0 or (self.left < -1 and not self.breaks):
            return Future()
        raise self.error if self.left == -1 else BrokenExecutor("a worker died")


@dataclass
class Mended:
    """Has a pool that works after the first one broke."""

    executor: Executor
    next: Executor
    slots: int = 3
    restarts: list[Executor] = field(default_factory=list)

    def restart(self) -> None:
        self.restarts.append(self.executor)
        self.executor = self.next


@pytest.mark.parametrize("takes", [0, 2])
@pytest.mark.parametrize(
    "error",
    [OSError("handle is closed"), RuntimeError("cannot schedule new futures after shutdown")],
)
def test_a_pool_that_breaks_while_it_takes_a_job_loses_none(monkeypatch, takes, error):
    monkeypatch.setattr(dispatching, "work", lambda job: without_outcome(job, "succeeded", None))
    monkeypatch.setattr(dispatching, "_BREAKING_SECONDS", 0.1)
    with ThreadPoolExecutor(1) as executor:
        pool = Mended(Breaking(takes, error), executor)
        records = list(dispatch(jobs(5), pool).records(StopRequest()))
    assert sorted((r.name, r.status) for r in records) == [
        (f"A-{n}", "succeeded") for n in range(5)
    ]
    assert len(pool.restarts) == 1


def test_an_error_of_a_pool_that_is_whole_is_not_taken_for_a_dead_worker():
    pool = AnyPool(Breaking(0, OSError("no room for a process"), breaks=False))
    with pytest.raises(OSError, match="no room for a process"):
        list(dispatch(jobs(5), pool).records(StopRequest()))
