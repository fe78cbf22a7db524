"""Guardrails that cannot be judged, looks at odd times, and days that count."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook.errors import ContractError


def with_guardrail(frames, values, **columns):
    """Add an outcome that must not suffer."""
    guarded = frames["outcomes"].assign(metric="guarded", value=values, **columns)
    kept = frames["outcomes"].assign(**dict.fromkeys(columns, np.nan))
    frames["experiments"]["guardrail_metrics"] = "outcome(guarded)"
    frames["outcomes"] = pd.concat([kept, guarded], ignore_index=True)


def test_nothing_ships_beside_a_guardrail_that_was_not_measured(look):
    def change(frames):
        values = np.full(80, np.nan)
        values[[0, 1, 2, 40, 41, 42]] = [8.0, 9.0, 8.5, 2.0, 1.0, 2.5]
        with_guardrail(frames, values)

    done = look(change, shift=8.0)
    (guardrail,) = done.effects.guardrails
    assert guardrail.standing == "not enough data"
    assert done.decision.word == "Inconclusive"
    assert "harm to guarded cannot be ruled out" in done.decision.reason


@pytest.mark.parametrize("hits", [0, 1])
def test_a_guardrail_that_the_control_never_met_ends_no_review(look, hits):
    def change(frames):
        values = np.zeros(80)
        values[40 : 40 + hits] = 1.0
        with_guardrail(frames, values)

    done = look(change, shift=8.0)
    (guardrail,) = done.effects.guardrails
    assert guardrail.standing == "open"
    assert done.decision.word == "Inconclusive"


def test_an_arm_without_units_is_a_mismatch_also_beside_a_guardrail(look):
    def change(frames):
        with_guardrail(frames, np.ones(80))
        frames["assignments"]["arm"] = "treatment"

    assert look(change).decision.word == "No verdict"


def test_a_guardrail_is_judged_by_the_difference_that_is_shown(look):
    def change(frames):
        generator = np.random.default_rng(3)
        before = generator.normal(100, 40, 200)
        fall = np.where(frames["assignments"]["arm"] == "treatment", 15, 0)
        after = before + generator.normal(0, 3, 200) - fall
        with_guardrail(frames, after, before=before)

    done = look(change, per_arm=100)
    (guardrail,) = done.effects.guardrails
    # 15% lost where 10% are tolerated, certain only with the past.
    assert guardrail.difference.value == pytest.approx(-15, abs=1)
    assert guardrail.standing == "harmed"
    assert done.decision.word == "Do not ship"


def test_before_the_first_planned_look_every_look_is_one_too_many(look):
    def change(frames):
        frames["experiments"]["planned_looks"] = 4
        frames["outcomes"]["at"] = pd.Timestamp("2026-01-06 09:00", tz="Europe/Berlin")

    done = look(change, shift=1.2, as_of=date(2026, 1, 7))
    assert (done.looks.rule, len(done.looks.planned)) == ("any time", 0)
    assert done.looks.sentence.startswith("The first of 4 planned looks is not due yet")
    assert done.decision.word == "Keep running"


def test_planned_looks_without_days_are_no_single_look(look):
    def change(frames):
        frames["experiments"] = frames["experiments"].drop(columns=["start_on", "end_on"])
        frames["experiments"]["planned_looks"] = 4

    done = look(change)
    assert done.looks.rule == "any time"
    assert done.looks.sentence.startswith("4 looks were planned, and no day is known for them")


def test_a_running_experiment_shows_the_interval_that_may_decide(look):
    done = look(shift=1.5, as_of=date(2026, 1, 25))
    plain, wide = done.effects.main.difference, done.looks.decisive
    assert plain.detectable
    assert not done.looks.detected
    assert wide.interval.low < 0 < plain.interval.low
    shown = f"{wide.interval.low:.3g}".replace("-", "−")
    assert done.decision.word == "Keep running"
    assert f"95% interval {shown} to" in done.findings.verdict.sentence
    (claim,) = [f.claim for f in done.findings.findings if f.claim.startswith("Score")]
    assert claim.startswith("Score: no detectable effect, ")
    tile = next(tile for tile in done.findings.key_figures if tile.key == "effect")
    assert tile.tone == "open"


def test_a_look_before_anyone_has_converted_crosses_nothing(look):
    def change(frames):
        del frames["outcomes"]
        frames["experiments"]["planned_looks"] = 4
        moments = pd.date_range("2026-01-25 10:00", periods=30, freq="3h", tz="Europe/Berlin")
        users = [f"U-{k:04d}" for k in (*range(8), *range(40, 62))]
        frames["activity"] = pd.DataFrame(
            {"account_id": users, "user_id": users, "at": moments, "action": "shared"}
        )

    looks = look(change, metric="any(shared)").looks
    assert looks.planned["crosses"].tolist()[:2] == [False, False]
    assert looks.planned["z"].isna().tolist() == [True, True, False, False]
    assert looks.detected


def test_days_of_units_are_counted_out_after_the_plan_has_ended(look):
    def late(frames):
        moment = pd.Timestamp("2026-01-25 09:00", tz="Europe/Berlin")
        frames["assignments"].loc[[1, 2, 41], "assigned_at"] = moment
        frames["outcomes"]["at"] = frames["assignments"]["assigned_at"] + pd.Timedelta(days=10)

    done = look(late, params={"outcome_days": 14}, as_of=date(2026, 7, 31))
    assert done.groups.open_units == 0
    assert done.effects.main.units == (40, 40)
    assert not any("have not had their" in caveat for caveat in done.findings.caveats)


def test_outcomes_after_the_days_that_count_are_left_out(look):
    def late(frames):
        more = frames["outcomes"].assign(value=100.0)
        more["at"] = pd.Timestamp("2026-01-31 09:00", tz="Europe/Berlin")
        frames["outcomes"] = pd.concat([frames["outcomes"], more], ignore_index=True)

    done = look(late, params={"outcome_days": 20})
    assert done.effects.main.means == (4.5, 4.5)
    problems = done.run.problems.set_index("check")
    assert problems.loc["outcomes after the days that count", "found"] == 80
    with pytest.raises(ContractError, match=r"80 lie after the days that count"):
        look(params={"outcome_days": 3})


def test_an_outcome_with_a_day_and_no_time_counts_on_the_day_of_the_assignment(look):
    def days(frames):
        frames["outcomes"]["at"] = pd.Timestamp("2026-01-05", tz="Europe/Berlin")

    assert look(days).effects.main.means == (4.5, 4.5)

    def before(frames):
        frames["outcomes"]["at"] = pd.Timestamp("2026-01-04", tz="Europe/Berlin")

    with pytest.raises(ContractError, match="80 lie before the assignment"):
        look(before)


def test_the_days_before_are_as_many_as_asked_for(look):
    def use(frames):
        del frames["outcomes"]
        start = pd.Timestamp("2026-01-05 09:00", tz="Europe/Berlin")
        names = frames["assignments"]["unit_id"]
        rows = [
            (name, name, start + sign * pd.Timedelta(days=day, hours=k), "ran")
            for number, name in enumerate(names)
            for sign, day in ((-1, 20), (1, 2))
            for k in range(1 + number % 7)
        ]
        frames["activity"] = pd.DataFrame(rows, columns=["account_id", "user_id", "at", "action"])

    shared = {"metric": "rows(ran)"}
    long = look(use, params={"outcome_days": 7, "before_days": 60}, **shared).effects.main
    short = look(use, params={"outcome_days": 7, "before_days": 10}, **shared).effects.main
    assert long.gain == pytest.approx(1.0)
    assert short.gain == 0.0
