"""Step 2, evaluate results: what came of it, against the goals and against the money."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook.contracts import GOAL_METRICS
from opsplaybook.metrics import events as event_metrics
from opsplaybook.metrics import returns as return_metrics
from opsplaybook.playbooks.event_retrospective.goals import Event, Goals
from opsplaybook.playbooks.event_retrospective.measures import COUNTED, Measures, measure
from opsplaybook.playbooks.event_retrospective.omissions import omissions
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.rates import rate, rates
from opsplaybook.stats.results import Estimate
from opsplaybook.stats.returns import return_on_cost
from opsplaybook.stats.totals import total

LATE_METRICS = frozenset(
    {"qualified_opportunities", "pipeline_value", "deals", "closed_revenue", "cost_per_opportunity"}
)
"""Goals that are decided only when the late window is over."""

TOTALS = frozenset(
    name
    for name, metric in GOAL_METRICS.items()
    if metric.unit not in ("share", "points") and not name.startswith("cost_per_")
)
"""Goals that only rise while an event or its window runs; shares, means and costs per unit go
both ways."""

NOT_OVER = "window not over yet"
"""Result of a goal that more days may still change."""

RETURN_COLUMNS = (
    "relation", "basis", "window_days", "state", "deals", "benefit", "low", "high", "cost",
    "return", "return_low", "return_high",
)  # fmt: skip

TIER_ORDER = ("S", "A", "B", "C", event_metrics.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Results:
    """What came of the event.

    Attributes
    ----------
    event : Event
    people : DataFrame
        As from `opsplaybook.metrics.events.people`.
    goals : DataFrame
        The goals with ``actual``, ``low``, ``high``, ``n``, ``result`` ("exceeded", "met",
        "missed", "new", "dropped", "window not over yet", "not measured") and ``certain``
        (boolean: counted, or the interval leaves out the target).
    reach : DataFrame
        ``step``, ``people``, ``accounts``.
    tiers : DataFrame
        ``tier``, ``base`` (accounts of the company), ``reached``, ``attended`` and their shares.
    costs : DataFrame
        As from `opsplaybook.metrics.events.costs`.
    deals : DataFrame
        As from `opsplaybook.metrics.events.deals`, over the late window.
    returns : DataFrame
        ``relation``, ``basis``, ``window_days``, ``state``, ``deals``, ``benefit``, ``low``,
        ``high``, ``cost``, ``return``, ``return_low``, ``return_high``.
    measures : Measures
        The estimates behind the goals and tiles.
    window_over, running : bool
        Whether the late window is known to its last day; whether the event itself is not.
    caveats : tuple of str
    currency : str
    """

    event: Event
    people: pd.DataFrame
    goals: pd.DataFrame
    reach: pd.DataFrame
    tiers: pd.DataFrame
    costs: pd.DataFrame
    deals: pd.DataFrame
    returns: pd.DataFrame
    measures: Measures
    window_over: bool
    running: bool
    caveats: tuple[str, ...]
    currency: str


def evaluate_results(given: Tables, params: Params, goals: Goals) -> Results:
    """Measure what the event reached, cost and brought, and hold it against the goals.

    Parameters
    ----------
    given : Tables
        As from `load`.
    params : Params
    goals : Goals
        As from `review_goals`.

    Returns
    -------
    Results
    """
    event = goals.event
    people = event_metrics.people(given, event.event_id)
    costs = event_metrics.costs(given, event.event_id)
    deals = event_metrics.deals(given, event.event_id, window_days=params.late_window_days)
    traced = event_metrics.names_events(given)
    measures = measure(people, costs, deals if traced else None, params)
    over = late_window_over(given, event, params.late_window_days)
    running = given.as_of < event.end_on.date()
    return Results(
        event=event,
        people=people,
        goals=_judged(goals.frame, measures, params, over=over, running=running),
        reach=event_metrics.step_counts(people).drop(columns="segment"),
        tiers=_tiers(given, people, params.level),
        costs=costs,
        deals=deals,
        returns=_returns(given, params, event, deals, measures.cost),
        measures=measures,
        window_over=over,
        running=running,
        caveats=omissions(given, params, event, people, costs, deals),
        currency=given.currency,
    )


def late_window_over(given: Tables, event: Event, days: int) -> bool:
    """Tell whether the last day of a window is known."""
    return given.as_of >= event_metrics.window_end(event.start_on, days)


def judge(actual: float, target: float, *, tolerance: float, higher_is_better: bool) -> str:
    """Say whether a result exceeded, met or missed its target.

    Examples
    --------
    >>> judge(58, 60, tolerance=0.05, higher_is_better=True)
    'met'
    >>> judge(12_000, 10_000, tolerance=0.05, higher_is_better=False)
    'missed'

    The second is a cost above its limit.
    """
    margin = abs(target) * tolerance
    ahead = (actual - target) if higher_is_better else (target - actual)
    if ahead > margin:
        return "exceeded"
    return "met" if ahead >= -margin else "missed"


def _judged(
    frame: pd.DataFrame, measures: Measures, params: Params, *, over: bool, running: bool
) -> pd.DataFrame:
    estimates = [measures.of(metric) for metric in frame["metric"]]
    judged = frame.assign(
        actual=[e.value if e else np.nan for e in estimates],
        low=[e.interval.low if e and e.interval else np.nan for e in estimates],
        high=[e.interval.high if e and e.interval else np.nan for e in estimates],
        n=[e.n if e else 0 for e in estimates],
    )
    late = frozenset() if over else LATE_METRICS
    may_change = frozenset(frame["metric"]) if running else late | measures.pending
    results = [
        _result(goal, params.goal_tolerance, may_change=may_change, pending=measures.pending)
        for goal in judged.itertuples(index=False)
    ]
    certain = [_is_certain(*pair) for pair in zip(estimates, frame["target"], strict=True)]
    return judged.assign(result=results, certain=pd.array(certain, dtype="boolean"))


def _is_certain(estimate: Estimate | None, target: float) -> bool | None:
    """Tell whether chance alone cannot have made the distance from the target.

    What was counted is certain; an estimate is where its interval leaves out the target, and
    rests on enough accounts. None where nothing was measured.
    """
    if estimate is None or np.isnan(estimate.value):
        return None
    if estimate.method == COUNTED:
        return True
    known = estimate.enough and estimate.interval is not None
    return known and not estimate.interval.contains(target)


def _result(
    goal: tuple, tolerance: float, *, may_change: frozenset[str], pending: frozenset[str]
) -> str:
    if goal.standing != "set before":
        return goal.standing
    if np.isnan(goal.actual):
        return NOT_OVER if goal.metric in pending else "not measured"
    word = judge(
        goal.actual, goal.target, tolerance=tolerance, higher_is_better=goal.higher_is_better
    )
    return NOT_OVER if goal.metric in may_change and not _is_final(goal, word) else word


def _is_final(goal: tuple, word: str) -> bool:
    """Tell whether more time cannot change the result: only totals are sure never to fall."""
    if goal.metric not in TOTALS:
        return False
    return word == ("missed" if goal.metric == "cost" else "exceeded")


def _tiers(given: Tables, people: pd.DataFrame, level: float) -> pd.DataFrame:
    """Count accounts per tier in the base, among those reached and among those that attended.

    Where no account has a tier there is no row.
    """
    base = given["accounts"]["tier"].fillna(event_metrics.UNKNOWN).value_counts()
    accounts = people.drop_duplicates("account_id")
    attended = people.loc[people["attended"]].drop_duplicates("account_id")
    frame = pd.DataFrame({"tier": TIER_ORDER})
    counted = {"base": base}
    counted["reached"] = accounts["tier"].value_counts()
    counted["attended"] = attended["tier"].value_counts()
    for name, counts in counted.items():
        frame[name] = frame["tier"].map(counts).fillna(0).astype("int64")
        frame[f"{name}_share"] = frame[name] / max(frame[name].sum(), 1)
    attendance = rates(frame["attended"], frame["reached"], level=level)
    frame["rate"] = [estimate.value for estimate in attendance]
    frame["rate_low"] = [e.interval.low if e.interval else np.nan for e in attendance]
    frame["rate_high"] = [e.interval.high if e.interval else np.nan for e in attendance]
    there = frame[["base", "reached"]].sum(axis=1) > 0
    known = given.has("accounts", "tier")
    return frame.loc[there & known].reset_index(drop=True)


def _returns(
    given: Tables, params: Params, event: Event, deals: pd.DataFrame, cost: Estimate
) -> pd.DataFrame:
    if given["opportunities"].empty:
        return pd.DataFrame(columns=RETURN_COLUMNS)
    traced = event_metrics.names_events(given)
    relations = ("sourced", "influenced") if traced else ("influenced",)
    won, closed = return_metrics.closed_deals(given)
    win_rate = rate(won, closed)
    rows = []
    for days in (params.early_window_days, params.late_window_days):
        over = late_window_over(given, event, days)
        values = return_metrics.benefits(
            deals, event.start_on, days, win_rate.value if win_rate.enough else np.nan
        )
        for relation in relations:
            own = values.loc[values["relation"] == relation]
            rows += [
                _return_row(own, basis, relation, days, cost, over=over, level=params.level)
                for basis in return_metrics.BASES
            ]
    return pd.DataFrame(rows)


def _return_row(
    own: pd.DataFrame,
    basis: str,
    relation: str,
    days: int,
    cost: Estimate,
    *,
    over: bool,
    level: float,
) -> dict[str, object]:
    by_account = own.groupby("account_id")[basis].sum()
    benefit = total(by_account, level=level, kind="money")
    missing = own[basis].isna().any()
    without = missing or benefit.n == 0
    row = {
        "relation": relation,
        "basis": basis,
        "window_days": days,
        "state": "over" if over else NOT_OVER,
        "deals": int((own[basis] > 0).sum()),
        "benefit": np.nan if missing else benefit.value,
        "low": np.nan if without else benefit.interval.low,
        "high": np.nan if without else benefit.interval.high,
        "cost": cost.value,
    }
    paid = cost.value if cost.value > 0 and relation == "sourced" else np.nan
    names = {"return": "benefit", "return_low": "low", "return_high": "high"}
    return row | {
        name: return_on_cost(row[source], paid, basis=basis, n=row["deals"]).value
        for name, source in names.items()
    }
