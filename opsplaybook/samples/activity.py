"""Rows of activity: who did what, when."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from opsplaybook.samples.clock import DAY, DAYS, day_of, in_office_hours, month_of, timestamps
from opsplaybook.samples.columns import MISSING, frame, generator, joined, numbered, pick
from opsplaybook.samples.history import History
from opsplaybook.samples.ids import Ids
from opsplaybook.samples.market import Market
from opsplaybook.samples.onboarding import SEGMENTS, STEPS, Onboarding

CUSTOMER_ACTIONS = {
    "viewed_dashboard": 0.45,
    "ran_report": 0.18,
    "exported_data": 0.10,
    "edited_dashboard": 0.08,
    "imported_records": 0.07,
    "commented": 0.06,
    "viewed_help": 0.03,
    "error_shown": 0.03,
}
"""Actions of customers, with their shares."""
PROSPECT_ACTIONS = {
    "visited_site": 0.60,
    "viewed_pricing": 0.15,
    "viewed_demo": 0.15,
    "downloaded_paper": 0.10,
}
ACTIONS = (*CUSTOMER_ACTIONS, *PROSPECT_ACTIONS, *STEPS)
PLATFORMS = ("web", "mobile", "api")
MOBILE = 1

_PLATFORM_SHARES = (0.7, 0.2, 0.1)
_RELEASES = (
    ("3.4", "2023-07-01"),
    ("3.5", "2024-02-06"),
    ("4.0", "2024-09-02"),
    ("4.1", "2025-04-01"),
    ("5.0", "2026-01-15"),
    ("5.1", "2026-05-05"),
)
_MEDIAN_IMPORT = 40.0
_IMPORT_SPREAD = 0.8
_EAGER_USERS = 1.6
_USER_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of activity, in order of time.

    Attributes
    ----------
    account, user, moment : ndarray of int
        `user` numbers the users of all companies.
    by_customer : ndarray of bool
        Done in the product by a customer, newcomers' first steps left out.
    action, segment, platform : ndarray of int
        Codes of `ACTIONS`, `SEGMENTS` (or -1) and `PLATFORMS`.
    quantity : ndarray of float
        Records imported; NaN for other actions.
    first_user : ndarray of int, shape (companies + 1,)
        Number of the first user of each company.
    """

    account: np.ndarray
    user: np.ndarray
    moment: np.ndarray
    by_customer: np.ndarray
    action: np.ndarray
    segment: np.ndarray
    platform: np.ndarray
    quantity: np.ndarray
    first_user: np.ndarray


def make_rows(market: Market, onboarding: Onboarding, history: History, *, seed: int) -> Rows:
    """Turn counts per company and day into rows, and add the first steps of new users."""
    rng = generator(seed, "activity")
    counts = history.log.product_rows
    cells = np.repeat(np.flatnonzero(counts), counts[counts > 0])
    account, day = cells // DAYS, cells % DAYS
    moment = in_office_hours(rng, day)
    by_customer = history.customer_months[account, month_of(day)]
    founders = _founders(rng, market)
    first_user = np.concatenate([[0], np.cumsum(founders + onboarding.newcomers)])
    users = founders[account] + _joined_by(onboarding, account, moment)
    user = np.floor(users * rng.random(len(cells)) ** _EAGER_USERS).astype(np.int64)
    newcomer = np.where(
        onboarding.newcomer < 0, 0, founders[onboarding.account] + onboarding.newcomer
    )
    parts = {
        "account": (account, onboarding.account),
        "user": (user + first_user[account], newcomer + first_user[onboarding.account]),
        "moment": (moment, onboarding.moment),
        "by_customer": (by_customer, np.zeros(len(onboarding.account), dtype=bool)),
        "action": (_actions(rng, by_customer), onboarding.step + ACTIONS.index(STEPS[0])),
        "segment": (np.full(len(cells), MISSING), onboarding.segment),
    }
    rows = {name: np.concatenate(both) for name, both in parts.items()}
    order = np.argsort(rows["moment"], kind="stable")
    rows = {name: values[order] for name, values in rows.items()}
    size = np.exp(rng.normal(np.log(_MEDIAN_IMPORT), _IMPORT_SPREAD, len(order)))
    is_import = rows["action"] == ACTIONS.index("imported_records")
    return Rows(
        **rows,
        platform=rng.choice(len(PLATFORMS), size=len(order), p=_PLATFORM_SHARES),
        quantity=np.where(is_import, np.ceil(size), np.nan),
        first_user=first_user,
    )


def activity_table(rows: Rows, ids: Ids) -> pd.DataFrame:
    """Write the table of activity."""
    day = rows.moment // DAY
    released = [day_of(date) for _, date in _RELEASES]
    version = np.searchsorted(released, day, side="right") - 1
    return frame(
        "activity",
        {
            "account_id": pick(ids.account, rows.account),
            "user_id": pick(user_ids(rows.first_user, ids), rows.user),
            "at": timestamps(rows.moment),
            "action": pick(ACTIONS, rows.action),
            "quantity": rows.quantity,
            "version": pick([name for name, _ in _RELEASES], version),
            "platform": pick(PLATFORMS, rows.platform),
            "segment": pick(SEGMENTS, rows.segment),
        },
    )


def user_ids(first_user: np.ndarray, ids: Ids) -> pa.Array:
    """Write the key of every user: the account's, and a number within it.

    Examples
    --------
    >>> from opsplaybook.samples.ids import make_ids
    >>> user_ids(np.array([0, 2, 3]), make_ids(2, 0)).to_pylist()
    ['A-0001-U001', 'A-0001-U002', 'A-0002-U001']
    """
    users = np.diff(first_user)
    place = np.arange(first_user[-1]) - np.repeat(first_user[:-1], users)
    account = ids.account.take(pa.array(np.repeat(np.arange(len(users)), users)))
    return joined(account, numbered("-U", place + 1, width=_USER_DIGITS))


def _founders(rng: np.random.Generator, market: Market) -> np.ndarray:
    """Users that each company has from the start; prospects are known by a few visitors."""
    usual = np.where(market.begins_as_customer, 2.0, 1.0)
    return 2 + rng.poisson(usual * np.exp(0.4 * market.size_score))


def _joined_by(onboarding: Onboarding, account: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Count the newcomers of each row's company who had signed up by then."""
    signed = onboarding.step == 0
    span = DAYS * DAY + DAY
    keys = np.sort(onboarding.account[signed] * span + onboarding.moment[signed])
    return np.searchsorted(keys, account * span + moment) - np.searchsorted(keys, account * span)


def _actions(rng: np.random.Generator, by_customer: np.ndarray) -> np.ndarray:
    drawn = rng.random(len(by_customer))
    ours = np.searchsorted(np.cumsum([*CUSTOMER_ACTIONS.values()])[:-1], drawn, side="right")
    others = np.searchsorted(np.cumsum([*PROSPECT_ACTIONS.values()])[:-1], drawn, side="right")
    return np.where(by_customer, ours, others + len(CUSTOMER_ACTIONS))
