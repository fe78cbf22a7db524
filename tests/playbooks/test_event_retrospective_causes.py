"""Causes: parts that add up to the gap, windows that the data cover, groups that are alike."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsplaybook.playbooks.event_retrospective.causes import gap_parts
from opsplaybook.playbooks.event_retrospective.funnel import Funnel, Reference
from opsplaybook.samples import make_company
from opsplaybook.stats.decomposition import funnel_gap

STEPS = ("invited", "registered", "attended", "qualified")
BERLIN = ZoneInfo("Europe/Berlin")


@st.composite
def funnels(draw):
    """Make people per channel and step; later steps are never larger, and may be empty."""
    channels = draw(st.integers(1, 5))
    counts = np.zeros((channels, len(STEPS)))
    for channel in range(channels):
        people = draw(st.integers(0, 500))
        for step in range(len(STEPS)):
            counts[channel, step] = people
            people = draw(st.integers(0, people))
    return counts


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_parts_add_up_to_the_gap(data):
    usual = data.draw(funnels())
    actual = data.draw(funnels())
    rows = min(len(usual), len(actual))
    usual, actual = usual[:rows], actual[:rows]
    target = data.draw(st.floats(1, 1000))
    usual[0] = np.maximum(usual[0], 1)
    actual[0, 0] = max(actual[0, 0], 1)
    scaled = usual * target / usual[:, -1].sum()
    gap = funnel_gap(scaled, actual, stages=STEPS)
    channels = tuple(f"channel {n}" for n in range(rows))
    empty = pd.DataFrame()
    steps = pd.DataFrame({"step": STEPS})
    parts = gap_parts(Funnel(steps, empty, gap, channels, "", Reference(empty, 1, "fairs")))
    difference = actual[:, -1].sum() - target
    assert parts["people"].sum() == pytest.approx(difference, abs=1e-6 * max(target, 500))
    assert parts["people"].is_monotonic_increasing
    assert not parts.duplicated(["factor", "channel"]).any()


@pytest.fixture(scope="module")
def company():
    return make_company(40).tables


@pytest.fixture(scope="module")
def run(look_back_on, open_in_memory):
    def run(tables, **values):
        return look_back_on(open_in_memory(tables), **{"event_id": "EV-09"} | values)

    return run


@pytest.fixture(scope="module")
def plain(run, company):
    return run(company)


def test_what_is_shown_of_the_gap_adds_up(plain):
    shown = plain.shown()
    waterfall = pd.DataFrame(shown["gap"].data.rows, columns=["part", "people"])
    people = waterfall["people"].str.replace("−", "-").str.replace(",", "").astype(float)
    assert people.iloc[:-1].sum() == pytest.approx(people.iloc[-1], abs=0.2)


def test_a_channel_without_precedent_is_not_judged(run, company):
    contacts = company["event_contacts"].copy()
    own = contacts["event_id"] == "EV-09"
    contacts.loc[own & (contacts["channel"] == "email"), "channel"] = "podcast"
    done = run(company | {"event_contacts": contacts})
    assert not [leaf for leaf in done.causes.leaves if leaf.subject == "podcast"]
    cells = done.causes.funnel.cells.set_index("segment").loc["podcast"]
    assert cells["usual"].isna().all()
    assert not cells["detectable"].any()
    parts = gap_parts(done.causes.funnel)
    of_the_channel = parts.loc[parts["channel"] == "podcast", "people"]
    assert of_the_channel.abs().max() == 0


def test_the_first_of_its_kind_has_no_gap_to_split(run, company):
    done = run(company, event_id="EV-01")
    assert done.causes.funnel.gap is None
    assert "There is no earlier event of this kind to compare with" in " ".join(
        done.findings.caveats
    )
    assert done.shown()["gap"].alt == "No data: From target to actual."


def without_registrations(company: dict, *events: str) -> dict:
    contacts = company["event_contacts"].copy()
    contacts.loc[contacts["event_id"].isin(events), "registered_at"] = pd.NaT
    return company | {"event_contacts": contacts}


def test_usual_rates_rest_on_events_that_have_both_steps(run, company):
    """EV-01 and EV-05 come before EV-11; what EV-05 did not record tells nothing of its rate."""
    contacts = company["event_contacts"]
    alone = company | {"event_contacts": contacts.loc[contacts["event_id"] != "EV-05"]}
    plain, first, done = (
        run(tables, event_id="EV-11").causes
        for tables in (company, alone, without_registrations(company, "EV-05"))
    )
    usual = [part.funnel.steps.set_index("step")["usual"] for part in (plain, first, done)]
    both = ["registered", "attended"]
    assert usual[2][both].to_dict() == usual[1][both].to_dict()
    assert usual[2]["qualified"] == usual[0]["qualified"]
    cells = [part.funnel.cells.set_index(["segment", "step"])["usual"] for part in (first, done)]
    key = ("email", "registered")
    assert cells[0][key] == cells[1][key] > 0.2
    assert done.funnel.gap.effects.tolist() == first.funnel.gap.effects.tolist()
    assert (
        "The step registered is not recorded at 1 of 2 earlier events of "
        f"{done.funnel.reference.kind.partition(' of ')[2]}: they tell nothing of its usual rate."
    ) in done.caveats


def test_a_step_that_no_earlier_event_has_is_not_usually_zero(run, company):
    done = run(without_registrations(company, "EV-01", "EV-05"), event_id="EV-11")
    steps = done.causes.funnel.steps.set_index("step")
    assert steps.loc[["registered", "attended"], "usual"].isna().all()
    assert steps.loc["qualified", "usual"] > 0.2
    cells = done.causes.funnel.cells.query("step == 'registered'")
    assert cells["usual"].isna().all()
    assert not cells["detectable"].any()
    assert done.causes.funnel.gap is None
    assert not [leaf for leaf in done.causes.leaves if leaf.branch == "registered"]
    caveat = "No earlier event of this kind has all of its steps: the gap is not split."
    assert caveat in done.findings.caveats


def only_invoices(company: dict, first: date | None = None) -> dict:
    """Leave invoices as the only outcome, from a day on."""
    kept = ("accounts", "events", "event_contacts")
    invoices = company["invoices"]
    if first:
        invoices = invoices.loc[invoices["issued_on"] >= pd.Timestamp(first)]
    return {name: company[name] for name in kept} | {"invoices": invoices}


def test_money_is_compared_as_change_over_equal_windows(run, company):
    comparison = run(only_invoices(company)).causes.comparison
    assert comparison.outcome.label == "change in spend per account"
    assert (comparison.days, comparison.currency) == (90, "EUR")
    assert comparison.placebo is not None


@pytest.mark.parametrize(
    ("first", "days", "placebo"),
    [
        (date(2025, 3, 18), 90, True),
        (date(2025, 3, 19), 90, False),
        (date(2025, 6, 17), 90, False),
        (date(2025, 6, 18), 89, False),
        (date(2025, 9, 1), 14, False),
    ],
)
def test_windows_shrink_to_what_the_data_cover(run, company, first, days, placebo):
    # The event starts on 2025-09-16; a window is its first day and 90 more, 91 days in all.
    tables = only_invoices(company)
    day = pd.Timestamp(first)
    own = tables["invoices"].head(1).assign(invoice_id="first", issued_on=day)
    own = own.assign(due_on=day, paid_on=day)
    later = tables["invoices"].loc[tables["invoices"]["issued_on"] > day]
    done = run(tables | {"invoices": pd.concat([own, later])})
    comparison = done.causes.comparison
    assert comparison.days == days
    assert (comparison.placebo is not None) == placebo
    caveats = " ".join(done.causes.caveats)
    assert ("The placebo one window earlier is left out" in caveats) != placebo
    assert (f"The comparison covers {days} days, not 90" in caveats) == (days < 90)
    if not placebo:
        assert comparison.design == "association"
        assert done.findings.verdict.word not in ("Scale", "Stop")


def test_below_the_early_window_nothing_is_compared(run, company):
    tables = only_invoices(company)
    late = tables["invoices"]["issued_on"] >= pd.Timestamp(2025, 9, 3)
    done = run(tables | {"invoices": tables["invoices"].loc[late]})
    assert done.causes.comparison.effect is None
    assert "days before the event are known: the event is not compared" in " ".join(
        done.causes.caveats
    )


def test_data_that_begin_after_the_event_compare_nothing(run, company):
    done = run(only_invoices(company, date(2025, 9, 16)))
    assert done.causes.comparison.effect is None
    assert "when the event had begun: nothing is known of accounts before it" in " ".join(
        done.causes.caveats
    )


def test_a_short_history_is_named(run, company):
    done = run(only_invoices(company), event_id="EV-01", history_days=2000)
    assert any(
        "The history is cut off: invoices begin on 20" in caveat for caveat in done.causes.caveats
    )


def test_another_event_for_the_same_accounts_only_leaves_an_association(run, company):
    contacts, events = company["event_contacts"], company["events"]
    own = contacts.loc[(contacts["event_id"] == "EV-09") & contacts["attended_at"].notna()]
    noon = datetime(2025, 10, 1, 12, tzinfo=BERLIN)
    extra = own[["account_id", "contact_id"]].assign(event_id="EV-99", invited_at=noon)
    extra["invited_at"] = extra["invited_at"].astype(contacts["invited_at"].dtype)
    dinner = pd.DataFrame(
        [{"event_id": "EV-99", "name": "Dinner", "start_on": pd.Timestamp("2025-10-01")}]
    )
    tables = company | {
        "event_contacts": pd.concat(
            [contacts, extra.astype({"invited_at": contacts["invited_at"].dtype})]
        ),
        "events": pd.concat([events, dinner]),
    }
    done = run(tables)
    assert done.causes.comparison.design == "association"
    assert "In the window other events reached 100% of the compared accounts" in " ".join(
        done.causes.caveats
    )
    assert "(Dinner)" in " ".join(done.causes.caveats)


def test_a_cost_is_dear_from_a_tenth_over_its_plan(run, company):
    costs = pd.DataFrame(
        [
            {"event_id": "EV-09", "item": "at the limit", "planned": 1000.0, "actual": 1100.0},
            {"event_id": "EV-09", "item": "over it", "planned": 1000.0, "actual": 1101.0},
            {"event_id": "EV-09", "item": "unplanned", "planned": None, "actual": 9000.0},
        ]
    ).assign(staff_hours=100.0, hourly_rate=60.0)
    leaves = run(company | {"event_costs": costs}).causes.leaves
    assert [leaf.subject for leaf in leaves if leaf.branch == "cost"] == ["over it"]


def test_what_chance_may_have_made_is_no_pattern(plain):
    done = plain
    thin = {leaf.subject for leaf in done.causes.leaves if leaf.strength == "none"}
    thin -= {leaf.subject for leaf in done.causes.leaves if leaf.branch == "effect"}
    named = " ".join(p.what for p in done.patterns.patterns if p.kind != "try")
    assert not [subject for subject in thin if f"{subject}:" in named.lower()]
    senses = {row[5] for row in done.shown()["causes"].rows if row[3] == "none"}
    assert senses <= {"not beyond chance"}


def test_follow_up_is_judged_beyond_chance_only(run, company):
    contacts = company["event_contacts"].copy()
    own = (contacts["event_id"] == "EV-09") & contacts["qualified_at"].notna()
    leaf = {}
    for word, hours in (("late", 100), ("in time", 1)):
        contacts.loc[own, "followed_up_at"] = contacts["qualified_at"] + timedelta(hours=hours)
        done = run(company | {"event_contacts": contacts}, follow_up_target=0.5)
        leaf[word] = next(c for c in done.causes.leaves if c.branch == "follow-up")
    assert leaf["late"].statement.startswith("fewer than 50%")
    assert not leaf["late"].helped
    assert leaf["in time"].statement.startswith("more than 50%")
    assert leaf["in time"].helped
