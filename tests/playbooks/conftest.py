"""A hand-made company for the account review, and all of its steps in one call."""

import importlib.util
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from opsplaybook.params import resolve
from opsplaybook.playbooks import account_review as playbook

LAST = "2026-06-30"
HOSTILE = 'Acme & <script>alert(1)</script> {{7*7}} $x^2$ "S"'
RIVALS = [f"R-{number:02d}" for number in range(1, 10)]


def hand_made() -> dict[str, pd.DataFrame]:
    """Make a company of one account with known numbers and nine that are like it."""
    accounts = [("C-01", HOSTILE, "retail", "Olga Ownerson", "S", 63.7, "2025-01-01")]
    accounts += [
        (key, f"Rival {key[-2:]} GmbH", "retail", "Rita Rivalsdottir", "B", 77, "2024-01-01")
        for key in RIVALS
    ]
    names = ["account_id", "name", "industry", "owner", "tier", "health_score", "customer_since"]
    return {
        "accounts": pd.DataFrame(accounts, columns=names),
        "contacts": contacts(),
        "contracts": contracts(),
        "invoices": invoices(),
        "activity": activity(),
        "tickets": tickets(),
        "requirements": pd.DataFrame(
            [("Q-1", "C-01", "=HYPERLINK(1) please", "2026-05-05", "accepted")],
            columns=["requirement_id", "account_id", "words", "submitted_on", "status"],
        ),
    }


def contacts() -> pd.DataFrame:
    rows = [
        ("P-1", "C-01", "decision maker", "2025-01-01", "2026-03-01", "2025-02-01"),
        ("P-2", "C-01", "budget holder", "2025-01-01", None, "2025-02-01"),
        ("P-3", "C-01", "user", "2025-01-01", None, None),
    ]
    names = ["contact_id", "account_id", "role", "joined_on", "left_on", "covered_on"]
    return pd.DataFrame(rows, columns=names)


def contracts() -> pd.DataFrame:
    rows = [
        ("K-1", "C-01", "2025-01-01", "2025-12-31", 10_000, 20, 60, "renewed", "2025-11-01"),
        ("K-2", "C-01", "2026-01-01", "2026-09-30", 12_000, 20, 60, "open", None),
    ]
    rows += [
        (f"K-{key}", key, "2024-01-01", None, 1_000 * place, 5, 30, "open", None)
        for place, key in enumerate(RIVALS, start=1)
    ]
    names = [
        "contract_id", "account_id", "start_on", "end_on", "annual_value", "seats", "notice_days",
        "outcome", "decided_on",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def invoices() -> pd.DataFrame:
    rows = [
        ("I-1", "C-01", "2025-02-01", "2025-03-01", "2025-02-20", 2_500),
        ("I-2", "C-01", "2026-01-15", "2026-02-15", "2026-02-01", 3_000),
        ("I-3", "C-01", "2026-04-10", "2026-05-10", None, 500),
        ("I-4", "R-01", "2025-01-10", "2025-02-10", None, 99),
    ]
    names = ["invoice_id", "account_id", "issued_on", "due_on", "paid_on", "amount"]
    return pd.DataFrame(rows, columns=names)


def activity() -> pd.DataFrame:
    """Make 39 Tuesdays of 6 rows by two users, then 13 of 2 by one of them, and one row more."""
    early = tuesdays("2026-03-31", 39)
    rows = [("C-01", user, day, "ran", 1.0) for day in early for user in "aaaccc"]
    rows += [("C-01", "a", day, "ran", 1.0) for day in tuesdays(LAST) for _ in range(2)]
    rows += [("C-01", "b", LAST, "imported_records", 40.0)]
    rows += [("R-01", "x", "2025-01-05", "ran", 1.0)]
    frame = pd.DataFrame(rows, columns=["account_id", "user_id", "at", "action", "quantity"])
    return frame.assign(at=frame["at"].astype(str).str[:10] + " 10:00")


def tuesdays(last: str, count: int = 13) -> pd.DatetimeIndex:
    return pd.date_range(end=last, periods=count, freq="7D")


def tickets() -> pd.DataFrame:
    rows = [
        (f"T-{place}", "C-01", "2026-05-05 08:00", answered, answered, "login")
        for place, answered in enumerate(
            ["2026-05-05 09:00", "2026-05-05 10:00", "2026-05-05 11:00", "2026-05-05 12:00",
             "2026-05-09 12:00"], start=1
        )
    ]  # fmt: skip
    rows.append(("T-6", "C-01", "2026-06-01 08:00", None, None, "export"))
    rows.append(("T-7", "R-01", "2025-01-05 08:00", "2025-01-05 09:00", "2025-01-05 09:00", "x"))
    names = [
        "ticket_id", "account_id", "opened_at", "first_response_at", "resolved_at", "topic",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def review(source: str, **values: object) -> SimpleNamespace:
    """Run all steps, as the notebook does, and show everything that it shows."""
    given_values = {"account_id": "C-01", "source": source, "as_of": LAST} | values
    params = resolve(playbook.Params, given_values)
    tables = playbook.load(params)
    account = playbook.review_account(tables, params)
    business = playbook.review_business(tables, params, account)
    use = playbook.review_use(tables, params, account)
    support = playbook.review_support(tables, params, account)
    people = playbook.review_people(tables, account)
    place = playbook.review_place(tables, params, account)
    steps = playbook.plan_next_steps(tables, params, business, use, support, people)
    found = playbook.findings(tables, account, business, use, support, people, place, steps)
    shown = [
        tables.table(), playbook.table_account(account), playbook.table_business(business),
        playbook.chart_business(business), playbook.table_use(use), playbook.chart_use(use),
        playbook.chart_actions(use), playbook.table_key_actions(use), playbook.chart_value(use),
        playbook.table_support(support), playbook.chart_support(support),
        playbook.table_people(people), playbook.chart_place(place), playbook.table_place(place),
        playbook.table_open_items(steps), playbook.table_actions(steps),
    ]  # fmt: skip
    return SimpleNamespace(
        params=params, tables=tables, account=account, business=business, use=use, support=support,
        people=people, place=place, steps=steps, findings=found, shown=shown,
    )  # fmt: skip


@pytest.fixture(scope="session")
def hand_made_tables() -> dict[str, pd.DataFrame]:
    return hand_made()


@pytest.fixture(scope="session")
def review_account():
    """Return a function that runs all steps on a source."""
    return review


@pytest.fixture(scope="session")
def portrait_steps():
    """Return the module that runs all steps of the customer portrait and shows them."""
    return beside("portrait")


@pytest.fixture(scope="session")
def experiment_steps():
    """Return the module that runs all steps of the A/B review, and makes experiments by hand."""
    return beside("experiments")


@pytest.fixture
def look(experiment_steps, make_tables):
    """Review a hand-made experiment after its tables were changed."""

    def run(change=None, *, params=None, as_of=date(2026, 2, 1), **made):
        frames = experiment_steps.hand_made(**made)
        if change is not None:
            change(frames)
        tables = make_tables(frames, as_of=as_of)
        return experiment_steps.review(tables, experiment_id="T-1", **(params or {}))

    return run


def beside(name: str):
    """Load a module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def renewal_steps():
    """Return the module that runs all steps of the renewal analysis and shows them."""
    path = Path(__file__).with_name("renewal.py")
    spec = importlib.util.spec_from_file_location("renewal_steps", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def funnel_steps():
    """Return the module that runs all steps of the funnel review and shows them."""
    path = Path(__file__).with_name("funnel.py")
    spec = importlib.util.spec_from_file_location("funnel_steps", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
