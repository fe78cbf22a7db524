"""Who moved from tier to tier between two days, and why."""

import numpy as np
import pandas as pd

from opsplaybook.contracts import TIERS
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.playbooks.customer_portrait.score import Scored, words
from opsplaybook.playbooks.customer_portrait.tiers import NO_TIER, Tiered, names_of

LEFT = "left"
NEW = "new"
OTHERS = "scores of others"
"""Why a tier went one way while the score went the other: the others moved more."""

TRANSITION_COLUMNS = ["then", "now", "customers", "share", "n"]
MOVE_COLUMNS = ["account_id", "label", "then", "now", "change", "because"]


def transitions(codes: np.ndarray, index: pd.Index, tiered: Tiered) -> pd.DataFrame:
    """Count who went from which tier to which.

    Parameters
    ----------
    codes : ndarray of int, shape (customers then,)
        Tiers of then.
    index : Index
        Those customers.
    tiered : Tiered
        Tiers of now.

    Returns
    -------
    DataFrame
        `TRANSITION_COLUMNS`; ``n`` and ``share`` are of the tier of then.
    """
    then = pd.Series(names_of(codes), index=index)
    now = tiered.frame["computed"]
    both = pd.DataFrame({"then": then, "now": now}).fillna({"then": NEW, "now": LEFT})
    counts = pd.crosstab(both["then"], both["now"])
    rows, columns = [*TIERS, NEW], [*TIERS, LEFT]
    counts = counts.reindex(index=rows, columns=columns, fill_value=0)
    sums = counts.sum(axis=1)
    frame = counts.reset_index().melt(id_vars="then", var_name="now", value_name="customers")
    frame["n"] = frame["then"].map(sums)
    frame["share"] = frame["customers"] / frame["n"].where(frame["n"] > 0)
    possible = ~((frame["then"] == NEW) & (frame["now"] == LEFT))
    return frame.loc[possible].reset_index(drop=True)


def tier_moves(
    codes: np.ndarray, score: Scored, scored: Scored, tiered: Tiered, portrait: Portrait
) -> pd.DataFrame:
    """List the customers of the report that changed tier, and what moved their score.

    Parameters
    ----------
    codes : ndarray of int, shape (customers then,)
        Tiers of then.
    score, scored : Scored
        Scores of then and of now.
    tiered : Tiered
    portrait : Portrait

    Returns
    -------
    DataFrame
        `MOVE_COLUMNS`, the largest change first.
    """
    then = pd.Series(names_of(codes), index=score.frame.index)
    both = scored.frame.index.intersection(then.index)
    own = portrait.facts.loc[both, "in_scope"]
    now = tiered.frame.loc[both, "computed"]
    moved = own & (now != then[both]) & (now != NO_TIER) & (then[both] != NO_TIER)
    both = both[moved]
    change = scored.frame.loc[both, "score"] - score.frame.loc[both, "score"]
    frame = pd.DataFrame(
        {
            "label": portrait.facts.loc[both, "label"],
            "then": then[both],
            "now": now[both],
            "change": change,
            "because": _causes(score, scored, then[both], now[both]),
        }
    )
    frame = frame.rename_axis("account_id").reset_index()
    order = frame["change"].abs().sort_values(ascending=False, kind="stable").index
    return frame.loc[order, MOVE_COLUMNS].reset_index(drop=True)


def _causes(score: Scored, scored: Scored, then: pd.Series, now: pd.Series) -> pd.Series:
    """Name what moved each score most in the direction in which the tier went.

    A tier may fall while the score rises, or the other way round: then others moved more.
    """
    if then.empty:
        return pd.Series(dtype="str")
    before, after = (part.contributions.reindex(then.index).fillna(0.0) for part in (score, scored))
    gain = after.sub(before, fill_value=0.0)
    rank = {tier: place for place, tier in enumerate(TIERS)}
    direction = np.sign(then.map(rank) - now.map(rank))
    pushed = gain.mul(direction, axis=0)
    return pushed.idxmax(axis=1).map(words).where(pushed.sum(axis=1) > 0, OTHERS)
