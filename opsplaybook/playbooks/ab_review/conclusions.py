"""Verdict, key figures and findings of the A/B review."""

from opsplaybook import formats
from opsplaybook.findings import (
    Action,
    Design,
    Finding,
    Findings,
    KeyFigure,
    Tone,
    Verdict,
    grade,
    key_figure,
    strongest,
)
from opsplaybook.playbooks.ab_review.decision import Decision
from opsplaybook.playbooks.ab_review.definitions import DEFINITIONS, METHOD
from opsplaybook.playbooks.ab_review.effects import Effect, Effects, in_words
from opsplaybook.playbooks.ab_review.groups import Groups
from opsplaybook.playbooks.ab_review.looks import Looks
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.playbooks.ab_review.sight import Sight
from opsplaybook.playbooks.ab_review.weight import Weighed
from opsplaybook.sources import Tables
from opsplaybook.stats.results import Estimate

_SENTENCE_CHARACTERS = 300
_FIRM = 0.01
_GUARDRAILS = 2
_TONES: dict[str, Tone] = {
    "better": "good",
    "worse": "bad",
    "holds": "good",
    "harmed": "bad",
    "open": "mixed",
    "no detectable effect": "open",
    "not enough data": "open",
}
_RANDOMISED: Design = "randomised"


def findings(
    given: Tables,
    run: RunCheck,
    effects: Effects,
    weighed: Weighed,
    looks: Looks,
    groups: Groups,
    sight: Sight,
    decision: Decision,
    actions: tuple[Action, ...],
) -> Findings:
    """Put the report's head together: verdict, tiles, findings, actions."""
    effects = effects.with_main(looks.main)
    found = [_run(run), _missing(run)]
    if effects.shown:
        found += [
            *[_effect(effect, run, looks) for effect in effects.all],
            _single_units(weighed),
            _groups(groups, run),
            None if effects.main.detected else _sight(sight, run),
        ]
    caveats = (*given.caveats, *run.caveats, *groups.caveats, *_caveats(effects, run))
    return Findings(
        playbook="ab_review",
        title="A/B review",
        subject=run.experiment.title,
        period=run.experiment.period,
        as_of=given.as_of.isoformat(),
        verdict=_verdict(run, effects, decision),
        key_figures=_tiles(run, effects, sight, decision),
        findings=strongest([finding for finding in found if finding is not None]),
        actions=actions,
        caveats=tuple(dict.fromkeys(caveats)),
        definitions=DEFINITIONS,
        method=METHOD,
    )


def _verdict(run: RunCheck, effects: Effects, decision: Decision) -> Verdict:
    parts = [decision.reason]
    if effects.shown and decision.word != "Fragile":
        parts.append(f"{_capital(effects.main.metric.label)}: {decision.effect}.")
    if not effects.shown:
        parts.append("No effect is shown.")
    sentence = " ".join(parts)
    if len(sentence) > _SENTENCE_CHARACTERS:
        sentence = f"{decision.reason} {run.experiment.period}."
    return Verdict(decision.word, sentence[:_SENTENCE_CHARACTERS], decision.tone)


def _tiles(
    run: RunCheck, effects: Effects, sight: Sight, decision: Decision
) -> tuple[KeyFigure, ...]:
    noun, currency = run.design.noun, run.experiment.currency
    total = int(run.arms["units"].sum())
    counted = Estimate(total, None, total, "count")
    smaller = f"{noun} in the smaller arm"
    tiles = [
        key_figure("units", _capital(noun), counted,
                   "units in a planned arm, each counted once"),
        KeyFigure("sample_ratio", "Sample ratio", formats.p_value(run.ratio.p_value),
                  "chance of arms as unequal as these, if all went as planned",
                  base=f"n = {formats.count(total)}", tone="bad" if run.stops else "good",
                  raw=run.ratio.p_value),
    ]  # fmt: skip
    if effects.shown:
        main = effects.main
        tone = _TONES.get(main.standing, "open")
        label = _capital(main.metric.label)
        tiles.append(key_figure("effect", label, main.difference, _meaning(run, main),
                                unit=smaller, currency=currency, tone=tone))  # fmt: skip
        tiles.append(key_figure("lift", "Lift", main.relative,
                                "difference as a share of the control",
                                unit=smaller, tone=tone))  # fmt: skip
        tiles += [_guardrail_tile(effect, smaller) for effect in effects.guardrails[:_GUARDRAILS]]
        if decision.money is not None:
            tiles.append(key_figure("money", "Effect in money", decision.money,
                                    "over all units that would get it", unit=noun,
                                    currency=currency, tone=tone))  # fmt: skip
    if effects.shown and not formats.is_missing(sight.smallest_lift):
        seen = Estimate(sight.smallest_lift, None, run.measured[0].treatment.n, "share")
        tone = "good" if sight.sees_wanted else "bad"
        tiles.append(key_figure("smallest", "Smallest detectable lift", seen,
                                f"found with {sight.power:.0%} power", unit=noun,
                                target=sight.wanted_lift, tone=tone))  # fmt: skip
    return tuple(tiles)


def _guardrail_tile(effect: Effect, unit: str) -> KeyFigure:
    label = f"Guardrail: {effect.metric.label}"
    meaning = f"lift; the tolerated loss is {formats.share(effect.metric.margin)}"
    key = f"guardrail_{effect.metric.measure.numerator.argument or 'value'}"
    return key_figure(key, label, effect.relative, meaning, unit=unit, tone=_TONES[effect.standing])


def _meaning(run: RunCheck, main: Effect) -> str:
    per = "account" if run.design.average == "account" else "user"
    return f"treatment less control, {main.metric.measure.text} per {per}, {run.experiment.period}"


def _run(run: RunCheck) -> Finding:
    caveats = tuple(
        f"{row.check}: {row.found:,.0f} of {row.of:,.0f}, {row.done}."
        for row in run.problems.itertuples()
        if row.state != "ok" and row.check != "sample ratio"
    )
    return Finding(
        claim=run.sentence,
        strength=grade(detectable=True, n=int(run.arms["units"].sum()), design="description"),
        evidence=("arms", "problems", "daily-ratio", "places"),
        caveats=caveats,
    )


def _missing(run: RunCheck) -> Finding | None:
    """Say where units are missing, when the ratio is off."""
    if not run.stops or run.places.empty or not run.places["p_value"].iloc[0] < _FIRM:
        return None
    worst, arms = run.places.iloc[0], run.design.arms
    counts = " and ".join(f"{worst[arm]:,} in {arm}" for arm in arms)
    return Finding(
        claim=f"Units are missing where {worst['attribute'].replace('_', ' ')} is "
        f"{worst['place']}: {counts} ({formats.p_value(worst['p_value'])}).",
        strength=grade(detectable=True, n=int(worst[list(arms)].sum()), design="description"),
        evidence=("places",),
        would_change="the same rows, found elsewhere",
    )


def _effect(effect: Effect, run: RunCheck, looks: Looks) -> Finding:
    text = in_words(effect, currency=run.experiment.currency, noun=run.design.noun)
    found = effect.standing in ("better", "worse", "holds", "harmed")
    label = _capital(effect.metric.label)
    name = f"Guardrail {effect.metric.label}" if effect.guardrail is not None else label
    main = effect.guardrail is None and looks.rule != "one look"
    return Finding(
        claim=f"{name}: {effect.standing}, {text}.",
        strength=grade(detectable=found, n=effect.difference.n, design=_RANDOMISED),
        design=_RANDOMISED,
        evidence=("effects", "effects-chart"),
        caveats=(looks.sentence,) if main else (),
        would_change="more units" if not found else "",
    )


def _single_units(weighed: Weighed) -> Finding | None:
    main = weighed.main
    if not main.unit:
        return None
    strength = grade(detectable=main.fragile, n=main.n, design="description")
    return Finding(weighed.sentence, strength, evidence=("influence", "robust"))


def _groups(groups: Groups, run: RunCheck) -> Finding | None:
    if groups.tests.empty and groups.weeks.empty:
        return None
    n = run.measured[0].treatment.n
    return Finding(
        claim=groups.sentence,
        strength=grade(detectable=groups.differs, n=n, design=_RANDOMISED),
        design=_RANDOMISED,
        evidence=("classes", "weeks"),
        caveats=groups.caveats,
    )


def _sight(sight: Sight, run: RunCheck) -> Finding | None:
    if formats.is_missing(sight.smallest_lift):
        return None
    strength = grade(detectable=True, n=run.measured[0].treatment.n, design="description")
    return Finding(sight.sentence, strength, evidence=("needed",))


def _caveats(effects: Effects, run: RunCheck) -> tuple[str, ...]:
    found = []
    if effects.as_assigned and effects.shown:
        same = formats.estimate(effects.as_assigned[0], currency=run.experiment.currency)
        found.append(f"With everything that contradicts itself left in, the effect is {same}.")
    if len(effects.successes) > 1:
        found.append(
            f"{len(effects.successes)} success metrics are judged together; the first one decides."
        )
    return tuple(found)


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
