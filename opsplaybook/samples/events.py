"""Whom the events reached, and what one of them really brought.

Planted here:

- **EV-09 lifts.** A company that attends opens a deal because of it with probability
  0.20 / (1 - p), p being its chance of opening one anyway; so its probability of at least one
  new deal within 90 days is raised by 0.20. Such deals are won with probability 0.45.
- **EV-08 fails in one channel.** Of those registered through partners 0.15 attended, usual
  are 0.62.
- **What the sales people write down** is not what was caused: 0.6 of the deals that an attending
  company opens within 60 days of an event carry the event's key, whatever their cause, and so
  do 0.15 of the deals that were open before the event.
"""

from dataclasses import dataclass

import numpy as np

from opsplaybook.samples.clock import DAY, HOUR, LAST_MOMENT, UNKNOWN, day_of, if_known
from opsplaybook.samples.event_plans import (
    ATTENDANCE_RATES,
    CHANNELS,
    FAILED_ATTENDANCE_RATE,
    FAILED_CHANNEL,
    LIFT,
    LIFT_DAYS,
    MISSING_EVENT,
    QUALIFICATION_RATES,
    REGISTRATION_RATES,
    EventPlan,
)
from opsplaybook.samples.market import Market
from opsplaybook.samples.people import People

TAGGED_AFTER = 0.6
TAGGED_AFTER_DAYS = 60
TAGGED_BEFORE = 0.15
FOLLOW_UP_RATE = 0.88
FOLLOW_UP_MEDIAN_HOURS = 30.0

_INVITED_DAYS_BEFORE = (18, 29)
_WALK_IN_RATE = 0.05
_RATING_RATE = 0.5


@dataclass(frozen=True, slots=True)
class Guests:
    """People reached by one event; arrays have one entry per person.

    Attributes
    ----------
    contact, account, channel : ndarray of int
        Numbers of the person and company; code of `CHANNELS`.
    invited, registered, attended, qualified, followed_up : ndarray of int
        Moments, `UNKNOWN` where it did not happen.
    rating : ndarray of float
        1 to 5, NaN where none was given.
    """

    contact: np.ndarray
    account: np.ndarray
    channel: np.ndarray
    invited: np.ndarray
    registered: np.ndarray
    attended: np.ndarray
    qualified: np.ndarray
    followed_up: np.ndarray
    rating: np.ndarray

    @property
    def attended_accounts(self) -> np.ndarray:
        """Companies with at least one attendee, in order."""
        return np.unique(self.account[self.attended != UNKNOWN])

    def first_attendee(self, accounts: np.ndarray) -> np.ndarray:
        """One attendee (number of the contact) of each of these companies."""
        came = self.attended != UNKNOWN
        companies, first = np.unique(self.account[came], return_index=True)
        return self.contact[came][first[np.searchsorted(companies, accounts)]]


def hold(
    rng: np.random.Generator,
    plan: EventPlan,
    people: People,
    invited_accounts: np.ndarray,
    *,
    null: bool,
) -> Guests:
    """Invite people of companies, and see who comes.

    Parameters
    ----------
    rng : Generator
    plan : EventPlan
    people : People
    invited_accounts : ndarray of bool
        One entry per company.
    null : bool
    """
    start = day_of(plan.start)
    asked = people.present(start - _INVITED_DAYS_BEFORE[1]) & invited_accounts[people.account]
    asked &= rng.random(len(asked)) < plan.contact_share
    contact = np.flatnonzero(asked)
    channel = rng.choice(len(CHANNELS), size=len(contact), p=plan.channels)
    attendance = np.array(ATTENDANCE_RATES)
    if plan.event_id == MISSING_EVENT and not null:
        attendance[CHANNELS.index(FAILED_CHANNEL)] = FAILED_ATTENDANCE_RATE
    registers = rng.random(len(contact)) < np.array(REGISTRATION_RATES)[channel]
    attends = registers & (rng.random(len(contact)) < attendance[channel])
    qualifies = attends & (rng.random(len(contact)) < np.array(QUALIFICATION_RATES)[channel])
    moments = _moments(rng, plan, start, registers, attends, qualifies)
    walk_in = attends & (plan.format == "fair") & (rng.random(len(contact)) < _WALK_IN_RATE)
    for name in ("invited", "registered"):
        moments[name] = np.where(walk_in, UNKNOWN, moments[name])
    rated = attends & (rng.random(len(contact)) < _RATING_RATE)
    rating = np.clip(np.round(rng.normal(4.1, 0.8, len(contact))), 1, 5)
    return Guests(
        contact=contact,
        account=people.account[contact],
        channel=channel,
        rating=np.where(rated & (moments["attended"] != UNKNOWN), rating, np.nan),
        **moments,
    )


def invitations(
    rng: np.random.Generator,
    plan: EventPlan,
    market: Market,
    activity_score: np.ndarray,
) -> np.ndarray:
    """Draw which companies are invited, by recent activity and size as the plan says."""
    by_activity, by_size = plan.selection
    odds = plan.invitation_odds + by_activity * activity_score + by_size * market.size_score
    chosen = rng.random(market.size) < plan.largest_share / (1 + np.exp(-odds))
    return chosen & (market.known_from <= day_of(plan.start) - _INVITED_DAYS_BEFORE[1])


def lifted(rng: np.random.Generator, chance_anyway: np.ndarray) -> np.ndarray:
    """Draw which attending companies open a deal because of the event.

    Parameters
    ----------
    rng : Generator
    chance_anyway : ndarray of float
        Chance of a new deal within 90 days without the event.
    """
    return rng.random(len(chance_anyway)) < np.minimum(LIFT / (1 - chance_anyway), 1.0)


def lifted_days(rng: np.random.Generator, start: int, count: int) -> np.ndarray:
    """Draw the days on which deals that an event caused are opened."""
    return start + rng.integers(3, LIFT_DAYS - 4, count)


def tag(
    rng: np.random.Generator,
    start: int,
    attended_accounts: np.ndarray,
    deals: dict[str, np.ndarray],
) -> np.ndarray:
    """Draw which deals get an event's key in the customer system."""
    came = np.isin(deals["account"], attended_accounts)
    days_after = deals["opened"] - start
    drawn = rng.random(len(came))
    after = (days_after > 0) & (days_after <= TAGGED_AFTER_DAYS) & (drawn < TAGGED_AFTER)
    open_before = (days_after < 0) & (deals["closed"] > start) & (drawn < TAGGED_BEFORE)
    return came & (after | open_before)


def _moments(
    rng: np.random.Generator,
    plan: EventPlan,
    start: int,
    registers: np.ndarray,
    attends: np.ndarray,
    qualifies: np.ndarray,
) -> dict[str, np.ndarray]:
    """Draw when each step happened; steps that did not happen are `UNKNOWN`."""
    count = len(registers)
    invited = (start - rng.integers(*_INVITED_DAYS_BEFORE, count)) * DAY
    invited += rng.integers(7 * HOUR, 16 * HOUR, count)
    registered = invited + rng.integers(HOUR, 14 * DAY, count)
    day = rng.integers(0, plan.days, count)
    attended = (start + day) * DAY + rng.integers(8 * HOUR, 12 * HOUR, count)
    qualified = attended + rng.integers(HOUR, 3 * DAY, count)
    delay = FOLLOW_UP_MEDIAN_HOURS * HOUR * np.exp(rng.normal(0, 0.9, count))
    followed_up = qualified + np.ceil(delay).astype(np.int64)
    follows = qualifies & (rng.random(count) < FOLLOW_UP_RATE)
    return {
        "invited": invited,
        "registered": np.where(registers, registered, UNKNOWN),
        "attended": np.where(attends, attended, UNKNOWN),
        "qualified": np.where(qualifies, if_known(qualified, LAST_MOMENT), UNKNOWN),
        "followed_up": np.where(follows, if_known(followed_up, LAST_MOMENT), UNKNOWN),
    }
