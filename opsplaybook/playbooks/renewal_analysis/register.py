"""Step 7: the risk register and what follows from it."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.findings import Action
from opsplaybook.metrics.decisions import PEOPLE_DAYS
from opsplaybook.metrics.renewals import LOST
from opsplaybook.playbooks.base import earlier_runs
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.forecast import Forecast
from opsplaybook.playbooks.renewal_analysis.frozen import Frozen
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.playbooks.renewal_analysis.past_use import PastUse
from opsplaybook.sources import Tables

ATTACK_DAYS = 180
MANY_SHARE = 0.9
_ACTIONS = 5

_STEPS = (
    ("left_on", "Meet whoever follows the decision maker who left"),
    ("fell", "Find out why use fell, with those who used it"),
    ("attacked", "Prepare an answer to the offer of the competitor"),
    ("uncovered", "Get in regular contact with somebody who decides"),
    ("burdened", "Go through the open cases together"),
)
_TALK = "Agree on the time after the term"
_COLUMNS = [
    "decision_id", "account_id", "label", "owner", "due_on", "decide_by", "annual_value",
    "probability", "basis", "at_risk", "before", "before_on", "internal", "external", "signals",
    "next_step",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Register:
    """What is at risk, why, and what to do.

    Attributes
    ----------
    frame : DataFrame
        One row per decision of the forecast: ``decision_id``, ``account_id``, ``label``, ``owner``,
        ``due_on``, ``decide_by``, ``annual_value``, ``probability``, ``basis``, ``at_risk``
        (probability times value), ``before`` and ``before_on`` (probability of an earlier run, and
        its day), ``internal`` and ``external`` (signals with date and evidence), ``signals``
        (number) and ``next_step``; the most at risk first.
    frozen : Frozen
    actions : tuple of Action
        Those that earlier runs left open, and new ones.
    """

    frame: pd.DataFrame
    frozen: Frozen
    actions: tuple[Action, ...]


def keep_register(
    given: Tables,
    params: Params,
    book: Book,
    past: PastUse,
    forecast: Forecast,
    frozen: Frozen,
) -> Register:
    """Put signals with their evidence beside each decision, and turn the first into actions.

    Parameters
    ----------
    given : Tables
    params : Params
    book : Book
    past, forecast, frozen
        As from the steps before.

    Returns
    -------
    Register
    """
    frame = forecast.frame.drop(columns=["swing", "share_of_variance", "overdue"])
    facts = _facts(given, book, past, frame)
    earlier = frozen.newest().reindex(frame["decision_id"])
    owners = given["accounts"].set_index("account_id")["owner"].reindex(frame["account_id"])
    frame = frame.assign(
        owner=owners.fillna(params.owner).to_numpy(),
        basis=forecast.basis,
        at_risk=frame["probability"] * frame["annual_value"],
        before=earlier["probability"].to_numpy(),
        before_on=earlier["day"].to_numpy(),
        internal=_joined(facts, ("left_on", "fell", "uncovered", "burdened")),
        external=_joined(facts, ("attacked",)),
        signals=(facts != "").sum(axis=1).to_numpy(),
        next_step=_next_steps(facts),
    )
    order = ["at_risk", "signals", "decision_id"]
    frame = frame.sort_values(order, ascending=[False, False, True], ignore_index=True)
    return Register(frame[_COLUMNS], frozen, _actions(given, params, frame))


def _facts(given: Tables, book: Book, past: PastUse, frame: pd.DataFrame) -> pd.DataFrame:
    """Write each signal of each decision as a text with its evidence; empty where it is not up."""
    features = past.features.reindex(frame["decision_id"])
    at = features["at"].dt.strftime("%Y-%m-%d")
    falls = (features["falling_use"] == 1).to_numpy()
    busy = features["tickets"] >= _many(past.features["tickets"])
    people = (features["covered_roles"] == 0).to_numpy()
    texts = {
        "left_on": _departures(given, frame, features),
        "fell": np.where(
            falls,
            "use fell from " + _whole(features["earlier_use"]) + " to " + _whole(features["use"])
            + " actions in the 90 days to " + at,
            "",
        ),
        "uncovered": np.where(people, "nobody who decides is in contact, " + at, ""),
        "burdened": np.where(
            busy, _whole(features["tickets"]) + " tickets in the 180 days to " + at, ""
        ),
        "attacked": _attacks(given, book, frame),
    }  # fmt: skip
    return pd.DataFrame(texts, index=frame.index).fillna("")


def _departures(given: Tables, frame: pd.DataFrame, features: pd.DataFrame) -> np.ndarray:
    contacts = given["contacts"]
    since = pd.Timestamp(given.as_of) - pd.Timedelta(days=PEOPLE_DAYS)
    gone = contacts.loc[(contacts["role"] == "decision maker") & (contacts["left_on"] > since)]
    last = gone.groupby("account_id")["left_on"].max().reindex(frame["account_id"])
    up = (features["lost_decision_maker"] == 1).to_numpy() & last.notna().to_numpy()
    return np.where(up, "a decision maker left on " + last.dt.strftime("%Y-%m-%d"), "")


def _attacks(given: Tables, book: Book, frame: pd.DataFrame) -> np.ndarray:
    """Name the competitor that took customers of the same industry in the last half year."""
    industry = given["accounts"].set_index("account_id")["industry"]
    made = book.decisions
    recent = made.loc[
        (made["state"] == LOST)
        & (made["decided_on"] > book.last - pd.Timedelta(days=ATTACK_DAYS))
        & made["competitor"].notna()
    ]
    if recent.empty:
        return np.full(len(frame), "")
    taken = recent.assign(industry=industry.reindex(recent["account_id"]).to_numpy())
    counts = taken.groupby("industry")["competitor"].agg(_named).to_dict()
    words = industry.reindex(frame["account_id"]).map(counts).fillna("")
    since = formats.day(book.last - pd.Timedelta(days=ATTACK_DAYS))
    return np.where(words != "", words + f" of the same industry since {since}", "")


def _named(names: pd.Series) -> str:
    counts = names.value_counts()
    return f"{counts.index[0]} took {counts.iloc[0]:,} customer{'s' if counts.iloc[0] > 1 else ''}"


def _many(tickets: pd.Series) -> float:
    """Return the number of tickets that few accounts reach; none where nothing is recorded."""
    known = tickets.dropna()
    return max(float(known.quantile(MANY_SHARE)), 1.0) if len(known) else np.inf


def _whole(numbers: pd.Series) -> pd.Series:
    texts = [formats.value(number, "count") for number in numbers]
    return pd.Series(texts, index=numbers.index, dtype="str")


def _joined(facts: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
    rows = facts[list(names)].to_numpy()
    return ["; ".join(text for text in row if text) for row in rows]


def _next_steps(facts: pd.DataFrame) -> np.ndarray:
    conditions = [facts[name] != "" for name, _ in _STEPS]
    return np.select(conditions, [step for _, step in _STEPS], default=_TALK)


def _actions(given: Tables, params: Params, frame: pd.DataFrame) -> tuple[Action, ...]:
    """Name the first steps; what an earlier run named is carried over and not named twice."""
    about = {"account_id": params.account_id} if params.account_id else {}
    earlier = earlier_runs(params.earlier_runs, "renewal_analysis", given.as_of, about=about)
    known = {action.what for action in earlier.actions}
    wanted = frame if params.account_id else frame.loc[frame["signals"] > 0]
    new = [_action(row, given.as_of, params) for row in wanted.head(_ACTIONS).itertuples()]
    shared = [_shared(row, given.as_of, params) for row in frame.head(1).itertuples()]
    every = [*new, *(shared if params.account_id else [])]
    return (*earlier.actions, *(action for action in every if action.what not in known))


def _action(row: object, as_of: date, params: Params) -> Action:
    return Action(
        what=f"{row.label}: {row.next_step[:1].lower()}{row.next_step[1:]}",
        owner=row.owner,
        due_on=_by(row.decide_by.date(), as_of, params),
        measure=f"renewed by {formats.day(row.due_on)}",
    )


def _shared(row: object, as_of: date, params: Params) -> Action:
    """Return what is done together with the customer, in words that both may read."""
    made = _action(row, as_of, params)
    what = f"Agree on the time after {formats.day(row.due_on)}"
    return replace(made, what=what, measure="signed, or declined in time", audience="customer")


def _by(day: date, as_of: date, params: Params) -> date:
    """Return the notice date where it is ahead, else a day soon."""
    return day if day > as_of else as_of + timedelta(days=params.action_days)
