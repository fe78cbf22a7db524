"""The tables of events, their goals, costs and guests.

Targets are what is usual for the invitations sent out, times the factor of the plan: registered,
attended and qualified at the usual rates of the channels. So EV-08, whose lead goal has a factor
of 1.0, misses it by what the partner channel lost. Baselines are the results of the event before
in the same series.
"""

import numpy as np
import pandas as pd

from opsplaybook.samples.clock import UNKNOWN, dates, day_of, if_known, timestamps
from opsplaybook.samples.columns import frame, generator, pick
from opsplaybook.samples.event_plans import (
    ATTENDANCE_RATES,
    CHANNELS,
    EVENT_PLANS,
    QUALIFICATION_RATES,
    REGISTRATION_RATES,
    EventPlan,
)
from opsplaybook.samples.events import Guests
from opsplaybook.samples.history import History
from opsplaybook.samples.ids import Ids

HOURLY_RATE = 62.0

_DEFAULT_ACCOUNTS = 600
_COST_ITEMS = {
    "meeting": {"venue": 9_000, "catering": 5_500, "speakers": 3_000, "promotion": 1_500},
    "webinar": {"platform": 900, "speakers": 1_200, "promotion": 2_400},
    "fair": {"stand": 21_000, "travel": 6_500, "material": 3_800, "promotion": 2_500},
    "campaign": {"media": 9_500, "creative": 4_200, "mailing": 1_100},
}
_STAFF_HOURS = {"meeting": 46, "webinar": 24, "fair": 60, "campaign": 30}
_SHARE_GOALS = {
    "decision_maker_share": 0.30,
    "tier_sa_share": 0.25,
    "follow_up_share": 0.45,
    "satisfaction": 4.2,
}
"""Usual values of goals that do not grow with the number of guests."""
_LEADS_PER_ACCOUNT = 0.8
_DEAL_SHARE = 0.10
_DEAL_VALUE = 18_000.0
_WIN_SHARE = 0.3


def events_table() -> pd.DataFrame:
    """Write the table of events."""
    plans = EVENT_PLANS
    order = np.arange(len(plans))
    words = ("event_id", "name", "purposes", "format", "hosting", "series", "region", "topic")
    owners = ("Nora Lindberg", "Tomas Ferreira", "Wei Hartmann")
    start = np.array([day_of(plan.start) for plan in plans])
    days = np.array([plan.days for plan in plans])
    return frame(
        "events",
        {
            **{name: pick([getattr(plan, name) for plan in plans], order) for name in words},
            "owner": pick(owners, order % len(owners)),
            "start_on": dates(start),
            "end_on": dates(start + days - 1),
        },
    )


def event_contacts_table(history: History, ids: Ids) -> pd.DataFrame:
    """Write the table of people that the events reached, by event and company."""
    guests = history.guests
    moments = ("invited", "registered", "attended", "qualified", "followed_up")
    joined = {
        name: np.concatenate([getattr(part, name) for part in guests])
        for name in ("account", "contact", "channel", "rating", *moments)
    }
    event = np.repeat(np.arange(len(guests)), [len(part.contact) for part in guests])
    return frame(
        "event_contacts",
        {
            "event_id": pick(ids.event, event),
            "account_id": pick(ids.account, joined["account"]),
            "contact_id": pick(ids.contact, joined["contact"]),
            "channel": pick(CHANNELS, joined["channel"]),
            **{f"{name}_at": timestamps(joined[name]) for name in moments},
            "rating": joined["rating"],
        },
    )


def event_goals_table(history: History) -> pd.DataFrame:
    """Write the table of goals, set against what is usual for the invitations sent out."""
    numbered = [(number, goal) for number, plan in enumerate(EVENT_PLANS) for goal in plan.goals]
    start = np.array([day_of(EVENT_PLANS[number].start) for number, _ in numbered])
    usual = [
        _usual(EVENT_PLANS[number], history.guests[number]) for number in range(len(EVENT_PLANS))
    ]
    targets = [goal.factor * usual[number][goal.metric] for number, goal in numbered]
    order = np.arange(len(numbered))
    words = {
        "event_id": [EVENT_PLANS[number].event_id for number, _ in numbered],
        "metric": [goal.metric for _, goal in numbered],
        "purpose": [goal.purpose for _, goal in numbered],
    }
    return frame(
        "event_goals",
        {
            **{name: pick(values, order) for name, values in words.items()},
            "target": _nice(np.array(targets)),
            "baseline": np.array([_baseline(history, n, goal.metric) for n, goal in numbered]),
            "set_on": dates(_relative(start, [goal.set_day for _, goal in numbered])),
            "dropped_on": dates(_relative(start, [goal.dropped_day for _, goal in numbered])),
        },
    )


def event_costs_table(companies: int, *, seed: int) -> pd.DataFrame:
    """Write the table of costs: money planned and spent, and hours of staff."""
    rng = generator(seed, "event costs")
    scale = np.sqrt(companies / _DEFAULT_ACCOUNTS)
    items = [
        (plan, item, planned)
        for plan in EVENT_PLANS
        for item, planned in _COST_ITEMS[plan.format].items()
    ]
    count, order = len(items), np.arange(len(items))
    planned = np.round(scale * np.array([planned for _, _, planned in items], dtype=float), -1)
    hours = scale * np.array([_STAFF_HOURS[plan.format] for plan, _, _ in items])
    start = np.array([day_of(plan.start) for plan, _, _ in items])
    incurred = if_known(start + rng.integers(-20, 35, count))
    known = incurred != UNKNOWN
    actual = np.round(planned * np.exp(rng.normal(0.04, 0.12, count)), 2)
    worked = np.round(hours * np.exp(rng.normal(0, 0.2, count)), 1)
    return frame(
        "event_costs",
        {
            "event_id": pick([plan.event_id for plan, _, _ in items], order),
            "item": pick([item for _, item, _ in items], order),
            "planned": planned,
            "actual": np.where(known, actual, np.nan),
            "staff_hours": np.where(known, worked, np.nan),
            "hourly_rate": np.full(count, HOURLY_RATE),
            "incurred_on": dates(incurred),
        },
    )


def _usual(plan: EventPlan, guests: Guests) -> dict[str, float]:
    """Compute what the usual rates of the channels make of an event's invitations."""
    rates = [np.array(r) for r in (REGISTRATION_RATES, ATTENDANCE_RATES, QUALIFICATION_RATES)]
    registrations, attendees, leads = (
        float(np.prod(rates[: step + 1], axis=0)[guests.channel].sum()) for step in range(3)
    )
    accounts = _LEADS_PER_ACCOUNT * attendees
    deals = _DEAL_SHARE * accounts
    cost = sum(_COST_ITEMS[plan.format].values())
    cost += len(_COST_ITEMS[plan.format]) * _STAFF_HOURS[plan.format] * HOURLY_RATE
    return {
        **_SHARE_GOALS,
        "invited": float(len(guests.contact)),
        "registrations": registrations,
        "attendees": attendees,
        "leads": leads,
        "new_accounts": 0.5 * leads,
        "attended_accounts": accounts,
        "qualified_opportunities": deals,
        "pipeline_value": deals * _DEAL_VALUE,
        "closed_revenue": deals * _WIN_SHARE * _DEAL_VALUE,
        "cost": float(cost),
        "cost_per_lead": cost / max(leads, 1.0),
    }


def _baseline(history: History, number: int, metric: str) -> float:
    """Look up the result of the event before in the series; NaN where there is none."""
    step = {"registrations": "registered", "attendees": "attended", "leads": "qualified"}
    series = [plan.series for plan in EVENT_PLANS]
    earlier = [n for n in range(number) if series[n] == series[number]]
    if metric not in step or not earlier:
        return float("nan")
    return float((getattr(history.guests[earlier[-1]], step[metric]) != UNKNOWN).sum())


def _relative(start: np.ndarray, days: list[int | None]) -> np.ndarray:
    known = np.array([day is not None for day in days])
    return np.where(known, start + np.array([day or 0 for day in days]), UNKNOWN)


def _nice(values: np.ndarray) -> np.ndarray:
    """Round targets as people do: two digits that count, shares to the percent."""
    digits = 10.0 ** np.floor(np.log10(values) - 1)
    return np.round(np.round(values / digits) * digits, 2)
