"""Damage found in the wild, and generated twins of each kind: one clear message each."""

import gzip

import pytest

from opsplaybook.errors import ContractError, SourceError

ROWS = "account_id,name,customer_since,employees\n" + "".join(
    f"A-{n:03d},Company {n},2024-01-{n % 28 + 1:02d},{n}\n" for n in range(1, 200)
)
ACCOUNTS = {"accounts": {"file": "accounts.csv"}}


def refused(source, error=SourceError) -> str:
    with pytest.raises(error) as caught:
        source.load(["accounts"], required=["accounts"])
    text = str(caught.value)
    assert "accounts" in text
    assert "To fix: " in text
    assert caught.value.exit_code == 2
    return text


def test_whole_rows_load(make_source):
    assert len(make_source({"accounts.csv": ROWS}, ACCOUNTS).load(["accounts"])["accounts"]) == 199


def test_missing_file_with_a_near_name(make_source):
    text = refused(make_source({"accouts.csv": ROWS}, ACCOUNTS))
    assert "there is no such file; did you mean accouts.csv?" in text


def test_missing_folder(make_source):
    text = refused(make_source({}, ACCOUNTS, folder="nowhere"))
    assert "neither is there a folder" in text


def test_empty_file(make_source):
    assert "the file is empty" in refused(make_source({"accounts.csv": " \n"}, ACCOUNTS))


def test_folder_given_as_a_file(make_source):
    source = make_source({"accounts.csv/part.csv": ROWS}, ACCOUNTS)
    assert "a folder was given as a file" in refused(source)


def test_wrong_delimiter(make_source):
    text = refused(make_source({"accounts.csv": ROWS.replace(",", ";")}, ACCOUNTS))
    assert '1 column is found, ";" would give 4' in text
    assert '`delimiter: ";"`' in text


def test_wrong_delimiter_tab(make_source):
    text = refused(make_source({"accounts.csv": ROWS.replace(",", "\t")}, ACCOUNTS))
    assert '`delimiter: "\\t"`' in text


def test_pointer_in_place_of_data(make_source):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ba\nsize 26358230\n"
    text = refused(make_source({"accounts.csv": pointer}, ACCOUNTS))
    assert "Git LFS pointer" in text
    assert "git lfs pull" in text


def test_web_page_in_place_of_data(make_source):
    text = refused(make_source({"accounts.csv": "<!DOCTYPE html><html>Log in"}, ACCOUNTS))
    assert "a web page" in text


def test_spreadsheet_under_a_wrong_name(make_source):
    text = refused(make_source({"accounts.csv": b"PK\x03\x04" + b"\0" * 50}, ACCOUNTS))
    assert "an Excel or ZIP file" in text


def test_unknown_kind_of_file(make_source):
    source = make_source({"accounts.json": "{}"}, {"accounts": {"file": "accounts.json"}})
    assert '".json" are not read' in refused(source)


def test_header_names_a_column_twice(make_source):
    text = refused(make_source({"accounts.csv": ROWS.replace("employees", "name")}, ACCOUNTS))
    assert "the header is damaged" in text
    assert '"name": 2 columns' in text


def test_header_names_columns_that_differ_in_case_only(make_source):
    text = refused(make_source({"accounts.csv": ROWS.replace("employees", "Name")}, ACCOUNTS))
    assert 'column "name": the header is damaged' in text
    assert '"name", "Name": 2 columns' in text


@pytest.mark.parametrize("first", ["\n", "\r\n", "  \n", ",,,\n"])
def test_first_line_is_blank(make_source, first):
    text = refused(make_source({"accounts.csv": first + ROWS}, ACCOUNTS))
    assert "the first row, which names the columns, is blank" in text
    assert "remove the rows above the names" in text


@pytest.mark.parametrize(("mark", "written"), [(";", ";"), (",", ","), ("\t", "\\t")])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_first_line_tells_excel_the_delimiter(make_source, mark, written, delimiter):
    rows = f"sep={mark}\r\n" + ROWS.replace(",", mark)
    table = {"file": "accounts.csv", "delimiter": delimiter}
    text = refused(make_source({"accounts.csv": rows}, {"accounts": table}))
    assert "tells Excel the delimiter and names no column" in text
    assert f'remove that line, and declare `delimiter: "{written}"`' in text


def test_required_column_missing_with_a_near_name(make_source):
    text = refused(make_source({"accounts.csv": ROWS.replace("account_id", "accountid")}, ACCOUNTS))
    assert "1 column is missing from the 4 found" in text
    assert 'there is no column "account_id"; did you mean "accountid"?' in text


def test_packed_file_is_cut_off(make_source):
    packed = gzip.compress(ROWS.encode())
    source = make_source(
        {"accounts.csv.gz": packed[: len(packed) // 2]}, {"accounts": {"file": "accounts.csv.gz"}}
    )
    assert "cut off or damaged" in refused(source)


def test_last_row_is_cut_off(make_source):
    text = refused(make_source({"accounts.csv": ROWS + "A-200,Comp"}, ACCOUNTS))
    assert "the file is cut off in line 201" in text
    assert "found: 2" in text


def test_rows_quoted_as_one_field(make_source):
    lines = ROWS.splitlines()
    lines[10:14] = [f'"{line}"' for line in lines[10:14]]
    text = refused(make_source({"accounts.csv": "\n".join(lines) + "\n"}, ACCOUNTS))
    assert "4 of 199 rows are quoted as one field" in text
    assert "line 11" in text


def test_broken_line_in_the_middle_is_set_aside(make_source):
    lines = ROWS.splitlines()
    lines[50] += ",one,too,many"
    source = make_source({"accounts.csv": "\n".join(lines) + "\n"}, ACCOUNTS)
    quality = source.quality("accounts")
    assert (quality.rows_read, quality.rows, quality.broken) == (199, 198, 1)
    assert quality.set_aside[0].examples[0].startswith("line 51: ")


def test_other_encoding_is_named(make_source):
    latin = ROWS.replace("Company 5,", "Café,").encode("latin-1")
    text = refused(make_source({"accounts.csv": latin}, ACCOUNTS))
    assert "not utf-8" in text
    assert "encoding: cp1252" in text


def test_other_encoding_far_into_the_file(make_source):
    rows = ROWS + "".join(f"B-{n},Company,2024-01-01,5\n" for n in range(20_000))
    latin = (rows + "C-1,Café,2024-01-01,5\n").encode("latin-1")
    text = refused(make_source({"accounts.csv": latin}, ACCOUNTS))
    assert "not utf-8 in 1 lines, first 20201" in text


def test_utf_16_is_named(make_source):
    text = refused(make_source({"accounts.csv": ROWS.encode("utf-16")}, ACCOUNTS))
    assert "`encoding: utf-16`" in text


def test_unknown_encoding(make_source):
    source = make_source(
        {"accounts.csv": ROWS}, {"accounts": {"file": "accounts.csv", "encoding": "klingon"}}
    )
    assert 'there is no encoding "klingon"' in refused(source)


def test_files_of_one_pattern_differ_in_their_header(make_source):
    files = {"a1.csv": ROWS, "a2.csv": ROWS.replace("employees", "staff")}
    source = make_source(files, {"accounts": {"file": "a*.csv"}})
    assert "its header differs from that of a1.csv" in refused(source)


@pytest.mark.parametrize(
    ("name", "table", "columns", "words"),
    [
        ("git_lfs_pointer.csv", "accounts", {"account_id": "id"}, "133 bytes"),
        (
            "ravenstack_accounts_ddmmyyyy.csv",
            "accounts",
            {"account_id": "account_id", "customer_since": "signup_date"},
            'column customer_since ("signup_date"): 500 of 500 values are not ISO dates',
        ),
        (
            "ravenstack_subscriptions_ddmmyyyy.csv",
            "contracts",
            {
                "contract_id": "subscription_id",
                "account_id": "account_id",
                "start_on": "start_date",
            },
            "5,000 of 5,000 values",
        ),
        (
            "ravenstack_support_tickets_ddmmyyyy.csv",
            "tickets",
            {"ticket_id": "ticket_id", "opened_at": "submitted_at"},
            'date_format: "%d-%m-%Y"',
        ),
        (
            "incident_2k_damaged_header.csv",
            "tickets",
            {"ticket_id": "number", "opened_at": "opened_at"},
            '"category": 2 columns',
        ),
        (
            "incident_6k_truncated_ddmmyyyy.csv.gz",
            "tickets",
            {"ticket_id": "number", "opened_at": "opened_at"},
            'date_format: "%d-%m-%Y %H:%M"',
        ),
        (
            "leads_338_rows_requoted.csv.gz",
            "contacts",
            {"contact_id": "Prospect ID", "account_id": "Lead Number"},
            "338 of 9,240 rows are quoted as one field",
        ),
        (
            "kag_with_invented_dates.csv",
            "spend",
            {"channel": "xyz_campaign_id", "amount": "Spent", "starts_on": "Date"},
            "1,143 of 1,143 values",
        ),
    ],
)
def test_every_bad_input_has_one_clear_message(
    make_source, public_data, name, table, columns, words
):
    source = make_source(
        {}, {table: {"file": name, "columns": columns}}, folder=str(public_data / "bad_inputs")
    )
    with pytest.raises(SourceError) as caught:
        source.load([table], required=[table])
    text = str(caught.value)
    assert all(part in text for part in (name, f"table {table}", words, "To fix: "))
    assert len(caught.value.examples[:5]) <= 5


def test_invented_dates_load_once_their_form_is_declared(make_source, public_data):
    """Nothing in the file contradicts them: the check can only show the period they claim."""
    columns = {
        "channel": "xyz_campaign_id",
        "amount": "Spent",
        "starts_on": {"from": "Date", "date_format": "%d-%m-%Y"},
    }
    table = {"file": "kag_with_invented_dates.csv", "columns": columns}
    source = make_source({}, {"spend": table}, folder=str(public_data / "bad_inputs"))
    quality = source.quality("spend")
    assert (quality.rows, quality.broken) == (1143, 0)
    assert (str(quality.first_on), str(quality.last_on)) == ("2023-08-01", "2023-08-31")


def test_dates_written_month_first_are_refused_as_a_column(make_source):
    rows = "account_id,customer_since\n" + "".join(
        f"A-{n},{n % 12 + 1:02d}/{n % 28 + 1:02d}/2024\n" for n in range(100)
    )
    table = {"file": "accounts.csv", "date_format": "%d/%m/%Y"}
    text = refused(make_source({"accounts.csv": rows}, {"accounts": table}), ContractError)
    assert "are not dates written DD/MM/YYYY but fit dates written MM/DD/YYYY" in text
    assert "may have been read wrongly too" in text
