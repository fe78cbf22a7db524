import numpy as np
import pandas as pd
import pytest

DAY = pd.Timedelta(days=1)


def all_contracts(companies):
    return [company.tables["contracts"] for company in companies]


def test_terms_of_one_product_of_one_account_follow_each_other_without_overlap(
    companies, null_companies
):
    for contracts in all_contracts([*companies, *null_companies]):
        ordered = contracts.sort_values(["account_id", "product", "start_on"])
        before = ordered.groupby(["account_id", "product"])["end_on"].shift()
        later = before.notna()
        assert (ordered.loc[later, "start_on"] > before[later]).all()


def test_the_renewed_value_is_the_annual_value_of_the_next_term(companies):
    for contracts in all_contracts(companies):
        following = contracts.dropna(subset=["renews_contract_id"])
        renewed = contracts.set_index("contract_id").loc[following["renews_contract_id"]]
        assert (renewed["outcome"] == "renewed").all()
        assert (renewed["renewed_value"].to_numpy() == following["annual_value"].to_numpy()).all()
        assert (renewed["end_on"].to_numpy() + DAY == following["start_on"].to_numpy()).all()
        assert len(following) == (contracts["outcome"] == "renewed").sum()


@pytest.mark.parametrize("year", [2024, 2025])
def test_recurring_revenue_reconciles(companies, year):
    for contracts in all_contracts(companies):
        begin, end = pd.Timestamp(f"{year}-01-01"), pd.Timestamp(f"{year + 1}-01-01")
        started = contracts["start_on"].between(begin, end, inclusive="right")
        ended = (contracts["end_on"] + DAY).between(begin, end, inclusive="right")
        is_new = started & contracts["renews_contract_id"].isna()
        change = (contracts["renewed_value"] - contracts["annual_value"])[ended]
        renewed = contracts["outcome"] == "renewed"
        # A renewal that is decided late may still be open: its revenue ends with the term.
        gone = contracts.loc[ended & ~renewed, "annual_value"].sum()
        total = active_value(contracts, begin) + contracts.loc[is_new, "annual_value"].sum()
        total += change.sum() - gone
        assert total == pytest.approx(active_value(contracts, end))


def active_value(contracts, day):
    active = (contracts["start_on"] <= day) & (contracts["end_on"] >= day)
    return contracts.loc[active, "annual_value"].sum()


def test_outcomes_say_only_what_is_known(company):
    contracts = company.tables["contracts"]
    is_open = contracts["outcome"] == "open"
    assert (
        contracts.loc[is_open, ["decided_on", "renewed_value", "loss_reason"]].isna().all(axis=None)
    )
    assert contracts.loc[~is_open, "decided_on"].notna().all()
    lost = contracts["outcome"] == "lost"
    assert contracts.loc[lost, ["loss_reason", "loss_kind"]].notna().all(axis=None)
    assert contracts.loc[~lost, "loss_reason"].isna().all()


def test_an_account_decides_once_for_all_its_products(company):
    contracts = company.tables["contracts"]
    decisions = contracts.groupby(["account_id", "end_on"])["outcome"].nunique()
    assert decisions.max() == 1


def test_customers_win_and_lose_and_come_back(companies):
    contracts = pd.concat(all_contracts(companies), keys=range(len(companies)))
    core = contracts[(contracts["product"] == "Core") & contracts["renews_contract_id"].isna()]
    fresh_starts = core.groupby([core.index.get_level_values(0), "account_id"]).size()
    assert fresh_starts.max() >= 2
    assert (contracts["renewed_value"] < contracts["annual_value"]).any()
    assert (contracts["renewed_value"] > contracts["annual_value"]).any()


def test_in_the_null_company_the_value_of_a_term_says_nothing_about_the_next(null_companies):
    contracts = pd.concat(all_contracts(null_companies))
    both = contracts.dropna(subset=["renewed_value"]).query("product == 'Core'")
    r = np.corrcoef(np.log(both["annual_value"]), np.log(both["renewed_value"]))[0, 1]
    assert abs(r) < 3 / np.sqrt(len(both))


def test_invoices_of_a_term_cover_its_months(company):
    contracts, invoices = company.tables["contracts"], company.tables["invoices"]
    invoiced = invoices[invoices["amount"] > 0].groupby("contract_id")["amount"].sum()
    months = (contracts["end_on"] + DAY - contracts["start_on"]).dt.days / 30.4375
    ended = contracts["end_on"] < pd.Timestamp("2026-06-01")
    whole = (contracts["annual_value"] * months.round() / 12)[ended]
    assert invoiced.loc[contracts.loc[ended, "contract_id"]].to_numpy() == pytest.approx(
        whole.to_numpy(), abs=0.1
    )
    assert (invoices["amount"] < 0).mean() == pytest.approx(0.02, abs=0.01)
