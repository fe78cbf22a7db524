"""From asking for a kernel to its first result, forked and ordinary."""

import time
from statistics import median

import nbformat
import pytest
from nbclient import NotebookClient

from opsplaybook.batch.kernels import FastKernelManager, start_server

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

STARTS = 10
FIRST_CELL = (
    "import pandas, matplotlib.pyplot, statsmodels.api\nimport opsplaybook.playbooks\n1 + 1"
)


def first_result_seconds(kernel_name: str, **options: object) -> float:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(FIRST_CELL)])
    client = NotebookClient(notebook, kernel_name=kernel_name, **options)
    began = time.perf_counter()
    with client.setup_kernel():
        client.execute_cell(notebook.cells[0], 0)
        seconds = time.perf_counter() - began
    assert notebook.cells[0].outputs[0]["data"]["text/plain"] == "2"
    return seconds


def test_kernel_start_to_first_result(bench):
    start_server()
    fast = {"kernel_manager_class": FastKernelManager, "shutdown_kernel": "immediate"}
    first_result_seconds("opsplaybook", **fast)
    forked = median(first_result_seconds("opsplaybook", **fast) for _ in range(STARTS))
    ordinary = median(first_result_seconds("python3") for _ in range(STARTS // 2))
    bench.report(
        [
            f"kernel to first result, forked:   {forked * 1000:6.0f} ms",
            f"kernel to first result, ordinary: {ordinary * 1000:6.0f} ms",
            f"ordinary against forked: {ordinary / forked:.1f} times",
        ]
    )
    assert ordinary / forked >= 5
