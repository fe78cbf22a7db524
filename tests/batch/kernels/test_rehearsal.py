import importlib
import os
import subprocess
import sys

from opsplaybook.batch.kernels import rehearsal
from opsplaybook.batch.kernels.settings import SERVER_ENVIRONMENT

SERVER_LIKE = """
import opsplaybook.contracts, opsplaybook.figures, opsplaybook.sources.rehearsal, opsplaybook.tables
from opsplaybook.batch.kernels import preload, rehearsal
rehearsal.rehearse()
preload.check_single_thread()
"""


def test_it_leaves_no_thread_behind():
    environment = os.environ | SERVER_ENVIRONMENT
    command = [sys.executable, "-c", SERVER_LIKE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_it_rehearses_works():
    for name in ("contracts", "figures", "sources.rehearsal", "tables"):
        importlib.import_module(f"opsplaybook.{name}")
    rehearsal.rehearse()


def test_a_part_that_cannot_be_imported_is_left_to_the_kernel(monkeypatch):
    monkeypatch.delitem(sys.modules, "opsplaybook.figures")
    monkeypatch.delitem(sys.modules, "opsplaybook.contracts")
    rehearsal.rehearse()
