import json

import pytest

from opsplaybook.batch.records import Failure, Job, RunRecord, again, without_outcome


@pytest.fixture
def job() -> Job:
    return Job("a", "A", "review", "{}", {"account_id": "A", "level": 0.95}, "out")


def test_a_manifest_is_read_as_it_was_written(job):
    failure = Failure("ValueError", "Größe <b>", 3, "raise ValueError(size)")
    record = without_outcome(again(job), "killed", failure)
    text = record.to_json()
    assert RunRecord.from_json(text) == record
    content = json.loads(text)
    assert list(content) == sorted(content)
    assert (content["schema_version"], content["attempts"]) == (1, 1)
    assert content["failure"]["value"] == "Größe <b>"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"schema_version": 2}', '{"schema_version": 1, "failure": null}']
)
def test_anything_else_is_no_manifest(text):
    with pytest.raises(ValueError, match=r".+"):
        RunRecord.from_json(text)


def test_an_extra_field_is_no_manifest_of_this_version(job):
    content = json.loads(without_outcome(job, "failed", Failure("x", "y")).to_json())
    with pytest.raises(ValueError, match="mood"):
        RunRecord.from_json(json.dumps(content | {"mood": "good"}))


def test_a_failure_says_where():
    assert (
        str(Failure("KeyError", "'x'", 4, "frame['x']")) == "KeyError in cell 4 (frame['x']): 'x'"
    )
    assert str(Failure("WorkerDied", "killed")) == "WorkerDied: killed"
