"""What is printed arrives whole and in its place, though the streams sleep in between."""

import nbformat
import pytest
from ipykernel.iostream import OutStream
from nbclient import NotebookClient

from opsplaybook.batch.kernels import KERNEL_NAME, FastKernelManager
from opsplaybook.batch.kernels.streams import QuietStream

# One write each: Python's print makes two, between which another thread may write.
THREADS = """
import sys, threading
threads = [threading.Thread(target=sys.stdout.write, args=(f"{n}\\n",)) for n in range(3)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
'six'
"""
TALKING = (
    "import sys\nprint('one')\ndisplay('two')\nprint('three', end='')",
    "print('four', file=sys.stderr)\n'five'",
    THREADS,
    "type(sys.stdout).__name__",
)


@pytest.fixture(autouse=True)
def _light(light):
    return light


def said(output: nbformat.NotebookNode) -> str:
    return output.text if output.output_type == "stream" else output.data["text/plain"]


def test_output_stands_where_it_was_written():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in TALKING])
    options = {"kernel_manager_class": FastKernelManager, "shutdown_kernel": "immediate"}
    NotebookClient(notebook, kernel_name=KERNEL_NAME, **options).execute()
    first, second, third, last = ([said(o) for o in cell.outputs] for cell in notebook.cells)
    assert first == ["one\n", "'two'", "three"]
    assert second == ["four\n", "'five'"]
    *printed, shown = third
    assert sorted("".join(printed).split()) == ["0", "1", "2"]
    assert shown == "'six'"
    assert last == ["'QuietStream'"]


def test_a_stream_that_nobody_wrote_to_is_not_flushed(monkeypatch):
    flushed = []
    monkeypatch.setattr(OutStream, "flush", lambda _: flushed.append("flush"))
    monkeypatch.setattr(OutStream, "write", lambda _, text: len(text))
    stream = QuietStream.__new__(QuietStream)
    stream.flush()
    assert flushed == []
    assert stream.write("word") == len("word")
    stream.flush()
    stream.flush()
    assert flushed == ["flush"]
