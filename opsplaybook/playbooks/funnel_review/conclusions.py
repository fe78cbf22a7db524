"""The head of the report of a funnel review: verdict, tiles, findings, actions."""

from opsplaybook import formats
from opsplaybook.findings import Findings, Pattern, strongest
from opsplaybook.playbooks.funnel_review import claims
from opsplaybook.playbooks.funnel_review.actions import Steps
from opsplaybook.playbooks.funnel_review.behaviour import Behaviour
from opsplaybook.playbooks.funnel_review.breakdown import Breakdown
from opsplaybook.playbooks.funnel_review.change import Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.definitions import DEFINITIONS, METHOD
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.playbooks.funnel_review.tiles import key_figures
from opsplaybook.playbooks.funnel_review.timing import Timing
from opsplaybook.playbooks.funnel_review.verdict import verdict
from opsplaybook.playbooks.funnel_review.wording import column_in_words, rule_in_words
from opsplaybook.playbooks.funnel_review.worth import Worth
from opsplaybook.playbooks.funnel_review.worth_claim import worth_most
from opsplaybook.sources import Tables


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
    found = [
        worth_most(worth, definition),
        claims.reversal(change),
        *claims.moves(change, params),
        claims.trend_change(breakdown.trend),
        claims.loss(reach, definition),
        claims.association(behaviour),
    ]
    parts = (definition, reach, timing, breakdown, change, worth)
    own = (caveat for part in parts for caveat in part.caveats)
    caveats = (*given.caveats, *own, *claims.still_open(reach, definition))
    return Findings(
        playbook="funnel_review",
        title=f"Funnel review: {definition.name}",
        subject=definition.name,
        period=_period(definition),
        as_of=given.as_of.isoformat(),
        verdict=verdict(params, definition, reach, change),
        key_figures=key_figures(definition, reach, worth),
        findings=strongest([claim for claim in found if claim is not None]),
        actions=steps.actions,
        patterns=_patterns(change, params),
        caveats=tuple(dict.fromkeys(caveats)),
        definitions=DEFINITIONS,
        method=(rule_in_words(definition), *METHOD),
    )


def _period(definition: Definition) -> str:
    first = definition.occurrences["first_on"].iloc[0]
    if definition.rule is not None and definition.rule.first_day:
        first = definition.rule.first_day
    if formats.is_missing(first):
        return f"as known on {formats.day(definition.as_of)}"
    last = (definition.rule.last_day if definition.rule else None) or definition.as_of
    return formats.period(first, last)


def _patterns(change: Change, params: Params) -> tuple[Pattern, ...]:
    """Keep what was learnt about totals that hide segments."""
    if not change.reversals:
        return ()
    found = change.reversals[0]
    return (
        Pattern(
            kind="keep",
            what=f"Read {found.step} by {column_in_words(change.by)}, never in total alone",
            evidence=f"{found.segment} {formats.points(found.cell)}, total "
            f"{formats.points(found.total)}",
            strength="moderate",
            applies_to=params.funnel,
        ),
    )
