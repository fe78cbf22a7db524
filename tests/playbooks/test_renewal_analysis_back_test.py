"""Forecasts of the past: never certain, no further out than what was seen, nothing known early."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook.playbooks.renewal_analysis.drivers import fit, predict

AS_OF = date(2026, 6, 30)


def company(terms: list[dict], **tables: pd.DataFrame) -> dict[str, pd.DataFrame]:
    contracts = pd.DataFrame(terms)
    keys = contracts["account_id"].drop_duplicates()
    return {"accounts": pd.DataFrame({"account_id": keys}), "contracts": contracts, **tables}


def test_young_company_gets_a_result(renewal_steps, make_tables):
    # All joined in one year and stay for whole years: at first tenures differ by the leap day only.
    draw = np.random.default_rng(1)
    terms = [
        term | {"notice_days": 60}
        for n, day in enumerate(draw.integers(0, 365, 300))
        for term in renewal_steps.yearly_terms(
            f"A{n:03d}", f"{pd.Timestamp('2023-01-01') + pd.Timedelta(days=day):%Y-%m-%d}",
            f"{AS_OF}", losing=lambda: draw.random() < 0.2, days_before=60,
        )
    ]  # fmt: skip
    done = renewal_steps.analyse(make_tables(company(terms), as_of=AS_OF))
    assert done.drivers.candidates == ("tenure_years",)
    assert done.test.standing == "does not separate"
    assert done.test.scored["probability"].between(0, 1, inclusive="neither").all()
    assert len(renewal_steps.shown(done)) == 28


def test_features_beyond_those_seen_count_as_the_nearest(renewal_steps):
    known = pd.DataFrame({"tenure_years": np.tile([0.832, 0.835], 50)})
    lost = np.repeat([True, False, True, False], [10, 20, 5, 65])
    design, model = fit(known, lost, ("tenure_years",), None)
    later = pd.DataFrame({"tenure_years": [0.0, 0.832, 0.835, 1.83]})
    found = predict(model, design, later, 0.15)
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert design.matrix(later)[:, 0] == pytest.approx([-1, -1, 1, 1])


def test_no_forecast_is_surer_than_the_decisions_behind_it():
    known = pd.DataFrame({"lost_decision_maker": np.repeat([1.0, 0.0], [4_000, 12])})
    lost = np.repeat([True, False], [4_000, 12])
    design, model = fit(known, lost, ("lost_decision_maker",), None)
    found = predict(model, design, known, 0.5)
    assert found.max() == 1 - 0.5 / 4_013
    assert found.min() > 0


def use_until_notice(terms: list[dict], draw: np.random.Generator) -> pd.DataFrame:
    """Make use that has nothing to do with leaving, until those who leave have said so and stop."""
    parts = []
    for term in terms:
        last = term["decided_on"] if term["outcome"] == "lost" else min(
            term["end_on"], pd.Timestamp(AS_OF)
        )  # fmt: skip
        days = pd.date_range(term["start_on"], last, freq="3D")
        days = days[draw.random(len(days)) < 0.5] + pd.Timedelta(hours=10)
        parts.append(pd.DataFrame({"account_id": term["account_id"], "at": days}))
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(user_id="U", action="ran", at=rows["at"].dt.strftime("%Y-%m-%d %H:%M"))


@pytest.fixture(scope="module")
def silent_after_notice(renewal_steps, make_tables):
    draw = np.random.default_rng(5)
    terms = [
        term
        for n, day in enumerate(draw.integers(0, 4 * 365, 250))
        for term in renewal_steps.yearly_terms(
            f"A{n:03d}", f"{pd.Timestamp('2020-01-01') + pd.Timedelta(days=day):%Y-%m-%d}",
            f"{AS_OF}", losing=lambda: draw.random() < 0.2, days_before=45,
        )
    ]  # fmt: skip
    frames = company(terms, activity=use_until_notice(terms, draw))
    return renewal_steps.analyse(make_tables(frames, as_of=AS_OF))


def test_silence_after_notice_is_no_signal(silent_after_notice):
    done = silent_after_notice
    assert "use" in done.drivers.candidates
    assert done.drivers.standing == "none"
    assert done.test.standing == "does not separate"
    assert done.findings.verdict.word == "Plan on base rates"


def test_nobody_is_forecast_who_had_decided(silent_after_notice):
    scored = silent_after_notice.test.scored
    made = silent_after_notice.book.decisions.set_index("decision_id")
    decided = made.loc[scored["decision_id"], "decided_on"].to_numpy()
    assert scored["decision_id"].is_unique
    assert (decided > scored["origin"].to_numpy()).all()
