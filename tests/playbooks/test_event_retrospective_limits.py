"""What is missing, extreme or hostile: the retrospective runs, and says what it leaves out."""

import json
from datetime import date

import pandas as pd
import pytest

from opsplaybook.errors import ContractError, UsageError
from opsplaybook.playbooks import event_retrospective
from opsplaybook.samples import make_company

EVENT = "EV-09"

HOSTILE = [
    "<script>alert(1)</script>",
    "{{7*7}}",
    "$x^2$",
    "long " * 400 + "end",
    "🎪 Größe",
    "\u202eevil\u202c",
    "a\x1b[31mred\nline",
    "=HYPERLINK(1)",
]


@pytest.fixture(scope="module")
def company():
    wanted = (*event_retrospective.REQUIRED, *event_retrospective.OPTIONAL)
    tables = make_company(40).tables
    return {name: tables[name] for name in wanted}


@pytest.fixture(scope="module")
def run(look_back_on, open_in_memory):
    def run(tables, **values):
        return look_back_on(open_in_memory(tables), **{"event_id": EVENT} | values)

    return run


MISSING_TABLES = {
    "event_goals": "No goal was recorded",
    "event_costs": "No cost was recorded",
    "accounts": "No account known before the event came",
    "contacts": "Contacts have no role",
    "opportunities": "There is no pipeline",
    "invoices": "invoices: not in the source",
    "activity": "activity: not in the source",
}


@pytest.mark.parametrize("table", MISSING_TABLES)
def test_a_missing_table_leaves_a_part_out_by_name(company, run, table):
    done = run({name: frame for name, frame in company.items() if name != table})
    assert any(MISSING_TABLES[table] in caveat for caveat in done.findings.caveats)
    assert len(done.shown()) == 22
    assert done.results.measures.of("attendees").value > 0


@pytest.mark.parametrize("table", event_retrospective.REQUIRED)
def test_a_missing_required_table_is_refused(company, run, table):
    with pytest.raises(ContractError, match=f"1 required tables are missing: {table}"):
        run({name: frame for name, frame in company.items() if name != table})


def test_events_and_guests_are_enough(company, run):
    done = run({name: company[name] for name in event_retrospective.REQUIRED})
    assert done.causes.comparison.effect is None
    assert done.results.tiers.empty
    assert done.results.returns.empty
    assert done.findings.verdict.word == "Not enough data"
    assert len(done.shown()) == 22


MISSING_COLUMNS = [
    ("accounts", "tier", "Accounts have no tier"),
    ("contacts", "role", "Contacts have no role"),
    ("event_costs", "actual", "items have no actual cost"),
    ("event_costs", "hourly_rate", "staff time without a rate"),
    ("opportunities", "amount", "deals have no amount"),
    ("event_contacts", "attended_at", ""),
    ("event_contacts", "account_id", ""),
    ("event_contacts", "channel", ""),
    ("events", "format", ""),
    ("events", "end_on", ""),
]


@pytest.mark.parametrize(("table", "column", "caveat"), MISSING_COLUMNS)
def test_a_missing_column_leaves_a_part_out_by_name(company, run, table, column, caveat):
    done = run(company | {table: company[table].drop(columns=column)})
    assert any(caveat in text for text in done.findings.caveats)
    assert len(done.shown()) == 22


UNSAID_COLUMNS = [
    ("event_contacts", "followed_up_at", "follow_up_share", "Follow-ups are not recorded"),
    ("accounts", "customer_since", "new_accounts", "Accounts have no first day as customers"),
]


@pytest.mark.parametrize(("table", "column", "metric", "caveat"), UNSAID_COLUMNS)
def test_a_missing_column_is_no_answer(company, run, table, column, metric, caveat):
    assert run(company).results.measures.of(metric) is not None
    done = run(company | {table: company[table].drop(columns=column)})
    assert done.results.measures.of(metric) is None
    assert len([text for text in done.findings.caveats if text.startswith(caveat)]) == 1


def test_an_event_that_nobody_came_to(company, run):
    contacts = company["event_contacts"]
    later = ["attended_at", "qualified_at", "followed_up_at", "rating"]
    done = run(company | {"event_contacts": contacts.assign(**dict.fromkeys(later))})
    assert done.results.measures.of("attendees") is None
    assert done.causes.comparison.treated_word == "accounts reached"
    result = done.results.goals.set_index("metric")["result"]
    assert result["attended_accounts"] == "not measured"


def test_one_attendee_is_not_enough_to_tell_an_effect(company, run):
    contacts = company["event_contacts"]
    own = contacts["event_id"] == EVENT
    one = contacts.loc[own & contacts["attended_at"].notna()].head(1)
    done = run(company | {"event_contacts": pd.concat([contacts.loc[~own], one])})
    assert done.results.measures.of("attendees").value == 1
    assert done.causes.comparison.effect.n == 1
    assert "too few comparable accounts" in done.findings.verdict.sentence
    tile = next(f for f in done.findings.key_figures if f.key == "attendees")
    assert tile.value == "not enough data"
    assert not [f for f in done.findings.findings if f.strength == "strong" and "effect" in f.claim]


def test_where_everybody_came_there_is_nobody_to_compare_with(company, run):
    keys = company["accounts"]["account_id"]
    day = company["events"].set_index("event_id").loc[EVENT, "start_on"]
    noon = (day + pd.Timedelta(hours=12)).tz_localize("Europe/Berlin")
    guests = pd.DataFrame({"event_id": EVENT, "account_id": keys, "attended_at": noon})
    done = run(company | {"event_contacts": guests.assign(contact_id=keys)})
    assert done.causes.comparison.effect is None
    assert any("nobody to compare with" in caveat for caveat in done.findings.caveats)


def test_before_its_first_day_an_event_is_not_known(company, run):
    with pytest.raises(UsageError, match='no event known on 2025-09-15 has the key "EV-09"'):
        run(company, as_of=date(2025, 9, 15))


def test_on_its_first_day_it_is_too_early(company, run):
    done = run(company, as_of=date(2025, 9, 16))
    assert done.findings.verdict.word == "Too early"
    assert done.causes.comparison.effect is None
    result = done.results.goals.set_index("metric")["result"]
    assert result["qualified_opportunities"] in ("window not over yet", "not measured")


def test_one_day_after_the_first_is_one_day(company, run):
    caveats = run(company, as_of=date(2025, 9, 17)).causes.comparison.caveats
    assert caveats[0].startswith("Only 1 day after the first day is known: ")


def test_notes_of_the_source_open_the_caveats_of_a_report(
    company, look_back_on, open_in_memory, tmp_path
):
    notes = ["Orders by telephone are not in the export.", "<b>Prices</b> are net."]
    few = {name: company[name] for name in event_retrospective.REQUIRED}
    source = open_in_memory(few, notes=notes)
    for opened in (source, source.snapshot(tmp_path / "snapshot")):
        found = look_back_on(opened, event_id=EVENT).findings
        assert list(found.caveats[:2]) == notes
        assert "&lt;b&gt;Prices" in found._repr_mimebundle_()[0]["text/html"]


@pytest.fixture(scope="module")
def hostile(company, run):
    """Put hostile texts where names come from data: event, accounts, channels, cost items."""
    events = company["events"].copy()
    events.loc[events["event_id"] == EVENT, ["name", "series", "owner"]] = HOSTILE[0]
    other = events["event_id"] == "EV-10"
    events.loc[other, "name"] = HOSTILE[1]
    contacts = company["event_contacts"].copy()
    channels = dict(zip(sorted(contacts["channel"].dropna().unique()), HOSTILE, strict=False))
    contacts["channel"] = contacts["channel"].map(channels)
    costs = company["event_costs"].copy()
    costs["item"] = [HOSTILE[n % len(HOSTILE)] for n in range(len(costs))]
    accounts = company["accounts"].copy()
    accounts["industry"] = [HOSTILE[n % len(HOSTILE)] for n in range(len(accounts))]
    accounts["name"] = HOSTILE[0]
    changed = {"events": events, "event_contacts": contacts, "event_costs": costs}
    return run(company | changed | {"accounts": accounts})


def test_hostile_names_come_out_as_that_text(hostile):
    assert hostile.findings.subject == HOSTILE[0]
    cells = {cell for item in tables_of(hostile) for row in item.rows for cell in row}
    for text in ("{{7*7}}", "$x^2$", "=HYPERLINK(1)", "🎪 Größe", HOSTILE[3]):
        assert text in cells, text[:20]
    assert "evil" in cells
    assert "a[31mred line" in cells


def test_markup_never_passes_into_html_or_pictures(hostile):
    for item in (hostile.findings, *hostile.shown().values()):
        bundle, _ = item._repr_mimebundle_()
        for mime in ("text/html", "image/svg+xml"):
            assert "<script" not in bundle.get(mime, "").lower()
        json.dumps(bundle)


def test_the_verdict_stays_short_with_long_names(hostile):
    assert len(hostile.findings.verdict.sentence) <= 300


def tables_of(done):
    for item in done.shown().values():
        yield getattr(item, "data", item)
