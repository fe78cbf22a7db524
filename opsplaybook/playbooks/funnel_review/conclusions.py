"""The findings of a funnel review, and the head of its report."""

from opsplaybook import formats
from opsplaybook.findings import (
    Design,
    Finding,
    Findings,
    KeyFigure,
    Pattern,
    grade,
    key_figure,
    strongest,
)
from opsplaybook.playbooks.funnel_review.actions import Steps
from opsplaybook.playbooks.funnel_review.behaviour import Behaviour
from opsplaybook.playbooks.funnel_review.breakdown import EVERYONE, Breakdown
from opsplaybook.playbooks.funnel_review.change import Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.definitions import DEFINITIONS, METHOD
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.playbooks.funnel_review.timing import Timing
from opsplaybook.playbooks.funnel_review.verdict import verdict, when_in_words
from opsplaybook.playbooks.funnel_review.worth import BACK, KEEP, Worth
from opsplaybook.playbooks.funnel_review.worth_shown import repair_name
from opsplaybook.sources import Tables
from opsplaybook.stats.results import Estimate, Interval


def findings(
    given: Tables,
    params: Params,
    definition: Definition,
    reach: Reach,
    timing: Timing,
    breakdown: Breakdown,
    change: Change,
    behaviour: Behaviour,
    worth: Worth,
    steps: Steps,
) -> Findings:
    """Put the report's head together: verdict, tiles, findings, actions."""
    claims = [
        _reversal(change),
        *_falls(change, params),
        _worth(worth, definition),
        _changed(breakdown),
        _heaviest(reach, definition),
        _behaviour(behaviour),
    ]
    parts = (definition, reach, timing, breakdown, change, worth)
    caveats = (*given.caveats, *(caveat for part in parts for caveat in part.caveats))
    return Findings(
        playbook="funnel_review",
        title=f"Funnel review: {definition.name}",
        subject=definition.name,
        period=_period(definition),
        as_of=given.as_of.isoformat(),
        verdict=verdict(params, definition, reach, change),
        key_figures=_tiles(definition, reach, worth),
        findings=strongest([claim for claim in claims if claim is not None]),
        actions=steps.actions,
        patterns=_patterns(change, params),
        caveats=tuple(dict.fromkeys(caveats)),
        definitions=DEFINITIONS,
        method=(f"The rule: {definition.words}", *METHOD),
    )


def _period(definition: Definition) -> str:
    first = definition.occurrences["first_on"].iloc[0]
    if definition.rule is not None and definition.rule.first_day:
        first = definition.rule.first_day
    if formats.is_missing(first):
        return f"as known on {formats.day(definition.as_of)}"
    last = (definition.rule.last_day if definition.rule else None) or definition.as_of
    return formats.period(first, last)


def _tiles(definition: Definition, reach: Reach, worth: Worth) -> tuple[KeyFigure, ...]:
    unit = "accounts" if definition.nested else definition.counted
    tiles = [
        key_figure("whole", f"Came to {definition.last}", reach.whole,
            f"mature entrants that came to the last step; {definition.words}", unit=unit),
        key_figure("entered", "Entered", Estimate(reach.entered, None, reach.entered, "count"),
            f"{definition.counted} that did the first step", unit=definition.counted),
    ]  # fmt: skip
    if definition.window_days:
        open_now = Estimate(reach.open, None, reach.entered, "count")
        tiles.append(key_figure("open", "Still open", open_now,
            "not at the end, window still running: not lost", unit=definition.counted))  # fmt: skip
    row = reach.steps.loc[reach.steps["step"] == reach.heaviest]
    if len(row):
        tiles.append(key_figure("heaviest", f"Went on to {reach.heaviest}", _estimate(row.iloc[0]),
            "of mature units at the step before: the lowest rate of all steps", unit=unit,
            tone="mixed"))  # fmt: skip
    best = worth.first(BACK) if worth.first(BACK) is not None else worth.first(KEEP)
    if best is not None:
        more = Estimate(best["units"], Interval(best["units_low"], best["units_high"]),
                        reach.mature, "number")  # fmt: skip
        name = repair_name(best["repair"], best["step"], best["segment"], worth.share)
        tiles.append(key_figure("worth", name, more,
            f"more {definition.counted} at {definition.last}, {worth.span}",
            unit=definition.counted))  # fmt: skip
    return tuple(tiles)


def _estimate(row: object) -> Estimate:
    ends = Interval(float(row["rate_low"]), float(row["rate_high"]))
    return Estimate(float(row["rate"]), ends, int(row["rate_n"]), "share")


def _design(change: Change) -> Design:
    return "before and after" if change.since is not None else "association"


def _reversal(change: Change) -> Finding | None:
    """Say that the total hides what a segment did."""
    if not change.reversals:
        return None
    found = change.reversals[0]
    ways = ("fell", "rose") if found.cell < 0 else ("rose", "fell")
    kind = "every segment went the other way" if found.every else "segments went other ways"
    row = change.of(found.step)
    claim = (
        f"The total hides it (Simpson reversal): {found.step} {ways[0]} for {found.segment} and "
        f"{ways[1]} for all together by {formats.points(found.total)}, of which the mix made "
        f"{formats.points(found.mix)} and rates {formats.points(found.rate)}; {kind}."
    )
    cell = change.cells.loc[
        (change.cells["segment"] == found.segment) & (change.cells["step"] == found.step)
    ].iloc[0]
    certain = min(float(row["mix_low"]) * float(row["mix_high"]), 1.0) > 0
    return Finding(
        claim=claim,
        strength=grade(detectable=certain, n=int(cell["difference_n"]), design=_design(change)),
        design=_design(change),
        evidence=("change", "change-chart", "cells"),
        would_change=f"another split than by {change.by}",
    )


def _falls(change: Change, params: Params) -> list[Finding]:
    """Name the segments that moved beyond chance, with both rates."""
    found = []
    for direction, verb in ((-1, "fell"), (1, "rose")):
        for row in change.moved(direction).head(2).to_dict("records"):
            n = int(row["difference_n"])
            claim = f"For {row['segment']}, {_moved(row, verb, change, params)}."
            found.append(
                Finding(
                    claim=claim,
                    strength=grade(detectable=True, n=n, design=_design(change)),
                    design=_design(change),
                    evidence=("cells", "cells-chart"),
                    caveats=change.caveats,
                    would_change="the same comparison with another day, or a control group",
                )
            )
    return found


def _moved(row: object, verb: str, change: Change, params: Params) -> str:
    """Say how a segment differs between the sides, with interval and n."""
    first, second = (formats.share(row[name]) for name in ("first", "second"))
    certain = (
        f"({params.level:.0%} interval of the difference {_ends(row, 'difference', 'points')}, "
        f"n = {int(row['difference_n']):,} in the smaller group)"
    )
    if change.since is None:
        higher = "higher" if verb == "rose" else "lower"
        one, two = change.labels
        return f"{row['step']} is {higher} for {two} ({second}) than for {one} ({first}) {certain}"
    when = when_in_words(change, params)
    return f"{row['step']} {verb} {when}: from {first} to {second} {certain}"


def _worth(worth: Worth, definition: Definition) -> Finding | None:
    """Say which repair is worth most, in units, deals and money."""
    back = worth.first(BACK)
    best = worth.first(KEEP) if back is None else back
    if best is None or not best["units"] > 0:
        return None
    name = repair_name(best["repair"], best["step"], best["segment"], worth.share)
    claim = (
        f"{name} would bring {formats.number(best['units'])} more {definition.counted} to "
        f"{definition.last} {worth.span} ({_ends(best, 'units', 'number')})"
    )
    claim += _in_money(best, worth)
    n = int(worth.entrants) if worth.entrants == worth.entrants else 0
    return Finding(
        claim=f"{claim}.",
        strength=grade(detectable=best["units_low"] > 0, n=n, design="association"),
        design="association",
        evidence=("worth", "worth-chart"),
        caveats=worth.caveats,
        would_change="other rates of the later steps",
    )


def _in_money(best: object, worth: Worth) -> str:
    """Say what a repair is worth in deals and money; without a link, that there is none."""
    value = worth.value
    if value.money is None and value.deals is None:
        return "; no deals are known to value them"
    if value.money is None:
        return "; no amounts are known to value them"
    if not value.shown:
        return "; no money is put on it: that more of them bring money is not detectable"
    parts = []
    if value.deals is not None and value.deals.value != 1:
        parts.append(f"{formats.number(best['deals'])} deals ({_ends(best, 'deals', 'number')})")
    money = formats.money(best["money"], worth.currency)
    parts.append(f"{money} ({_ends(best, 'money', 'money', worth.currency)})")
    return f", {' and '.join(parts)}"


def _ends(row: object, name: str, kind: str, currency: str = "") -> str:
    low, high = (
        formats.value(row[f"{name}_{end}"], kind, currency=currency) for end in ("low", "high")
    )
    return f"{low} to {high}"


def _changed(breakdown: Breakdown) -> Finding | None:
    """Name the clearest change of the trend."""
    if breakdown.changes.empty:
        return None
    clearest = breakdown.changes["p_value"] == breakdown.changes["p_value"].min()
    row = breakdown.changes.loc[breakdown.changes.loc[clearest, "change"].abs().idxmax()]
    who = "all" if row["segment"] == EVERYONE else row["segment"]
    units = int(breakdown.trend.loc[breakdown.trend["step"] == row["step"], "units"].sum())
    claim = (
        f"The trend of {row['step']} ({who}) changed with entrants from "
        f"{formats.day(row['cohort'])} (between {formats.day(row['earliest'])} and "
        f"{formats.day(row['latest'])}): {formats.share(row['before'])} before, "
        f"{formats.share(row['after'])} after, {formats.p_value(row['p_value'])} for the search "
        f"over all cohorts; {breakdown.looked_at} lines were looked at."
    )
    return Finding(
        claim=claim,
        strength=grade(detectable=True, n=units, design="before and after"),
        design="before and after",
        evidence=("trend-chart", "changes"),
        caveats=("Both rates were chosen to differ, so their distance is rather too large.",),
    )


def _heaviest(reach: Reach, definition: Definition) -> Finding | None:
    if not reach.heaviest:
        return None
    row = reach.steps.loc[reach.steps["step"] == reach.heaviest].iloc[0]
    unit = "accounts" if definition.nested else definition.counted
    claim = (
        f"Most are lost before {reach.heaviest}: "
        f"{formats.estimate(_estimate(row), unit=unit)} of mature {definition.counted} at the step "
        f"before went on; {reach.lost_total:,} are lost in all and {reach.open:,} still open."
    )
    return Finding(
        claim=claim,
        strength=grade(detectable=True, n=int(row["rate_n"]), design="description"),
        evidence=("reach", "reach-chart", "lost"),
        would_change="another window or another unit: see the other rules",
    )


def _behaviour(behaviour: Behaviour) -> Finding | None:
    if behaviour.actions.empty or not behaviour.actions["beyond_chance"].any():
        return None
    row = behaviour.actions.loc[behaviour.actions["beyond_chance"]].iloc[0]
    claim = (
        f"Going on to {behaviour.step} goes with {row['action'].replace('_', ' ')}: odds ratio "
        f"{formats.ratio(row['odds'])} ({_ends(row, 'odds', 'ratio')}), corrected for "
        f"{behaviour.compared} actions."
    )
    return Finding(
        claim=claim,
        strength=grade(detectable=True, n=int(row["odds_n"]), design="association"),
        design="association",
        evidence=("odds", "odds-chart"),
        caveats=behaviour.caveats,
        would_change="an experiment that leads people to it",
    )


def _patterns(change: Change, params: Params) -> tuple[Pattern, ...]:
    """Keep what was learnt about totals that hide segments."""
    if not change.reversals:
        return ()
    found = change.reversals[0]
    return (
        Pattern(
            kind="keep",
            what=f"Read {found.step} by {change.by.rpartition('.')[2]}, never in total alone",
            evidence=f"{found.segment} {formats.points(found.cell)}, total "
            f"{formats.points(found.total)}",
            strength="moderate",
            applies_to=params.funnel,
        ),
    )
