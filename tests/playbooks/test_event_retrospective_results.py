"""Results of a small event by hand: tiers, costs, deals and returns, and how they are shown."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

START = date(2025, 3, 10)
NOON = datetime(2025, 3, 10, 12, tzinfo=ZoneInfo("Europe/Berlin"))
TIERS = ["S", "A", "A", "B", "B", "B", "C", None, "C", "C"]
CAME = {0, 1, 3, 6}


def account(number: int) -> str:
    return f"A{number}"


def deal(number: int, opened: date, *, event: str | None = "E1", **rest) -> dict:
    return {
        "opportunity_id": f"O{number}{event or ''}",
        "account_id": account(number),
        "event_id": event,
        "kind": "new",
        "opened_on": opened,
        "closed_on": None,
        "outcome": "open",
        "amount": 1000.0,
    } | rest


WON = {"closed_on": date(2025, 3, 20), "outcome": "won"}
LOST = {"closed_on": date(2025, 3, 21), "outcome": "lost"}

COMPANY = {
    "events": [{"event_id": "E1", "start_on": START, "format": "fair"}],
    "accounts": [
        {"account_id": account(number), "tier": tier} for number, tier in enumerate(TIERS)
    ],
    "event_contacts": [
        {
            "event_id": "E1",
            "account_id": account(number),
            "contact_id": f"C{number}",
            "invited_at": NOON,
            "attended_at": NOON if number in CAME else None,
        }
        for number in range(8)
    ],
    "event_costs": [
        {"event_id": "E1", "item": "stand", "planned": 900.0, "actual": 800.0,
         "staff_hours": 10.0, "hourly_rate": 50.0},
        {"event_id": "E1", "item": "media", "planned": 100.0, "actual": 200.0,
         "staff_hours": None, "hourly_rate": None},
    ],
    "opportunities": [
        deal(0, date(2025, 3, 15)),
        deal(1, date(2025, 3, 15), **WON),
        deal(2, date(2025, 3, 15), **LOST),
        deal(3, date(2025, 4, 15)),
        deal(0, date(2025, 3, 1), event=None),
        deal(6, date(2025, 4, 1), event=None, closed_on=date(2025, 5, 1), outcome="won"),
        deal(8, date(2024, 3, 1), event=None, closed_on=date(2024, 5, 1), outcome="won"),
        deal(9, date(2024, 3, 1), event=None, closed_on=date(2024, 5, 1), outcome="won"),
        deal(7, date(2024, 3, 1), event=None, closed_on=date(2024, 5, 1), outcome="lost"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def done(look_back_on, open_in_memory):
    return look_back_on(open_in_memory(COMPANY), event_id="E1", as_of=date(2025, 5, 31))


def test_tiers_are_counted_by_account(done):
    tiers = done.results.tiers.set_index("tier")
    assert tiers["base"].to_dict() == {"S": 1, "A": 2, "B": 3, "C": 3, "not known": 1}
    assert tiers["reached"].to_dict() == {"S": 1, "A": 2, "B": 3, "C": 1, "not known": 1}
    assert tiers["attended"].to_dict() == {"S": 1, "A": 1, "B": 1, "C": 1, "not known": 0}
    assert tiers["attended_share"].tolist() == [0.25, 0.25, 0.25, 0.25, 0.0]
    assert done.results.measures.of("tier_sa_share").value == 0.5


def test_the_costs_add_up_to_their_total(done):
    rows = {row[0]: row[1:] for row in done.shown()["costs"].rows}
    assert rows["stand"] == ("€900", "€800", "10 h", "€500", "€1,300")
    assert rows["Total"] == ("€1,000", "€1,000", "10 h", "€500", "€1,500")
    assert done.results.measures.cost.value == 1500


def test_each_return_names_basis_window_and_relation(done):
    # Six deals were ever closed, four of them won: an open deal weighs two thirds.
    rows = done.results.returns

    def by_basis(relation: str, days: int, column: str) -> list[float]:
        own = (rows["relation"] == relation) & (rows["window_days"] == days)
        return rows.loc[own, column].tolist()

    assert rows["basis"].tolist()[:3] == ["pipeline", "weighted pipeline", "closed revenue"]
    sourced = {14: [3000, 1000 + 2000 / 3, 1000], 90: [4000, 1000 + 4000 / 3, 1000]}
    influenced = {14: [1000, 2000 / 3, 0], 90: [2000, 1000 + 2000 / 3, 1000]}
    for days in (14, 90):
        assert by_basis("sourced", days, "benefit") == pytest.approx(sourced[days])
        assert by_basis("influenced", days, "benefit") == pytest.approx(influenced[days])
    assert by_basis("sourced", 14, "return") == pytest.approx([1.0, 1 / 9, -1 / 3])
    assert rows.loc[rows["relation"] == "influenced", "return"].isna().all()


def test_a_window_is_over_on_its_last_day(done):
    state = done.results.returns.groupby("window_days")["state"].unique()
    assert state[14].tolist() == ["over"]
    assert state[90].tolist() == ["window not over yet"]
    windows = {row[1] for row in done.shown()["returns"].rows}
    assert windows == {"14 days", "90 days, not over yet"}


def test_every_return_that_is_estimated_has_its_interval(done):
    rows = done.results.returns
    estimated = rows.loc[rows["benefit"] > 0]
    assert (estimated["low"] < estimated["benefit"]).all()
    assert (estimated["benefit"] < estimated["high"]).all()


def test_deals_are_shown_sourced_first(done):
    table = done.shown()["deals"]
    assert table.caption == "4 deals sourced and 2 influenced"
    assert [row[2] for row in table.rows] == ["sourced"] * 4 + ["influenced"] * 2


def with_goals(**targets: float) -> list[dict]:
    return [
        {"event_id": "E1", "metric": metric, "target": target, "set_on": date(2025, 2, 1)}
        for metric, target in targets.items()
    ]


def test_deals_without_an_account_count_like_the_others(done, look_back_on, open_in_memory):
    """The same deals, none of which names its account."""
    nobody = [row | {"account_id": None} for row in COMPANY["opportunities"]]
    alone = look_back_on(
        open_in_memory(COMPANY | {"opportunities": nobody}), event_id="E1", as_of=date(2025, 5, 31)
    )
    for metric in ("qualified_opportunities", "pipeline_value", "deals", "closed_revenue"):
        before, after = (item.results.measures.of(metric) for item in (done, alone))
        assert (before.value, before.n) == (after.value, after.n)
    sourced = alone.results.returns.query("relation == 'sourced' and window_days == 90")
    assert sourced["benefit"].tolist()[0] == 4000
    table = alone.shown()["deals"]
    assert table.caption == "4 deals sourced and 0 influenced"
    assert {row[1] for row in table.rows} == {"–"}


def test_no_deal_is_a_count_where_the_pipeline_names_events(look_back_on, open_in_memory):
    """Nothing was sourced: missed. A pipeline that names no event cannot tell."""
    goals = with_goals(deals=2, pipeline_value=500.0, qualified_opportunities=3)
    unrelated = [row | {"event_id": "E0"} for row in COMPANY["opportunities"][-3:]]
    unnamed = [{k: v for k, v in row.items() if k != "event_id"} for row in unrelated]
    runs = [
        look_back_on(
            open_in_memory(COMPANY | {"event_goals": goals, "opportunities": deals}),
            event_id="E1",
            as_of=date(2025, 7, 31),
        )
        for deals in (unrelated, unnamed)
    ]
    none_sourced, no_names = (run.results.goals["result"].tolist() for run in runs)
    assert none_sourced == ["missed"] * 3
    assert no_names == ["not measured"] * 3
    caveat = "Deals do not name the event that they came from: deals sourced are left out."
    assert [caveat in run.findings.caveats for run in runs] == [False, True]
    assert [len(run.results.returns) for run in runs] == [12, 6]


def test_what_one_account_tells_is_not_beyond_chance(look_back_on, open_in_memory):
    """All guests are of one account: only what was counted is beyond chance."""
    goals = with_goals(attendance_rate=0.9, satisfaction=2.0, invited=20, cost=1000.0)
    guests = [
        row
        | {"account_id": "A0", "registered_at": NOON, "rating": 5.0 if row["attended_at"] else None}
        for row in COMPANY["event_contacts"]
    ]
    done = look_back_on(
        open_in_memory(COMPANY | {"event_goals": goals, "event_contacts": guests}),
        event_id="E1",
        as_of=date(2025, 7, 31),
    )
    frame = done.results.goals.set_index("metric")
    assert frame["result"].to_dict() == {
        "attendance_rate": "missed", "satisfaction": "exceeded", "invited": "missed",
        "cost": "missed",
    }  # fmt: skip
    assert frame["certain"].tolist() == [False, False, True, True]
    (claim,) = (f.claim for f in done.findings.findings if "decided goals" in f.claim)
    assert claim.endswith("beyond chance: Invited, Cost")


def test_a_narrower_level_makes_narrower_intervals(done, look_back_on, open_in_memory):
    source = open_in_memory(COMPANY)
    narrow = look_back_on(source, event_id="E1", as_of=date(2025, 5, 31), level=0.5)
    for name in ("attendees", "pipeline_value", "tier_sa_share"):
        wide_ends = done.results.measures.of(name).interval
        ends = narrow.results.measures.of(name).interval
        assert wide_ends.low < ends.low
        assert ends.high < wide_ends.high
    wide, tight = (r.results.returns["high"].max() for r in (done, narrow))
    assert tight < wide
