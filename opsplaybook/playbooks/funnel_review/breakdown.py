"""Step 4, by segment and over time: who does how well, and since when."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd

from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.nested import (
    ends,
    estimate_difference,
    estimate_rate,
    matrix,
)
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.stats.change_points import RESAMPLES, change_points
from opsplaybook.stats.multiplicity import holm

WHOLE = "whole way"
EVERYONE = "all"
_ALPHA = 0.05
_MOST_SEGMENTS = 12
_LEAST_UNITS = 5
_DRAWS_PER_ALPHA = 4


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Rates by segment and by cohort of entry.

    Attributes
    ----------
    segments : DataFrame
        One row per column, segment and step (the whole way among them): ``by``, ``segment``,
        ``step``, ``units`` (mature, at the step before), ``rate`` with ends, ``rest`` (rate of all
        others), ``difference`` with ends, ``p_value`` (Holm over all rows) and ``detectable``.
        Segments beyond the twelve largest of a column are joined as "others".
    compared : int
        Rows that were compared: what the correction is for.
    trend : DataFrame
        One row per cohort and step, all entrants of which are mature: ``cohort``, ``step``,
        ``units``, ``rate`` with ends.
    open_cohorts : int
        Later cohorts that are left out because entrants in them are still young.
    changes : DataFrame
        ``segment``, ``step``, ``cohort`` (first one of the new rate), ``earliest`` and
        ``latest`` (cohorts that the data hardly tell from it), ``before``, ``after``, ``change``
        and ``p_value``: those changes that exceed noise.
    looked_at : int
        Lines in which a change was looked for; each has its part of the 5%.
    caveats : tuple of str
    """

    segments: pd.DataFrame
    compared: int
    trend: pd.DataFrame
    open_cohorts: int
    changes: pd.DataFrame
    looked_at: int
    caveats: tuple[str, ...]


def break_down(params: Params, definition: Definition) -> Breakdown:
    """Compare segments with all others, and follow cohorts of entrants.

    The segment of a unit is that of its first entry, so that nobody changes sides on the way.

    Parameters
    ----------
    params : Params
    definition : Definition

    Returns
    -------
    Breakdown
    """
    segments = _segments(definition)
    caveats = []
    if definition.funnel is None:
        cohorts, trend, changes, looked_at = (), pd.DataFrame(), _no_changes(), 0
        open_cohorts = 0
    else:
        by = definition.segments[:1]
        counts = definition.counts(by=by, cohort=params.cohort)
        cohorts, open_cohorts = _mature_cohorts(counts)
        trend = _trend(counts, cohorts, definition)
        changes, looked_at = _changes(counts, cohorts, by, params)
        if open_cohorts:
            caveats.append(
                f"Of the latest entrants (cohorts by {params.cohort}: {open_cohorts}) some are not "
                "mature yet: they are left out of the trend."
            )
    compared = int(segments["p_value"].notna().sum()) if len(segments) else 0
    return Breakdown(
        segments, compared, trend, open_cohorts, changes, looked_at, tuple(caveats)
    )  # fmt: skip


def whole_way(counts: pd.DataFrame, last: int) -> pd.DataFrame:
    """Return the counts of the end, taken of all entrants."""
    end = counts.loc[counts["position"] == last]
    return end.assign(base=end["mature_entered"], step=WHOLE)


def lines(counts: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each required step after the first, then the whole way, with its counts."""
    required = counts.loc[~counts["optional"].astype(bool) & (counts["position"] > 1)]
    positions = sorted(required["position"].unique())
    for position in positions:
        own = required.loc[required["position"] == position]
        yield str(own["step"].iloc[0]), own
    if len(positions) > 1:
        yield WHOLE, whole_way(counts, int(positions[-1]))


def _segments(definition: Definition) -> pd.DataFrame:
    rows = []
    for by in definition.segments:
        counts = definition.counts(by=(by,))
        joined = counts.assign(**{by: _largest(counts, by)})
        for step, own in lines(joined):
            rows += [
                _segment_row(by, str(segment), step, part, own, definition.level)
                for segment, part in own.groupby(by, sort=True)
            ]
    if not rows:
        return pd.DataFrame()
    frame = pd.DataFrame(rows)
    adjusted = holm(frame["p_value"].to_numpy(dtype=float))
    return frame.assign(p_value=adjusted, detectable=adjusted < 1 - definition.level)


def _largest(counts: pd.DataFrame, by: str) -> pd.Series:
    entered = counts.loc[counts["position"] == 1].groupby(by)["entered"].sum()
    kept = entered.sort_values(ascending=False, kind="stable").index[:_MOST_SEGMENTS]
    return counts[by].where(counts[by].isin(kept), "others")


def _segment_row(
    by: str, segment: str, step: str, part: pd.DataFrame, whole: pd.DataFrame, level: float
) -> dict[str, object]:
    rest = whole.loc[whole[by] != segment]
    units, others = int(part["base"].sum()), int(rest["base"].sum())
    row: dict[str, object] = {
        "by": by,
        "segment": segment,
        "step": step,
        "units": units,
        **ends(estimate_rate(part, level=level)),
        "rest": rest["mature_reached"].sum() / others if others else np.nan,
    }
    if min(units, others) < _LEAST_UNITS:
        nothing = dict.fromkeys(("difference", "difference_low", "difference_high"), np.nan)
        return row | nothing | {"difference_n": 0, "p_value": np.nan}
    found = estimate_difference(part, rest, level=level)
    p_value = found.p_value if found.enough else np.nan
    return row | ends(found, "difference") | {"p_value": p_value}


def _mature_cohorts(counts: pd.DataFrame) -> tuple[tuple[pd.Timestamp, ...], int]:
    """Return the cohorts of which every entrant is mature, and how many later ones are not."""
    first = counts.loc[counts["position"] == 1]
    sums = first.groupby("cohort", sort=True)[["entered", "mature_entered"]].sum()
    young = sums["entered"] > sums["mature_entered"]
    return tuple(sums.index[~young & (sums["entered"] > 0)]), int(young.sum())


def _trend(
    counts: pd.DataFrame, cohorts: tuple[pd.Timestamp, ...], definition: Definition
) -> pd.DataFrame:
    rows = [
        {
            "cohort": cohort,
            "step": step,
            "units": int(part["base"].sum()),
            **ends(estimate_rate(part, level=definition.level)),
        }
        for step, own in lines(counts.loc[counts["cohort"].isin(cohorts)])
        for cohort, part in own.groupby("cohort", sort=True)
    ]
    return pd.DataFrame(rows)


def _changes(
    counts: pd.DataFrame, cohorts: tuple[pd.Timestamp, ...], by: tuple[str, ...], params: Params
) -> tuple[pd.DataFrame, int]:
    """Look for changes in every line, of all together and of each segment."""
    mature = counts.loc[counts["cohort"].isin(cohorts)]
    series = [(EVERYONE, step, own) for step, own in lines(mature)]
    if by:
        segmented = mature.assign(**{by[0]: _largest(mature, by[0])})
        series += [
            (str(segment), step, part)
            for step, own in lines(segmented)
            for segment, part in own.groupby(by[0], sort=True)
        ]
    generator, rows = np.random.default_rng(params.seed), []
    alpha = _ALPHA / max(len(series), 1)
    for segment, step, own in series:
        found = change_points(
            matrix(own, "mature_reached", "cohort", cohorts),
            matrix(own, "base", "cohort", cohorts),
            generator=generator,
            alpha=alpha,
            resamples=max(RESAMPLES, ceil(_DRAWS_PER_ALPHA / alpha)),
            level=params.level,
        )
        rows += [
            {
                "segment": segment,
                "step": step,
                "cohort": cohorts[point.position],
                "earliest": cohorts[point.earliest],
                "latest": cohorts[point.latest],
                "before": point.before.value,
                "after": point.after.value,
                "change": point.change,
                "p_value": point.p_value,
            }
            for point in found
        ]
    return pd.DataFrame(rows, columns=list(_no_changes().columns)), len(series)


def _no_changes() -> pd.DataFrame:
    names = [
        "segment", "step", "cohort", "earliest", "latest", "before", "after", "change", "p_value"
    ]  # fmt: skip
    return pd.DataFrame(columns=names)
