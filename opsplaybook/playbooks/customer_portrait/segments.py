"""Step 6, segments found in the data: recency, frequency and money, clusters, a readable tree."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.metrics.rfm import RFM, recency_frequency_money
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.playbooks.customer_portrait.score import words
from opsplaybook.playbooks.customer_portrait.tiers import NO_TIER, Tiered
from opsplaybook.sources import Tables
from opsplaybook.stats.segments import Clustering, find_clusters, interval_codes, quantile_cuts
from opsplaybook.stats.trees import SurrogateTree, split_quality, surrogate_tree

GROUPS = 5
"""Scores of recency, frequency and money go from 1 to this."""

_TRAITS = ("value", "employees", "cooperation", "payment", "users", "actions", "tickets", *RFM[:2])
_CATEGORIES = ("industry", "size", "region", "country", "business_model", "demand_type")
_ENOUGH = 0.8


@dataclass(frozen=True, slots=True)
class Segments:
    """Groups that the data form by themselves.

    Attributes
    ----------
    rfm : DataFrame
        Index ``account_id``; ``recency``, ``frequency``, ``money``, and ``r``, ``f``, ``m`` from
        1 to 5, 5 the best. Empty where the source knows no orders.
    cuts : DataFrame
        ``measure`` and the cut points ``cut_1`` to ``cut_4``.
    clusters : Clustering
    traits : tuple of str
        What the clusters were looked for in.
    accounts : Index
        Customers in the order of the labels of the clusters.
    profile : DataFrame
        ``cluster``, ``customers``, and the median of each trait.
    tree : SurrogateTree or None
        Imitates the tiers by the dimensions of value; None with fewer than two tiers.
    columns : tuple of str
        Dimensions that the tree asks for.
    gains : DataFrame
        ``column``, ``gain`` (bits that it tells about the tier), ``by_chance`` (what a column
        that tells nothing would seem to), ``share`` (of the doubt).
    """

    rfm: pd.DataFrame
    cuts: pd.DataFrame
    clusters: Clustering
    traits: tuple[str, ...]
    accounts: pd.Index
    profile: pd.DataFrame
    tree: SurrogateTree | None
    columns: tuple[str, ...]
    gains: pd.DataFrame


def find_segments(given: Tables, params: Params, portrait: Portrait, tiered: Tiered) -> Segments:
    """Look for groups in all customers, whatever the scope.

    Parameters
    ----------
    given : Tables
    params : Params
    portrait : Portrait
    tiered : Tiered

    Returns
    -------
    Segments
    """
    rfm, cuts = _rfm(given, portrait)
    traits = _traits(portrait, rfm)
    clusters = find_clusters(_logged(traits).to_numpy(), seed=params.seed)
    tiers = tiered.frame["tier"]
    dimensions = portrait.customers.frame[list(params.dimensions)]
    dimensions = dimensions.loc[:, dimensions.notna().any()]
    scored = (tiers != NO_TIER).to_numpy()
    tree = None
    if len(tiers[scored].unique()) > 1:
        tree = surrogate_tree(dimensions[scored].to_numpy(), tiers[scored].to_numpy(dtype=str),
                              level=params.level)  # fmt: skip
    return Segments(
        rfm=rfm,
        cuts=cuts,
        clusters=clusters,
        traits=tuple(traits),
        accounts=traits.index,
        profile=_profile(traits, clusters),
        tree=tree,
        columns=tuple(words(name) for name in dimensions),
        gains=_gains(portrait, tiers),
    )


def rule_text(conditions: tuple[tuple[int, str, float], ...], columns: tuple[str, ...]) -> str:
    """Write the conditions of a leaf in words.

    Examples
    --------
    >>> rule_text(((0, ">", 250.5), (1, "<=", 3.0)), ("company size", "cooperation"))
    'company size > 250 and cooperation ≤ 3'
    """
    signs = {"<=": "≤", ">": ">"}
    parts = [
        f"{columns[at]} {signs[sign]} {formats.number(value)}" for at, sign, value in conditions
    ]
    return " and ".join(parts) or "all customers"


def _rfm(given: Tables, portrait: Portrait) -> tuple[pd.DataFrame, pd.DataFrame]:
    found = recency_frequency_money(given)
    found = found.loc[found.index.isin(portrait.facts.index)]
    rows, scores = [], {}
    for name in RFM:
        cuts = quantile_cuts(found[name], groups=GROUPS)
        scores[name[0]] = interval_codes(found[name], cuts, higher_is_better=name != "recency")
        rows.append((name, *cuts))
    columns = ["measure", *(f"cut_{place}" for place in range(1, GROUPS))]
    return found.assign(**scores), pd.DataFrame(rows, columns=columns)


def _traits(portrait: Portrait, rfm: pd.DataFrame) -> pd.DataFrame:
    """Choose numbers that are known of nearly all customers and differ between them."""
    facts = portrait.facts.assign(cooperation=portrait.customers.frame["cooperation"])
    facts = facts.join(rfm[list(RFM[:2])]) if len(rfm) else facts
    numbers = facts[[name for name in _TRAITS if name in facts]].astype("float64")
    known = numbers.notna().mean() >= _ENOUGH
    differ = numbers.nunique() > GROUPS
    return numbers.loc[:, known & differ]


def _logged(traits: pd.DataFrame) -> pd.DataFrame:
    """Take logarithms of 1 + x, so that one giant is not a cluster by itself."""
    return np.log1p(traits.clip(lower=0))


def _profile(traits: pd.DataFrame, clusters: Clustering) -> pd.DataFrame:
    inside = clusters.labels >= 0
    grouped = traits.loc[inside].groupby(clusters.labels[inside])
    frame = grouped.median().assign(customers=grouped.size())
    frame = frame.rename_axis("cluster").reset_index()
    return frame.assign(cluster=frame["cluster"] + 1)[["cluster", "customers", *traits]]


def _gains(portrait: Portrait, tiers: pd.Series) -> pd.DataFrame:
    rows = []
    n, kinds = len(tiers), tiers.nunique()
    for name in _CATEGORIES:
        column = portrait.facts[name]
        if column.nunique() < 2:
            continue
        found = split_quality(column.to_numpy(), tiers.to_numpy())
        parts = column.nunique(dropna=False)
        # Mean gain of an unrelated column: degrees of freedom over 2 n, in bits (Miller 1955).
        by_chance = (parts - 1) * (kinds - 1) / (2 * n * np.log(2))
        share = found.gain / found.entropy if found.entropy > 0 else np.nan
        rows.append((words(name), found.gain, by_chance, share))
    frame = pd.DataFrame(rows, columns=["column", "gain", "by_chance", "share"])
    return frame.sort_values("gain", ascending=False, ignore_index=True)
