"""What the second half of step 5 shows: later value by tier, drivers, transitions."""

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_heatmap, plot_intervals
from opsplaybook.playbooks.customer_portrait.back_test import BackTest
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.tables import Column


def chart_back_test(test: BackTest, portrait: Portrait) -> Chart:
    """Draw what the customers of each tier of then brought since."""
    return plot_intervals(
        test.tiers,
        category="tier",
        value="value",
        low="value_low",
        high="value_high",
        n="customers",
        label="Mean value since, per customer",
        kind="money",
        currency=portrait.currency,
        zero=True,
        key="back-test-chart",
        title="What the customers of each earlier tier brought since",
        subtitle=f"{_span(test, portrait)}, {portrait.level:.0%} intervals",
        data=table_back_test(test, portrait),
    )


def table_back_test(test: BackTest, portrait: Portrait) -> Table:
    """Show later value and who stayed, by the tier of then."""
    columns = [
        Column("tier", "Tier then"),
        Column("customers", "Customers", "count"),
        Column("value", "Mean value since", "money", low="value_low", high="value_high",
               n="customers"),
        Column("share", "Share of value since", "share"),
        Column("kept", "Still customers", "share", low="kept_low", high="kept_high",
               n="customers"),
    ]  # fmt: skip
    return tables.table(
        test.tiers,
        columns,
        key="back-test",
        caption=f"Tiers of then against value since, all customers, {_span(test, portrait)}, "
        f"{portrait.level:.0%} intervals",
        currency=portrait.currency,
        note=" ".join([test.sentence, *_unless_said(test)]),
        shown=len(test.tiers),
    )


def chart_drivers(test: BackTest, portrait: Portrait) -> Chart:
    """Draw which dimensions went with later value, the others held."""
    columns = [
        Column("dimension", "Dimension"),
        Column("value", "Association", "number", low="low", high="high",
               description="Standard deviations of the rank of later value per one of its own"),
        Column("n", "Customers", "count"),
        Column("inflation", "Variance inflation", "number",
               description="Above 5 it can hardly be told from the others"),
        Column("beyond_chance", "Beyond chance", "flag",
               description="After correction for the number of dimensions (Holm)"),
    ]  # fmt: skip
    named = test.drivers.loc[test.drivers["beyond_chance"].eq(other=True), "dimension"]
    found = f"beyond chance: {', '.join(named) or 'none'}"
    data = tables.table(test.drivers, columns, key="drivers-data", caption="Drivers of value")
    return plot_intervals(
        test.drivers,
        category="dimension",
        value="value",
        low="low",
        high="high",
        n="n",
        reference=0.0,
        reference_label="no association",
        label="Association with later value (ranks, standardised)",
        key="drivers",
        title="Dimensions that went with the value since, the others held",
        subtitle=f"{_span(test, portrait)}, {portrait.level:.0%} intervals; {found}",
        data=data,
    )


def chart_transitions(test: BackTest, portrait: Portrait) -> Chart:
    """Draw where the customers of each tier went."""
    columns = [
        Column("then", "Tier then"),
        Column("now", "Tier now"),
        Column("customers", "Customers", "count"),
        Column("share", "Share of the tier", "share"),
    ]
    data = tables.table(
        test.transitions,
        columns,
        key="transitions-data",
        caption="From tier to tier",
        note="Whoever was at an extreme tends to move back to the middle by chance alone.",
    )
    return plot_heatmap(
        test.transitions,
        row="then",
        column="now",
        value="share",
        n="n",
        label="Share of the earlier tier",
        column_label="Tier now",
        kind="share",
        key="transitions",
        title="From the earlier tier (rows) to the present one (columns), by score alone",
        subtitle=_span(test, portrait),
        data=data,
    )


def table_moved(test: BackTest, portrait: Portrait) -> Table:
    """Show who moved up or down since, and what moved the score."""
    columns = [
        Column("label", "Customer"),
        Column("then", "Tier then"),
        Column("now", "Tier now"),
        Column("change", "Points", "number", decimals=1),
        Column("because", "Because of", description="What moved the score most in that direction"),
    ]
    return tables.table(
        test.moves,
        columns,
        key="moved",
        caption=f"Customers in another tier than on {formats.day(test.day)}, by score alone, "
        f"{portrait.scope}, n = {len(test.moves):,}",
    )


def _span(test: BackTest, portrait: Portrait) -> str:
    span = formats.period(test.day, portrait.customers.last)
    n = int(test.tiers["customers"].sum())
    return f"{span}, n = {n:,} customers then"


def _unless_said(test: BackTest) -> tuple[str, ...]:
    return () if test.standing == "not enough data" else test.caveats
