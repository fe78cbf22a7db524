"""The findings of a funnel review, one claim each."""

import pandas as pd

from opsplaybook import formats
from opsplaybook.findings import Design, Finding, grade
from opsplaybook.playbooks.funnel_review.behaviour import Behaviour
from opsplaybook.playbooks.funnel_review.change import Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.playbooks.funnel_review.tiles import step_estimate, unit_of_rates
from opsplaybook.playbooks.funnel_review.trend import Trend
from opsplaybook.playbooks.funnel_review.verdict import when_in_words

_MOVES_NAMED = 2
_CHOSEN = "Both rates were chosen to differ, so their distance is rather too large."


def reversal(change: Change) -> Finding | None:
    """Say that the total hides what a segment did."""
    if not change.reversals:
        return None
    found = change.reversals[0]
    ways = ("fell", "rose") if found.cell < 0 else ("rose", "fell")
    kind = "every segment went the other way" if found.every else "segments went other ways"
    row = change.of(found.step)
    claim = (
        f"The total hides it (Simpson reversal): the rate of {found.step} {ways[0]} for "
        f"{found.segment} and {ways[1]} for all together by {formats.points(found.total)}, of "
        f"which the mix made {formats.points(found.mix)} and rates {formats.points(found.rate)}; "
        f"{kind}."
    )
    cell = change.cells.loc[
        (change.cells["segment"] == found.segment) & (change.cells["step"] == found.step)
    ].iloc[0]
    mix_is_certain = float(row["mix_low"]) * float(row["mix_high"]) > 0
    return Finding(
        claim=claim,
        strength=grade(
            detectable=mix_is_certain, n=int(cell["difference_n"]), design=_design(change)
        ),
        design=_design(change),
        evidence=("change", "change-chart", "cells"),
        would_change=f"another split than by {change.by}",
    )


def moves(change: Change, params: Params) -> list[Finding]:
    """Name the segments that moved beyond chance, with both rates."""
    return [
        Finding(
            claim=f"For {row['segment']}, the rate of {_moved(row, verb, change, params)}.",
            strength=grade(detectable=True, n=int(row["difference_n"]), design=_design(change)),
            design=_design(change),
            evidence=("cells", "cells-chart"),
            caveats=change.caveats,
            would_change="the same comparison with another day, or a control group",
        )
        for direction, verb in ((-1, "fell"), (1, "rose"))
        for row in change.moved(direction).head(_MOVES_NAMED).to_dict("records")
    ]


def trend_change(trend: Trend) -> Finding | None:
    """Name the clearest changes of the trend, one of them per line."""
    if trend.changes.empty:
        return None
    changes = trend.changes.assign(size=trend.changes["change"].abs())
    clearest = changes.sort_values(["p_value", "size"], ascending=[True, False]).head(2)
    named = "; ".join(_in_words(row) for row in clearest.to_dict("records"))
    own = trend.rows.merge(clearest[["segment", "step"]].head(1), on=["segment", "step"])
    claim = (
        f"By cohort of entry, {named}. {trend.looked_at} lines were searched for a change, with a "
        "5% chance of any false alarm."
    )
    return Finding(
        claim=claim,
        strength=grade(detectable=True, n=int(own["units"].sum()), design="before and after"),
        design="before and after",
        evidence=("trend-chart", "changes"),
        caveats=(_CHOSEN,),
    )


def loss(reach: Reach, definition: Definition) -> Finding | None:
    """Say at which step the rate is lowest, and before which one most are lost."""
    if not reach.lowest:
        return None
    rows = reach.steps.set_index("step")
    lowest = step_estimate(rows.loc[reach.lowest], definition.level)
    went_on = f"{formats.estimate(lowest, unit=unit_of_rates(definition))} went on"
    if definition.has_one_rate:
        first, last = definition.step_names
        claim = (
            f"Of mature {definition.counted} at {first}, {went_on} to {last}; "
            f"{formats.count(reach.lost_total)} are lost and {formats.count(reach.open)} are "
            "still open."
        )
    else:
        claim = (
            f"The lowest rate is that of {reach.lowest}{_alike(reach, rows)}: of mature "
            f"{definition.counted} at the step before, {went_on}. {_most_lost(reach, rows)}; "
            f"{formats.count(reach.open)} are still open."
        )
    return Finding(
        claim=claim,
        strength=grade(detectable=True, n=lowest.n, design="description"),
        evidence=("reach", "reach-chart", "lost"),
        caveats=still_open(reach, definition),
        would_change="another window or another unit: see the other rules",
    )


def still_open(reach: Reach, definition: Definition) -> tuple[str, ...]:
    """Say how many of the lost are lost by the rule alone."""
    if not reach.undecided:
        return ()
    return (
        (
            f"{reach.undecided:,} of the lost {definition.counted} are still open in the data: "
            "their window is over, what becomes of them is not known."
        ),
    )


def association(behaviour: Behaviour) -> Finding | None:
    """Name the action that goes most clearly with going on."""
    if behaviour.actions.empty or not behaviour.actions["beyond_chance"].any():
        return None
    row = behaviour.actions.loc[behaviour.actions["beyond_chance"]].iloc[0]
    ends = formats.ends(row["odds_low"], row["odds_high"], "ratio")
    claim = (
        f"Going on to {behaviour.step} goes with {row['action'].replace('_', ' ')}: odds ratio "
        f"{formats.ratio(row['odds'])} ({ends}), corrected for {behaviour.compared} actions."
    )
    return Finding(
        claim=claim,
        strength=grade(detectable=True, n=int(row["odds_n"]), design="association"),
        design="association",
        evidence=("odds", "odds-chart"),
        caveats=behaviour.caveats,
        would_change="an experiment that leads people to it",
    )


def _alike(reach: Reach, rows: pd.DataFrame) -> str:
    """Name the steps that may be as low."""
    near = [f"{step} ({formats.share(rows.loc[step, 'rate'])})" for step in reach.as_low]
    return f", not clearly lower than {' and '.join(near)}" if near else ""


def _most_lost(reach: Reach, rows: pd.DataFrame) -> str:
    if not reach.most_lost:
        return "Nobody is lost"
    most = formats.count(rows.loc[reach.most_lost, "lost"])
    where = "there" if reach.most_lost == reach.lowest else f"before {reach.most_lost}"
    return f"In numbers most are lost {where}: {most} of {formats.count(reach.lost_total)}"


def _design(change: Change) -> Design:
    return "before and after" if change.since is not None else "association"


def _moved(row: dict, verb: str, change: Change, params: Params) -> str:
    """Say how a segment differs between the sides, with interval and n."""
    first, second = (formats.share(row[name]) for name in ("first", "second"))
    ends = formats.ends(row["difference_low"], row["difference_high"], "points")
    certain = (
        f"({params.level:.0%} interval of the difference {ends}, "
        f"n = {int(row['difference_n']):,} in the smaller group)"
    )
    if change.since is None:
        higher = "higher" if verb == "rose" else "lower"
        one, two = change.labels
        return f"{row['step']} is {higher} for {two} ({second}) than for {one} ({first}) {certain}"
    when = when_in_words(change, params)
    return f"{row['step']} {verb} {when}: from {first} to {second} {certain}"


def _in_words(row: dict[str, object]) -> str:
    """Name one change of the trend."""
    between = formats.period(row["earliest"], row["latest"])
    return (
        f"{row['step']} ({row['segment']}) went from {formats.share(row['before'])} to "
        f"{formats.share(row['after'])} with entrants from about {formats.day(row['cohort'])} "
        f"({between}; {formats.p_value(row['p_value'])})"
    )
