"""The estimates behind the goals and tiles of the event retrospective."""

from dataclasses import dataclass

import pandas as pd

from opsplaybook.metrics.events import UNKNOWN, follow_up_states
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.stats.clusters import clustered_mean
from opsplaybook.stats.nested_rates import clustered_rate
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Estimate, Interval
from opsplaybook.stats.totals import total

COUNTED = "counted"
"""Method of what was counted, not estimated: chance has no part in it."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Estimates by name of the goal metric that they measure.

    Attributes
    ----------
    cost : Estimate
        Money spent, staff time included; NaN without a record. Counted, not estimated.
    planned_cost : Estimate
        Money planned.
    by_metric : dict of str to Estimate
        What could be measured.
    pending : frozenset of str
        Goal metrics that more days may still change, whatever the windows of the event.
    """

    cost: Estimate
    planned_cost: Estimate
    by_metric: dict[str, Estimate]
    pending: frozenset[str]

    def of(self, metric: str) -> Estimate | None:
        """Return the estimate of a goal metric; None when the data cannot give it."""
        return self.by_metric.get(metric)


def measure(
    people: pd.DataFrame, costs: pd.DataFrame, deals: pd.DataFrame | None, params: Params
) -> Measures:
    """Estimate every goal metric that the data can give.

    Totals carry the interval of `opsplaybook.stats.totals`, by account; shares of accounts the
    Wilson interval; shares of people an interval clustered by account. What came of deals is not
    known without `deals` (None: no pipeline that names events); without a row it is 0.
    """
    cost = _counted(costs["actual"].sum() if len(costs) else float("nan"), len(costs))
    planned = _counted(costs["planned"].sum(min_count=1), len(costs))
    found = _people_measures(people, params)
    if deals is not None:
        found |= _deal_measures(deals, params)
    if len(costs):
        found["cost"] = cost
        found["cost_per_lead"] = per_unit(cost, found.get("leads"))
        found["cost_per_opportunity"] = per_unit(cost, found.get("qualified_opportunities"))
    due = follow_up_states(people, hours=params.follow_up_hours)
    pending = frozenset({"follow_up_share"} if (due == "not due yet").any() else ())
    return Measures(cost, planned, {name: e for name, e in found.items() if e is not None}, pending)


def per_unit(cost: Estimate, units: Estimate | None) -> Estimate | None:
    """Divide a counted cost by an estimated number of units.

    The ends of the interval are those of the units, turned round; the upper end is infinite
    where the data are compatible with no unit at all.
    """
    if units is None or units.value == 0:
        return None
    low, high = units.interval.low, units.interval.high
    ends = Interval(
        cost.value / high, cost.value / low if low else float("inf"), units.interval.level
    )
    return Estimate(cost.value / units.value, ends, units.n, "money", "cost over units", cost.value)


def _counted(value: float, n: int) -> Estimate:
    return Estimate(float(value), None, n, "money", COUNTED)


def _people_measures(people: pd.DataFrame, params: Params) -> dict[str, Estimate | None]:
    if people.empty:
        return {}
    attended = people.loc[people["attended"]]
    qualified = people.loc[people["qualified"]]
    known = attended.loc[attended["role"] != UNKNOWN]
    tiers = attended.drop_duplicates("account_id")
    tiers = tiers.loc[tiers["tier"] != UNKNOWN, "tier"]
    new = qualified.loc[qualified["was_customer"].eq(other=False), "account_id"]
    counts_new = people["qualified"].any() and people["was_customer"].notna().any()
    accounts = people.groupby("account_id")["redeemed"].any()
    level = params.level
    steps = {"registrations": "registered", "attendees": "attended"}
    measures = {metric: _heads(people, step, level) for metric, step in steps.items()}
    return measures | {
        "invited": _invited(people),
        "leads": _heads(people, "qualified", level),
        "attended_accounts": _accounts(attended["account_id"], people["attended"].any(), level),
        "new_accounts": _accounts(new, counts_new, level),
        "attendance_rate": _clustered(people.loc[people["registered"]], "attended", level),
        "decision_maker_share": _clustered(known, "decision_maker", level),
        "tier_sa_share": rate(tiers.isin(["S", "A"]).sum(), len(tiers), level=level)
        if len(tiers)
        else None,
        "follow_up_share": _follow_up_share(people, params),
        "satisfaction": _satisfaction(attended, level),
        "redemptions": _redemptions(people, level),
        "redemption_rate": rate(int(accounts.sum()), len(accounts), level=level)
        if people["redeemed"].any()
        else None,
    }


def _invited(people: pd.DataFrame) -> Estimate | None:
    """Count the invited: whom we invite is our choice, not chance, so there is no interval."""
    invited = people.loc[people["invited"]]
    if invited.empty:
        return None
    count = float(len(invited))
    return Estimate(count, None, invited["account_id"].nunique(), "count", COUNTED, count)


def _heads(people: pd.DataFrame, step: str, level: float) -> Estimate | None:
    if not people[step].any():
        return None
    return total(people.groupby("account_id")[step].sum(), level=level)


def _accounts(accounts: pd.Series, step_is_recorded: bool, level: float) -> Estimate | None:  # noqa: FBT001
    return total([1] * accounts.nunique(), level=level) if step_is_recorded else None


def _clustered(people: pd.DataFrame, flag: str, level: float) -> Estimate | None:
    """Estimate the share of people with a flag, clustered by account."""
    if people.empty:
        return None
    by_account = people.groupby("account_id")[flag].agg(["sum", "size"])
    return clustered_rate(by_account["sum"], by_account["size"], level=level)


def _follow_up_share(people: pd.DataFrame, params: Params) -> Estimate | None:
    """Estimate the share followed up in time of those whose time is over."""
    states = follow_up_states(people, hours=params.follow_up_hours)
    due = states.loc[states.isin(["in time", "late"])]
    frame = people.loc[due.index].assign(in_time=due == "in time")
    return _clustered(frame, "in_time", params.level)


def _satisfaction(attended: pd.DataFrame, level: float) -> Estimate | None:
    """Estimate the mean rating by attendees, clustered by account."""
    rated = attended.loc[attended["rating"].notna()]
    if rated.empty:
        return None
    return clustered_mean(rated["rating"], rated["account_id"], level=level)


def _redemptions(people: pd.DataFrame, level: float) -> Estimate | None:
    taken = people["redemptions"]
    return total(taken.groupby(people["account_id"]).sum(), level=level) if taken.any() else None


def _deal_measures(deals: pd.DataFrame, params: Params) -> dict[str, Estimate]:
    """Measure the sourced deals that were opened in the late window."""
    late = params.late_window_days
    own = deals.loc[(deals["relation"] == "sourced") & (deals["days_to_open"] <= late)]
    won = own.loc[own["outcome"] == "won"]
    qualified = own.loc[own["qualified"]]
    level = params.level
    return {
        "qualified_opportunities": total(qualified.groupby("account_id").size(), level=level),
        "pipeline_value": _money(own, level),
        "deals": total(won.groupby("account_id").size(), level=level),
        "closed_revenue": _money(won, level),
    }


def _money(deals: pd.DataFrame, level: float) -> Estimate:
    by_account = deals.groupby("account_id")["amount"].sum().clip(lower=0)
    return total(by_account, level=level, kind="money")
