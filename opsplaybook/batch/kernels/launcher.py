"""The side of the process that wants kernels: start the server, and ask it for a kernel.

A process starts at most one server. Processes that it starts later find the server through an
environment variable, so that the workers of a batch share one.
"""

import array
import asyncio
import atexit
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opsplaybook.batch.kernels.folders import (
    environment_mark,
    private_folder,
    remove_server_folders,
)
from opsplaybook.batch.kernels.messages import KernelRequest, encode_request
from opsplaybook.batch.kernels.process import ForkedProcess
from opsplaybook.batch.kernels.settings import REHEARSAL_VARIABLE, SERVER_ENVIRONMENT

ADDRESS_VARIABLE = "OPSPLAYBOOK_KERNEL_SERVER"
"""Environment variable with the address of the server that a process should use."""

START_SECONDS = 120.0
"""How long a kernel may take, the first one including the server's imports."""

_STOP_SECONDS = 5.0
_BACKLOG = 128
_COMPLAINT_CHARACTERS = 300
_SERVER_MODULE = "opsplaybook.batch.kernels.server"


class ForkUnavailableError(RuntimeError):
    """No kernel can be forked here; the text says why."""


@dataclass(frozen=True, slots=True)
class ServerHandle:
    """A kernel server that this process can ask.

    Attributes
    ----------
    folder : Path
        Private folder of the server.
    process : subprocess.Popen or None
        The server if this process started it, None if another one did.
    owner : int
        Process that made this handle: a forked copy of it must not stop the server.
    """

    folder: Path
    process: subprocess.Popen | None
    owner: int

    @property
    def address(self) -> str:
        """Path of the server's socket."""
        return str(self.folder / "server")

    def complaint(self) -> str:
        """Quote the last line of what the server wrote before it ended."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self.folder / "log").read_text(errors="replace").strip().splitlines()
            if lines:
                return lines[-1][:_COMPLAINT_CHARACTERS]
        return "it left no message"

    def stop(self) -> None:
        """End the server if this process started it, with all its kernels and files."""
        if self.process is not None and self.owner == os.getpid():
            _end(self.process)
            remove_server_folders(self.folder)

    def discard(self) -> None:
        """Clear up after a lost server; its kernels may be restarted in their folders."""
        if self.process is not None and self.owner == os.getpid():
            _end(self.process)
            shutil.rmtree(self.folder, ignore_errors=True)


class KernelLauncher:
    """Keep one kernel server per process, and fork kernels from it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: ServerHandle | None = None
        self._served = False
        self._failure: str | None = None

    def server(self, playbook: str = "") -> ServerHandle:
        """Return the server to ask; start one if there is none.

        Parameters
        ----------
        playbook : str, optional
            Name of a playbook that a server which is started now rehearses.

        Raises
        ------
        ForkUnavailableError
            If kernels cannot be forked on this system, or the server failed to start before.
        """
        with self._lock:
            if self._failure is not None:
                raise ForkUnavailableError(self._failure)
            if self._server is None:
                self._server = _inherited_server() or _start_server(playbook)
                os.environ[ADDRESS_VARIABLE] = self._server.address
            return self._server

    async def fork(self, request: KernelRequest, *, streams: Sequence[int]) -> ForkedProcess:
        """Ask for a kernel and wait until its sockets are bound.

        A server that worked before and is gone, killed by the system for example, is replaced.

        Parameters
        ----------
        request : KernelRequest
            What the kernel starts with.
        streams : sequence of int
            File descriptors for its standard output and standard error.

        Returns
        -------
        ForkedProcess
            The running kernel.

        Raises
        ------
        ForkUnavailableError
            If there is no server and none can be started.
        RuntimeError
            If the kernel itself ended while it started, or was not ready in time.
        """
        while True:
            server = self.server()
            try:
                process = await _ask(server, request, streams=streams)
            except (ConnectionError, FileNotFoundError):
                self._drop(server)
            else:
                self._served = True
                return process

    def stop(self) -> None:
        """End the server that this process started; the next kernel starts a new one."""
        with self._lock:
            server, self._server, self._served, self._failure = self._server, None, False, None
        if server is not None:
            _forget_address(server)
            server.stop()

    def _drop(self, server: ServerHandle) -> None:
        with self._lock:
            if self._server is server:
                self._server = None
                _forget_address(server)
                if not self._served and server.process is not None:
                    self._failure = f"the kernel server did not start: {server.complaint()}"
                self._served = False
        server.discard()


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _forget_address(server: ServerHandle) -> None:
    if os.environ.get(ADDRESS_VARIABLE) == server.address:
        del os.environ[ADDRESS_VARIABLE]


async def _ask(
    server: ServerHandle, request: KernelRequest, *, streams: Sequence[int]
) -> ForkedProcess:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(server.address)
        connection.settimeout(0.0)
        await _send(connection, encode_request(request), streams=streams)
        process = ForkedProcess(connection)
        await process.started(timeout_seconds=START_SECONDS)
    except BaseException:
        connection.close()
        raise
    return process


async def _send(connection: socket.socket, data: bytes, *, streams: Sequence[int]) -> None:
    attachment = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))
    rest = data[connection.sendmsg([data], [attachment]) :]
    # A server that refuses has closed its end by now: even sending nothing would fail.
    if rest:
        await asyncio.get_running_loop().sock_sendall(connection, rest)


def _inherited_server() -> ServerHandle | None:
    address = os.environ.get(ADDRESS_VARIABLE, "")
    folder = Path(address).parent
    # A server of another environment has other libraries, and a dead one does not answer.
    if not folder.name.startswith(f"opb-{environment_mark()}-"):
        return None
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(address)
        except OSError:
            return None
    return ServerHandle(folder, process=None, owner=os.getpid())


def _start_server(playbook: str = "") -> ServerHandle:
    if sys.platform != "linux":
        raise ForkUnavailableError(f"forked kernels need Linux, and this is {sys.platform}")
    folder = private_folder()
    with socket.socket(socket.AF_UNIX) as listener, (folder / "log").open("wb") as log:
        listener.bind(str(folder / "server"))
        listener.listen(_BACKLOG)
        process = subprocess.Popen(  # noqa: S603  (this interpreter, this package)
            _server_command(listener.fileno(), folder),
            pass_fds=(listener.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **SERVER_ENVIRONMENT, REHEARSAL_VARIABLE: playbook},
            # Ctrl-C in a terminal is for the process that waits for kernels, not for the server.
            start_new_session=True,
        )
    return ServerHandle(folder, process=process, owner=os.getpid())


def _server_command(listener: int, folder: Path) -> list[str]:
    options = ["-P", "-Xfrozen_modules=off", "-m", _SERVER_MODULE]
    return [sys.executable, *options, str(listener), str(os.getpid()), str(folder)]


launcher = KernelLauncher()
"""The launcher of this process."""

atexit.register(launcher.stop)


def start_server(playbook: str = "") -> bool:
    """Start the kernel server now, so that its imports run beside other work.

    Parameters
    ----------
    playbook : str, optional
        Name of a playbook that the server rehearses before its first kernel: worth its while
        where many runs follow.

    Returns
    -------
    bool
        False if kernels cannot be forked here; they are ordinary ones then.
    """
    try:
        launcher.server(playbook)
    except ForkUnavailableError:
        return False
    return True


def stop_server() -> None:
    """End the server that this process started, if any, with all its kernels and files."""
    launcher.stop()
