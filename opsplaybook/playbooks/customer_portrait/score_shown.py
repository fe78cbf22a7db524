"""What step 3 shows: the dimensions, what is counted twice, what each score is made of."""

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_heatmap
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.playbooks.customer_portrait.score import (
    Scored,
    correlations,
    double_counting,
    head,
    words,
)
from opsplaybook.stats.weights import PairwiseWeights
from opsplaybook.tables import Column

_SHOWN = 24
_POINT_DIGITS = 1
_CORRELATION_DIGITS = 2


def table_dimensions(scored: Scored, params: Params) -> Table:
    """Show how each dimension enters the score."""
    frame = pd.DataFrame(
        {
            "dimension": [words(name) for name in params.dimensions],
            "asked": scored.asked[list(params.dimensions)].to_numpy(),
            "used": scored.weights.reindex(params.dimensions).fillna(0.0).to_numpy(),
            "better": [
                "lower" if name in params.lower_is_better else "higher"
                for name in params.dimensions
            ],
            "transformation": params.each("transformations"),
            "gap": params.each("gaps"),
            "coverage": scored.known[list(params.dimensions)].to_numpy() / len(scored.frame),
        }
    )
    columns = [
        Column("dimension", "Dimension"),
        Column("asked", "Weight asked for", "share"),
        Column("used", "Weight used", "share", description="After leaving out what has no data"),
        Column("better", "Better is"),
        Column("transformation", "Scale"),
        Column("gap", "A gap"),
        Column("coverage", "Coverage", "share", description="Customers of whom it is known"),
    ]
    return tables.table(
        frame,
        columns,
        key="dimensions",
        caption=f"Dimensions of the value score, n = {len(scored.frame):,} customers",
        note=" ".join([*scored.caveats, *_consistency(scored.pairwise)]),
        shown=len(frame),
    )


def chart_correlations(scored: Scored) -> Chart:
    """Draw which dimensions say the same thing."""
    frame = correlations(scored)
    double = double_counting(scored)
    named = "; ".join(f"{one} and {two} ({r:.2f})" for one, two, r in double)
    columns = [
        Column("first", "Dimension"),
        Column("second", "And"),
        Column("correlation", "Rank correlation", "number", low="low", high="high", n="n",
               decimals=_CORRELATION_DIGITS),
        Column("n", "Customers", "count"),
    ]  # fmt: skip
    data = tables.table(frame, columns, key="correlations-data", caption="Rank correlations")
    return plot_heatmap(
        frame.round({"correlation": _CORRELATION_DIGITS}),
        row="first",
        column="head",
        value="correlation",
        n="n",
        label="Rank correlation",
        kind="number",
        key="correlations",
        title="Rank correlation of the dimensions",
        subtitle=f"n = {len(scored.frame):,} customers; counted twice: {named or 'nothing'}",
        data=data,
    )


def chart_contributions(scored: Scored, portrait: Portrait) -> Chart:
    """Draw what the highest scores are made of."""
    top = _ranked(scored, portrait).head(_SHOWN)
    names = list(scored.contributions)
    frame = top.melt(id_vars="place", value_vars=names, var_name="dimension", value_name="points")
    frame["head"] = frame["dimension"].map(head)
    frame["dimension"] = frame["dimension"].map(words)
    columns = [
        Column("place", "Customer"),
        Column("dimension", "Dimension"),
        Column("points", "Points", "number"),
    ]
    data = tables.table(frame, columns, key="contributions-data", caption="Contributions")
    return plot_heatmap(
        frame.round({"points": _POINT_DIGITS}),
        row="place",
        column="head",
        value="points",
        label="Points of the score",
        kind="number",
        key="contributions",
        title="What the highest scores are made of",
        subtitle=f"{len(top)} of {portrait.base}; white: not known",
        data=data,
    )


def table_scores(scored: Scored, portrait: Portrait) -> Table:
    """Show scores with their parts; every customer stands in the CSV."""
    frame = _ranked(scored, portrait)
    names = sorted(scored.contributions, key=lambda name: -scored.weights[name])
    columns = [
        Column("label", "Customer"),
        Column("score", "Score", "number", description="0 to 100 points", decimals=_POINT_DIGITS),
        Column("coverage", "Known", "share", description="Share of the weight that is known"),
        *(
            Column(name, head(name).capitalize(), "number", decimals=_POINT_DIGITS,
                   description=f"Points from {words(name)}")
            for name in names
        ),
    ]  # fmt: skip
    return tables.table(
        frame.drop(columns="place"),
        columns,
        key="scores",
        caption=f"Value scores and the points that add up to them, {portrait.base}",
    )


def _ranked(scored: Scored, portrait: Portrait) -> pd.DataFrame:
    own = portrait.own
    frame = pd.concat([own["label"], scored.frame, scored.contributions], axis=1, join="inner")
    frame = frame.rename_axis("account_id").reset_index()
    frame = frame.sort_values(["score", "account_id"], ascending=[False, True], ignore_index=True)
    # Two customers may have one name; the chart needs one row for each.
    twice = frame["label"].duplicated(keep=False)
    frame["place"] = frame["label"].where(~twice, frame["label"] + " " + frame["account_id"])
    return frame


def _consistency(found: PairwiseWeights | None) -> tuple[str, ...]:
    if found is None:
        return ()
    text = (
        f"Weights from comparisons: largest eigenvalue {formats.number(found.largest_eigenvalue)}, "
        f"consistency index {formats.number(found.index)}, random index "
        f"{formats.number(found.random_index)} (Saaty 1980), consistency ratio "
        f"{formats.number(found.ratio)}."
    )
    return (text,)
