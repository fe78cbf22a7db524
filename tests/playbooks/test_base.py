"""What earlier runs hand to the next one."""

import csv
import json
import shutil
from datetime import date

import pytest

from opsplaybook.errors import UsageError
from opsplaybook.params import PlaybookParams
from opsplaybook.playbooks.base import (
    Earlier,
    digest_of_earlier,
    earlier_runs,
    earlier_tables,
    load_tables,
)

DAY = date(2026, 6, 30)
NAMES = ("what", "owner", "due_on", "measure", "expected_effect", "status", "from_run", "audience")


def action(what: str, status: str = "new", from_run: str = "", due_on: str = "2026-07-14") -> tuple:
    return (what, "Ida", due_on, "a count", "", status, from_run, "internal")


def pattern(what: str, evidence: str = "12 of 20", applies_to: str = "webinar") -> dict:
    return {"kind": "keep", "what": what, "evidence": evidence, "strength": "weak",
            "applies_to": applies_to, "audience": "internal"}  # fmt: skip


@pytest.fixture
def write_run(tmp_path):
    def write(
        name: str, as_of: str, actions=(), patterns=(), playbook="event", started_at="", **params
    ):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        findings = {"as_of": as_of, "patterns": list(patterns)}
        manifest = {"playbook": playbook, "params": params, "findings": findings}
        manifest |= {"started_at": started_at} if started_at else {}
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        with (folder / "actions.csv").open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([NAMES, *actions])
        return folder

    return write


def read(folder, as_of: date = DAY, **about) -> Earlier:
    return earlier_runs(str(folder), "event", as_of, about=about or None)


def test_without_a_folder_there_is_no_history():
    assert earlier_runs(None, "event", DAY) == Earlier((), (), ())


def test_open_actions_are_carried_and_closed_ones_are_not(write_run, tmp_path):
    statuses = ("new", "open", "done", "dropped", "Done ")
    write_run("one", "2026-01-31", [action(f"{s} one", s) for s in statuses])
    found = read(tmp_path).actions
    assert [(a.what, a.status, a.from_run) for a in found] == [
        ("new one", "open", "one"),
        ("open one", "open", "one"),
    ]
    assert found[0].due_on == date(2026, 7, 14)


def test_an_action_keeps_the_run_that_first_named_it(write_run, tmp_path):
    write_run("one", "2026-01-31", [action("call")])
    write_run("two", "2026-02-28", [action("call", "open", from_run="one")])
    assert [a.from_run for a in read(tmp_path).actions] == ["one"]


def test_what_a_later_run_closed_stays_closed(write_run, tmp_path):
    write_run("one", "2026-01-31", [action("call"), action("write")])
    write_run("two", "2026-02-28", [action("call", "done", from_run="one")])
    assert [a.what for a in read(tmp_path).actions] == ["write"]


def test_the_order_of_runs_is_that_of_their_days_not_of_their_names(write_run, tmp_path):
    write_run("a", "2026-02-28", [action("call", "done")], [pattern("mail early", "new")])
    write_run("b", "2026-01-31", [action("call")], [pattern("mail early", "old")])
    found = read(tmp_path)
    assert found.runs == ("b", "a")
    assert found.actions == ()
    assert [p.evidence for p in found.patterns] == ["new"]


@pytest.mark.parametrize(
    ("first", "second"), [("A-0042--earlier-1", "A-0042"), ("A-0042-2", "A-0042-10")]
)
def test_of_two_runs_of_one_day_the_one_that_started_last_says_what_became_of_an_action(
    write_run, tmp_path, first, second
):
    morning, noon = "2026-07-01T08:00:00.000+00:00", "2026-07-01T12:00:00.000+00:00"
    write_run(second, "2026-06-30", [action("call", "done")], started_at=noon)
    write_run(first, "2026-06-30", [action("call")], started_at=morning)
    for name in (first, second):
        (tmp_path / name / "tables").mkdir()
        (tmp_path / name / "tables" / "t.csv").write_text("x\n1\n", encoding="utf-8")
    found = read(tmp_path)
    assert (found.runs, found.actions) == ((first, second), ())
    tables = earlier_tables(str(tmp_path), "event", DAY, "t")
    assert [name for name, _, _ in tables] == [first, second]


def test_a_pattern_of_another_kind_of_event_is_another_pattern(write_run, tmp_path):
    patterns = [pattern("mail early"), pattern("mail early", applies_to="fair")]
    write_run("one", "2026-01-31", patterns=patterns)
    assert [p.applies_to for p in read(tmp_path).patterns] == ["webinar", "fair"]


def test_runs_of_later_days_other_playbooks_and_other_subjects_are_not_read(write_run, tmp_path):
    write_run("same day", "2026-06-30", [action("kept")], event_id="E1")
    write_run("later", "2026-07-01", [action("later")], event_id="E1")
    write_run("deep/other", "2026-01-31", [action("other")], playbook="renewal", event_id="E1")
    write_run("deep/customer", "2026-01-31", [action("customer")], event_id="E2")
    assert {a.what for a in read(tmp_path).actions} == {"kept", "customer"}
    assert {a.what for a in read(tmp_path, event_id="E1").actions} == {"kept"}


def test_a_failed_run_has_nothing_to_hand_on(tmp_path):
    manifest = {"playbook": "event", "status": "failed", "findings": None}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert read(tmp_path) == Earlier((), (), ())


def test_columns_that_people_add_and_reorder_do_no_harm(write_run, tmp_path):
    folder = write_run("one", "2026-01-31")
    rows = "status,note,what,measure,owner,due_on\nOpen,asked twice,call,a count,,\n"
    (folder / "actions.csv").write_text(rows, encoding="utf-8")
    (found,) = read(tmp_path).actions
    assert (found.what, found.owner, found.due_on, found.audience) == ("call", "", None, "internal")


def test_a_run_without_actions_is_read(write_run, tmp_path):
    (write_run("one", "2026-01-31", patterns=[pattern("x")]) / "actions.csv").unlink()
    assert read(tmp_path).runs == ("one",)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="there is no such folder"):
        read(tmp_path / "nowhere")


def test_the_digest_of_earlier_runs_follows_what_they_hand_on(write_run, tmp_path):
    def digest(place=tmp_path, apart=""):
        return digest_of_earlier(str(place), "event", apart=str(apart))

    def change(step):
        before = digest()
        step()
        return digest() != before

    one = write_run("one", "2026-01-31", [action("call")])
    assert change(lambda: write_run("deep/two", "2026-02-28"))
    text = (one / "actions.csv").read_text(encoding="utf-8-sig")
    assert change(lambda: (one / "actions.csv").write_text(text.replace("new", "done")))
    assert not change(lambda: write_run("other", "2026-02-28", playbook="renewal"))
    assert not change(lambda: (one / "report.html").write_text("x"))
    before = digest()
    write_run("batch/three", "2026-03-31")
    assert digest(apart=tmp_path / "batch") == before != digest()
    shutil.copytree(tmp_path, tmp_path.with_name("copy"))
    assert digest(tmp_path.with_name("copy")) == digest()


BROKEN = {
    "not json": ("manifest.json", b"{", "not valid JSON"),
    "not text": ("manifest.json", b"\xff\xfe{}", "not valid JSON"),
    "a list": ("manifest.json", b"[]", "no mapping of names to values"),
    "no day": ("manifest.json", b'{"playbook": "event", "findings": {"patterns": []}}', "as_of"),
    "bad day": (
        "manifest.json", b'{"playbook": "event", "findings": {"as_of": "soon"}}', "as_of",
    ),
    "no patterns": (
        "manifest.json", b'{"playbook": "event", "findings": {"as_of": "2026-01-31"}}', "patterns",
    ),
    "other pattern": (
        "manifest.json",
        b'{"playbook": "event", "findings": {"as_of": "2026-01-31", "patterns": [{"x": 1}]}}',
        "patterns",
    ),
    "no column": ("actions.csv", b"what,owner\ncall,Ida\n", "due_on, measure, status"),
    "empty": ("actions.csv", b"", "columns are missing"),
    "bad status": (
        "actions.csv", b"what,owner,due_on,measure,status\ncall,Ida,,x,maybe\n",
        'line 2: status "maybe"',
    ),
    "bad date": (
        "actions.csv", b"what,owner,due_on,measure,status\ncall,Ida,14.07.2026,x,open\n",
        'line 2: due_on "14.07.2026"',
    ),
    "Latin-1": (
        "actions.csv", "what,owner,due_on,measure,status\nprüfen,Ida,,x,open\n".encode("latin-1"),
        "not a CSV file in UTF-8",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_run_is_refused_by_file_and_remedy(write_run, tmp_path, case):
    name, content, problem = BROKEN[case]
    path = write_run("one", "2026-01-31") / name
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read(tmp_path)
    assert problem in caught.value.what
    assert caught.value.where == str(path)
    assert "move its run out of earlier_runs" in caught.value.remedy


def test_the_next_retrospective_opens_with_them(write_run, tmp_path, look_back_on, open_in_memory):
    write_run(
        "one", "2025-01-31", [action("call", due_on="2025-02-14"), action("write", "done")],
        [pattern("mail early"), pattern("big", applies_to="fair"), pattern("any", applies_to="")],
        playbook="event_retrospective",
    )  # fmt: skip
    company = {
        "events": [{"event_id": "E1", "start_on": date(2025, 3, 10), "format": "webinar"}],
        "event_contacts": [{"event_id": "E1", "contact_id": "C1", "account_id": "A1"}],
    }
    done = look_back_on(
        open_in_memory(company), event_id="E1", as_of=date(2025, 4, 1), earlier_runs=str(tmp_path)
    )
    shown = done.shown()
    assert shown["open-actions"].rows == (("call", "Ida", "2025-02-14", "a count", "one"),)
    assert [row[1] for row in shown["known-patterns"].rows] == ["mail early", "any"]
    assert [(a.what, a.status) for a in done.findings.actions] == [("call", "open")]


@pytest.mark.parametrize(("as_of", "days"), [(None, 0), ("2026-07-28", 31), ("2026-07-29", 32)])
def test_a_day_more_than_a_month_after_the_data_is_said(as_of, days):
    params = PlaybookParams(source="sample?accounts=40", as_of=as_of)
    found = load_tables(params, ("accounts", "tickets", "contacts")).caveats
    end = f"the data end on 2026-06-27, {days} days before as_of: what came later is not known"
    assert found == ((end,) if days > 31 else ())
