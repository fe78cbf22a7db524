"""What people do: customers in the product, prospects on our pages.

Planted here:

- **Falling use.** Each month 2.5% of the companies begin a decline of six months in which
  use goes down to about a third. What that does to renewals is planted in `contracts`.

How much a company does depends on nothing else but a level of its own and a slow drift.
"""

from dataclasses import dataclass

import numpy as np

from opsplaybook.samples.clock import DAYS, FIRST_DATE, MONTHS, first_day
from opsplaybook.samples.columns import generator
from opsplaybook.samples.market import Market

DECLINE_MONTHLY_SHARE = 0.025
DECLINE_COURSE = (0.7, 0.5, 0.4, 0.35, 0.35, 0.5)
FALLING_RATIO = 0.6
"""Use is falling when 90 days bring at most this share of the 90 days before."""
FALLING_MINIMUM_ROWS = 10

WINDOW_DAYS = 90
_CUSTOMER_ROWS_PER_DAY = 0.48
_PROSPECT_ROWS_PER_DAY = 0.045
_CUSTOMER_SPREAD = 0.45
_PROSPECT_SPREAD = 0.7
_DRIFT_KEPT = 0.8
_DRIFT_SPREAD = 0.2
_WEEKDAY_FACTOR = 7 / 5.6
_WEEKEND_FACTOR = _WEEKDAY_FACTOR * 0.3


@dataclass(frozen=True, slots=True)
class Levels:
    """Expected rows of activity.

    Attributes
    ----------
    as_customer, as_prospect : ndarray of float, shape (companies, months)
        Rows per day.
    """

    as_customer: np.ndarray
    as_prospect: np.ndarray


class Log:
    """Rows of activity per company and day, written month by month.

    Parameters
    ----------
    onboarding_rows : ndarray of int, shape (companies, days)
        Rows that new users add.
    """

    def __init__(self, onboarding_rows: np.ndarray) -> None:
        companies = len(onboarding_rows)
        self._onboarding_rows = onboarding_rows
        self.product_rows = np.zeros((companies, DAYS), dtype=np.uint8)
        self._rows_before = np.zeros((companies, DAYS + 1), dtype=np.int32)

    def write(self, rng: np.random.Generator, month: int, per_day: np.ndarray) -> None:
        """Draw the rows of a month from what is expected per company and day."""
        begin, end = (int(day) for day in first_day(np.array([month, month + 1])))
        factors = _day_factors(begin, end)
        drawn = rng.poisson(per_day[:, None] * factors).astype(np.uint8)
        self.product_rows[:, begin:end] = drawn
        total = np.cumsum(drawn + self._onboarding_rows[:, begin:end], axis=1, dtype=np.int32)
        self._rows_before[:, begin + 1 : end + 1] = total + self._rows_before[:, [begin]]

    def rows(self, accounts: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Count rows of companies from the day `begin` to the day before `end`."""
        before = self._rows_before
        return before[accounts, np.maximum(end, 0)] - before[accounts, np.maximum(begin, 0)]

    def recent(self, accounts: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Count rows in the 90 days before a day, scaled up where the calendar has fewer."""
        span = np.minimum(np.maximum(day, 1), WINDOW_DAYS)
        return self.rows(accounts, day - WINDOW_DAYS, day) * (WINDOW_DAYS / span)

    def falling(self, accounts: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Tell whose use is falling on a day; never in the first 180 days of the calendar."""
        late = self.rows(accounts, day - WINDOW_DAYS, day)
        early = self.rows(accounts, day - 2 * WINDOW_DAYS, day - WINDOW_DAYS)
        seen = (early >= FALLING_MINIMUM_ROWS) & (day >= 2 * WINDOW_DAYS)
        return seen & (late <= FALLING_RATIO * early)


def make_levels(market: Market, *, seed: int) -> Levels:
    """Draw how much each company does in each month, as a customer and as a prospect."""
    rng = generator(seed, "levels")
    own = rng.normal(size=market.size)
    course = np.exp(_drift(rng, market.size)) * _declines(rng, market.size)
    known = first_day(np.arange(MONTHS)) >= market.known_from[:, None]
    customer = _CUSTOMER_ROWS_PER_DAY * np.exp(_CUSTOMER_SPREAD * own)
    prospect = _PROSPECT_ROWS_PER_DAY * np.exp(_PROSPECT_SPREAD * own)
    return Levels(
        as_customer=customer[:, None] * course * known,
        as_prospect=prospect[:, None] * course * known,
    )


def activity_score(recent: np.ndarray, is_customer: np.ndarray) -> np.ndarray:
    """Score recent activity among companies of the same standing; 0 is usual, 1 a deviation."""
    usual = WINDOW_DAYS * np.where(is_customer, _CUSTOMER_ROWS_PER_DAY, _PROSPECT_ROWS_PER_DAY)
    spread = np.where(is_customer, 0.6, 0.8)
    return np.clip((np.log1p(recent) - np.log1p(usual)) / spread, -2.5, 2.5)


def _drift(rng: np.random.Generator, companies: int) -> np.ndarray:
    drift = np.zeros((companies, MONTHS))
    for month in range(1, MONTHS):
        noise = rng.normal(0, _DRIFT_SPREAD, companies)
        drift[:, month] = _DRIFT_KEPT * drift[:, month - 1] + noise
    return drift


def _declines(rng: np.random.Generator, companies: int) -> np.ndarray:
    begins = rng.random((companies, MONTHS)) < DECLINE_MONTHLY_SHARE
    course = np.ones((companies, MONTHS))
    for lag, factor in enumerate(DECLINE_COURSE):
        declining = np.zeros_like(begins)
        declining[:, lag:] = begins[:, : MONTHS - lag]
        course = np.where(declining, np.minimum(course, factor), course)
    return course


def _day_factors(begin: int, end: int) -> np.ndarray:
    days = FIRST_DATE + np.arange(begin, end)
    return np.where(np.is_busday(days), _WEEKDAY_FACTOR, _WEEKEND_FACTOR)
