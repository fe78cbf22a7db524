import importlib
import os
import subprocess
import sys

import pytest

from opsplaybook.batch.kernels import rehearsal
from opsplaybook.batch.kernels.settings import SERVER_ENVIRONMENT

SERVER_LIKE = """
import opsplaybook.contracts, opsplaybook.figures, opsplaybook.sources.rehearsal, opsplaybook.tables
from opsplaybook import playbooks
from opsplaybook.batch.kernels import preload, rehearsal
from opsplaybook.sources import opening
rehearsal.rehearse()
preload.check_single_thread()
for playbook in playbooks.MODULES:
    rehearsal.rehearse_playbook(playbook)
    print(playbook, opening._sample.cache_info().currsize)
    preload.check_single_thread()
"""


def test_it_leaves_no_thread_and_no_sample_behind():
    environment = os.environ | SERVER_ENVIRONMENT
    command = [sys.executable, "-Xfrozen_modules=off", "-c", SERVER_LIKE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.splitlines() == [f"{name} 0" for name in rehearsed()]


def rehearsed() -> list[str]:
    return list(importlib.import_module("opsplaybook.playbooks").MODULES)


def test_what_it_rehearses_works():
    for name in ("contracts", "figures", "sources.rehearsal", "tables"):
        importlib.import_module(f"opsplaybook.{name}")
    rehearsal.rehearse()


def test_a_part_that_cannot_be_imported_is_left_to_the_kernel(monkeypatch):
    monkeypatch.delitem(sys.modules, "opsplaybook.figures")
    monkeypatch.delitem(sys.modules, "opsplaybook.contracts")
    rehearsal.rehearse()


def test_a_playbook_that_raises_is_an_error_that_names_it(monkeypatch, tmp_path):
    notebook = tmp_path / "broken.ipynb"
    notebook.write_text('{"cells": [{"cell_type": "code", "source": ["half =", " 1 / 0"]}]}')
    playbooks = importlib.import_module("opsplaybook.playbooks")
    monkeypatch.setattr(playbooks, "notebook_path", lambda name: notebook)
    with pytest.raises(rehearsal.RehearsalError, match="ZeroDivisionError: division by zero"):
        rehearsal.rehearse_playbook("broken")


def test_a_playbook_that_does_not_exist_is_an_error():
    with pytest.raises(rehearsal.RehearsalError, match="FileNotFoundError"):
        rehearsal.rehearse_playbook("no such")


def test_cells_run_as_in_a_notebook_with_the_parameters_after_the_first():
    shown = []

    class Shown:
        def __init__(self, value):
            self.value = value

        def _repr_mimebundle_(self):
            shown.append(self.value)
            return {}

    sources = ["n = 1", "m = 2 * n", "Shown((n, m))", "Shown(0);\nk = 1"]
    names = {"n": 5, "Shown": Shown}
    rehearsal.run_cells([rehearsal.compiled(source) for source in sources], names)
    assert shown == [(5, 10)]


def test_a_cell_without_code_shows_nothing():
    _, shown = rehearsal.compiled("# a comment")
    assert shown is None


def test_code_that_cannot_be_read_is_an_error():
    with pytest.raises(SyntaxError):
        rehearsal.compiled("half of it (")
