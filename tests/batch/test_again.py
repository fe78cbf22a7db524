"""A report can be made again from its run folder, and only from one."""

import json
import shutil

import pytest

from opsplaybook.batch import render_again, run_playbook
from opsplaybook.errors import RenderError, UsageError
from opsplaybook.report import pdf
from opsplaybook.sources import open_source

PARAMS = {"source": "sample?accounts=40", "event_id": "EV-08"}


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture(scope="module")
def run_folder(output):
    record = run_playbook("event_retrospective", PARAMS, output)

    assert record.succeeded, record.failure
    return output / record.name


@pytest.fixture(scope="module")
def customers_folder(output):
    record = run_playbook("event_retrospective", PARAMS | {"audience": "customer"}, output)

    assert record.succeeded, record.failure
    return output / record.name


@pytest.mark.parametrize("folder", ["run_folder", "customers_folder"])
def test_report_made_again_is_the_same_to_the_byte(folder, request):
    path = request.getfixturevalue(folder) / "report.html"
    before = path.read_bytes()
    path.unlink()

    assert render_again(path.parent) == path
    assert path.read_bytes() == before


def test_report_of_a_customer_made_again_is_searched_for_names_again(customers_folder, tmp_path):
    folder = shutil.copytree(customers_folder, tmp_path / "copy")
    book = json.loads((folder / "notebook.ipynb").read_text(encoding="utf-8"))
    name = open_source(PARAMS["source"]).query("SELECT max(name) AS name FROM accounts")["name"][0]
    tables = [
        data["application/vnd.opsplaybook.table+json"]
        for cell in book["cells"]
        for data in (output.get("data", {}) for output in cell.get("outputs", ()))
        if "application/vnd.opsplaybook.table+json" in data
    ]
    next(table for table in tables if table["audience"] == "customer")["note"] += f" {name} came."
    (folder / "notebook.ipynb").write_text(json.dumps(book), encoding="utf-8")

    with pytest.raises(RenderError, match=f"forbidden name in the page: {name}"):
        render_again(folder)


def test_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no run folder"):
        render_again(tmp_path)


def test_failed_run_has_no_report_to_make(run_folder, tmp_path):
    folder = shutil.copytree(run_folder, tmp_path / "copy")
    manifest = folder / "manifest.json"
    text = manifest.read_text(encoding="utf-8").replace('"succeeded"', '"failed"')
    manifest.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match="the run is failed"):
        render_again(folder)


def test_pdf_without_a_chromium_says_what_to_do(run_folder, monkeypatch):
    monkeypatch.setenv("OPSPLAYBOOK_CHROMIUM", str(run_folder / "none"))
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)

    with pytest.raises(RenderError, match="Chromium"):
        render_again(run_folder, pdf=True)
