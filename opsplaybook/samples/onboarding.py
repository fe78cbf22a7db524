"""The way of a new user: signed up, connected data, created a report, shared a report.

Planted here:

- **A Simpson reversal.** With release 5.0 on 2026-01-15 the step from `signed_up` to
  `connected_data` gets worse for guided users (from 0.82 to 0.70) and stays at 0.40 for
  self-service users; at the same time the share of guided users grows from 0.25 to 0.75, so
  that the total rises (from 0.505 to 0.625).
- **Later steps** do not change: 0.70 of those connected create a report, 0.50 of those share
  it.
- **An account-level path.** For 0.20 of the users who do not connect data themselves, a
  colleague of the same account does it; only a funnel by account sees that.
- **Young entrants.** People sign up until the last day; who signed up late is still open.

In the null company the release changes neither rates nor mix.
"""

from dataclasses import dataclass

import numpy as np

from opsplaybook.samples.clock import DAY, DAYS, LAST_MOMENT, day_of, in_office_hours
from opsplaybook.samples.columns import generator
from opsplaybook.samples.market import Market

STEPS = ("signed_up", "connected_data", "created_report", "shared_report")
SEGMENTS = ("self-service", "guided")
RELEASE_DATE = "2026-01-15"
CONNECT_RATES_BEFORE = (0.40, 0.82)
CONNECT_RATES_AFTER = (0.40, 0.70)
GUIDED_SHARE_BEFORE = 0.25
GUIDED_SHARE_AFTER = 0.75
CREATE_RATE = 0.70
SHARE_RATE = 0.50
COLLEAGUE_RATE = 0.20

_SIGN_UPS_PER_ACCOUNT = 5.0
_MEDIAN_DELAY_DAYS = (2.0, 1.0, 3.0)
_DELAY_SPREAD = 0.9


@dataclass(frozen=True, slots=True)
class Onboarding:
    """What new users did; arrays have one entry per row of activity.

    Attributes
    ----------
    account : ndarray of int
    newcomer : ndarray of int
        Place of the user among those who signed up at the account, from 0; -1 for a colleague
        who was there before.
    step, segment : ndarray of int
        Codes of `STEPS` and `SEGMENTS`.
    moment : ndarray of int
    newcomers : ndarray of int, shape (companies,)
        Users who signed up at each company.
    """

    account: np.ndarray
    newcomer: np.ndarray
    step: np.ndarray
    segment: np.ndarray
    moment: np.ndarray
    newcomers: np.ndarray

    def daily_rows(self, companies: int) -> np.ndarray:
        """Count rows, shape (companies, days)."""
        cells = self.account * DAYS + self.moment // DAY
        return np.bincount(cells, minlength=companies * DAYS).reshape(companies, DAYS)


def make_onboarding(market: Market, *, seed: int, null: bool) -> Onboarding:
    """Draw sign-ups, and what became of each."""
    rng = generator(seed, "onboarding")
    account, signed_up = _sign_ups(rng, market)
    newcomers = np.bincount(account, minlength=market.size)
    place = np.arange(len(account)) - np.repeat(np.cumsum(newcomers) - newcomers, newcomers)
    after = (signed_up >= day_of(RELEASE_DATE) * DAY) & (not null)
    guided = rng.random(len(account)) < np.where(after, GUIDED_SHARE_AFTER, GUIDED_SHARE_BEFORE)
    reached, moments, by_colleague = _path(rng, signed_up, guided.astype(np.int64), after)
    step, user = np.nonzero(reached & (moments <= LAST_MOMENT))
    colleague = by_colleague[user] & (step == 1)
    return Onboarding(
        account=account[user],
        newcomer=np.where(colleague, -1, place[user]),
        step=step,
        segment=guided[user].astype(np.int64),
        moment=moments[step, user],
        newcomers=newcomers,
    )


def _sign_ups(rng: np.random.Generator, market: Market) -> tuple[np.ndarray, np.ndarray]:
    """Draw who signs up when, ordered by company and moment."""
    first = np.maximum(market.known_from, 0)
    expected = _SIGN_UPS_PER_ACCOUNT * (DAYS - first) / DAYS
    account = np.repeat(np.arange(market.size), rng.poisson(expected))
    day = first[account] + np.floor(rng.random(len(account)) * (DAYS - first[account]))
    moment = in_office_hours(rng, day.astype(np.int64))
    order = np.lexsort((moment, account))
    return account[order], moment[order]


def _path(
    rng: np.random.Generator, signed_up: np.ndarray, guided: np.ndarray, after: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw steps reached, their moments, and whether a colleague connected the data."""
    users = len(signed_up)
    rate = np.where(
        after, *(np.array(r)[guided] for r in (CONNECT_RATES_AFTER, CONNECT_RATES_BEFORE))
    )
    alone = rng.random(users) < rate
    by_colleague = ~alone & (rng.random(users) < COLLEAGUE_RATE)
    created = alone & (rng.random(users) < CREATE_RATE)
    shared = created & (rng.random(users) < SHARE_RATE)
    reached = np.stack([np.ones(users, dtype=bool), alone | by_colleague, created, shared])
    median = np.array(_MEDIAN_DELAY_DAYS)[:, None] * DAY
    delays = median * np.exp(_DELAY_SPREAD * rng.normal(size=(3, users)))
    moments = signed_up + np.vstack([np.zeros(users), np.cumsum(np.ceil(delays), axis=0)])
    return reached, moments.astype(np.int64), by_colleague
