import numpy as np
import pandas as pd
import pytest

BERLIN = "Europe/Berlin"


def pooled(companies, name):
    return pd.concat([company.tables[name] for company in companies], ignore_index=True)


def slowdown(companies):
    """Ratio of median solution times of the topic, from the day against before, by severity."""
    tickets = pooled(companies, "tickets").dropna(subset=["resolved_at"])
    hours = (tickets["resolved_at"] - tickets["opened_at"]).dt.total_seconds() / 3600
    since = tickets["opened_at"].between(
        pd.Timestamp("2025-10-01", tz=BERLIN), pd.Timestamp("2026-05-31", tz=BERLIN)
    )
    before = tickets["opened_at"] < pd.Timestamp("2025-10-01", tz=BERLIN)
    slow = tickets["topic"] == "integration"
    logs = np.log(hours)
    by_severity = tickets["severity"]
    centred = logs - logs.groupby(by_severity).transform("mean")
    change = {
        topic: centred[mask & since].mean() - centred[mask & before].mean()
        for topic, mask in (("slow", slow), ("other", ~slow))
    }
    return np.exp(change["slow"]), np.exp(change["other"])


def test_tickets_of_one_topic_became_slow(companies, null_companies, company):
    slow, other = slowdown(companies)
    assert slow == pytest.approx(company.truths.others.slow_ratio, rel=0.12)
    assert other == pytest.approx(1.0, rel=0.08)
    assert slowdown(null_companies)[0] == pytest.approx(1.0, rel=0.10)


def asked_shares(companies):
    requirements = pooled(companies, "requirements")
    asked = requirements["topic"] == "single sign-on"
    since = requirements["submitted_on"] >= "2026-01-01"
    return asked[~since].mean(), asked[since].mean()


def test_one_wish_grew(companies, null_companies):
    before, after = asked_shares(companies)
    assert before == pytest.approx(0.10, abs=0.02)
    assert after == pytest.approx(0.30, abs=0.05)
    assert asked_shares(null_companies)[1] == pytest.approx(0.10, abs=0.04)


def test_a_requirement_says_only_what_is_known(company):
    requirements = company.tables["requirements"]
    answered = requirements["answered_on"].notna()
    assert ((requirements["status"] == "new") == ~answered).all()
    delivered = requirements["delivered_on"].notna()
    assert ((requirements["status"] == "delivered") == delivered).all()
    assert requirements["words"].notna().all()


def step_hours(companies, step):
    steps = pooled(companies, "process_steps").query("step == @step")
    steps = steps.dropna(subset=["finished_at"])
    return ((steps["finished_at"] - steps["started_at"]).dt.total_seconds() / 3600).median()


def test_one_step_is_the_bottleneck(companies, null_companies):
    assert step_hours(companies, "legal review") == pytest.approx(64, rel=0.08)
    assert step_hours(companies, "offer") == pytest.approx(16, rel=0.08)
    assert step_hours(null_companies, "legal review") == pytest.approx(16, rel=0.08)


def test_the_steps_of_a_case_follow_each_other(company):
    steps = company.tables["process_steps"].sort_values(["case_id", "started_at"])
    before = steps.groupby("case_id")["finished_at"].shift()
    later = before.notna()
    assert (steps.loc[later, "started_at"] == before[later]).all()
    assert steps.groupby("case_id")["account_id"].nunique().max() == 1


def pass_rates(companies):
    return pooled(companies, "trainings").groupby("stage")["passed"].mean()


def test_who_is_trained_before_the_launch_passes_more_often(companies, null_companies, company):
    rates = pass_rates(companies)
    for stage, rate in company.truths.others.pass_rates.items():
        assert rates[stage] == pytest.approx(rate, abs=0.035)
    assert pass_rates(null_companies).max() - pass_rates(null_companies).min() < 0.06
