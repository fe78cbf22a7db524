"""What step 2 shows: goals with their results, reach, tiers, costs, deals, returns."""

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals, plot_share_bars
from opsplaybook.metrics.events import DEAL_ALONE
from opsplaybook.playbooks.event_retrospective.goals import with_text
from opsplaybook.playbooks.event_retrospective.results import Results
from opsplaybook.tables import Column

_MEASURES = (
    ("invited", "People invited"),
    ("registrations", "People registered"),
    ("attendees", "People attended"),
    ("attendance_rate", "Attended of registered"),
    ("attended_accounts", "Accounts attended"),
    ("new_accounts", "New accounts qualified"),
    ("leads", "Leads"),
    ("decision_maker_share", "Decision makers of attendees"),
    ("tier_sa_share", "Tier S or A of attended accounts"),
    ("follow_up_share", "Followed up in time"),
    ("satisfaction", "Mean rating by attendees"),
    ("redemptions", "Offers taken up"),
    ("redemption_rate", "Accounts that took up an offer"),
    ("qualified_opportunities", "Qualified deals sourced"),
    ("deals", "Deals sourced and won"),
    ("cost_per_lead", "Cost per lead"),
    ("cost_per_opportunity", "Cost per qualified deal"),
)


def table_goal_results(results: Results) -> Table:
    """Show each goal with target, result, interval and class."""
    frame = with_text(results.goals, ("target", "actual", "low", "high"), results.currency)
    ends = frame["low_text"] + " to " + frame["high_text"]
    frame["interval"] = ends.mask(frame["low"].isna(), formats.MISSING)
    columns = [
        Column("label", "Goal"),
        Column("target_text", "Target"),
        Column("actual_text", "Result"),
        Column("interval", "Interval"),
        Column("n", "Accounts", "count"),
        Column("result", "Class"),
        Column("certain", "Beyond chance", "flag"),
    ]
    return tables.table(
        frame,
        columns,
        key="goal-results",
        caption=f"Goals and results, {results.event.period}",
        note="Beyond chance: the interval leaves out the target. Costs are counted: no interval.",
        shown=len(frame),
    )


def chart_goals(results: Results) -> Chart:
    """Draw each result against its target, all on one scale."""
    goals = results.goals.loc[results.goals["standing"] == "set before"]
    frame = goals.loc[goals["actual"].notna() & (goals["target"] > 0)]
    ratios = pd.DataFrame(
        {
            "goal": frame["label"],
            "of_target": frame["actual"] / frame["target"],
            "low": frame["low"] / frame["target"],
            "high": frame["high"] / frame["target"],
        }
    )
    columns = [
        Column("goal", "Goal"),
        Column("of_target", "Result over target", "ratio", low="low", high="high"),
    ]
    data = tables.table(ratios, columns, key="goals-of-target", caption="Results over target")
    return plot_intervals(
        ratios,
        category="goal",
        value="of_target",
        low="low",
        high="high",
        label="Result over target",
        key="goals-of-target-chart",
        title="Results over target",
        subtitle=f"{results.event.period}; 1 is the target; whiskers are intervals",
        data=data,
        reference=1.0,
        reference_label="target",
        kind="ratio",
    )


def table_key_measures(results: Results) -> Table:
    """Show every measure that the data can give, with interval and accounts."""
    known = [(label, results.measures.of(metric)) for metric, label in _MEASURES]
    rows = [
        (
            label,
            formats.value(e.value, e.kind, currency=results.currency),
            formats.interval(e.interval, e.kind, currency=results.currency)
            if e.interval
            else formats.MISSING,
            e.n,
        )
        for label, e in known
        if e is not None
    ]
    frame = pd.DataFrame(rows, columns=["measure", "value", "interval", "n"])
    columns = [
        Column("measure", "Measure"),
        Column("value", "Value"),
        Column("interval", "Interval"),
        Column("n", "Accounts", "count"),
    ]
    return tables.table(
        frame,
        columns,
        key="key-measures",
        caption=f"Whom it reached, and what came of it, {results.event.period}",
        shown=len(frame),
    )


def table_tiers(results: Results) -> Table:
    """Show the distribution by customer tier: company, reached, attended."""
    columns = [
        Column("tier", "Tier"),
        Column("base", "Accounts of the company", "count"),
        Column("reached", "Reached", "count"),
        Column("attended", "Attended", "count"),
        Column(
            "rate", "Attended of reached", "share", low="rate_low", high="rate_high", n="reached"
        ),
    ]
    return tables.table(
        results.tiers,
        columns,
        key="tiers",
        caption=f"Accounts by tier, n = {results.tiers['reached'].sum():,} reached",
        note="Tiers are those of the day of the export.",
    )


def chart_tiers(results: Results) -> Chart:
    """Draw the tier mix of the company, of those reached and of those that attended."""
    frame = results.tiers.melt(
        id_vars="tier",
        value_vars=["base_share", "reached_share", "attended_share"],
        var_name="group",
        value_name="share",
    )
    words = {"base_share": "company", "reached_share": "reached", "attended_share": "attended"}
    frame["group"] = frame["group"].map(words)
    columns = [Column("group", "Group"), Column("tier", "Tier"), Column("share", "Share", "share")]
    data = tables.table(frame, columns, key="tier-mix", caption="Tier mix", shown=len(frame))
    reached, attended = results.tiers["reached"].sum(), results.tiers["attended"].sum()
    return plot_share_bars(
        frame,
        category="group",
        part="tier",
        share="share",
        label="Share of accounts",
        key="tier-mix-chart",
        title="Tier mix: company, reached, attended",
        subtitle=f"n = {reached:,} accounts reached, {attended:,} attended",
        data=data,
    )


def table_costs(results: Results) -> Table:
    """Show cost items, planned and actual, staff time included."""
    costs = results.costs
    total = costs.sum(numeric_only=True, min_count=1).to_frame().T.assign(item="Total")
    frame = pd.concat([costs, total], ignore_index=True) if len(costs) else costs
    columns = [
        Column("item", "Item"),
        Column("planned", "Planned", "money"),
        Column("spent", "Spent", "money"),
        Column("staff_hours", "Staff time", "hours"),
        Column("staff_cost", "Cost of staff time", "money"),
        Column("actual", "Actual", "money"),
    ]
    return tables.table(
        frame,
        columns,
        key="costs",
        caption="Cost, planned and actual, staff time included",
        currency=results.currency,
        shown=len(frame),
    )


def table_deals(results: Results) -> Table:
    """Show the deals that go with the event, sourced ones first."""
    frame = results.deals.sort_values(
        ["relation", "amount", "opportunity_id"], ascending=[False, False, True]
    )
    alone = frame["account_id"] == DEAL_ALONE + frame["opportunity_id"]
    frame["account_id"] = frame["account_id"].mask(alone)
    columns = [
        Column("opportunity_id", "Deal"),
        Column("account_id", "Account"),
        Column("relation", "Relation"),
        Column("kind", "Kind"),
        Column("opened_on", "Opened", "date"),
        Column("outcome", "Outcome"),
        Column("amount", "Amount", "money"),
    ]
    sourced = int((frame["relation"] == "sourced").sum())
    return tables.table(
        frame,
        columns,
        key="deals",
        caption=f"{sourced} deals sourced and {len(frame) - sourced} influenced",
        currency=results.currency,
    )


def table_returns(results: Results) -> Table:
    """Show the return on each named basis, window and relation."""
    frame = results.returns
    windows = frame["window_days"].map(formats.days).astype("str")
    frame = frame.assign(window=windows.mask(frame["state"] != "over", windows + ", not over yet"))
    columns = [
        Column("relation", "Relation"),
        Column("window", "Window"),
        Column("basis", "Basis"),
        Column("deals", "Deals", "count"),
        Column("benefit", "Benefit", "money", low="low", high="high"),
        Column("return", "Return", "change", low="return_low", high="return_high"),
    ]
    cost = formats.value(results.measures.cost.value, "money", currency=results.currency)
    return tables.table(
        frame,
        columns,
        key="returns",
        caption=f"Return on the cost of {cost}, by window and basis",
        currency=results.currency,
        note="Pipeline is no revenue. Influenced deals may exist without the event: no return.",
        shown=len(frame),
    )
