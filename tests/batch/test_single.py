import json

import pytest

from opsplaybook.batch.inputs import Inputs
from opsplaybook.batch.single import run_playbook, run_single, summary_line
from opsplaybook.batch.store import LocalStore
from opsplaybook.errors import FolderBusyError, ParamsError, UsageError


def test_a_run_is_named_after_its_subject_and_never_replaces_another(planned, tmp_path):
    plan = planned([{"account_id": "Acme Ltd."}])
    first, second = (run_single(plan, tmp_path, inputs=Inputs()) for _ in range(2))
    assert first.exit_code == 0
    assert first.name.startswith("Acme-Ltd-")
    assert second.name == f"{first.name}-2"
    assert (tmp_path / first.name / "report.html").is_file()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [
        first.name, second.name,
    ]  # fmt: skip
    assert first.key == second.key


def test_a_run_leaves_a_folder_alone_that_happens_to_have_its_name(planned, tmp_path):
    (tmp_path / "A").mkdir()
    (tmp_path / "A" / "contract.pdf").write_bytes(b"signed")
    (tmp_path / "A-2").write_bytes(b"a file")
    record = run_single(planned([{"account_id": "A"}]), tmp_path, inputs=Inputs())
    assert record.name == "A-3"
    assert [path.name for path in (tmp_path / "A").iterdir()] == ["contract.pdf"]
    assert (tmp_path / "A-2").read_bytes() == b"a file"


def test_a_run_that_fails_exits_with_one_and_says_where(planned, tmp_path):
    record = run_single(
        planned([{"account_id": "A", "behaviour": "raise"}]), tmp_path, inputs=Inputs()
    )
    assert record.exit_code == 1
    line = summary_line(record)
    assert line.startswith("A: failed in ")
    assert "ValueError in cell 4" in line


def test_a_run_beside_a_batch_is_refused(planned, tmp_path):
    with LocalStore(str(tmp_path)).lock(), pytest.raises(FolderBusyError):
        run_single(planned([{"account_id": "A"}]), tmp_path, inputs=Inputs())


def test_wrong_parameters_are_told_before_anything_runs(tmp_path):
    with pytest.raises(UsageError, match="no such playbook"):
        run_playbook("event_retrospectiv", {}, tmp_path)
    with pytest.raises(ParamsError) as caught:
        run_playbook("event_retrospective", {"event": "EV-09"}, tmp_path, where="-p")
    assert "did you mean event_id?" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_playbook_runs_on_the_sample_company(tmp_path):
    values = {"source": "sample?accounts=60", "event_id": "EV-09"}
    record = run_playbook("event_retrospective", values, tmp_path)
    assert record.failure is None
    assert record.params["event_id"] == "EV-09"
    assert record.input_digests
    manifest = json.loads((tmp_path / "EV-09" / "manifest.json").read_text())
    assert manifest["findings"]["playbook"] == "event_retrospective"
    assert len(list((tmp_path / "EV-09" / "tables").glob("*.csv"))) > 5
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "EV-09"]
