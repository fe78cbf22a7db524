"""The funnel review at its limits: bad parameters, poor data, nobody, one unit, statuses."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook.display import unpacked
from opsplaybook.errors import ContractError, ParamsError
from opsplaybook.params import resolve
from opsplaybook.playbooks.funnel_review import Params
from opsplaybook.playbooks.funnel_review.steps_text import read_exclusion, read_step

PLAIN = {
    "steps": ["came", "bought"], "segment_by": [], "other_rules": False, "change_on": None,
    "change_name": "", "window_days": 7,
}  # fmt: skip
HOSTILE = "=HYPERLINK(1) <script>alert(1)</script> $x^2$"


def shop(
    users: int = 120, *, rates: tuple[float, float] = (0.5, 0.5), seed: int | None = None
) -> pd.DataFrame:
    """Make users of twelve accounts, ten a week; the later half buys at the second rate.

    With a seed chance has a hand in who buys; without, every tenth user does the same.
    """
    number = np.arange(users)
    came = pd.Timestamp("2026-01-05 09:00") + pd.to_timedelta(number // 10 * 7, unit="D")
    rate = np.where(number < users // 2, *rates)
    draws = number * 7 % 10 / 10 if seed is None else np.random.default_rng(seed).random(users)
    buys = draws < rate
    entry = pd.DataFrame({"user_id": number, "at": came, "action": "came"})
    end = entry.loc[buys].assign(at=came[buys] + pd.Timedelta(days=2), action="bought")
    help_ = entry.loc[number % 3 == 0].assign(
        at=came[number % 3 == 0] + pd.Timedelta(hours=3), action="asked"
    )
    rows = pd.concat([entry, help_, end], ignore_index=True)
    side = np.where(rows["user_id"] % 2, HOSTILE, "plain")
    return rows.assign(
        user_id="U-" + rows["user_id"].astype(str), at=rows["at"].astype(str),
        account_id="C-" + (rows["user_id"] % 12).astype(str), segment=side,
    )  # fmt: skip


@pytest.fixture(scope="module")
def follow(funnel_steps, open_in_memory):
    """Return a function that runs all steps over rows of activity."""

    def run(activity, *, others=None, as_of=date(2026, 6, 30), **values):
        params = resolve(Params, PLAIN | values)
        source = open_in_memory({"activity": activity} | (others or {}))
        names = ["accounts", "opportunities", "event_contacts", "contracts"]
        given = source.load(names, in_engine=["activity"], as_of=as_of)
        return funnel_steps.follow(given, params)

    return run


@pytest.fixture(scope="module")
def plain(follow):
    return follow(shop(), change_on="2026-02-16", landmark_days=1)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"steps": ["came"]}, "at least 2"),
        ({"steps": ["came", "came"]}, "there twice"),
        ({"steps": ["came?", "bought"]}, "cannot be optional"),
        ({"steps": ["came", "bought @ opportunities"]}, "give all or none"),
        ({"steps": ["came", ": action=x"]}, "write a step as"),
        ({"steps": ["came", "bought: action"]}, "write a condition"),
        ({"order": "strict", "exclusions": ["left"]}, "only loose order"),
        ({"exclusions": ["left after going"]}, "is not among the steps"),
        ({"quorum": 2}, "only accounts have users"),
        ({"between": ["a"]}, "two are compared"),
        ({"compare": "segments", "segment_by": []}, "segment_by names none"),
        ({"window_days": -1}, "must be at least 0"),
        ({"stpes": ["a", "b"]}, "did you mean steps"),
    ],
)
def test_wrong_parameters_say_what_to_change(values, why):
    with pytest.raises(ParamsError, match=why):
        resolve(Params, values)


def test_steps_may_come_as_one_text():
    params = resolve(Params, {"steps": "came; bought: action=paid or ordered, platform=web"})

    assert params.read_steps()[1].where == {"action": ("paid", "ordered"), "platform": ("web",)}


def test_a_step_and_an_exclusion_in_full():
    step = read_step("won?: outcome=won @ opportunities.closed_on within 1 day")
    exclusion = read_exclusion("left: action=left @ activity.at after came before bought")

    assert (step.optional, step.within.days) == (True, 1)
    assert (exclusion.after, exclusion.before, exclusion.at) == ("came", "bought", "at")


def test_numbers_by_hand(plain):
    rates = plain.reach.steps.set_index("step").loc["bought"]

    assert (plain.reach.entered, plain.reach.mature, plain.reach.lost_total) == (120, 120, 60)
    assert rates["rate"] == 0.5
    assert rates["rate_n"] == 12
    assert plain.timing.rows.set_index("step").loc["bought", "by_7"] == pytest.approx(0.5)
    assert plain.timing.rows["median"].iloc[0] == pytest.approx(2)


def test_nothing_changed_and_nothing_is_named(plain):
    assert plain.findings.verdict.word == "Steady"
    assert plain.breakdown.trend.changes.empty
    assert plain.change.reversals == ()
    assert plain.worth.first("back to before") is None


def test_a_fall_without_segments_is_in_the_verdict_and_the_trend(follow):
    done = follow(shop(240, rates=(0.9, 0.3), seed=1), change_on=None, cohort="week")

    assert done.findings.verdict.word == "Look into it"
    assert done.change.since == date(2026, 3, 30)
    assert done.change.whole.interval.contains(-0.6)
    assert done.breakdown.trend.changes["cohort"].tolist() == [pd.Timestamp("2026-03-30")]


def test_two_segments_are_compared_and_neither_fell(follow, funnel_steps):
    done = follow(shop(), compare="segments", segment_by=["segment"])

    assert set(done.change.labels) == {"plain", HOSTILE}
    assert done.findings.verdict.word in ("Different", "Alike")
    table = funnel_steps.shown(done)["segments"]
    assert "'=HYPERLINK" in table.csv


def test_actions_are_compared_from_the_landmark_on(plain):
    row = plain.behaviour.actions.set_index("action").loc["asked"]

    # Nobody had bought after a day: 40 of 120 asked on the first one. They are of four accounts,
    # which are too few to compare.
    assert (row["did"], row["others"]) == (40, 80)
    assert plain.behaviour.compared == 0
    paths = plain.behaviour.paths.set_index("path")["units"]
    assert paths.to_dict() == {"directly": 80, "asked": 40}


def test_all_are_young(follow):
    done = follow(shop(10), as_of=date(2026, 1, 6))

    assert done.findings.verdict.word == "Too early"
    assert done.reach.open == 10
    assert done.reach.lost_total == 0
    assert "nobody is lost" in done.findings.verdict.sentence


def test_nobody_entered(follow, funnel_steps):
    done = follow(shop(), entered_from="2026-06-01", entered_to="2026-06-02")

    assert done.findings.verdict.word == "Not enough data"
    assert done.reach.entered == 0
    assert len(funnel_steps.shown(done)) == 22


def test_one_unit(follow, funnel_steps):
    done = follow(shop(1))

    assert done.findings.verdict.word == "Not enough data"
    assert done.worth.repairs.empty
    assert len(funnel_steps.shown(done)) == 22


def test_a_step_that_never_occurs_is_named(follow):
    done = follow(shop(), steps=["came", "flew"])

    assert any("Nothing in the data fits flew" in caveat for caveat in done.findings.caveats)
    assert done.reach.steps["reached"].tolist() == [120, 0]


def test_a_column_that_does_not_exist_is_refused_with_near_ones(follow):
    with pytest.raises(ParamsError, match="did you mean action"):
        follow(shop(), steps=["came: acton=came", "bought"])


def test_a_segment_that_does_not_exist_is_refused(follow):
    with pytest.raises(ParamsError, match="no column"):
        follow(shop(), segment_by=["planet"])


def test_a_table_that_does_not_exist_is_refused(funnel_steps, write_source):
    path = write_source({"activity": shop()})

    with pytest.raises(ContractError, match="opportunities"):
        funnel_steps.review(path, steps=["a @ opportunities", "b: outcome=won @ opportunities"])


def test_without_a_window_nobody_is_lost(follow):
    done = follow(shop(), window_days=0)

    assert done.reach.lost_total == 0
    assert done.reach.open == 60
    assert any("Without a window nobody is ever lost" in c for c in done.findings.caveats)
    assert done.findings.verdict.word == "No window"
    assert done.findings.verdict.sentence == (
        "120 users entered. Without a window nobody is ever lost, so there is no rate to judge: "
        "give `window_days`."
    )


def test_the_release_of_the_sample_company_is_no_cause_in_another(follow):
    named = Params.model_fields["change_name"].default
    done = follow(shop(240, rates=(0.9, 0.3), seed=1), cohort="week", change_name=named)
    assert named == "release 5.0"
    assert named not in done.findings.verdict.sentence
    own = follow(shop(240, rates=(0.9, 0.3), seed=1), cohort="week", change_name="release 7")
    assert "since release 7" in own.findings.verdict.sentence


def test_accounts_that_activity_does_not_name_have_unknown_classes(follow):
    accounts = pd.DataFrame({"account_id": ["C-0", "C-1"], "industry": ["retail", "energy"]})
    rows = shop().drop(columns="account_id")
    done = follow(rows, others={"accounts": accounts}, segment_by=["accounts.industry"])
    assert done.reach.mature == 120
    assert set(done.breakdown.segments["segment"]) <= {"not known"}


@pytest.mark.parametrize("order", ["strict", "any"])
def test_other_orders_run_through(follow, funnel_steps, order):
    done = follow(shop(), order=order, other_rules=True)

    assert len(funnel_steps.shown(done)) == 22
    assert done.rules.rates["rule"].iloc[0] == "as chosen"


def test_an_optional_step_has_a_rate_and_takes_nothing_away(follow):
    done = follow(shop(), steps=["came", "asked?", "bought"])
    steps = done.reach.steps.set_index("step")

    assert steps.loc["asked", "reached"] == 40
    assert steps.loc["bought", "rate"] == 0.5
    assert "asked" not in set(done.breakdown.segments.get("step", []))


def test_an_exclusion_leaves_out_who_did_it(follow):
    done = follow(shop(), exclusions=["asked"])

    bought = set(range(120)) & {n for n in range(120) if n * 7 % 10 < 5 and n % 3}
    assert done.reach.steps["reached"].iloc[-1] == len(bought)


def test_users_without_accounts_are_independent_and_said_so(follow):
    done = follow(shop().drop(columns="account_id"))

    assert done.definition.nested is False
    assert done.reach.steps["rate_n"].iloc[-1] == 120
    assert any("No account is known" in caveat for caveat in done.findings.caveats)


def test_a_long_list_of_the_lost_is_whole_and_leaves_the_kernel_packed(follow, funnel_steps):
    number = pd.Series(range(12_000)).astype(str)
    came = pd.DataFrame({"user_id": "U-" + number, "account_id": "C-" + number.str[-1]})
    came = came.assign(at="2026-01-05 09:00", action="came")
    bought = came.head(1).assign(at="2026-01-05 10:00", action="bought")
    done = follow(pd.concat([came, bought], ignore_index=True))
    table = funnel_steps.shown(done)["lost"]

    assert table.csv.count("\r\n") == 12_000
    assert "The CSV has all 11,999." in table.note
    form = table.to_json()["csv"]
    assert len(form) < len(table.csv) / 5
    assert unpacked(form) == table.csv
