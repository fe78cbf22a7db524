"""Ids stay what was written, and nothing that stands twice counts silently."""

from datetime import date

import pytest
import yaml

from opsplaybook.plain_yaml import load_yaml


@pytest.mark.parametrize(
    "text",
    ["0042", "0010", "-007", "1_000", "12:30", "1:30.5", "0x1F", "0b11", "+49", "00.5", "1e5", "no",
     "Yes", "on", "OFF", "y"],
)  # fmt: skip
def test_what_may_be_an_id_or_a_name_is_text(text):
    assert load_yaml(f"[{text}]") == [text]
    assert load_yaml(f"{{{text}: 1}}") == {text: 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("42", 42), ("-42", -42), (".95", 0.95), ("0.95", 0.95), ("-12.50", -12.5),
     ("1.0e-05", 1e-05), (".inf", float("inf")), ("true", True), ("False", False), ("null", None),
     ("~", None), ("2026-06-30", date(2026, 6, 30)), ('"42"', "42"), ("!!int '42'", 42)],
)  # fmt: skip
def test_numbers_flags_and_days_are_what_they_are(text, value):
    assert load_yaml(f"[{text}]") == [value]


def test_what_is_written_by_the_library_comes_back():
    values = {"id": "0042", "flag": "no", "big": 1e16, "small": 1e-5, "on": True, "n": -3}
    assert load_yaml(yaml.safe_dump(values)) == values


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\nb: 2\na: 3\n", 3), ("x:\n  - a: 1\n    a: 1\n", 3), ("1: a\n'1': b\n", 2)],
)
def test_a_key_that_stands_twice_is_refused_with_its_line(text, line):
    with pytest.raises(yaml.YAMLError, match=f'"(a|1)" stands twice[^$]*line {line}'):
        load_yaml(text)


def test_a_merged_mapping_may_be_overridden():
    text = "base: &base {a: 1, b: 2}\nown: &own {<<: *base, a: 3}\nlast: {<<: *own, b: 4}\n"
    assert load_yaml(text)["own"] == {"a": 3, "b": 2}
    assert load_yaml(text)["last"] == {"a": 3, "b": 4}
