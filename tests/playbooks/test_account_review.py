"""What an account review finds on numbers that are known, and who may see it."""

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from opsplaybook.display import Chart

HOSTILE = 'Acme & <script>alert(1)</script> {{7*7}} $x^2$ "S"'
RIVALS = [f"R-{number:02d}" for number in range(1, 10)]


def for_customers(done: SimpleNamespace) -> Iterator[str]:
    """Yield every text that a customer may see; of an owner of an action the page has the role."""
    for item in done.shown:
        if item.audience == "customer":
            yield str(item.to_json())
            if isinstance(item, Chart):
                yield item.image.decode("latin-1")
    record = done.findings.to_json()
    kept = [record["verdict"], *record["key_figures"], *record["findings"]]
    kept += [action | {"owner": ""} for action in record["actions"]]
    yield from (str(part) for part in kept if part["audience"] == "customer")
    yield str([record["title"], record["subject"], record["for_customer"]])


@pytest.fixture(scope="module")
def done(write_source, hand_made_tables, review_account) -> SimpleNamespace:
    return review_account(write_source(hand_made_tables))


def measure(done: SimpleNamespace, key: str):
    return next(m for m in (*done.business.measures, *done.use.measures) if m.key == key)


def test_card_tells_us_all_that_is_known_and_shows_gaps(done):
    card = next(item for item in done.shown if item.key == "account")
    rows = {row[1]: row[2:] for row in card.rows}

    assert card.audience == "internal"
    assert [row[1] for row in card.rows[:2]] == ["Tier", "Health score"]
    assert rows["Annual value under contract"][0] == "€12,000"
    assert (rows["Terms signed so far"][0], rows["Of them renewed"][0]) == ("2", "1")
    assert rows["Employees"][0] == "–"
    assert rows["budget holder"] == ("covered", "2025-02-01")
    assert rows["decision maker"][0] == "nobody"
    assert "Value is invoiced less credited" in card.note


def test_contract_value_is_a_fact_of_the_last_day(done):
    value = measure(done, "contract_value")

    assert (value.now.value, value.before, value.year_before) == (12_000, 12_000, 10_000)
    assert value.change.value == 0
    assert value.year_change.value == pytest.approx(0.2)
    assert value.now.interval is None
    assert done.business.headline is value


def test_orders_are_compared_but_two_of_them_tell_nothing(done):
    orders = measure(done, "order_value")

    assert (orders.now.value, orders.before) == (500, 3_000)
    assert orders.direction == 0
    assert not orders.compared


def test_use_fell_beyond_chance(done):
    actions = measure(done, "actions")

    assert (actions.now.value, actions.before, actions.year_before) == (27, 78, 0)
    # Twelve whole weeks: 25 actions in the last ones, 72 in those before.
    assert actions.change.value == pytest.approx(25 / 72 - 1)
    assert actions.direction == -1
    assert np.isnan(actions.year_change.value)


def test_users_and_seats_are_counted_once(done):
    users, seats = measure(done, "users"), measure(done, "seat_use")

    assert (users.now.value, users.before) == (2, 2)
    assert (seats.now.value, seats.now.n) == (0.1, 20)
    # Wilson interval of 2 of 20 (Newcombe 1998, method 3).
    assert seats.now.interval.low == pytest.approx(0.0279, abs=1e-4)
    assert seats.now.interval.high == pytest.approx(0.3010, abs=1e-4)


def test_value_is_the_quantity_of_its_action(done):
    assert measure(done, "value").now.value == 40
    assert done.use.value["amount"].sum() == 40


def test_waiting_ticket_counts_as_waiting(done):
    first = done.support.of("first_response_at")
    in_time = done.support.of("in_time")

    assert (first.now.value, first.now.n) == (3.0, 6)
    assert (in_time.now.numerator, in_time.now.n) == (4, 6)
    assert done.support.open_tickets["ticket_id"].tolist() == ["T-6"]


def test_people_who_left_are_gone_from_the_chain(done):
    roles = done.people.roles.set_index("role")

    assert roles["people"].to_dict() == {
        "user": 1, "evaluator": 0, "budget holder": 1, "decision maker": 0, "signer": 0,
    }  # fmt: skip
    assert done.people.deciders_left == 1
    assert set(done.people.uncovered) == {"decision maker", "signer"}


def test_place_is_a_share_of_the_accounts_alike(done):
    value = done.place.places["contract_value"]

    assert (value.value, value.n) == (1.0, 9)
    assert done.place.places["tickets"].n == 9


def test_open_items_come_with_what_is_due_first(done):
    items = done.steps.items

    assert items["kind"].tolist() == ["invoice", "contract", "contract", "request", "ticket"]
    assert done.steps.due.end_on == date(2026, 9, 30)
    assert done.steps.due.notice_on == date(2026, 8, 1)
    assert done.steps.due.annual_value == 12_000


def test_verdict_is_neutral_and_for_the_customer_too(done):
    verdict = done.findings.verdict

    assert (verdict.word, verdict.tone, verdict.audience) == (
        "Less than before",
        "mixed",
        "customer",
    )
    assert "unchanged from the period before" in verdict.sentence
    assert "less than in the period before: −65%" in verdict.sentence
    assert len(verdict.sentence) <= 300


def test_signals_name_what_is_at_stake_for_us_alone(done):
    (signals,) = (f for f in done.findings.findings if f.claim.startswith("To look at"))

    assert signals.audience == "internal"
    for text in (
        "actions −65%",
        "1 of those who decide left",
        "nobody in contact",
        "invoices overdue: 1",
    ):
        assert text in signals.claim
    tile = next(f for f in done.findings.key_figures if f.key == "signals")
    assert (tile.raw, tile.tone, tile.audience) == (5.0, "bad", "internal")


def test_nothing_for_customers_tells_of_others_or_of_us(done):
    text = "\n".join(for_customers(done))

    secrets = [*RIVALS, "Rival", "Rita", "Olga", "Ownerson", "63.7", "tier", "Signals", "risk"]
    assert [word for word in secrets if word in text] == []
    assert "12,000" in text


def test_customers_read_roles_and_what_limits_their_comparisons(done):
    shared = [action for action in done.findings.actions if action.audience == "customer"]
    assert {(action.owner, action.role) for action in shared} == {
        ("Olga Ownerson", "your account manager")
    }
    notes = done.findings.for_customer
    assert set(notes.caveats) < set(done.findings.caveats)
    assert (notes.definitions, notes.method) == (done.findings.definitions, done.findings.method)


def test_the_leak_test_can_fail(done):
    internal = "\n".join(str(item.to_json()) for item in done.shown if item.audience == "internal")

    assert "Olga" in internal
    assert "63.7" in internal


def test_hostile_name_stays_text(done):
    assert done.findings.subject == HOSTILE
    bundles = [item._repr_mimebundle_()[0] for item in done.shown]
    html = [bundle.get("text/html", "") for bundle in bundles if isinstance(bundle, dict)]

    assert [page for page in html if "<script>alert" in page] == []


def test_every_chart_and_table_has_a_key_of_its_own(done):
    keys = [item.key for item in done.shown]
    keys += [item.data.key for item in done.shown if isinstance(item, Chart)]

    assert len(keys) == len(set(keys))
    shown = {item.key for item in done.shown}
    assert {key for f in done.findings.findings for key in f.evidence} <= shown
