import itertools

import numpy as np
import pandas as pd
import pytest

STEPS = ["signed_up", "connected_data", "created_report", "shared_report"]


def entrants(companies):
    """One row per user who signed up at least 30 days before the end: segment and steps done."""
    frames = []
    for company in companies:
        steps = company.tables["activity"].query("action in @STEPS")
        signed = steps.query("action == 'signed_up'").set_index("user_id")
        done = {
            step: signed.index.isin(steps.loc[steps["action"] == step, "user_id"])
            for step in STEPS[1:]
        }
        frame = signed[["segment", "at", "account_id"]].assign(**done)
        frames.append(frame[frame["at"] < pd.Timestamp("2026-06-01", tz="Europe/Berlin")])
    frame = pd.concat(frames, ignore_index=True)
    frame["after"] = frame["at"] >= pd.Timestamp("2026-01-15", tz="Europe/Berlin")
    return frame


@pytest.fixture(scope="module")
def pooled(companies):
    return entrants(companies)


def test_the_step_got_worse_for_guided_users_and_better_in_total(pooled, company):
    truths = company.truths.funnel
    rates = pooled.groupby(["after", "segment"])["connected_data"].mean()
    total = pooled.groupby("after")["connected_data"].mean()
    for segment, rate in truths.connect_rates_before.items():
        assert rates[False, segment] == pytest.approx(rate, abs=0.03)
    for segment, rate in truths.connect_rates_after.items():
        assert rates[True, segment] == pytest.approx(rate, abs=0.03)
    assert total[True] > total[False] + 0.08


def test_the_mix_shifted(pooled, company):
    guided = pooled.assign(guided=pooled["segment"] == "guided").groupby("after")["guided"].mean()
    assert guided[False] == pytest.approx(company.truths.funnel.guided_share_before, abs=0.02)
    assert guided[True] == pytest.approx(company.truths.funnel.guided_share_after, abs=0.03)


def test_in_each_company_the_reversal_can_be_seen(companies):
    for company in companies:
        frame = entrants([company])
        rates = frame.groupby(["after", "segment"])["connected_data"].mean()
        total = frame.groupby("after")["connected_data"].mean()
        assert rates[True, "guided"] < rates[False, "guided"]
        assert total[True] > total[False]


def test_later_steps_do_not_change(pooled):
    alone = pooled[pooled["connected_data"]]
    created = alone[alone["created_report"]]
    for after in (False, True):
        assert alone.loc[alone["after"] == after, "created_report"].mean() == pytest.approx(
            0.70, abs=0.03
        )
        assert created.loc[created["after"] == after, "shared_report"].mean() == pytest.approx(
            0.50, abs=0.04
        )


def test_colleagues_connect_data_for_some(company):
    steps = company.tables["activity"].query("action == 'connected_data'")
    signed = company.tables["activity"].query("action == 'signed_up'")
    by_colleague = ~steps["user_id"].isin(signed["user_id"])
    # Of those who do not connect themselves (about half) a fifth: a sixth of all that connect.
    assert by_colleague.mean() == pytest.approx(0.16, abs=0.04)
    assert steps.loc[by_colleague, "account_id"].isin(signed["account_id"]).all()


def test_steps_of_a_user_are_in_order(company):
    steps = company.tables["activity"].query("action in @STEPS")
    own = steps[steps.groupby("user_id")["action"].transform(lambda a: "signed_up" in set(a))]
    first = own.pivot_table(index="user_id", columns="action", values="at", aggfunc="min")
    for before, after in itertools.pairwise(STEPS):
        both = first[[before, after]].dropna()
        assert (both[before] < both[after]).all()
        assert len(both) > 300


def test_some_entrants_are_still_open(company):
    signed = company.tables["activity"].query("action == 'signed_up'")
    late = signed["at"] >= pd.Timestamp("2026-06-16", tz="Europe/Berlin")
    assert late.sum() > 10


def test_in_the_null_company_the_release_changes_nothing(null_companies):
    frame = entrants(null_companies)
    rates = frame.groupby(["after", "segment"])["connected_data"].agg(["mean", "size"])
    for segment in ("guided", "self-service"):
        before, after = rates.loc[(False, segment)], rates.loc[(True, segment)]
        error = np.sqrt(0.25 / before["size"] + 0.25 / after["size"])
        assert abs(after["mean"] - before["mean"]) < 3 * error
