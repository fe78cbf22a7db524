"""Every choice of a rule through the playbook: counts by hand on a few people."""

from datetime import date

import pandas as pd
import pytest

from opsplaybook.params import resolve
from opsplaybook.playbooks.funnel_review import Params

PLAIN = {
    "steps": ["came", "chose", "paid"], "segment_by": [], "other_rules": False, "change_on": None,
    "change_name": "", "window_days": 7,
}  # fmt: skip
ROWS = """
ann   A 1 came
ann   A 2 chose
ann   A 3 paid
bob   A 1 came
bob   A 2 asked
bob   A 3 chose
bob   A 4 paid
cat   B 1 came
cat   B 2 paid
cat   B 3 chose
dan   B 1 came
dan   B 3 came
dan   B 5 chose
dan   B 9 paid
eve   C 1 came
eve   C 1 chose
eve   C 1 paid
fay   C 1 came
fay   C 2 paid
"""
"""User, account, day of January, action. On one day everything happens at noon."""


def activity(rows: str = ROWS) -> pd.DataFrame:
    parts = [line.split() for line in rows.strip().splitlines()]
    frame = pd.DataFrame(parts, columns=["user_id", "account_id", "day", "action"])
    days = pd.to_timedelta(frame.pop("day").astype(int) - 1, unit="D")
    return frame.assign(at=(pd.Timestamp("2026-01-01 12:00") + days).astype(str))


@pytest.fixture(scope="module")
def reached(funnel_steps, open_in_memory):
    """Return a function that says how many came to each step, and with which words."""

    def count(rows=None, **values):
        params = resolve(Params, PLAIN | values)
        source = open_in_memory({"activity": activity() if rows is None else rows})
        names = ["accounts", "opportunities", "event_contacts", "contracts"]
        given = source.load(names, in_engine=["activity"], as_of=date(2026, 4, 30))
        done = funnel_steps.follow(given, params)
        counts = dict(zip(done.reach.steps["step"], done.reach.steps["reached"], strict=True))
        shown = funnel_steps.shown(done)
        return counts, done, shown

    return count


def test_loose_order_lets_others_come_between(reached):
    counts, done, _ = reached()

    # Cat paid before she chose, fay chose nothing, dan paid on the ninth day.
    assert counts == {"came": 6, "chose": 5, "paid": 3}
    assert set(done.reach.lost["unit"]) == {"cat", "dan", "fay"}


def test_any_entry_lets_a_later_one_begin(reached):
    counts, _, shown = reached(anchor="any")

    # Dan came once more on the third day.
    assert counts == {"came": 6, "chose": 5, "paid": 4}
    assert "from any came of the period" in shown["reach"].note


def test_strict_order_wants_the_very_next_row_and_restarts(reached):
    counts, _, shown = reached(order="strict", anchor="any")

    # Bob asked in between; dan came again, and went on from there.
    assert counts == {"came": 6, "chose": 3, "paid": 3}
    assert "each the very next row" in shown["reach"].note


def test_any_order_counts_how_many_steps_were_done_and_names_none(reached):
    counts, done, shown = reached(order="any")

    assert counts == {"1 of 3 steps": 6, "2 of 3 steps": 6, "3 of 3 steps": 4}
    assert done.definition.last == "3 of 3 steps"
    assert "Came to 3 of 3 steps" in str(shown["rules"])
    assert "3 of 3 steps" in done.findings.key_figures[0].label


def test_ties_may_have_to_be_later(reached):
    counts, done, shown = reached(ties="later")

    # All of eve's steps are of one instant.
    assert counts == {"came": 6, "chose": 4, "paid": 2}
    assert "eve" in set(done.reach.lost["unit"])
    assert "Each step comes later than the one before." in shown["reach"].note


def test_an_exclusion_may_hold_between_two_steps_only(reached):
    whole, _, _ = reached(exclusions=["asked"])
    after, _, shown = reached(exclusions=["asked after chose before paid"])

    # Bob asked before he chose.
    assert (whole["paid"], after["paid"]) == (2, 3)
    assert "No asked between chose and paid." in shown["reach"].note


def test_an_optional_step_may_be_skipped_and_has_its_own_rate(reached):
    counts, done, shown = reached(steps=["came", "chose?", "paid"])

    # All but dan pay in time; ann, bob, dan and eve choose first, cat afterwards.
    assert counts["paid"] == 5
    assert done.reach.steps.set_index("step").loc["paid", "before"] == 6
    assert counts["chose"] == 4
    assert "chose (optional)" in shown["reach"].note


def test_a_repeated_step_takes_a_row_of_its_own(reached):
    steps = ["came", "came again: action=came", "chose"]
    counts, _, _ = reached(steps=steps)
    twice = pd.concat([activity(), activity("ann A 1 came")], ignore_index=True)
    again, _, _ = reached(twice, steps=steps)

    # Dan came twice; ann, with two rows at one instant, as well.
    assert counts == {"came": 6, "came again": 1, "chose": 1}
    assert again == {"came": 6, "came again": 2, "chose": 2}


def test_a_window_per_step_is_counted_from_the_step_before(reached):
    counts, _, shown = reached(steps=["came", "chose within 1 day", "paid"], anchor="any")

    # Bob, cat and dan chose two days after.
    assert counts == {"came": 6, "chose": 2, "paid": 2}
    assert "within 1 day of the required step before" in shown["reach"].note


def test_a_held_property_keeps_a_chain_on_one_platform(reached):
    rows = activity().assign(platform="web")
    rows.loc[(rows["user_id"] == "ann") & (rows["action"] == "paid"), "platform"] = "mobile"
    counts, done, shown = reached(rows, hold="platform")

    assert counts == {"came": 6, "chose": 5, "paid": 2}
    assert "ann" in set(done.reach.lost["unit"])
    assert "along one and the same platform" in shown["reach"].note


@pytest.mark.parametrize(("quorum", "came", "paid"), [(0, 4, 3), (1, 4, 2), (2, 3, 1)])
def test_an_account_comes_as_far_as_its_users_together_or_k_alone(reached, quorum, came, paid):
    colleagues = activity("gus D 1 came\nhal D 2 chose\nhal D 3 paid")
    rows = pd.concat([activity(), colleagues], ignore_index=True)
    counts, done, _ = reached(rows, unit="account_id", quorum=quorum)

    # A: ann and bob, each alone. C: eve alone. D: gus came, hal paid.
    assert (counts["came"], counts["paid"]) == (came, paid)
    assert done.definition.counted == "accounts"


@pytest.mark.parametrize("changed", [
    {}, {"order": "any"}, {"order": "strict"}, {"unit": "account_id", "quorum": 1},
    {"steps": ["came", "chose?", "paid"]}, {"exclusions": ["asked"]}, {"window_days": 0},
])  # fmt: skip
def test_the_rule_stands_under_everything_that_is_shown(reached, changed):
    _, done, shown = reached(**changed)
    rule = "Rule: " + " ".join(done.definition.words.split())

    assert [key for key, item in shown.items() if rule not in item.note] == ["tables"]
    drawn = [item.data for item in shown.values() if hasattr(item, "data")]
    assert all(rule in data.note for data in drawn)
    assert all(rule in tile.definition for tile in done.findings.key_figures)


def test_order_and_copies_of_rows_change_nothing(reached):
    rows = activity()
    shuffled = rows.sample(frac=1, random_state=3, ignore_index=True)
    counts, _, _ = reached(rows)

    assert reached(shuffled)[0] == counts
    assert reached(pd.concat([rows, shuffled], ignore_index=True))[0] == counts


@pytest.mark.parametrize("order", ["loose", "strict", "any"])
def test_thousands_of_rows_on_one_instant_are_no_obstacle(reached, order):
    crowd = pd.concat([activity("eve C 1 asked")] * 10_000, ignore_index=True)
    counts, done, _ = reached(pd.concat([activity(), crowd], ignore_index=True), order=order)
    without, _, _ = reached(order=order)

    assert done.definition.occurrences["rows"].sum() == 6 + 1 + 5 + 6
    # Among rows of one instant the steps come first, in their order.
    assert counts == without


def test_the_night_that_clocks_change_is_as_long_as_it_was(reached):
    rows = activity("ann A 1 came\nann A 1 chose\nbob A 1 came\nbob A 1 chose")
    # In Berlin 2026-03-29 has 23 hours: from noon to one o'clock the next day are 24.
    night = ["2026-03-28 12:00", "2026-03-29 13:00", "2026-03-28 12:00", "2026-03-29 13:00:01"]
    counts, _, _ = reached(rows.assign(at=night), steps=["came", "chose"], window_days=1)

    assert counts == {"came": 2, "chose": 1}
