import pytest

from opsplaybook.batch.others import Names, names_for, names_now, write_names
from opsplaybook.errors import UsageError
from opsplaybook.sources import open_source

YAML = """
name: x
currency: EUR
timezone: UTC
tables:
  accounts:
    file: accounts.csv
    columns: {account_id: id, name: name, owner: owner}
  events:
    file: events.csv
    columns: {event_id: id, name: name, start_on: start, owner: owner}
"""
EVENTS = "id,name,start,owner\nE-1,Forum,2026-01-01,Eve\n"


@pytest.fixture
def source(tmp_path):
    """Write a source of accounts and one event, and return its folder."""

    def write(rows: str) -> str:
        (tmp_path / "source.yaml").write_text(YAML)
        (tmp_path / "accounts.csv").write_text("id,name,owner\n" + rows)
        (tmp_path / "events.csv").write_text(EVENTS)
        return str(tmp_path)

    return write


def names(source: str, params: dict, tables: tuple[str, ...] = ()) -> Names:
    path = f"{source}/names.json"
    write_names(open_source(source), path, tables)
    return names_for(path, params)


def test_a_customer_is_told_of_nobody_else(source):
    told = names(
        source("A-1,Alpha,Ada\nA-2,Beta,Ada\nA-3,,Bo\n"),
        {"audience": "customer", "account_id": "A-1"},
    )
    assert told.forbidden == ("Ada", "Bo", "A-2", "Beta", "A-3")
    assert told.own == ("A-1", "Alpha")


def test_a_report_about_no_account_names_no_account_and_no_owner_of_an_event(source):
    params = {"audience": "customer", "event_id": "A-1"}
    told = names(source("A-1,Alpha,\n"), params, ("events", "event_contacts"))
    assert told == Names(("Eve", "A-1", "Alpha"), ())


def test_an_internal_report_may_name_all(source):
    folder = source("A-1,Alpha,Ada\n")
    assert names(folder, {"audience": "internal"}) == Names()
    assert names_for("", {"audience": "customer"}) == Names()
    assert names_now({"audience": "internal", "source": "nowhere"}, ()) == Names()


def test_a_run_that_is_over_asks_its_source_again(source):
    folder = source("A-1,Alpha,Ada\nA-2,Beta,\n")
    params = {"audience": "customer", "account_id": "A-1", "source": folder}
    assert names_now(params, ()) == Names(("Ada", "A-2", "Beta"), ("A-1", "Alpha"))
    with pytest.raises(UsageError, match="no such source"):
        names_now(params | {"source": f"{folder}/gone"}, ())
