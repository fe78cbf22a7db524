"""What follows from the decision, for whom, by when."""

from collections.abc import Iterator
from datetime import timedelta

from opsplaybook import formats
from opsplaybook.display import Table
from opsplaybook.findings import Action
from opsplaybook.playbooks import actions
from opsplaybook.playbooks.ab_review.decision import Decision
from opsplaybook.playbooks.ab_review.effects import Effects
from opsplaybook.playbooks.ab_review.groups import Groups
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.playbooks.ab_review.sight import Sight
from opsplaybook.playbooks.ab_review.weight import Weighed

_FIRST = {
    "No verdict": ("Find why units are missing and repair it; then start again with new units",
                   "a sample-ratio test that is silent over the whole run"),
    "Do not ship": ("Take the treatment back, and write down why", "no unit in the treatment arm"),
    "Ship": ("Roll the treatment out to all", "all units in the treatment arm"),
    "Keep running": ("Let it run, without deciding from plain intervals on the way",
                     "the review on the last planned day"),
    "Inconclusive": ("Decide whether to test again with more units, or to drop it",
                     "a plan with enough units, or none"),
    "Fragile": ("Test again with that unit left out or in a stratum of its own",
                "the same effect without it"),
}  # fmt: skip


def plan_actions(
    params: Params,
    run: RunCheck,
    effects: Effects,
    weighed: Weighed,
    groups: Groups,
    sight: Sight,
    decision: Decision,
) -> tuple[Action, ...]:
    """Turn the decision into actions; those of earlier runs that are still open come first.

    Parameters
    ----------
    params : Params
    run, effects, weighed, groups, sight, decision
        As from the steps before.

    Returns
    -------
    tuple of Action
    """
    known = {action.what for action in run.earlier.actions}
    owner = run.experiment.owner
    due_on = run.experiment.as_of + timedelta(days=params.action_days)
    wanted = [
        _first(run, decision),
        *_repairs(run),
        *_watch(effects, weighed, groups, decision),
        *_more(sight, decision),
    ]
    new = [Action(what, owner, due_on, measure) for what, measure in wanted if what not in known]
    return (*run.earlier.actions, *new)


def table_actions(planned: tuple[Action, ...]) -> Table:
    """Show all actions, those carried over first."""
    return actions.table_actions(planned)


def _first(run: RunCheck, decision: Decision) -> tuple[str, str]:
    what, measure = _FIRST[decision.word]
    until = f" until {formats.day(decision.until)}" if decision.word == "Keep running" else ""
    return f"{run.experiment.title}: {what[:1].lower()}{what[1:]}{until}", measure


def _repairs(run: RunCheck) -> Iterator[tuple[str, str]]:
    if not run.stops:
        return
    worst = run.places.head(1)
    if len(worst) and worst["p_value"].iloc[0] < 0.01:
        place, attribute = worst["place"].iloc[0], worst["attribute"].iloc[0]
        what = f"Look at how assignments are recorded where {attribute} is {place}"
        yield what.replace("_", " "), "arms of the planned sizes there"


def _watch(
    effects: Effects, weighed: Weighed, groups: Groups, decision: Decision
) -> Iterator[tuple[str, str]]:
    if decision.word != "Ship":
        return
    if groups.trend is not None and groups.trend.fades:
        yield (
            "Measure the effect again after the rollout: it fades",
            "the effect in its second month",
        )
    if groups.differs:
        yield "Look at the groups that gain less before all of them get it", "effect by group"
    for effect in effects.guardrails:
        yield f"Watch {effect.metric.label} after the rollout", "within the tolerated loss"
    if weighed.main.fragile:
        yield "Hold back a control group in the rollout", "the effect in a second sample"


def _more(sight: Sight, decision: Decision) -> Iterator[tuple[str, str]]:
    wanted = sight.needed.loc[sight.needed["lift"] == sight.wanted_lift, "per_arm"]
    if decision.word in ("Inconclusive", "Fragile") and len(wanted):
        lift = formats.share(sight.wanted_lift)
        what = f"Plan {wanted.iloc[0]:,.0f} {sight.noun} per arm to see a lift of {lift}"
        yield what, "that many in the plan before it starts"
