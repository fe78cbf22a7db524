"""What step 6 shows: cut points, the grid of recency and frequency, clusters, rules."""

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_heatmap
from opsplaybook.formats import Kind
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.playbooks.customer_portrait.score import words
from opsplaybook.playbooks.customer_portrait.segments import GROUPS, Segments, rule_text
from opsplaybook.stats.segments import STABLE
from opsplaybook.tables import Column

_MEASURES = {
    "recency": "Days since the last order (fewer is better)",
    "frequency": "Orders, by day",
    "money": "Net amount",
}
_KINDS: dict[str, Kind] = {"value": "money", "payment": "days", "recency": "days"}


def table_rfm_cuts(segments: Segments, portrait: Portrait) -> Table:
    """Show the cut points, so that anyone can score a customer by hand."""
    frame = segments.cuts.assign(label=segments.cuts["measure"].map(_MEASURES))
    columns = [
        Column("label", "Measure"),
        *(Column(f"cut_{place}", f"Cut {place}", "number") for place in range(1, GROUPS)),
    ]
    last = formats.day(portrait.customers.last)
    note = (
        "Intervals are [lower, upper): a value on a cut belongs above it; equal values share a "
        f"score. Scores go from 1 to {GROUPS}, {GROUPS} is best."
    )
    n = len(segments.rfm)
    return tables.table(
        frame if n else frame.iloc[:0],
        columns,
        key="rfm-cuts",
        caption=f"Cut points of recency, frequency and money on {last}, n = {n:,} customers",
        note=note if n else "The source knows no orders by day: left out.",
    )


def chart_rfm(segments: Segments, portrait: Portrait) -> Chart:
    """Draw how many customers have each score of recency and frequency."""
    frame = _grid(segments)
    columns = [
        Column("frequency", "Frequency"),
        Column("recency", "Recency"),
        Column("customers", "Customers", "count"),
        Column("money", "Median net amount", "money", n="customers"),
    ]
    data = tables.table(
        frame, columns, key="rfm-data", caption="Recency and frequency", currency=portrait.currency
    )
    return plot_heatmap(
        frame,
        row="frequency",
        column="recency",
        value="customers",
        label="Customers",
        column_label=f"Recency ({GROUPS}: ordered last)",
        kind="count",
        key="rfm",
        title="Customers by recency (columns) and frequency (rows) of their orders",
        subtitle=f"n = {len(segments.rfm):,} customers, all orders up to "
        f"{formats.day(portrait.customers.last)}",
        data=data,
    )


def table_cluster_trials(segments: Segments) -> Table:
    """Show what speaks for each number of clusters; one cluster is an answer."""
    trials = segments.clusters.trials
    frame = pd.DataFrame(
        {
            "k": [trial.k for trial in trials],
            "stability": [min(trial.stability) for trial in trials],
            "p_text": [formats.p_value(trial.p_value) for trial in trials],
            "silhouette": [trial.silhouette for trial in trials],
            "smallest": [trial.smallest for trial in trials],
            "accepted": [trial.accepted for trial in trials],
        }
    )
    columns = [
        Column("k", "Clusters", "count"),
        Column("stability", "Least stable", "number",
               description="Mean Jaccard similarity over resamples, of the least stable cluster"),
        Column("p_text", "Splits as well by chance",
               description="Simulated customers without a further cluster that split as well"),
        Column("silhouette", "Silhouette", "number"),
        Column("smallest", "Smallest", "count"),
        Column("accepted", "Accepted", "flag"),
    ]  # fmt: skip
    return tables.table(
        frame,
        columns,
        key="cluster-trials",
        caption=f"Numbers of clusters tried, n = {segments.clusters.n:,} customers",
        note=_verdict(segments),
        shown=len(frame),
    )


def table_clusters(segments: Segments, portrait: Portrait) -> Table:
    """Show the median customer of each cluster."""
    columns = [
        Column("cluster", "Cluster", "count"),
        Column("customers", "Customers", "count"),
        *(
            Column(name, words(name).capitalize(), _KINDS.get(name, "number"))
            for name in segments.traits
        ),
    ]
    return tables.table(
        segments.profile,
        columns,
        key="clusters",
        caption=f"Median customer of each cluster, n = {segments.clusters.n:,} customers",
        currency=portrait.currency,
        note="Customers with a gap in one of these have no cluster.",
    )


def table_rules(segments: Segments) -> Table:
    """Show the tree that imitates the tiers, with how well it does."""
    tree = segments.tree
    leaves = () if tree is None else tree.leaves
    frame = pd.DataFrame(
        {
            "rule": [rule_text(leaf.conditions, segments.columns) for leaf in leaves],
            "tier": [leaf.group for leaf in leaves],
            "customers": [leaf.agreeing.n for leaf in leaves],
            "agreeing": [leaf.agreeing.value for leaf in leaves],
            "low": [leaf.agreeing.interval.low for leaf in leaves],
            "high": [leaf.agreeing.interval.high for leaf in leaves],
        }
    )
    columns = [
        Column("rule", "If"),
        Column("tier", "Mostly"),
        Column("customers", "Customers", "count"),
        Column("agreeing", "Agree", "share", low="low", high="high", n="customers"),
    ]
    return tables.table(
        frame,
        columns,
        key="rules",
        caption="Rules that imitate the tiers",
        note=fidelity(segments),
        shown=len(frame),
    )


def table_gains(segments: Segments) -> Table:
    """Show what each property tells about the tier."""
    columns = [
        Column("column", "Property"),
        Column("gain", "Tells (bits)", "number"),
        Column("by_chance", "By chance (bits)", "number",
               description="What a property that tells nothing would seem to tell"),
        Column("share", "Share of the doubt", "share"),
    ]  # fmt: skip
    return tables.table(
        segments.gains,
        columns,
        key="gains",
        caption="What single properties tell about the tier",
        shown=len(segments.gains),
    )


def fidelity(segments: Segments) -> str:
    """Say how well the tree imitates, and that it does not explain."""
    tree = segments.tree
    if tree is None:
        return "All customers are in one tier: there is nothing to imitate."
    return (
        f"The rules imitate the score, they explain nothing. Grown without them, they find the "
        f"tier of {formats.estimate(tree.fidelity, unit='customers')}; naming the largest tier "
        f"for all finds {formats.share(tree.baseline)}."
    )


def _verdict(segments: Segments) -> str:
    clusters, traits = segments.clusters, ", ".join(words(name) for name in segments.traits)
    found = (
        "no clusters: the customers form one cloud" if clusters.k == 1 else f"{clusters.k} clusters"
    )
    return (
        f"Found {found}, in the logarithms of {traits or 'nothing'}. Accepted are clusters that "
        f"are stable (at least {STABLE}), large enough and beyond chance."
    )


def _grid(segments: Segments) -> pd.DataFrame:
    rfm = segments.rfm
    grid = pd.MultiIndex.from_product(
        [range(GROUPS, 0, -1), range(1, GROUPS + 1)], names=["frequency", "recency"]
    )
    keys = [rfm["f"].rename("frequency"), rfm["r"].rename("recency")]
    found = rfm.groupby(keys)["money"].agg(customers="size", money="median")
    if found.empty:
        return pd.DataFrame(columns=["frequency", "recency", "customers", "money"], dtype="float64")
    frame = found.reindex(grid).reset_index()
    return frame.assign(customers=frame["customers"].fillna(0).astype("int64"))
