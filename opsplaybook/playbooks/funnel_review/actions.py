"""Step 6: what follows, for whom, by when, and how it will be seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from opsplaybook import formats
from opsplaybook.display import Table
from opsplaybook.findings import Action
from opsplaybook.playbooks import actions
from opsplaybook.playbooks.base import earlier_runs
from opsplaybook.playbooks.funnel_review.behaviour import Behaviour
from opsplaybook.playbooks.funnel_review.breakdown import Breakdown
from opsplaybook.playbooks.funnel_review.change import Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.playbooks.funnel_review.repairs import BACK, KEEP
from opsplaybook.playbooks.funnel_review.wording import with_rule
from opsplaybook.playbooks.funnel_review.worth import Worth
from opsplaybook.playbooks.funnel_review.worth_shown import sized
from opsplaybook.sources import Tables

_ASKED = 10


@dataclass(frozen=True, slots=True)
class Steps:
    """What follows.

    Attributes
    ----------
    actions : tuple of Action
        Those that earlier reviews of this funnel left open, and new ones.
    """

    actions: tuple[Action, ...]


def plan_steps(
    given: Tables,
    params: Params,
    definition: Definition,
    reach: Reach,
    breakdown: Breakdown,
    change: Change,
    behaviour: Behaviour,
    worth: Worth,
) -> Steps:
    """Turn what was found into actions with owner, date and measure.

    Parameters
    ----------
    given : Tables
    params : Params
    definition, reach, breakdown, change, behaviour, worth
        As from the steps before.

    Returns
    -------
    Steps
    """
    about = {"funnel": params.funnel}
    earlier = earlier_runs(params.earlier_runs, "funnel_review", given.as_of, about=about)
    known = {action.what for action in earlier.actions}
    due_on = given.as_of + timedelta(days=params.action_days)
    wanted = [
        *_repair(worth, change, params, due_on),
        *_trend(breakdown, change, due_on),
        *_ask(reach, behaviour, due_on),
        *_try(behaviour, due_on),
        *_look_again(reach, definition, given.as_of),
    ]
    new = [
        Action(what, params.owner, due, measure, expected_effect=effect)
        for what, due, measure, effect in wanted
        if what not in known
    ]
    return Steps((*earlier.actions, *new))


def table_actions(steps: Steps, definition: Definition) -> Table:
    """Show all actions, those carried over first."""
    return with_rule(actions.table_actions(steps.actions), definition)


_Wanted = tuple[str, date, str, str]


def _repair(worth: Worth, change: Change, params: Params, due_on: date) -> Iterator[_Wanted]:
    """Undo falls, or else repair the step that is worth most."""
    fallen = worth.first(BACK)
    if fallen is not None:
        what = (
            f"Find out why {fallen['step']} fell for {fallen['segment']} since "
            f"{params.change_known_as or formats.day(change.since)}, and undo it"
        )
        measure = (
            f"{fallen['step']} of {fallen['segment']} back at {formats.share(fallen['target'])} "
            f"in cohorts that enter after the repair (now {formats.share(fallen['rate'])})"
        )
        yield what, due_on, measure, _effect(fallen, worth)
        return
    best = worth.first(KEEP)
    if best is not None and best["lost"] > 0:
        measure = (
            f"{best['step']} at {formats.share(best['target'])} in cohorts that enter after the "
            f"repair (now {formats.share(best['rate'])})"
        )
        yield f"Repair the step to {best['step']}", due_on, measure, _effect(best, worth)


def _effect(row: object, worth: Worth) -> str:
    return f"{sized(row, 'units', worth.units_kind)} more at the end {worth.span}"


def _trend(breakdown: Breakdown, change: Change, due_on: date) -> Iterator[_Wanted]:
    """Ask for the cause of a fall in the trend that no comparison of periods has named."""
    named = set(change.moved(-1)["step"]) if len(change.cells) else set()
    for row in breakdown.trend.changes.itertuples():
        if row.change < 0 and row.step not in named:
            what = (
                f"Find out what happened to {row.step} ({row.segment}) around "
                f"{formats.day(row.cohort)}"
            )
            yield what, due_on, "a cause that the trend of the next review confirms", ""
            return


def _ask(reach: Reach, behaviour: Behaviour, due_on: date) -> Iterator[_Wanted]:
    if reach.lost_total >= _ASKED and behaviour.step:
        what = f"Ask ten of those lost before {behaviour.step} what kept them (list: lost.csv)"
        yield what, due_on, "ten answers, sorted by reason", ""


def _try(behaviour: Behaviour, due_on: date) -> Iterator[_Wanted]:
    """Propose a test of the action that goes most with going on."""
    if behaviour.actions.empty:
        return
    helps = behaviour.actions.loc[
        behaviour.actions["beyond_chance"] & (behaviour.actions["odds"] > 1)
    ]
    if len(helps):
        action = str(helps["action"].iloc[0]).replace("_", " ")
        what = f"Test whether leading people to {action} brings more to {behaviour.step}"
        yield what, due_on, "an experiment: the association does not say so", ""


def _look_again(reach: Reach, definition: Definition, as_of: date) -> Iterator[_Wanted]:
    if reach.open and definition.window_days:
        due_on = as_of + timedelta(days=definition.window_days)
        yield (
            "Look again when those who are open are mature",
            due_on,
            f"the rates of {reach.open:,} that are open today",
            "",
        )
