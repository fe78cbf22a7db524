"""Step 7: ship, do not ship, keep running, or inconclusive; from the numbers alone."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Literal

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Table
from opsplaybook.findings import Tone
from opsplaybook.playbooks.ab_review.effects import Effect, Effects, in_words
from opsplaybook.playbooks.ab_review.groups import Groups
from opsplaybook.playbooks.ab_review.looks import Looks
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.playbooks.ab_review.sight import Sight
from opsplaybook.playbooks.ab_review.weight import Weighed
from opsplaybook.stats.results import Difference, Interval
from opsplaybook.tables import Column

Word = Literal["Ship", "Do not ship", "Keep running", "Inconclusive", "Fragile", "No verdict"]
TONES: dict[Word, Tone] = {
    "Ship": "good",
    "Do not ship": "bad",
    "Keep running": "open",
    "Inconclusive": "open",
    "Fragile": "mixed",
    "No verdict": "bad",
}
_FARTHEST_DAYS = 365
_HIDDEN = "not shown: it did not run as planned"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is recommended, and on what it rests.

    Attributes
    ----------
    word : Word
    tone : Tone
    reason : str
        Why, in one sentence, numbers included.
    effect : str
        Effect on the first success metric with interval, lift and n; empty where it may not be
        shown.
    money : Difference or None
        Effect in money over all units that would get the treatment; None where nothing says
        what a unit of it is worth, or no effect may be shown.
    until : date or None
        Day until which it should run.
    change : str
        What would change the decision.
    failed : tuple of str
        Checks that failed.
    guardrails : str
    memo : DataFrame
        ``question``, ``answer``.
    """

    word: Word
    tone: Tone
    reason: str
    effect: str
    money: Difference | None
    until: date | None
    change: str
    failed: tuple[str, ...]
    guardrails: str
    memo: pd.DataFrame


def decide(
    params: Params,
    run: RunCheck,
    effects: Effects,
    weighed: Weighed,
    looks: Looks,
    groups: Groups,
    sight: Sight,
) -> Decision:
    """Decide from the checks, the effect, its guardrails, and what could have been seen.

    In this order: a failed check stops everything; a harmed guardrail or a harmful effect is not
    shipped; an effect that one unit makes is fragile; an effect that is detected by the rule of
    looking ships once all guardrails hold; what is open keeps running to the planned end, and is
    then either too small to matter or inconclusive.

    Parameters
    ----------
    params : Params
    run, effects, weighed, looks, groups, sight
        As from the steps before.

    Returns
    -------
    Decision
    """
    effects = effects.with_main(looks.main)
    main, currency, noun = effects.main, run.experiment.currency, run.design.noun
    word, reason, change = _decided(run, effects, weighed, sight)
    effect = in_words(main, currency=currency, noun=noun) if effects.shown else ""
    money = _money(main, run, params) if effects.shown else None
    until = _until(run, sight) if word in ("Keep running", "Inconclusive", "Fragile") else None
    failed = tuple(run.problems.loc[run.problems["state"] == "stop", "check"])
    guardrails = _guardrails(effects)
    answers = [
        ("Decision", word),
        ("Because", reason),
        ("What was tested", run.experiment.hypothesis or run.experiment.title),
        ("On whom", _on_whom(run)),
        ("Effect on " + main.metric.label, effect or _HIDDEN),
        ("In money", _money_text(money, run, params) if effects.shown else _HIDDEN),
        ("Guardrails", guardrails),
        ("Single units", weighed.sentence if effects.shown else _HIDDEN),
        ("Looking early", looks.sentence),
        ("Groups and weeks", groups.sentence if effects.shown else _HIDDEN),
        ("Able to see", sight.sentence if effects.shown else _HIDDEN),
        ("Checks that failed", ", ".join(failed) or "none"),
        ("Run until", formats.day(until) if until else formats.MISSING),
        ("What would change the decision", change),
    ]  # fmt: skip
    memo = pd.DataFrame(answers, columns=["question", "answer"])
    return Decision(
        word=word,
        tone=TONES[word],
        reason=reason,
        effect=effect,
        money=money,
        until=until,
        change=change,
        failed=failed,
        guardrails=guardrails,
        memo=memo,
    )


def table_memo(decision: Decision, run: RunCheck) -> Table:
    """Show the decision memo, generated from the numbers of the steps before."""
    return tables.table(
        decision.memo,
        [Column("question", "Question"), Column("answer", "Answer")],
        key="memo",
        caption=f"Decision memo, {run.experiment.title}, {run.experiment.period}",
        shown=len(decision.memo),
    )


def _decided(
    run: RunCheck, effects: Effects, weighed: Weighed, sight: Sight
) -> tuple[Word, str, str]:
    """Return decision, reason, and what would change it."""
    label, over = effects.main.metric.label, run.experiment.over
    harmed = [_harm(effect) for effect in effects.guardrails if effect.standing == "harmed"]
    # A guardrail that was not measured is no more known to hold than one that is open.
    waiting = [e.metric.label for e in effects.guardrails if e.standing not in ("holds", "harmed")]
    if run.stops:
        return "No verdict", run.sentence, "a run whose arms have the planned sizes"
    if not effects.main.difference.enough:
        return "Inconclusive", f"There is not enough data on {label}.", "more units"
    if harmed:
        return (
            "Do not ship",
            f"It harms what must not suffer: {', '.join(harmed)}.",
            ("a treatment without this harm, tested again"),
        )
    if weighed.main.decides:
        return "Fragile", weighed.sentence, f"the same effect without {weighed.main.unit}"
    detected = effects.main.detected
    if detected and not effects.main.better:
        reason = f"To the worse: {label} {_moves(effects.main)}."
        return "Do not ship", reason, "another treatment"
    if detected and not waiting:
        return "Ship", _shipped(effects, weighed), _fragility(weighed)
    if detected:
        named = ", ".join(waiting)
        reason = f"{label} {_moves(effects.main)}, but harm to {named} cannot be ruled out yet."
        return ("Inconclusive" if over else "Keep running"), reason, "guardrails that hold"
    if not over:
        reason = f"There is no detectable effect on {label} yet, and the plan is not over."
        return "Keep running", reason, "the planned end, or the interval that holds at every look"
    return _nothing_found(effects.main, sight)


def _harm(effect: Effect) -> str:
    lift = effect.relative
    ends = f" ({formats.interval(lift.interval, 'change')})" if lift.interval else ""
    return f"{effect.metric.label} {formats.value(lift.value, 'change')}{ends}"


def _nothing_found(main: Effect, sight: Sight) -> tuple[Word, str, str]:
    """Tell an effect that is too small to matter from one that could not be seen."""
    label, wanted = main.metric.label, formats.share(sight.wanted_lift)
    best = sight.high_lift if main.metric.higher_is_better else -sight.low_lift
    if best < sight.wanted_lift:
        reason = (
            f"There is no detectable effect on {label}, and a lift worth having ({wanted}) can be "
            "ruled out."
        )
        return "Do not ship", reason, "a smaller lift that would be worth having"
    reason = (
        f"There is no detectable effect on {label}, but a lift worth having ({wanted}) cannot be "
        "ruled out."
    )
    return "Inconclusive", reason, f"more {sight.noun}: see what another test would need"


def _shipped(effects: Effects, weighed: Weighed) -> str:
    gains = [effect for effect in effects.successes if effect.detected and effect.better]
    moved = ", ".join(f"{e.metric.label} {_moves(e)}" for e in gains or [effects.main])
    held = "all guardrails hold" if effects.guardrails else "no guardrail was planned"
    steady = (
        "no single one decides"
        if not weighed.main.fragile
        else "the decision hangs on single units"
    )
    return f"{moved[:1].upper()}{moved[1:]}; {held}; {steady}."


def _moves(effect: Effect) -> str:
    return "rises" if effect.difference.value > 0 else "falls"


def _fragility(weighed: Weighed) -> str:
    if weighed.main.fragile:
        return (
            f"leaving out single {weighed.noun} already changes it: test again before relying on it"
        )
    return "a guardrail that is harmed later, or an effect that fades"


def _guardrails(effects: Effects) -> str:
    if not effects.guardrails:
        return "none was planned"
    if not effects.shown:
        return _HIDDEN
    return "; ".join(
        f"{effect.metric.label} {effect.standing} (tolerated loss "
        f"{formats.share(effect.metric.margin)})"
        for effect in effects.guardrails
    )


def _on_whom(run: RunCheck) -> str:
    counts = " and ".join(
        f"{row.units:,} in {row.arm}" for row in run.arms.itertuples() if row.share > 0
    )
    return f"{counts} ({run.design.noun}), {run.experiment.period}"


def _rollout(run: RunCheck, params: Params) -> int:
    """Count whom an average is over, and who would get the treatment: users or accounts."""
    item = run.measured[0]
    if params.rollout_units:
        return params.rollout_units
    if item.accounts is not None and run.design.average == "user":
        return item.accounts.user_count
    return item.treatment.n + item.control.n


def _money(main: Effect, run: RunCheck, params: Params) -> Difference | None:
    """Scale the effect to all units that would get the treatment, in money."""
    if main.metric.money is None or main.metric.measure.kind == "ratio":
        return None
    found, scale = main.difference, _rollout(run, params) * main.metric.money
    ends = found.interval
    bounds = None
    if ends is not None:
        low, high = sorted((ends.low * scale, ends.high * scale))
        bounds = Interval(low, high, ends.level)
    return Difference(found.value * scale, bounds, found.n, "money", found.p_value)


def _money_text(money: Difference | None, run: RunCheck, params: Params) -> str:
    if run.measured[0].is_ratio:
        return "not known: a ratio has no worth per unit"
    if money is None:
        return "not known: give money per unit in `metrics`"
    whom = f"{_rollout(run, params):,} {run.design.average_noun}"
    text = formats.estimate(money, currency=run.experiment.currency, unit=run.design.noun)
    return f"{text}, over {whom} and {run.experiment.days or 'all'} days"


def _until(run: RunCheck, sight: Sight) -> date | None:
    """Return the planned end, or the day by which enough units would have come."""
    experiment = run.experiment
    if not experiment.over:
        return experiment.end_on.date()
    needed = sight.needed.loc[sight.needed["lift"] == sight.wanted_lift, "times"]
    if not experiment.days or needed.empty or not needed.iloc[0] > 1:
        return None
    more = ceil((needed.iloc[0] - 1) * experiment.days)
    return experiment.as_of + timedelta(days=more) if more <= _FARTHEST_DAYS else None
