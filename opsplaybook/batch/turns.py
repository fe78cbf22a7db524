"""Workers take turns: as many notebooks run at a time as were asked for, and no core waits.

There is one worker process more than notebooks that may run. While one run starts its kernel,
renders its report or writes its folder, another one computes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Semaphore

_shared: list[Semaphore] = []


def share(turns: Semaphore) -> None:
    """Let this worker process take turns with the others of its pool."""
    _shared[:] = [turns]


@contextmanager
def own_turn() -> Iterator[None]:
    """Wait for a turn, and give it back; outside of a pool there is always one."""
    if not _shared:
        yield
        return
    with _shared[0]:
        yield
