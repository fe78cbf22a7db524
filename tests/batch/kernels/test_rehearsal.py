import importlib
import os
import subprocess
import sys

import pytest

from opsplaybook.batch.kernels import rehearsal
from opsplaybook.batch.kernels.settings import SERVER_ENVIRONMENT

SERVER_LIKE = """
import os, sys
from pathlib import Path
import opsplaybook.contracts, opsplaybook.figures, opsplaybook.sources.rehearsal, opsplaybook.tables
from opsplaybook import playbooks
from opsplaybook.batch.kernels import preload, rehearsal
from opsplaybook.sources import opening
ours = lambda: [name for name in os.environ if name.startswith("OPSPLAYBOOK_")]
before = ours()
for playbook in playbooks.MODULES:
    with rehearsal.stage(playbook, Path(sys.argv[1])) as run:
        run()
        preload.check_single_thread()
        run()
    print(playbook, opening._sample.cache_info().currsize, ours() == before)
    preload.check_single_thread()
"""


def test_it_leaves_no_thread_no_sample_no_variable_and_no_file_behind(tmp_path):
    environment = os.environ | SERVER_ENVIRONMENT
    command = [sys.executable, "-Xfrozen_modules=off", "-c", SERVER_LIKE, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.splitlines() == [f"{name} 0 True" for name in rehearsed()]
    assert list(tmp_path.iterdir()) == []


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


def test_without_a_playbook_what_all_have_in_common_is_rehearsed(monkeypatch, tmp_path):
    done = []
    for part in ("validate", "draw", "query"):
        monkeypatch.setattr(rehearsal, part, lambda part=part: done.append(part))
    with rehearsal.stage("", tmp_path) as run:
        assert done == []
        run()
    assert done == ["validate", "draw", "query"]


def test_a_rehearsal_reads_what_the_runs_of_a_batch_read(monkeypatch, tmp_path):
    opened = []
    opening = importlib.import_module("opsplaybook.sources.opening")
    read = opening.read_snapshot
    monkeypatch.setattr(
        opening, "read_snapshot", lambda folder: opened.append(folder) or read(folder)
    )
    with rehearsal.stage("account_review", tmp_path) as run:
        run()
    assert [folder.parent for folder in opened] == [tmp_path]


def test_a_playbook_that_raises_is_an_error_that_names_it(monkeypatch, tmp_path):
    notebook = tmp_path / "broken.ipynb"
    notebook.write_text('{"cells": [{"cell_type": "code", "source": ["half =", " 1 / 0"]}]}')
    playbooks = importlib.import_module("opsplaybook.playbooks")
    monkeypatch.setattr(playbooks, "notebook_path", lambda name: notebook)
    with (
        rehearsal.stage("account_review", tmp_path) as run,
        pytest.raises(rehearsal.RehearsalError, match="ZeroDivisionError: division by zero"),
    ):
        run()


def test_a_playbook_that_does_not_exist_is_an_error(tmp_path):
    with (
        pytest.raises(rehearsal.RehearsalError, match="FileNotFoundError"),
        rehearsal.stage("no such", tmp_path),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


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
