"""All cells at once give what nbclient gives with one after the other."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from opsplaybook.batch.cells import execute_all
from opsplaybook.batch.kernels import FastKernelManager

CELLS = [
    ("import sys, time, os\nprint('a'); sys.stderr.write('warn\\n'); print('b')\n1 + 1", []),
    ("handle = display('first', display_id=True)\nprint('x', flush=True)\nprint('y')", []),
    ("handle.update('second')", []),
    ("raise ValueError('expected')", ["raises-exception"]),
    ("never = 1", ["skip-execution"]),
    ("", []),
    ("'never' in globals(), In[-2]", []),
]


def notebook_of(cells):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_markdown_cell("# Title")]
    for source, tags in cells:
        notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}))
    return notebook


def run(notebook, *, at_once, seconds=20.0):
    """Execute a notebook; return the positions in the order in which they started."""
    client = NotebookClient(
        notebook,
        kernel_name="opsplaybook",
        kernel_manager_class=FastKernelManager,
        shutdown_kernel="immediate",
        record_timing=False,
    )
    started = []
    with client.setup_kernel():
        execute_all(client, started=started.append, seconds=lambda: seconds, at_once=at_once)
    return started


@pytest.mark.parametrize("at_once", [True, False])
def test_outputs_are_those_of_nbclient(at_once):
    expected = notebook_of(CELLS)
    NotebookClient(
        expected, kernel_name="opsplaybook", record_timing=False, coalesce_streams=True
    ).execute()
    notebook = notebook_of(CELLS)
    assert run(notebook, at_once=at_once) == [1, 2, 3, 4, 7]
    for ours, theirs in zip(notebook.cells[1:], expected.cells[1:], strict=True):
        assert ours.get("execution_count") == theirs.get("execution_count")
        for output in (*ours.outputs, *theirs.outputs):
            output.pop("traceback", None)
        by_kind = {str(output) for output in theirs.outputs}
        assert {str(output) for output in ours.outputs} == by_kind


@pytest.mark.parametrize("at_once", [True, False])
def test_nothing_runs_after_an_error(at_once, tmp_path):
    proof = tmp_path / "proof"
    cells = [("x = 1", []), ("1 / 0", []), (f"open({str(proof)!r}, 'w')", [])]
    notebook = notebook_of(cells)
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run(notebook, at_once=at_once)
    assert not proof.exists()
    assert notebook.cells[2].outputs[0].ename == "ZeroDivisionError"
    assert notebook.cells[3].outputs == []


def test_each_cell_has_its_own_time():
    cells = [("import time; time.sleep(0.8)", [])] * 4
    assert run(notebook_of(cells), at_once=True, seconds=3.0) == [1, 2, 3, 4]
    with pytest.raises(CellTimeoutError):
        run(notebook_of([("import time; time.sleep(60)", [])]), at_once=True, seconds=0.5)


def test_a_dead_kernel_is_noticed():
    with pytest.raises(DeadKernelError):
        run(notebook_of([("import os; os._exit(1)", []), ("1", [])]), at_once=True)
