"""Support, requirements, service processes, trainings.

Planted here, one truth per table, none of them in the null company:

- **tickets**: since 2025-10-01 tickets about integrations take twice as long to solve.
- **requirements**: single sign-on is 0.10 of what is asked for, and 0.30 since 2026-01-01.
- **process_steps**: the legal review of a signing takes four times as long as its plan (a
  median of 64 hours); other steps have a median of two thirds of their limit.
- **trainings**: of those trained before the launch 0.85 pass, during it 0.70, after it 0.60.
"""

from statistics import NormalDist

import numpy as np
import pandas as pd

from opsplaybook.samples.clock import (
    DAY,
    DAYS,
    HOUR,
    LAST_MOMENT,
    UNKNOWN,
    dates,
    day_of,
    first_day,
    if_known,
    in_office_hours,
    timestamps,
)
from opsplaybook.samples.columns import frame, generator, pick, serial
from opsplaybook.samples.ids import Ids
from opsplaybook.samples.people import People

SLOW_TOPIC = "integration"
SLOW_SINCE = "2025-10-01"
SLOW_RATIO = 2.0
ASKED_TOPIC = "single sign-on"
ASKED_SINCE = "2026-01-01"
ASKED_SHARE_BEFORE = 0.10
ASKED_SHARE_AFTER = 0.30
SLOW_STEP = "legal review"
SLOW_STEP_MEDIAN_HOURS = 64.0
USUAL_STEP_MEDIAN_HOURS = 16.0
PASS_RATES = {"before": 0.85, "during": 0.70, "after": 0.60}
"""Share of trained people who pass, by stage."""

_TICKETS_PER_MONTH = 0.35
_TICKET_TOPICS = ("reports", SLOW_TOPIC, "imports", "access", "billing", "performance")
_TICKET_KINDS = ("production", "operation", "management")
_SEVERITIES = ("critical", "high", "medium", "low")
_SEVERITY_SHARES = (0.05, 0.20, 0.50, 0.25)
_SOLUTION_HOURS = np.array([5.0, 14.0, 34.0, 60.0])
_LIMIT_HOURS = np.array([8.0, 24.0, 72.0, 120.0])
_TEAMS = ("First line", "Platform team", "Data team")
_REQUIREMENTS_PER_MONTH = 0.08
_WORDS = {
    "single sign-on": (
        "We want to log in with our company account.",
        "Please connect it to our identity provider.",
    ),
    "export": (
        "We need the numbers in a spreadsheet every Monday.",
        "The export leaves out the column with the order number.",
    ),
    "dashboards": (
        "Could two dashboards be shown side by side?",
        "The chart does not show negative values.",
    ),
    "roles": (
        "A planner should not see the salaries.",
        "We want to give rights by department.",
    ),
    "mobile": (
        "On the phone the table is cut off.",
        "Our drivers need it on a small screen.",
    ),
    "interfaces": (
        "It should read from our ERP without a file in between.",
        "The interface stops after a thousand rows.",
    ),
}
_STATUSES = ("new", "accepted", "planned", "delivered", "declined")
_PROCESS_STEPS = {
    "signing": (("offer", "Sales", 24), (SLOW_STEP, "Legal", 24), ("signature", "Sales", 48)),
    "support": (("triage", "First line", 4), ("analysis", "Second line", 24)),
    "settlement": (("invoice check", "Finance", 24), ("posting", "Finance", 48)),
    "requirement": (("assessment", "Product", 72), ("answer", "Product", 48)),
    "training": (("planning", "Academy", 72), ("delivery", "Academy", 120)),
}
_CASES_PER_MONTH = 0.12
_PASS_SCORE = 60.0
_SCORE_SPREAD = 12.0
_COURSES = ("Reading dashboards", "Building reports", "Connecting data")


def tickets_table(customer_months: np.ndarray, ids: Ids, *, seed: int, null: bool) -> pd.DataFrame:
    """Write the table of tickets, in order of opening."""
    rng = generator(seed, "tickets")
    account, opened = _happenings(rng, customer_months, _TICKETS_PER_MONTH)
    count = len(account)
    topic = rng.integers(0, len(_TICKET_TOPICS), count)
    severity = rng.choice(len(_SEVERITIES), size=count, p=_SEVERITY_SHARES)
    hours = _SOLUTION_HOURS[severity] * np.exp(rng.normal(0, 0.8, count))
    slow = (topic == 1) & (opened >= day_of(SLOW_SINCE) * DAY) & (not null)
    seconds = np.ceil(np.where(slow, SLOW_RATIO, 1.0) * hours * HOUR)
    answered = opened + np.ceil(seconds * rng.uniform(0.02, 0.4, count)).astype(np.int64)
    resolved = if_known(opened + seconds.astype(np.int64), LAST_MOMENT)
    is_open = resolved == UNKNOWN
    made = np.where(is_open, np.nan, seconds <= _LIMIT_HOURS[severity] * HOUR)
    reopened = np.where(is_open, np.nan, rng.random(count) < 0.07)
    rating = np.clip(np.round(rng.normal(4.1, 0.9, count)), 1, 5)
    return frame(
        "tickets",
        {
            "ticket_id": pick(serial("T-", count, width=5), np.arange(count)),
            "account_id": pick(ids.account, account),
            "opened_at": timestamps(opened),
            "first_response_at": timestamps(if_known(answered, LAST_MOMENT)),
            "resolved_at": timestamps(resolved),
            "kind": pick(_TICKET_KINDS, rng.choice(3, size=count, p=(0.5, 0.35, 0.15))),
            "severity": pick(_SEVERITIES, severity),
            "topic": pick(_TICKET_TOPICS, topic),
            "channel": pick(("portal", "email", "phone"), rng.integers(0, 3, count)),
            "owner": pick(_TEAMS, np.where(topic == 1, 1, np.where(topic == 2, 2, 0))),
            "reopened": pd.array(reopened, dtype="boolean"),
            "limit_hours": _LIMIT_HOURS[severity],
            "made_limit": pd.array(made, dtype="boolean"),
            "satisfaction": np.where(is_open | (rng.random(count) < 0.6), np.nan, rating),
        },
    )


def requirements_table(
    customer_months: np.ndarray, ids: Ids, *, seed: int, null: bool
) -> pd.DataFrame:
    """Write the table of requirements, in order of submission."""
    rng = generator(seed, "requirements")
    account, moment = _happenings(rng, customer_months, _REQUIREMENTS_PER_MONTH)
    submitted, count = moment // DAY, len(account)
    since = (submitted >= day_of(ASKED_SINCE)) & (not null)
    asked = rng.random(count) < np.where(since, ASKED_SHARE_AFTER, ASKED_SHARE_BEFORE)
    topic = np.where(asked, 0, rng.integers(1, len(_WORDS), count))
    sentence = rng.integers(0, 2, count)
    answered = if_known(submitted + rng.geometric(0.08, count))
    delivered = if_known(answered + rng.geometric(0.01, count) + 20)
    fate = rng.choice(4, size=count, p=(0.35, 0.2, 0.25, 0.2)) + 1
    delivered = np.where((answered != UNKNOWN) & (fate == 3), delivered, UNKNOWN)
    status = np.select(
        [answered == UNKNOWN, (fate == 3) & (delivered == UNKNOWN)], [0, 2], default=fate
    )
    sentences = [words for pair in _WORDS.values() for words in pair]
    return frame(
        "requirements",
        {
            "requirement_id": pick(serial("R-", count), np.arange(count)),
            "account_id": pick(ids.account, account),
            "words": pick(sentences, 2 * topic + sentence),
            "kind": pick(("requirement", "bug"), sentence * (rng.random(count) < 0.6)),
            "topic": pick([*_WORDS], topic),
            "submitted_on": dates(submitted),
            "status": pick(_STATUSES, status),
            "answered_on": dates(answered),
            "delivered_on": dates(delivered),
            "effort": np.ceil(np.exp(rng.normal(1.5, 0.8, count))),
        },
    )


def process_steps_table(
    customer_months: np.ndarray, ids: Ids, *, seed: int, null: bool
) -> pd.DataFrame:
    """Write the table of process steps: the steps of a case follow each other."""
    rng = generator(seed, "process steps")
    names = [*_PROCESS_STEPS]
    parts = []
    for number, steps in enumerate(_PROCESS_STEPS.values()):
        account, started = _happenings(rng, customer_months, _CASES_PER_MONTH)
        for place, (step, _, limit) in enumerate(steps):
            slow = step == SLOW_STEP and not null
            median = SLOW_STEP_MEDIAN_HOURS if slow else limit * 2 / 3
            hours = median * np.exp(rng.normal(0, 0.6, len(started)))
            paused = np.where(rng.random(len(started)) < 0.2, np.round(hours * 0.3, 1), 0.0)
            finished = started + np.ceil(hours * HOUR).astype(np.int64)
            case = np.arange(len(started)) + 1
            parts.append((number, place, case, account, started, finished, paused))
            started = finished
    sizes = [len(part[2]) for part in parts]
    process, place = (np.repeat([part[n] for part in parts], sizes) for n in (0, 1))
    case, account, started, finished, paused = (
        np.concatenate([part[n] for part in parts]) for n in range(2, 7)
    )
    kept = np.flatnonzero(started <= LAST_MOMENT)
    kept = kept[np.argsort(started[kept], kind="stable")]
    all_steps = [(*step, name) for name in names for step in _PROCESS_STEPS[name]]
    offsets = np.cumsum([0, *(len(_PROCESS_STEPS[name]) for name in names)])[:-1]
    code = (offsets[process] + place)[kept]
    ended = if_known(finished[kept], LAST_MOMENT)
    keys = serial("", int(case.max(initial=1)), width=5)
    return frame(
        "process_steps",
        {
            "process": pick(names, process[kept]),
            "case_id": _case_keys(names, process[kept], case[kept], keys),
            "step": pick([step[0] for step in all_steps], code),
            "started_at": timestamps(started[kept]),
            "finished_at": timestamps(ended),
            "step_id": pick(serial("ST-", len(kept), width=5), np.arange(len(kept))),
            "account_id": pick(ids.account, account[kept]),
            "owner": pick([step[1] for step in all_steps], code),
            "limit_hours": np.array([step[2] for step in all_steps], dtype=float)[code],
            "paused_hours": np.where(ended == UNKNOWN, np.nan, paused[kept]),
        },
    )


def trainings_table(
    people: People, customers: np.ndarray, ids: Ids, *, seed: int, null: bool
) -> pd.DataFrame:
    """Write the table of trainings: some people of each customer, around its launch."""
    rng = generator(seed, "trainings")
    chosen = np.flatnonzero(customers[people.account] & (rng.random(len(people.account)) < 0.4))
    launch = rng.integers(40, DAYS - 130, len(customers))
    stage = rng.choice(3, size=len(chosen), p=(0.4, 0.35, 0.25))
    begin, end = np.array([-30, 0, 30])[stage], np.array([-1, 14, 120])[stage]
    day = launch[people.account[chosen]] + rng.integers(begin, end + 1)
    rates = [PASS_RATES["during"] if null else rate for rate in PASS_RATES.values()]
    usual = np.array([NormalDist(_PASS_SCORE, _SCORE_SPREAD).inv_cdf(rate) for rate in rates])
    score = np.round(rng.normal(usual[stage], _SCORE_SPREAD), 1)
    order = np.argsort(day, kind="stable")
    return frame(
        "trainings",
        {
            "account_id": pick(ids.account, people.account[chosen][order]),
            "contact_id": pick(ids.contact, chosen[order]),
            "at": timestamps(in_office_hours(rng, day[order])),
            "stage": pick([*PASS_RATES], stage[order]),
            "course": pick(_COURSES, rng.integers(0, len(_COURSES), len(chosen))),
            "hours": rng.choice([1.5, 3.0, 6.0], size=len(chosen)),
            "score": np.clip(score, 0, 100)[order],
            "passed": (score >= _PASS_SCORE)[order],
        },
    )


def _happenings(
    rng: np.random.Generator, customer_months: np.ndarray, per_month: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw companies and moments at a rate per month as a customer, in order of time."""
    number = rng.poisson(per_month * customer_months)
    account, month = (np.repeat(index, number.ravel()) for index in _grid(number.shape))
    first, last = first_day(month), first_day(month + 1)
    moment = in_office_hours(rng, rng.integers(first, last))
    order = np.argsort(moment, kind="stable")
    return account[order], moment[order]


def _grid(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    companies, months = shape
    return np.repeat(np.arange(companies), months), np.tile(np.arange(months), companies)


def _case_keys(names: list[str], process: np.ndarray, case: np.ndarray, keys: object) -> pd.Series:
    prefix = pd.Series(pick([f"{name[:2].upper()}-" for name in names], process))
    return prefix + pd.Series(pick(keys, case - 1))
