"""Random streams through the engine and through a search of every chain: equal, unit by unit."""

import random
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from opsplaybook.metrics.funnels import Exclusion, FunnelRule, Step, followed, read_funnel
from opsplaybook.metrics.funnels.units import at

START = datetime(2026, 3, 28, 20, tzinfo=UTC)
"""Evening before the clocks of Berlin go forward."""

AS_OF = date(2026, 3, 29)
ACTIONS = "abcdx"
MINUTE = timedelta(minutes=1)
SETTINGS = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each try is a query: no long shrinking
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

UNITS = 150
MOST_ROWS = 8


def random_units(seed):
    """Draw streams of up to eight rows in ten minutes, many of them at one instant."""
    draw = random.Random(seed)
    return [
        [
            (draw.randrange(10), draw.choice(ACTIONS), draw.choice("uv"), draw.choice("12"))
            for _ in range(draw.randint(0, MOST_ROWS))
        ]
        for _ in range(UNITS)
    ]


streams = st.integers(0, 10**9).map(random_units)
apart = st.permutations("abcd").flatmap(lambda p: st.integers(2, 4).map(lambda n: p[:n]))
repeated = st.lists(st.sampled_from(["a", "b", "ab", "c"]), min_size=2, max_size=4)
windows = st.none() | st.integers(0, 8)
choices = {
    "window": windows,
    "anchor": st.sampled_from(["any", "first"]),
    "ties": st.sampled_from(["allowed", "later"]),
}


@pytest.fixture(scope="module")
def engine_and_search(make_tables, slow_funnel):
    """Return a function that runs a rule both ways and gives both answers per unit."""

    def run(units, slow, *, unit="user_id", hold=""):
        frame = pd.DataFrame(
            [
                (f"{number:02d}", START + minute * MINUTE, action, session)
                for number, own in enumerate(units)
                for minute, action, _, session in own
            ]
            + [("other", START, "z", "1")],
            columns=["user_id", "at", "action", "product"],
        )
        tables = make_tables({"activity": frame}, as_of=AS_OF)
        funnel = read_funnel(tables, engine_rule(slow, unit=unit, hold=hold))
        found = funnel.units.to_pandas().set_index("unit")
        return found, funnel

    return run


def limits(within, chosen):
    """Leave out limits of no time where steps have to come later."""
    least = 1 if chosen["ties"] == "later" else 0
    return {place: max(limit, least) for place, limit in within.items()}


def engine_rule(slow, *, unit="user_id", hold="", quorum=0):
    steps = tuple(
        Step(
            f"{place} {''.join(sorted(actions))}",
            {"action": tuple(sorted(actions))},
            within=None if slow.within.get(place) is None else slow.within[place] * MINUTE,
        )
        for place, actions in enumerate(slow.steps, start=1)
    )
    exclusions = tuple(
        Exclusion(action, {"action": (action,)}, steps[after - 1].name, steps[before - 1].name)
        for action, after, before in slow.excluded
    )
    return FunnelRule(
        steps,
        exclusions,
        order=slow.order,
        window=None if slow.window is None else slow.window * MINUTE,
        anchor=slow.anchor,
        ties=slow.ties,
        unit=unit,
        hold=hold,
        quorum=quorum,
    )


def minutes(moment):
    return round((moment / 1e6 - START.timestamp()) / 60)


def moments(found, unit, steps):
    row = found.loc[unit]
    return tuple(minutes(row[at(place)]) for place in range(1, steps + 1))


def compare(found, expected, slow, *, chain_is_real=True):
    """Hold both answers against each other."""
    entered = {unit: own for unit, own in expected.items() if own}
    assert sorted(found.index) == sorted(entered)
    for unit, own in entered.items():
        best = min(own, key=lambda chain: (-len(chain), chain[-1], -chain[0]))
        got = moments(found, unit, int(found.loc[unit, "level"]))
        assert len(got) == len(best)
        assert (got[0], got[-1]) == (best[0], best[-1])
        assert minutes(found.loc[unit, "entered"]) == min(chain[0] for chain in own)
        if chain_is_real:
            assert got in own


def check(run, slow_funnel, units, slow, **keys):
    found, _ = run(units, slow)
    expected = {
        f"{number:02d}": slow_funnel.follow(own, slow, enters=10**9)
        for number, own in enumerate(units)
    }
    compare(found, expected, slow, **keys)


@SETTINGS
@given(units=streams, steps=apart, chosen=st.fixed_dictionaries(choices))
def test_loose_order(engine_and_search, slow_funnel, units, steps, chosen):
    slow = slow_funnel.SlowRule(tuple(map(frozenset, steps)), **chosen)
    check(engine_and_search, slow_funnel, units, slow)


@SETTINGS
@given(units=streams, steps=apart, chosen=st.fixed_dictionaries(choices))
def test_units_with_many_entries_are_put_in_order_and_come_as_far(
    engine_and_search, slow_funnel, units, steps, chosen
):
    slow = slow_funnel.SlowRule(tuple(map(frozenset, steps)), **chosen)
    ways = []
    for most in (16, 2, 0):  # entries up to which they are joined: all units, some, none
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(followed, "MOST_ENTRIES", most)
            found, _ = engine_and_search(units, slow)
        ways.append(found.sort_index())
    pd.testing.assert_frame_equal(ways[0], ways[1])
    pd.testing.assert_frame_equal(ways[0], ways[2])


@SETTINGS
@given(units=streams, steps=repeated, chosen=st.fixed_dictionaries(choices))
def test_repeated_and_overlapping_steps(engine_and_search, slow_funnel, units, steps, chosen):
    slow = slow_funnel.SlowRule(tuple(map(frozenset, steps)), **chosen)
    check(engine_and_search, slow_funnel, units, slow)


@SETTINGS
@given(
    units=streams,
    steps=apart,
    chosen=st.fixed_dictionaries(choices),
    within=st.dictionaries(st.integers(2, 4), st.integers(0, 4), min_size=1),
)
def test_windows_per_step(engine_and_search, slow_funnel, units, steps, chosen, within):
    slow = slow_funnel.SlowRule(
        tuple(map(frozenset, steps)), within=limits(within, chosen), **chosen
    )
    check(engine_and_search, slow_funnel, units, slow)


@SETTINGS
@given(units=streams, steps=apart, chosen=st.fixed_dictionaries(choices), data=st.data())
def test_exclusions(engine_and_search, slow_funnel, units, steps, chosen, data):
    after = data.draw(st.integers(1, len(steps) - 1))
    before = data.draw(st.integers(after + 1, len(steps)))
    within = data.draw(st.dictionaries(st.integers(2, 4), st.integers(0, 4), max_size=1))
    slow = slow_funnel.SlowRule(
        tuple(map(frozenset, steps)),
        excluded=(("x", after, before),),
        within=limits(within, chosen),
        **chosen,
    )
    check(engine_and_search, slow_funnel, units, slow)


@SETTINGS
@given(
    units=streams,
    steps=repeated,
    chosen=st.fixed_dictionaries(choices),
    within=st.dictionaries(st.integers(2, 4), st.integers(0, 4)),
)
def test_repeated_steps_with_limits_between(
    engine_and_search, slow_funnel, units, steps, chosen, within
):
    excluded = (("x", 1, len(steps)),)
    slow = slow_funnel.SlowRule(
        tuple(map(frozenset, steps)), within=limits(within, chosen), excluded=excluded, **chosen
    )
    check(engine_and_search, slow_funnel, units, slow, chain_is_real=False)


@SETTINGS
@given(
    units=streams,
    steps=st.one_of(apart, repeated),
    chosen=st.fixed_dictionaries(choices),
    within=st.dictionaries(st.integers(2, 4), st.integers(0, 4), max_size=1),
)
def test_strict_order(engine_and_search, slow_funnel, units, steps, chosen, within):
    slow = slow_funnel.SlowRule(
        tuple(map(frozenset, steps)), order="strict", within=limits(within, chosen), **chosen
    )
    check(engine_and_search, slow_funnel, units, slow)


@SETTINGS
@given(units=streams, steps=apart, window=windows, anchor=choices["anchor"])
def test_any_order(engine_and_search, slow_funnel, units, steps, window, anchor):
    slow = slow_funnel.SlowRule(
        tuple(map(frozenset, steps)), window=window, anchor=anchor, order="any"
    )
    check(engine_and_search, slow_funnel, units, slow)
