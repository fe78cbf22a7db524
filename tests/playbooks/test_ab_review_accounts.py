"""Whole accounts are put into arms and their users are listed: accounts are what chance drew."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

LAST = date(2026, 2, 1)
START = pd.Timestamp("2026-01-05 09:00", tz="Europe/Berlin")


def users_of_accounts(*, per_arm=20, sizes=(4, 12), seed=0, metric="outcome(score)"):
    """Make accounts of unequal size that differ much, whose users differ little; no effect."""
    generator = np.random.default_rng(seed)
    arms = generator.permutation(np.repeat(["control", "treatment"], per_arm))
    counts = generator.integers(*sizes, size=2 * per_arm, endpoint=True)
    levels = generator.normal(50, 10, size=2 * per_arm)
    account = np.repeat(np.arange(2 * per_arm), counts)
    assigned = pd.DataFrame({
        "experiment_id": "T-1", "unit_id": [f"U-{k:04d}" for k in range(counts.sum())],
        "account_id": [f"A-{k:03d}" for k in account], "arm": arms[account], "assigned_at": START,
    })  # fmt: skip
    values = levels[account] + generator.normal(0, 2, size=account.size)
    outcomes = assigned[["experiment_id", "unit_id"]].assign(
        metric="score", value=values, at=START + pd.Timedelta(days=15)
    )
    plan = {
        "experiment_id": "T-1", "name": "Test", "unit": "account",
        "shares": "control=0.5;treatment=0.5", "control_arm": "control",
        "success_metrics": metric, "start_on": "2026-01-05", "end_on": "2026-02-01",
    }  # fmt: skip
    return {"experiments": pd.DataFrame([plan]), "assignments": assigned, "outcomes": outcomes}


@pytest.fixture
def look_at(experiment_steps, make_tables):
    def run(frames, *, as_of=LAST, **params):
        tables = make_tables(frames, as_of=as_of)
        return experiment_steps.review(tables, experiment_id="T-1", segments=(), **params)

    return run


def test_arms_of_as_many_accounts_are_no_mismatch_however_many_users_they_have(look_at):
    frames = users_of_accounts()
    large = frames["assignments"].query("arm == 'treatment'").iloc[:1]
    more = pd.concat([large] * 300, ignore_index=True)
    more["unit_id"] = [f"V-{k:04d}" for k in range(300)]
    frames["assignments"] = pd.concat([frames["assignments"], more], ignore_index=True)
    run = look_at(frames).run
    assert run.arms["units"].tolist() == [20, 20]
    assert (run.ratio.p_value, run.stops) == (1.0, False)
    assert run.sentence == (
        "It ran as planned: 20 to 20 accounts for a plan of 50% to 50% (p = 1)."
    )


def test_users_of_no_known_account_are_counted_before_they_are_left_out(look_at):
    frames = users_of_accounts()
    frames["assignments"].loc[:9, "account_id"] = None
    problems = look_at(frames).run.problems.set_index("check")
    row = problems.loc["units of no known account"]
    assert (row["found"], row["state"], row["done"]) == (10, "note", "left out")
    frames["assignments"].loc[:99, "account_id"] = None
    assert "units of no known account" in look_at(frames).decision.failed


def ratio_frames(seed):
    """A ratio that differs much between accounts and hardly within them; no effect."""
    frames = users_of_accounts(seed=seed)
    frames["outcomes"]["denominator"] = 10.0
    frames["experiments"]["planned_looks"] = 2
    return frames


def test_a_ratio_is_as_certain_as_its_accounts_are_many(look_at):
    done = look_at(ratio_frames(0))
    item, effect = done.run.measured[0], done.effects.main
    assert item.metric.measure.kind == "ratio"
    assert (item.treatment.n, item.control.n, effect.units) == (20, 20, (20, 20))
    sums = item.accounts.totals, item.accounts.weights
    treated = item.accounts.treated
    expected = sums[0][treated].sum() / sums[1][treated].sum()
    assert effect.means[0] == pytest.approx(expected)
    assert done.looks.planned["units"].tolist() == [40, 40]


def test_looks_at_a_ratio_find_nothing_where_nothing_is(look_at):
    found = sum(look_at(ratio_frames(seed)).looks.detected for seed in range(12))
    # Judged over users, 6 of these 12 cry wolf; two looks share a level of 5%.
    assert found <= 2


def test_a_guardrail_that_is_a_ratio_is_judged_by_accounts(look_at):
    frames = users_of_accounts()
    frames["experiments"]["guardrail_metrics"] = "outcome(load)"
    load = frames["outcomes"].assign(metric="load", denominator=10.0)
    frames["outcomes"] = pd.concat(
        [frames["outcomes"].assign(denominator=np.nan), load], ignore_index=True
    )
    (guardrail,) = look_at(frames).effects.guardrails
    assert guardrail.guardrail.difference.n == 20


def test_the_effect_per_user_is_scaled_by_users(look_at):
    frames = users_of_accounts()
    done = look_at(frames, metrics=("outcome(score) | success | higher | | 10",))
    users = len(frames["assignments"])
    main = done.effects.main.difference
    assert done.run.design.average == "user"
    assert done.decision.money.value == pytest.approx(main.value * users * 10)
    text = done.decision.memo.set_index("question").loc["In money", "answer"]
    assert f"over {users} users and 28 days" in text
    done = look_at(frames, metrics=("outcome(score) | success | higher | | 10",), average="account")
    main = done.effects.main.difference
    assert done.decision.money.value == pytest.approx(main.value * 40 * 10)
    ratio = look_at(ratio_frames(0), metrics=("outcome(score) | success | higher | | 10",))
    text = ratio.decision.memo.set_index("question").loc["In money", "answer"]
    assert text == "not known: a ratio has no worth per unit"


def test_an_account_has_converted_when_one_of_its_users_has(look_at):
    frames = users_of_accounts()
    converted = frames["outcomes"]["value"] > 58
    frames["outcomes"]["value"] = converted.astype(float)
    done = look_at(frames, average="account")
    table = frames["assignments"].assign(converted=converted)
    shares = table.groupby(["arm", "account_id"])["converted"].any().groupby("arm").mean()
    assert done.effects.main.means == pytest.approx((shares["treatment"], shares["control"]))
    assert done.effects.main.difference.kind == "points"


def acts(frames, chance):
    generator = np.random.default_rng(3)
    rows = [
        (row.account_id, row.unit_id, START + pd.Timedelta(days=7 * week, hours=1), "shared")
        for row in frames["assignments"].itertuples()
        for week in range(4)
        if generator.random() < chance[row.arm]
    ]
    return pd.DataFrame(rows, columns=["account_id", "user_id", "at", "action"])


def test_weeks_are_averaged_as_the_effect_is(look_at):
    frames = users_of_accounts(metric="any(shared)")
    del frames["outcomes"]
    frames["activity"] = acts(frames, {"treatment": 0.6, "control": 0.3})
    weeks = look_at(frames).groups.weeks
    # 30 points more of the users share in each week.
    assert weeks["difference"].between(0.15, 0.45).all()
    by_account = look_at(frames, average="account").groups.weeks
    assert by_account["difference"].between(0, 0.5).all()
