"""Every form of address."""

from datetime import date

import pandas as pd
import pytest

from opsplaybook.errors import ParamsError, SourceError, UsageError
from opsplaybook.samples import company, make_company, write_company
from opsplaybook.sources import open_source


def test_the_sample_company_is_what_its_makers_made():
    made = make_company(40, seed=3)
    tables = open_source("sample?accounts=40&seed=3").load(made.tables)
    for name, frame in made.tables.items():
        pd.testing.assert_frame_equal(tables[name], frame, obj=name)
    assert tables.caveats == ()
    assert tables.as_of == date(2026, 6, 30)
    assert (tables.currency, tables.timezone) == (made.currency, made.timezone)


def test_its_files_give_the_same_tables(tmp_path):
    written = write_company(tmp_path, accounts=40, seed=3)
    tables = open_source(tmp_path).load(written.tables)
    for name, frame in written.tables.items():
        pd.testing.assert_frame_equal(tables[name], frame, obj=name)
    assert tables.caveats == ()


def test_the_null_company_is_another():
    null = open_source("sample:null?accounts=40")
    assert null.name != open_source("sample?accounts=40").name
    assert null.digests != open_source("sample?accounts=40").digests


def test_the_sample_company_is_made_when_a_table_is_asked_for(monkeypatch):
    made = []

    def make(*given, **options):
        made.append(given)
        return make_company(*given, **options)

    monkeypatch.setattr(company, "make_company", make)
    source = open_source("sample?accounts=20&seed=98765")
    assert (source.name, made) == ("Sample Analytics", [])
    source.quality("accounts")
    source.quality("contacts")
    assert made == [(20,)]


def test_a_company_that_is_too_small_is_refused_at_once():
    with pytest.raises(ParamsError, match="19 accounts are too few"):
        open_source("sample?accounts=19")


@pytest.mark.parametrize("address", ["sample:nil", "sample?account=5"])
def test_a_wrong_sample_address(address):
    with pytest.raises(UsageError, match="there is no sample company"):
        open_source(address)


def test_a_sample_address_that_is_no_number():
    with pytest.raises(SourceError, match="whole numbers"):
        open_source("sample?accounts=many")


def test_a_name_that_is_nearly_one_of_the_shipped():
    with pytest.raises(UsageError, match="did you mean ravenstack"):
        open_source("ravenstak")


def test_a_yaml_that_is_not_there(tmp_path):
    with pytest.raises(SourceError, match=r"(?s)there is no such source.*To fix: correct the path"):
        open_source(tmp_path / "none.yaml")


def test_a_folder_without_a_mapping(tmp_path):
    with pytest.raises(UsageError, match=r"neither a source\.yaml nor a snapshot"):
        open_source(tmp_path)


def test_a_table_that_nobody_knows(make_source):
    source = make_source({"a.csv": "account_id\nx\n"}, {"accounts": {"file": "a.csv"}})
    with pytest.raises(UsageError, match='there is no table "account"'):
        source.load(["account"])


def test_absent_tables_come_empty_with_a_caveat(make_source):
    source = make_source({"a.csv": "account_id,tier\nx,\n"}, {"accounts": {"file": "a.csv"}})
    tables = source.load(["accounts", "tickets"], as_of=date(2024, 1, 1))
    assert tables["tickets"].empty
    assert "opened_at" in tables["tickets"]
    assert "tickets: not in the source" in tables.caveats
    assert tables.has("accounts")
    assert not tables.has("accounts", "tier")
    assert not tables.has("tickets")


def test_no_date_at_all_asks_for_one(make_source):
    source = make_source({"a.csv": "account_id\nx\n"}, {"accounts": {"file": "a.csv"}})
    with pytest.raises(SourceError, match="give `as_of`"):
        source.load(["accounts"])


def test_columns_of_the_export_day_are_a_caveat_for_an_earlier_day(make_source):
    source = make_source(
        {"a.csv": "account_id,created_on,tier\nx,2024-01-01,S\ny,2024-06-01,A\n"},
        {"accounts": {"file": "a.csv"}},
    )
    assert source.load(["accounts"]).caveats == ()
    earlier = source.load(["accounts"], as_of=date(2024, 2, 1))
    assert earlier.caveats == ("accounts: tier as of the export, 2024-06-01",)
    assert len(earlier["accounts"]) == 1


def test_the_default_day_is_that_of_the_whole_source_not_of_one_account(make_source):
    text = "ticket_id,account_id,opened_at\n1,a,2024-01-01\n2,b,2024-05-01\n"
    source = make_source({"t.csv": text}, {"tickets": {"file": "t.csv"}})
    assert source.load(["tickets"], where={"account_id": "a"}).as_of == date(2024, 5, 1)


def test_planned_days_do_not_move_the_default_day(make_source):
    source = make_source(
        {
            "e.csv": "event_id,start_on\n1,2024-01-01\n2,2030-01-01\n",
            "t.csv": "ticket_id,opened_at\n1,2024-03-01\n",
        },
        {"events": {"file": "e.csv"}, "tickets": {"file": "t.csv"}},
    )
    tables = source.load(["events", "tickets"])
    assert tables.as_of == date(2024, 3, 1)
    assert len(tables["events"]) == 1
