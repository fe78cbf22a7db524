from pathlib import Path

import pytest

from opsplaybook import sources
from opsplaybook.batch.inputs import Inputs
from opsplaybook.batch.plan import plan_text, read_plan
from opsplaybook.batch.planfile import FromFile, FromQuery, PlanFile, read_plan_file
from opsplaybook.batch.records import Limits
from opsplaybook.batch.selection import select
from opsplaybook.errors import ParamsError, SourceError, UsageError


def written(folder: Path, text: str) -> Path:
    path = folder / "renewals.yaml"
    path.write_text(text)
    return path


def test_a_plan_file_has_lists_of_values_or_of_rows(tmp_path):
    path = written(tmp_path, "playbook: varied\neach: [A-1, 7, {account_id: A-2}]\n")
    rows = select(read_plan_file(path).each, source="sample", folder=tmp_path)
    assert rows == [{"subject": "A-1"}, {"subject": "7"}, {"account_id": "A-2"}]


def test_ids_of_a_plan_file_are_what_was_written(tmp_path):
    rows = "[0042, 1_000, 12:30, no, 7, {account_id: 0010, level: .9}]"
    path = written(tmp_path, f"playbook: varied\neach: {rows}\n")
    assert select(read_plan_file(path).each, source="sample", folder=tmp_path) == [
        *({"subject": text} for text in ("0042", "1_000", "12:30", "no", "7")),
        {"account_id": "0010", "level": 0.9},
    ]


def test_rows_that_are_no_ids_are_refused(tmp_path):
    path = written(tmp_path, "playbook: varied\neach: [7.0, true, A-1, 2024-01-31, null]\n")
    with pytest.raises(ParamsError) as caught:
        read_plan_file(path)
    assert caught.value.examples == (
        "each: rows that are no text: 4, such as 7.0, True, 2024-01-31, None; write ids in quotes",
    )


def test_limits_are_read(tmp_path):
    text = "playbook: varied\neach: [A]\nlimits: {cell_seconds: 5, memory_megabytes: 500}\n"
    limits = read_plan_file(written(tmp_path, text)).limits
    assert limits == Limits(cell_seconds=5, memory_megabytes=500)


def test_all_problems_of_a_plan_file_are_told_together(tmp_path):
    text = "playbook: varied\neach: {cvs: a.csv}\nlimits: {cell_seconds: -1, foo: 1}\nbar: 1\n"
    with pytest.raises(ParamsError) as caught:
        read_plan_file(written(tmp_path, text))
    problems = "\n".join(caught.value.examples)
    assert "each: give a list, or `csv: FILE`, or `query: SQL`" in problems
    assert "limits.cell_seconds" in problems
    assert "limits.foo" in problems
    assert "bar: extra inputs are not permitted" in problems
    assert "renewals.yaml" in str(caught.value)


def test_a_key_of_a_plan_that_is_no_text_is_told(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text("playbook: varied\neach: [A]\n1: 2\n")
    with pytest.raises(ParamsError, match="the plan is wrong") as caught:
        read_plan_file(path)
    assert caught.value.examples == ("1: keys should be strings",)


def test_a_csv_file_gives_one_run_per_row(tmp_path):
    (tmp_path / "due.csv").write_text(
        '\ufeffaccount_id,level\nA-1,0.9\n"a, b",\n', encoding="utf-8"
    )
    rows = select(FromFile(csv="due.csv"), source="sample", folder=tmp_path)
    assert rows == [{"account_id": "A-1", "level": "0.9"}, {"account_id": "a, b"}]


def test_a_csv_file_that_is_missing_or_damaged_is_told(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        select(FromFile(csv="due.csv"), source="sample", folder=tmp_path)
    (tmp_path / "due.csv").write_text("account_id\nA-1\na, b\n")
    with pytest.raises(ParamsError, match="line 3"):
        select(FromFile(csv="due.csv"), source="sample", folder=tmp_path)
    (tmp_path / "due.csv").write_bytes("account_id\nMüller\n".encode("latin-1"))
    with pytest.raises(ParamsError, match="UTF-8"):
        select(FromFile(csv="due.csv"), source="sample", folder=tmp_path)


def test_a_query_gives_one_run_per_row(tmp_path):
    (tmp_path / "source.yaml").write_text(
        "name: x\ncurrency: EUR\ntimezone: UTC\ntables:\n  contracts:\n    file: c.csv\n"
        "    columns: {contract_id: id, account_id: a, start_on: s, end_on: e, annual_value: v}\n"
    )
    (tmp_path / "c.csv").write_text(
        "id,a,s,e,v\n1,A-1,2025-01-01,2026-08-31,5\n2,A-2,2025-01-01,2027-08-31,5\n"
    )
    assert "contracts" in sources.open_source(tmp_path).names
    query = "SELECT account_id, end_on AS as_of FROM contracts WHERE end_on < DATE '2026-09-01'"
    rows = select(FromQuery(query=query), source=str(tmp_path), folder=tmp_path)
    assert rows == [{"account_id": "A-1", "as_of": "2026-08-31"}]
    with pytest.raises(SourceError, match="not one SELECT"):
        select(FromQuery(query="DROP TABLE x"), source=str(tmp_path), folder=tmp_path)


def test_every_parameter_of_a_run_is_there_in_json_types(planned):
    (run,) = planned([{"account_id": "A-1", "as_of": "2026-06-30"}], params={"level": 0.9}).runs
    assert run.params == {
        "source": "sample",
        "as_of": "2026-06-30",
        "audience": "internal",
        "earlier_runs": None,
        "level": 0.9,
        "account_id": "A-1",
        "behaviour": "well",
        "log": "",
    }
    assert (run.name, run.subject) == ("A-1", "A-1")


def test_the_problems_of_all_runs_are_told_before_anything_runs(planned):
    rows = [{"account_id": "A"}, {"acount_id": "B"}, {"account_id": "C", "level": 2}]
    with pytest.raises(ParamsError, match="2 of 3 runs have wrong parameters") as caught:
        planned(rows)
    first, second = caught.value.examples
    assert "run 2" in first
    assert "did you mean account_id?" in first
    assert 'run 3 ("C")' in second
    assert "level" in second
    assert "nothing was started" in str(caught.value)


def test_a_plan_of_many_wrong_runs_has_a_short_message(planned):
    with pytest.raises(ParamsError) as caught:
        planned([{"account_id": str(n), "level": 2} for n in range(500)])
    assert len(caught.value.examples) == 500
    assert len(str(caught.value)) < 1_000


def test_the_same_name_for_two_runs_is_refused(planned):
    rows = [{"account_id": "A", "level": 0.9}, {"account_id": "A", "level": 0.8}]
    with pytest.raises(ParamsError, match="more than one run"):
        planned(rows)
    names = [run.name for run in planned(rows, name="{account_id} {level}").runs]
    assert names[0] != names[1]
    assert all(name.startswith("A-0-") for name in names)


def test_a_name_that_asks_for_what_is_no_parameter_is_refused(planned):
    with pytest.raises(ParamsError, match="acount, which is no parameter"):
        planned([{"account_id": "A"}], name="{acount}")


@pytest.mark.parametrize(
    "name",
    ["{account_id", "account_id}", "{}", "{0}", "{level:%Y}", "{as_of:%Y}", "{account_id!z}"],
)
def test_a_name_that_cannot_be_made_is_told(planned, name):
    with pytest.raises(ParamsError, match=r"(?s)test: name: .*To fix: ") as caught:
        planned([{"account_id": "A"}], name=name)
    assert caught.value.__cause__ is None


def test_source_and_audience_stand_once(planned):
    with pytest.raises(ParamsError, match="source belong to the plan"):
        planned([{"account_id": "A"}], params={"source": "crm"})


def test_an_empty_selection_is_refused(planned):
    with pytest.raises(UsageError, match="nothing was selected"):
        planned([])


def test_a_playbook_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(UsageError, match="no such playbook"):
        read_plan(written(tmp_path, "playbook: varied\neach: [A]\n"))
    with pytest.raises(UsageError, match="no such file"):
        read_plan(tmp_path / "missing.yaml")


def test_a_dry_run_shows_folders_subjects_and_what_differs(planned):
    rows = [{"account_id": f"A/{n}", "level": 0.9 if n else 0.8} for n in range(30)]
    plan = planned(rows)
    lines = plan_text(plan).splitlines()
    assert lines[0] == "30 runs of varied on sample"
    assert lines[1].split() == ["Folder", "Subject", "level"]
    assert lines[2].split() == [plan.runs[0].name, "A/0", "0.8"]
    assert lines[-1] == "and 10 more, in runs.csv"


def test_jobs_carry_the_code_without_its_outputs(planned):
    jobs = planned([{"account_id": "A"}, {"account_id": "B"}]).jobs(
        "out", kernel_name="k", inputs=Inputs({"X": "1"}, {"accounts": "ab"}, "names.json")
    )
    assert [job.name for job in jobs] == ["A", "B"]
    assert jobs[0].key != jobs[1].key
    assert jobs[0].code_digest == jobs[1].code_digest
    assert '"output_type"' not in jobs[0].notebook


def test_an_audience_holds_for_all_runs(planned):
    (run,) = planned([{"account_id": "A"}], audience="customer").runs
    assert run.params["audience"] == "customer"
    with pytest.raises(ValueError, match="audience"):
        PlanFile(playbook="varied", each=["A"], audience="everyone")


def test_a_run_about_everything_is_named_after_its_playbook(planned):
    assert [run.name for run in planned([{"account_id": ""}]).runs] == ["varied"]
