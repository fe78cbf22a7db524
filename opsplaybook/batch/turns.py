"""Workers take turns: as many notebooks run at a time as were asked for, and no core waits.

There is one worker process more than notebooks that may run. While one run starts its kernel,
renders its report or writes its folder, another one computes. Where a core is left over, a kernel
that waits for its turn does there what is slow the first time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Semaphore

_shared: list[tuple[Semaphore, bool]] = []


def share(turns: Semaphore, *, core_left: bool) -> None:
    """Let this worker process take turns with the others of its pool.

    Parameters
    ----------
    turns : Semaphore
    core_left : bool
        Whether there are more cores than turns.
    """
    _shared[:] = [(turns, core_left)]


def is_core_left() -> bool:
    """Tell whether a core has nothing to do while all turns are taken."""
    return any(core_left for _, core_left in _shared)


@contextmanager
def own_turn() -> Iterator[None]:
    """Wait for a turn, and give it back; outside of a pool there is always one."""
    if not _shared:
        yield
        return
    turns, _ = _shared[0]
    with turns:
        yield
