"""The kernelspec ``opsplaybook``, installed into the Python environment itself."""

import atexit
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from jupyter_core.paths import jupyter_path

KERNEL_NAME = "opsplaybook"
"""Name of the kernel, as in ``papermill --kernel opsplaybook``."""

PROVISIONER_NAME = "opsplaybook-forked"
"""Name of the entry point in the group ``jupyter_client.kernel_provisioners``."""


def kernelspec() -> dict[str, object]:
    """Describe the kernel as Jupyter wants it.

    The command is that of an ordinary IPython kernel of this environment, without a history
    file; the provisioner named in it forks instead.

    Examples
    --------
    >>> kernelspec()["metadata"]["kernel_provisioner"]
    {'provisioner_name': 'opsplaybook-forked'}
    """
    command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
    return {
        "argv": [*command, "-f", "{connection_file}", "--HistoryManager.hist_file=:memory:"],
        "display_name": "Python (opsplaybook)",
        "language": "python",
        "kernel_protocol_version": "5.5",
        "metadata": {
            "debugger": True,
            "kernel_provisioner": {"provisioner_name": PROVISIONER_NAME},
        },
    }


def ensure_kernelspec() -> Path:
    """Install the kernelspec where this environment's Jupyter finds it, if it is not there.

    It goes into the environment's own folder (``sys.prefix``); HOME is not touched. Where that
    is read-only, it goes into a temporary folder, which is put on ``JUPYTER_PATH`` for this
    process and those it starts, and removed when this process ends.

    Returns
    -------
    Path
        Folder of the kernelspec.

    Raises
    ------
    OSError
        If no temporary folder can be written either.

    Examples
    --------
    >>> ensure_kernelspec().name
    'opsplaybook'
    """
    found = _found()
    if found is not None:
        return found
    try:
        return _write(Path(sys.prefix, "share", "jupyter"))
    except OSError:
        return _write(_private_jupyter_path())


def _found() -> Path | None:
    """Return the kernelspec that Jupyter would use, if it is the right one."""
    folders = (Path(folder, KERNEL_NAME) for folder in jupyter_path("kernels"))
    first = next((folder for folder in folders if (folder / "kernel.json").is_file()), None)
    if first is None:
        return None
    try:
        right = json.loads((first / "kernel.json").read_bytes()) == kernelspec()
    except ValueError:
        return None
    return first if right else None


def _write(jupyter_folder: Path) -> Path:
    folder = jupyter_folder / "kernels" / KERNEL_NAME
    folder.mkdir(parents=True, exist_ok=True)
    # Renamed into place: another process may be reading it.
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", delete=False) as file:
        json.dump(kernelspec(), file, indent=1)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(folder / "kernel.json")
    return folder


def _private_jupyter_path() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="opb-jupyter-"))
    owner = os.getpid()
    atexit.register(_remove, folder, owner=owner)
    paths = [str(folder), os.environ.get("JUPYTER_PATH", "")]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, paths))
    return folder


def _remove(folder: Path, *, owner: int) -> None:
    # A forked copy of the process inherits the intention, but not the folder.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
