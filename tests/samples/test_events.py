import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from opsplaybook.samples.event_plans import CHANNELS
from opsplaybook.samples.events import lifted

WINDOW = pd.Timedelta(days=90)


def outcomes(company, event_id, *, without=()):
    """Known accounts: came, reached, opened a new deal within 90 days, and what explains it."""
    tables = company.tables
    start = tables["events"].set_index("event_id").loc[event_id, "start_on"]
    accounts = tables["accounts"].set_index("account_id")
    accounts = accounts[accounts["created_on"] < start]
    guests = tables["event_contacts"].query("event_id == @event_id")
    deals = tables["opportunities"].query("kind != 'renewal'")
    deals = deals[~deals["opportunity_id"].isin(without)]
    opened = deals[deals["opened_on"].between(start, start + WINDOW)]
    activity = tables["activity"]
    at = activity["at"].dt.tz_localize(None)
    recent = activity[(at >= start - WINDOW) & (at < start)].groupby("account_id").size()
    attended = guests.loc[guests["attended_at"].notna(), "account_id"]
    return pd.DataFrame(
        {
            "came": accounts.index.isin(attended),
            "reached": accounts.index.isin(guests["account_id"]),
            "opened": accounts.index.isin(opened["account_id"]).astype(float),
            "is_customer": (accounts["customer_since"] <= start).astype(int),
            "activity": np.log1p(recent.reindex(accounts.index).fillna(0)),
            "size": np.log(accounts["employees"].astype(float)),
        },
        index=accounts.index,
    )


def naive_difference(frame):
    return frame.loc[frame["came"], "opened"].mean() - frame.loc[~frame["reached"], "opened"].mean()


def fair_difference(frame):
    """Those who came against what the model of those not reached expects of them."""
    explained = sm.add_constant(frame[["is_customer", "activity", "size"]].astype(float))
    explained["customer_activity"] = explained["is_customer"] * explained["activity"]
    link = sm.families.links.CLogLog()
    others = ~frame["reached"]
    model = sm.GLM(
        frame.loc[others, "opened"], explained[others], family=sm.families.Binomial(link=link)
    ).fit()
    came = frame["came"]
    return float((frame.loc[came, "opened"] - model.predict(explained[came])).mean())


def test_without_the_caused_deals_the_outcome_falls_by_the_realised_lift(companies):
    for company in companies:
        truths = company.truths.events
        seen = outcomes(company, truths.lifting_event)
        anyway = outcomes(company, truths.lifting_event, without=truths.caused_opportunities)
        difference = (seen["opened"] - anyway["opened"])[seen["came"]].mean()
        assert difference == pytest.approx(truths.realised_lift)
        assert (seen["opened"] == anyway["opened"])[~seen["came"]].all()


def test_the_lift_is_the_planted_one_on_average(companies):
    realised = [company.truths.events.realised_lift for company in companies]
    # One company's lift scatters with a standard deviation of about 0.04.
    assert np.mean(realised) == pytest.approx(0.20, abs=3 * 0.04 / np.sqrt(len(realised)))


def test_a_chance_is_raised_by_exactly_the_lift():
    rng = np.random.default_rng(1)
    anyway = np.repeat([0.05, 0.30, 0.60], 200_000)
    opens_anyway = rng.random(len(anyway)) < anyway
    opens = opens_anyway | lifted(rng, anyway)
    for chance in (0.05, 0.30, 0.60):
        assert opens[anyway == chance].mean() - chance == pytest.approx(0.20, abs=0.004)


def test_the_lifting_event_is_seen_by_a_fair_comparison(companies):
    event = companies[0].truths.events.lifting_event
    found = [fair_difference(outcomes(company, event)) for company in companies]
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(0.20, abs=3 * error)
    assert np.mean(found) > 5 * error


def test_the_selecting_event_misleads_a_naive_comparison_only(companies):
    event = companies[0].truths.events.selecting_event
    frames = [outcomes(company, event) for company in companies]
    naive = [naive_difference(frame) for frame in frames]
    fair = [fair_difference(frame) for frame in frames]
    error = np.std(fair, ddof=1) / np.sqrt(len(fair))
    assert min(naive) > 0
    assert np.mean(naive) > 0.08
    assert abs(np.mean(fair)) < max(3 * error, 0.03)


def test_caused_deals_are_marked_and_some_are_won(companies):
    for company in companies:
        truths = company.truths.events
        deals = company.tables["opportunities"].set_index("opportunity_id")
        caused = deals.loc[list(truths.caused_opportunities)]
        assert set(caused["event_id"]) == {truths.lifting_event}
        assert (caused["outcome"] == "won").sum() == truths.caused_deals
        assert len(caused) >= 10


def test_sales_people_mark_more_than_was_caused(companies):
    for company in companies:
        deals = company.tables["opportunities"]
        marked = deals.dropna(subset=["event_id"])
        assert len(marked) > 2 * len(company.truths.events.caused_opportunities)
        start = marked["event_id"].map(company.tables["events"].set_index("event_id")["start_on"])
        assert (marked["opened_on"] < start).any()


def test_in_the_null_company_the_lifting_event_brings_nothing(null_companies):
    found = [fair_difference(outcomes(company, "EV-09")) for company in null_companies]
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert abs(np.mean(found)) < 3 * error


def attendance(company, event_id):
    guests = company.tables["event_contacts"].query("event_id == @event_id")
    registered = guests[guests["registered_at"].notna()]
    return registered.groupby("channel")["attended_at"].agg(lambda times: times.notna().mean())


def test_one_channel_failed_at_the_event_that_missed_its_goal(companies):
    rates = pd.DataFrame([attendance(company, "EV-08") for company in companies]).mean()
    truths = companies[0].truths.events
    assert rates[truths.failed_channel] == pytest.approx(truths.failed_attendance_rate, abs=0.04)
    for channel in set(CHANNELS) - {truths.failed_channel}:
        assert rates[channel] > 0.4, channel
    usual = pd.DataFrame([attendance(company, "EV-04") for company in companies]).mean()
    assert usual[truths.failed_channel] == pytest.approx(truths.usual_attendance_rate, abs=0.06)


def test_its_lead_goal_was_missed_by_what_the_channel_lost(companies):
    for company in companies:
        goals = company.tables["event_goals"].set_index(["event_id", "metric"])
        guests = company.tables["event_contacts"].query("event_id == 'EV-08'")
        leads = guests["qualified_at"].notna().sum()
        target = goals.loc[("EV-08", "leads"), "target"]
        partner = guests["channel"] == "partner"
        registered = (guests["registered_at"].notna() & partner).sum()
        lost = registered * (0.62 - 0.15) * 0.40
        assert leads < target
        assert leads + lost == pytest.approx(target, abs=0.35 * target)


def test_goals_were_set_before_on_the_way_and_dropped(company):
    goals = company.tables["event_goals"].merge(company.tables["events"], on="event_id")
    before = goals["set_on"].isna() | (goals["set_on"] < goals["start_on"])
    assert before.any()
    assert (~before).any()
    assert goals["dropped_on"].notna().any()
    assert goals["baseline"].notna().any()
    assert set(goals["purpose"]) == {"acquisition", "promotion", "conversion"}


def test_the_last_event_has_windows_that_are_not_over(company):
    start = company.tables["events"]["start_on"].max()
    days = (pd.Timestamp("2026-06-30") - start).days
    assert 14 < days < 90
