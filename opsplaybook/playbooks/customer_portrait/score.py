"""Step 3, value score: dimensions scaled, weighted and added up, nothing hidden."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.errors import NotEnoughDataError
from opsplaybook.metrics.value import CustomerValues
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.stats.association import rank_correlation
from opsplaybook.stats.scores import fill_gaps, scale, weighted_sum
from opsplaybook.stats.weights import PairwiseWeights, pairwise_weights, reciprocal_matrix

POINTS = 100.0
DOUBLE_COUNTING = 0.7
"""Rank correlation from which two dimensions say much the same thing."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Customers with their value score.

    Attributes
    ----------
    frame : DataFrame
        Index ``account_id``; ``score`` (0 to 100 points) and ``coverage`` (share of the weight
        whose dimensions are known).
    scaled : DataFrame
        Dimensions that have data, 0 to 1 as they enter the score, gaps by their rule.
    recorded : DataFrame of bool
        The same columns: whether there is a value of its own, and no filled gap.
    contributions : DataFrame
        The same columns: points that add up to the score; missing where the dimension is.
    weights : Series
        Shares of those dimensions, adding up to 1.
    asked : Series
        Shares of all dimensions that were asked for.
    known : Series
        Customers of whom each dimension asked for is known.
    pairwise : PairwiseWeights or None
        Where the weights come from comparisons.
    """

    frame: pd.DataFrame
    scaled: pd.DataFrame
    recorded: pd.DataFrame
    contributions: pd.DataFrame
    weights: pd.Series
    asked: pd.Series
    known: pd.Series
    pairwise: PairwiseWeights | None

    @property
    def left_out(self) -> tuple[str, ...]:
        """Dimensions without data."""
        return tuple(name for name in self.asked.index if name not in self.weights.index)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What limits the score."""
        parts = []
        if self.left_out:
            lost = self.asked[list(self.left_out)].sum()
            parts.append(
                f"Dimensions without data, left out: {', '.join(words(n) for n in self.left_out)}"
                f"; they carry {formats.share(lost)} of the weight, which the others take over."
            )
        constant = [
            name for name in self.scaled if (self.scaled[name].dropna().to_numpy() == 0.5).all()
        ]
        if constant:
            named = ", ".join(words(name) for name in constant)
            parts.append(f"Equal for all customers, so it tells nobody apart: {named}.")
        if self.pairwise is not None and not self.pairwise.consistent:
            parts.append(
                f"The comparisons contradict one another (consistency ratio "
                f"{formats.number(self.pairwise.ratio)}, at most 0.1 is usual): ask again."
            )
        return tuple(parts)


def words(name: str) -> str:
    """Write the name of a dimension as words."""
    return name.replace("_", " ")


_HEADS = {
    "order_amount": "orders",
    "company_size": "size",
    "gross_profit": "profit",
    "demand_type": "need",
    "cooperation": "years",
    "influence": "reach",
    "payment": "pays",
    "growth_potential": "growth",
}


def head(name: str) -> str:
    """Write the name of a dimension in one word, for the head of a narrow column."""
    return _HEADS.get(name, name)


def score_customers(portrait: Portrait, params: Params) -> Scored:
    """Score every current customer.

    Parameters
    ----------
    portrait : Portrait
    params : Params

    Returns
    -------
    Scored

    Raises
    ------
    NotEnoughDataError
        If no dimension with a weight has data.
    """
    return score_values(portrait.customers, params)


def score_values(
    values: CustomerValues, params: Params, *, without: frozenset[str] = frozenset()
) -> Scored:
    """Score the customers of any day, for the report and for the back-test.

    Parameters
    ----------
    values : CustomerValues
    params : Params
    without : frozenset of str, optional
        Dimensions to leave out.

    Raises
    ------
    NotEnoughDataError
        If no dimension with a weight has data.
    """
    asked, pairwise = _weights(params)
    raw = values.frame[list(asked.index)]
    known = raw.notna().sum()
    weights = asked.loc[[name for name in asked.index if known[name] and name not in without]]
    if not weights.sum():
        raise NotEnoughDataError(
            "no dimension with a weight has data",
            where=f"dimensions: {', '.join(asked.index)}",
            remedy="map one of them in the source YAML, or choose dimensions that it fills",
        )
    weights = weights / weights.sum()
    scaled = _scaled(raw[list(weights.index)], params)
    found = weighted_sum(scaled.to_numpy(), weights.to_numpy())
    coverage = raw[asked.index].notna() @ asked
    return Scored(
        frame=pd.DataFrame({"score": found.totals * POINTS, "coverage": coverage}, index=raw.index),
        scaled=scaled,
        recorded=raw[list(weights.index)].notna(),
        contributions=pd.DataFrame(found.contributions * POINTS, raw.index, weights.index),
        weights=weights,
        asked=asked,
        known=known,
        pairwise=pairwise,
    )


def correlations(scored: Scored) -> pd.DataFrame:
    """Correlate the ranks of each two dimensions, over the customers who have both."""
    values = scored.scaled.where(scored.recorded)
    names = list(values)
    rows = []
    for place, first in enumerate(names):
        for second in names[:place]:
            found = rank_correlation(values[first], values[second])
            names_of_both = (words(first), words(second), head(second))
            rows.append((*names_of_both, found.value, *found.ends, found.n))
    columns = ["first", "second", "head", "correlation", "low", "high", "n"]
    return pd.DataFrame(rows, columns=columns)


def double_counting(scored: Scored) -> list[tuple[str, str, float]]:
    """Name pairs of dimensions that say much the same thing, strongest first."""
    frame = correlations(scored)
    strong = frame.loc[(frame["correlation"] >= DOUBLE_COUNTING) & (frame["n"] >= 5)]
    strong = strong.sort_values("correlation", ascending=False)
    return list(zip(strong["second"], strong["first"], strong["correlation"], strict=True))


def _weights(params: Params) -> tuple[pd.Series, PairwiseWeights | None]:
    names = list(params.dimensions)
    if not params.pairwise:
        shares = np.asarray(params.weights) / sum(params.weights)
        return pd.Series(shares, index=names), None
    found = pairwise_weights(reciprocal_matrix(params.pairwise, dimensions=len(names)))
    return pd.Series(found.weights, index=names), found


def _scaled(raw: pd.DataFrame, params: Params) -> pd.DataFrame:
    how = dict(zip(params.dimensions, params.each("transformations"), strict=True))
    gaps = dict(zip(params.dimensions, params.each("gaps"), strict=True))
    columns = {}
    for name in raw:
        higher = name not in params.lower_is_better
        columns[name] = fill_gaps(scale(raw[name], how[name], higher_is_better=higher), gaps[name])
    return pd.DataFrame(columns, index=raw.index)
