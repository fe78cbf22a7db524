"""The companies: who they are, what they need, what they are worth.

Planted here:

- **Value drivers.** The logarithm of the annual value of a contract rises by 1.0 per standard
  deviation of company size (`employees`, in logarithms), by 0.5 per standard deviation of
  `growth_potential`, and by 0.4 per step of `demand_type` (project, department, company-wide).
  Size and growth potential are correlated (0.5). Influence is correlated with size (0.6) and
  does nothing itself; brand, payment record, length of cooperation do nothing. Order amount and
  gross profit are what the drivers lead to, and say the same thing twice.
- **Concentration.** The unexplained part has a standard deviation of 1.0; together with the
  drivers, a fifth of the customers bring about four fifths of the value.
- **Three key accounts** hold 8% each of the value on the first day; nobody else is worth more
  than 0.35 of one of them. They grow without the noise that other renewals have.
- **Gaps.** Influence is missing for 25% of the companies, brand for 30%, growth potential
  for 15%; employees is complete.
- **Strategic override.** Three small customers are marked as strategic, with a reason and a
  last day.
"""

from dataclasses import dataclass

import numpy as np

from opsplaybook.samples.clock import DAYS, UNKNOWN
from opsplaybook.samples.columns import generator
from opsplaybook.samples.names import INDUSTRIES

PROSPECTS_PER_CUSTOMER = 1.5
KEY_ACCOUNTS = 3
KEY_SHARE = 0.08
LARGEST_OTHER_SHARE = 0.35
STRATEGIC_ACCOUNTS = 3

SIZE_EFFECT = 1.0
GROWTH_EFFECT = 0.5
DEMAND_EFFECT = 0.4
SIZE_GROWTH_CORRELATION = 0.5
SIZE_INFLUENCE_CORRELATION = 0.6
UNEXPLAINED_SPREAD = 1.0

INFLUENCE_GAPS = 0.25
BRAND_GAPS = 0.30
GROWTH_GAPS = 0.15

DEMANDS = ("project", "department", "company-wide")
_MEDIAN_EMPLOYEES = 220
_MEDIAN_VALUE = 13_000.0
_SCORE_LIMIT = 2.5


@dataclass(frozen=True, slots=True)
class Market:
    """All companies, as the generator knows them; every array has one entry per company.

    Attributes
    ----------
    begins_as_customer : ndarray of bool
        A customer on the first day; the others are prospects.
    key_account : ndarray of bool
        One of the three that decide a quarter.
    strategic : ndarray of bool
        Marked as strategic although small.
    known_from : ndarray of int
        Day on which the company was first recorded.
    size_score, growth_score : ndarray of float
        Standard scores of company size and growth potential.
    log_value : ndarray of float
        Logarithm of the annual value of a contract with it.
    industry, demand : ndarray of int
        Codes of `INDUSTRIES` and `DEMANDS`.
    employees : ndarray of int
    influence, brand, growth_potential : ndarray of float
        With their gaps (NaN).
    """

    begins_as_customer: np.ndarray
    key_account: np.ndarray
    strategic: np.ndarray
    known_from: np.ndarray
    size_score: np.ndarray
    growth_score: np.ndarray
    log_value: np.ndarray
    industry: np.ndarray
    demand: np.ndarray
    employees: np.ndarray
    influence: np.ndarray
    brand: np.ndarray
    growth_potential: np.ndarray

    @property
    def size(self) -> int:
        """Number of companies."""
        return len(self.industry)


def make_market(customers: int, *, seed: int, null: bool) -> Market:
    """Draw the companies: so many customers, and 1.5 times as many prospects beside them."""
    rng = generator(seed, "market")
    count = customers + round(PROSPECTS_PER_CUSTOMER * customers)
    begins = np.zeros(count, dtype=bool)
    begins[rng.permutation(count)[:customers]] = True
    size_score = _scores(rng, count)
    growth_score = _correlated(rng, size_score, SIZE_GROWTH_CORRELATION)
    demand = rng.choice(len(DEMANDS), size=count, p=(0.3, 0.45, 0.25))
    log_value = np.log(_MEDIAN_VALUE) + rng.normal(0, UNEXPLAINED_SPREAD, count)
    if not null:
        log_value += SIZE_EFFECT * size_score + GROWTH_EFFECT * growth_score
        log_value += DEMAND_EFFECT * (demand - 1)
    key = _largest(np.where(begins, log_value, -np.inf), KEY_ACCOUNTS)
    if not null:
        log_value = _with_key_accounts(log_value, begins, key)
    candidates = np.where(begins & ~key, -log_value, -np.inf)
    influence = 50 + 15 * _correlated(rng, size_score, SIZE_INFLUENCE_CORRELATION)
    return Market(
        begins_as_customer=begins,
        key_account=key,
        strategic=_largest(candidates, STRATEGIC_ACCOUNTS),
        known_from=_known_from(rng, begins),
        size_score=size_score,
        growth_score=growth_score,
        log_value=log_value,
        industry=rng.integers(0, len(INDUSTRIES), count),
        demand=demand,
        employees=np.round(_MEDIAN_EMPLOYEES * np.exp(1.1 * size_score)).astype(np.int64) + 3,
        influence=_with_gaps(rng, np.round(influence, 1), INFLUENCE_GAPS),
        brand=_with_gaps(rng, np.round(50 + 15 * _scores(rng, count), 1), BRAND_GAPS),
        growth_potential=_with_gaps(
            rng, np.round(_MEDIAN_VALUE * np.exp(0.9 * growth_score), -2), GROWTH_GAPS
        ),
    )


def _with_key_accounts(log_value: np.ndarray, begins: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Give the key accounts their share, and cap the others."""
    others = np.exp(log_value[begins & ~key]).sum()
    of_key = np.log(others * KEY_SHARE / (1 - KEY_ACCOUNTS * KEY_SHARE))
    return np.where(key, of_key, np.minimum(log_value, of_key + np.log(LARGEST_OTHER_SHARE)))


def _scores(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.clip(rng.normal(size=count), -_SCORE_LIMIT, _SCORE_LIMIT)


def _correlated(rng: np.random.Generator, scores: np.ndarray, correlation: float) -> np.ndarray:
    own = rng.normal(size=len(scores))
    mixed = correlation * scores + np.sqrt(1 - correlation**2) * own
    return np.clip(mixed, -_SCORE_LIMIT, _SCORE_LIMIT)


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    chosen = np.zeros(len(values), dtype=bool)
    chosen[np.argsort(-values, kind="stable")[:count]] = True
    return chosen


def _with_gaps(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    return np.where(rng.random(len(values)) < share, np.nan, values)


def _known_from(rng: np.random.Generator, begins: np.ndarray) -> np.ndarray:
    """Day of the first record; a prospect is met before the calendar or on its way."""
    before = -rng.integers(30, 900, len(begins))
    on_the_way = rng.integers(0, DAYS - 90, len(begins))
    late = ~begins & (rng.random(len(begins)) < 0.4)
    return np.where(begins, UNKNOWN, np.where(late, on_the_way, before))
