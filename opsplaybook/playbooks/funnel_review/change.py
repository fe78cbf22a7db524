"""Step 5, first half: what explains the change between two periods, or between two segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.lines import EVERYONE, WHOLE, lines
from opsplaybook.playbooks.funnel_review.nested import (
    beyond_chance,
    ends,
    estimate_difference,
    estimate_rate,
)
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.splits import (
    Reversal,
    find_reversals,
    split_steps,
    split_whole,
)
from opsplaybook.stats.multiplicity import holm
from opsplaybook.stats.results import Difference

FIRST, SECOND = "first", "second"
"""The two sides of a comparison, in columns."""

_LEAST_UNITS = 5


@dataclass(frozen=True, slots=True)
class Change:
    """What explains the difference between two sides.

    Attributes
    ----------
    labels : tuple of (str, str)
        Names of the sides; empty where nothing can be compared.
    by : str
        Column of the strata; empty where there is none.
    whole : Difference or None
        Share of entrants that came to the end, second side less first.
    steps : DataFrame
        ``step`` (the whole way among them), ``units_first``, ``units_second``, ``first`` and
        ``second`` (rates) with ends, ``difference`` with ends, and of it ``mix`` and ``rate``
        with ends: the parts add up to the difference.
    cells : DataFrame
        ``segment``, ``step`` and the same, with ``p_value`` (Holm over all cells) and
        ``detectable``.
    parts : DataFrame
        ``factor`` (mix, or the step), ``segment``, ``points``: parts of `whole`, exact.
    reversals : tuple of Reversal
    since : date or None
        First day of the second side, where periods are compared.
    counts : DataFrame
        What all of it was made of, with the column ``side``.
    caveats : tuple of str
    """

    labels: tuple[str, ...]
    by: str
    whole: Difference | None
    steps: pd.DataFrame
    cells: pd.DataFrame
    parts: pd.DataFrame
    reversals: tuple[Reversal, ...]
    since: date | None
    counts: pd.DataFrame
    caveats: tuple[str, ...]

    def moved(self, direction: int) -> pd.DataFrame:
        """Return the cells that went one way beyond chance (1 up, -1 down), clearest first."""
        if self.cells.empty:
            return self.cells
        found = self.cells.loc[self.cells["detectable"]]
        own = found.loc[np.sign(found["difference"]) == direction]
        return own.sort_values("p_value", kind="stable", ignore_index=True)

    def of(self, step: str) -> pd.Series:
        """Return the row of a step."""
        return self.steps.loc[self.steps["step"] == step].iloc[0]


@dataclass(frozen=True, slots=True)
class _Sides:
    """Counts of both sides, in one frame with the column ``side``."""

    counts: pd.DataFrame
    labels: tuple[str, str]
    by: str
    since: date | None
    caveats: tuple[str, ...] = ()


def explain_change(params: Params, definition: Definition) -> Change:
    """Split the difference of two periods, or two segments, into what it is made of.

    Only mature entrants count on either side, or the later one would seem worse.

    Parameters
    ----------
    params : Params
    definition : Definition

    Returns
    -------
    Change
    """
    compare = _periods if params.compare == "periods" else _two_segments
    sides = compare(params, definition)
    if isinstance(sides, str):
        nothing = pd.DataFrame()
        return Change((), "", None, nothing, nothing, nothing, (), None, nothing, (sides,))
    stratum = sides.by or EVERYONE
    counts = sides.counts if sides.by else sides.counts.assign(**{EVERYONE: EVERYONE})
    rows = [
        _row(step, own, definition.level) | split_steps(own, stratum, params)
        for step, own in lines(counts)
    ]
    steps = pd.DataFrame(rows)
    cells = _cells(counts, stratum, definition.level) if sides.by else pd.DataFrame()
    last = lines_by_name(counts)[_end(steps)]
    whole = estimate_difference(
        last.loc[last["side"] == SECOND], last.loc[last["side"] == FIRST], level=definition.level
    )
    return Change(
        labels=sides.labels,
        by=sides.by,
        whole=whole,
        steps=steps,
        cells=cells,
        parts=split_whole(counts, stratum),
        reversals=find_reversals(steps, cells),
        since=sides.since,
        counts=counts,
        caveats=(*sides.caveats, *_caveats(whole, sides)),
    )


def lines_by_name(counts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the counts of each step, and of the whole way, by name."""
    return dict(lines(counts))


def _end(steps: pd.DataFrame) -> str:
    return WHOLE if (steps["step"] == WHOLE).any() else str(steps["step"].iloc[-1])


def _periods(params: Params, definition: Definition) -> _Sides | str:
    if definition.funnel is None:
        return "Without times there are no periods to compare; compare segments instead."
    first_on, last_on = _days_of_entry(params, definition)
    since = params.change_on or _middle(definition)
    if first_on is None or since is None or not first_on < since <= last_on:
        shown = formats.value(since, "date")
        return (
            f"No two periods can be compared: {shown} does not part the days of entry, "
            f"{formats.value(first_on, 'date')} to {formats.value(last_on, 'date')}."
        )
    by = next(iter(definition.segments), "")
    periods = {FIRST: (first_on, since - timedelta(days=1)), SECOND: (since, last_on)}
    counts = definition.counts_in(periods, by=(by,) if by else ())
    labels = (f"before {formats.day(since)}", f"since {formats.day(since)}")
    return _Sides(counts.rename(columns={"period": "side"}), labels, by, since)


def _days_of_entry(params: Params, definition: Definition) -> tuple[date | None, date]:
    known = definition.occurrences["first_on"].iloc[0]
    first = None if pd.isna(known) else pd.Timestamp(known).date()
    if params.entered_from and first:
        first = max(first, params.entered_from)
    last = min(params.entered_to or definition.as_of, definition.as_of)
    return first, last


def _middle(definition: Definition) -> date | None:
    """Return the day on which half of the mature entrants had entered."""
    counts = definition.counts(cohort="day")
    daily = counts.loc[counts["position"] == 1].groupby("cohort")["mature_entered"].sum()
    if not daily.sum():
        return None
    so_far = daily.sort_index().cumsum()
    return so_far.index[so_far > so_far.iloc[-1] / 2][0].date()


def _two_segments(params: Params, definition: Definition) -> _Sides | str:
    of = definition.segments[0]
    by = next(iter(definition.segments[1:]), "")
    counts = definition.counts(by=(of, by) if by else (of,))
    entered = counts.loc[counts["position"] == 1].groupby(of)["mature_entered"].sum()
    largest = entered.sort_values(ascending=False, kind="stable").index[:2]
    names = tuple(params.between or sorted(map(str, largest)))
    missing = [name for name in names if name not in entered.index]
    if missing or len(names) < 2:
        there = ", ".join(map(str, entered.index[:5]))
        return f"No two segments can be compared: {of} has {there or 'no value'}."
    side = counts[of].map(dict(zip(names, (FIRST, SECOND), strict=True)))
    own = counts.assign(side=side).dropna(subset="side")
    return _Sides(own, (names[0], names[1]), by, None)


def _row(name: str, own: pd.DataFrame, level: float) -> dict[str, object]:
    """Compare both sides of a step, or of a segment at a step."""
    one, two = (own.loc[own["side"] == side] for side in (FIRST, SECOND))
    units = int(one["base"].sum()), int(two["base"].sum())
    row = {"step": name, "units_first": units[0], "units_second": units[1]}
    row |= ends(estimate_rate(one, level=level), "first")
    row |= ends(estimate_rate(two, level=level), "second")
    if min(units) < _LEAST_UNITS:
        nothing = dict.fromkeys(("difference", "difference_low", "difference_high"), np.nan)
        return row | nothing | {"difference_n": 0, "p_value": np.nan}
    found = estimate_difference(two, one, level=level)
    p_value = found.p_value if found.enough else np.nan
    return row | ends(found, "difference") | {"p_value": p_value}


def _cells(counts: pd.DataFrame, by: str, level: float) -> pd.DataFrame:
    rows = [
        {"segment": str(segment)} | _row(step, part, level)
        for step, own in lines(counts)
        if step != WHOLE
        for segment, part in own.groupby(by, sort=True)
    ]
    frame = pd.DataFrame(rows)
    corrected = frame.assign(p_value=holm(frame["p_value"].to_numpy(dtype=float)))
    return corrected.assign(detectable=beyond_chance(corrected, level))


def _caveats(whole: Difference, sides: _Sides) -> Sequence[str]:
    found = []
    if not whole.enough:
        found.append("One of the compared sides has too few mature entrants for a number.")
    if sides.since is not None:
        found.append(
            f"Before and since {formats.day(sides.since)} are compared without a control group: "
            "what else changed on that day is in the difference as well."
        )
    return found
