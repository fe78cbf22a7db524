"""Verdict, tiles and claims of the renewal analysis speak of the right accounts and numbers."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from opsplaybook.playbooks.renewal_analysis.conclusions import decisive

AS_OF = date(2026, 6, 30)
LABELS = pd.Series({f"A{n}": f"Company {n}" for n in range(15)})


def decided_by(values: list[float], risks: list[float], accounts: list[str]) -> tuple[str, ...]:
    """Name who decides, of decisions that stand in order of their swing as in the forecast."""
    variance = np.asarray(values) ** 2 * np.asarray(risks) * (1 - np.asarray(risks))
    frame = pd.DataFrame({"account_id": accounts, "swing": values,
                          "share_of_variance": variance / variance.sum()})  # fmt: skip
    frame = frame.sort_values("swing", ascending=False)
    return decisive(SimpleNamespace(frame=frame), SimpleNamespace(labels=LABELS))


def test_whoever_is_uncertain_decides_and_not_whoever_is_large():
    values = [1000.0, 900, 800, 700, 650, *[600] * 10]
    risks = [0.002, 0.002, 0.002, 0.002, 0.5, *[0.01] * 10]
    assert decided_by(values, risks, list(LABELS.index)) == ("Company 4",)


def test_decisions_of_one_account_are_added_up():
    accounts = ["A0", "A1", "A1", "A1", *(f"A{n}" for n in range(2, 9))]
    values = [110.0, 100, 100, 100, *[60] * 7]
    assert decided_by(values, [0.1] * 11, accounts) == ("Company 1", "Company 0")


def test_nobody_decides_where_many_do():
    assert decided_by([100.0] * 15, [0.1] * 15, list(LABELS.index)) == ()


def terms(renewal_steps, count: int, outcome: str, **values: object) -> pd.DataFrame:
    rows = [
        term
        for n in range(count)
        for term in renewal_steps.yearly_terms(
            f"A{n}", "2024-09-01", f"{AS_OF}", losing=lambda: outcome == "lost", days_before=45
        )
    ]
    return pd.DataFrame(rows).assign(**values)


def concluded(renewal_steps, make_tables, contracts: pd.DataFrame):
    keys = contracts["account_id"].drop_duplicates()
    frames = {"accounts": pd.DataFrame({"account_id": keys}), "contracts": contracts}
    return renewal_steps.analyse(make_tables(frames, as_of=AS_OF)).findings


def test_everybody_renewed_at_the_old_price(renewal_steps, make_tables):
    found = concluded(renewal_steps, make_tables, terms(renewal_steps, 20, "renewed"))
    # All accounts are of one size: money is as certain as customers, by Wilson from 84% on.
    assert found.verdict.sentence.startswith(
        "Renewed were 100% (84% to 100%) of customers and 100% (84% to 100%) of value; "
        "gross retention 100% (84% to 100%)"
    )
    tiles = {tile.key: tile for tile in found.key_figures}
    for key in ("logo", "money", "gross"):
        assert tiles[key].value == "100%"
        assert tiles[key].interval == "95% interval 84% to 100%"
    # Net retention may pass 100%: that nobody grew bounds nothing.
    assert (tiles["net"].value, tiles["net"].interval) == ("100%", "")


def test_everybody_was_lost(renewal_steps, make_tables):
    # A customer who came in the period shows that ends are agreed, and not only recorded.
    new = terms(renewal_steps, 1, "open").iloc[:1].assign(
        contract_id="N", account_id="N", start_on=pd.Timestamp("2026-01-01"),
        end_on=pd.Timestamp("2026-12-31"), outcome="open", decided_on=pd.NaT,
    )  # fmt: skip
    contracts = pd.concat([terms(renewal_steps, 20, "lost"), new])
    found = concluded(renewal_steps, make_tables, contracts)
    tiles = {tile.key: tile for tile in found.key_figures}
    for key in ("logo", "money", "gross"):
        assert (tiles[key].value, tiles[key].interval) == ("0%", "95% interval 0% to 16%")


def test_one_large_account_makes_money_less_certain(renewal_steps, make_tables):
    contracts = terms(renewal_steps, 20, "renewed")
    large = contracts["account_id"] == "A0"
    contracts["annual_value"] = contracts["annual_value"].where(~large, 8_100.0)
    found = concluded(renewal_steps, make_tables, contracts)
    tiles = {tile.key: tile for tile in found.key_figures}
    # 10,000 squared over 8,100 squared and 19 times 100 squared: as certain as one or two accounts.
    assert tiles["money"].interval == "95% interval 34% to 100%"
    assert tiles["logo"].interval == "95% interval 84% to 100%"


def test_one_decision_is_no_rate(renewal_steps, make_tables):
    contracts = terms(renewal_steps, 1, "lost")
    found = concluded(renewal_steps, make_tables, contracts)
    values = {tile.key: tile.value for tile in found.key_figures}
    assert {values[key] for key in ("logo", "money", "gross", "net")} == {"not enough data"}


def test_all_alike_below_the_old_price_is_a_number(renewal_steps, make_tables):
    contracts = terms(renewal_steps, 20, "renewed")
    contracts["renewed_value"] = np.where(contracts["outcome"] == "renewed", 90.0, np.nan)
    found = concluded(renewal_steps, make_tables, contracts)
    assert "and 90% of value;" in found.verdict.sentence


def of_one(renewal_steps, make_tables, *terms: tuple[str, str, str]):
    """Conclude on an account with terms of a beginning, an end and an outcome."""
    rows = [
        {"contract_id": f"K{n}", "account_id": "A", "product": f"P{n}", "start_on": start,
         "end_on": end, "annual_value": 100.0 * (n + 1), "outcome": outcome, "seats": 10,
         "decided_on": None if outcome == "open" else "2025-11-01"}
        for n, (start, end, outcome) in enumerate(terms)
    ]  # fmt: skip
    # An open term of somebody else shows that ends are agreed, and not only recorded.
    rows.append(rows[0] | {"contract_id": "Z", "account_id": "Z", "outcome": "open",
                           "decided_on": None})  # fmt: skip
    frames = {"accounts": pd.DataFrame({"account_id": ["A", "Z"]}),
              "contracts": pd.DataFrame(rows)}  # fmt: skip
    given = make_tables(frames, as_of=AS_OF)
    return renewal_steps.analyse(given, account_id="A").findings.verdict


def test_account_is_told_of_the_term_that_is_due_next(renewal_steps, make_tables):
    found = of_one(
        renewal_steps, make_tables,
        ("2025-09-01", "2026-08-31", "open"), ("2025-01-01", "2027-12-31", "open"),
        ("2025-01-01", "2025-12-31", "renewed"),
    )  # fmt: skip
    assert (found.word, found.sentence) == ("Renewal ahead", "The term ends on 2026-08-31.")


@pytest.mark.parametrize(
    ("end", "outcome", "word", "sentence"),
    [
        ("2025-12-31", "lost", "Not renewed", "The term ended on 2025-12-31 and was not renewed."),
        ("2026-12-31", "lost", "Not renewed", "The term ends on 2026-12-31 and is not renewed."),
        ("2025-12-31", "renewed", "Renewed", "The term ended on 2025-12-31 and was renewed."),
        ("2026-06-15", "open", "Not decided", "The term ended on 2026-06-15 and is not decided."),
        ("2026-06-30", "open", "Renewal ahead", "The term ends on 2026-06-30."),
    ],
)
def test_no_renewal_is_ahead_of_what_is_over(
    renewal_steps, make_tables, end, outcome, word, sentence
):
    found = of_one(renewal_steps, make_tables, ("2025-01-01", end, outcome))
    assert (found.word, found.sentence) == (word, sentence)
