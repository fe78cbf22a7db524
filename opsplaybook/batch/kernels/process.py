"""A forked kernel, seen from the process that asked for it."""

import asyncio
import contextlib
import json
import os
import select
import signal
import socket

_LINE_BYTES = 4096


class ForkedProcess:
    """A kernel with the face of `subprocess.Popen`, as jupyter_client uses it.

    Its connection to the kernel server is its life: the server ends the kernel when the
    connection closes, and reports the exit code on it when the kernel ends.

    Parameters
    ----------
    connection : socket.socket
        Connection on which the kernel was asked for; not blocking.
    """

    stdin = None
    stdout = None
    stderr = None

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = b""
        self.pid = 0
        self.returncode: int | None = None

    async def started(self, *, timeout_seconds: float) -> None:
        """Wait until the kernel says that its sockets are bound.

        Raises
        ------
        ConnectionError
            If the server ended before the kernel was there.
        RuntimeError
            If the kernel ended while it started, the system had no process for it, or the time
            is over.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                while not self.pid and self.returncode is None:
                    if not await self._receive():
                        raise ConnectionError("the kernel server ended")
        except TimeoutError:
            raise RuntimeError(f"no kernel within {timeout_seconds:g} s") from None
        if not self.pid:
            raise RuntimeError(
                f"the kernel ended with code {self.returncode} while it started; "
                "its error is on the standard error stream"
            )

    async def ended(self, *, timeout_seconds: float) -> bool:
        """Wait until the kernel has ended; False if the time was over first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while self.returncode is None:
                    await self._receive()
        return self.returncode is not None

    def poll(self) -> int | None:
        """Return the exit code (minus the signal if killed by one), or None while it runs."""
        while self.returncode is None:
            try:
                self._take(self._connection.recv(_LINE_BYTES))
            except BlockingIOError:
                return None
            except ConnectionError:
                self._take(b"")
        return self.returncode

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        while self.poll() is None:
            select.select([self._connection], [], [])
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)

    async def _receive(self) -> bool:
        """Read once; False when nothing more will come."""
        try:
            data = await asyncio.get_running_loop().sock_recv(self._connection, _LINE_BYTES)
        except ConnectionError:
            data = b""
        self._take(data)
        return bool(data)

    def _take(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "refused" in message:
                raise RuntimeError(f"no process for another kernel: {message['refused']}")
            self.pid = message.get("pid", self.pid)
            self.returncode = message.get("exit", self.returncode)
        if not data and self.pid and self.returncode is None:
            self._lost()
        if self.returncode is not None:
            self._connection.close()

    def _lost(self) -> None:
        """End a kernel whose server is gone: nobody could report its end."""
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.pid, signal.SIGKILL)
        self.returncode = -signal.SIGKILL
