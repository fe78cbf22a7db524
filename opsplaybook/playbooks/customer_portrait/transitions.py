"""Who moved from tier to tier between two days, and why."""

import numpy as np
import pandas as pd

from opsplaybook.contracts import TIERS
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.playbooks.customer_portrait.score import Scored, words
from opsplaybook.playbooks.customer_portrait.tiers import NO_TIER, Tiered, names_of

LEFT = "left"
NEW = "new"
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
    names = [name for name in scored.contributions if name in score.contributions]
    parts = scored.contributions.loc[both, names].fillna(0.0)
    gain = parts - score.contributions.loc[both, names].fillna(0.0)
    change = scored.frame.loc[both, "score"] - score.frame.loc[both, "score"]
    # The dimension that moved the score most in the direction in which it went.
    pushed = (gain.mul(np.sign(change), axis=0)).idxmax(axis=1)
    frame = pd.DataFrame(
        {
            "label": portrait.facts.loc[both, "label"],
            "then": then[both],
            "now": now,
            "change": change,
            "because": pushed.map(words),
        }
    ).loc[moved]
    frame = frame.rename_axis("account_id").reset_index()
    order = frame["change"].abs().sort_values(ascending=False, kind="stable").index
    return frame.loc[order, MOVE_COLUMNS].reset_index(drop=True)
