"""Bad input, later rows, one account: each named, none a traceback, nothing known too early."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsplaybook.errors import NotEnoughDataError, UsageError
from opsplaybook.params import resolve
from opsplaybook.playbooks import renewal_analysis as playbook

AS_OF = date(2026, 6, 30)
ACCOUNTS = [f"A-{n:02d}" for n in range(40)]


def contract(n: int, **more: object) -> dict[str, object]:
    """Make a term of a year; every fourth account was lost, terms end through the year."""
    end = pd.Timestamp("2025-07-31") + pd.DateOffset(months=n % 11)
    row = {
        "contract_id": f"K-{n:02d}", "account_id": ACCOUNTS[n], "product": "Core",
        "start_on": end - pd.DateOffset(years=1) + pd.Timedelta(days=1), "end_on": end,
        "annual_value": 100.0 * (n + 1), "seats": 10, "notice_days": 30,
        "outcome": "lost" if n % 4 == 0 else "renewed",
        "decided_on": end - pd.Timedelta(days=10),
    }  # fmt: skip
    return row | {"renewed_value": row["annual_value"] if n % 4 else np.nan} | more


def following(n: int, **more: object) -> dict[str, object]:
    """Make the open term that follows a renewed one."""
    before = contract(n)
    start = before["end_on"] + pd.Timedelta(days=1)
    end = start + pd.DateOffset(years=1) - pd.Timedelta(days=1)
    row = before | {"contract_id": f"N-{n:02d}", "start_on": start, "end_on": end}
    row |= {"signed_on": before["decided_on"]}
    return row | {"outcome": "open", "decided_on": pd.NaT, "renewed_value": np.nan} | more


def company(rows: list[dict] | None = None, **tables: list[dict]) -> dict[str, pd.DataFrame]:
    if rows is None:
        rows = [contract(n) for n in range(40)] + [following(n) for n in range(40) if n % 4]
    base = {
        "accounts": [{"account_id": key, "name": f"Company {key}"} for key in ACCOUNTS],
        "contracts": rows,
    }
    return {name: pd.DataFrame(list_) for name, list_ in (base | tables).items()}


@pytest.fixture
def analyse(renewal_steps, make_tables):
    def run(frames: dict[str, pd.DataFrame], **values: object):
        tables = make_tables(frames, as_of=AS_OF)
        done = renewal_steps.analyse(tables, **values)
        assert len(renewal_steps.shown(done)) == 28
        return done

    return run


def said(done) -> str:
    return " ".join([done.findings.verdict.sentence, *done.findings.caveats])


def test_hand_made_company_is_counted(analyse):
    done = analyse(company())
    assert len(done.due.decisions) == 40
    assert done.due.logo.numerator == 30
    assert done.retained.bridge.reconciles
    assert done.drivers.standing == "none"
    assert done.findings.verdict.word == "Not tested"


def test_company_that_everybody_left_has_no_cohort_model(analyse):
    rows = []
    for n, account in enumerate(ACCOUNTS):
        end = pd.Timestamp("2025-12-31") - pd.DateOffset(months=n % 6)
        begun = end - pd.DateOffset(years=1 + n % 3) + pd.Timedelta(days=1)
        rows.append({"contract_id": f"K-{n}", "account_id": account, "start_on": begun,
                     "end_on": end, "annual_value": 100.0})  # fmt: skip
    done = analyse(company(rows))
    assert done.due.decisions["state"].unique().tolist() == ["lost"]
    assert done.stay.cohorts is None


def test_overlapping_terms_are_named(analyse):
    twice = contract(1, contract_id="K-99", start_on=pd.Timestamp("2025-01-01"))
    done = analyse(company([*(contract(n) for n in range(40)), twice]))
    assert "1 of 41 terms start while another term" in said(done)


def test_terms_that_end_before_they_start_are_set_aside(analyse):
    wrong = contract(2, end_on=pd.Timestamp("2020-01-01"))
    done = analyse(company([*(contract(n) for n in range(40) if n != 2), wrong]))
    assert "negative duration" in said(done)
    assert len(done.due.decisions) == 39


def test_terms_without_a_due_date_are_named(analyse):
    rows = [contract(n) if n % 2 else contract(n, end_on=pd.NaT, outcome="open",
            decided_on=pd.NaT) for n in range(40)]  # fmt: skip
    done = analyse(company(rows))
    assert "20 of 40 terms have no due date: they are never due here." in said(done)
    assert len(done.due.decisions) == 20


def test_other_currencies_are_set_aside(analyse):
    rows = [contract(n, currency="USD" if n < 3 else "EUR") for n in range(40)]
    done = analyse(company(rows))
    assert "currency: not EUR" in said(done)
    assert len(done.due.decisions) == 37


def test_accounts_that_are_missing_are_named_and_still_counted(analyse):
    frames = company()
    frames["accounts"] = frames["accounts"].iloc[5:]
    done = analyse(frames)
    assert "terms name an account that is not known" in said(done)
    assert len(done.due.decisions) == 40


def test_all_renewed(analyse):
    rows = [contract(n, outcome="renewed") for n in range(40)]
    done = analyse(company(rows))
    assert done.due.logo.value == 1.0
    assert done.due.logo.interval.low < 1.0
    assert done.drivers.standing == "not enough data"
    assert "No loss is recorded" in said(done)


def test_nothing_due(analyse):
    rows = [contract(n, start_on=pd.Timestamp("2026-01-01"), end_on=pd.Timestamp("2027-12-31"),
                     outcome="open", decided_on=pd.NaT) for n in range(40)]  # fmt: skip
    done = analyse(company(rows))
    assert "Nothing was due in the 12 months" in said(done)
    assert done.forecast.revenue is None
    assert done.findings.verdict.word == "Not enough data"


def test_all_open(analyse):
    rows = [contract(n, outcome="open", decided_on=pd.NaT, renewed_value=np.nan)
            for n in range(40)]  # fmt: skip
    done = analyse(company(rows))
    assert "Every decision is still open: no rate can be formed." in said(done)
    assert "past their grace and still open" in said(done)
    assert done.due.logo.n == 0
    assert done.forecast.basis == "none"


def test_ends_that_record_a_later_loss_are_not_known_yet(renewal_steps, make_tables):
    rows = [
        contract(n, start_on=pd.Timestamp("2025-01-01"),
                 end_on=pd.Timestamp("2026-08-15") if n % 2 else pd.NaT,
                 outcome="lost" if n % 2 else "open", decided_on=pd.NaT)
        for n in range(40)
    ]  # fmt: skip
    then = renewal_steps.analyse(make_tables(company(rows), as_of=AS_OF))
    assert not then.book.agreed
    assert set(then.book.decisions["state"]) == {"renewed on time", "open"}
    later = renewal_steps.analyse(make_tables(company(rows), as_of=date(2026, 12, 31)))
    assert (later.book.decisions["state"] == "lost").sum() == 20


def test_no_contract_yet_is_an_error(renewal_steps, make_tables):
    tables = make_tables(company(), as_of=date(2020, 1, 1))
    with pytest.raises(NotEnoughDataError, match="no contract is known on 2020-01-01"):
        renewal_steps.analyse(tables)


def test_unknown_account_is_an_error(renewal_steps, make_tables):
    tables = make_tables(company(), as_of=AS_OF)
    with pytest.raises(UsageError, match="no account has this key; the source has 40"):
        renewal_steps.analyse(tables, account_id="A-99")


def later_rows(draw_day: st.SearchStrategy, accounts: st.SearchStrategy) -> st.SearchStrategy:
    """Draw rows of any table that are dated after the last known day."""
    at = draw_day.map(lambda day: f"{day} 10:00")
    use = st.fixed_dictionaries(
        {"account_id": accounts, "user_id": st.just("U"), "action": st.just("ran"), "at": at}
    )
    ticket = st.fixed_dictionaries({"ticket_id": st.just("T-9"), "account_id": accounts,
                                    "opened_at": at})  # fmt: skip
    return st.tuples(st.lists(use, max_size=5), st.lists(ticket, max_size=1), accounts, draw_day)


USE = [
    {"account_id": key, "user_id": f"U-{n % 4}", "action": "ran", "at": f"{day:%Y-%m-%d} 09:00"}
    for n, key in enumerate(ACCOUNTS)
    for day in pd.date_range("2024-01-05", "2026-06-25", freq=f"{20 + n}D")
]
TICKET = {"ticket_id": "T-1", "account_id": "A-03", "opened_at": "2026-01-05 10:00"}
LATER = st.dates(date(2026, 7, 1), date(2027, 12, 31))


def conclusions(make_tables, renewal_steps, use: list, tickets: list, decided: dict) -> dict:
    rows = [contract(n) for n in range(40)]
    rows += [following(n, **decided.get(ACCOUNTS[n], {})) for n in range(40) if n % 4]
    tables = make_tables(
        company(rows, activity=[*USE, *use], tickets=[TICKET, *tickets]), as_of=AS_OF
    )
    return renewal_steps.analyse(tables, draws=1_000).findings.to_json()


@pytest.fixture(scope="module")
def concluded(make_tables, renewal_steps):
    return conclusions(make_tables, renewal_steps, [], [], {})


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(later_rows(LATER, st.sampled_from(ACCOUNTS[1:4])))
def test_rows_after_the_last_day_change_nothing(make_tables, renewal_steps, concluded, later):
    use, tickets, account, day = later
    decided = {account: {"outcome": "lost", "decided_on": pd.Timestamp(day),
                         "loss_kind": "external"}}  # fmt: skip
    assert conclusions(make_tables, renewal_steps, use, tickets, decided) == concluded


def test_report_of_one_account_names_nobody_else(renewal_steps):
    source, one = "sample?accounts=40&seed=3", "A-0005"
    params = resolve(playbook.Params, {"source": source})
    contracts = playbook.load(params)["contracts"]
    is_open = contracts["outcome"] == "open"
    one = contracts.loc[is_open].sort_values("end_on")["account_id"].iloc[0]
    done = renewal_steps.analyse(source, account_id=one, audience="customer")
    shown = renewal_steps.shown(done)
    customers = [item for item in shown if item.audience == "customer"]
    assert [item.key for item in customers] == ["past-use", "use-chart", "key-actions"]
    record = done.findings.to_json()
    texts = [str(item) if hasattr(item, "csv") else item.alt for item in customers]
    texts += [item.csv if hasattr(item, "csv") else item.data.csv for item in customers]
    texts += [record["verdict"]["sentence"]]
    for part in ("key_figures", "findings", "actions"):
        texts += [str(item) for item in record[part] if item["audience"] == "customer"
                  and item.pop("owner", "") is not None]  # fmt: skip
    joined = " ".join(texts)
    others = done.book.labels.drop(one)
    assert [name for name in others if name in joined] == []
    owners = done.given["accounts"]["owner"].dropna().unique()
    assert [name for name in owners if name in joined] == []
    assert [word for word in ("risk", "probability", "hazard") if word in joined.lower()] == []


def test_report_of_one_account_reads_only_its_slice(renewal_steps):
    everybody = renewal_steps.analyse("sample?accounts=40&seed=3")
    open_one = everybody.forecast.frame["account_id"].iloc[0]
    alone = renewal_steps.analyse("sample?accounts=40&seed=3", account_id=open_one)
    known = alone.past.features["use"].notna()
    whose = alone.book.decisions.set_index("decision_id").loc[known[known].index, "account_id"]
    assert set(whose) == {open_one}
    names = ["use", "users", "lost_decision_maker", "tickets"]
    own = alone.past.frame.set_index("decision_id")
    expected = everybody.past.features.loc[own.index, names[:2]]
    pd.testing.assert_frame_equal(own[names[:2]], expected, check_names=False)
    assert alone.test.standing == "not tested"
    assert alone.drivers.standing == "not looked at"


def run_folder(folder: Path, done, as_of: str) -> None:
    """Write what a run leaves behind: its manifest and its register."""
    (folder / "tables").mkdir(parents=True)
    table = playbook.table_register(done.register, done.book)
    (folder / "tables" / "risk-register.csv").write_text(table.csv, encoding="utf-8-sig")
    findings = done.findings.to_json() | {"as_of": as_of}
    manifest = {"playbook": "renewal_analysis", "params": {}, "findings": findings}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_scores_of_an_earlier_run_stay_as_they_were(renewal_steps, tmp_path):
    source = "sample?accounts=60&seed=5"
    then = renewal_steps.analyse(source, as_of="2025-12-31")
    run_folder(tmp_path / "first", then, "2025-12-31")
    now = renewal_steps.analyse(source, earlier_runs=str(tmp_path))
    frozen = now.frozen
    assert frozen.runs["scored"].tolist() == [len(then.register.frame)]
    states = now.book.decisions.set_index("decision_id")["state"]
    known = states.loc[then.register.frame["decision_id"]] != "open"
    assert frozen.runs["decided"].tolist() == [int(known.sum())]
    assert frozen.lost.n == int(known.sum())
    expected = then.register.frame.set_index("decision_id")["probability"].loc[known[known].index]
    assert frozen.expected == pytest.approx(expected.mean())
    assert "were expected to leave" in str(playbook.table_frozen(now.register, now.book))


def test_account_takes_the_frozen_score_of_a_run_over_all(renewal_steps, tmp_path):
    everybody = renewal_steps.analyse("sample")
    assert everybody.forecast.basis == "model"
    run_folder(tmp_path / "all", everybody, "2026-06-30")
    first = everybody.register.frame.iloc[0]
    alone = renewal_steps.analyse(
        "sample", account_id=first["account_id"], earlier_runs=str(tmp_path)
    )
    assert alone.forecast.basis == "frozen score"
    row = alone.register.frame.set_index("decision_id").loc[first["decision_id"]]
    assert row["probability"] == pytest.approx(first["probability"])
    claims = [item.claim for item in alone.findings.findings]
    assert any(claim.startswith("Risk of losing") for claim in claims)
