"""Goals of a small event whose numbers are known, and each class that a result can have."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from opsplaybook.errors import UsageError
from opsplaybook.playbooks.event_retrospective.results import judge

BERLIN = ZoneInfo("Europe/Berlin")
START = date(2025, 3, 10)
NOON = datetime(2025, 3, 10, 12, tzinfo=BERLIN)


def guest(number: int, *, attended: bool, qualified: bool, hours: float | None = None) -> dict:
    """Make a person of its own account; qualified a day after the event."""
    lead = NOON + timedelta(days=1)
    return {
        "event_id": "E1",
        "account_id": f"A{number:02d}",
        "contact_id": f"C{number:02d}",
        "channel": "email",
        "invited_at": NOON - timedelta(days=20),
        "attended_at": NOON if attended else None,
        "qualified_at": lead if qualified else None,
        "followed_up_at": None if hours is None else lead + timedelta(hours=hours),
        "rating": 4.0 + number % 2 if attended else None,
    }


def goal(metric: str, target: float, **rest) -> dict:
    plain = {"event_id": "E1", "metric": metric, "target": target, "baseline": None}
    return plain | {"purpose": None, "set_on": date(2025, 2, 1), "dropped_on": None} | rest


GUESTS = [
    guest(n, attended=n < 10, qualified=n < 6, hours=(24.0, 48.0, 48.1, None, 1.0, 60.0)[n % 6])
    for n in range(20)
]
GUESTS = [g if g["qualified_at"] else g | {"followed_up_at": None} for g in GUESTS]

GOALS = [
    goal("attendees", 8),
    goal("attended_accounts", 10, baseline=7),
    goal("leads", 12),
    goal("cost", 4000),
    goal("cost_per_lead", 500, baseline=480),
    goal("follow_up_share", 0.5),
    goal("satisfaction", 4.5),
    goal("deals", 2),
    goal("closed_revenue", 1000.0),
    goal("registrations", 15, set_on=date(2025, 3, 11)),
    goal("invited", 30, dropped_on=date(2025, 2, 20)),
    goal("impressions", 5000),
]

COMPANY = {
    "events": [
        {"event_id": "E1", "name": "Fair", "purposes": "acquisition;promotion", "format": "fair",
         "start_on": START, "end_on": START, "owner": "Ida"},
        {"event_id": "E2", "name": "Later", "purposes": None, "format": None, "owner": None,
         "start_on": date(2025, 6, 1), "end_on": None},
    ],
    "event_contacts": GUESTS,
    "event_goals": GOALS,
    "event_costs": [
        {"event_id": "E1", "item": "stand", "planned": 3000.0, "actual": 3000.0,
         "staff_hours": 20.0, "hourly_rate": 60.0},
    ],
    "opportunities": [
        {"opportunity_id": "O1", "account_id": "A01", "event_id": "E1", "kind": "new",
         "opened_on": date(2025, 4, 1), "qualified_on": date(2025, 4, 2),
         "closed_on": date(2025, 5, 1), "outcome": "won", "amount": 900.0},
        {"opportunity_id": "O2", "account_id": "A02", "event_id": None, "kind": "new",
         "opened_on": date(2025, 4, 3), "qualified_on": None, "closed_on": None,
         "outcome": "open", "amount": 500.0},
    ],
}  # fmt: skip

AFTER = date(2025, 7, 1)


@pytest.fixture(scope="module")
def done(look_back_on, open_in_memory):
    return look_back_on(open_in_memory(COMPANY), event_id="E1", as_of=AFTER)


@pytest.fixture(scope="module")
def early(look_back_on, open_in_memory):
    return look_back_on(open_in_memory(COMPANY), event_id="E1", as_of=date(2025, 5, 10))


def test_each_goal_gets_its_class(done):
    assert done.results.goals.set_index("metric")["result"].to_dict() == {
        "attendees": "exceeded",
        "attended_accounts": "met",
        "leads": "missed",
        "cost": "met",
        "cost_per_lead": "missed",
        "follow_up_share": "met",
        "satisfaction": "met",
        "deals": "missed",
        "closed_revenue": "missed",
        "registrations": "new",
        "invited": "dropped",
        "impressions": "not measured",
    }


def test_results_are_counted_by_hand(done):
    actual = done.results.goals.set_index("metric")["actual"]
    assert actual["attendees"] == 10
    assert actual["leads"] == 6
    assert actual["cost"] == 3000 + 20 * 60
    assert actual["cost_per_lead"] == 700
    assert actual["follow_up_share"] == 0.5
    assert actual["satisfaction"] == 4.5
    assert actual["deals"] == 1
    assert actual["closed_revenue"] == 900


def test_follow_up_at_the_very_hour_is_in_time(look_back_on, open_in_memory):
    done = look_back_on(open_in_memory(COMPANY), event_id="E1", as_of=AFTER, follow_up_hours=60)
    assert done.results.measures.of("follow_up_share").value == pytest.approx(5 / 6)


def test_a_follow_up_that_is_not_due_is_not_late(look_back_on, open_in_memory):
    """Leads of March 11 at noon have 48 hours until March 13 at noon."""
    rows = [*GUESTS, guest(20, attended=True, qualified=False) | {"redeemed_at": NOON}]
    source = open_in_memory(COMPANY | {"event_contacts": rows})
    open_, over = (
        look_back_on(source, event_id="E1", as_of=date(2025, 3, day)) for day in (12, 13)
    )
    assert open_.results.measures.of("follow_up_share") is None
    assert over.results.measures.of("follow_up_share").value == 0.5
    results = [
        done.results.goals.set_index("metric").loc["follow_up_share", "result"]
        for done in (open_, over)
    ]
    assert results == ["window not over yet", "met"]
    left_out = "Left out of the share followed up in time:"
    pending = f"{left_out} 6 of 7 qualified contacts, whose 48 h are not over."
    unknown = f"{left_out} 1 of 7 qualified contacts, without a time of qualification."
    assert {pending, unknown} <= set(open_.findings.caveats)
    assert [c for c in over.findings.caveats if c.startswith(left_out)] == [unknown]


def test_before_the_window_is_over_late_goals_are_open(early):
    result = early.results.goals.set_index("metric")["result"]
    assert result[["deals", "closed_revenue"]].eq("window not over yet").all()
    assert result["leads"] == "missed"
    caveat = "The window of 90 days is not over: it is known for 61 days and ends on 2025-06-08."
    assert caveat in early.findings.caveats


def test_on_the_last_day_of_the_window_it_is_over(look_back_on, open_in_memory):
    source = open_in_memory(COMPANY)
    last, before = date(2025, 6, 8), date(2025, 6, 7)
    results = [look_back_on(source, event_id="E1", as_of=day).results for day in (before, last)]
    assert [done.window_over for done in results] == [False, True]
    deals = [done.goals.set_index("metric").loc["deals", "result"] for done in results]
    assert deals == ["window not over yet", "missed"]


def test_while_the_event_runs_only_what_cannot_change_is_decided(look_back_on, open_in_memory):
    running = [COMPANY["events"][0] | {"end_on": date(2025, 3, 31)}, COMPANY["events"][1]]
    source = open_in_memory(COMPANY | {"events": running})
    done = look_back_on(source, event_id="E1", as_of=date(2025, 3, 20))
    result = done.results.goals.set_index("metric")["result"]
    assert done.results.running
    assert result["attendees"] == "exceeded"
    undecided = ["leads", "attended_accounts", "cost", "cost_per_lead", "follow_up_share"]
    assert result[undecided].eq("window not over yet").all()
    assert any("runs until 2025-03-31" in caveat for caveat in done.findings.caveats)
    assert not [leaf for leaf in done.causes.leaves if leaf.branch in ("reach", "qualified")]


def test_means_and_costs_per_unit_are_not_final_while_the_event_runs(look_back_on, open_in_memory):
    """Both are ahead of their targets now: 4.5 points, and 4,200 for 6 leads."""
    running = [COMPANY["events"][0] | {"end_on": date(2025, 3, 31)}, COMPANY["events"][1]]
    goals = [goal("satisfaction", 4.0), goal("cost_per_lead", 1000), goal("leads", 4)]
    source = open_in_memory(COMPANY | {"events": running, "event_goals": goals})
    for day, words in (
        (date(2025, 3, 20), ["window not over yet", "window not over yet", "exceeded"]),
        (date(2025, 3, 31), ["exceeded"] * 3),
    ):
        done = look_back_on(source, event_id="E1", as_of=day)
        assert done.results.goals["result"].tolist() == words


def test_only_goals_set_before_decide(done):
    sentence = done.findings.verdict.sentence
    assert sentence.startswith("5 of 9 decided goals reached")


@pytest.mark.parametrize(
    ("actual", "target", "higher", "word"),
    [
        (105.0, 100.0, True, "met"),
        (105.1, 100.0, True, "exceeded"),
        (95.0, 100.0, True, "met"),
        (94.9, 100.0, True, "missed"),
        (94.9, 100.0, False, "exceeded"),
        (105.1, 100.0, False, "missed"),
        (0.0, 0.0, True, "met"),
        (1.0, 0.0, False, "missed"),
    ],
)
def test_the_margin_of_a_goal_is_five_percent_of_its_target(actual, target, higher, word):
    assert judge(actual, target, tolerance=0.05, higher_is_better=higher) == word


def test_purposes_without_a_goal_and_goals_without_a_baseline_are_named(
    look_back_on, open_in_memory
):
    source = open_in_memory(COMPANY | {"event_goals": [goal("leads", 12)]})
    caveats = look_back_on(source, event_id="E1", as_of=AFTER).goals.caveats
    assert caveats == (
        "No goal was set for its purpose promotion.",
        "Without a baseline: 1 of 1 goals.",
    )


def test_an_unknown_event_is_refused_with_what_there_is(look_back_on, open_in_memory):
    with pytest.raises(UsageError) as caught:
        look_back_on(open_in_memory(COMPANY), event_id="E9", as_of=AFTER)
    assert str(caught.value) == (
        'events.event_id: no event known on 2025-07-01 has the key "E9"; the table has 2\n'
        '  "E1"\n  "E2"\n'
        "To fix: set event_id to one of them"
    )


def test_an_event_without_anything_says_so(look_back_on, open_in_memory):
    done = look_back_on(open_in_memory(COMPANY), event_id="E2", as_of=AFTER)
    assert done.findings.verdict.word == "Too early"
    assert done.results.people.empty
    text = " ".join(done.findings.caveats)
    for part in ("No goal was recorded", "Nobody was recorded", "No cost was recorded"):
        assert part in text
    assert len(done.shown()) == 22


def test_actions_belong_to_the_owner_of_the_event(look_back_on, open_in_memory):
    dear = [COMPANY["event_costs"][0] | {"actual": 3301.0}]
    source = open_in_memory(COMPANY | {"event_costs": dear})
    (action,) = look_back_on(source, event_id="E1", as_of=AFTER).findings.actions
    assert action.what == "Renegotiate or drop stand"
    assert (action.owner, action.due_on, action.status) == ("Ida", date(2025, 7, 15), "new")
