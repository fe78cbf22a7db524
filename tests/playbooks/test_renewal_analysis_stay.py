"""How many are still there after so many years, whatever the length of their terms."""

import pandas as pd
import pytest

from opsplaybook.playbooks.renewal_analysis import table_hazards

AS_OF = pd.Timestamp("2026-06-30")


def terms(account: str, first: str, months: int, *, lost_after: int | None) -> list[dict]:
    """Make terms of one length from a day on; the customer leaves at the end of one of them."""
    start, found = pd.Timestamp(first), []
    while start <= AS_OF:
        end = start + pd.DateOffset(months=months) - pd.Timedelta(days=1)
        lost = lost_after == len(found) + 1
        outcome = "lost" if lost else "open" if end > AS_OF else "renewed"
        found.append({
            "contract_id": f"{account} {start:%Y-%m}", "account_id": account, "product": "Core",
            "start_on": start, "end_on": end, "annual_value": 100.0, "outcome": outcome,
            "decided_on": pd.NaT if outcome == "open" else end,
        })  # fmt: skip
        if lost:
            break
        start = end + pd.Timedelta(days=1)
    return found


@pytest.fixture
def measure(renewal_steps, make_tables):
    def run(rows: list[dict]):
        contracts = pd.DataFrame(rows)
        keys = contracts["account_id"].drop_duplicates()
        frames = {"accounts": pd.DataFrame({"account_id": keys}), "contracts": contracts}
        done = renewal_steps.analyse(make_tables(frames, as_of=AS_OF.date()))
        return done.stay, table_hazards(done.stay, done.book)

    return run


def test_monthly_terms_are_no_years(measure):
    # One of a hundred leaves in each of eleven months of every year.
    leaving = [month for month in range(1, 36) if month % 12]
    leaves = dict(enumerate(leaving))
    rows = [
        row for n in range(100)
        for row in terms(f"A{n}", "2023-01-01", 1, lost_after=leaves.get(n))
    ]  # fmt: skip
    stay, table = measure(rows)
    assert not stay.yearly
    assert stay.cohorts is None
    assert [found.value for found in stay.still_there[:3]] == pytest.approx([0.89, 0.78, 0.67])
    # Eleven losses a year, in about 95, 84 and 73 decisions a month.
    assert stay.hazards.events[:3].tolist() == [11, 11, 11]
    assert [row[4].split()[0] for row in table.rows[:3]] == ["89%", "78%", "67%"]
    assert table.note.startswith("Customers decide more than once a year")


def test_yearly_terms_over_a_leap_day(measure):
    # The first term lasts 366 days: its end is still that of the first year.
    lost = {n: 1 if n < 8 else 2 for n in range(16)}
    rows = [row for n in range(40)
            for row in terms(f"A{n}", "2023-03-01", 12, lost_after=lost.get(n))]  # fmt: skip
    stay, table = measure(rows)
    assert stay.yearly
    assert stay.hazards.at_risk.tolist() == [40, 32, 24]
    assert [found.value for found in stay.still_there] == pytest.approx([0.8, 0.6, 0.6])
    assert [stay.curve.at(float(year)).value for year in (1, 2)] == pytest.approx([0.8, 0.6])
    assert table.rows[0][4].startswith("80% (")


def test_who_is_not_asked_stays(measure):
    yearly = [
        row
        for n in range(40)
        for row in terms(f"A{n}", "2023-01-01", 12, lost_after=1 if n < 8 else None)
    ]
    longer = [row for n in range(40)
              for row in terms(f"B{n}", "2023-01-01", 36, lost_after=None)]  # fmt: skip
    stay, _ = measure([*yearly, *longer])
    # A fifth of those who decided left, and a tenth of all.
    assert stay.hazards.hazard[0].value == 0.2
    assert stay.still_there[0].value == pytest.approx(0.9)
