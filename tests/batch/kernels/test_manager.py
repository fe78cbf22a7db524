"""Programs that run notebooks use the kernel as any other; the fast manager saves pauses."""

import asyncio
import os
import time

import nbformat
import papermill
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from opsplaybook.batch.kernels import KERNEL_NAME, FastKernelManager


@pytest.fixture(autouse=True)
def _light(light):
    return light


def notebook(*cells: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "x"}},
    )


def fast_client(*cells: str, **options) -> NotebookClient:
    return NotebookClient(
        notebook(*cells),
        kernel_name=KERNEL_NAME,
        kernel_manager_class=FastKernelManager,
        shutdown_kernel="immediate",
        **options,
    )


def test_papermill_runs_unchanged(tmp_path, new_folders):
    parameters = nbformat.v4.new_code_cell("name = 'x'", metadata={"tags": ["parameters"]})
    source = notebook("print('hello', name)")
    source.cells.insert(0, parameters)
    nbformat.write(source, tmp_path / "in.ipynb")
    ran = papermill.execute_notebook(
        tmp_path / "in.ipynb",
        tmp_path / "out.ipynb",
        parameters={"name": "Köln"},
        kernel_name=KERNEL_NAME,
        progress_bar=False,
    )
    assert ran.cells[-1].outputs[0].text == "hello Köln\n"
    assert not [folder for folder in new_folders() if not (folder / "server").exists()]


def test_papermill_reports_a_failing_cell(tmp_path):
    nbformat.write(notebook("1 / 0", "print('not run')"), tmp_path / "in.ipynb")
    with pytest.raises(papermill.PapermillExecutionError, match="ZeroDivisionError"):
        papermill.execute_notebook(
            tmp_path / "in.ipynb", None, kernel_name=KERNEL_NAME, progress_bar=False
        )


def test_the_fast_manager_runs_a_notebook_with_all_its_output():
    client = fast_client("print('first')", "x = 1\nx + 1")
    client.execute()
    outputs = [cell.outputs[0] for cell in client.nb.cells]
    assert outputs[0].text == "first\n"
    assert outputs[1].data["text/plain"] == "2"


def test_the_fast_manager_waits_for_what_the_last_cell_sent():
    client = fast_client("for i in range(3000): print(i)")
    client.execute()
    text = "".join(output.text for output in client.nb.cells[0].outputs)
    assert text.split() == [str(i) for i in range(3000)]


@pytest.mark.parametrize("code", ["import os; os._exit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_nbclient_notices_a_dead_kernel_at_once(code):
    started = time.monotonic()
    with pytest.raises(DeadKernelError):
        fast_client(code, timeout=60).execute()
    # Long before the limit of the cell: nbclient looks once a second.
    assert time.monotonic() - started < 20


def test_the_fast_client_gives_up_on_a_kernel_that_dies_first():
    async def start_and_die() -> None:
        manager = FastKernelManager(kernel_name=KERNEL_NAME)
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        try:
            os.kill(manager.provisioner.pid, 9)
            with pytest.raises(RuntimeError, match="died before replying"):
                await client.wait_for_ready(timeout=20)
        finally:
            client.stop_channels()
            await manager.cleanup_resources()

    asyncio.run(start_and_die())


def test_the_fast_manager_manages_an_ordinary_kernel_too(monkeypatch):
    monkeypatch.setenv("OPSPLAYBOOK_KERNEL", "ordinary")
    client = fast_client("import sys; print(sys.argv[0])")
    client.execute()
    assert "ipykernel_launcher.py" in client.nb.cells[0].outputs[0].text
