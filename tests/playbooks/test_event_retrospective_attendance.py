"""What guests and partners read of an event: who came, over enough accounts, and nothing of us."""

import json

import pandas as pd
import pytest

from opsplaybook import report
from opsplaybook.display import Chart
from opsplaybook.playbooks.event_retrospective.attendance import small_groups
from opsplaybook.stats.rates import rate

ACCOUNTS = {"retail": 20, "energy": 10, "media": 3}


def source_of(open_in_memory, came: dict[str, int], *, accounts=None):
    """Open a source of one event: one guest per account, the first ones of an industry came."""
    rows, guests = [], []
    for industry, count in (accounts or ACCOUNTS).items():
        for number in range(count):
            key = f"{industry}-{number:02d}"
            rows.append({"account_id": key, "name": f"Acme {key}", "industry": industry,
                         "tier": "S", "owner": "Ada Owner"})  # fmt: skip
            guests.append({
                "event_id": "E", "account_id": key, "contact_id": f"P-{key}", "channel": "mail",
                "invited_at": "2026-03-01 09:00", "registered_at": "2026-03-02 09:00",
                "attended_at": "2026-04-01 09:00" if number < came.get(industry, 0) else None,
                "rating": 4.0 if number < came.get(industry, 0) else None,
            })  # fmt: skip
    events = [{"event_id": "E", "name": "Forum", "format": "fair", "start_on": "2026-04-01",
               "end_on": "2026-04-02", "owner": "Eve Host"}]  # fmt: skip
    return open_in_memory({"accounts": rows, "events": events, "event_contacts": guests})


@pytest.fixture(scope="module")
def done(open_in_memory, look_back_on):
    source = source_of(open_in_memory, {"retail": 15, "energy": 4, "media": 3})
    return look_back_on(source, event_id="E", as_of="2026-06-30")


def test_an_industry_of_few_accounts_is_put_together_with_the_next(done):
    frame = done.attendance.industries.set_index("industry")
    assert frame["n"].to_dict() == {"retail": 20, "other industries": 13}
    assert frame.loc["other industries", "rate"] == pytest.approx(7 / 13)
    # One guest per account: Wilson, a little wider for 19 degrees of freedom.
    alone = rate(15, 20).interval
    assert tuple(frame.loc["retail", ["low", "high"]]) == pytest.approx(
        (alone.low, alone.high), abs=0.03
    )


@pytest.mark.parametrize(
    ("accounts", "together"),
    [
        ({"a": 20, "b": 9, "c": 3}, ("c", "b")),
        ({"a": 20, "b": 4, "c": 4}, ("b", "c")),
        ({"a": 9, "b": 9}, ()),
        ({"a": 3}, ("a",)),
        ({"a": 7, "b": 30}, ("a", "b")),
    ],
)
def test_no_group_can_be_found_by_taking_the_shown_from_the_whole(accounts, together):
    assert set(small_groups(pd.Series(accounts), 8)) == set(together)


def test_one_finding_is_for_guests_and_the_verdict_is_not(done):
    (told,) = [f for f in done.findings.findings if f.audience == "customer"]
    assert told.claim.startswith(
        "22 people from 22 accounts came: 67% (95% interval 49% to 81%, n = 33"
    )
    assert done.findings.verdict.audience == "internal"
    assert {f.audience for f in done.findings.key_figures} <= {"internal"}


def test_guests_read_of_attendance_alone(done):
    shown = {key for key, item in done.shown().items() if item.audience == "customer"}
    assert shown == {"attendance", "attendance-chart"}
    text = json.dumps([done.shown()[key].to_json() for key in shown])
    text += json.dumps(done.findings.to_json()["for_customer"])
    secrets = ["Acme", "retail-", "Ada", "Eve", "tier", "media", "energy", "lead", "cost", "deal"]
    assert [word for word in secrets if word in text] == []


def test_with_few_accounts_nothing_is_for_guests(open_in_memory, look_back_on):
    source = source_of(open_in_memory, {"retail": 5}, accounts={"retail": 7})
    done = look_back_on(source, event_id="E", as_of="2026-06-30")
    assert {item.audience for item in done.shown().values()} == {"internal"}
    assert "customer" not in {f.audience for f in done.findings.findings}


def test_an_event_that_runs_says_so_to_guests(open_in_memory, look_back_on):
    source = source_of(open_in_memory, {"retail": 15, "energy": 4, "media": 3})
    done = look_back_on(source, event_id="E", as_of="2026-04-01")
    assert done.findings.for_customer.caveats[0].startswith("The event was not over")


def test_the_page_for_guests_says_who_came_and_nothing_of_us(done):
    outputs = [
        {"output_type": "display_data", "data": item._repr_mimebundle_()[0], "metadata": {}}
        for item in (*done.shown().values(), done.findings)
    ]
    cell = {"cell_type": "code", "metadata": {}, "source": "x", "outputs": outputs}
    head = {"cell_type": "markdown", "metadata": {}, "source": "## Attendance\n\nWho came."}
    book = {"nbformat": 4, "metadata": {}, "cells": [head, cell]}
    book = json.loads(json.dumps(book))
    secrets = ["Acme retail-01", "retail-01", "Ada Owner", "Eve Host"]
    page = report.render(book, audience="customer", forbidden=secrets)
    assert "22 people from 22 accounts came" in page
    assert page.count("<figure") == 1
    assert "left out or put together" in page
    for word in ("Sourced deal", "Weighted pipeline", "Mahalanobis", "Tier", "download"):
        assert word not in page.split("</style>")[1]
    charts = [item for item in done.shown().values() if isinstance(item, Chart)]
    assert len(charts) > 3
