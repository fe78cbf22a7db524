import math
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from opsplaybook import formats
from opsplaybook.stats.results import Estimate, Interval


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"), (1, "100%"), (-0.0, "0%"), (0.0837, "8.4%"), (0.5612, "56%"),
        (0.0002, "<0.1%"), (0.9997, ">99.9%"), (-0.0002, ">−0.1%"), (-0.25, "−25%"),
        (0.0996, "10%"), (0.994, "99%"), (0.996, "99.6%"), (0.9985, "99.9%"), (0.99899, "99.9%"),
        (-0.9985, "−99.9%"), (1.2, "120%"), (math.inf, "∞%"),
    ],
)  # fmt: skip
def test_share(share, text):
    assert formats.share(share) == text


@pytest.mark.parametrize("thousandths", range(995, 1000))
def test_a_share_is_all_only_when_it_is(thousandths):
    assert formats.share(thousandths / 1000) != "100%"


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (0, "EUR", "€0"), (0.5, "EUR", "€0.50"), (-0.001, "EUR", "€0"), (99.999, "USD", "$100"),
        (45_200, "CHF", "CHF 45,200"), (99_999.6, "EUR", "€100,000"), (100_000, "EUR", "€100k"),
        (999_499, "EUR", "€999k"), (999_500, "EUR", "€1M"), (1_235_000, "EUR", "€1.24M"),
        (-1_240_000, "GBP", "−£1.24M"), (999_499_999, "EUR", "€999M"), (2.5e9, "", "2.5bn"),
        (math.inf, "EUR", "€∞"), (-math.inf, "EUR", "−€∞"),
    ],
)  # fmt: skip
def test_money(amount, currency, text):
    assert formats.money(amount, currency) == text


@pytest.mark.parametrize(
    ("write", "item", "text"),
    [
        (formats.count, 12408, "12,408"), (formats.count, -3, "−3"), (formats.count, math.inf, "∞"),
        (formats.points, 0.032, "+3.2 pp"), (formats.points, -0.123, "−12 pp"),
        (formats.points, 0, "0 pp"), (formats.points, -0.0003, "0 pp"),
        (formats.change, 0.12, "+12%"), (formats.change, -0.0003, "0%"),
        (formats.number, 0.03125, "0.0312"), (formats.number, 12408, "12,408"),
        (formats.number, 9.999, "10"), (formats.number, -0.5, "−0.5"),
        (formats.number, math.inf, "∞"), (formats.number, -math.inf, "−∞"),
        (formats.ratio, 2.4, "2.4×"), (formats.hours, 7, "7 h"),
        (formats.days, 1, "1 day"), (formats.days, 1.0004, "1 day"),
        (formats.days, 3.5, "3.5 days"),
        (formats.day, date(2026, 1, 31), "2026-01-31"),
        (formats.moment, datetime(2026, 1, 31, 14, 5, tzinfo=UTC), "2026-01-31 14:05"),
        (formats.p_value, 0.0312, "p = 0.031"), (formats.p_value, 0, "p < 0.001"),
        (formats.p_value, math.nan, "p –"),
        (formats.flag, True, "yes"), (formats.flag, 0, "no"),
    ],
)  # fmt: skip
def test_writers(write, item, text):
    assert write(item) == text


@pytest.mark.parametrize(
    "kind", sorted(formats.NUMERIC_KINDS | {"text", "date", "datetime", "flag"})
)
@pytest.mark.parametrize("missing", [None, math.nan, pd.NaT, pd.NA])
def test_what_is_missing_is_a_dash_in_every_kind(kind, missing):
    assert formats.value(missing, kind) == "–"


@pytest.mark.parametrize("kind", sorted(formats.NUMERIC_KINDS))
@pytest.mark.parametrize("item", [math.inf, -math.inf])
def test_infinity_is_a_sign_in_every_kind(kind, item):
    text = formats.value(item, kind, currency="EUR")
    assert "∞" in text
    assert "inf" not in text
    assert ("−" in text) == (item < 0)


def test_a_list_is_a_text_and_not_missing():
    assert formats.value(["a", None], "text") == "['a', None]"


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("{{7*7}}", "{{7*7}}"), ("$x^2$", "$x^2$"), ("=1+1", "=1+1"),
        (" two\n lines\t ", "two lines"), ("Ac\x1b[31mme\x07", "Ac[31mme"),
        ("safe\u202egpj.exe", "safegpj.exe"), ("lone \ud800", "lone"), ("null\x00", "null"),
        ("mi\u200cravam", "mi\u200cravam"), ("👩\u200d💻", "👩\u200d💻"), (12, "12"),
    ],
)  # fmt: skip
def test_text_is_one_line_without_control_characters_and_else_itself(item, text):
    assert formats.text(item) == text


def test_an_estimate_never_stands_alone():
    rate = Estimate(0.088, Interval(-0.009, 0.19, 0.9), 113, "share")
    assert formats.estimate(rate) == "8.8% (90% interval −0.9% to 19%, n = 113)"
    few = Estimate(0.25, Interval(0, 1), 4, "share")
    assert formats.estimate(few, unit="accounts") == "not enough data (n = 4 accounts)"
    cost = Estimate(120.0, Interval(80.0, math.inf), 9, "money")
    assert formats.estimate(cost, currency="EUR") == "€120 (95% interval €80 to €∞, n = 9)"
    total = Estimate(1e6, None, 40, "money")
    assert formats.estimate(total, currency="EUR", unit="deals") == "€1M (n = 40 deals)"


def test_a_period_shows_both_ends():
    assert formats.period(date(2026, 1, 1), date(2026, 1, 31)) == "2026-01-01 to 2026-01-31"


@pytest.mark.parametrize(
    ("high", "text"), [(0.4, "+40%"), (97.8, "over +900%"), (math.inf, "over +900%")]
)
def test_far_end_of_a_change_is_not_written_out(high, text):
    assert formats.interval(Interval(-0.3, high), "change") == f"−30% to {text}"


def test_a_change_that_is_far_at_both_ends_has_no_low_end_above_its_high_one():
    assert formats.interval(Interval(12.95, 51.3), "change") == "over +900%"
    assert formats.interval(Interval(9, 51.3), "change") == "over +900%"
