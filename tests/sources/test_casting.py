"""Raw texts and typed values of other places become the values they stand for, or missing."""

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
