from dataclasses import replace

import pytest

from opsplaybook.batch.history import history_text, runs
from opsplaybook.batch.records import Failure, Job, without_outcome
from opsplaybook.errors import UsageError


@pytest.fixture
def folder(tmp_path):
    job = Job("A-1", "Acme | Söhne", "review", "{}", {}, "out")
    failed = without_outcome(job, "failed", Failure("ValueError", "no rows", 3))
    good = replace(
        failed,
        status="succeeded",
        failure=None,
        findings={"verdict": {"word": "Keep"}},
        started_at="2026-07-02T08:00:00.000+00:00",
        seconds={"total": 1.25},
    )
    records = {
        "single": replace(failed, started_at="2026-07-01T08:00:00.000+00:00"),
        "batch/A-1": good,
    }
    for name, record in records.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "manifest.json").write_text(record.to_json(), encoding="utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text('{"name": "a web app"}')
    return tmp_path


def test_all_runs_below_a_folder_latest_first(folder):
    frame = runs(folder)
    assert frame["folder"].tolist() == ["batch/A-1", "single"]
    assert frame["verdict"].tolist() == ["Keep", "ValueError in cell 3: no rows"]
    assert frame["started"].tolist() == ["2026-07-02 08:00", "2026-07-01 08:00"]
    assert frame["seconds"].tolist() == [1.25, 0.0]


def test_history_is_shown_as_text(folder):
    lines = history_text(folder).splitlines()
    assert lines[0] == f"2 runs in {folder}"
    assert lines[1].split()[:4] == ["Folder", "Playbook", "Subject", "Status"]
    assert "Acme | Söhne" in lines[2]


def test_an_empty_folder_has_no_runs(tmp_path):
    assert runs(tmp_path).empty
    assert history_text(tmp_path).splitlines()[0] == f"0 runs in {tmp_path}"


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        runs(tmp_path / "missing")
