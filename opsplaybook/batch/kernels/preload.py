"""What the kernel server imports once, and the proof that it may fork afterwards."""

import gc
import importlib
import os
import pkgutil
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opsplaybook.batch.kernels import pages, rehearsal
from opsplaybook.batch.kernels.settings import LIBRARIES, NOT_PRELOADED

_THREADS_END_SECONDS = 2.0


class ThreadsRunningError(RuntimeError):
    """A thread runs after the imports, so forking would not be safe."""


@dataclass(frozen=True, slots=True)
class Preloaded:
    """What the server knows of what it holds.

    Attributes
    ----------
    times : mapping of str to int
        Each imported source file of the package, and when it was last changed, in nanoseconds.
    written : sequence of PageRange
        Memory that the rehearsal writes.
    """

    times: Mapping[str, int]
    written: Sequence[pages.PageRange]


def preload(playbook: str, folder: Path) -> Preloaded:
    """Import the libraries and the package, then freeze them and check that nothing runs.

    Parameters
    ----------
    playbook : str
        Name of a playbook to rehearse as well, or nothing.
    folder : Path
        The server's own.

    Returns
    -------
    Preloaded
        What the kernels are told of it.

    Raises
    ------
    ImportError
        If a library cannot be imported.
    ThreadsRunningError
        If a thread other than the main one is alive afterwards.
    RehearsalError, TrialError
        If the playbook cannot be run.
    """
    for name in LIBRARIES:
        importlib.import_module(name)
    for name in package_modules():
        try:
            importlib.import_module(name)
        except (ImportError, SyntaxError):
            # A playbook that is being written: the kernel that imports it shows the error.
            traceback.print_exc()
    # The list of plot backends is read from the installed packages when it is first needed.
    importlib.import_module("matplotlib.backends").backend_registry.list_all()
    with rehearsal.stage(playbook, folder) as rehearse:
        rehearse()
        settle()
        written = pages.written_by(rehearse)
    return Preloaded(source_times(), written)


def settle() -> None:
    """Check that nothing runs, and freeze what there is.

    Frozen objects are not visited by collections in the kernels, so their pages stay shared.
    """
    check_single_thread()
    gc.collect()
    gc.freeze()


def package_modules() -> Iterator[str]:
    """Name the modules of the package that playbooks can reach, without importing them."""
    package = importlib.import_module("opsplaybook")
    for module in pkgutil.iter_modules(package.__path__, "opsplaybook."):
        if module.name.removeprefix("opsplaybook.") not in NOT_PRELOADED:
            yield from _with_children(module)


def _with_children(module: pkgutil.ModuleInfo) -> Iterator[str]:
    yield module.name
    if module.ispkg:
        folder = Path(module.module_finder.path, module.name.rpartition(".")[2])
        for child in pkgutil.iter_modules([str(folder)], f"{module.name}."):
            yield from _with_children(child)


def check_single_thread() -> None:
    """Raise unless the main thread is the only one, for Python and for the operating system.

    A thread that is just ending (matplotlib's font search has a timer) gets two seconds.
    """
    deadline = time.monotonic() + _THREADS_END_SECONDS
    while threads := _other_threads():
        if time.monotonic() > deadline:
            raise ThreadsRunningError(f"threads run after the imports: {', '.join(threads)}")
        time.sleep(0.01)


def _other_threads() -> list[str]:
    tasks = Path("/proc/self/task")
    own = str(os.getpid())
    running = [(task / "comm").read_text().strip() for task in tasks.iterdir() if task.name != own]
    return running or [thread.name for thread in threading.enumerate()[1:]]


def source_times() -> dict[str, int]:
    """Say when each imported source file of the package was last changed.

    Returns
    -------
    dict of str to int
        Path to modification time in nanoseconds.
    """
    files = (getattr(module, "__file__", None) for module in _own_modules().values())
    return {file: Path(file).stat().st_mtime_ns for file in files if file}


def forget_changed_package(times: Mapping[str, int]) -> bool:
    """Unload the package if a source file changed since it was preloaded.

    Whoever edits a playbook and restarts the kernel sees the new code, as with an ordinary
    kernel; the libraries stay loaded.

    Returns
    -------
    bool
        True if the package was unloaded and will be imported anew.
    """
    if all(_modified(file) == time_ns for file, time_ns in times.items()):
        return False
    for name in _own_modules():
        del sys.modules[name]
    return True


def _modified(file: str) -> int | None:
    try:
        return os.stat(file).st_mtime_ns  # noqa: PTH116  (a hundred of these per kernel)
    except FileNotFoundError:
        return None


def _own_modules() -> dict[str, object]:
    return {
        name: module
        for name, module in sys.modules.items()
        if name == "opsplaybook" or name.startswith("opsplaybook.")
    }
