"""Money spent to win customers, and what was published.

Planted here, neither of them in the null company:

- **spend**: a lead from paid search costs three times what a lead costs elsewhere (210 against
  70).
- **content**: of the clicks on case studies 0.06 become leads, of all others 0.02.
"""

import numpy as np
import pandas as pd

from opsplaybook.samples.account_table import CHANNELS
from opsplaybook.samples.clock import (
    FIRST_DATE,
    LAST_DAY,
    MONTHS,
    dates,
    first_day,
    month_of,
)
from opsplaybook.samples.columns import MISSING, frame, generator, pick, serial
from opsplaybook.samples.event_plans import EVENT_PLANS
from opsplaybook.samples.ids import Ids
from opsplaybook.samples.money_tables import CURRENCY

DEAR_CHANNEL = "paid search"
COST_PER_LEAD = 70.0
DEAR_RATIO = 3.0
LEADING_KIND = "case study"
LEAD_RATE = 0.02
LEADING_RATE = 0.06

_LEADS_PER_MONTH = np.array([14.0, 9.0, 12.0, 6.0, 10.0, 15.0])
_CLICKS_PER_LEAD = 30
_DEFAULT_COMPANIES = 600
_KINDS = ("article", "video", LEADING_KIND, "white paper")
_KIND_SHARES = (0.45, 0.2, 0.2, 0.15)
_PLACES = ("blog", "newsletter", "social", "partner site")
_TOPICS = ("Planning", "Data quality", "Reporting", "Integration", "Cost control")
_TITLES = {
    "article": "{} in a week",
    "video": "{}, shown in five minutes",
    LEADING_KIND: "How a customer got {} under control",
    "white paper": "{}: what the figures say",
}
_PIECES_PER_MONTH = 3
_LIFE_DAYS = 30


def spend_table(
    companies: int, channel: pd.Series, customer_since: pd.Series, *, seed: int, null: bool
) -> pd.DataFrame:
    """Write the table of spend, by month and channel.

    Parameters
    ----------
    companies : int
    channel, customer_since : Series
        Of all accounts; they say how many customers each channel won.
    seed : int
    null : bool
    """
    rng = generator(seed, "spend")
    month, code = (
        np.repeat(np.arange(MONTHS), len(CHANNELS)),
        np.tile(np.arange(len(CHANNELS)), MONTHS),
    )
    leads = rng.poisson(_LEADS_PER_MONTH[code] * companies / _DEFAULT_COMPANIES)
    dear = (code == CHANNELS.index(DEAR_CHANNEL)) & (not null)
    price = COST_PER_LEAD * np.where(dear, DEAR_RATIO, 1.0)
    expected = _LEADS_PER_MONTH[code] * companies / _DEFAULT_COMPANIES
    amount = price * expected * np.exp(rng.normal(0, 0.15, len(code)))
    clicks = rng.poisson(_CLICKS_PER_LEAD * np.maximum(leads, 1))
    return frame(
        "spend",
        {
            "channel": pick(CHANNELS, code),
            "starts_on": dates(first_day(month)),
            "ends_on": dates(first_day(month + 1) - 1),
            "amount": np.round(amount, 2),
            "currency": pick([CURRENCY], np.zeros(len(code), dtype=np.int64)),
            "kind": pick(("media", "people"), (code >= 3).astype(np.int64)),
            "impressions": clicks * 40 + rng.integers(0, 40, len(code)),
            "clicks": clicks,
            "leads": leads,
            "new_accounts": _won(channel, customer_since, month, code),
        },
    )


def content_tables(
    companies: int, ids: Ids, *, seed: int, null: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write the tables of published pieces and of their first thirty days."""
    rng = generator(seed, "content")
    count = MONTHS * _PIECES_PER_MONTH
    month = np.repeat(np.arange(MONTHS), _PIECES_PER_MONTH)
    published = rng.integers(first_day(month), first_day(month + 1))
    kind = rng.choice(len(_KINDS), size=count, p=_KIND_SHARES)
    topic = rng.integers(0, len(_TOPICS), count)
    keys = serial("CT-", count)
    titles = [_TITLES[name].format(words) for name in _KINDS for words in _TOPICS]
    pieces = frame(
        "content",
        {
            "content_id": pick(keys, np.arange(count)),
            "channel": pick(_PLACES, rng.integers(0, len(_PLACES), count)),
            "kind": pick(_KINDS, kind),
            "name": pick(titles, kind * len(_TOPICS) + topic),
            "topic": pick(_TOPICS, topic),
            "event_id": pick(ids.event, _announced(rng, published)),
            "published_on": dates(published),
        },
    )
    rate = np.where((kind == _KINDS.index(LEADING_KIND)) & (not null), LEADING_RATE, LEAD_RATE)
    return pieces, _daily(rng, published, rate, keys, companies / _DEFAULT_COMPANIES)


def _won(
    channel: pd.Series, customer_since: pd.Series, month: np.ndarray, code: np.ndarray
) -> np.ndarray:
    """Count the customers that each channel won in each month."""
    won = (customer_since >= FIRST_DATE.astype("M8[us]")).to_numpy()
    days = (customer_since[won] - FIRST_DATE.astype("M8[us]")).dt.days
    place = pd.Index(CHANNELS).get_indexer(channel[won])
    counts = np.zeros((MONTHS, len(CHANNELS)), dtype=np.int64)
    np.add.at(counts, (month_of(days.to_numpy()), place), 1)
    return counts[month, code]


def _announced(rng: np.random.Generator, published: np.ndarray) -> np.ndarray:
    """Draw which pieces announce the next event."""
    starts = np.array([plan.start for plan in EVENT_PLANS], dtype="M8[D]")
    following = np.searchsorted((starts - FIRST_DATE).astype(np.int64), published, side="right")
    announces = (rng.random(len(published)) < 0.2) & (following < len(EVENT_PLANS))
    return np.where(announces, following, MISSING)


def _daily(
    rng: np.random.Generator,
    published: np.ndarray,
    rate: np.ndarray,
    keys: object,
    scale: float,
) -> pd.DataFrame:
    piece = np.repeat(np.arange(len(published)), _LIFE_DAYS)
    age = np.tile(np.arange(_LIFE_DAYS), len(published))
    kept = published[piece] + age <= LAST_DAY
    piece, age = piece[kept], age[kept]
    reach = np.exp(rng.normal(6.5, 0.5, len(published)))[piece] * np.exp(-age / 8)
    exposure = rng.poisson(reach * np.sqrt(scale))
    pv = rng.binomial(exposure, 0.3)
    clicks = rng.binomial(pv, 0.25)
    return frame(
        "content_daily",
        {
            "content_id": pick(keys, piece),
            "day": dates(published[piece] + age),
            "pv": pv,
            "uv": rng.binomial(pv, 0.8),
            "exposure": exposure,
            "reposts": rng.binomial(pv, 0.01),
            "clicks": clicks,
            "leads": rng.binomial(clicks, rate[piece]),
        },
    )
