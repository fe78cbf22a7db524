"""Raw texts and typed values of other places become the values they stand for, or missing."""

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opsplaybook.errors import ContractError

INVOICES = {"invoice_id": "no", "issued_on": "day", "amount": "amount"}


def amounts_of(make_source, *texts: str, **written) -> tuple[list[float], list[tuple]]:
    """Read amounts; return those that are kept, and what was set aside."""
    rows = "".join(f"{n}|2024-01-31|{text}\n" for n, text in enumerate(texts))
    source = make_source(
        {"i.csv": "no|day|amount\n" + rows},
        {"invoices": {"file": "i.csv", "delimiter": "|", "columns": INVOICES, **written}},
    )
    aside = [(part.reason, part.examples) for part in source.quality("invoices").set_aside]
    return source.load(["invoices"])["invoices"]["amount"].tolist(), aside


@pytest.mark.parametrize(
    ("mark", "decimal", "texts", "values"),
    [
        (".", ",", ["1.234,50", "-1.234.567", "1234,5", "99", "+0,5"],
         [1234.5, -1234567, 1234.5, 99, 0.5]),
        (",", ".", ["1,234.50", "1234", "12,345.", "1e3"], [1234.5, 1234, 12345, 1000]),
        ("'", ".", ["1'234.50", "0.05"], [1234.5, 0.05]),
        (" ", ",", ["1 234,50", "1 000 000"], [1234.5, 1000000]),
    ],
)  # fmt: skip
def test_thousands_are_groups_of_three_digits(make_source, mark, decimal, texts, values):
    assert amounts_of(make_source, *texts, thousands=mark, decimal=decimal) == (values, [])


@pytest.mark.parametrize("text", ["12,34,567", ",500", "1,,000", "1,000.5.0"])
def test_marks_elsewhere_make_a_number_unreadable(make_source, text):
    found = amounts_of(make_source, "1,000", text, thousands=",")
    assert found == ([1000], [("amount: not a number", (f'row 3: "{text}"',))])


@pytest.mark.parametrize("text", ["1234.50", "12.5", "99.95"])
def test_decimals_with_the_mark_of_thousands_refuse_the_column(make_source, text):
    """Read as 123450, 125 and 9995, they would be wrong without anybody knowing."""
    with pytest.raises(ContractError) as caught:
        amounts_of(make_source, "1.000", text, thousands=".", decimal=",")
    assert "1 of 2 values are not numbers" in str(caught.value)
    assert '`decimal: "."` and `thousands: ","`' in str(caught.value)
    assert amounts_of(make_source, text, decimal=".", thousands=",") == ([float(text)], [])


READ = {
    "2024-07-01 10:00:00 UTC": "2024-07-01 12:00:00+02:00",
    "2024-07-01 10:00 GMT": "2024-07-01 12:00:00+02:00",
    "2024-12-31 23:30:00.123456 UTC": "2025-01-01 00:30:00.123456+01:00",
    "2024-07-01T22:30:00Z": "2024-07-02 00:30:00+02:00",
    "2024-07-01 10:00:00+05:00": "2024-07-01 07:00:00+02:00",
    "2024-07-01T10:00:00.5": "2024-07-01 10:00:00.500000+02:00",
    "2024/07/01 10:00": "2024-07-01 10:00:00+02:00",
    "2024-7-1  1:2:3": "2024-07-01 01:02:03+02:00",
    "2024-07-01": "2024-07-01 00:00:00+02:00",
    "2024 07 01": "2024-07-01 00:00:00+02:00",
}
UNREADABLE = (
    "2024-07-01 10:00:00 CET",
    "2024-07-01 10:00:00 America/New_York",
    "2024-07-01 10:00:00 PM",
    "2024-07-01 10:00:00+02:00:00",
    "epoch",
)


def tickets_of(make_source, texts):
    rows = "".join(f"{n},{text}\n" for n, text in enumerate(texts))
    table = {"file": "t.csv", "columns": {"ticket_id": "no", "opened_at": "at"}}
    return make_source({"t.csv": "no,at\n" + rows}, {"tickets": table})


def test_times_with_an_offset_or_none(make_source):
    times = tickets_of(make_source, READ).load(["tickets"])["tickets"]["opened_at"]
    assert [str(time) for time in times] == list(READ.values())


def test_days_of_times_are_those_of_the_source(make_source):
    rows = "".join(f"{n},{text}\n" for n, text in enumerate(READ))
    table = {"file": "a.csv", "columns": {"account_id": "no", "customer_since": "day"}}
    source = make_source({"a.csv": "no,day\n" + rows}, {"accounts": table})
    days = source.load(["accounts"])["accounts"]["customer_since"]
    assert days.dt.strftime("%Y-%m-%d").tolist() == [time[:10] for time in READ.values()]


@pytest.mark.parametrize("text", UNREADABLE)
def test_times_with_other_words_behind_them_are_not_read_past_those(make_source, text):
    """DuckDB reads 10:00 in the zone of the source from each of them, hours off."""
    quality = tickets_of(make_source, ["2024-07-01 10:00", text]).quality("tickets")
    assert [(part.reason, part.examples) for part in quality.set_aside] == [
        ("opened_at: not a date and time", (f'row 3: "{text}"',))
    ]


def accounts_of(make_source, tmp_path, cells: dict[str, list], **written):
    """Read typed columns of accounts; return the source and its frame."""
    ids = list("abcdef")[: len(next(iter(cells.values())))]
    pq.write_table(pa.table({"account_id": ids} | cells), tmp_path / "a.parquet")
    source = make_source({}, {"accounts": {"file": "a.parquet", **written}})
    return source, source.load(["accounts"], as_of=date.fromisoformat("2024-12-31"))["accounts"]


def test_what_is_not_a_number_is_a_gap(make_source, tmp_path):
    cells = {"annual_revenue": [float("nan"), 5.0, 0.5, 1e19, None, float("inf")]}
    source, frame = accounts_of(make_source, tmp_path, cells)
    assert frame["annual_revenue"].fillna(-1).tolist() == [-1, 5, 0.5, 1e19, -1]
    assert [(part.reason, part.examples) for part in source.quality("accounts").set_aside] == [
        ("annual_revenue: not a number", ('row 7: "inf"',))
    ]


def test_ids_that_are_numbers_with_a_gap(make_source, tmp_path):
    cells = {"parent_id": [1001.0, float("nan"), 2.0**53 - 1, 1e19, 0.5]}
    _, frame = accounts_of(make_source, tmp_path, cells)
    assert frame["parent_id"].fillna("").tolist() == [
        "1001",
        "",
        "9007199254740991",
        "1e+19",
        "0.5",
    ]


def test_null_tokens_count_for_typed_values(make_source, tmp_path):
    cells = {
        "employees": [9999, 12, 1],
        "annual_revenue": [9999.0, 0.5, 1.0],
        "strategic": [True, False, False],
        "customer_since": [date(1900, 1, 1), date(2024, 1, 1), None],
    }
    source, frame = accounts_of(make_source, tmp_path, cells, null=["9999", "1900-01-01", "true"])
    assert source.quality("accounts").broken == 0
    assert frame["employees"].fillna(-1).tolist() == [-1, 12, 1]
    assert frame["annual_revenue"].fillna(-1).tolist() == [-1, 0.5, 1]
    assert frame["strategic"].isna().tolist() == [True, False, False]
    assert frame["customer_since"].isna().tolist() == [True, False, True]
