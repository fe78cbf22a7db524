from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook.metrics.orders import in_force, in_force_on, order_sizes, orders
from opsplaybook.metrics.periods import Period
from opsplaybook.sources import open_source

JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))


def invoices(*rows: tuple[str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["issued_on", "amount"])
    return frame.assign(issued_on=pd.to_datetime(frame["issued_on"]))


def terms(*rows: tuple) -> pd.DataFrame:
    columns = ["start_on", "end_on", "annual_value", "seats"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(
        start_on=pd.to_datetime(frame["start_on"]),
        end_on=pd.to_datetime(frame["end_on"]),
        seats=frame["seats"].astype("Int64"),
    )


def test_invoices_of_one_day_are_one_order():
    sizes = order_sizes(invoices(("2026-06-01", 60.0), ("2026-06-01", 40.0)), JUNE)

    assert sizes.tolist() == [100.0]


def test_giant_order_cancelled_on_its_day_is_no_order():
    found = invoices(("2026-06-01", 50.0), ("2026-06-02", 168_469.6), ("2026-06-02", -168_469.6))

    assert order_sizes(found, JUNE).tolist() == [50.0]


def test_later_credit_reduces_all_orders_in_proportion():
    found = invoices(("2026-06-01", 100.0), ("2026-06-02", 300.0), ("2026-06-20", -100.0))

    assert order_sizes(found, JUNE).tolist() == [75.0, 225.0]


def test_more_credited_than_invoiced_is_no_order():
    assert order_sizes(invoices(("2026-06-01", 10.0), ("2026-06-02", -30.0)), JUNE).size == 0


def test_orders_outside_the_period_do_not_count():
    assert order_sizes(invoices(("2026-05-31", 10.0), ("2026-07-01", 10.0)), JUNE).size == 0


def test_term_is_in_force_on_both_its_ends():
    found = terms(("2026-01-01", "2026-06-30", 1200.0, 5))
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]

    values = in_force_on(found, days, "annual_value")

    assert np.isnan(values[[0, 3]]).all()
    assert values[[1, 2]].tolist() == [1200.0, 1200.0]
    assert [len(in_force(found, day)) for day in days] == [0, 1, 1, 0]


def test_terms_that_run_together_add_up_and_one_without_value_adds_nothing():
    found = terms(
        ("2026-01-01", None, 1200.0, 5),
        ("2026-03-01", "2027-02-28", 800.0, None),
        ("2026-03-01", "2027-02-28", None, 3),
    )

    assert in_force_on(found, [date(2026, 6, 30)], "annual_value").tolist() == [2000.0]
    assert in_force_on(found, [date(2026, 6, 30)], "seats").tolist() == [8.0]


def test_no_contract_is_not_a_contract_of_zero():
    assert np.isnan(in_force_on(terms(), [date(2026, 6, 30)], "annual_value")).all()


@pytest.fixture(scope="module")
def given(write_source):
    frames = {
        "accounts": pd.DataFrame({"account_id": ["A", "B"]}),
        "invoices": pd.DataFrame(
            {
                "invoice_id": ["1", "2", "3"],
                "account_id": ["A", "B", "A"],
                "issued_on": ["2026-06-09", "2026-06-01", "2026-05-01"],
                "amount": [10.0, 20.0, 30.0],
            }
        ),
    }
    source = open_source(write_source(frames))
    return source.load(["accounts"], in_engine=["invoices"], as_of=date(2026, 6, 30))


def test_orders_are_those_of_the_account_oldest_first(given):
    found = orders(given, "A")

    assert found["invoice_id"].tolist() == ["3", "1"]
    assert found["amount"].tolist() == [30.0, 10.0]


def test_columns_that_the_source_lacks_are_missing(given):
    found = orders(given, "A")

    assert found[["due_on", "paid_on"]].isna().all(axis=None)
    assert str(found["paid_on"].dtype) == "datetime64[us]"
