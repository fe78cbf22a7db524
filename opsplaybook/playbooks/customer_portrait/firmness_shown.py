"""What the first half of step 5 shows: weights, draws, other methods."""

from opsplaybook import formats, tables
from opsplaybook.contracts import TIERS
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_dumbbell, plot_share_bars
from opsplaybook.playbooks.customer_portrait.firmness import CHANGE, Firmness
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.playbooks.customer_portrait.tiers import TOP_TIERS
from opsplaybook.tables import Column

_SHOWN = 12
_CLOSE = 0.005


def chart_weights(firmness: Firmness) -> Chart:
    """Draw how many customers keep their tier when one weight moves."""
    columns = [
        Column("dimension", "Dimension"),
        Column("weight", "Weight", "share"),
        Column("lowered", f"Lowered by {CHANGE:.0%}", "share"),
        Column("raised", f"Raised by {CHANGE:.0%}", "share"),
        Column("lowered_correlation", "Rank correlation, lowered", "number"),
        Column("raised_correlation", "Rank correlation, raised", "number"),
    ]
    data = tables.table(
        firmness.weights, columns, key="weights-data", caption="One weight at a time"
    )
    low, high = (formats.share(end) for end in firmness.kept[1:])
    return plot_dumbbell(
        firmness.weights,
        category="dimension",
        first="lowered",
        second="raised",
        first_label=f"weight {CHANGE:.0%} lower",
        second_label=f"weight {CHANGE:.0%} higher",
        label="Customers that keep their tier (%)",
        kind="share",
        key="weights",
        title="Customers that keep their tier when one weight moves",
        subtitle=f"n = {firmness.n:,} customers; all weights drawn {firmness.draws:,} "
        f"times: {formats.share(firmness.kept[0])} keep it (95% of draws {low} to {high})",
        data=data,
    )


def chart_acceptability(firmness: Firmness, portrait: Portrait) -> Chart:
    """Draw in which tiers the customers near S and A are, over all drawn weights."""
    own = firmness.shares.loc[portrait.own.index].dropna()
    top = own[list(TOP_TIERS)].sum(axis=1)
    # Those whose place in S or A hangs on the weights, the most doubtful first.
    surest = own.max(axis=1)
    doubt = surest.loc[(top > _CLOSE) & (surest < 1 - _CLOSE)]
    chosen = own.loc[doubt.sort_values(kind="stable").index[:_SHOWN]]
    labels = portrait.facts["label"].reindex(chosen.index)
    twice = labels.duplicated(keep=False)
    chosen = chosen.assign(label=labels.where(~twice, labels + " " + labels.index))
    frame = chosen.melt(
        id_vars="label", value_vars=list(TIERS), var_name="tier", value_name="share"
    )
    columns = [
        Column("label", "Customer"),
        Column("tier", "Tier"),
        Column("share", "Share of draws", "share"),
    ]
    data = tables.table(frame, columns, key="acceptability-data", caption="Tiers over draws")
    doubtful = int((~firmness.firm.loc[own.index]).sum())
    return plot_share_bars(
        frame,
        category="label",
        part="tier",
        share="share",
        label="Share of drawn weights",
        key="acceptability",
        title="Tiers of the most doubtful customers over drawn weights",
        subtitle=f"{firmness.draws:,} draws; {doubtful:,} of {len(own):,} are not firm, "
        f"{portrait.scope}",
        data=data,
    )


def table_methods(firmness: Firmness) -> Table:
    """Show how many customers another scale or aggregation would move."""
    columns = [
        Column("method", "Instead"),
        Column("kept", "Keep their tier", "share"),
        Column("correlation", "Rank correlation", "number"),
        Column("moved", "Customers that move", "count"),
        Column("moved_top", "Of them in or out of S and A", "count",
               description="Their tier is S or A by one of the two methods"),
    ]  # fmt: skip
    return tables.table(
        firmness.methods,
        columns,
        key="methods",
        caption=f"Other ways to score, tiers of the same size, n = {firmness.n:,}",
        note="Scales replace the one of every dimension; TOPSIS and the product use those chosen.",
        shown=len(firmness.methods),
    )


def table_moves(firmness: Firmness) -> Table:
    """Show the customers whose tier another method would change."""
    methods = [name for name in firmness.moves if name not in ("account_id", "label", "tier")]
    columns = [
        Column("label", "Customer"),
        Column("tier", "Tier"),
        *(Column(name, name[:1].upper() + name[1:]) for name in methods),
    ]
    return tables.table(
        firmness.moves,
        columns,
        key="method-moves",
        caption=f"Customers in another tier by another method, n = {len(firmness.moves):,}",
    )
