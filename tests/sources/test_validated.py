"""Rows that break a contract are set aside, counted and named; columns that lie are refused."""

from datetime import date

import pytest

from opsplaybook.errors import ContractError

HEADER = "contract_id,account_id,start_on,end_on,annual_value,outcome,currency\n"


def contracts(make_source, *rows: str, **keys):
    files = {"c.csv": HEADER + "\n".join(rows) + "\n"}
    return make_source(files, {"contracts": {"file": "c.csv", **keys}})


def reasons(quality) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(part.reason, part.count, part.examples) for part in quality.set_aside]


def test_each_rule_counts_its_rows_with_examples(make_source):
    source = contracts(
        make_source,
        "c1,a,2024-01-01,2024-12-31,100,renewed,EUR",
        ",a,2024-01-01,2024-12-31,100,renewed,EUR",
        "c3,a,,2024-12-31,100,renewed,EUR",
        "c4,a,2024-01-01,2023-12-31,100,renewed,EUR",
        "c5,a,2024-01-01,2024-12-31,-1,renewed,EUR",
        "c6,a,2024-01-01,2024-12-31,100,perhaps,EUR",
        "c7,a,2024-01-01,2024-12-31,100,lost,USD",
        "c8,a,2024-01-01,2024-12-31,ten,lost,EUR",
        "c9,a,2024-01-01,,,,",
    )
    quality = source.quality("contracts")
    assert (quality.rows_read, quality.rows, quality.broken) == (9, 2, 7)
    assert reasons(quality) == [
        ("contract_id: no value", 1, ("row 3",)),
        ("start_on: no value", 1, ("row 4",)),
        ("annual_value: not a number", 1, ('row 9: "ten"',)),
        ("annual_value: below 0", 1, ('row 6: "-1"',)),
        ("outcome: not one of renewed, lost, open", 1, ('row 7: "perhaps"',)),
        ("currency: not EUR", 1, ('row 8: "USD"',)),
        ("end_on before start_on (negative duration)", 1, ('row 5: "2024-01-01 … 2023-12-31"',)),
    ]


def test_at_most_five_examples_and_all_counted(make_source):
    rows = [f"c{n},a,2024-01-01,,{-n if n > 3 else n},," for n in range(1, 40)]
    quality = contracts(make_source, *rows).quality("contracts")
    (part,) = quality.set_aside
    assert part.count == 36
    assert part.examples == tuple(f'row {n + 1}: "{-n}"' for n in range(4, 9))


def test_repetitions_and_contradictions_are_told_apart(make_source):
    source = contracts(
        make_source,
        "c1,a,2024-01-01,,100,,",
        "c2,a,2024-01-01,,100,,",
        "c1,a,2024-01-01,,100,,",
        "c2,a,2024-01-01,,999,,",
    )
    quality = source.quality("contracts")
    assert reasons(quality) == [
        ("repetition of an earlier row", 1, ('row 4: "c1"',)),
        ("contract_id: given before, with other content", 1, ('row 5: "c2"',)),
    ]
    assert source.load(["contracts"])["contracts"]["annual_value"].tolist() == [100.0, 100.0]


def test_rows_with_an_incomplete_key_are_not_compared(make_source):
    text = "event_id,account_id,contact_id\ne,a,\ne,a,\ne,a,p\ne,a,p\n"
    quality = make_source({"c.csv": text}, {"event_contacts": {"file": "c.csv"}}).quality(
        "event_contacts"
    )
    assert (quality.rows, quality.broken) == (3, 1)


def test_lists_hold_only_allowed_items(make_source):
    text = "event_id,start_on,purposes\n1,2024-01-01,acquisition;conversion\n2,2024-01-01,fun\n"
    quality = make_source({"e.csv": text}, {"events": {"file": "e.csv"}}).quality("events")
    assert reasons(quality) == [
        ("purposes: not a list of the allowed values", 1, ('row 3: "fun"',))
    ]


def test_a_required_table_left_empty_is_fatal(make_source):
    source = contracts(make_source, "c1,a,2024-01-01,,-5,,", "c2,a,2024-01-01,,-6,,")
    assert source.load(["contracts"], as_of=date.fromisoformat("2024-05-01"))["contracts"].empty
    with pytest.raises(ContractError) as caught:
        source.load(["contracts"], required=["contracts"])
    assert "no usable row of 2 is left" in str(caught.value)
    assert "2 rows: annual_value: below 0" in str(caught.value)


def test_a_required_table_that_is_not_mapped_is_fatal(make_source):
    source = contracts(make_source, "c1,a,2024-01-01,,5,,")
    with pytest.raises(ContractError, match="1 required tables are missing: events"):
        source.load(["contracts"], required=["events"])


def test_one_swapped_date_refuses_the_column(make_source):
    rows = [f"c{n},a,2024-01-{n:02d},,5,," for n in range(1, 10)]
    with pytest.raises(ContractError) as caught:
        contracts(make_source, *rows, "c10,a,13.01.2024,,5,,").quality("contracts")
    text = str(caught.value)
    assert "column start_on: 1 of 10 values" in text
    assert "the other 9 may have been read wrongly too" in text
    assert 'date_format: "%d.%m.%Y"' in text


def test_a_value_that_is_no_date_in_any_form_is_set_aside_alone(make_source):
    source = contracts(
        make_source, "c1,a,2024-01-01,,5,,", "c2,a,soon,,5,,", "c3,a,0024-01-01,,5,,"
    )
    assert reasons(source.quality("contracts")) == [
        ("start_on: not a date", 2, ('row 3: "soon"', 'row 4: "0024-01-01"'))
    ]


def test_dates_that_fit_two_forms_are_refused_with_both(make_source):
    with pytest.raises(ContractError) as caught:
        contracts(make_source, "c1,a,03/04/2024,,5,,").quality("contracts")
    assert '`date_format: "%d/%m/%Y"` or `date_format: "%m/%d/%Y"`' in str(caught.value)


def test_a_column_of_nonsense_is_refused(make_source):
    with pytest.raises(ContractError, match="none of 2 values is ISO dates"):
        contracts(make_source, "c1,a,soon,,5,,", "c2,a,later,,5,,").quality("contracts")


def test_decimal_commas_refuse_the_column(make_source):
    rows = ["c1,a,2024-01-01,,5,,", 'c2,a,2024-01-01,,"5,25",,']
    with pytest.raises(ContractError) as caught:
        contracts(make_source, *rows).quality("contracts")
    assert '`decimal: ","`' in str(caught.value)


def test_thousands_marks_refuse_the_column(make_source):
    with pytest.raises(ContractError) as caught:
        contracts(make_source, 'c1,a,2024-01-01,,"1,234,567",,').quality("contracts")
    assert '`thousands: ","`' in str(caught.value)


@pytest.mark.parametrize("text", ["NaN", "inf", "-Infinity", "1e999"])
def test_what_is_not_a_finite_number_is_set_aside(make_source, text):
    source = contracts(make_source, "c1,a,2024-01-01,,5,,", f"c2,a,2024-01-01,,{text},,")
    assert reasons(source.quality("contracts")) == [
        ("annual_value: not a number", 1, (f'row 3: "{text}"',))
    ]


def test_whole_numbers_and_flags(make_source):
    text = "account_id,employees,strategic\na,5.0,TRUE\nb,5.5,no\nc,,maybe\nd,7,1\n"
    source = make_source({"a.csv": text}, {"accounts": {"file": "a.csv"}})
    assert reasons(source.quality("accounts")) == [
        ("employees: not a whole number", 1, ('row 3: "5.5"',)),
        ("strategic: not yes or no", 1, ('row 4: "maybe"',)),
    ]
    frame = source.load(["accounts"], as_of=date.fromisoformat("2024-01-01"))["accounts"]
    assert frame["employees"].tolist() == [5, 7]
    assert frame["strategic"].tolist() == [True, True]


def test_hostile_texts_come_out_as_they_went_in(make_source):
    names = ["<script>alert(1)</script>", "{{7*7}}", "$x^2$", "'; DROP TABLE accounts; --", "=1+1"]
    text = "account_id,name\n" + "".join(f'{i},"{name}"\n' for i, name in enumerate(names))
    source = make_source({"a.csv": text}, {"accounts": {"file": "a.csv"}})
    tables = source.load(
        ["accounts"], as_of=date.fromisoformat("2024-01-01"), where={"account_id": ["3", "4"]}
    )
    assert tables["accounts"]["name"].tolist() == names[3:]
