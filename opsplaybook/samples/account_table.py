"""The table of accounts: what the company's own records say.

`tier` follows a crude rule of the company (size, with much noise), and `health_score` is noise:
neither foretells who stays.
"""

import numpy as np
import pandas as pd

from opsplaybook.contracts import TIERS
from opsplaybook.samples.clock import LAST_DAY, UNKNOWN, dates, day_of, first_day, if_known
from opsplaybook.samples.columns import MISSING, frame, generator, pick
from opsplaybook.samples.ids import Ids
from opsplaybook.samples.market import DEMANDS, Market
from opsplaybook.samples.names import INDUSTRIES, company_names, person_names
from opsplaybook.samples.terms import LOST, Terms

CHANNELS = ("paid search", "partner", "events", "referral", "outbound", "organic")
SCORED_ON = "2026-06-15"

_COUNTRIES = (
    ("Sweden", "North"),
    ("Denmark", "North"),
    ("Netherlands", "North"),
    ("Germany", "Central"),
    ("Austria", "Central"),
    ("Switzerland", "Central"),
    ("France", "West"),
    ("Belgium", "West"),
    ("Ireland", "West"),
    ("Italy", "South"),
    ("Spain", "South"),
)
_BUSINESS_MODELS = ("direct sales", "resale", "services", "marketplace")
_SEGMENTS = ("small", "mid-market", "enterprise")
_SEGMENT_EMPLOYEES = (100, 1_000)
_TIER_SHARES = (0.04, 0.18, 0.50)
_ACCOUNTS_PER_OWNER = 50
_PARENT_SHARE = 0.06
_STRATEGIC_REASONS = ("entry into a new region", "reference in its industry", "partner of ours")
_STRATEGIC_DAYS_LEFT = 274
_NEVER_MONTH = 10_000


def accounts_table(market: Market, terms: Terms, ids: Ids, *, seed: int) -> pd.DataFrame:
    """Write the table of accounts.

    Parameters
    ----------
    market : Market
    terms : Terms
        Terms that are known on the last day.
    ids : Ids
    seed : int
    """
    rng = generator(seed, "accounts")
    count = market.size
    return frame(
        "accounts",
        {
            "account_id": pick(ids.account, np.arange(count)),
            "name": pick(company_names(market.industry), np.arange(count)),
            **_company(rng, market),
            **_relations(rng, market, ids),
            **_standing(rng, market, terms),
        },
    )


def _company(rng: np.random.Generator, market: Market) -> dict[str, object]:
    country = rng.integers(0, len(_COUNTRIES), market.size)
    revenue = np.round(market.employees * 180_000 * np.exp(rng.normal(0, 0.5, market.size)), -4)
    industry_known = rng.random(market.size) >= 0.03
    return {
        "industry": pick(INDUSTRIES, np.where(industry_known, market.industry, MISSING)),
        "employees": market.employees,
        "annual_revenue": np.where(rng.random(market.size) < 0.2, np.nan, revenue),
        "region": pick([region for _, region in _COUNTRIES], country),
        "country": pick([name for name, _ in _COUNTRIES], country),
        "business_model": pick(
            _BUSINESS_MODELS, rng.integers(0, len(_BUSINESS_MODELS), market.size)
        ),
        "segment": pick(_SEGMENTS, np.searchsorted(_SEGMENT_EMPLOYEES, market.employees)),
        "demand_type": pick(DEMANDS, market.demand),
        "influence": np.clip(market.influence, 0, 100),
        "brand": np.clip(market.brand, 0, 100),
        "growth_potential": market.growth_potential,
    }


def _relations(rng: np.random.Generator, market: Market, ids: Ids) -> dict[str, object]:
    count = market.size
    owners = max(3, round(count / _ACCOUNTS_PER_OWNER))
    # A parent stands earlier in the list and has no parent itself: no circles.
    place = np.arange(count)
    has_parent = (rng.random(count) < _PARENT_SHARE) & (place >= count // 2)
    parent = rng.integers(0, count // 2, count)
    nth = np.cumsum(market.strategic) - 1
    last = np.where(market.strategic, LAST_DAY + _STRATEGIC_DAYS_LEFT, UNKNOWN)
    return {
        "parent_id": pick(ids.account, np.where(has_parent, parent, MISSING)),
        "owner": pick(person_names(rng, owners), rng.integers(0, owners, count)),
        "channel": pick(CHANNELS, rng.integers(0, len(CHANNELS), count)),
        "strategic": market.strategic,
        "strategic_reason": pick(_STRATEGIC_REASONS, np.where(market.strategic, nth, MISSING)),
        "strategic_until": dates(last),
    }


def _standing(rng: np.random.Generator, market: Market, terms: Terms) -> dict[str, object]:
    """Since when each company is a customer, and whether it still is."""
    since, churned_on = _tenure(rng, market, terms)
    is_or_was = since != UNKNOWN
    created = np.where(
        market.begins_as_customer, since - rng.integers(30, 400, market.size), market.known_from
    )
    rank = np.argsort(np.argsort(-(market.size_score + rng.normal(0, 0.8, market.size))))
    score = np.clip(np.round(rng.normal(68, 14, market.size)), 0, 100)
    scored = np.where(is_or_was & (churned_on == UNKNOWN), day_of(SCORED_ON), UNKNOWN)
    return {
        "created_on": dates(created),
        "customer_since": dates(since),
        "tier": pick(TIERS, np.searchsorted(_TIER_SHARES, rank / market.size, side="right")),
        "health_score": np.where(scored == UNKNOWN, np.nan, score),
        "scored_on": dates(scored),
        "churned": churned_on != UNKNOWN,
        "churned_on": dates(churned_on),
    }


def _tenure(
    rng: np.random.Generator, market: Market, terms: Terms
) -> tuple[np.ndarray, np.ndarray]:
    """First day as a customer, and the day after the last term of those who left."""
    years_before = np.where(market.begins_as_customer, rng.geometric(0.35, market.size) - 1, 0)
    month = np.full(market.size, _NEVER_MONTH)
    np.minimum.at(month, terms.account, terms.start_month)
    since = first_day(month - 12 * years_before)
    last = np.full(market.size, UNKNOWN)
    np.maximum.at(last, terms.account, terms.end_day)
    lost = np.zeros(market.size, dtype=bool)
    ends_last = terms.end_day == last[terms.account]
    lost[terms.account[ends_last & (terms.outcome == LOST)]] = True
    return if_known(since), if_known(np.where(lost, last + 1, UNKNOWN))
