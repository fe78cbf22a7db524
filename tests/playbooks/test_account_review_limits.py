"""What an account review says where there is little, nothing, or nobody to speak of."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook import samples
from opsplaybook.errors import ParamsError, UsageError
from opsplaybook.findings import FINDINGS_SHOWN
from opsplaybook.params import resolve
from opsplaybook.playbooks import account_review as playbook
from opsplaybook.playbooks.account_review.verdict import use_direction


@pytest.fixture(scope="module")
def source(write_source, hand_made_tables) -> str:
    return write_source(hand_made_tables)


def test_unknown_account_is_refused_with_its_neighbours(review_account, source):
    with pytest.raises(UsageError, match="no account has this key; the source has 10") as refused:
        review_account(source, account_id="C01")

    assert 'did you mean "C-01"' in str(refused.value)


def test_account_can_be_found_by_its_name(review_account, source):
    with pytest.raises(UsageError) as refused:
        review_account(source, account_id="Rival 04 GmbH")

    assert 'did you mean "R-04" ("Rival 04 GmbH")?' in str(refused.value)


def test_account_that_is_not_known_yet_is_refused_with_the_day(review_account, source):
    with pytest.raises(UsageError, match="not known on 2024-06-30 yet"):
        review_account(source, as_of="2024-06-30")


def test_before_the_first_order_nothing_is_known_and_nothing_fails(
    review_account, write_source, hand_made_tables
):
    frames = hand_made_tables | {
        "accounts": hand_made_tables["accounts"].drop(columns="customer_since")
    }
    done = review_account(write_source(frames), as_of="2023-12-31")

    assert done.findings.verdict.word == "Not enough data"
    assert done.business.headline is None
    assert done.place.places == {}
    assert {item.audience for item in done.shown[2:14]} == {"internal"}


def test_account_without_activity_has_business_and_no_use(review_account, source):
    done = review_account(source, account_id="R-05")

    assert done.business.headline.now.value == 5_000
    assert done.use.measures == ()
    assert done.findings.verdict.word == "Steady"
    assert "no use is known" in done.findings.verdict.sentence
    assert "Nothing was done in the product in the last three years." in done.findings.caveats


def without_a_contract(tables: dict, **ended: str) -> dict:
    """Let the contract of the account end earlier than agreed."""
    rows = tables["contracts"].copy()
    rows.loc[rows["contract_id"] == "K-2", list(ended)] = list(ended.values())
    return tables | {"contracts": rows}


def test_contract_lost_in_the_period_is_zero_and_a_signal(
    review_account, write_source, hand_made_tables
):
    lost = {"end_on": "2026-05-31", "outcome": "lost", "decided_on": "2026-04-15"}
    done = review_account(write_source(without_a_contract(hand_made_tables, **lost)))

    value, seats = done.business.measures[:2]
    assert (value.now.value, value.before, value.change.value) == (0, 12_000, -1)
    assert (seats.now.value, seats.before, seats.change.value) == (0, 20, -1)
    assert value.direction == -1
    assert done.findings.verdict.word == "Less than before"
    assert "contract value €0, −100% on the period before" in done.findings.verdict.sentence
    assert done.business.blocks["amount"].tolist()[-3:] == [12_000, 0, 0]
    claim = next(f.claim for f in done.findings.findings if f.claim.startswith("To look at"))
    assert "annual contract value −100%" in claim
    assert "no contract runs since 2026-05-31" in claim
    assert "Find out why contract value fell" in [action.what for action in done.steps.actions]


def test_contract_lost_beside_one_that_runs_is_a_signal(
    review_account, write_source, hand_made_tables
):
    rows = hand_made_tables["contracts"]
    lost = rows.loc[rows["contract_id"] == "K-2"].assign(
        contract_id="K-3", end_on="2026-05-31", outcome="lost", decided_on="2026-05-15"
    )
    frames = hand_made_tables | {"contracts": pd.concat([rows, lost])}
    done = review_account(write_source(frames))

    assert done.steps.leaving
    assert done.steps.ended_on is None
    claim = next(f.claim for f in done.findings.findings if f.claim.startswith("To look at"))
    assert "a contract is lost" in claim


def test_contract_that_is_signed_and_not_begun_is_not_over(
    review_account, write_source, hand_made_tables
):
    frames = without_a_contract(hand_made_tables, end_on="2026-06-20", outcome="renewed")
    rows = frames["contracts"]
    later = rows.loc[rows["contract_id"] == "K-2"].assign(
        contract_id="K-3", start_on="2026-07-05", end_on="2027-07-04", outcome="open"
    )
    dated = pd.concat([rows, later.assign(signed_on="2026-06-15")])
    done = review_account(write_source(frames | {"contracts": dated}))

    assert done.steps.ended_on is None
    assert np.isnan(done.business.headline.now.value)


def test_contract_over_for_long_is_said_and_not_compared(
    review_account, write_source, hand_made_tables
):
    lost = {"end_on": "2026-01-31", "outcome": "lost", "decided_on": "2026-01-15"}
    frames = without_a_contract(hand_made_tables, **lost)
    done = review_account(write_source(frames | {"invoices": frames["invoices"].iloc[:0]}))

    assert done.business.headline is None
    assert done.findings.verdict.sentence.startswith("No contract runs since 2026-01-31; ")


def test_silence_after_use_is_quiet_and_not_steady(review_account, write_source, hand_made_tables):
    activity = hand_made_tables["activity"]
    frames = {
        "accounts": hand_made_tables["accounts"],
        "activity": activity.loc[activity["at"] < "2026-04-02"],
    }
    done = review_account(write_source(frames))

    assert done.findings.verdict.word == "Quiet"
    assert use_direction(done.use) == -1


def test_one_day_of_data(review_account, write_source):
    day = "2026-06-30"
    frames = {
        "accounts": pd.DataFrame({"account_id": ["C-01"], "customer_since": [day]}),
        "invoices": pd.DataFrame(
            [("I-1", "C-01", day, 100)], columns=["invoice_id", "account_id", "issued_on", "amount"]
        ),
        "activity": pd.DataFrame(
            [("C-01", f"{day} 10:00", "ran")], columns=["account_id", "at", "action"]
        ),
    }
    done = review_account(write_source(frames), as_of=None)

    assert done.tables.as_of == date(2026, 6, 30)
    assert done.findings.verdict.word == "Not enough data"
    assert np.isnan(done.business.headline.before)
    assert "Activity names no users" in " ".join(done.findings.caveats)
    assert len(done.findings.findings) <= FINDINGS_SHOWN


def test_source_with_accounts_only_leaves_out_all_parts_and_says_so(review_account, write_source):
    frames = {"accounts": pd.DataFrame({"account_id": ["C-01", "C-02"]})}
    done = review_account(write_source(frames))

    text = " ".join(done.findings.caveats)
    for part in ("business", "users, actions and value", "support", "people", "the place"):
        assert f"{part} is left out" in text or f"{part} are left out" in text
    assert [item.key for item in done.shown if item.audience == "customer"] == []


def test_too_few_accounts_alike_are_placed_among_all_or_not_at_all(review_account, source):
    among_all = review_account(source, comparable_minimum=9, comparable_by="region")
    none = review_account(source, comparable_minimum=10)

    assert among_all.place.likeness == "all customers"
    assert among_all.place.places["contract_value"].n == 9
    assert none.place.places == {}
    assert "There are fewer than 10 comparable accounts" in none.place.caveats[0]


def test_rows_dated_later_change_nothing(review_account, source, write_source, hand_made_tables):
    later = {
        "activity": {"at": "2026-07-01 10:00"},
        "tickets": {
            "opened_at": "2026-07-01 00:10",
            "first_response_at": None,
            "resolved_at": None,
        },
        "invoices": {"issued_on": "2026-07-01", "due_on": "2026-07-31", "paid_on": None},
        "contacts": {"joined_on": "2026-07-01", "left_on": None},
    }
    frames = dict(hand_made_tables)
    for name, values in later.items():
        rows = frames[name].head(1).assign(**values)
        keys = {column: "later" for column in rows.columns[:1] if name != "activity"}
        frames[name] = pd.concat([frames[name], rows.assign(**keys)], ignore_index=True)
    open_ticket = frames["tickets"]["ticket_id"] == "T-6"
    frames["tickets"].loc[open_ticket, "resolved_at"] = "2026-07-02 10:00"
    frames["contracts"] = frames["contracts"].assign(
        decided_on=frames["contracts"]["decided_on"].mask(
            frames["contracts"]["contract_id"] == "K-2", "2026-07-15"
        ),
        outcome=frames["contracts"]["outcome"].mask(
            frames["contracts"]["contract_id"] == "K-2", "lost"
        ),
    )
    known, more = review_account(source), review_account(write_source(frames))

    assert [str(item) for item in more.shown[1:]] == [str(item) for item in known.shown[1:]]
    # That tiers and statuses are those of a later day is said, and is the only difference.
    silent = {"caveats": ()}
    assert more.findings.to_json() | silent == known.findings.to_json() | silent


def test_earlier_actions_are_those_of_this_account(review_account, source, tmp_path):
    for account, what in (("C-01", "Call them"), ("R-01", "Call Rival 01 GmbH")):
        run = tmp_path / account
        run.mkdir()
        manifest = {
            "playbook": "account_review",
            "params": {"account_id": account},
            "findings": {"as_of": "2026-03-31", "patterns": []},
        }
        (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        header = "what,owner,due_on,measure,expected_effect,status,from_run,audience"
        text = f"{header}\n{what},Olga,2026-04-15,called,,new,,internal\n"
        (run / "actions.csv").write_text(text, encoding="utf-8")

    done = review_account(source, earlier_runs=str(tmp_path))

    assert [a.what for a in done.steps.actions if a.status == "open"] == ["Call them"]


def test_key_actions_may_be_given_as_text_with_commas():
    params = resolve(playbook.Params, {"key_actions": "ran, imported_records"})

    assert params.key_actions == ("ran", "imported_records")


def test_key_action_that_nobody_did_is_there_with_zero(review_account, source):
    done = review_account(source, key_actions=["ran", "flew"])

    assert done.use.actions.set_index("action").loc["flew", ["now", "before"]].tolist() == [0, 0]


@pytest.mark.parametrize(
    "values", [{"comparable_by": "tier"}, {"period_days": 5}, {"acount_id": "C-01"}]
)
def test_what_cannot_be_asked_is_refused(values):
    with pytest.raises(ParamsError):
        resolve(playbook.Params, values)


def test_deciding_accounts_of_the_sample_are_due_in_their_quarter(review_account):
    truths = samples.make_company().truths.renewals

    for account in truths.deciding_accounts:
        due = review_account("sample", account_id=account).steps.due
        assert date(2026, 7, 1) <= due.end_on <= date(2026, 9, 30)


def test_young_account_has_no_usual_swings_yet(review_account, write_source, hand_made_tables):
    activity = hand_made_tables["activity"]
    frames = hand_made_tables | {"activity": activity.loc[activity["at"] >= "2026-01-01"]}
    done = review_account(write_source(frames))

    change = done.use.of("actions").change
    assert (change.n, change.interval) == (0, None)
    assert done.use.of("actions").direction == 0
    assert "not comparable with the period before" in done.findings.verdict.sentence
