"""No run outlives the batch: workers and kernels end with the process that started them.

A worker holds the reading end of a pipe whose writing end only the runner has. When the runner
lets go, or dies in any way, the worker ends its kernels and itself at once.
"""

import contextlib
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from jupyter_client.manager import KernelManager

from opsplaybook.batch.kernels import ForkedProvisioner
from opsplaybook.batch.records import Limits

_kernels: dict[int, Path | None] = {}
"""Process and private folder of each kernel."""

_MEGABYTE = 1_000_000
_FIRST_TO_DIE = "500"
"""Out of memory, Linux ends the process with the highest score: the kernel, not the batch."""


def attach(runner: Connection) -> None:
    """Tie this worker process to the runner, and leave Ctrl-C to the runner.

    Parameters
    ----------
    runner : Connection
        Reading end of the runner's pipe; nothing is ever sent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(runner,), daemon=True, name="leash").start()


def environment(added: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a kernel: this process's with what a job adds."""
    return {**os.environ, **added}


@contextlib.contextmanager
def holding(manager: KernelManager, limits: Limits) -> Iterator[None]:
    """Know a kernel while it runs, and bound its memory."""
    pid = getattr(manager.provisioner, "pid", None)
    if pid is None:
        yield
        return
    # Of a kernel that somebody else provides we know no folder that would be ours to remove.
    ours = isinstance(manager.provisioner, ForkedProvisioner)
    _kernels[pid] = manager.provisioner.folder if ours else None
    if sys.platform == "linux":
        _bound_memory(pid, limits.memory_megabytes)
    try:
        yield
    finally:
        _kernels.pop(pid, None)


def _follow(runner: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        runner.recv_bytes()
    kernels = dict(_kernels)
    for pid in kernels:
        _kill(pid)
    # The kernel server leaves this to whoever asked for a kernel and is still alive when it dies.
    for folder in filter(None, kernels.values()):
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "posix" and os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)


def _bound_memory(pid: int, megabytes: int | None) -> None:
    """Limit what a kernel may allocate from here on; a cell that wants more gets MemoryError."""
    import resource

    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        Path(f"/proc/{pid}/oom_score_adj").write_text(_FIRST_TO_DIE)
        if megabytes is not None:
            limit = _data_bytes(pid) + megabytes * _MEGABYTE
            resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))


def _data_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmData:"))
    return int(kilobytes) * 1024
