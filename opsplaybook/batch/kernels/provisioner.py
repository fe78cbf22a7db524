"""The kernel provisioner: jupyter_client asks it for a kernel, it forks one.

Registered as ``opsplaybook-forked`` and named by the kernelspec ``opsplaybook``, so papermill,
nbclient, nbval and JupyterLab use it without knowing. Where nothing can be forked it starts an
ordinary kernel, says so once through logging, and keeps the reason in `ordinary_because`.
"""

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.localinterfaces import localhost
from jupyter_client.provisioning import LocalProvisioner

from opsplaybook.batch.kernels.folders import private_folder
from opsplaybook.batch.kernels.launcher import ForkUnavailableError, ServerHandle, launcher
from opsplaybook.batch.kernels.messages import KernelRequest
from opsplaybook.batch.kernels.process import ForkedProcess
from opsplaybook.errors import UsageError, quote

KERNEL_VARIABLE = "OPSPLAYBOOK_KERNEL"
"""Environment variable: ``forked`` (as when unset) or ``ordinary``."""

_IPYKERNEL = "ipykernel_launcher"
_FORKABLE = {"cwd", "env", "stdout", "stderr", "kernel_id"}
_KILLED_SECONDS = 2.0

_log = logging.getLogger(__name__)
_said: set[str] = set()


class ForkedProvisioner(LocalProvisioner):
    """Provide a kernel forked from the kernel server, over private sockets.

    Attributes
    ----------
    ordinary_because : str or None
        Why the kernel is an ordinary one; None if it is forked.
    folder : Path or None
        Private folder of the kernel's sockets, while there is one.
    """

    ordinary_because: str | None = None
    folder: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the kind of kernel, its private sockets and its environment."""
        try:
            server, self.ordinary_because = _server().folder, None
        except ForkUnavailableError as error:
            server, self.ordinary_because = None, str(error)
        if self.folder is None:
            self.folder = private_folder(server)
        environment = dict(os.environ if kwargs.get("env") is None else kwargs["env"])
        # HOME may be read-only, and a personal profile would change what a playbook does.
        environment.setdefault("IPYTHONDIR", str(self.folder / "ipython"))
        try:
            self._use_private_sockets(self.folder)
            return await super().pre_launch(**(kwargs | {"env": environment}))
        except BaseException:
            self._remove_folder()
            raise

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel, or start an ordinary one where that is impossible."""
        try:
            return await self._fork_or_spawn(cmd, **kwargs)
        except BaseException:
            self._remove_folder()
            raise

    async def kill(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002  (inherited)
        """Kill the kernel and what it started; a forked one is reported dead at once."""
        await super().kill(restart)
        if isinstance(self.process, ForkedProcess):
            await self.process.ended(timeout_seconds=_KILLED_SECONDS)

    async def cleanup(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002  (inherited)
        """Remove the kernel's folder, unless the kernel is about to come back."""
        await super().cleanup(restart)
        if not restart:
            self._remove_folder()

    async def _fork_or_spawn(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        if self.ordinary_because is None and _IPYKERNEL not in cmd:
            self.ordinary_because = "the kernelspec does not start ipykernel"
        if self.ordinary_because is None and kwargs.keys() - _FORKABLE:
            self.ordinary_because = f"it has options {sorted(kwargs.keys() - _FORKABLE)}"
        if self.ordinary_because is None:
            try:
                return await self._fork(cmd, **kwargs)
            except ForkUnavailableError as error:
                self.ordinary_because = str(error)
        _say_once(self.ordinary_because)
        return await super().launch_kernel(cmd, **kwargs)

    async def _fork(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        self.cwd = Path(kwargs.get("cwd") or Path.cwd()).resolve(strict=True)
        request = KernelRequest(
            arguments=tuple(cmd[cmd.index(_IPYKERNEL) + 1 :]),
            environment=kwargs["env"],
            working_folder=str(self.cwd),
            socket_folder=str(self.folder),
            connection_file=self.parent.connection_file,
        )
        streams = (_descriptor(kwargs.get("stdout"), 1), _descriptor(kwargs.get("stderr"), 2))
        self.process = await launcher.fork(request, streams=streams)
        # A kernel leads its own process group, so that a signal reaches what it started.
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    def _use_private_sockets(self, folder: Path) -> None:
        """Let the manager talk over sockets in a private folder instead of open TCP ports.

        Whoever set ports or a network address wants TCP and keeps it.
        """
        manager = self.parent
        asked_for_tcp = any(manager.ports) or manager.ip != localhost()
        if sys.platform == "win32" or manager.transport == "ipc" or asked_for_tcp:
            return
        manager.cache_ports = False
        manager.transport = "ipc"
        manager.ip = str(folder / "s")
        if not manager.connection_file:
            manager.connection_file = str(folder / "connection.json")

    def _remove_folder(self) -> None:
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None


def _server() -> ServerHandle:
    choice = os.environ.get(KERNEL_VARIABLE, "forked")
    if choice not in {"forked", "ordinary"}:
        raise UsageError(
            f"{quote(choice)} is no kind of kernel",
            where=f"environment variable {KERNEL_VARIABLE}",
            remedy="set it to forked or ordinary, or unset it",
        )
    if choice == "ordinary":
        raise ForkUnavailableError(f"{KERNEL_VARIABLE}=ordinary")
    return launcher.server()


def _say_once(reason: str) -> None:
    if reason not in _said:
        _said.add(reason)
        _log.warning("Kernels are ordinary ones, which start slower: %s", reason)


def _descriptor(stream: Any, standard: int) -> int:
    """Return the file descriptor of a stream as `subprocess.Popen` takes it."""
    if stream is None:
        return standard
    return stream if isinstance(stream, int) else stream.fileno()
