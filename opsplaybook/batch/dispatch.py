"""Hand jobs to a pool and collect what became of them, whatever dies on the way."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path

from opsplaybook.batch.pool import Pool, work
from opsplaybook.batch.records import Failure, Job, RunRecord, again, without_outcome
from opsplaybook.batch.stopping import StopRequest
from opsplaybook.errors import RunError, StorageError

_LOOK_SECONDS = 0.25
_STARTS_OF_A_SUSPECT = 2
"""Once among others and once alone, which proves whose fault it is."""

_DEATHS_OF_A_POOL = 3
_BREAKING_SECONDS = 10.0
"""How long a broken pool may take to say so for each of its jobs."""

_PLACE = re.compile(r'File "([^"]+)", line (\d+)')
_WORKER_DIED = Failure(
    "WorkerDied", "the process that ran it was killed, or ran out of memory, each time"
)


@dataclass(slots=True)
class Dispatch:
    """The jobs of a batch on their way.

    When a worker dies, a pool of the standard library loses all its jobs and does not say whose
    worker it was. Those jobs become suspects, and are run again one at a time: so a run that
    kills its worker is found, and the others do not pay for it.

    Attributes
    ----------
    pool : Pool
    waiting : deque of Job
        Not started yet.
    suspects : deque of Job
        Were on the way when a worker died.
    running : dict of Future to Job
        With the pool.
    deaths_in_a_row : int
        Runs given up since a worker last came back with a record.
    """

    pool: Pool
    waiting: deque[Job]
    suspects: deque[Job] = field(default_factory=deque)
    running: dict[Future[RunRecord], Job] = field(default_factory=dict)
    deaths_in_a_row: int = 0

    def records(self, stop: StopRequest) -> Iterator[RunRecord]:
        """Run everything; yield each record as it comes, until all are done or a stop is asked.

        Raises
        ------
        StorageError
            If the output cannot be written: the other runs could not either.
        RunError
            If workers die whatever they run.
        """
        while (self.waiting or self.suspects or self.running) and not stop.made:
            self._fill()
            done, _ = wait(self.running, _LOOK_SECONDS, FIRST_COMPLETED)
            broken = False
            for future in done:
                job = self.running.pop(future)
                record = self._settle(job, future)
                broken |= record is None
                if record is not None:
                    yield record
            if broken:
                yield from self._recover()

    def _fill(self) -> None:
        while self.waiting and not self.suspects and len(self.running) < self.pool.slots:
            self._submit(self.waiting.popleft())
        if self.suspects and not self.running:
            self._submit(self.suspects.popleft())

    def _submit(self, job: Job) -> None:
        try:
            future = self.pool.executor.submit(work, job)
        except (RuntimeError, OSError) as error:
            future = Future()
            future.set_exception(_breakage(self.pool.executor, error))
        self.running[future] = job

    def _settle(self, job: Job, future: Future[RunRecord]) -> RunRecord | None:
        """Return the record of a job; None if its worker, or another one, died."""
        error = future.exception()
        if error is None:
            self.deaths_in_a_row = 0
            return future.result()
        if isinstance(error, StorageError):
            raise error
        if isinstance(error, BrokenExecutor):
            self.suspects.append(again(job))
            return None
        if _is_lost_worker(error):
            return without_outcome(again(job), "killed", _WORKER_DIED)
        return without_outcome(job, "failed", _unforeseen(error))

    def _recover(self) -> Iterator[RunRecord]:
        """Start new workers; give up on jobs whose workers died too often."""
        # All jobs of a broken pool are lost. Their futures may take a moment to say so, or never
        # do if the pool broke while it took one.
        done, silent = wait(self.running, _BREAKING_SECONDS)
        self.suspects.extend(again(self.running.pop(future)) for future in silent)
        for future in done:
            record = self._settle(self.running.pop(future), future)
            if record is not None:
                yield record
        self.pool.restart()
        for job in tuple(self.suspects):
            if job.attempts_made >= max(job.limits.attempts, _STARTS_OF_A_SUSPECT):
                self.suspects.remove(job)
                self.deaths_in_a_row += 1
                yield without_outcome(job, "killed", _WORKER_DIED)
        if self.deaths_in_a_row >= _DEATHS_OF_A_POOL:
            raise RunError(
                f"the last {self.deaths_in_a_row} runs each lost their worker process",
                remedy="see what the workers wrote above; they may lack memory or fail to start",
            )


def dispatch(jobs: Sequence[Job], pool: Pool) -> Dispatch:
    """Prepare jobs for a pool."""
    return Dispatch(pool, deque(jobs))


def _breakage(executor: Executor, error: Exception) -> BrokenExecutor:
    """Return what broke a pool that did not take a job; raise the error if the pool is whole.

    A pool of the standard library that breaks while it starts a worker for a job has closed the
    queue which that worker is given, and raises whatever comes of that. Only the next job is told.
    """
    try:
        executor.submit(int)
    except BrokenExecutor as breakage:
        return breakage
    raise error


def _unforeseen(error: BaseException) -> Failure:
    """Describe an error in our own code, with the place that the worker's traceback ends in."""
    places = _PLACE.findall(str(error.__cause__ or ""))
    place = f"{Path(places[-1][0]).name}, line {places[-1][1]}" if places else ""
    return Failure(type(error).__name__, str(error), source_line=place)


def _is_lost_worker(error: BaseException) -> bool:
    """Tell whether Dask gave up on a job because its workers died, without importing Dask."""
    return type(error).__name__ == "KilledWorker"
