"""Bad input, small numbers, hostile texts: a clear error, or a caveat with the right numbers."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook.errors import ContractError, ParamsError, UsageError
from opsplaybook.params import resolve
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.stats.means import mean_difference


def values_of(frames, arm):
    units = frames["assignments"].loc[frames["assignments"]["arm"] == arm, "unit_id"]
    return frames["outcomes"].set_index("unit_id").loc[units, "value"].to_numpy()


def test_the_effect_is_the_welch_difference_of_the_rows(look, experiment_steps):
    frames = experiment_steps.hand_made(shift=3.0)
    expected = mean_difference(values_of(frames, "treatment"), values_of(frames, "control"))
    done = look(shift=3.0)
    main = done.effects.main
    assert main.difference.value == pytest.approx(3.0)
    assert main.difference.p_value == pytest.approx(expected.p_value)
    assert done.decision.word == "Ship"


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ("control=1", "1 arms with a share"),
        ("control=0;treatment=0", "cannot be read"),
        ("", "cannot be read"),
        ("a=0.4;b=0.3;c=0.3", "3 arms with a share"),
        ("control=half;treatment=half", "cannot be read"),
        ("control=0.5;control=0.5", "cannot be read"),
        ("new=0.5;old=0.5", 'control arm "control" has no planned share'),
    ],
)
def test_plans_without_two_arms_are_refused(look, shares, message):
    def change(frames):
        frames["experiments"]["shares"] = shares or "="

    with pytest.raises(ContractError, match=message):
        look(change)


def test_an_arm_without_units_is_a_mismatch(look):
    def change(frames):
        frames["assignments"] = frames["assignments"].query("arm == 'control'")

    done = look(change)
    assert done.run.arms["units"].tolist() == [40, 0]
    assert done.decision.word == "No verdict"
    assert done.run.ratio.p_value < 1e-9


def test_arms_of_other_names_are_an_error_that_names_both(look):
    def change(frames):
        frames["assignments"]["arm"] = frames["assignments"]["arm"].str.upper()

    with pytest.raises(ContractError, match="CONTROL: 40, TREATMENT: 40") as caught:
        look(change)
    assert "the plan names the arms control, treatment" in str(caught.value)


def test_no_assignment_and_no_experiment_are_named(look):
    def other(frames):
        frames["assignments"]["experiment_id"] = "T-2"

    with pytest.raises(ContractError, match="there is no assignment"):
        look(other)

    def renamed(frames):
        frames["experiments"]["experiment_id"] = "T-10"

    with pytest.raises(UsageError, match="did you mean T-10"):
        look(renamed)


def test_a_third_arm_that_was_not_planned_is_left_out(look):
    def change(frames):
        frames["assignments"].loc[:3, "arm"] = "beta"

    done = look(change)
    problems = done.run.problems.set_index("check")
    assert problems.loc["units in an arm that is not planned", "found"] == 4
    assert done.run.arms["units"].tolist() == [36, 40]
    assert sum(done.effects.main.units) == 76


def test_missing_values_are_not_counted_and_named_by_arm(look):
    def change(frames):
        frames["outcomes"].loc[:9, "value"] = np.nan

    done = look(change, shift=2.0)
    assert done.effects.main.units == (40, 30)
    assert any("10 in control" in caveat for caveat in done.findings.caveats)


def test_infinite_values_are_set_aside_by_the_source(look):
    def change(frames):
        frames["outcomes"]["value"] = frames["outcomes"]["value"].astype("str")
        frames["outcomes"].loc[0, "value"] = "inf"

    done = look(change)
    assert done.effects.main.units == (40, 39)
    assert any("outcomes" in caveat for caveat in done.findings.caveats)
    assert np.isfinite(done.effects.main.difference.value)


def test_negative_revenue_counts_and_is_named(look):
    def change(frames):
        rows = frames["assignments"][["unit_id", "account_id"]].copy()
        frames["invoices"] = pd.DataFrame(
            {
                "invoice_id": rows["unit_id"],
                "account_id": rows["account_id"],
                "issued_on": "2026-01-20",
                "amount": np.where(np.arange(80) < 5, -100.0, 50.0),
            }
        )

    done = look(change, unit="account", metric="invoiced()")
    main = done.effects.main
    assert main.means == pytest.approx((50.0, (5 * -100 + 35 * 50) / 40))
    assert any("5 units are below zero" in caveat for caveat in done.findings.caveats)
    assert done.decision.money.value == pytest.approx(80 * (50 - 31.25))


def test_a_unit_that_is_listed_again_counts_once(look):
    def change(frames):
        again = frames["assignments"].head(5)
        frames["assignments"] = pd.concat([frames["assignments"], again])

    done = look(change, shift=2.0)
    assert (
        done.run.problems.set_index("check").loc["units recorded again in their arm", "found"] == 5
    )
    assert done.effects.main.units == (40, 40)


def test_units_in_two_arms_are_left_out_and_many_stop_the_verdict(look):
    def change(count):
        def both(frames):
            other = frames["assignments"].head(count).assign(arm="treatment")
            frames["assignments"] = pd.concat([frames["assignments"], other])

        return both

    few, many = look(change(2)), look(change(12))
    assert sorted(few.effects.main.units) == [38, 40]
    assert not few.run.stops
    assert many.run.stops
    assert any("the treatment may have leaked" in text for text in few.findings.caveats)


def test_outcomes_before_the_assignment_are_left_out(look):
    def change(frames):
        early = pd.Timestamp("2026-01-04 09:00", tz="Europe/Berlin")
        frames["outcomes"].loc[:4, "at"] = early

    done = look(change)
    assert done.effects.main.units == (40, 35)
    assert done.run.problems.set_index("check").loc["outcomes before the assignment", "found"] == 5


def test_no_conversion_in_the_control_gets_an_exact_test(look):
    def change(frames):
        values = np.zeros(200)
        values[100:107] = 1
        frames["outcomes"]["value"] = values

    done = look(change, per_arm=100)
    main = done.effects.main
    # Boschloo's test of 7 of 100 against 0 of 100; Newcombe's interval leaves 0 out.
    assert main.difference.p_value == pytest.approx(0.0097, abs=0.0002)
    assert main.difference.interval.low > 0
    assert main.relative.interval is None
    assert "small table" in main.note


def test_nobody_converted_at_all(look):
    def change(frames):
        frames["outcomes"]["value"] = 0.0

    done = look(change)
    assert done.effects.main.standing == "no detectable effect"
    assert done.decision.word == "Inconclusive"


def test_one_unit_in_an_arm_is_not_enough_data(look):
    def change(frames):
        keep = frames["assignments"]["unit_id"].isin(["U-0000", "U-0040"])
        frames["assignments"] = frames["assignments"].loc[keep]

    done = look(change)
    assert done.effects.main.standing == "not enough data"
    assert done.decision.word == "Inconclusive"
    assert "not enough data" in done.findings.verdict.sentence


def test_a_negative_base_keeps_the_sign_of_the_lift(look):
    def change(frames):
        frames["outcomes"]["value"] -= 20

    done = look(change, shift=3.0)
    main = done.effects.main
    assert main.relative.value == pytest.approx(3.0 / 15.5)
    assert main.relative.interval.low > 0
    assert main.standing == "better"


def test_all_the_same_cannot_be_judged(look):
    def change(frames):
        frames["outcomes"]["value"] = 5.0

    done = look(change)
    assert done.effects.main.difference.value == 0
    assert done.decision.word == "Inconclusive"


def test_nothing_after_the_last_day_changes_anything(look):
    def later(frames):
        moment = pd.Timestamp("2026-02-02 00:00", tz="Europe/Berlin")
        row = frames["outcomes"].head(40).assign(value=1000.0, at=moment)
        frames["outcomes"] = pd.concat([frames["outcomes"], row])
        more = (
            frames["assignments"]
            .head(9)
            .assign(unit_id=[f"N-{k}" for k in range(9)], assigned_at=moment)
        )
        frames["assignments"] = pd.concat([frames["assignments"], more])

    assert str(look(later).findings) == str(look().findings)


def test_before_the_end_only_intervals_that_always_hold_decide(look):
    def running(frames):
        frames["experiments"]["end_on"] = "2026-03-01"

    done = look(running, shift=1.4)
    assert done.looks.rule == "any time"
    assert done.effects.main.detected
    assert not done.looks.detected
    assert done.decision.word == "Keep running"
    assert done.decision.until == date(2026, 3, 1)
    wide, plain = done.looks.decisive.interval, done.effects.main.difference.interval
    assert wide.high - wide.low > plain.high - plain.low


def test_planned_looks_need_more_at_first_and_end_with_the_plan(look):
    def two_looks(frames):
        frames["experiments"]["end_on"] = "2026-03-01"
        frames["experiments"]["planned_looks"] = 2

    done = look(two_looks, shift=1.4, params={"spending": "o'brien-fleming"})
    assert done.looks.rule == "planned looks"
    (first,) = done.looks.planned.to_dict("records")
    # O'Brien-Fleming at 2 looks, two-sided 5%: 2.797 and 1.977 (Jennison and Turnbull 2000).
    assert first["critical"] == pytest.approx(2.797, abs=0.001)
    assert done.effects.main.detected
    assert not done.looks.detected
    past = look(two_looks, shift=1.4, params={"looks_taken": 3})
    assert "past the plan" in past.looks.sentence


def test_units_whose_days_are_not_over_are_open_and_not_failed(look):
    def late(frames):
        moment = pd.Timestamp("2026-01-25 09:00", tz="Europe/Berlin")
        frames["assignments"].loc[[1, 2, 41], "assigned_at"] = moment
        frames["outcomes"]["at"] = frames["assignments"]["assigned_at"] + pd.Timedelta(days=5)

    done = look(late, params={"outcome_days": 14})
    assert done.groups.open_units == 3
    assert done.effects.main.units == (39, 38)
    assert any("3 of 80 units have not had their 14 days" in c for c in done.findings.caveats)


def test_units_that_never_met_the_difference_are_counted(look):
    def gaps(frames):
        moment = pd.Timestamp("2026-01-06 09:00", tz="Europe/Berlin")
        frames["assignments"]["exposed_at"] = moment
        frames["assignments"].loc[:5, "exposed_at"] = pd.NaT

    done = look(gaps)
    problems = done.run.problems.set_index("check")
    assert problems.loc["units that never met the difference", "found"] == 6
    assert done.effects.main.units == (40, 40)


def test_whole_accounts_in_arms_are_compared_as_accounts(look):
    def nested(frames):
        accounts = [f"A-{k // 8:02d}" for k in range(80)]
        frames["assignments"]["account_id"] = accounts

    done = look(nested, shift=2.0)
    assert done.run.design.randomised_by == "account"
    assert done.effects.main.units == (5, 5)
    assert any("whole accounts were" in caveat for caveat in done.findings.caveats)
    assert (done.weighed.readings["n"] == 5).all()


def test_accounts_in_two_arms_forbid_a_verdict_by_account(look):
    def split(frames):
        frames["assignments"]["account_id"] = [f"A-{k % 10:02d}" for k in range(80)]

    done = look(split, unit="account")
    assert "accounts in two arms" in done.decision.failed
    assert done.decision.word == "No verdict"


def test_hostile_names_are_text(look, experiment_steps):
    evil = "<script>alert(1)</script> {{7*7}} $x^2$ =1+1"

    def change(frames):
        frames["experiments"]["name"] = evil
        frames["assignments"].loc[79, "unit_id"] = evil
        frames["outcomes"].loc[79, "unit_id"] = evil
        frames["outcomes"].loc[79, "value"] = 500.0

    done = look(change)
    for item in experiment_steps.everything_shown(done):
        bundle, _ = item._repr_mimebundle_()
        assert "<script>" not in bundle.get("text/html", "")
    assert done.weighed.main.unit == evil
    assert done.decision.word in ("Fragile", "Inconclusive")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"metrics": "rows(a) | winner"}, "success or guardrail"),
        ({"metrics": "sum(a)"}, "is no measure"),
        ({"metrics": "rows(a); rows(a)"}, "named twice"),
        ({"metrics": "rows(a) | guardrail | lower | 2"}, "between 0 and 1"),
        ({"metrics": "rows(a) | guardrail | lower | much"}, "are numbers"),
        ({"segments": "colour"}, "is none of"),
        ({"looks": [0.5, 0.4, 1]}, "rise"),
        ({"looks": [0.5, 0.9]}, "end with 1"),
        ({"looks": [0.5, 1], "looks_taken": 3}, "2 looks are planned"),
        ({"sample_ratio_alpha": 0}, "must be more than 0,"),
        ({"metric": "rows(a)"}, "did you mean metrics"),
    ],
)
def test_wrong_parameters_are_named(values, message):
    with pytest.raises(ParamsError, match=message):
        resolve(Params, values)
