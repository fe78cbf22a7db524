"""Step 2, concentration: whether a few customers hold most of the value."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_lines
from opsplaybook.formats import Kind
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.stats.concentration import Concentration, concentration, lorenz_curve
from opsplaybook.stats.results import Estimate
from opsplaybook.tables import Column

TOP, TARGET = 0.2, 0.8
_POINTS = 51
_HELD = "Customers, largest first"
_EQUAL = "The same for all"


@dataclass(frozen=True, slots=True)
class Concentrated:
    """How the value is spread over the customers of the report.

    Attributes
    ----------
    portrait : Portrait
    measures : Concentration
    negative : DataFrame
        ``account``, ``value``: customers below zero, left out of every share.
    largest : str
        Name of the largest customer.
    sentence : str
        Whether the largest fifth holds four fifths, in words.
    """

    portrait: Portrait
    measures: Concentration
    negative: pd.DataFrame
    largest: str
    sentence: str


def measure_concentration(portrait: Portrait, params: Params) -> Concentrated:
    """Measure how concentrated the value is, with intervals from drawing accounts.

    Parameters
    ----------
    portrait : Portrait
    params : Params

    Returns
    -------
    Concentrated
    """
    own = portrait.own
    found = concentration(
        own["value"],
        generator=np.random.default_rng(params.seed),
        top=TOP,
        target=TARGET,
        level=params.level,
    )
    below = own.loc[own["value"] < 0].sort_values("value")
    negative = pd.DataFrame({"account": below["label"], "value": below["value"]})
    first = own["value"].idxmax() if own["value"].notna().any() else None
    return Concentrated(
        portrait=portrait,
        measures=found,
        negative=negative.reset_index(drop=True),
        largest="" if first is None else own.loc[first, "label"],
        sentence=_in_words(found),
    )


def chart_lorenz(concentrated: Concentrated) -> Chart:
    """Draw which share of the value the largest customers hold."""
    portrait = concentrated.portrait
    accounts, held = lorenz_curve(portrait.own["value"], points=_POINTS)
    frame = pd.DataFrame(
        {
            "accounts": np.tile(accounts * 100, 2),
            "held": np.concatenate([held, accounts]),
            "series": [_HELD] * accounts.size + [_EQUAL] * accounts.size,
        }
    )
    data = tables.table(
        frame,
        [
            Column("series", "Line"),
            Column("accounts", "Customers, largest first (%)", "number"),
            Column("held", "Share of value", "share"),
        ],
        key="lorenz-data",
        caption="Lorenz curve",
    )
    return plot_lines(
        frame,
        x="accounts",
        y="held",
        series="series",
        label="Share of value",
        x_label="Customers, largest first (%)",
        kind="share",
        zero=True,
        key="lorenz",
        title="Value held by the largest customers",
        subtitle=f"{portrait.base}; {concentrated.sentence}",
        data=data,
    )


def table_concentration(concentrated: Concentrated) -> Table:
    """Show every measure of concentration with its interval."""
    found, portrait = concentrated.measures, concentrated.portrait
    rows = [
        _row(f"Share of the largest {TOP:.0%} of customers", found.top_share),
        _row(f"Smallest share of customers with {TARGET:.0%} of the value", found.smallest_share),
        _row("Gini", found.gini),
        _row("Gini, corrected for few accounts", found.gini_corrected),
        _row("Herfindahl-Hirschman index", found.hhi),
        _row(f"Share of the largest customer ({concentrated.largest})", found.largest_share),
    ]
    frame = pd.DataFrame(rows, columns=["measure", "value", "low", "high", "kind", "text"])
    columns = [Column("measure", "Measure"), Column("text", "Value")]
    return tables.table(
        frame,
        columns,
        key="concentration",
        caption=f"Concentration of value ({portrait.customers.meaning}), {portrait.base}, "
        f"{portrait.level:.0%} intervals",
        note=" ".join([concentrated.sentence, *negative_values(concentrated)]),
    )


def negative_values(concentrated: Concentrated) -> tuple[str, ...]:
    """Name the customers whose value is below zero."""
    below = concentrated.negative
    if below.empty:
        return ()
    currency = concentrated.portrait.currency
    named = ", ".join(below["account"].head(5))
    more = f" and {len(below) - 5:,} more" if len(below) > 5 else ""
    total = formats.money(concentrated.measures.negative_total, currency)
    return (f"Below zero and left out of the shares, {total} together: {named}{more}.",)


def _row(label: str, estimate: Estimate) -> tuple[str, float, float, float, Kind, str]:
    text = formats.value(estimate.value, estimate.kind)
    if not estimate.enough:
        text = formats.NOT_ENOUGH
    elif estimate.interval:
        text = f"{text} ({formats.interval(estimate.interval, estimate.kind)})"
    return label, estimate.value, *estimate.ends, estimate.kind, text


def _in_words(found: Concentration) -> str:
    """Say whether 80/20 holds."""
    size = found.top_share
    if not size.enough:
        return "There is not enough data to say whether a few hold most of the value."
    held = f"the largest {TOP:.0%} hold {formats.estimate(size, unit='customers')}"
    if found.few_hold_most is None:
        return f"Whether 80/20 holds is open: {held} of the value."
    verdict = "80/20 holds, or more than that" if found.few_hold_most else "80/20 does not hold"
    return f"{verdict}: {held} of the value."
