"""Which term of a contract follows which."""

import numpy as np
import pandas as pd

_PLACES = (
    (["account_id", "product"], "forward"),
    (["account_id", "product"], "backward"),
    (["account_id"], "forward"),
)
"""Where the term that follows is looked for, the most likely place first."""


def followers(terms: pd.DataFrame, contracts: pd.DataFrame, *, grace_days: int) -> pd.Series:
    """Find the term that follows each: the one that names it, else the one that takes its place.

    Where the source names no term that another one renews, a term of the same product follows if
    it starts on the last day or within the grace after it; else if it starts within the grace
    before it, and runs on longer. Else the plan was changed: a term of another product follows if
    it starts as above, and follows none of its own product.

    Parameters
    ----------
    terms : DataFrame
        Terms to look for: some or all of `contracts`.
    contracts : DataFrame
        As of the contract, as known on the last day.
    grace_days : int
        Days after its end within which a term is renewed late.

    Returns
    -------
    Series of str
        Index of `terms`; ``contract_id`` of the follower, missing where there is none.

    Examples
    --------
    >>> found = pd.DataFrame({"contract_id": ["K-1", "K-2"], "account_id": "A",
    ...     "product": ["Basic", "Professional"], "renews_contract_id": None,
    ...     "start_on": pd.to_datetime(["2025-01-01", "2026-01-01"]),
    ...     "end_on": pd.to_datetime(["2026-01-01", None])})
    >>> followers(found, found, grace_days=30).tolist()
    ['K-2', nan]

    The plan was changed on the last day of the first term: nobody left.
    """
    named = contracts.dropna(subset="renews_contract_id")
    if len(named):
        by_name = named.drop_duplicates("renews_contract_id").set_index("renews_contract_id")
        return terms["contract_id"].map(by_name["contract_id"])
    terms, contracts = (
        frame.assign(product=frame["product"].fillna("")) for frame in (terms, contracts)
    )
    found = pd.Series(np.nan, index=terms.index, dtype="str")
    for by, direction in _PLACES:
        alone = terms.loc[found.isna()]
        free = contracts.loc[~contracts["contract_id"].isin(found)]
        found = found.fillna(_next_term(alone, free, by, direction, grace_days))
    return found


def _next_term(
    terms: pd.DataFrame, free: pd.DataFrame, by: list[str], direction: str, grace_days: int
) -> pd.Series:
    """Return the free term that starts nearest to the end of each, and runs on longer than it."""
    columns = [*by, "start_on", "end_on"]
    own = terms[columns].dropna(subset=[*by, "end_on"])
    # Nothing follows on the first day of a term, its only one included: it would follow itself.
    first = own["start_on"] + pd.Timedelta(days=1)
    own = own.assign(row=own.index, on=own["end_on"].clip(lower=first))
    names = {"start_on": "next_start", "end_on": "next_end"}
    later = free[["contract_id", *columns]].dropna(subset=by).rename(columns=names)
    forward = direction == "forward"
    joined = pd.merge_asof(
        own.sort_values("on"),
        later.sort_values(["next_start", "contract_id"]),
        left_on="on",
        right_on="next_start",
        by=by,
        direction=direction,
        allow_exact_matches=forward,
        tolerance=pd.Timedelta(days=grace_days + forward),
    )
    longer = joined["next_end"].isna() | (joined["next_end"] > joined["end_on"])
    longer &= joined["next_start"] > joined["start_on"]
    return joined.loc[longer].set_index("row")["contract_id"]
