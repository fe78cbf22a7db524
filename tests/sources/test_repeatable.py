import re

import duckdb
import pytest

from opsplaybook.sources.repeatable import CLOCKS, PASSING, is_repeatable

HARMLESS = {
    # They raise, or tell of an engine that is made anew for each source.
    *("assert_true", "error", "json_group_object"),
    *("current_catalog", "current_database", "current_schema", "user"),
    # Their definitions read what they are given.
    *("histogram", "histogram_values", "list_histogram"),
}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT number, max(price) FROM raw.lines GROUP BY number",
        'SELECT * FROM "raw"."lines"',
        "WITH last AS (SELECT * FROM raw.lines) SELECT * FROM last JOIN raw.rates USING (day)",
        "SELECT quantity * price",
        "SELECT today, user, random FROM raw.lines",
        "SELECT unnest([1, 2]) FROM raw.lines",
        "SELECT price -- now()\nFROM raw.lines",
    ],
)
def test_queries_on_declared_files(query):
    assert is_repeatable(query, ["lines", "rates"])


@pytest.mark.parametrize(
    "query",
    [
        "SELECT now() - due_at FROM raw.lines",
        "SELECT NOW /* the clock */ ()",
        "SELECT CURRENT_DATE - due_on FROM raw.lines",
        "SELECT * FROM raw.lines WHERE random() < 0.5",
        "SELECT * FROM raw.lines USING SAMPLE 10",
        "SELECT * FROM raw.lines TABLESAMPLE 10%",
        "SELECT * FROM raw.others",
        "SELECT * FROM lines",
        "SELECT * FROM 'lines.csv'",
        'SELECT * FROM raw.lines, "lines.csv"',
        "WITH \"lines.csv\" AS (SELECT 1) SELECT * FROM 'lines.csv'",
        "SELECT * FROM read_csv('lines.csv')",
        "SELECT * FROM raw.lines, LATERAL read_text(path)",
        "SELECT (SELECT max(price) FROM glob('*.csv'))",
        "SELECT * FROM attached.raw.lines",
        "SELECT * FROM query('SELECT 1')",
        "SELECT 1; SELECT 2",
        "COPY raw.lines TO 'lines.csv'",
        "SELECT (1)) FROM 'lines.csv' --)",
        "SELECT (",
        "",
    ],
)
def test_queries_that_depend_on_something_else(query):
    assert not is_repeatable(query, ["lines"])


def test_every_function_of_the_engine_that_is_not_steady_is_known():
    with duckdb.connect() as connection:
        functions = connection.execute(
            "SELECT function_name, stability, macro_definition FROM duckdb_functions() "
            "WHERE function_type IN ('scalar', 'aggregate', 'macro', 'table_macro')"
        ).fetchall()
    unsteady = {name for name, stability, _ in functions if stability not in (None, "CONSISTENT")}
    for name, _, definition in functions:
        words = set(re.findall(r"\w+", (definition or "").lower()))
        if words & (unsteady | CLOCKS | {"from", "current_user"}):
            unsteady.add(name)
    # Tables of the engine about itself are refused as functions after FROM.
    of_tables = {name for name in unsteady if name.startswith("duckdb_")}
    assert unsteady - HARMLESS - of_tables <= PASSING
