"""A published event report, through the tables of the event retrospective."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

NOON = datetime(2025, 3, 10, 12, tzinfo=ZoneInfo("Europe/Berlin"))

# attendir.com, Event ROI Report Template: 380 registrations, 312 attendees (82%), 245 leads, an
# investment of 45,000 and a pipeline of 1,200,000 after 90 days, printed as a return of 2,567%.
REGISTRATIONS, ATTENDEES, LEADS = 380, 312, 245
INVESTMENT, PIPELINE, DEALS = 45_000.0, 1_200_000.0, 24


@pytest.fixture(scope="module")
def report(look_back_on, open_in_memory):
    day = NOON.date()
    guests = [
        {
            "event_id": "E1",
            "account_id": f"A{number:03d}",
            "contact_id": f"C{number:03d}",
            "registered_at": NOON - timedelta(days=9),
            "attended_at": NOON if number < ATTENDEES else None,
            "qualified_at": NOON + timedelta(days=1) if number < LEADS else None,
        }
        for number in range(REGISTRATIONS)
    ]
    deals = [
        {
            "opportunity_id": f"O{number}",
            "account_id": f"A{number:03d}",
            "event_id": "E1",
            "opened_on": day + timedelta(days=number),
            "amount": PIPELINE / DEALS,
            "outcome": "open",
        }
        for number in range(DEALS)
    ]
    company = {
        "events": [{"event_id": "E1", "start_on": day, "format": "fair"}],
        "event_contacts": guests,
        "event_costs": [{"event_id": "E1", "item": "all", "actual": INVESTMENT}],
        "opportunities": deals,
    }
    return look_back_on(open_in_memory(company), event_id="E1", as_of=date(2025, 6, 30)).results


def test_rates_of_the_published_report(report):
    assert report.measures.of("attendance_rate").value == pytest.approx(0.8211, abs=0.0005)
    leads, attendees = report.measures.of("leads").value, report.measures.of("attendees").value
    assert leads / attendees == pytest.approx(0.7853, abs=0.0005)


def test_cost_per_lead_of_the_published_report(report):
    assert report.measures.of("cost_per_lead").value == pytest.approx(183.67, abs=0.01)


def test_its_return_is_one_on_pipeline_and_on_nothing_else(report):
    rows = report.returns.set_index(["relation", "window_days", "basis"])["return"]
    assert rows["sourced", 90, "pipeline"] == pytest.approx(25.6667, abs=0.001)
    assert rows["sourced", 90, "closed revenue"] == -1.0
    assert rows["influenced"].isna().all()
    early = 15 * PIPELINE / DEALS / INVESTMENT - 1
    assert rows["sourced", 14, "pipeline"] == pytest.approx(early, abs=1e-9)


def test_open_deals_have_no_weight_where_nothing_was_ever_closed(report):
    rows = report.returns.set_index(["relation", "window_days", "basis"])
    assert rows.loc[("sourced", 90, "weighted pipeline"), ["benefit", "return"]].isna().all()
