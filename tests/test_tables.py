import csv
import io

import numpy as np
import pandas as pd
import pytest

from opsplaybook.tables import Column, table

FRAME = pd.DataFrame({
    "name": ["Acme", "Beta", None], "rate": [0.25, 0.5, np.nan], "low": [0.2, np.nan, np.nan],
    "high": [0.31, 0.6, np.nan], "n": [340, 4, 0], "value": [1_240_000.0, -5.0, np.nan],
})  # fmt: skip
RATE = Column("rate", "Rate", "share", low="low", high="high", n="n", description="of all")
SHOWN = (Column("name", "Name"), RATE)


def made(frame=FRAME, columns=SHOWN, **changes):
    return table(frame, columns, **({"key": "rates", "caption": "Rates, n = 344"} | changes))


def lines(made_table):
    return list(csv.reader(io.StringIO(made_table.csv, newline="")))


def test_numbers_stand_with_their_interval_or_not_at_all():
    assert made().rows == (
        ("Acme", "25% (20% to 31%)"), ("Beta", "not enough data"), ("–", "not enough data"),
    )  # fmt: skip


@pytest.mark.parametrize("units", [None, np.nan, pd.NA])
def test_unknown_units_are_not_enough(units):
    frame = FRAME.iloc[:1].assign(n=pd.Series([units], dtype=object))
    assert made(frame).rows == (("Acme", "not enough data"),)


def test_a_missing_end_leaves_the_interval_out():
    column = Column("rate", "Rate", "share", low="low", high="high")
    assert [row[0] for row in made(columns=[column]).rows] == ["25% (20% to 31%)", "50%", "–"]


def test_numbers_are_right_and_money_has_its_currency():
    built = made(
        columns=[Column("name", "Name"), Column("value", "Value", "money")], currency="EUR"
    )
    assert [heading.align for heading in built.headings] == ["left", "right"]
    assert [row[1] for row in built.rows] == ["€1.24M", "−€5", "–"]


@pytest.mark.parametrize("field", ["name", "low", "high", "n"])
def test_a_missing_column_is_named_whatever_it_is_for(field):
    columns = [Column(**({"name": "rate", "label": "Rate", "low": "low", "high": "high"}
                         | {field: "absent"}))]  # fmt: skip
    with pytest.raises(KeyError, match=r'table "rates" has no column .*absent.*; it has'):
        made(columns=columns)


def test_twelve_rows_are_shown_and_all_are_in_the_file():
    frame = pd.DataFrame({"name": [f"A-{i}" for i in range(40)]})
    built = made(frame, [Column("name", "Name")])
    assert (len(built.rows), built.total_rows, len(lines(built))) == (12, 40, 41)
    assert built.more == "and 28 more, in rates.csv"


def test_the_file_is_unrounded_and_empty_where_missing():
    built = made(FRAME.assign(rate=[1 / 3, 0.5, np.nan]))
    assert lines(built)[1] == ["Acme", "0.3333333333333333", "0.2", "0.31", "340", "1240000.0"]
    assert lines(built)[3] == ["", "", "", "", "0", ""]


FORMULAS = ["=1+1", "+41 44", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1", "\n=1", "＝1+1"]


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(formula, dtype):
    frame = pd.DataFrame({"name": pd.Series([formula, "plain"], dtype=dtype)})
    built = made(frame, [Column("name", "Name")])
    assert [line[0] for line in lines(built)] == ["name", f"'{formula}", "plain"]
    assert not built.rows[0][0].startswith("'")


def test_a_column_name_that_a_spreadsheet_would_run_gets_an_apostrophe():
    built = made(pd.DataFrame({"name": ["x"], "=cmd()": [1]}), [Column("name", "Name")])
    assert lines(built)[0] == ["name", "'=cmd()"]


def test_numbers_and_times_in_the_file_are_untouched():
    frame = pd.DataFrame({
        "name": ["x"], "value": [-5.5], "count": pd.array([-3], "Int64"),
        "mixed": pd.Series([-7], dtype=object), "day": pd.to_datetime(["2026-01-31"]),
        "at": pd.to_datetime(["2026-01-31 10:00"]).tz_localize("UTC"), "known": [True],
    })  # fmt: skip
    built = made(frame, [Column("name", "Name")])
    assert lines(built)[1] == [
        "x", "-5.5", "-3", "-7", "2026-01-31", "2026-01-31 10:00:00+00:00", "True",
    ]  # fmt: skip


def test_a_customer_gets_no_column_that_is_not_shown():
    columns = [Column("name", "Name"), Column("rate", "Rate", "share", n="n")]
    assert lines(made(columns=columns, audience="customer"))[0] == ["name", "rate", "n"]
    assert lines(made(columns=columns))[0] == list(FRAME.columns)
    assert made(columns=columns).audience == "internal"


def test_quotes_commas_and_lines_survive_the_file():
    text = 'A "B", Inc.\nSecond line'
    built = made(pd.DataFrame({"name": [text]}), [Column("name", "Name")])
    assert lines(built)[1] == [text]
    assert built.rows == (('A "B", Inc. Second line',),)


def test_the_frame_stays_as_it_was():
    frame = pd.DataFrame({"name": ["=1+1"]})
    made(frame, [Column("name", "Name")])
    assert frame["name"].tolist() == ["=1+1"]


def test_a_frame_without_rows_has_a_head():
    built = made(FRAME.iloc[:0])
    assert (built.rows, built.total_rows, len(lines(built))) == ((), 0, 1)
    assert "Name" in str(built)


def test_decimals_are_for_the_eye_and_the_csv_is_unrounded():
    frame = pd.DataFrame({"points": [0.0282, 84.912]})
    shown = table(frame, [Column("points", "Points", "number", decimals=1)], key="p", caption="P")

    assert [row[0] for row in shown.rows] == ["0", "84.9"]
    assert "0.0282" in shown.csv


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/St_Johns", "Asia/Kolkata"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
@pytest.mark.parametrize("finest", ["", ".120", ".000250"])
def test_moments_are_written_as_pandas_writes_them(zone, unit, finest):
    # An hour that clocks show twice, one that they leave out, and a gap.
    texts = ["2026-10-25 00:30:00", "2026-10-25 01:30:00", "2026-03-29 01:00:00", None,
             "1969-12-31 23:59:59", f"2026-07-01 12:00:00{finest}"]  # fmt: skip
    times = pd.Series(pd.to_datetime(texts, format="mixed", utc=True)).dt.as_unit(unit)
    frame = pd.DataFrame({"name": "A", "at": times.dt.tz_convert(zone)}, index=range(9, 3, -1))
    expected = frame.to_csv(index=False, lineterminator="\r\n")

    assert made(frame, (Column("name", "Name"),)).csv == expected
    assert made(frame.iloc[:0], (Column("name", "Name"),)).csv == "name,at\r\n"
