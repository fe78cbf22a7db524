"""Step 4, summarise patterns: keep, stop, try; the actions; the verdict."""

from dataclasses import dataclass
from datetime import date, timedelta

from opsplaybook import formats
from opsplaybook.findings import (
    FINDINGS_SHOWN,
    Action,
    Finding,
    Findings,
    KeyFigure,
    Pattern,
    PatternKind,
    Tone,
    Verdict,
    key_figure,
    strongest,
)
from opsplaybook.metrics.events import STEPS
from opsplaybook.playbooks.event_retrospective.attendance import (
    Attendance,
    attendance_findings,
    notes_for_guests,
)
from opsplaybook.playbooks.event_retrospective.causes import Cause, Causes
from opsplaybook.playbooks.event_retrospective.definitions import DEFINITIONS, METHOD
from opsplaybook.playbooks.event_retrospective.goals import Goals
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.playbooks.event_retrospective.results import NOT_OVER, Results
from opsplaybook.sources import Tables

ACTIONS_SHOWN = 6
"""New actions of one retrospective at most: more are not done."""

SENTENCE = 300
"""Characters of a verdict at most: a longer sentence is not read."""

DECIDED = ("exceeded", "met", "missed")

_REMEDIES = {
    "reach": ("Plan {subject} before inviting", "people reached against plan, by channel"),
    "registered": ("Change the invitation sent through {subject}", "registered of invited there"),
    "attended": ("Remind those registered through {subject}", "attended of registered there"),
    "qualified": ("Choose more closely whom to invite through {subject}", "qualified of attended"),
    "redeemed": ("Change the offer sent through {subject}", "accounts that take it up"),
    "follow-up": ("Follow up qualified contacts in time", "share followed up within the hours set"),
    "audience": ("Invite more accounts of tiers S and A", "their share among attended accounts"),
    "cost": ("Renegotiate or drop {subject}", "its cost against plan at the next event"),
    "effect": ("Hold out a random part of the list next time", "{subject}: invited less held out"),
}
"""What to do about a cause, and how it will be seen that it worked."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """What to carry into the next event.

    Attributes
    ----------
    patterns : tuple of Pattern
        Keep, stop, try.
    actions : tuple of Action
        New ones, and those carried over from earlier retrospectives.
    """

    patterns: tuple[Pattern, ...]
    actions: tuple[Action, ...]


def summarise_patterns(given: Tables, params: Params, goals: Goals, causes: Causes) -> Patterns:
    """Turn causes into patterns and actions.

    Keep what helped, stop what cost, each beyond chance; try the remedy where the evidence is
    thin. What chance alone may have made is no pattern.

    Parameters
    ----------
    given : Tables
    params : Params
    goals, causes
        As from the steps before.

    Returns
    -------
    Patterns
    """
    worth = [leaf for leaf in causes.leaves if leaf.strength != "none" or leaf.branch == "effect"]
    patterns = tuple(_pattern(leaf, goals.event.format) for leaf in worth)
    due = given.as_of + timedelta(days=params.action_days)
    owner = goals.event.owner or params.owner
    known = {action.what for action in goals.earlier.actions}
    new = [_action(leaf, owner, due) for leaf in causes.leaves if _calls_for_action(leaf)]
    fresh = [action for action in new if action.what not in known]
    return Patterns(patterns, (*goals.earlier.actions, *fresh[:ACTIONS_SHOWN]))


def findings(
    given: Tables,
    params: Params,
    goals: Goals,
    results: Results,
    causes: Causes,
    patterns: Patterns,
    attendance: Attendance,
) -> Findings:
    """Put the report's head together: verdict, tiles, findings, actions, patterns."""
    event = goals.event
    caveats = (*given.caveats, *goals.caveats, *results.caveats, *causes.caveats)
    return Findings(
        playbook="event_retrospective",
        title=f"Event retrospective: {event.name}",
        subject=event.name,
        period=event.period,
        as_of=given.as_of.isoformat(),
        verdict=verdict(results, causes),
        key_figures=_tiles(results, causes),
        findings=_findings(results, causes, attendance),
        actions=patterns.actions,
        patterns=patterns.patterns,
        caveats=tuple(dict.fromkeys(caveats)),
        definitions=(*DEFINITIONS, *_windows_in_words(given, params)),
        method=METHOD,
        for_customer=notes_for_guests(attendance),
    )


def _windows_in_words(given: Tables, params: Params) -> tuple[tuple[str, str], ...]:
    """Define what depends on the parameters."""
    early, late = formats.days(params.early_window_days), formats.days(params.late_window_days)
    known = formats.day(given.as_of)
    return (
        ("Window", f"The first day of the event and the {early}, or {late}, that follow it."),
        (
            "Deals sourced and won",
            f"Opened within {late}, won by {known}; a return counts those won in its window.",
        ),
    )


def verdict(results: Results, causes: Causes) -> Verdict:
    """Decide: Scale, Keep and test, Change, Stop, Too early, Not enough data.

    Only a matched comparison whose placebo is silent can say Scale or Stop.
    """
    word, tone = _decision(results, causes)
    parts = (_goals_in_words(results), _loss_in_words(results, causes), _effect_in_words(causes))
    sentence = "; ".join(part for part in parts if part)
    if len(sentence) >= SENTENCE:
        sentence = f"{parts[0]}; {parts[2]}"
    return Verdict(word, f"{sentence[0].upper()}{sentence[1:]}.", tone)


def _decision(results: Results, causes: Causes) -> tuple[str, Tone]:
    decided = results.goals.loc[results.goals["result"].isin(DECIDED)]
    effect = causes.comparison.effect
    known = effect is not None and effect.enough
    if decided.empty and not known:
        return ("Not enough data" if results.window_over else "Too early"), "open"
    if (results.goals["result"] == NOT_OVER).any() and not known:
        return "Too early", "open"
    missed = (decided["result"] == "missed").mean() if len(decided) else 0.0
    carries = known and effect.detectable and causes.comparison.design == "matched"
    works = carries and effect.value > 0
    harms = carries and effect.value < 0
    if harms:
        return "Stop", "bad"
    if works:
        return ("Scale", "good") if missed < 0.5 else ("Change", "mixed")
    if missed >= 0.5:
        return "Change", "bad"
    return "Keep, and test", "mixed"


def _goals_in_words(results: Results) -> str:
    counts = results.goals["result"].value_counts()
    reached = int(counts.get("exceeded", 0) + counts.get("met", 0))
    decided = int(reached + counts.get("missed", 0))
    if not len(results.goals):
        return "no goal was set"
    undecided = int(counts.get(NOT_OVER, 0))
    tail = f", {undecided} undecided" if undecided else ""
    return f"{reached} of {decided} decided goals reached{tail}"


def _loss_in_words(results: Results, causes: Causes) -> str:
    """Say where most people were lost beyond chance, if a goal was missed."""
    lost = [leaf for leaf in causes.leaves if leaf.branch in STEPS and _calls_for_action(leaf)]
    missed = (results.goals["result"] == "missed").any()
    return lost[0].statement if lost and missed else ""


def _effect_in_words(causes: Causes) -> str:
    comparison = causes.comparison
    effect = comparison.effect
    if effect is None or not effect.enough:
        return comparison.statement
    size = formats.estimate(effect, currency=comparison.currency, unit="accounts")
    return f"{comparison.statement}: {size}"


def _tiles(results: Results, causes: Causes) -> tuple[KeyFigure, ...]:
    measures, currency = results.measures, results.currency
    wanted = (
        ("attendees", "Attendees", "people that attended", "accounts"),
        ("leads", "Leads", "people that were qualified", "accounts"),
        ("redemption_rate", "Redemption", "accounts reached that took up an offer", "accounts"),
        ("deals", "Deals sourced and won", "deals that name the event as origin", "accounts"),
        ("cost_per_lead", "Cost per lead", "cost, staff time included, over leads", "accounts"),
    )
    targets = results.goals.loc[results.goals["standing"] == "set before"]
    targets = targets.drop_duplicates("metric").set_index("metric")
    tiles = []
    for metric, label, definition, unit in wanted:
        estimate = measures.of(metric)
        if estimate is None:
            continue
        goal = targets.loc[metric] if metric in targets.index else None
        tile = key_figure(
            metric,
            label,
            estimate,
            definition,
            unit=unit,
            currency=currency,
            target=None if goal is None else goal["target"],
            tone="open" if goal is None else _tone(goal["result"]),
        )
        tiles.append(tile)
    return (*tiles, *_effect_tile(causes))[:6]


def _effect_tile(causes: Causes) -> tuple[KeyFigure, ...]:
    comparison = causes.comparison
    if comparison.effect is None or comparison.outcome is None:
        return ()
    effect = comparison.effect
    tone: Tone = "open"
    if effect.detectable:
        tone = "good" if effect.value > 0 else "bad"
    tile = key_figure(
        "effect",
        f"Difference in {comparison.outcome.label}",
        effect,
        f"{comparison.treated_word} less comparable accounts not reached, {comparison.days} days",
        unit="accounts",
        currency=comparison.currency,
        tone=tone,
    )
    return (tile,)


def _tone(result: str) -> Tone:
    tones: dict[str, Tone] = {"exceeded": "good", "met": "good", "missed": "bad"}
    return tones.get(result, "open")


def _findings(results: Results, causes: Causes, attendance: Attendance) -> tuple[Finding, ...]:
    """Put the goals and the effect first: they are the answer, whatever their strength."""
    effects = [_finding(leaf) for leaf in causes.leaves if leaf.branch == "effect"]
    others = [
        _finding(leaf)
        for leaf in causes.leaves
        if leaf.branch != "effect" and leaf.strength != "none"
    ]
    answers = [_goal_finding(results)] * bool(len(results.goals)) + effects
    came = attendance_findings(attendance)
    most = FINDINGS_SHOWN - len(came)
    return (*(*answers, *strongest(others))[:most], *came)


def _goal_finding(results: Results) -> Finding:
    judged = results.goals.loc[results.goals["result"].isin(DECIDED)]
    beyond_chance = judged.loc[judged["certain"], "label"].tolist()
    claim = _goals_in_words(results)
    if beyond_chance:
        claim += f"; beyond chance: {', '.join(beyond_chance)}"
    enough = len(judged) > 0
    return Finding(
        claim=claim[0].upper() + claim[1:],
        strength="strong" if enough else "none",
        design="description",
        evidence=("goal-results",),
    )


def _finding(leaf: Cause) -> Finding:
    return Finding(
        claim=f"{leaf.statement[0].upper()}{leaf.statement[1:]}: {leaf.evidence}",
        strength=leaf.strength,
        design=leaf.design,
        evidence=(leaf.shown_by,),
        would_change="a random hold-out" if leaf.branch == "effect" else "",
    )


def _calls_for_action(leaf: Cause) -> bool:
    """Act on what cost something beyond chance; where no effect is seen, on seeing it next time."""
    if leaf.branch == "effect":
        return leaf.strength != "strong"
    return not leaf.helped and leaf.strength != "none"


def _pattern(leaf: Cause, kind_of_event: str) -> Pattern:
    kind: PatternKind = "try"
    if leaf.helped:
        kind = "keep"
    elif leaf.branch in ("cost", *STEPS) and leaf.strength in ("strong", "moderate"):
        kind = "stop"
    text = _remedy(leaf)[0] if kind == "try" else leaf.statement
    return Pattern(kind, text[0].upper() + text[1:], leaf.evidence, leaf.strength, kind_of_event)


def _remedy(leaf: Cause) -> tuple[str, str]:
    what, measure = _REMEDIES[leaf.branch]
    return what.format(subject=leaf.subject), measure.format(subject=leaf.subject)


def _action(leaf: Cause, owner: str, due_on: date) -> Action:
    what, measure = _remedy(leaf)
    return Action(what=what, owner=owner, due_on=due_on, measure=measure)
