"""A report can be made again from its run folder, and only from one."""

import shutil

import pytest

from opsplaybook.batch import render_again, run_playbook
from opsplaybook.errors import RenderError, UsageError
from opsplaybook.report import pdf

PARAMS = {"source": "sample?accounts=40", "event_id": "EV-08"}


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    output = tmp_path_factory.mktemp("outputs")
    record = run_playbook("event_retrospective", PARAMS, output, kernel_name="python3")

    assert record.succeeded, record.failure
    return output / record.name


def test_report_made_again_says_the_same(run_folder):
    before = (run_folder / "report.html").read_text(encoding="utf-8")
    (run_folder / "report.html").unlink()

    path = render_again(run_folder)

    after = path.read_text(encoding="utf-8")
    assert path.name == "report.html"
    assert (
        after.split("<main", 1)[1].split("This run")[0]
        == before.split("<main", 1)[1].split("This run")[0]
    )


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
