"""A kernel manager and client without fixed waiting, for the runner.

Any Jupyter program can use the kernels; these save the fixed pauses that jupyter_client takes
for kernels it knows nothing about. Give ``kernel_manager_class=FastKernelManager`` and
``shutdown_kernel="immediate"`` to nbclient or, as engine options, to papermill.
"""

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from traitlets import DottedObjectName, Type

_REPLY_SECONDS = 1.0
_IOPUB_SECONDS = 0.5


class FastKernelClient(AsyncKernelClient):
    """A client that is ready when the kernel's answer and its idle message are both there."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers on shell and IOPub.

        The idle message of the answered request proves that output arrives, and nothing of
        earlier requests can follow it; so there is no need to listen for 0.2 s of silence.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most. Default: as long as the kernel lives.

        Raises
        ------
        RuntimeError
            If the kernel dies, or does not answer in time.
        """
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        while not await self._answers():
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > deadline:
                raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")

    async def _answers(self) -> bool:
        request = self.kernel_info()
        try:
            reply = await self._message(self.get_shell_msg, request, seconds=_REPLY_SECONDS)
            status = None
            while status != "idle":
                message = await self._message(self.get_iopub_msg, request, seconds=_IOPUB_SECONDS)
                status = message["content"].get("execution_state")
        except Empty:
            return False
        self._handle_kernel_info_reply(reply)
        return True

    async def _message(self, receive: Any, request: str, *, seconds: float) -> dict[str, Any]:
        """Return the next message that belongs to the request, passing over others."""
        while True:
            message = await receive(timeout=seconds)
            if message["parent_header"].get("msg_id") == request:
                return message


class FastKernelManager(AsyncKernelManager):
    """An asynchronous kernel manager whose clients are ready without fixed waiting."""

    client_class = DottedObjectName("opsplaybook.batch.kernels.manager.FastKernelClient")
    client_factory = Type(klass=FastKernelClient)
