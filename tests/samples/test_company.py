import pandas as pd
import pytest

from opsplaybook.contracts import TABLES, Kind, kinds, validate
from opsplaybook.errors import ParamsError
from opsplaybook.samples import make_company
from opsplaybook.samples.clock import TIMEZONE
from opsplaybook.samples.company import COMPANY_TABLES

AS_OF = pd.Timestamp("2026-06-30")
# Agreed or expected for a later day, and known before it.
AHEAD = {
    ("accounts", "strategic_until"),
    ("contracts", "start_on"),
    ("contracts", "end_on"),
    ("invoices", "due_on"),
    ("opportunities", "expected_close_on"),
}


@pytest.mark.parametrize("null", [False, True])
def test_every_table_keeps_its_contract(company, null_company, null):
    tables = (null_company if null else company).tables
    # Outcomes come from experiment platforms; those of the sample company lie in its activity.
    assert set(tables) == set(COMPANY_TABLES) == set(TABLES) - {"outcomes"}
    for name, table in tables.items():
        assert len(validate(table, TABLES[name])) > 0, name


def test_the_default_company_has_the_promised_size(company):
    accounts, activity = company.tables["accounts"], company.tables["activity"]
    contracts = company.tables["contracts"]
    first = pd.Timestamp("2023-07-01")
    on_first_day = contracts[(contracts["start_on"] <= first) & (contracts["end_on"] >= first)]
    assert len(accounts) == 600
    assert on_first_day["account_id"].nunique() == 240
    assert 100_000 < len(activity) < 200_000
    assert activity["at"].min() >= pd.Timestamp("2023-07-01", tz=TIMEZONE)
    assert activity["at"].max() < pd.Timestamp("2026-07-01", tz=TIMEZONE)


def test_same_seed_same_company_and_other_seed_another(company):
    again, other = make_company(seed=7), make_company(seed=8)
    for name, table in company.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert company.truths == again.truths
    assert not company.tables["accounts"]["name"].equals(other.tables["accounts"]["name"])


@pytest.mark.parametrize("name", [name for name in TABLES if name != "outcomes"])
def test_keys_are_unique(company, name):
    key = [c for c in TABLES[name].facts().key if company.tables[name][c].notna().all()]
    if key:
        assert not company.tables[name].duplicated(key).any()


@pytest.mark.parametrize("name", [name for name in TABLES if name != "outcomes"])
def test_references_match(company, name):
    for column, target in TABLES[name].facts().refers_to.items():
        known = company.tables[target][TABLES[target].facts().key[0]]
        assert company.tables[name][column].dropna().isin(known).all(), column


@pytest.mark.parametrize("name", [name for name in TABLES if name != "outcomes"])
def test_nothing_is_known_before_it_happens(company, name):
    table = company.tables[name]
    for column, kind in kinds(TABLES[name]).items():
        if kind not in (Kind.DATE, Kind.TIMESTAMP) or (name, column) in AHEAD:
            continue
        days = table[column].dropna()
        if kind is Kind.TIMESTAMP:
            days = days.dt.tz_localize(None).dt.normalize()
        assert (days <= AS_OF).all(), column


def test_an_account_and_its_contacts_belong_together(company):
    contacts = company.tables["contacts"].set_index("contact_id")["account_id"]
    for name in ("event_contacts", "opportunities", "trainings"):
        table = company.tables[name].dropna(subset=["contact_id"])
        assert (table["contact_id"].map(contacts) == table["account_id"]).all()


def test_people_reached_by_an_event_are_in_their_role(company):
    contacts = company.tables["contacts"].set_index("contact_id")
    guests = company.tables["event_contacts"].dropna(subset=["invited_at"])
    invited = guests["invited_at"].dt.tz_localize(None)
    assert (guests["contact_id"].map(contacts["joined_on"]) <= invited).all()


@pytest.mark.parametrize(("accounts", "seed"), [(19, 7), (0, 7), (-5, 7), (240, -1)])
def test_impossible_companies_are_refused(accounts, seed):
    with pytest.raises(ParamsError, match=r"too few|not negative"):
        make_company(accounts, seed=seed)


def test_the_smallest_company_has_every_table():
    tables = make_company(20, seed=3).tables
    assert all(len(table) for table in tables.values())
    assert len(tables["accounts"]) == 50


def test_truths_of_the_null_company_are_neutral(null_company):
    truths = null_company.truths
    assert truths.events.lift == truths.events.realised_lift == 0
    assert truths.events.caused_opportunities == ()
    assert truths.renewals.lost_decision_maker == truths.renewals.falling_use == 1
    assert truths.value.drivers == {}
    assert {trial.verdict for trial in truths.experiments} == {"null"}
    assert truths.funnel.connect_rates_before == truths.funnel.connect_rates_after
