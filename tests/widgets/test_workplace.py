import json

import nbformat
import pytest

from opsplaybook import playbooks
from opsplaybook.errors import UsageError
from opsplaybook.widgets import workplace
from opsplaybook.widgets.workplace import lay_out

NAME = "account_review.ipynb"


@pytest.fixture
def folder(tmp_path):
    lay_out(tmp_path / "mine", kernel_name="opsplaybook")
    return tmp_path / "mine"


def changed(path, text):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = text
    nbformat.write(notebook, path)


def test_every_playbook_is_there_with_its_params_and_our_kernel(folder):
    for name in playbooks.MODULES:
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        assert notebook.metadata.kernelspec.name == "opsplaybook"
        assert [c for c in notebook.cells if c.cell_type == "code" and c.outputs] == []
        assert (folder / "params" / f"{name}.yaml").is_file()
    assert (folder / "outputs").is_dir()


def test_nothing_is_written_when_nothing_is_new(folder):
    again = lay_out(folder, kernel_name="opsplaybook")
    assert (again.written, again.kept) == ((), ())


def test_a_notebook_that_was_only_run_is_not_hers(folder):
    notebook = nbformat.read(folder / NAME, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="1")]
    nbformat.write(notebook, folder / NAME)
    assert lay_out(folder, kernel_name="opsplaybook").kept == ()


def test_an_update_replaces_what_she_left_alone_and_stands_beside_what_she_changed(
    folder, monkeypatch
):
    changed(folder / NAME, "# Mine")
    shipped = workplace._shipped

    def newer(kernel_name):
        files = shipped(kernel_name)
        for name in (NAME, "event_retrospective.ipynb"):
            notebook = nbformat.reads(files[name], as_version=4)
            notebook.cells[0].source = "# Newer"
            files[name] = nbformat.writes(notebook)
        return files

    monkeypatch.setattr(workplace, "_shipped", newer)
    place = lay_out(folder, kernel_name="opsplaybook")
    assert place.kept == (NAME,)
    assert place.written == ("account_review.new.ipynb", "event_retrospective.ipynb")
    assert nbformat.read(folder / NAME, as_version=4).cells[0].source == "# Mine"
    assert lay_out(folder, kernel_name="opsplaybook").written == ()


def test_a_file_that_was_there_before_is_kept(tmp_path):
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "account_review.yaml").write_text("account_id: A-0001\n")
    place = lay_out(tmp_path, kernel_name="opsplaybook")
    assert place.kept == ("params/account_review.yaml",)
    assert "A-0001" in (tmp_path / "params" / "account_review.yaml").read_text()


def test_read_only_notebooks_cannot_be_written(tmp_path):
    lay_out(tmp_path, kernel_name="opsplaybook", read_only=True)
    assert (tmp_path / NAME).stat().st_mode & 0o222 == 0
    lay_out(tmp_path, kernel_name="opsplaybook", read_only=True)


def test_a_broken_list_of_copies_is_named(folder):
    (folder / workplace.COPIED).write_text("{")
    with pytest.raises(UsageError, match="list of copied playbooks"):
        lay_out(folder, kernel_name="opsplaybook")
    assert json.loads((folder / NAME).read_text())["nbformat"] == 4


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        lay_out(tmp_path / "file", kernel_name="opsplaybook")
