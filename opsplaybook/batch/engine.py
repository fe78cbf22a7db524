"""A papermill engine that knows the truth: what each cell did, and how the run ended.

papermill's own engine marks every cell completed after a kernel died or a cell ran out of time,
and saves the notebook twice per cell. This one executes through nbclient, keeps what happened in
an `Execution`, writes honest cell states into the notebook, and saves nothing: the caller does,
once.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.engines import Engine, papermill_engines
from papermill.execute import execute_notebook

from opsplaybook.batch import leash
from opsplaybook.batch.cells import execute_all
from opsplaybook.batch.kernels import KERNEL_NAME, FastKernelManager, ensure_kernelspec
from opsplaybook.batch.records import Failure, Job, Status
from opsplaybook.batch.turns import own_turn

ENGINE = "opsplaybook"

# What nbclient logs stands in the manifest, with its cell.
_log = logging.getLogger(__name__)
_log.setLevel(logging.CRITICAL)

_VALUE_CHARACTERS = 2_000
_START_SECONDS = 180.0
_SMALLEST_SECONDS = 0.05
_KERNEL_OPTIONS = [
    # What a batch executed is nothing that an analyst typed.
    "--HistoryManager.enabled=False",
    # The pause before a reply is for clients that end a cell with it; `cells` waits for the output.
    "--IPythonKernel._execute_sleep=0",
]
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"Cell In\s*\[\d+\], line (\d+)")


Heard = Callable[[int, int], None]


@dataclass(slots=True)
class Execution:
    """What happened while a notebook ran; filled in as it happens.

    Attributes
    ----------
    notebook : NotebookNode or None
        With the outputs of all cells that ran.
    status : Status
    failure : Failure or None
    cell : int or None
        Position of the running cell.
    kernel : str
        Kind of kernel.
    seconds : dict of str to float
        Duration per phase.
    cells_at_once : bool
        Whether all cells are sent to the kernel together; see `cells`.
    heard : callable, optional
        Hears the number of the cell that runs, from 1, and how many there are.
    """

    notebook: NotebookNode | None = None
    status: Status = "succeeded"
    failure: Failure | None = None
    cell: int | None = None
    kernel: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    cells_at_once: bool = True
    heard: Heard | None = None

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(time.perf_counter() - began, 4)

    def start_cell(self, position: int) -> None:
        """Note which cell runs."""
        self.cell = position
        if self.heard is not None and self.notebook is not None:
            self.heard(position + 1, len(self.notebook.cells))

    def end(self, status: Status, name: str, value: str, source_line: str = "") -> None:
        """Record why the run did not succeed."""
        self.status = status
        self.failure = Failure(name, bounded(value), self.cell, source_line)


class _Ended(Exception):  # noqa: N818 - a way out of papermill, after `Execution` has the facts
    pass


class TruthfulEngine(Engine):
    """Execute a notebook for papermill; see the module."""

    @classmethod
    def execute_notebook(
        cls,
        nb: NotebookNode,
        kernel_name: str,
        *,
        execution: Execution,
        job: Job,
        **_: object,
    ) -> NotebookNode:
        """Execute all cells; papermill calls it with options of its own, which do not apply.

        Raises
        ------
        _Ended
            Always: `execution` has the facts by then. papermill would go through the notebook
            once more and write it down, a second time and to nowhere.
        """
        execution.notebook = nb
        # papermill keeps paths of this machine here, and the whole input; neither leaves it.
        nb.metadata.papermill = {"parameters": nb.metadata.papermill.get("parameters", {})}
        _clear(nb)
        try:
            _execute_cells(nb, kernel_name, job, execution)
        except CellExecutionError as error:
            cell = nb.cells[execution.cell]
            execution.end("failed", error.ename, error.evalue, _source_line(cell))
        except CellTimeoutError:
            execution.end("timed-out", "TimeLimit", _limit_text(job, execution))
        except DeadKernelError:
            execution.end("killed", "KernelDied", _DIED)
        except RuntimeError as error:
            # jupyter_client has no class of its own for a kernel that never became ready.
            execution.end("killed", "KernelNotReady", str(error))
        _write_states(nb, execution)
        raise _Ended


_DIED = (
    "the kernel died: killed from outside, out of memory, a crash in native code, or the notebook "
    "ended its own process"
)


def run_notebook(job: Job, execution: Execution) -> None:
    """Inject the parameters and execute a job's notebook once, through papermill."""
    papermill_engines.register(ENGINE, TruthfulEngine)
    if job.kernel_name == KERNEL_NAME:
        ensure_kernelspec()
    notebook = nbformat.reads(job.notebook, as_version=4)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with suppress(_Ended):
        execute_notebook(
            notebook,
            None,
            parameters=dict(job.params),
            engine_name=ENGINE,
            kernel_name=job.kernel_name,
            language="python",
            request_save_on_cell_execute=False,
            progress_bar=False,
            execution=execution,
            job=job,
        )


def bounded(text: str) -> str:
    """Cut a text that goes into a manifest."""
    if len(text) <= _VALUE_CHARACTERS:
        return text
    return text[: _VALUE_CHARACTERS - 1] + "…"


def _execute_cells(nb: NotebookNode, kernel_name: str, job: Job, execution: Execution) -> None:
    client = _client(nb, kernel_name)
    environment = leash.environment(job.environment)
    began = time.perf_counter()
    with client.setup_kernel(cwd=job.working_directory, env=environment):
        execution.seconds["kernel"] = round(time.perf_counter() - began, 4)
        execution.kernel = _kind(client.km)
        with leash.holding(client.km, job.limits), ExitStack() as turn:
            with execution.phase("waiting"):
                turn.enter_context(own_turn())
            with execution.phase("cells"):
                _run_cells(client, job, execution)


def _run_cells(client: NotebookClient, job: Job, execution: Execution) -> None:
    execute_all(
        client,
        started=execution.start_cell,
        seconds=_time_limits(job),
        at_once=execution.cells_at_once,
    )
    execution.cell = None
    client.set_widgets_metadata()


def _client(nb: NotebookNode, kernel_name: str) -> NotebookClient:
    return NotebookClient(
        nb,
        kernel_name=kernel_name,
        kernel_manager_class=FastKernelManager,
        shutdown_kernel="immediate",
        startup_timeout=_START_SECONDS,
        record_timing=False,
        extra_arguments=_KERNEL_OPTIONS,
        log=_log,
    )


def _time_limits(job: Job) -> Callable[[], float]:
    ends_at = time.monotonic() + job.limits.run_seconds

    def seconds() -> float:
        left = max(ends_at - time.monotonic(), _SMALLEST_SECONDS)
        return min(job.limits.cell_seconds, left)

    return seconds


def _limit_text(job: Job, execution: Execution) -> str:
    limits = job.limits
    if execution.seconds.get("cells", 0.0) >= limits.run_seconds:
        return f"the run took longer than its limit of {limits.run_seconds:g} s"
    return f"the cell took longer than its limit of {limits.cell_seconds:g} s"


def _kind(manager: AsyncKernelManager) -> str:
    reason = getattr(manager.provisioner, "ordinary_because", "its kernelspec asks for no fork")
    return f"ordinary: {reason}" if reason else "forked"


def _clear(nb: NotebookNode) -> None:
    for cell in nb.cells:
        cell.metadata.pop("papermill", None)
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = []


def _write_states(nb: NotebookNode, execution: Execution) -> None:
    """Say in papermill's place, and in its words where it has them, what each cell did."""
    for position, cell in enumerate(nb.cells):
        if execution.cell is None or position < execution.cell:
            state = "completed"
        elif position == execution.cell:
            state = "completed" if execution.failure is None else execution.status
        else:
            state = "not-run"
        cell.metadata["papermill"] = {"status": state}
    nb.metadata.papermill["exception"] = execution.failure is not None


def _source_line(cell: NotebookNode) -> str:
    """Find the line of the cell that raised in the traceback among its outputs, if there is one."""
    lines = cell.source.splitlines()
    for output in cell.outputs:
        if output.output_type == "error":
            text = _ANSI.sub("", "\n".join(output.traceback))
            found = _LINE.search(text)
            if found and int(found[1]) <= len(lines):
                return lines[int(found[1]) - 1].strip()
    return ""
