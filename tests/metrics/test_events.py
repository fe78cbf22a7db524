"""Whom an event reached, what it cost, which deals go with it: counted by hand."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from opsplaybook.metrics import events

BERLIN = ZoneInfo("Europe/Berlin")
EARLIER, FIRST = date(2024, 1, 1), date(2025, 3, 10)


def at(day: int, hour: int = 10) -> datetime:
    return datetime(2025, 3, day, hour, tzinfo=BERLIN)


def row(
    contact: str,
    account: str | None,
    event: str = "E1",
    channel: str | None = "email",
    **steps: datetime,
) -> dict:
    known = {"event_id": event, "account_id": account, "contact_id": contact, "channel": channel}
    return known | {f"{step}_at": time for step, time in steps.items()}


CONTACTS = [
    row("C1", "A1", invited=at(1), registered=at(2), attended=at(10), qualified=at(11)),
    row("C2", "A1", invited=at(1), registered=at(3)),
    row("C3", "A2", attended=at(10), channel="walk-in"),
    row("C4", "A2", invited=at(1), qualified=at(11, 8), channel=None),
    row("C5", None, invited=at(2), registered=at(4)),
    row("C6", "A3", invited=at(2), channel="phone"),
    row("C1", "A1", event="E0", invited=at(1)),
]
CONTACTS[0]["followed_up_at"] = at(13)

COMPANY = {
    "events": [
        {"event_id": "E0", "name": "Before", "start_on": date(2025, 2, 20), "end_on": None},
        {"event_id": "E1", "name": "Fair", "start_on": FIRST, "end_on": date(2025, 3, 12)},
    ],
    "event_contacts": CONTACTS,
    "accounts": [
        {"account_id": "A1", "tier": "S", "industry": "retail", "customer_since": EARLIER},
        {"account_id": "A2", "tier": None, "industry": "energy", "customer_since": FIRST},
        {"account_id": "A3", "tier": "B", "industry": None, "customer_since": None},
    ],
    "contacts": [
        {"contact_id": "C1", "account_id": "A1", "role": "signer"},
        {"contact_id": "C2", "account_id": "A1", "role": "user"},
        {"contact_id": "C3", "account_id": "A2", "role": None},
    ],
    "event_costs": [
        {"event_id": "E1", "item": "stand", "planned": 1000.0, "actual": 1200.0,
         "staff_hours": 10.0, "hourly_rate": 60.0},
        {"event_id": "E1", "item": "travel", "planned": None, "actual": 300.0,
         "staff_hours": 8.0, "hourly_rate": None},
        {"event_id": "E1", "item": "gifts", "planned": 100.0, "actual": None,
         "staff_hours": None, "hourly_rate": 60.0},
        {"event_id": "E0", "item": "media", "planned": 9.0, "actual": 9.0,
         "staff_hours": None, "hourly_rate": None},
    ],
}  # fmt: skip

AS_OF = date(2025, 12, 31)


@pytest.fixture(scope="module")
def tables(make_tables):
    return make_tables(COMPANY, as_of=AS_OF)


@pytest.fixture(scope="module")
def people(tables):
    return events.people(tables, "E1").set_index("contact_id")


def test_a_later_step_counts_as_the_steps_before_it(people):
    steps = list(events.STEPS)
    assert people.loc["C1", steps].tolist() == [True, True, True, True, False]
    assert people.loc["C2", steps].tolist() == [True, True, False, False, False]
    walk_in, skipped = people.loc["C3", steps], people.loc["C4", steps]
    assert walk_in.tolist() == [True, True, True, False, False]
    assert skipped.tolist() == [True, True, True, True, False]


def test_each_step_counts_people_and_accounts_once(people):
    counted = events.step_counts(people.reset_index())
    assert counted.to_dict("list") == {
        "segment": ["all"] * 4,
        "step": ["invited", "registered", "attended", "qualified"],
        "people": [6, 5, 3, 2],
        "accounts": [4, 3, 2, 2],
    }


def test_a_step_without_any_time_is_no_step(make_tables):
    rows = [row("C1", "A1", invited=at(1)), row("C2", "A1", invited=at(1), attended=at(10))]
    reached = events.people(make_tables(COMPANY | {"event_contacts": rows}, as_of=AS_OF), "E1")
    assert events.steps_of(reached) == ("invited", "attended")


def test_a_person_without_an_account_is_a_unit_of_its_own(people):
    assert people.loc["C5", "account_id"] == "person 4"
    assert people["account_id"].nunique() == 4


def test_missing_attributes_are_a_class_of_their_own(people):
    assert people["tier"].tolist() == ["S", "S", *[events.UNKNOWN] * 3, "B"]
    assert people.loc["C6", "industry"] == events.UNKNOWN
    assert people.loc["C4", "channel"] == events.UNKNOWN
    assert people["role"].tolist() == ["signer", "user", *[events.UNKNOWN] * 4]
    assert people.index[people["decision_maker"]].tolist() == ["C1"]


def test_a_customer_of_the_first_day_was_none_before(people):
    assert people["was_customer"].to_dict() == {
        "C1": True, "C2": True, "C3": False, "C4": False, "C5": False, "C6": False,
    }  # fmt: skip


def test_follow_up_is_measured_from_qualification(people):
    assert people.loc["C1", "follow_up_hours"] == 48.0
    assert people["follow_up_hours"].drop("C1").isna().all()


def test_a_follow_up_is_late_only_when_its_time_is_over(make_tables):
    """On March 12, at midnight, C1 and C4 are known for 38 and 40 hours; C6 has no time."""
    rows = [
        row("C1", "A1", qualified=at(11), followed_up=at(12)),
        row("C4", "A2", qualified=at(11, 8)),
        row("C6", "A3", redeemed=at(11)),
    ]
    tables = make_tables(COMPANY | {"event_contacts": rows}, as_of=date(2025, 3, 12))
    reached = events.people(tables, "E1")
    assert reached["hours_known"].tolist()[:2] == [38.0, 40.0]
    states = {
        hours: events.follow_up_states(reached, hours=hours).tolist() for hours in (24, 39, 48)
    }
    assert states == {
        24: ["in time", "late", "not known"],
        39: ["not due yet", "late", "not known"],
        48: ["not due yet", "not due yet", "not known"],
    }


def test_columns_that_are_missing_say_neither_yes_nor_no(make_tables):
    accounts = [{"account_id": "A1", "tier": "S"}]
    rows = [row("C1", "A1", qualified=at(11)), row("C2", "A1", event="E0", qualified=at(11))]
    given = COMPANY | {"accounts": accounts, "event_contacts": rows}
    reached = events.people(make_tables(given, as_of=AS_OF), "E1")
    assert reached[["followed_up", "was_customer"]].isna().all(axis=None)
    assert events.follow_up_states(reached, hours=48).empty
    rows[1]["followed_up_at"] = at(12)
    reached = events.people(make_tables(given, as_of=date(2025, 3, 11)), "E1")
    assert reached["followed_up"].tolist() == [False]


def test_without_accounts_and_contacts_people_are_still_counted(make_tables):
    alone = {name: COMPANY[name] for name in ("events", "event_contacts")}
    reached = events.people(make_tables(alone, as_of=AS_OF), "E1")
    assert len(reached) == 6
    assert set(reached["tier"]) | set(reached["role"]) == {events.UNKNOWN}
    assert not reached["was_customer"].any()


def test_staff_time_is_part_of_the_cost(tables):
    costs = events.costs(tables, "E1").set_index("item")
    assert costs.index.tolist() == ["stand", "travel", "gifts"]
    assert costs["spent"].tolist() == [1200.0, 300.0, 0.0]
    assert costs["staff_cost"].tolist() == [600.0, 0.0, 0.0]
    assert costs["actual"].tolist() == [1800.0, 300.0, 0.0]
    assert costs["planned"].isna().tolist() == [False, True, False]
    assert costs["unpaid"].tolist() == [False, False, True]


def deal(key: str, account: str, opened: date, event: str | None = None, **rest) -> dict:
    return {
        "opportunity_id": key,
        "account_id": account,
        "event_id": event,
        "kind": "new",
        "opened_on": opened,
        "qualified_on": None,
        "closed_on": None,
        "outcome": "open",
        "amount": 100.0,
        "closed_amount": None,
    } | rest


DEALS = [
    deal("sourced", "A3", date(2025, 4, 1), "E1"),
    deal("sourced late", "A3", date(2025, 11, 1), "E1"),
    deal("sourced early", "A2", date(2025, 3, 1), "E1", qualified_on=date(2025, 3, 5)),
    deal("opened in time", "A1", date(2025, 6, 8)),
    deal("opened too late", "A1", date(2025, 6, 9)),
    deal("open on the day", "A2", date(2025, 1, 1), closed_on=date(2025, 3, 10), outcome="lost"),
    deal("closed before", "A2", date(2025, 1, 1), closed_on=date(2025, 3, 9), outcome="won"),
    deal("of another event", "A1", date(2025, 4, 1), "E0"),
    deal("did not attend", "A3", date(2025, 4, 1)),
    deal("won for less", "A1", date(2025, 4, 2), "E1", closed_on=date(2025, 5, 1), outcome="won",
         closed_amount=80.0),
    deal("lost", "A1", date(2025, 4, 2), "E1", closed_on=date(2025, 5, 1), outcome="lost",
         closed_amount=0.0),
]  # fmt: skip


@pytest.fixture(scope="module")
def deals(make_tables):
    tables = make_tables(COMPANY | {"opportunities": DEALS}, as_of=AS_OF)
    return events.deals(tables, "E1", window_days=90).set_index("opportunity_id")


def test_sourced_and_influenced_deals_are_kept_apart(deals):
    assert deals["relation"].to_dict() == {
        "sourced": "sourced",
        "sourced late": "sourced",
        "sourced early": "sourced",
        "opened in time": "influenced",
        "open on the day": "influenced",
        "of another event": "influenced",
        "won for less": "sourced",
        "lost": "sourced",
    }


def test_deals_carry_their_last_amount_and_their_days(deals):
    assert deals["amount"].drop("won for less").eq(100.0).all()
    assert deals.loc["won for less", "amount"] == 80.0
    assert deals["days_to_open"].to_dict() == {
        "sourced": 22,
        "sourced late": 236,
        "sourced early": -9,
        "opened in time": 90,
        "open on the day": -68,
        "of another event": 22,
        "won for less": 23,
        "lost": 23,
    }
    closed_or_qualified = ["sourced early", "open on the day", "won for less", "lost"]
    assert deals.index[deals["qualified"]].tolist() == closed_or_qualified


def test_deals_without_an_account_are_units_of_their_own(make_tables):
    rows = [deal(f"D{number}", None, date(2025, 4, 1), "E1") for number in (1, 2)]
    tables = make_tables(COMPANY | {"opportunities": [*DEALS, *rows]}, as_of=AS_OF)
    found = events.deals(tables, "E1", window_days=90).set_index("opportunity_id")
    assert found.loc[["D1", "D2"], "account_id"].tolist() == ["deal D1", "deal D2"]
    assert found.loc[["D1", "D2"], "relation"].tolist() == ["sourced", "sourced"]


def test_a_pipeline_names_events_or_not(make_tables):
    plain = [{"opportunity_id": "D1", "account_id": "A1", "opened_on": date(2025, 4, 1)}]
    for rows, named in ((DEALS, True), (plain, False), ([], False)):
        tables = make_tables(COMPANY | {"opportunities": rows} if rows else COMPANY, as_of=AS_OF)
        assert events.names_events(tables) is named


def test_other_events_are_counted_around_the_event(make_tables):
    extra = [
        {"event_id": "E2", "start_on": date(2025, 3, 12), "end_on": None, "name": None},
        {"event_id": "E3", "start_on": date(2025, 9, 1), "end_on": None, "name": None},
        {"event_id": "E4", "start_on": date(2025, 3, 11), "end_on": None, "name": None},
    ]
    reached = [
        *CONTACTS,
        row("C3", "A2", event="E2", invited=at(12)),
        row("C1", "A1", event="E2", invited=at(12)),
        row("C2", "A1", event="E2", invited=at(12)),
        row("C1", "A1", event="E3", invited=at(12)),
        row("C9", "A9", event="E4", invited=at(11)),
    ]
    company = COMPANY | {"events": COMPANY["events"] + extra, "event_contacts": reached}
    tables = make_tables(company, as_of=AS_OF)
    around = events.overlapping(tables, "E1", window_days=30)
    assert around["event_id"].tolist() == ["E2", "E0"]
    assert around["shared_accounts"].tolist() == [2, 1]
    assert around["share"].tolist() == [2 / 3, 1 / 3]
    in_window = events.other_events(tables, "E1", window_days=30)
    assert in_window.to_dict() == {"A1": 1, "A2": 1, "A9": 1}


def test_windows_end_on_their_last_day():
    assert events.window_end(pd.Timestamp("2025-03-10"), 14) == date(2025, 3, 24)
