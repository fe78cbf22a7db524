"""Five experiments of eight weeks each; outcomes lie in the rows of activity.

A metric is written ``rows(ACTION)`` or ``quantity(ACTION)``: rows of that action, or the sum of
their quantities, per unit, from the first to the last planned day. Units are customers, or their
users, seen in the product in these weeks. An effect turns views of the dashboard into the action
in question, so that the number of rows does not change.

Planted here:

- **X-01, a true effect, randomised by account**: rows of `ran_report` rise by 0.40 (relative).
- **X-02, a null**, randomised by user: nothing happens to rows of `exported_data`.
- **X-03, a sample-ratio mismatch**, randomised by user: users in the treatment arm who were
  first seen on a mobile device were never recorded, about 0.20 of that arm. No effect.
- **X-04, decided by a single account**, randomised by account: the largest importer, in the
  treatment arm, imports as much as all others of its arm together, for reasons of its own. No
  effect.
- **X-05, a guardrail harmed**, randomised by account: rows of `exported_data` rise by 0.50,
  rows of `error_shown` by 0.80.

In the null company nothing has an effect, no assignment is lost, and nobody migrates.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from opsplaybook.samples.activity import ACTIONS, CUSTOMER_ACTIONS, MOBILE, Rows, user_ids
from opsplaybook.samples.clock import DAY, dates, day_of, timestamps
from opsplaybook.samples.columns import frame, generator, pick
from opsplaybook.samples.ids import Ids

LENGTH_DAYS = 56
MISMATCHED = "X-03"
LOST_SHARE = 0.20
DECIDED_BY_ONE = "X-04"
ARMS = ("control", "treatment")


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """An experiment as planned, and what it does.

    Attributes
    ----------
    experiment_id, name, unit, start, success, hypothesis : str
    guardrail : str
        Metric that must not suffer, empty where there is none.
    effects : tuple of (str, float)
        Actions, and the relative change of their rows in the treatment arm.
    """

    experiment_id: str
    name: str
    unit: str
    start: str
    success: str
    hypothesis: str
    guardrail: str = ""
    effects: tuple[tuple[str, float], ...] = ()


EXPERIMENT_PLANS: tuple[ExperimentPlan, ...] = (
    ExperimentPlan(
        "X-01",
        "Guided report builder",
        "account",
        "2024-09-09",
        "rows(ran_report)",
        "Who is guided runs more reports.",
        effects=(("ran_report", 0.40),),
    ),
    ExperimentPlan(
        "X-02",
        "Larger export button",
        "user",
        "2025-01-13",
        "rows(exported_data)",
        "A button that is seen is used.",
    ),
    ExperimentPlan(
        MISMATCHED,
        "Faster start page",
        "user",
        "2025-04-07",
        "rows(viewed_dashboard)",
        "Who waits less looks more often.",
    ),
    ExperimentPlan(
        DECIDED_BY_ONE,
        "Import assistant",
        "account",
        "2025-10-06",
        "quantity(imported_records)",
        "Easier imports are larger imports.",
    ),
    ExperimentPlan(
        "X-05",
        "Exports in bulk",
        "account",
        "2026-02-02",
        "rows(exported_data)",
        "Who exports in bulk exports more.",
        guardrail="rows(error_shown)",
        effects=(("exported_data", 0.50), ("error_shown", 0.80)),
    ),
)


@dataclass(frozen=True, slots=True)
class Assigned:
    """Units put into arms; arrays have one entry per recorded assignment.

    Attributes
    ----------
    experiment : int
        Number in `EXPERIMENT_PLANS`.
    unit, account, arm, moment, exposed : ndarray of int
    """

    experiment: int
    unit: np.ndarray
    account: np.ndarray
    arm: np.ndarray
    moment: np.ndarray
    exposed: np.ndarray


@dataclass(frozen=True, slots=True)
class Trials:
    """All experiments.

    Attributes
    ----------
    rows : Rows
        Activity, with the effects in it.
    assigned : tuple of Assigned
    deciding_account : int
        Number of the account that decides X-04; -1 in the null company.
    """

    rows: Rows
    assigned: tuple[Assigned, ...]
    deciding_account: int


def run_trials(rows: Rows, *, seed: int, null: bool) -> Trials:
    """Assign units, and put the effects into the rows of activity."""
    rng = generator(seed, "experiments")
    action, quantity = rows.action.copy(), rows.quantity.copy()
    assigned, deciding = [], -1
    for number, plan in enumerate(EXPERIMENT_PLANS):
        within = _within(rows, plan)
        unit = (rows.account if plan.unit == "account" else rows.user)[within]
        units, first, of_row = np.unique(unit, return_index=True, return_inverse=True)
        arm = rng.permutation(np.arange(len(units)) % 2)
        if plan.experiment_id == DECIDED_BY_ONE and not null:
            imported = np.bincount(of_row, np.nan_to_num(quantity[within]))
            largest = int(imported.argmax())
            arm, deciding = _in_treatment(arm, largest), int(units[largest])
            # Rows of other actions have no quantity, and keep none.
            quantity[within[of_row == largest]] *= _deciding_factor(imported, arm, largest)
        treated = within[arm[of_row] == 1]
        if not null:
            _change(rng, action, treated, plan)
        kept = np.ones(len(units), dtype=bool)
        if plan.experiment_id == MISMATCHED and not null:
            kept = ~((arm == 1) & (rows.platform[within[first]] == MOBILE))
        assigned.append(_recorded(number, plan, rows, units, within[first], arm, kept))
    return Trials(replace(rows, action=action, quantity=quantity), tuple(assigned), deciding)


def experiments_table() -> pd.DataFrame:
    """Write the table of experiments."""
    plans = EXPERIMENT_PLANS
    count = len(plans)
    start = np.array([day_of(plan.start) for plan in plans])
    words = {
        "experiment_id": [plan.experiment_id for plan in plans],
        "name": [plan.name for plan in plans],
        "unit": [plan.unit for plan in plans],
        "shares": ["control=0.5;treatment=0.5"] * count,
        "control_arm": [ARMS[0]] * count,
        "hypothesis": [plan.hypothesis for plan in plans],
        "success_metrics": [plan.success for plan in plans],
        "guardrail_metrics": [plan.guardrail or None for plan in plans],
    }
    guarded = np.array([bool(plan.guardrail) for plan in plans])
    return frame(
        "experiments",
        {
            **{name: pick(values, np.arange(count)) for name, values in words.items()},
            "start_on": dates(start),
            "end_on": dates(start + LENGTH_DAYS - 1),
            "guardrail_margin": np.where(guarded, 0.10, np.nan),
            "minimum_effect": np.full(count, 0.25),
            "planned_looks": np.ones(count),
        },
    )


def assignments_table(trials: Trials, ids: Ids) -> pd.DataFrame:
    """Write the table of assignments, by experiment and unit."""
    users = user_ids(trials.rows.first_user, ids)
    parts = trials.assigned
    numbers = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("account", "arm", "moment", "exposed")
    }
    experiment = np.repeat(np.arange(len(parts)), [len(part.unit) for part in parts])
    units = [
        pick(ids.account if plan.unit == "account" else users, part.unit)
        for plan, part in zip(EXPERIMENT_PLANS, parts, strict=True)
    ]
    keys = [plan.experiment_id for plan in EXPERIMENT_PLANS]
    return frame(
        "assignments",
        {
            "experiment_id": pick(keys, experiment),
            "unit_id": pd.concat([pd.Series(unit) for unit in units], ignore_index=True),
            "arm": pick(ARMS, numbers["arm"]),
            "account_id": pick(ids.account, numbers["account"]),
            "assigned_at": timestamps(numbers["moment"]),
            "exposed_at": timestamps(numbers["exposed"]),
        },
    )


def _within(rows: Rows, plan: ExperimentPlan) -> np.ndarray:
    """Places of the rows of customers in the weeks of an experiment, in order of time."""
    begin = day_of(plan.start) * DAY
    first, last = np.searchsorted(rows.moment, [begin, begin + LENGTH_DAYS * DAY])
    return first + np.flatnonzero(rows.by_customer[first:last])


def _in_treatment(arm: np.ndarray, unit: int) -> np.ndarray:
    """Put a unit into the treatment arm, in exchange for another one."""
    arm = arm.copy()
    if arm[unit] == 0:
        other = np.flatnonzero(arm == 1)[0]
        arm[unit], arm[other] = 1, 0
    return arm


def _deciding_factor(imported: np.ndarray, arm: np.ndarray, largest: int) -> float:
    """Compute the factor that makes one account import as much as the rest of its arm."""
    return max(1.0, np.ceil(imported[arm == 1].sum() / imported[largest] - 1))


def _change(
    rng: np.random.Generator, action: np.ndarray, treated: np.ndarray, plan: ExperimentPlan
) -> None:
    """Turn views of the dashboard into the actions that the treatment furthers."""
    source = "viewed_dashboard"
    views = treated[action[treated] == ACTIONS.index(source)]
    drawn = rng.random(len(views)) * CUSTOMER_ACTIONS[source]
    begin = 0.0
    for name, effect in plan.effects:
        extra = effect * CUSTOMER_ACTIONS[name]
        chosen = (drawn >= begin) & (drawn < begin + extra)
        action[views[chosen]] = ACTIONS.index(name)
        begin += extra


def _recorded(
    number: int,
    plan: ExperimentPlan,
    rows: Rows,
    units: np.ndarray,
    first_row: np.ndarray,
    arm: np.ndarray,
    kept: np.ndarray,
) -> Assigned:
    """Record assignments: accounts on the first morning, users when they are first seen."""
    seen = rows.moment[first_row]
    morning = np.full(len(units), day_of(plan.start) * DAY + DAY // 4)
    moment = morning if plan.unit == "account" else seen
    return Assigned(
        experiment=number,
        unit=units[kept],
        account=rows.account[first_row][kept],
        arm=arm[kept],
        moment=moment[kept],
        exposed=seen[kept],
    )
