"""Choices of a funnel that the random streams leave out, and data that has gone wrong."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from opsplaybook.errors import ParamsError
from opsplaybook.metrics.funnels import (
    Exclusion,
    FunnelRule,
    Step,
    actions_after,
    count_lost,
    durations,
    lost_units,
    occurrences,
    paths_after,
    reach,
    reach_in,
    read_funnel,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2026, 1, 5, tzinfo=UTC)
LAST = date(2026, 3, 1)


def step(action, **keys):
    return Step(action, {"action": (action,)}, **keys)


A, B, C = step("a"), step("b"), step("c")
AB, ABC = (A, B), (A, B, C)


@pytest.fixture(scope="module")
def follow(make_tables):
    """Return a function that runs a rule on rows of (user, days, action) and further columns."""

    def run(rows, rule, *, columns=("user_id", "at", "action"), as_of=LAST, **tables):
        frame = pd.DataFrame(rows, columns=list(columns))
        if len(frame) and not isinstance(frame["at"].iloc[0], datetime):
            times = START + pd.to_timedelta(frame["at"], unit="D")
            frame["at"] = times.astype("datetime64[us, UTC]")
        given = make_tables({"activity": frame} | tables, as_of=as_of)
        return read_funnel(given, rule)

    return run


def units(funnel):
    return funnel.fetch(funnel.units).sort_values("unit", ignore_index=True)


def counts(funnel, *names, **keys):
    return reach(funnel, **keys)[list(names)].to_numpy().tolist()


def test_open_and_lost_and_mature_are_told_apart(follow):
    """The last day is the 55th; the window has 10 days."""
    rows = [
        ("lost", 0, "a"), ("done", 0, "a"), ("done", 1, "b"), ("young", 50, "a"),
        ("young done", 50, "a"), ("young done", 51, "b"), ("again", 0, "a"), ("again", 52, "a"),
    ]  # fmt: skip
    found = follow(rows, FunnelRule(AB, window=10 * DAY))
    names = ("before", "reached", "open", "lost")
    assert counts(found, *names) == [[5, 5, 0, 0], [5, 2, 2, 1]]
    mature = [f"mature_{name}" for name in ("entered", "before", "reached", "open")]
    # Who entered again is mature by the first entry, and open by the second.
    assert counts(found, *mature) == [[3, 3, 3, 0], [3, 3, 1, 1]]
    first = follow(rows, FunnelRule(AB, window=10 * DAY, anchor="first"))
    assert counts(first, *names)[1] == [5, 2, 1, 2]


def test_the_window_is_open_up_to_its_last_moment(follow):
    """With the last known moment 10 days after one entry, the other a second older."""
    end = datetime(2026, 3, 2, tzinfo=ZoneInfo("Europe/Berlin"))
    rows = [("open", end - 10 * DAY, "a"), ("lost", end - 10 * DAY - timedelta(seconds=1), "a")]
    found = follow(rows, FunnelRule(AB, window=10 * DAY))
    assert counts(found, "open", "lost")[1] == [1, 1]
    assert count_lost(found) == 1
    assert lost_units(found)["unit"].tolist() == ["lost"]


def test_nothing_after_the_last_day_is_read(follow):
    rows = [("u", 0, "a"), ("u", 3, "b")]
    early = follow(rows, FunnelRule(AB, window=10 * DAY), as_of=date(2026, 1, 6))
    later = follow([*rows, ("u", 4, "c")], FunnelRule(AB, window=10 * DAY), as_of=date(2026, 1, 6))
    assert counts(early, "reached", "open") == [[1, 0], [0, 1]]
    pd.testing.assert_frame_equal(reach(early), reach(later))


def test_optional_steps_are_counted_and_do_not_stop_anybody(follow):
    rule = FunnelRule((A, step("b", optional=True, within=2 * DAY), C), window=10 * DAY)
    rows = [
        ("all", 0, "a"), ("all", 1, "b"), ("all", 2, "c"), ("skips", 0, "a"), ("skips", 2, "c"),
        ("too late", 0, "a"), ("too late", 3, "b"), ("too late", 4, "c"),
        ("after", 0, "a"), ("after", 1, "c"), ("after", 1.5, "b"),
        ("only b", 0, "a"), ("only b", 1, "b"),
    ]  # fmt: skip
    found = follow(rows, rule)
    assert counts(found, "step", "optional", "before", "reached") == [
        ["a", False, 5, 5], ["b", True, 5, 2], ["c", False, 5, 4],
    ]  # fmt: skip


def test_an_exclusion_stops_a_chain_but_not_a_new_entry(follow):
    rule = FunnelRule(ABC, (Exclusion("x", {"action": ("x",)}, after="a", before="b"),))
    rows = [
        ("stopped", 0, "a"), ("stopped", 1, "x"), ("stopped", 2, "b"),
        ("again", 0, "a"), ("again", 1, "x"), ("again", 2, "a"), ("again", 3, "b"),
        ("elsewhere", 0, "a"), ("elsewhere", 1, "b"), ("elsewhere", 2, "x"), ("elsewhere", 3, "c"),
        ("same moment as a", 0, "x"), ("same moment as a", 0, "a"), ("same moment as a", 1, "b"),
        ("same moment as b", 0, "a"), ("same moment as b", 1, "x"), ("same moment as b", 1, "b"),
    ]  # fmt: skip
    found = units(follow(rows, rule)).set_index("unit")
    levels = {
        "stopped": 1,
        "again": 2,
        "elsewhere": 3,
        "same moment as a": 2,
        "same moment as b": 1,
    }
    assert found["level"].to_dict() == levels
    # A chain that is stopped is not open, though there is no window.
    assert not found.loc["stopped", "open"]
    assert found.loc["again", "open"]


def test_a_property_is_held_along_a_chain(follow):
    columns = ("user_id", "at", "action", "product")
    rows = [
        ("one", 0, "a", "shoe"), ("one", 1, "b", "shoe"), ("two", 0, "a", "shoe"),
        ("two", 1, "b", "hat"), ("both", 0, "a", "shoe"), ("both", 1, "a", "hat"),
        ("both", 2, "b", "hat"), ("none", 0, "a", None), ("none", 1, "b", None),
    ]  # fmt: skip
    rule = FunnelRule(AB, hold="product", window=9 * DAY)
    found = units(follow(rows, rule, columns=columns)).set_index("unit")
    assert found["level"].to_dict() == {"one": 2, "two": 1, "both": 2}
    assert (found.loc["both", "at_1"] - found.loc["both", "entered"]) / 86_400e6 == 1


def test_k_of_n_users(follow):
    columns = ("account_id", "user_id", "at", "action")
    rows = [
        ("X", "u", 0, "a"), ("X", "u", 1, "b"), ("X", "v", 2, "a"), ("X", "v", 4, "b"),
        ("Y", "u", 0, "a"), ("Y", "u", 1, "b"), ("Y", "v", 2, "a"), ("Z", "u", 0, "a"),
    ]  # fmt: skip
    two = FunnelRule(AB, unit="account_id", quorum=2, window=10 * DAY)
    found = units(follow(rows, two, columns=columns)).set_index("unit")
    assert found["level"].to_dict() == {"X": 2, "Y": 1}
    first = START.timestamp()
    assert [(found.loc["X", name] / 1e6 - first) / 86_400 for name in ("at_1", "at_2")] == [2, 4]
    assert counts(follow(rows, two, columns=columns), "lost", "open") == [[0, 0], [1, 0]]
    one = FunnelRule(AB, unit="account_id", quorum=1, window=10 * DAY)
    assert counts(follow(rows, one, columns=columns), "reached") == [[3], [2]]


def test_segments_are_those_of_the_first_entry(follow):
    columns = ("account_id", "user_id", "at", "action", "segment")
    rows = [
        ("X", "u", 0, "a", "old"), ("X", "u", 2, "a", "new"), ("X", "u", 3, "b", "new"),
        ("Y", "v", 0, "a", None), ("Y", "w", 0, "a", "new"),
    ]  # fmt: skip
    accounts = pd.DataFrame({"account_id": ["X", "Y"], "industry": ["retail", "energy"]})
    rule = FunnelRule(AB, window=9 * DAY, segments=("segment", "accounts.industry"))
    found = follow(rows, rule, columns=columns, accounts=accounts)
    expected = [["new", 1, 0], ["not known", 1, 0], ["old", 1, 1]]
    assert counts(found, "segment", "entered", "reached", by=["segment"])[1::2] == expected
    both = reach(found, by=["accounts.industry", "segment"])
    assert both["accounts.industry"].unique().tolist() == ["energy", "retail"]
    with pytest.raises(ParamsError, match="carries no segment"):
        reach(found, by=["region"])


def test_cohorts_and_periods_are_local_days_across_a_change_of_clocks(follow):
    """Berlin went to summer time at two on 29 March 2026: that day has 23 hours."""
    zone = ZoneInfo("Europe/Berlin")
    rows = [
        ("sunday", datetime(2026, 3, 29, 0, 0, tzinfo=zone), "a"),
        ("sunday late", datetime(2026, 3, 29, 23, 59, tzinfo=zone), "a"),
        ("monday", datetime(2026, 3, 30, 0, 0, tzinfo=zone), "a"),
        ("april", datetime(2026, 4, 1, 0, 0, tzinfo=zone), "a"),
    ]
    found = follow(rows, FunnelRule(AB, window=DAY), as_of=date(2026, 4, 30))
    for cohort, expected in {
        "day": ["2026-03-29", "2026-03-30", "2026-04-01"],
        "week": ["2026-03-23", "2026-03-30"],
        "month": ["2026-03-01", "2026-04-01"],
    }.items():
        frame = reach(found, cohort=cohort).query("position == 1")
        assert frame["cohort"].dt.strftime("%Y-%m-%d").tolist() == expected
    periods = {"march": (date(2026, 3, 1), date(2026, 3, 31)), "may": (date(2026, 5, 1), LAST)}
    frame = reach_in(found, periods)
    assert frame["period"].tolist() == ["march", "march", "may", "may"]
    assert frame["reached"].tolist() == [3, 0, 0, 0]
    only = FunnelRule(AB, window=DAY, first_day=date(2026, 3, 30), last_day=date(2026, 3, 30))
    assert counts(follow(rows, only, as_of=date(2026, 4, 30)), "entered")[0] == [1]


def test_windows_are_elapsed_time_across_a_change_of_clocks(follow):
    """From noon to noon there are 23 hours in spring and 25 in autumn."""
    zone = ZoneInfo("Europe/Berlin")
    rows = [
        (name, datetime(2026, month, day, 12, tzinfo=zone), action)
        for name, month, days in (("spring", 3, (28, 29)), ("autumn", 10, (24, 25)))
        for day, action in zip(days, "ab", strict=True)
    ]
    found = units(follow(rows, FunnelRule(AB, window=24 * HOUR), as_of=date(2026, 12, 1)))
    assert dict(zip(found["unit"], found["level"], strict=True)) == {"spring": 2, "autumn": 1}
    spring = found.set_index("unit").loc["spring"]
    assert (spring["at_2"] - spring["at_1"]) / 3.6e9 == 23


def test_ten_thousand_rows_at_one_instant(follow):
    rows = [("crowd", 0, action) for action in "cba" * 3_334]
    assert counts(follow(rows, FunnelRule(ABC, window=HOUR)), "reached") == [[1], [1], [1]]
    again = FunnelRule((A, B, Step("a again", {"action": ("a",)})), window=HOUR)
    assert counts(follow(rows, again), "reached") == [[1], [1], [1]]
    assert counts(follow(rows, FunnelRule(ABC, ties="later")), "reached") == [[1], [0], [0]]
    strict = FunnelRule(ABC, order="strict")
    assert counts(follow(rows, strict), "reached") == [[1], [1], [0]]


def test_the_order_of_rows_in_the_file_and_doubled_rows_change_nothing(follow):
    rows = [("u", 2, "c"), ("u", 1, "b"), ("u", 0, "a"), ("v", 0, "a"), ("v", 5, "c")]
    once = units(follow(rows, FunnelRule(ABC, window=9 * DAY)))
    twice = units(follow([*rows, *rows][::-1], FunnelRule(ABC, window=9 * DAY)))
    pd.testing.assert_frame_equal(once, twice)


def test_a_step_that_never_occurs_and_an_empty_period(follow):
    rows = [("u", 0, "a"), ("v", 0, "z")]
    found = follow(rows, FunnelRule(AB, window=DAY))
    assert counts(found, "step", "reached", "lost") == [["a", 1, 0], ["b", 0, 1]]
    frame = occurrences(found.tables, found.rule)
    assert frame["rows"].tolist() == [1, 0]
    assert frame["last_on"].isna().tolist() == [False, True]
    empty = FunnelRule(AB, window=DAY, first_day=date(2020, 1, 1), last_day=date(2020, 1, 31))
    none = follow(rows, empty)
    assert counts(none, "step", "entered", "reached") == [["a", 0, 0], ["b", 0, 0]]
    assert reach(none, cohort="month").empty
    assert lost_units(none).empty
    assert durations(none, "b").days.tolist() == []
    assert paths_after(none, "a").empty
    assert actions_after(none, "a", landmark=HOUR).empty


def test_deals_over_date_columns_and_none_before_its_opening(follow):
    """Days are whole: closing on the day of opening counts; closing before it is no chain."""
    deals = pd.DataFrame(
        [
            ("same day", "2026-01-05", "2026-01-05", "won"),
            ("later", "2026-01-05", "2026-01-15", "won"),
            ("too late", "2026-01-05", "2026-02-05", "won"),
            ("lost", "2026-01-05", "2026-01-06", "lost"),
            ("open", "2026-02-27", None, "open"),
        ],
        columns=["opportunity_id", "opened_on", "closed_on", "outcome"],
    )
    deals[["opened_on", "closed_on"]] = deals[["opened_on", "closed_on"]].apply(pd.to_datetime)
    rule = FunnelRule(
        (
            Step("opened", table="opportunities", at="opened_on"),
            Step("won", {"outcome": ("won",)}, table="opportunities", at="closed_on"),
        ),
        unit="opportunity_id",
        window=10 * DAY,
    )
    found = follow([("u", 0, "a")], rule, opportunities=deals)
    assert counts(found, "reached", "open", "lost") == [[5, 0, 0], [2, 1, 2]]
    assert lost_units(found)["unit"].tolist() == ["lost", "too late"]
    assert lost_units(found)["days_since"].tolist() == [56, 56]
    assert durations(found, "won").counts["time"].tolist() == [0, 3, 10]


def test_who_was_lost_with_account_and_days(follow):
    columns = ("account_id", "user_id", "at", "action")
    rows = [
        ("X", "far", 0, "a"), ("X", "far", 1, "b"), ("Y", "near", 3, "a"), ("Z", "done", 0, "a"),
        ("Z", "done", 1, "b"), ("Z", "done", 2, "c"),
    ]  # fmt: skip
    frame = lost_units(follow(rows, FunnelRule(ABC, window=9 * DAY), columns=columns))
    assert frame[["unit", "account_id", "last_step", "days_since"]].to_numpy().tolist() == [
        ["far", "X", "b", 54],
        ["near", "Y", "a", 52],
    ]
    assert frame["last_at"].iloc[0].isoformat() == "2026-01-06T01:00:00+01:00"
    assert frame["entered_on"].iloc[1] == pd.Timestamp("2026-01-08")


def test_what_is_done_soon_after_a_step_is_compared_from_one_distance(follow):
    rows = []
    for number in range(20):
        user = f"u{number:02d}"
        rows.append((user, 0, "a"))
        rows += [(user, 0.1, "help")] if number < 10 else []
        rows += [(user, 2, "b")] if number in (0, 1, 2, 10) else []
    rows += [("fast", 0, "a"), ("fast", 0.1, "help"), ("fast", 0.2, "b")]
    found = actions_after(follow(rows, FunnelRule(AB, window=9 * DAY)), "a", landmark=DAY)
    assert found.to_numpy().tolist() == [["help", 3, 7, 1, 9]]


def test_detours(follow):
    rows = [
        ("u", 0, "a"), ("u", 1, "help"), ("u", 2, "help"), ("u", 3, "search"), ("u", 4, "b"),
        ("u", 5, "late"), ("v", 0, "a"), ("v", 1, "b"), ("w", 0, "a"), ("w", 1, "b"),
        ("lost", 0, "a"), ("lost", 20, "late"),
    ]  # fmt: skip
    found = paths_after(follow(rows, FunnelRule(AB, window=9 * DAY)), "a")
    assert found[["path", "units", "reached", "lost"]].to_numpy().tolist() == [
        ["directly", 3, 2, 1],
        ["help > search", 1, 1, 0],
    ]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"steps": (A,)}, "1 required of 1"),
        ({"steps": (A, A)}, '"a" is there twice'),
        ({"steps": (step("a", optional=True), B, C)}, "the first one"),
        ({"steps": AB, "window": -DAY}, "negative"),
        ({"steps": AB, "quorum": 2}, "only accounts have users"),
        ({"steps": AB, "order": "any", "ties": "later"}, "no step has to come after"),
        ({"steps": (A, step("b", within=timedelta(0))), "ties": "later"}, "within no time"),
        ({"steps": AB, "exclusions": (Exclusion("y", after="q"),)}, "not among the steps"),
        ({"steps": AB, "exclusions": (Exclusion("b", {"action": ("b",)}),)}, "that it guards"),
        ({"steps": AB, "first_day": LAST, "last_day": date(2026, 1, 1)}, "ends first"),
    ],
)
def test_choices_that_do_not_go_together(keys, message):
    with pytest.raises(ParamsError, match=message):
        FunnelRule(**keys)


@pytest.mark.parametrize(
    ("first", "message"),
    [
        (Step("a", {"acton": ("a",)}), "did you mean action"),
        (Step("a", table="clicks"), 'no table "clicks"'),
        (Step("a", at="action"), "holds no times"),
    ],
)
def test_tables_and_columns_that_are_not_there(follow, first, message):
    with pytest.raises(ParamsError, match=message):
        follow([("u", 0, "a")], FunnelRule((first, B)))
