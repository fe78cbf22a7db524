"""Tiers decided by hand: by whom it is worth knowing why, since when and until when."""

import numpy as np
import pandas as pd

from opsplaybook.contracts import TIERS
from opsplaybook.errors import UsageError, quote
from opsplaybook.playbooks.customer_portrait.params import Params, read_override
from opsplaybook.sources import Tables
from opsplaybook.stats.tiers import UNSCORED

IN_FORCE = "in force"
_COLUMNS = ["account_id", "name", "tier", "at_least", "reason", "decided_on", "expires_on"]


def find_overrides(given: Tables, params: Params, current: pd.Index) -> pd.DataFrame:
    """Collect what was decided by hand, in the source and in the parameters.

    Parameters
    ----------
    given : Tables
    params : Params
        What its `overrides` name holds exactly, and before what the source marks.
    current : Index
        Current customers.

    Returns
    -------
    DataFrame
        ``account_id``, ``name``, ``tier``, ``at_least`` (whether the score may earn a better
        one), ``reason``, ``decided_on``, ``expires_on``, ``standing``.

    Raises
    ------
    UsageError
        If an account is named twice, or is not in the source.
    """
    accounts = given["accounts"].set_index("account_id")
    named = _named(params, accounts)
    marked = accounts.loc[accounts["strategic"].fillna(value=False)]
    marked = marked.loc[~marked.index.isin(named["account_id"])]
    strategic = pd.DataFrame(
        {
            "account_id": marked.index,
            "name": marked["name"].to_numpy(),
            "tier": params.strategic_tier,
            "at_least": True,
            "reason": marked["strategic_reason"].fillna("marked as strategic").to_numpy(),
            "decided_on": pd.NaT,
            "expires_on": marked["strategic_until"].to_numpy(),
        },
        columns=_COLUMNS,
    )
    parts = [part for part in (named, strategic) if len(part)]
    frame = pd.concat(parts, ignore_index=True) if parts else named
    return frame.assign(standing=_standing(frame, pd.Timestamp(given.as_of), current))


def forced_codes(overrides: pd.DataFrame, current: pd.Index, computed: np.ndarray) -> np.ndarray:
    """Return the tier that is forced on each customer, -1 where the score decides.

    Parameters
    ----------
    overrides : DataFrame
        As from `find_overrides`.
    current : Index, length n
    computed : ndarray of int, shape (n,)
        Tiers by score: one that is good enough needs no override; -1 where there is none.
    """
    valid = overrides.loc[overrides["standing"] == IN_FORCE].set_index("account_id")
    codes = valid["tier"].map(TIERS.index).reindex(current).to_numpy(dtype=float)
    at_least = valid["at_least"].reindex(current).eq(other=True).to_numpy()
    earned = at_least & (computed != UNSCORED) & (computed <= codes)
    return np.where(np.isnan(codes) | earned, UNSCORED, codes).astype(np.intp)


def _named(params: Params, accounts: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for line in params.overrides:
        account, tier, reason, decided, expires = read_override(line)
        if account not in accounts.index:
            raise UsageError(
                f"no account has the key {quote(account)}",
                where="overrides",
                remedy="write the key of an account of the source",
            )
        name = accounts.loc[account, "name"]
        rows.append((account, name, tier, False, reason, decided, expires))
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    twice = frame.loc[frame["account_id"].duplicated(), "account_id"].tolist()
    if twice:
        raise UsageError(
            f"{len(twice)} accounts are named twice",
            where="overrides",
            examples=[quote(account) for account in twice],
            remedy="decide once for each account",
        )
    days = dict.fromkeys(("decided_on", "expires_on"), "datetime64[us]")
    return frame.astype(days)


def _standing(frame: pd.DataFrame, day: pd.Timestamp, current: pd.Index) -> np.ndarray:
    conditions = [
        (frame["decided_on"] > day).to_numpy(),
        (frame["expires_on"] < day).to_numpy(),
        ~frame["account_id"].isin(current).to_numpy(),
    ]
    return np.select(conditions, ["not yet", "expired", "no current customer"], default=IN_FORCE)
