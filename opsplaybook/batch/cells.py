"""All cells at once: the kernel has the next cell when one ends, and waits for nobody.

nbclient sends a cell, waits for its output and its reply, and sends the next. Here all cells are
sent first, and what comes back is put where it belongs, by nbclient's own methods. The kernel
executes them in order and, after an error, none of the rest: as if they had come one by one.
Only a kernel that is killed may take with it the news that a cell before had ended; so a run
whose kernel died is tried again with one cell after the other, and the cell that is named is the
one that it died in.
"""

import time
from collections.abc import Callable
from queue import Empty
from typing import Any

from jupyter_core.utils import ensure_async, run_sync
from nbclient import NotebookClient
from nbclient.exceptions import (
    CellExecutionComplete,
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)
from nbformat import NotebookNode

_LOOK_SECONDS = 1.0
_RAISES = "raises-exception"


async def _execute_all(
    client: NotebookClient,
    *,
    started: Callable[[int], None],
    seconds: Callable[[], float],
    at_once: bool,
) -> None:
    cells = {n: cell for n, cell in enumerate(client.nb.cells) if _runs(client, cell)}
    sent = {n: await _send(client, cell) for n, cell in cells.items()} if at_once else {}
    for position, cell in cells.items():
        started(position)
        ends_at = time.monotonic() + seconds()
        request = sent.get(position) or await _send(client, cell)
        await _finish(client, cell, position, request, ends_at=ends_at)


execute_all = run_sync(_execute_all)
"""Execute the cells of a client whose kernel is ready.

Parameters
----------
client : NotebookClient
    Within its ``setup_kernel``.
started : callable
    Hears the position of the cell whose turn it is.
seconds : callable
    Says how long that cell may take.
at_once : bool
    False to send each cell when the one before has ended.

Raises
------
CellExecutionError
    If a cell raised; its outputs hold the traceback.
CellTimeoutError
    If a cell took too long; the kernel still runs.
DeadKernelError
    If the kernel died.
"""


def _runs(client: NotebookClient, cell: NotebookNode) -> bool:
    skipped = client.skip_cells_with_tag in cell.metadata.get("tags", [])
    return cell.cell_type == "code" and bool(cell.source.strip()) and not skipped


async def _send(client: NotebookClient, cell: NotebookNode) -> str:
    stop = _RAISES not in cell.metadata.get("tags", [])
    return await ensure_async(client.kc.execute(cell.source, stop_on_error=stop))


async def _finish(
    client: NotebookClient, cell: NotebookNode, position: int, request: str, *, ends_at: float
) -> None:
    """Take in a cell's output until it is complete, then its reply."""
    client.clear_before_next_output = False
    try:
        while True:
            message = await _next(client, client.kc.iopub_channel, request, ends_at, cell)
            client.process_message(message, cell, position)
    except CellExecutionComplete:
        cell.outputs = _joined(cell.outputs)
    reply = await _next(client, client.kc.shell_channel, request, ends_at, cell)
    content = reply["content"]
    if content["status"] != "ok" and _RAISES not in cell.metadata.get("tags", []):
        raise CellExecutionError.from_cell_and_msg(cell, content)


async def _next(
    client: NotebookClient, channel: Any, request: str, ends_at: float, cell: NotebookNode
) -> dict[str, Any]:
    """Return the next message that answers a request, passing over others."""
    while True:
        left = ends_at - time.monotonic()
        if left <= 0:
            raise CellTimeoutError.error_from_timeout_and_cell("Cell took too long", 0, cell)
        try:
            message = await ensure_async(channel.get_msg(timeout=min(left, _LOOK_SECONDS)))
        except Empty:
            if not await ensure_async(client.kc.is_alive()):
                raise DeadKernelError("Kernel died") from None
            continue
        if message["parent_header"].get("msg_id") == request:
            return message


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join the pieces in which a stream arrived: one output per stream, at its first place."""
    joined: list[NotebookNode] = []
    streams: dict[str, list[str]] = {}
    for output in outputs:
        if output.output_type != "stream":
            joined.append(output)
            continue
        if output.name not in streams:
            joined.append(output)
        streams.setdefault(output.name, []).append(output.text)
    for output in joined:
        if output.output_type == "stream":
            output.text = "".join(streams[output.name])
    return joined
