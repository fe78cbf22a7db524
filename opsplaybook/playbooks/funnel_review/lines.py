"""The lines that a funnel is looked at by: each step, and the whole way; all, and each segment."""

from collections.abc import Iterator

import pandas as pd

WHOLE = "whole way"
EVERYONE = "all"
OTHERS = "others"

_MOST_SEGMENTS = 12


def lines(counts: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each required step after the first, then the whole way, with its counts."""
    required = counts.loc[~counts["optional"].astype(bool) & (counts["position"] > 1)]
    positions = sorted(required["position"].unique())
    for position in positions:
        own = required.loc[required["position"] == position]
        yield str(own["step"].iloc[0]), own
    if len(positions) > 1:
        yield WHOLE, whole_way(counts, int(positions[-1]))


def whole_way(counts: pd.DataFrame, last: int) -> pd.DataFrame:
    """Return the counts of the end, taken of all entrants."""
    end = counts.loc[counts["position"] == last]
    return end.assign(base=end["mature_entered"], step=WHOLE)


def join_small(counts: pd.DataFrame, by: str) -> pd.Series:
    """Return the segment of each row, those beyond the twelve largest as "others"."""
    entered = counts.loc[counts["position"] == 1].groupby(by)["entered"].sum()
    kept = entered.sort_values(ascending=False, kind="stable").index[:_MOST_SEGMENTS]
    return counts[by].where(counts[by].isin(kept), OTHERS)
