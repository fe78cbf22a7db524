"""JupyterLab on the analyst's folder, with the forked kernel."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


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
        # JupyterLab would ask for news and newer versions from outside.
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        *more,
    ]


def run_lab(folder: Path, *, kernel_name: str, more: Sequence[str] = ()) -> int:
    """Run JupyterLab until it is ended; return its exit code."""
    command = lab_command(folder, kernel_name=kernel_name, more=more)
    try:
        return subprocess.run(command, check=False).returncode  # noqa: S603 - our own command
    except KeyboardInterrupt:
        return 0
