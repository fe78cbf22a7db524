"""The renewal analysis on the sample company: what is planted, what reconciles, what is shown."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook.metrics.renewals import RENEWED
from opsplaybook.playbooks import renewal_analysis as playbook
from opsplaybook.sources import open_source

LEFT = "a decision maker left in the year before"


@pytest.fixture(scope="module")
def done(renewal_steps):
    return renewal_steps.analyse("sample")


@pytest.fixture(scope="module")
def truths():
    from opsplaybook.samples import make_company

    return make_company().truths.renewals


def test_due_adds_up_to_renewed_lost_and_open(done):
    due = done.due
    assert due.count(*RENEWED) + due.count("lost") + due.count("open") == len(due.decisions)
    assert due.months["due"].sum() == len(due.decisions)
    money = due.months[["value_decided", "value_open"]].sum().sum()
    assert due.months["value_due"].sum() == pytest.approx(money)
    assert due.logo.n == int(due.months["decided"].sum())
    decided = due.decisions.loc[due.decisions["state"] != "open"]
    assert due.money.value == pytest.approx(
        decided["kept_value"].sum() / decided["annual_value"].sum()
    )
    assert due.money.interval.contains(due.money.value)


def test_decisions_agree_with_the_table_of_contracts(done):
    contracts = done.given["contracts"]
    due = contracts.loc[contracts["end_on"].between("2025-07-01", "2026-06-30")]
    assert len(done.due.decisions) == len(due[["account_id", "end_on"]].drop_duplicates())
    assert done.due.months["value_due"].sum() == pytest.approx(due["annual_value"].sum())


def test_bridge_reconciles_and_rates_keep_their_order(done):
    retained = done.retained
    assert retained.bridge.reconciles
    assert retained.months["gap"].abs().max() == 0
    assert retained.renewed_gap == 0
    assert retained.months["end"].iloc[-1] == retained.bridge.end
    assert retained.gross.value <= min(1.0, retained.net.value)
    # Longer terms that were not due could not leave.
    assert retained.gross_eligible.value <= retained.gross.value


def test_reasons_add_up_to_all_losses(done):
    curves = done.stay.causes
    assert sum(curve.events for curve in curves) == int(done.stay.frame["lost"].sum())
    time = min(curve.last for curve in curves) - 0.01
    together = sum(curve.at(time).value for curve in curves)
    assert together == pytest.approx(1 - done.stay.curve.at(time).value, abs=1e-6)


def test_customers_of_before_enter_late(done):
    frame = done.stay.frame
    assert (frame["entry"] < frame["years"]).all()
    assert (frame["entry"] > 0).mean() > 0.5
    at_start = done.stay.curve.at_risk_at([0.5])[0]
    assert at_start < len(frame) / 2


def test_lost_decision_maker_is_found_and_industry_is_not(done, truths):
    assert done.drivers.standing == "found"
    found = done.drivers.univariate.set_index("feature")["beyond_chance"]
    assert found[LEFT]
    assert not found.loc[["industry", "region", "segment"]].any()
    ratio = {term.name: term.ratio for term in done.drivers.model.ratios}[LEFT]
    assert ratio.interval.contains(truths.lost_decision_maker)
    assert done.drivers.model.events_per_variable >= 10
    assert done.drivers.leaks == ()


def test_price_attack_is_named_in_its_quarter(done, truths):
    reasons = playbook.table_reasons(done.book)
    quarter = str(pd.Timestamp(truths.attack_days[0]).to_period("Q"))
    first = next(row for row in reasons.rows if row[0] == quarter)
    assert first[1] == "external"
    assert first[3].startswith(truths.attacker)


def test_back_test_scores_each_decision_once_and_never_before_it_was_known(done):
    scored = done.test.scored
    assert scored["decision_id"].is_unique
    made = done.book.decisions.set_index("decision_id").loc[scored["decision_id"]]
    assert (made["decide_by"].to_numpy() > scored["origin"].to_numpy()).all()
    assert set(made["state"]) <= {*RENEWED, "lost"}
    assert done.test.base.n == len(scored)
    assert done.test.precision.n == (scored["place"] <= done.params.top).sum()
    assert done.test.origins["lost"].sum() == scored["lost"].sum()


def test_few_accounts_decide_the_quarter(done, truths):
    named = done.forecast.frame["account_id"].head(3)
    assert set(named) == set(truths.deciding_accounts)
    shares = done.forecast.frame["share_of_variance"]
    assert shares.head(3).sum() > 0.5
    assert shares.sum() == pytest.approx(1.0, abs=0.02)


def test_forecast_stays_below_what_is_due(done):
    revenue = done.forecast.revenue
    assert 0 < revenue.low < revenue.median < revenue.high <= done.forecast.due
    assert done.forecast.months["due"].iloc[-1] == pytest.approx(done.forecast.due)
    assert done.forecast.months["due"].iloc[:-1].sum() == pytest.approx(done.forecast.due)


def test_probabilities_come_from_the_model_only_where_it_separates(done, renewal_steps):
    expected = "model" if done.test.standing == "separates" else "base rate"
    assert done.forecast.basis == expected
    early = renewal_steps.analyse("sample", as_of="2024-03-31")
    assert early.test.standing != "separates"
    assert early.forecast.basis == "base rate"
    # The rate that a forecast is made with is never 0 or 1: half a loss more of one decision more.
    base = early.forecast.base
    level = (base.numerator + 0.5) / (base.n + 1)
    assert set(early.forecast.frame["probability"]) == {level}


def test_register_holds_every_open_decision_with_its_evidence(done):
    frame = done.register.frame
    assert set(frame["decision_id"]) == set(done.forecast.frame["decision_id"])
    assert frame["at_risk"].is_monotonic_decreasing
    left = frame.loc[frame["internal"].str.contains("decision maker left")]
    assert len(left) > 5
    assert left["internal"].str.contains(r"left on 202[56]-\d\d-\d\d").all()
    assert (left["next_step"] == "Meet whoever follows the decision maker who left").all()
    assert all(action.owner and action.due_on > date(2026, 6, 30) for action in
               done.register.actions)  # fmt: skip


def test_everything_shown_is_internal_and_has_a_key_of_its_own(done, renewal_steps):
    shown = renewal_steps.shown(done)
    assert len({item.key for item in shown}) == len(shown) == 28
    assert {item.audience for item in shown} == {"internal"}
    assert done.findings.verdict.audience == "internal"


def test_verdict_speaks_the_numbers_of_its_tiles(done):
    sentence = done.findings.verdict.sentence
    values = {figure.key: figure.value for figure in done.findings.key_figures}
    assert values["logo"] in sentence
    assert values["gross"] in sentence
    assert values["due"] in sentence
    assert len(sentence) <= 300


def test_null_company_has_no_driver(renewal_steps):
    null = renewal_steps.analyse("sample:null")
    assert null.drivers.standing == "none"
    assert null.test.standing == "does not separate"
    assert null.forecast.basis == "base rate"
    assert "Nothing that was looked at" in null.drivers.sentence
    assert null.findings.verdict.word == "Plan on base rates"


def test_a_leak_is_named_and_dropped(renewal_steps, make_tables):
    names = ["accounts", "contracts", "contacts", "tickets"]
    given = open_source("sample").load(names)
    frames = {name: given[name].copy() for name in names}
    contracts = frames["contracts"]
    gone = set(contracts.loc[contracts["outcome"] == "lost", "account_id"])
    accounts = frames["accounts"]
    leak = np.where(accounts["account_id"].isin(gone), 10.0, 90.0)
    # Without its day nobody can tell that the score was made afterwards.
    frames["accounts"] = accounts.assign(health_score=leak, scored_on=pd.NaT)
    done = renewal_steps.analyse(make_tables(frames, as_of=given.as_of))
    assert [item.name for item in done.drivers.leaks] == ["health_score"]
    assert "health_score" not in done.drivers.candidates
    assert "health score" in str(playbook.table_leaks(done.drivers))
