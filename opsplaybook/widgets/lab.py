"""JupyterLab on the analyst's folder, with the forked kernel."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from opsplaybook.sources.table_cache import CACHE_VARIABLE

SETTINGS = Path(__file__).parent / "jupyter"
"""Folder of JupyterLab's settings as we would have them; what the analyst sets herself wins.

JupyterLab would ask at its first start whether it may fetch news, and look for newer versions.
"""

FOLDER_VARIABLE = "OPSPLAYBOOK_LAB_FOLDER"
"""Environment variable with the folder that JupyterLab serves files from."""

_SETTINGS_PATH = "JUPYTER_CONFIG_PATH"
_ENDINGS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""How this process is told to end: on purpose, or because its terminal is gone."""


def lab_command(folder: Path, *, kernel_name: str, more: Sequence[str] = ()) -> list[str]:
    """Return the command that starts JupyterLab on a folder.

    Kernels are the given one unless a notebook asks for another, and talk over sockets that only
    this user can open.

    Parameters
    ----------
    folder : Path
    kernel_name : str
    more : sequence of str, optional
        Further arguments of ``jupyter lab``.
    """
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--MultiKernelManager.default_kernel_name={kernel_name}",
        "--KernelManager.transport=ipc",
        *more,
    ]


def lab_environment(folder: Path, environment: Mapping[str, str], *, cache: Path) -> dict[str, str]:
    """Return an environment in which JupyterLab finds our settings, besides those it had.

    Parameters
    ----------
    folder : Path
        As in `lab_command`; kernels learn from it where a file is served.
    environment : mapping of str to str
    cache : Path
        Folder in which kernels keep the tables that they have validated.
    """
    before = environment.get(_SETTINGS_PATH)
    paths = [str(SETTINGS), *([before] if before else [])]
    own = {
        _SETTINGS_PATH: os.pathsep.join(paths),
        FOLDER_VARIABLE: str(folder.resolve()),
        CACHE_VARIABLE: str(cache),
    }
    return {**environment, **own}


def run_lab(folder: Path, *, kernel_name: str, more: Sequence[str] = ()) -> int:
    """Run JupyterLab until it is ended; return its exit code.

    Ctrl-C reaches JupyterLab itself, which asks whether it is meant. Whoever ends this process ends
    JupyterLab as well. Validated tables are kept in a folder that only this user can enter, and
    that is removed at the end.
    """
    command = lab_command(folder, kernel_name=kernel_name, more=more)
    with TemporaryDirectory(prefix="opsplaybook-tables-", ignore_cleanup_errors=True) as cache:
        environment = lab_environment(folder, os.environ, cache=Path(cache))
        with (
            subprocess.Popen(command, env=environment) as process,  # noqa: S603 - our own command
            _warming(folder, environment),
        ):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            for ending in _ENDINGS:
                signal.signal(ending, lambda *_: process.terminate())
            return process.wait()


@contextmanager
def _warming(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Validate the sources of the folder meanwhile; Ctrl-C does not concern it."""
    command = [sys.executable, "-P", "-m", "opsplaybook.widgets.warming"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    ) as process:
        # Whoever waits takes the ended process out of the system's list, hours before the lab ends.
        threading.Thread(target=process.wait, daemon=True).start()
        try:
            yield
        finally:
            process.terminate()
