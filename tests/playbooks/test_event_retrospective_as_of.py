"""Nothing after the last known day is read: later rows change no number and no word."""

import json
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from opsplaybook.playbooks import event_retrospective
from opsplaybook.samples import make_company

AS_OF = date(2025, 11, 30)
LAST = date(2026, 6, 30)
EVENT = "EV-09"

later_days = st.integers(1, (LAST - AS_OF).days - 1).map(lambda n: AS_OF + timedelta(days=n))


@pytest.fixture(scope="module")
def company():
    wanted = (*event_retrospective.REQUIRED, *event_retrospective.OPTIONAL)
    tables = make_company(40).tables
    return {name: tables[name] for name in wanted}


@pytest.fixture(scope="module")
def run(look_back_on, open_in_memory):
    def run(tables):
        done = look_back_on(open_in_memory(tables), event_id=EVENT, as_of=AS_OF)
        shown = {key: item.to_json() for key, item in done.shown().items()}
        return json.dumps({"findings": done.findings.to_json(), "shown": shown}, sort_keys=True)

    return run


@pytest.fixture(scope="module")
def before(company, run):
    return run(company)


def moved(frame: pd.DataFrame, places: list[int], day: date, key: str, prefix: str, days):
    """Copy rows and date them on a later day, under keys of their own."""
    chosen = frame.iloc[[place % len(frame) for place in places]].copy()
    if key:
        chosen[key] = [f"{prefix}{number}" for number in range(len(chosen))]
    for column in days:
        with_zone = isinstance(frame[column].dtype, pd.DatetimeTZDtype)
        stamp = pd.Timestamp(day) + pd.Timedelta(hours=9 if with_zone else 0)
        chosen[column] = stamp.tz_localize("Europe/Berlin") if with_zone else stamp
    return pd.concat([frame, chosen.astype(frame.dtypes.to_dict())], ignore_index=True)


CONTACT_TIMES = (
    "invited_at", "registered_at", "attended_at", "qualified_at", "followed_up_at",
)  # fmt: skip
LATER = {
    "events": ("event_id", ("start_on", "end_on")),
    "event_goals": ("", ("set_on",)),
    "event_contacts": ("event_id", CONTACT_TIMES),
    "opportunities": ("opportunity_id", ("opened_on", "qualified_on", "closed_on")),
    "invoices": ("invoice_id", ("issued_on", "due_on", "paid_on")),
    "activity": ("activity_id", ("at",)),
}


def with_later_rows(company, day, places):
    changed = dict(company)
    for name, (key, days) in LATER.items():
        frame = company[name]
        known_key = key if key in frame else ""
        changed[name] = moved(frame, places, day, known_key, "later ", days)
    goals = changed["event_goals"]
    changed["event_goals"] = goals.drop_duplicates(["event_id", "metric"])
    return changed


def test_rows_of_a_later_day_change_nothing(company, run, before):
    # Each run takes a second, and a failing one need not be the smallest: nothing is shrunk.
    @settings(max_examples=3, deadline=None, phases=[Phase.generate])
    @given(day=later_days, places=st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
    def hold(day, places):
        changed = run(with_later_rows(company, day, places))
        assert (changed == before) is True

    hold()


def test_a_row_of_the_last_known_day_does_change_something(company, run, before):
    changed = dict(company)
    attended = company["event_contacts"].query("event_id == @EVENT and attended_at.notna()")
    deal = company["opportunities"].iloc[[0]].assign(
        opportunity_id="one more", event_id=EVENT, account_id=attended["account_id"].iloc[0],
        opened_on=pd.Timestamp(AS_OF), closed_on=pd.NaT, qualified_on=pd.NaT, outcome="open",
    )  # fmt: skip
    frame = company["opportunities"]
    changed["opportunities"] = pd.concat([frame, deal.astype(frame.dtypes.to_dict())])
    assert run(changed) != before


def test_what_was_decided_later_is_still_open(company, run, before):
    deals = company["opportunities"].copy()
    late = deals["closed_on"] > pd.Timestamp(AS_OF)
    deals.loc[late, ["outcome", "closed_amount"]] = ["lost", None]
    assert late.any()
    assert run(company | {"opportunities": deals}) == before
