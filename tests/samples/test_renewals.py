import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import chi2_contingency

WINDOW = 90
RISKS = ["lost_decision_maker", "falling_use", "attacked"]


def load_decisions(companies):
    return pd.concat([decisions(company) for company in companies], ignore_index=True)


def decisions(company):
    """One row per account and due date that is decided: loss, and the planted risks."""
    contracts = company.tables["contracts"].query("product == 'Core' and outcome != 'open'")
    keys = set(company.truths.renewals.deciding_accounts)
    contracts = contracts[~contracts["account_id"].isin(keys)].reset_index(drop=True)
    notice = contracts["end_on"] - pd.to_timedelta(contracts["notice_days"].astype("int64"), "D")
    frame = pd.DataFrame({"lost": (contracts["outcome"] == "lost").astype(float)})
    frame["lost_decision_maker"] = _lost_decision_maker(company, contracts, notice)
    frame["falling_use"] = _falling_use(company, contracts, notice)
    frame["attacked"] = contracts["end_on"].between("2025-10-01", "2025-12-31").astype(float)
    accounts = company.tables["accounts"].set_index("account_id")
    frame["industry"] = contracts["account_id"].map(accounts["industry"])
    frame["reason"] = contracts["loss_reason"]
    frame["competitor"] = contracts["competitor"]
    return frame


def _lost_decision_maker(company, contracts, notice):
    left = company.tables["contacts"].query("role == 'decision maker'")
    left = left.dropna(subset=["left_on"])[["account_id", "left_on"]]
    terms = pd.DataFrame({"account_id": contracts["account_id"], "notice": notice})
    pairs = terms.reset_index().merge(left, on="account_id")
    days = (pairs["notice"] - pairs["left_on"]).dt.days
    hit = pairs.loc[(days >= 0) & (days < 365), "index"].unique()
    return np.isin(np.arange(len(terms)), hit).astype(float)


def _falling_use(company, contracts, notice):
    activity = company.tables["activity"]
    first = pd.Timestamp("2023-07-01")
    day = (activity["at"].dt.tz_localize(None).dt.normalize() - first).dt.days.to_numpy()
    accounts = pd.Index(company.tables["accounts"]["account_id"])
    rows = np.zeros((len(accounts), 1_200), dtype=np.int64)
    np.add.at(rows, (accounts.get_indexer(activity["account_id"]), day), 1)
    before = np.concatenate([np.zeros((len(accounts), 1), int), rows.cumsum(axis=1)], axis=1)
    at = (notice - first).dt.days.to_numpy()
    place = accounts.get_indexer(contracts["account_id"])
    points = [before[place, np.maximum(at - k * WINDOW, 0)] for k in range(3)]
    late, early = points[0] - points[1], points[1] - points[2]
    seen = (at >= 2 * WINDOW) & (early >= 10)
    return (seen & (late <= 0.6 * early)).astype(float)


@pytest.fixture(scope="module")
def pooled(companies):
    return load_decisions(companies)


@pytest.fixture(scope="module")
def pooled_null(null_companies):
    return load_decisions(null_companies)


def fit(frame):
    link = sm.families.links.CLogLog()
    design = sm.add_constant(frame[RISKS])
    return sm.GLM(frame["lost"], design, family=sm.families.Binomial(link=link)).fit()


def test_hazard_ratios_are_those_planted(pooled, company):
    fitted, truths = fit(pooled), company.truths.renewals
    planted = {
        "lost_decision_maker": truths.lost_decision_maker,
        "falling_use": truths.falling_use,
        "attacked": truths.price_attack,
    }
    assert len(pooled) > 4_000
    for name, ratio in planted.items():
        assert abs(fitted.params[name] - np.log(ratio)) < 3 * fitted.bse[name], name
        assert fitted.params[name] > 3 * fitted.bse[name], name
    base = -np.log1p(-truths.base_loss_probability)
    assert abs(fitted.params["const"] - np.log(base)) < 3 * fitted.bse["const"]


def test_in_the_null_company_nothing_bears_on_a_loss(pooled_null):
    fitted = fit(pooled_null)
    for name in RISKS:
        assert abs(fitted.params[name]) < 3 * fitted.bse[name], name


def test_industry_does_nothing(pooled):
    table = pd.crosstab(pooled["industry"], pooled["lost"])
    assert chi2_contingency(table).pvalue > 0.001


def test_risks_are_common_enough_to_be_seen(pooled):
    assert 0.1 < pooled["lost_decision_maker"].mean() < 0.3
    assert 0.03 < pooled["falling_use"].mean() < 0.2
    assert 0.05 < pooled["attacked"].mean() < 0.15


def test_the_price_attack_shows_in_reasons_and_competitor(pooled):
    lost = pooled[pooled["lost"] == 1]
    by_price = lost["reason"] == "competitor price"
    attacked = lost["attacked"] == 1
    assert by_price[attacked].mean() > 0.5
    assert by_price[~attacked].mean() < 0.25
    assert (lost.loc[attacked & by_price, "competitor"] == "Pricewell").all()


def test_reasons_are_internal_and_external(companies):
    contracts = pd.concat([company.tables["contracts"] for company in companies])
    shares = contracts["loss_kind"].value_counts(normalize=True)
    assert set(shares.index) == {"internal", "external", "product", "other"}
    assert shares["internal"] > 0.25
    assert shares["external"] > 0.25


def test_three_accounts_decide_a_quarter(companies):
    for company in companies:
        contracts = company.tables["contracts"]
        due = contracts[contracts["end_on"].between("2026-07-01", "2026-09-30")]
        by_account = due.groupby("account_id")["annual_value"].sum().sort_values()
        deciding = company.truths.renewals.deciding_accounts
        assert set(by_account.index[-3:]) == set(deciding)
        assert by_account.loc[list(deciding)].sum() > 0.4 * by_account.sum()
        assert set(due.loc[due["account_id"].isin(deciding), "outcome"]) == {"open"}


def test_the_companys_own_health_score_foretells_nothing(companies):
    accounts = pd.concat([company.tables["accounts"] for company in companies])
    scored = accounts.dropna(subset=["health_score"])
    r = np.corrcoef(scored["health_score"], np.log(scored["employees"]))[0, 1]
    assert abs(r) < 3 / np.sqrt(len(scored))
    assert (accounts.loc[accounts["churned"], "churned_on"].notna()).all()
