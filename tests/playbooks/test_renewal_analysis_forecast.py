"""The forecast after a short past: uncertain where everybody did the same, none from a few."""

import json
from datetime import date

import pandas as pd
import pytest

from opsplaybook.playbooks.renewal_analysis import table_register

AS_OF = date(2026, 6, 30)


def term(account: str, first: str, last: str, outcome: str) -> dict[str, object]:
    return {
        "contract_id": f"{account} {first}", "account_id": account, "product": "Core",
        "start_on": first, "end_on": last, "annual_value": 100.0, "outcome": outcome,
        "decided_on": None if outcome == "open" else f"{first[:4]}-11-15",
    }  # fmt: skip


def past(count: int, outcome: str) -> list[dict[str, object]]:
    return [term(f"P{n}", "2025-01-01", "2025-12-31", outcome) for n in range(count)]


OPEN = [term(f"O{n}", "2026-01-01", "2026-12-31", "open") for n in range(6)]


@pytest.fixture
def analyse(renewal_steps, make_tables):
    def run(terms: list[dict[str, object]], **values: object):
        contracts = pd.DataFrame(terms)
        keys = contracts["account_id"].drop_duplicates()
        frames = {"accounts": pd.DataFrame({"account_id": keys}), "contracts": contracts}
        given = make_tables(frames, as_of=AS_OF)
        done = renewal_steps.analyse(given, horizon_days=365, **values)
        assert len(renewal_steps.shown(done)) == 28
        return done

    return run


def test_none_lost_of_six_is_no_certainty(analyse):
    done = analyse([*past(6, "renewed"), *OPEN])
    assert done.forecast.base.value == 0
    assert set(done.forecast.frame["probability"]) == {0.5 / 7}
    assert done.forecast.revenue.low < done.forecast.revenue.high == 600


def test_all_lost_is_no_certainty(analyse):
    done = analyse([*past(10, "lost"), *OPEN])
    assert set(done.forecast.frame["probability"]) == {10.5 / 11}
    assert done.forecast.revenue.low == 0 < done.forecast.revenue.high


@pytest.mark.parametrize("count", [1, 4])
def test_a_few_decisions_make_no_forecast(analyse, count):
    done = analyse([*past(count, "lost"), *OPEN])
    assert done.forecast.basis == "none"
    assert done.forecast.revenue is None
    assert done.forecast.frame["probability"].isna().all()
    # What is due is known all the same.
    assert done.forecast.due == 600
    said = (
        "EUR 600 is due up to 2027-06-30 in 6 decisions; how much of it stays: not enough data "
        f"(n = {count} decided)"
    )
    assert done.forecast.sentence("EUR").replace("€", "EUR ") == f"{said}."
    assert said[4:] in done.findings.verdict.sentence
    assert done.findings.verdict.word == "Not enough data"
    assert "Too few outcomes are known for a risk." in str(table_register(done.register, done.book))


def test_one_account_without_a_forecast_is_told_so(analyse):
    done = analyse([*past(1, "lost"), *OPEN], account_id="O1")
    claims = [finding.claim for finding in done.findings.findings]
    assert any(
        claim.startswith("Risk of losing what is due on 2026-12-31: not enough data.")
        for claim in claims
    )


def test_a_register_without_risks_is_no_score(analyse, tmp_path):
    early = analyse([*past(1, "lost"), *OPEN])
    folder = tmp_path / "early"
    (folder / "tables").mkdir(parents=True)
    table = table_register(early.register, early.book)
    (folder / "tables" / "risk-register.csv").write_text(table.csv, encoding="utf-8-sig")
    findings = early.findings.to_json() | {"as_of": "2025-12-31"}
    manifest = {"playbook": "renewal_analysis", "params": {}, "findings": findings}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    later = analyse([*past(6, "renewed"), *OPEN], earlier_runs=str(tmp_path))
    assert later.frozen.scores.empty
    assert set(later.forecast.frame["probability"]) == {0.5 / 7}
