"""Where jobs run: any ``concurrent.futures.Executor``.

Local worker processes by default, forked from a server that has imported the runner's needs once;
a Dask cluster through the executor that its client gives.
"""

import multiprocessing
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.synchronize import Semaphore
from typing import Protocol

from opsplaybook.batch.kernels import ensure_kernelspec, start_server
from opsplaybook.batch.records import Job, RunRecord
from opsplaybook.batch.turns import share
from opsplaybook.errors import UsageError

ANSWER_SECONDS = 10.0
"""How long a Dask scheduler may take to answer."""

_WORKER = "opsplaybook.batch.run"


class Pool(Protocol):
    """An executor, how many jobs keep it busy, and how it is ended at once."""

    executor: Executor
    slots: int

    def restart(self) -> None:
        """Make the executor usable again after its processes died."""
        ...

    def abandon(self) -> None:
        """End at once, with what runs."""
        ...


def work(job: Job) -> RunRecord:
    """Execute a job; imported where the work is done, since only workers need papermill."""
    return import_module(_WORKER).execute(job)


class LocalPool:
    """Worker processes on this machine, tied to this process by a pipe.

    Parameters
    ----------
    workers : int
        How many notebooks run at a time. There is one process more: see `turns`.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self.slots = workers + 1
        self._context = _context()
        self._start()

    def restart(self) -> None:
        """Make new workers after one died, which breaks all of a standard library pool."""
        self.abandon()
        self._start()

    def abandon(self) -> None:
        """End the workers and their kernels at once."""
        self._leash.close()
        self.executor.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """End the workers, which have nothing left to do."""
        self.executor.shutdown(wait=True, cancel_futures=True)
        self._leash.close()

    def _start(self) -> None:
        workers_end, self._leash = self._context.Pipe(duplex=False)
        turns = self._context.Semaphore(self._workers)
        beginning = (workers_end, dict(os.environ), turns)
        self.executor = ProcessPoolExecutor(
            self.slots, self._context, initializer=begin_worker, initargs=beginning
        )


class DaskPool:
    """Workers of a Dask cluster.

    Parameters
    ----------
    address : str
        Of its scheduler, such as ``tcp://10.0.0.5:8786``.

    Raises
    ------
    UsageError
        If Dask is not installed, or no scheduler answers.
    """

    def __init__(self, address: str) -> None:
        try:
            distributed = import_module("distributed")
        except ImportError:
            raise UsageError(
                "Dask is not installed", where="--dask", remedy="install opsplaybook[dask]"
            ) from None
        try:
            self._client = distributed.Client(address, timeout=ANSWER_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"no Dask scheduler answers: {error}", where=address, remedy="check the address"
            ) from None
        self.slots = max(1, sum(self._client.nthreads().values()))
        self.executor = self._client.get_executor(pure=False, retries=0)

    def restart(self) -> None:
        """Nothing to do: Dask replaces workers itself."""

    def abandon(self) -> None:
        """Cancel what waits. A run that a cluster has begun ends there, whole or not at all."""
        self.executor.shutdown(wait=False)
        self._client.close()

    close = abandon


@contextmanager
def open_pool(*, workers: int | None, dask: str | None) -> Iterator[LocalPool | DaskPool]:
    """Open a pool; leaving by an error or Ctrl-C ends it at once.

    Parameters
    ----------
    workers : int or None
        Local processes; None for one per core.
    dask : str or None
        Address of a Dask scheduler, instead of local processes.
    """
    pool = DaskPool(dask) if dask else _local(workers or cores())
    try:
        yield pool
    except BaseException:
        pool.abandon()
        raise
    pool.close()


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def begin_worker(runner: Connection, environment: Mapping[str, str], turns: Semaphore) -> None:
    """Tie a new worker to the runner and give it the runner's environment of now.

    The server that workers are forked from may be older than the runner's kernel server.
    """
    os.environ.clear()
    os.environ.update(environment)
    share(turns)
    import_module("opsplaybook.batch.leash").attach(runner)


def _local(workers: int) -> LocalPool:
    # Before the workers: their environment says where the kernelspec and the kernel server are.
    ensure_kernelspec()
    start_server()
    return LocalPool(workers)


def _context() -> BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_WORKER])
    return context
