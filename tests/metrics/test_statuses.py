"""Funnels over statuses, by hand."""

import pandas as pd
import pytest

from opsplaybook.errors import ParamsError
from opsplaybook.metrics.funnels import Step
from opsplaybook.metrics.statuses import status_reach, status_units

STEPS = (
    Step("found", table="opportunities", at=""),
    Step("engaged", {"stage": ("engaged", "won", "lost")}, table="opportunities", at=""),
    Step("won", {"outcome": ("won",)}, table="opportunities", at=""),
)
DEALS = pd.DataFrame(
    [
        ("D-1", "A", "new", "open", "x"),
        ("D-2", "A", "engaged", "open", "x"),
        ("D-3", "B", "lost", "lost", "y"),
        ("D-4", "B", "won", "won", None),
        ("D-5", None, "won", "won", "y"),
    ],
    columns=["opportunity_id", "account_id", "stage", "outcome", "product"],
)
ACCOUNTS = pd.DataFrame(
    {"account_id": ["A", "B"], "industry": ["retail", "energy"], "name": ["a", "b"]}
)


@pytest.fixture
def tables(open_in_memory):
    source = open_in_memory({"opportunities": DEALS, "accounts": ACCOUNTS})
    return source.load(["opportunities", "accounts"], as_of=pd.Timestamp("2026-01-01").date())


def test_each_row_is_as_far_as_its_status_says(tables):
    units = status_units(tables, STEPS, segments=("product", "accounts.industry")).set_index("unit")

    assert units["level"].to_dict() == {"D-1": 1, "D-2": 2, "D-3": 2, "D-4": 3, "D-5": 3}
    assert units.index[units["open"]].tolist() == ["D-1", "D-2"]
    assert units.loc["D-5", "account_id"] == "not known"
    assert units.loc["D-4", "product"] == "not known"
    assert units["accounts.industry"].tolist() == [
        "retail", "retail", "energy", "energy", "not known"
    ]  # fmt: skip


def test_open_rows_are_in_no_rate(tables):
    frame = status_reach(status_units(tables, STEPS), STEPS).set_index("step")

    assert frame["reached"].tolist() == [5, 4, 2]
    assert frame["open"].tolist() == [0, 1, 1]
    assert frame["lost"].tolist() == [0, 0, 1]
    assert frame["mature_before"].tolist() == [3, 3, 3]
    assert frame["mature_reached"].tolist() == [3, 3, 2]


def test_counts_by_account_add_up(tables):
    units = status_units(tables, STEPS)
    by_account = status_reach(units, STEPS, by=("account_id",))

    assert by_account["account_id"].unique().tolist() == ["A", "B", "not known"]
    summed = by_account.groupby("position")["reached"].sum()
    assert summed.tolist() == status_reach(units, STEPS)["reached"].tolist()


def test_steps_of_two_tables_are_refused(tables):
    steps = (STEPS[0], Step("signed", table="contracts", at=""))

    with pytest.raises(ParamsError, match="name one table for all steps"):
        status_units(tables, steps)


def test_a_column_that_is_not_there_is_refused(tables):
    with pytest.raises(ParamsError, match='no column "planet"'):
        status_units(tables, STEPS, segments=("planet",))
