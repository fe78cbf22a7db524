"""Times of day in zones that change their clocks."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from opsplaybook.sources.clocks import changes, changes_clocks

YEAR = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "found"),
    [
        ("America/New_York", [("03-10 02:00", False), ("11-03 01:00", True)]),
        ("Australia/Lord_Howe", [("04-07 01:30", True), ("10-06 02:00", False)]),
        ("Asia/Kolkata", []),
    ],
)
def test_changes_of_a_year(zone, found):
    assert [(f"{c.start:%m-%d %H:%M}", c.repeated) for c in changes(zone, *YEAR)] == found


def test_zones_that_do_not_change():
    assert changes_clocks("Europe/Berlin")
    assert not changes_clocks("UTC")
    assert not changes_clocks("Asia/Dubai")


def tickets(make_source, *times: str, **column):
    text = "id,t\n" + "".join(f"{n},{time}\n" for n, time in enumerate(times))
    columns = {"ticket_id": "id", "opened_at": {"from": "t", **column}}
    return make_source({"t.csv": text}, {"tickets": {"file": "t.csv", "columns": columns}})


def test_doubtful_times_are_counted_and_kept(make_source):
    source = tickets(
        make_source,
        "2024-03-31 01:59:59",
        "2024-03-31 02:00:00",
        "2024-03-31 02:59:59",
        "2024-03-31 03:00:00",
        "2024-10-27 02:30:00",
        "2024-10-27 03:00:00",
    )
    quality = source.quality("tickets")
    assert quality.rows == 6
    assert quality.notes == (
        "1 values of opened_at occur twice in Europe/Berlin: clocks went back",
        "2 values of opened_at do not occur in Europe/Berlin and were moved on",
    )
    opened = source.load(["tickets"])["tickets"]["opened_at"]
    assert opened.dt.strftime("%H:%M:%S %z").tolist() == [
        "01:59:59 +0100",
        "03:00:00 +0200",
        "03:59:59 +0200",
        "03:00:00 +0200",
        "02:30:00 +0100",
        "03:00:00 +0100",
    ]
    assert str(opened.dt.tz) == "Europe/Berlin"


def test_times_with_an_offset_are_never_in_doubt(make_source):
    source = tickets(
        make_source,
        "2024-10-27T02:30:00+02:00",
        "2024-10-27T02:30:00+01:00",
        "2024-10-27T00:30:00Z",
    )
    assert source.quality("tickets").notes == ()
    opened = source.load(["tickets"])["tickets"]["opened_at"]
    assert opened.tolist() == [
        pd.Timestamp("2024-10-27 00:30", tz="UTC"),
        pd.Timestamp("2024-10-27 01:30", tz="UTC"),
        pd.Timestamp("2024-10-27 00:30", tz="UTC"),
    ]


def test_a_column_of_another_zone_is_shown_in_that_of_the_source(make_source):
    source = tickets(make_source, "2024-07-01 23:30", timezone="UTC")
    opened = source.load(["tickets"])["tickets"]["opened_at"][0]
    assert opened.isoformat() == "2024-07-02T01:30:00+02:00"
    assert str(source.quality("tickets").last_on) == "2024-07-02"


def test_hours_without_a_leading_zero(make_source):
    source = tickets(make_source, "2023-07-28 3:00")
    assert source.load(["tickets"])["tickets"]["opened_at"][0].hour == 3


def test_a_declared_form_with_an_offset(make_source):
    source = tickets(make_source, "28/07/2023 03:00 +0530", date_format="%d/%m/%Y %H:%M %z")
    opened = source.load(["tickets"])["tickets"]["opened_at"][0]
    assert opened == pd.Timestamp("2023-07-27 21:30", tz="UTC")
