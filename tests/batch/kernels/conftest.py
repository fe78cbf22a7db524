import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

from opsplaybook.batch.kernels import KERNEL_NAME, ensure_kernelspec, launcher, provisioner

# The real server with fewer libraries: its processes are what most tests are about.
LIGHT_SERVER = """
import sys
from opsplaybook.batch.kernels import preload, server
preload.LIBRARIES = (
    "numpy", "matplotlib", "ipykernel.debugger", "ipykernel.ipkernel", "ipykernel.kernelapp"
)
preload.package_modules = lambda: ()
server.main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
"""


def light_server_command(listener: int, folder: Path) -> list[str]:
    arguments = [str(listener), str(os.getpid()), str(folder)]
    return [sys.executable, "-P", "-c", LIGHT_SERVER, *arguments]


def server_folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("opb-*"))


@pytest.fixture(scope="session", autouse=True)
def own_temporary_folder() -> Iterator[None]:
    """Let kernel folders be made where no other program makes any."""
    made = tempfile.TemporaryDirectory(prefix="k", ignore_cleanup_errors=True)
    with made as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def kernelspec() -> Path:
    return ensure_kernelspec()


@pytest.fixture(scope="session")
def light_server_code() -> str:
    return LIGHT_SERVER


@contextlib.contextmanager
def own_launcher(command: Callable | None = None) -> Iterator[launcher.KernelLauncher]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(launcher.ADDRESS_VARIABLE, raising=False)
        own = launcher.KernelLauncher()
        patch.setattr(provisioner, "launcher", own)
        if command is not None:
            patch.setattr(launcher, "_server_command", command)
        yield own
        own.stop()


@pytest.fixture(scope="module")
def light() -> Iterator[launcher.KernelLauncher]:
    """A launcher whose server has only the libraries that a kernel needs."""
    with own_launcher(light_server_command) as own:
        yield own


@pytest.fixture(scope="module")
def full() -> Iterator[launcher.KernelLauncher]:
    """A launcher whose server has imported everything."""
    with own_launcher() as own:
        yield own


@pytest.fixture
def fresh_light() -> Iterator[launcher.KernelLauncher]:
    """A launcher without a server yet, for tests that end the server."""
    with own_launcher(light_server_command) as own:
        yield own


@pytest.fixture
def run() -> Callable[..., str]:
    def run_code(client, code: str) -> str:
        texts = []

        def hook(message):
            content = message["content"]
            texts.append(content.get("text") or "\n".join(content.get("traceback", [])))

        client.execute_interactive(code, output_hook=hook, timeout=20)
        return "".join(texts).strip()

    return run_code


@pytest.fixture
def kernel() -> Iterator[Callable]:
    """Start kernels that are shut down at the end of the test."""
    started = []

    def start(**options):
        manager, client = start_new_kernel(kernel_name=KERNEL_NAME, **options)
        started.append((manager, client))
        return manager, client

    yield start
    for manager, client in started:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


@pytest.fixture
def wait_until() -> Callable:
    def wait(condition: Callable[[], bool], *, seconds: float = 5.0) -> bool:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return wait


@pytest.fixture
def running() -> Callable[[int], bool]:
    def is_running(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return is_running


@pytest.fixture
def new_folders() -> Callable[[], set[Path]]:
    """Folders in the temporary folder that this test made and that are still there."""
    before = server_folders()
    return lambda: server_folders() - before
