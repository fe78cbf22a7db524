import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

STEPS = {"project": -1.0, "department": 0.0, "company-wide": 1.0}


def first_values(companies):
    """Log value of the core product on the first day, with the dimensions that have columns."""
    frames = []
    for company in companies:
        contracts = company.tables["contracts"].query("product == 'Core'")
        first = contracts[contracts["start_on"] <= "2023-07-01"].set_index("account_id")
        accounts = company.tables["accounts"].set_index("account_id").loc[first.index]
        accounts = accounts[~accounts.index.isin(company.truths.renewals.deciding_accounts)]
        frames.append(
            pd.DataFrame(
                {
                    "value": np.log(first["annual_value"].loc[accounts.index]),
                    "employees": standard(np.log(accounts["employees"].astype(float))),
                    "growth_potential": standard(np.log(accounts["growth_potential"])),
                    "demand_type": accounts["demand_type"].map(STEPS),
                    "influence": standard(accounts["influence"]),
                    "brand": standard(accounts["brand"]),
                }
            )
        )
    return pd.concat(frames, ignore_index=True).dropna()


def standard(values):
    return (values - values.mean()) / values.std()


@pytest.fixture(scope="module")
def fitted(companies):
    frame = first_values(companies)
    return sm.OLS(frame["value"], sm.add_constant(frame.drop(columns="value"))).fit()


def test_drivers_have_the_planted_sizes_in_order(fitted, company):
    planted = company.truths.value.drivers
    assert list(planted) == sorted(planted, key=planted.get, reverse=True)
    for name, effect in planted.items():
        assert fitted.params[name] == pytest.approx(effect, abs=0.15), name


def test_idle_dimensions_do_nothing(fitted, company):
    for name in company.truths.value.idle:
        assert abs(fitted.params[name]) < 3 * fitted.bse[name], name


def test_two_drivers_are_correlated_and_influence_follows_size(companies):
    frame = first_values(companies)
    correlation = frame.corr()
    assert correlation.loc["employees", "growth_potential"] == pytest.approx(0.5, abs=0.08)
    assert correlation.loc["employees", "influence"] == pytest.approx(0.6, abs=0.08)


def test_in_the_null_company_nothing_drives_value(null_companies):
    frame = first_values(null_companies)
    fit = sm.OLS(frame["value"], sm.add_constant(frame.drop(columns="value"))).fit()
    assert (abs(fit.params.drop("const")) < 3.5 * fit.bse.drop("const")).all()


def test_a_fifth_of_the_customers_bring_about_four_fifths(companies):
    shares = []
    for company in companies:
        contracts = company.tables["contracts"]
        active = (contracts["start_on"] <= "2023-07-01") & (contracts["end_on"] >= "2023-07-01")
        value = contracts[active].groupby("account_id")["annual_value"].sum().sort_values()
        shares.append(value.iloc[-len(value) // 5 :].sum() / value.sum())
    assert np.mean(shares) == pytest.approx(0.80, abs=0.05)


def test_gaps_are_as_documented(companies):
    accounts = pd.concat([company.tables["accounts"] for company in companies])
    missing = accounts.isna().mean()
    assert missing["influence"] == pytest.approx(0.25, abs=0.03)
    assert missing["brand"] == pytest.approx(0.30, abs=0.03)
    assert missing["growth_potential"] == pytest.approx(0.15, abs=0.03)
    assert missing["employees"] == 0


def test_strategic_customers_are_small_and_say_why(company):
    accounts = company.tables["accounts"]
    strategic = accounts[accounts["strategic"]]
    assert tuple(strategic["account_id"]) == company.truths.value.strategic_accounts
    assert strategic["strategic_reason"].notna().all()
    assert (strategic["strategic_until"] > pd.Timestamp("2026-06-30")).all()
    contracts = company.tables["contracts"].query("product == 'Core'")
    value = contracts.groupby("account_id")["annual_value"].first()
    assert (value.loc[strategic["account_id"]] < value.quantile(0.10)).all()


def test_parents_have_no_parents(company):
    accounts = company.tables["accounts"].set_index("account_id")
    parents = accounts["parent_id"].dropna().unique()
    assert len(parents) > 5
    assert accounts.loc[parents, "parent_id"].isna().all()
