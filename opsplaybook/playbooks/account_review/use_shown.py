"""What step 2 shows: users and seats by week, key actions, value delivered."""

import pandas as pd

from opsplaybook import tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_dumbbell, plot_lines, plot_period_bars
from opsplaybook.metrics.blocks import BLOCKS
from opsplaybook.playbooks.account_review.compared import audience_of, table_compared
from opsplaybook.playbooks.account_review.use import WEEKS, Use
from opsplaybook.tables import Column


def table_use(use: Use) -> Table:
    """Show users, seats, actions and value of the three periods."""
    return table_compared(
        use.measures,
        use.account,
        key="use",
        caption="Use of the product",
        note="A regular user does something in at least half of the whole weeks. Changes of users "
        "rest on who came and who left; those of actions and value are of whole weeks, and are "
        "held against the usual swings of the account.",
    )


def chart_use(use: Use) -> Chart:
    """Draw active users by week over a year."""
    last = use.account.periods.now.last
    weeks = use.weeks if use.measures else use.weeks.iloc[:0]
    columns = [
        Column("week_end", "Week until", "date"),
        Column("users", "Active users", "count"),
        Column("actions", "Actions", "count"),
        Column("seats", "Seats", "count"),
    ]
    data = tables.table(
        weeks,
        columns,
        key="use-by-week",
        caption=f"Use by week, {WEEKS} weeks until {last:%Y-%m-%d}",
        audience=audience_of(weeks),
    )
    return plot_lines(
        weeks,
        x="week_end",
        y="users",
        label="Active users in the week",
        key="use-chart",
        title="Active users by week",
        subtitle=f"{WEEKS} weeks until {last:%Y-%m-%d}, n = {weeks['actions'].sum():,} actions",
        data=data,
        kind="count",
        x_label="Week until",
        zero=True,
        audience=audience_of(weeks),
    )


def chart_actions(use: Use) -> Chart:
    """Draw each key action in both periods; what is beyond chance stands in the table."""
    frame = _readable(use.actions)
    periods = use.account.periods
    return plot_dumbbell(
        frame,
        category="action",
        first="before",
        second="now",
        first_label="period before",
        second_label="this period",
        label="Actions in whole weeks",
        key="key-actions-chart",
        title="Key actions in both periods",
        subtitle=f"{periods.before.text} and {periods.now.text}, whole weeks",
        data=_action_table(use, "key-actions-drawn"),
        kind="count",
        zero=True,
        audience=audience_of(frame),
    )


def table_key_actions(use: Use) -> Table:
    """Show the key actions of both periods, and which changes are beyond chance."""
    return _action_table(use, "key-actions")


def chart_value(use: Use) -> Chart:
    """Draw the value delivered in steps of four weeks, the year before as a line."""
    last = use.account.periods.now.last
    columns = [
        Column("block_end", "Four weeks until", "date"),
        Column("amount", use.value_unit.capitalize(), "count"),
        Column("year_before", "Year before", "count"),
    ]
    data = tables.table(
        use.value,
        columns,
        key="value-by-month",
        caption=f"Value delivered by four weeks, until {last:%Y-%m-%d}",
        audience=audience_of(use.value),
        shown=BLOCKS,
    )
    return plot_period_bars(
        use.value,
        x="block_end",
        y="amount",
        label=f"Value delivered ({use.value_unit})",
        comparison="year_before",
        comparison_label="year before",
        key="value-chart",
        title="Value delivered over the year",
        subtitle=f"Four weeks each, the last until {last:%Y-%m-%d}; line: year before",
        data=data,
        kind="count",
        x_label="Four weeks until",
        audience=audience_of(use.value),
    )


def _action_table(use: Use, key: str) -> Table:
    columns = [
        Column("action", "Action"),
        Column("now", "This period", "count"),
        Column("before", "Period before", "count"),
        Column("change", "Change a week", "change", low="low", high="high", n="weeks"),
        Column("beyond_chance", "Beyond chance", "flag"),
    ]
    return tables.table(
        _readable(use.actions),
        columns,
        key=key,
        caption=f"Key actions, {use.account.periods.now.text}, against the period before",
        note=f"In brackets: {use.account.intervals}. Several actions are looked at, so a change "
        "counts as beyond chance only after correction for their number.",
        audience=audience_of(use.actions),
        shown=len(use.actions),
    )


def _readable(actions: pd.DataFrame) -> pd.DataFrame:
    """Write the names of actions as words."""
    return actions.assign(action=actions["action"].str.replace("_", " "))
