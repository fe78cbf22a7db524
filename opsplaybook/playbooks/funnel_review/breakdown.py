"""Step 4, by segment and over time: who does how well, and since when."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.lines import join_small, lines
from opsplaybook.playbooks.funnel_review.nested import (
    beyond_chance,
    ends,
    estimate_difference,
    estimate_rate,
)
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.trend import Trend, follow_cohorts
from opsplaybook.stats.multiplicity import holm

_LEAST_UNITS = 5


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
    trend : Trend
    caveats : tuple of str
    """

    segments: pd.DataFrame
    compared: int
    trend: Trend
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
    trend = follow_cohorts(params, definition)
    caveats = ()
    if trend.open_cohorts:
        caveats = (
            (
                f"Of the latest entrants (cohorts by {params.cohort}: {trend.open_cohorts}) some "
                "are not mature yet: they are left out of the trend."
            ),
        )
    compared = int(segments["p_value"].notna().sum()) if len(segments) else 0
    return Breakdown(segments, compared, trend, caveats)


def _segments(definition: Definition) -> pd.DataFrame:
    rows = []
    for by in definition.segments:
        counts = definition.counts(by=(by,))
        joined = counts.assign(**{by: join_small(counts, by)})
        for step, own in lines(joined):
            rows += [
                _segment_row(by, str(segment), step, part, own, definition.level)
                for segment, part in own.groupby(by, sort=True)
            ]
    if not rows:
        return pd.DataFrame()
    frame = pd.DataFrame(rows)
    corrected = frame.assign(p_value=holm(frame["p_value"].to_numpy(dtype=float)))
    return corrected.assign(detectable=beyond_chance(corrected, definition.level))


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
