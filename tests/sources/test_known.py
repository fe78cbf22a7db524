"""What became known later changes nothing: no row, no outcome."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsplaybook.contracts import TABLES, Kind, kinds
from opsplaybook.sources.engine import LocalEngine, to_frame
from opsplaybook.sources.known import as_known, last_day

ZONE = "Europe/Berlin"
AS_OF = date(2024, 3, 31)  # clocks were put forward on that night
DAYS = st.dates(date(2024, 3, 1), date(2024, 4, 30))
LATER = st.dates(date(2024, 4, 1), date(2025, 1, 1))
SOME = {
    Kind.TEXT: ["one", "two"],
    Kind.NUMBER: [1.0, 2.0],
    Kind.WHOLE: [1, 2],
    Kind.FLAG: [True, False],
}
DATED = [name for name in TABLES if TABLES[name].facts().dated_by]
REVEALING = [name for name in TABLES if TABLES[name].facts().reveals]


@pytest.fixture(scope="module")
def engine():
    return LocalEngine(ZONE)


def times(kind: Kind, days: st.SearchStrategy[date]) -> st.SearchStrategy:
    if kind is Kind.DATE:
        return days
    return st.builds(
        lambda day, hour: datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
        days,
        st.integers(8, 18),
    )


def rows_of(name: str, days: st.SearchStrategy[date]) -> st.SearchStrategy[dict]:
    """Draw rows with the columns that matter to the date."""
    facts, kind_of = TABLES[name].facts(), kinds(TABLES[name])
    dates = {*facts.dated_by, *(column for reveal in facts.reveals for column in reveal.on)}
    parts = {column: st.none() | times(kind_of[column], days) for column in dates}
    for reveal in facts.reveals:
        for column in (*reveal.columns, *(c for c, _ in reveal.before)):
            parts.setdefault(column, _values(kind_of[column], days))
    return st.fixed_dictionaries(parts)


def _values(kind: Kind, days: st.SearchStrategy[date]) -> st.SearchStrategy:
    if kind in (Kind.DATE, Kind.TIMESTAMP):
        return st.none() | times(kind, days)
    return st.sampled_from(SOME[kind])


def known(engine: LocalEngine, name: str, rows: list[dict]) -> pd.DataFrame:
    types = {
        Kind.DATE: pa.date32(),
        Kind.TIMESTAMP: pa.timestamp("us", tz="UTC"),
        Kind.TEXT: pa.string(),
        Kind.NUMBER: pa.float64(),
        Kind.WHOLE: pa.int64(),
        Kind.FLAG: pa.bool_(),
    }
    kind_of = kinds(TABLES[name])
    fields = [("row", pa.int64()), *((c, types[kind_of[c]]) for c in rows[0])]
    numbered = [{"row": n} | row for n, row in enumerate(rows)]
    engine.connection.register("rows", pa.Table.from_pylist(numbered, pa.schema(fields)))
    return to_frame(engine.arrow_of(query(engine, name, tuple(rows[0])))).drop(columns="row")


@lru_cache
def query(engine: LocalEngine, name: str, columns: tuple[str, ...]) -> str:
    """Translate once per table and set of columns; `rows` is another table each time."""
    table = as_known(engine.backend.table("rows"), TABLES[name], last_day(AS_OF, ZONE))
    assert set(table.columns) == {"row", *columns}
    return engine.backend.compile(table.order_by("row"))


@pytest.mark.parametrize("name", DATED)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_rows_dated_later_change_nothing(engine, name, data):
    rows = data.draw(st.lists(rows_of(name, DAYS), min_size=1, max_size=6))
    later = data.draw(st.lists(rows_of(name, LATER), min_size=1, max_size=4))
    dated_by = TABLES[name].facts().dated_by
    later = [row for row in later if any(row[column] is not None for column in dated_by)]
    pd.testing.assert_frame_equal(known(engine, name, rows), known(engine, name, rows + later))


@pytest.mark.parametrize("name", REVEALING)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_outcomes_that_came_later_change_nothing(engine, name, data):
    """A row whose columns are revealed later equals the same row with other later columns."""
    facts, kind_of = TABLES[name].facts(), kinds(TABLES[name])
    row = data.draw(rows_of(name, DAYS))
    other = dict(row)
    for reveal in facts.reveals:
        if set(reveal.on) & set(facts.dated_by):
            continue
        for version in (row, other):
            version[reveal.on[0]] = data.draw(times(kind_of[reveal.on[0]], LATER))
            for column in (*reveal.columns, *(c for c, _ in reveal.before)):
                version[column] = data.draw(_values(kind_of[column], LATER))
    shared = {c for reveal in facts.reveals for c in reveal.on[1:]}
    other |= {column: row[column] for column in shared if column not in _firsts(facts)}
    pd.testing.assert_frame_equal(known(engine, name, [row]), known(engine, name, [other]))


def _firsts(facts) -> set[str]:
    return {reveal.on[0] for reveal in facts.reveals}


def test_the_last_day_counts_to_its_end_in_the_zone(engine):
    end = datetime(2024, 3, 31, 22, tzinfo=UTC)  # midnight in Berlin, summer time
    rows = [
        {"at": end - timedelta(microseconds=1), "action": "in time"},
        {"at": end, "action": "a day too late"},
    ]
    assert known(engine, "activity", rows)["action"].tolist() == ["in time"]


def test_an_outcome_is_open_until_it_was_decided(engine):
    row = {
        "start_on": date(2023, 4, 1),
        "end_on": date(2024, 3, 31),
        "decided_on": date(2024, 4, 1),
        "outcome": "lost",
        "loss_reason": "price",
    }
    found = known(engine, "contracts", [row, row | {"decided_on": date(2024, 3, 31)}])
    assert found["outcome"].tolist() == ["open", "lost"]
    assert found["loss_reason"].fillna("").tolist() == ["", "price"]
    assert found["decided_on"].isna().tolist() == [True, False]
    assert found["end_on"].notna().all()


def test_without_a_day_of_decision_the_end_of_the_term_stands_in(engine):
    row = {"start_on": date(2023, 4, 1), "decided_on": None, "outcome": "lost"}
    rows = [row | {"end_on": date(2024, 4, 1)}, row | {"end_on": date(2024, 3, 31)}]
    assert known(engine, "contracts", rows)["outcome"].tolist() == ["open", "lost"]


def test_a_row_is_known_from_the_first_of_its_dates(engine):
    rows = [
        {"created_on": date(2024, 1, 1), "customer_since": date(2024, 5, 1)},
        {"created_on": None, "customer_since": date(2024, 5, 1)},
        {"created_on": None, "customer_since": None},
    ]
    found = known(engine, "accounts", rows)
    assert len(found) == 2
    assert found["customer_since"].isna().all()
