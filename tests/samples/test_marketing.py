import pandas as pd
import pytest


def cost_per_lead(companies):
    spend = pd.concat([company.tables["spend"] for company in companies])
    sums = spend.groupby("channel")[["amount", "leads"]].sum()
    return sums["amount"] / sums["leads"].astype(float)


def test_one_channel_is_dear(companies, null_companies, company):
    cost = cost_per_lead(companies)
    others = cost.drop("paid search").mean()
    assert others == pytest.approx(70, rel=0.05)
    assert cost["paid search"] / others == pytest.approx(company.truths.others.dear_ratio, rel=0.08)
    assert cost_per_lead(null_companies)["paid search"] == pytest.approx(70, rel=0.08)


def test_new_accounts_are_those_of_the_table_of_accounts(company):
    accounts = company.tables["accounts"]
    won = accounts[accounts["customer_since"] >= "2023-07-01"]
    by_channel = company.tables["spend"].groupby("channel")["new_accounts"].sum()
    assert by_channel.sum() == len(won)
    assert dict(by_channel[by_channel > 0]) == dict(won["channel"].value_counts())


def lead_rates(companies):
    daily = pd.concat(
        [c.tables["content_daily"].merge(c.tables["content"], on="content_id") for c in companies]
    )
    sums = daily.groupby("kind")[["leads", "clicks"]].sum().astype(float)
    return sums["leads"] / sums["clicks"]


def test_one_kind_of_content_leads(companies, null_companies):
    rates = lead_rates(companies)
    assert rates["case study"] == pytest.approx(0.06, abs=0.005)
    assert rates.drop("case study").max() == pytest.approx(0.02, abs=0.003)
    assert lead_rates(null_companies)["case study"] == pytest.approx(0.02, abs=0.003)


def test_numbers_of_a_day_are_possible(company):
    daily = company.tables["content_daily"]
    assert (daily["uv"] <= daily["pv"]).all()
    assert (daily["pv"] <= daily["exposure"]).all()
    assert (daily["leads"] <= daily["clicks"]).all()
