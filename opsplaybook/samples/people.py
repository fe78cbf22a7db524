"""The people of each company, by their part in the decision to buy.

Planted here: decision makers leave with a rate of one in five years; what that does to renewals
is planted in `contracts`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook.contracts import ROLES
from opsplaybook.samples.clock import DAYS, LAST_DAY, UNKNOWN, dates, if_known
from opsplaybook.samples.columns import MISSING, frame, generator, pick
from opsplaybook.samples.ids import Ids
from opsplaybook.samples.market import Market
from opsplaybook.samples.names import person_names

_STINTS = 6
_HISTORY_DAYS = 1_500
_MEAN_STINT_DAYS = 5 * 365
_TITLES = {
    "user": ("Analyst", "Planner", "Clerk"),
    "evaluator": ("Process Engineer", "IT Architect", "Team Lead"),
    "budget holder": ("Head of Finance", "Controller", "Head of Department"),
    "decision maker": ("Chief Operating Officer", "Managing Director", "Head of Operations"),
    "signer": ("Chief Financial Officer", "Procurement Manager", "General Counsel"),
}
_ROLE = {role: code for code, role in enumerate(ROLES)}
_OTHER_ROLES = ("user", "evaluator", "budget holder", "signer")
_ROLE_SHARES = (0.5, 0.2, 0.15, 0.15)


@dataclass(frozen=True, slots=True)
class People:
    """All contacts; arrays have one entry per person, ordered by company.

    Attributes
    ----------
    account, role : ndarray of int
        Number of the company; code of `ROLES`.
    joined, left : ndarray of int
        Days; `left` is `UNKNOWN` for those who stay.
    decision_makers_left : ndarray of int, shape (companies, stints)
        Days on which decision makers of each company leave, also before the first day.
    """

    account: np.ndarray
    role: np.ndarray
    joined: np.ndarray
    left: np.ndarray
    decision_makers_left: np.ndarray

    def lost_decision_maker(self, accounts: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Tell whether a decision maker left in the 365 days up to and with a day."""
        days_since = day[:, None] - self.decision_makers_left[accounts]
        return ((days_since >= 0) & (days_since < 365)).any(axis=1)

    def present(self, day: int) -> np.ndarray:
        """Tell who is in their role on a day."""
        return (self.joined <= day) & ((self.left == UNKNOWN) | (self.left > day))


def make_people(market: Market, *, seed: int) -> People:
    """Draw decision makers one after the other, and the other roles beside them."""
    rng = generator(seed, "people")
    joined, left = _decision_maker_stints(rng, market.size)
    listed = (joined < DAYS) & (left > -200)
    accounts_d, stints = np.nonzero(listed)
    others = np.where(market.begins_as_customer, 4, 2) + rng.poisson(
        np.exp(0.7 + 0.4 * market.size_score)
    )
    accounts_o = np.repeat(np.arange(market.size), others)
    role_o = rng.choice([_ROLE[r] for r in _OTHER_ROLES], size=len(accounts_o), p=_ROLE_SHARES)
    joined_o, left_o = _other_stints(rng, len(accounts_o))
    account = np.concatenate([accounts_d, accounts_o])
    order = np.argsort(account, kind="stable")
    roles = np.concatenate([np.full(len(accounts_d), _ROLE["decision maker"]), role_o])
    return People(
        account=account[order],
        role=roles[order],
        joined=np.concatenate([joined[accounts_d, stints], joined_o])[order],
        left=if_known(np.concatenate([left[accounts_d, stints], left_o]))[order],
        decision_makers_left=left,
    )


def contacts_table(people: People, ids: Ids, *, seed: int) -> pd.DataFrame:
    """Write the table of contacts."""
    rng = generator(seed, "contacts")
    count = len(people.account)
    titles = [title for role in ROLES for title in _TITLES[role]]
    is_decider = people.role == _ROLE["decision maker"]
    not_asked = rng.random(count) < 0.05
    covered = people.joined + rng.integers(5, 300, count)
    unknown = (rng.random(count) < 0.55) | ((people.left != UNKNOWN) & (covered >= people.left))
    return frame(
        "contacts",
        {
            "contact_id": pick(ids.contact, np.arange(count)),
            "account_id": pick(ids.account, people.account),
            "name": pick(person_names(rng, count), np.arange(count)),
            "role": pick(ROLES, np.where(not_asked & ~is_decider, MISSING, people.role)),
            "title": pick(titles, people.role * 3 + rng.integers(0, 3, count)),
            "has_veto": is_decider | (rng.random(count) < 0.03),
            "joined_on": dates(people.joined),
            "left_on": dates(people.left),
            "covered_on": dates(if_known(np.where(unknown, UNKNOWN, covered))),
        },
    )


def _decision_maker_stints(rng: np.random.Generator, companies: int) -> tuple:
    """Draw first and last days of decision makers, one after the other, from long before."""
    lengths = np.ceil(rng.exponential(_MEAN_STINT_DAYS, (companies, _STINTS))).astype(np.int64)
    gaps = rng.integers(20, 120, (companies, _STINTS))
    ends = -_HISTORY_DAYS + np.cumsum(lengths + gaps, axis=1) - gaps
    starts = ends - lengths
    # The stints forget their past, so the first may have begun at any earlier day.
    starts[:, 0] -= rng.integers(0, _HISTORY_DAYS, companies)
    return starts, ends


def _other_stints(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    joined = rng.integers(-_HISTORY_DAYS, LAST_DAY - 30, count)
    left = joined + np.ceil(rng.exponential(8 * 365, count)).astype(np.int64)
    return joined, left
