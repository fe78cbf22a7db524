"""Funnels against numbers that others have computed or printed."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportions_ztest

from opsplaybook.metrics.funnels import FunnelRule, Step, durations, reach, read_funnel
from opsplaybook.stats.survival import kaplan_meier

START = datetime(2026, 1, 5, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
ABC = ("a", "b", "c")


def steps_of(names):
    return tuple(Step(f"{place} {name}", {"action": (name,)}) for place, name in enumerate(names))


@pytest.fixture(scope="module")
def levels(make_tables):
    """Return a function that gives the level of each unit; 0 where it did not enter."""

    def follow(events, rule):
        frame = pd.DataFrame(events, columns=["account_id", "user_id", "at", "action"])
        tables = make_tables({"activity": frame}, as_of=date(2030, 1, 1))
        found = read_funnel(tables, rule).units.to_pandas().set_index("unit")["level"]
        units = frame[rule.unit].unique()
        return found.reindex(units, fill_value=0).astype(int).to_dict()

    return follow


def streams(cases, unit=SECOND):
    return [
        ("account", name, START + time * unit, action)
        for name, events in cases.items()
        for time, action in events
    ]


# Reached levels from ClickHouse 26.9.2.1 (chdb 4.4.0), windowFunnel(window) and 'strict_increase';
# the first five also in ClickHouse tests/queries/0_stateless/00632_aggregation_window_funnel.
# Seconds; the window is 100 for the first six, 10 for the others.
WIDE = {
    "plain": [(1, "a"), (2, "b"), (3, "c")],
    "noise between": [(1, "a"), (2, "d"), (3, "b"), (4, "c")],
    "repeats": [(1, "a"), (2, "a"), (3, "b"), (4, "b"), (5, "c"), (6, "c")],
    "reverse": [(1, "c"), (2, "b"), (3, "a")],
    "out of order a,c,b": [(1, "a"), (2, "c"), (3, "b")],
    "a c b c": [(1, "a"), (2, "c"), (3, "b"), (4, "c")],
}
NARROW = {
    "window exact": [(0, "a"), (5, "b"), (10, "c")],
    "window off by one": [(0, "a"), (5, "b"), (11, "c")],
    "unsorted input": [(3, "c"), (1, "a"), (2, "b")],
    "no first": [(1, "b"), (2, "c")],
    "single step only": [(1, "x")],
    "restart rescues": [(0, "a"), (8, "a"), (9, "b"), (15, "c")],
    "mid restart keeps old chain": [(0, "a"), (2, "b"), (5, "a"), (9, "c")],
    "mid restart old chain expired": [(0, "a"), (2, "b"), (5, "a"), (12, "c")],
    "tie all same ts": [(1, "c"), (1, "b"), (1, "a")],
    "tie a,b same ts then c": [(1, "b"), (1, "a"), (2, "c")],
}
LOOSE_WIDE = [3, 3, 3, 1, 2, 3]
LOOSE_NARROW = [3, 2, 3, 0, 0, 3, 3, 2, 3, 3]
LATER_NARROW = [3, 2, 3, 0, 0, 3, 3, 2, 1, 1]


@pytest.mark.parametrize(
    ("cases", "window", "ties", "expected"),
    [
        (WIDE, 100, "allowed", LOOSE_WIDE),
        (WIDE, 100, "later", LOOSE_WIDE),
        (NARROW, 10, "allowed", LOOSE_NARROW),
        (NARROW, 10, "later", LATER_NARROW),
    ],
)
def test_levels_are_those_of_window_funnel(levels, cases, window, ties, expected):
    rule = FunnelRule(steps_of(ABC), window=window * SECOND, ties=ties)
    assert list(levels(streams(cases), rule).values()) == expected


# The same source, 'strict_order', where it and a strict funnel that may start again agree: all
# but "a c b c" and the restarts, which windowFunnel does not look at again.
def test_strict_order_stops_at_the_first_foreign_row(levels):
    rule = FunnelRule(steps_of(ABC), window=100 * SECOND, order="strict")
    found = levels(streams(WIDE), rule)
    assert [found[name] for name in ("plain", "noise between", "reverse")] == [3, 1, 1]
    assert found["out of order a,c,b"] == 1


def test_strict_order_does_not_skip_a_repeated_row(levels):
    """Where windowFunnel's strict_order lets repeats pass (3), the very next row is meant here."""
    rule = FunnelRule(steps_of(ABC), window=100 * SECOND, order="strict")
    assert levels(streams(WIDE), rule)["repeats"] == 2


# ClickHouse 00632_aggregation_window_funnel.reference: seven users, window 86,400 seconds.
SEVEN = {
    "1": [(1, "a"), (2, "b"), (3, "c")],
    "2": [(1, "a"), (2, "d"), (3, "b"), (4, "c")],
    "3": list(zip(range(1, 7), "aabbcc", strict=True)),
    "4": list(zip(range(1, 9), "aaaabbcc", strict=True)),
    "5": list(zip(range(1, 8), "aabbdcc", strict=True)),
    "6": list(zip(range(1, 7), "ccbbaa", strict=True)),
    "7": [(1, "a"), (2, "c"), (3, "b")],
}


@pytest.mark.parametrize("ties", ["allowed", "later"])
def test_seven_users_of_the_clickhouse_tests(levels, ties):
    rule = FunnelRule(steps_of(ABC), window=86_400 * SECOND, ties=ties)
    assert list(levels(streams(SEVEN), rule).values()) == [3, 3, 3, 3, 3, 1, 2]


# windowFunnel without strict_once lets one row serve two equal steps (ClickHouse issue 21835);
# strict_once, which is meant here, does not.
def test_one_row_serves_one_step(levels):
    rule = FunnelRule(steps_of(("a", "a")), window=100 * SECOND)
    cases = {"one": [(1, "a")], "two": [(1, "a"), (2, "a")], "two equal": [(1, "a"), (1, "a")]}
    assert levels(streams(cases), rule) == {"one": 1, "two": 2, "two equal": 2}


# Mixpanel documentation, Conversion Window: not converted by the first entry, converted with
# optimized re-entry; ClickHouse windowFunnel gives 3.
@pytest.mark.parametrize(("anchor", "level"), [("first", 2), ("any", 3)])
def test_the_anchor_of_the_window_decides(levels, anchor, level):
    minutes = [(0, "A"), (30, "A"), (45, "B"), (75, "C")]
    rule = FunnelRule(steps_of("ABC"), window=HOUR, anchor=anchor)
    assert levels(streams({"u": minutes}, timedelta(minutes=1)), rule) == {"u": level}


# GrowthBook documentation, Funnel Metrics, "How steps are resolved": windows of 1 hour, 2 hours
# and 1 day, each from the step before.
def test_windows_per_step_start_at_the_step_before(levels):
    rule = FunnelRule(
        (
            Step("exposed", {"action": ("exposed",)}),
            Step("view", {"action": ("view",)}, within=HOUR),
            Step("cart", {"action": ("cart",)}, within=2 * HOUR),
            Step("purchase", {"action": ("purchase",)}, within=DAY),
        ),
        anchor="first",
    )
    minutes = {
        "in time": [(0, "exposed"), (5, "view"), (90, "cart"), (1500, "purchase")],
        "last moment": [(0, "exposed"), (60, "view"), (180, "cart"), (1620, "purchase")],
        "late cart": [(0, "exposed"), (5, "view"), (126, "cart"), (1500, "purchase")],
    }
    found = levels(streams(minutes, timedelta(minutes=1)), rule)
    assert found == {"in time": 4, "last moment": 4, "late cart": 2}


# GrowthBook documentation, Funnel Metrics, "Every step shares one denominator"; p by statsmodels.
def test_the_rate_of_the_step_before_falls_although_the_treatment_is_good(make_tables):
    rows = [
        (f"{arm}{number}", START + place * HOUR, action, arm)
        for arm, counts in {"control": (1000, 200, 100), "treatment": (1000, 400, 140)}.items()
        for place, (action, count) in enumerate(zip("ABC", counts, strict=True))
        for number in range(count)
    ]
    frame = pd.DataFrame(rows, columns=["user_id", "at", "action", "segment"])
    tables = make_tables({"activity": frame}, as_of=date(2026, 2, 1))
    rule = FunnelRule(steps_of("ABC"), window=DAY, segments=("segment",))
    last = reach(read_funnel(tables, rule), by=("segment",)).query("position == 3")
    conditional = last["mature_reached"] / last["mature_before"]
    unconditional = last["mature_reached"] / last["mature_entered"]
    assert conditional.tolist() == [0.5, 0.35]
    assert unconditional.tolist() == [0.1, 0.14]
    p_value = proportions_ztest(last["mature_reached"], last["mature_entered"])[1]
    assert p_value == pytest.approx(0.005915851074, abs=1e-9)


# retentioneering-tools tests/tools/funnel_test.py, test_funnel_basic: no window; shares of all
# paths 0.75, 0.5, 0.25. It counts u4, who begins with B, in its base; here it does not enter.
def test_sequential_funnel_without_a_window(make_tables):
    rows = [
        ("u1", 0, "A"), ("u1", 60, "B"), ("u1", 120, "C"), ("u2", 0, "A"), ("u2", 60, "B"),
        ("u3", 0, "A"), ("u4", 0, "B"),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["user_id", "at", "action"])
    frame["at"] = START + pd.to_timedelta(frame["at"], unit="s")
    tables = make_tables({"activity": frame}, as_of=date(2026, 2, 1))
    found = reach(read_funnel(tables, FunnelRule(steps_of("ABC"))))
    assert found["reached"].tolist() == [3, 2, 1]
    assert (found["reached"] / 4).tolist() == [0.75, 0.5, 0.25]
    # Without a window nobody can be called lost.
    assert found["lost"].tolist() == [0, 0, 0]
    assert found["open"].tolist() == [0, 1, 1]


# ClickHouse 26.9.2.1 (chdb 4.4.0): windowFunnel grouped by account, and the best of its users.
# Days; steps may be done by different users of an account.
ACCOUNTS = [
    (1, "A1", "u1", "trial"), (2, "A1", "u2", "invite"), (3, "A1", "u3", "paid"),
    (1, "A2", "u4", "trial"), (2, "A2", "u4", "invite"), (9, "A2", "u5", "paid"),
    (1, "A3", "u6", "trial"), (2, "A3", "u6", "invite"), (3, "A3", "u6", "paid"),
    (1, "A4", "u7", "invite"), (2, "A4", "u8", "trial"), (5, "A4", "u7", "paid"),
    (1, "A5", "u9", "trial"), (50, "A5", "u9", "invite"), (51, "A5", "u10", "trial"),
    (52, "A5", "u10", "invite"), (53, "A5", "u11", "paid"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("quorum", "window", "expected"),
    [
        (0, 7, [3, 2, 3, 1, 3]),
        (0, 100, [3, 3, 3, 1, 3]),
        (1, 7, [1, 2, 3, 1, 2]),
        (1, 100, [1, 2, 3, 1, 2]),
    ],
)
def test_accounts_merged_and_by_their_best_user(levels, quorum, window, expected):
    events = [(account, user, START + day * DAY, action) for day, account, user, action in ACCOUNTS]
    rule = FunnelRule(
        steps_of(("trial", "invite", "paid")),
        window=window * DAY,
        unit="account_id",
        quorum=quorum,
    )
    assert list(levels(events, rule).values()) == expected


# Freireich et al. 1963, 6-MP group, weeks; R 4.2.2 survfit: median 23, of those who relapsed 10.
def test_time_to_convert_with_open_units_censored(make_tables):
    reached = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    waiting = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    end = datetime(2026, 6, 1, tzinfo=UTC)
    rows = []
    for number, weeks in enumerate([*reached, *waiting]):
        entered = end - weeks * 7 * DAY
        rows.append((f"u{number}", entered, "a"))
        if number < len(reached):
            rows.append((f"u{number}", end, "b"))
    frame = pd.DataFrame(rows, columns=["user_id", "at", "action"])
    frame.loc[frame["action"] == "b", "at"] -= SECOND
    tables = make_tables({"activity": frame}, as_of=date(2026, 5, 31), timezone="UTC")
    found = durations(read_funnel(tables, FunnelRule(steps_of("ab"))), "1 b", resolution=7 * DAY)
    curve = kaplan_meier(found.days / 7, found.observed)
    shares = [0.8571428571, 0.8067226891, 0.7529411765, 0.6901960784, 0.6274509804, 0.5378151261]
    assert curve.survival[1:].tolist() == pytest.approx([*shares, 0.4481792717], abs=1e-8)
    assert curve.median().value == 23
    assert sorted(found.days[found.observed] / 7) == reached
    assert sorted(found.days[~found.observed] / 7) == waiting
