"""The kernel server: imports once, then forks a kernel per request.

A small relative of ``multiprocessing.forkserver``, which it differs from in what kernels need:
it proves that no thread runs before it serves, it ends a kernel with everything the kernel
started when the asking process dies, however that died, and it leaves no file behind.

Run by `launcher` as ``python -P -m opsplaybook.batch.kernels.server LISTENER OWNER FOLDER``.
"""

import contextlib
import os
import selectors
import shutil
import signal
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from opsplaybook.batch.kernels import child, preload
from opsplaybook.batch.kernels.folders import remove_server_folders
from opsplaybook.batch.kernels.messages import KernelRequest, encode_line, receive_request
from opsplaybook.batch.kernels.pages import TrialError
from opsplaybook.batch.kernels.rehearsal import RehearsalError
from opsplaybook.batch.kernels.settings import REHEARSAL_VARIABLE

REQUEST_SECONDS = 10.0
"""How long a connected process may take to send its request."""

_CREDENTIALS = struct.Struct("3i")


class StopServing(Exception):  # noqa: N818  (a signal to end, not an error)
    """The server was told to end, or its owner is gone."""


@dataclass(slots=True)
class ForkedKernel:
    """A running kernel, as the server knows it."""

    pid: int
    request: KernelRequest
    connection: socket.socket
    descriptor: int
    asking_descriptor: int | None = None
    abandoned: bool = False


class KernelServer:
    """Fork kernels for the processes that connect, until the owner is gone.

    Parameters
    ----------
    listener : socket.socket
        A listening Unix socket.
    owner : int
        Process that started the server; the server ends when it ends.
    folder : Path
        Private folder of the server, removed at the end.
    """

    def __init__(self, listener: socket.socket, *, owner: int, folder: Path) -> None:
        self._listener = listener
        self._folder = folder
        self._kernels: dict[int, ForkedKernel] = {}
        self._selector = selectors.DefaultSelector()
        self._owner = os.pidfd_open(owner)
        self._watch(listener, self._accept)
        self._watch(self._owner, self._stop)

    def serve(self) -> child.Birth | None:
        """Serve until the end; returns a second time in every forked kernel.

        Returns
        -------
        child.Birth or None
            In the kernel: what it starts with. In the server: None, when all is over.
        """
        signal.signal(signal.SIGTERM, self._stop)
        try:
            while True:
                for key, _ in self._selector.select():
                    birth = key.data()
                    if birth is not None:
                        return birth
        except StopServing:
            self._end()
        return None

    def _watch(self, source: socket.socket | int, react: Callable[[], object]) -> None:
        self._selector.register(source, selectors.EVENT_READ, react)

    def _stop(self, *_: object) -> None:
        raise StopServing

    def _accept(self) -> child.Birth | None:
        connection, _ = self._listener.accept()
        connection.settimeout(REQUEST_SECONDS)
        asking, user, _ = _CREDENTIALS.unpack(
            connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        if user != os.getuid():
            connection.close()
            return None
        try:
            request, streams = receive_request(connection)
        except (OSError, ValueError):
            # The process gave up or died while it asked; there is nobody to answer.
            connection.close()
            return None
        return self._fork(request, connection, streams=streams, asking=asking)

    def _fork(
        self,
        request: KernelRequest,
        connection: socket.socket,
        *,
        streams: list[int],
        asking: int,
    ) -> child.Birth | None:
        try:
            pid = os.fork()
        except OSError as error:
            # No memory or process left now; the kernels that run are not concerned.
            _refuse(connection, streams, reason=str(error))
            return None
        if pid == 0:
            self._release()
            return child.Birth(request, connection, stdout=streams[0], stderr=streams[1])
        _close_all(streams)
        kernel = ForkedKernel(pid, request, connection, os.pidfd_open(pid))
        self._kernels[pid] = kernel
        self._watch(kernel.descriptor, lambda: self._reap(kernel))
        self._watch(connection, lambda: self._abandon(kernel))
        self._watch_asking(kernel, asking)
        return None

    def _watch_asking(self, kernel: ForkedKernel, asking: int) -> None:
        """Watch the process itself too: a copy that it forked may hold its connection open."""
        try:
            kernel.asking_descriptor = os.pidfd_open(asking)
        except ProcessLookupError:
            self._abandon(kernel)
        else:
            self._watch(kernel.asking_descriptor, lambda: self._abandon(kernel))

    def _unwatch_asking(self, kernel: ForkedKernel) -> None:
        self._selector.unregister(kernel.connection)
        if kernel.asking_descriptor is not None:
            self._selector.unregister(kernel.asking_descriptor)

    def _abandon(self, kernel: ForkedKernel) -> None:
        if kernel.abandoned or kernel.pid not in self._kernels:
            return
        kernel.abandoned = True
        self._unwatch_asking(kernel)
        _kill(kernel)

    def _reap(self, kernel: ForkedKernel) -> None:
        # The process is dead but not yet collected, so its number cannot belong to another.
        _kill(kernel)
        _, status = os.waitpid(kernel.pid, 0)
        with contextlib.suppress(OSError):
            kernel.connection.sendall(encode_line({"exit": os.waitstatus_to_exitcode(status)}))
        if kernel.abandoned:
            _remove_files(kernel.request)
        else:
            self._unwatch_asking(kernel)
        self._selector.unregister(kernel.descriptor)
        del self._kernels[kernel.pid]
        _close(kernel)

    def _end(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for kernel in list(self._kernels.values()):
            self._abandon(kernel)
            self._reap(kernel)
        remove_server_folders(self._folder)

    def _release(self) -> None:
        """Close, in a new kernel, what belongs to the server and to other kernels."""
        for kernel in self._kernels.values():
            _close(kernel)
        self._kernels.clear()
        self._selector.close()
        self._listener.close()
        os.close(self._owner)


def _kill(kernel: ForkedKernel) -> None:
    """Kill a kernel and what it started; both calls, since it may not lead a group yet."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(kernel.pid, signal.SIGKILL)


def _refuse(connection: socket.socket, streams: list[int], *, reason: str) -> None:
    _close_all(streams)
    with contextlib.suppress(OSError):
        connection.sendall(encode_line({"refused": reason}))
    connection.close()


def _close_all(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _close(kernel: ForkedKernel) -> None:
    kernel.connection.close()
    os.close(kernel.descriptor)
    if kernel.asking_descriptor is not None:
        os.close(kernel.asking_descriptor)


def _remove_files(request: KernelRequest) -> None:
    with contextlib.suppress(OSError):
        Path(request.connection_file).unlink()
    shutil.rmtree(request.socket_folder, ignore_errors=True)


def _preload(playbook: str, folder: Path) -> preload.Preloaded:
    try:
        return preload.preload(playbook, folder)
    except (preload.ThreadsRunningError, RehearsalError, TrialError) as error:
        if not playbook:
            raise
        # What was rehearsed in part must not be in any kernel.
        sys.stderr.write(f"started anew without a rehearsal of {playbook}: {error}\n")
        sys.stderr.flush()
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this very command


def main(listener: int, owner: int, folder: str) -> None:
    """Preload, serve, and in every forked kernel become that kernel."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        server = KernelServer(socket.socket(fileno=listener), owner=owner, folder=Path(folder))
    except ProcessLookupError:
        # The owner died at once.
        shutil.rmtree(folder, ignore_errors=True)
        return
    preloaded = _preload(os.environ.pop(REHEARSAL_VARIABLE, ""), Path(folder))
    birth = server.serve()
    if birth is not None:
        child.become_kernel(birth, preloaded)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
