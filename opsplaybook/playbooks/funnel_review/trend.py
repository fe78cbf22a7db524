"""Step 4, second half: cohorts of entry, of all and of each segment, and when they changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
import pandas as pd

from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.lines import EVERYONE, join_small, lines
from opsplaybook.playbooks.funnel_review.nested import ends, estimate_rate, estimate_rates, matrix
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.stats.change_points import RESAMPLES, change_points

_ALPHA = 0.05
_DRAWS_PER_ALPHA = 4
_CHANGE_COLUMNS = [
    "segment", "step", "cohort", "earliest", "latest", "before", "after", "change", "p_value",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trend:
    """Rates by cohort of entry.

    Attributes
    ----------
    by : str
        Column of the segments; empty where there is none.
    rows : DataFrame
        One row per segment ("all" among them), step and cohort, all entrants of which are mature:
        ``segment``, ``step``, ``cohort``, ``units``, ``rate`` with ends, ``steady`` (the rate
        of all cohorts between two changes that exceed noise) with ends, and ``changed``: whether
        such a change begins there.
    segments : tuple of str
        Those that changed first, then the others, the largest first.
    open_cohorts : int
        Later cohorts that are left out because entrants in them are still young.
    changes : DataFrame
        ``segment``, ``step``, ``cohort`` (first one of the new rate), ``earliest`` and
        ``latest`` (cohorts that the data hardly tell from it), ``before``, ``after``, ``change``
        and ``p_value``: those changes that exceed noise.
    looked_at : int
        Lines in which a change was looked for; each has its part of the 5%.
    """

    by: str
    rows: pd.DataFrame
    segments: tuple[str, ...]
    open_cohorts: int
    changes: pd.DataFrame
    looked_at: int


@dataclass(frozen=True, slots=True)
class _Line:
    """Counts of one step, of all or of one segment."""

    segment: str
    step: str
    counts: pd.DataFrame


def follow_cohorts(params: Params, definition: Definition) -> Trend:
    """Follow cohorts of entrants, of all and of each segment of the first column.

    Parameters
    ----------
    params : Params
    definition : Definition

    Returns
    -------
    Trend
        Empty without times.
    """
    by = next(iter(definition.segments), "")
    if definition.funnel is None:
        return Trend(by, pd.DataFrame(), (), 0, pd.DataFrame(columns=_CHANGE_COLUMNS), 0)
    counts = definition.counts(by=(by,) if by else (), cohort=params.cohort)
    cohorts, open_cohorts = _mature_cohorts(counts)
    mature = counts.loc[counts["cohort"].isin(cohorts)]
    followed = list(_lines(mature, by))
    changes = _changes(followed, cohorts, params)
    return Trend(
        by=by,
        rows=_rows(followed, cohorts, changes, params.level),
        segments=_in_order(mature, by, changes),
        open_cohorts=open_cohorts,
        changes=changes,
        looked_at=len(followed),
    )


def _mature_cohorts(counts: pd.DataFrame) -> tuple[tuple[pd.Timestamp, ...], int]:
    """Return the cohorts of which every entrant is mature, and how many later ones are not."""
    first = counts.loc[counts["position"] == 1]
    sums = first.groupby("cohort", sort=True)[["entered", "mature_entered"]].sum()
    young = sums["entered"] > sums["mature_entered"]
    return tuple(sums.index[~young & (sums["entered"] > 0)]), int(young.sum())


def _lines(mature: pd.DataFrame, by: str) -> Iterator[_Line]:
    """Yield every step of all together, then of each segment."""
    for step, own in lines(mature):
        yield _Line(EVERYONE, step, own)
    if not by:
        return
    for step, own in lines(mature.assign(**{by: join_small(mature, by)})):
        for segment, part in own.groupby(by, sort=True):
            yield _Line(str(segment), step, part)


def _changes(
    followed: list[_Line], cohorts: tuple[pd.Timestamp, ...], params: Params
) -> pd.DataFrame:
    """Look for changes in every line; together they have a 5% chance of a false alarm."""
    generator, rows = np.random.default_rng(params.seed), []
    alpha = _ALPHA / max(len(followed), 1)
    for line in followed:
        found = change_points(
            matrix(line.counts, "mature_reached", "cohort", cohorts),
            matrix(line.counts, "base", "cohort", cohorts),
            generator=generator,
            alpha=alpha,
            resamples=max(RESAMPLES, ceil(_DRAWS_PER_ALPHA / alpha)),
            level=params.level,
        )
        rows += [
            {
                "segment": line.segment,
                "step": line.step,
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
    return pd.DataFrame(rows, columns=_CHANGE_COLUMNS)


def _rows(
    followed: list[_Line],
    cohorts: tuple[pd.Timestamp, ...],
    changes: pd.DataFrame,
    level: float,
) -> pd.DataFrame:
    """Return the points of all lines, with those at which a change begins."""
    rows = []
    for line in followed:
        own = (changes["segment"] == line.segment) & (changes["step"] == line.step)
        begun = [cohorts.index(cohort) for cohort in changes.loc[own, "cohort"]]
        units = matrix(line.counts, "base", "cohort", cohorts).sum(axis=0)
        rates = estimate_rates(line.counts, "cohort", cohorts, level=level)
        steady = _steady(line.counts, cohorts, begun, level)
        rows += [
            {
                "segment": line.segment,
                "step": line.step,
                "cohort": cohort,
                "units": int(n),
                **ends(estimate),
                **held,
                "changed": place in begun,
            }
            for place, (cohort, n, estimate, held) in enumerate(
                zip(cohorts, units, rates, steady, strict=True)
            )
        ]
    return pd.DataFrame(rows)


def _steady(
    counts: pd.DataFrame, cohorts: tuple[pd.Timestamp, ...], begun: list[int], level: float
) -> list[dict[str, float]]:
    """Return for each cohort the rate of all those between the same two changes."""
    spans = pairwise([0, *begun, len(cohorts)])
    found = []
    for start, end in spans:
        own = counts.loc[counts["cohort"].isin(cohorts[start:end])]
        found += [ends(estimate_rate(own, level=level), "steady")] * (end - start)
    return found


def _in_order(mature: pd.DataFrame, by: str, changes: pd.DataFrame) -> tuple[str, ...]:
    """Return the segments, those that changed first, then the largest."""
    if not by:
        return ()
    first = mature.loc[mature["position"] == 1]
    entered = first.groupby(join_small(first, by))["mature_entered"].sum()
    largest = entered.sort_values(ascending=False, kind="stable").index.astype(str)
    changed = [name for name in changes["segment"] if name != EVERYONE]
    return tuple(dict.fromkeys([*changed, *largest]))
