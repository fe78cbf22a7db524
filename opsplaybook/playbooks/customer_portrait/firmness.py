"""Step 5, first half: what the tiers owe to the weights, the scale and the way of adding up."""

from dataclasses import dataclass, replace
from math import nan

import numpy as np
import pandas as pd

from opsplaybook.contracts import TIERS
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.playbooks.customer_portrait.score import Scored, score_customers, words
from opsplaybook.playbooks.customer_portrait.tiers import TOP_TIERS, Tiered, names_of
from opsplaybook.stats.association import rank_correlation
from opsplaybook.stats.scores import scale, topsis, weighted_product, weighted_sum
from opsplaybook.stats.tiers import TierRule, acceptability, assign_tiers
from opsplaybook.stats.weights import dirichlet_weights, one_at_a_time

CHANGE = 0.2
"""By how much of itself each weight is moved."""

_SCALES = {"rank": "ranks", "minmax": "winsorised min-max", "log": "logarithms", "z": "z-scores"}


@dataclass(frozen=True, slots=True)
class Firmness:
    """How firm the tiers are.

    Attributes
    ----------
    shares : DataFrame
        Index ``account_id``, one column per tier: share of the draws in which the customer is in
        it. Missing where the tier was decided by hand.
    own_share : Series
        Share of the draws in which the customer keeps its tier.
    firm : Series of bool
        Whether that is at least `firm_share`.
    kept : tuple of float
        Share of the customers that keep their tier: mean over the draws, and the ends between
        which 95% of the draws lie.
    weights : DataFrame
        ``dimension``, ``weight``, ``lowered``, ``raised`` (share of customers that keep their
        tier), ``lowered_correlation``, ``raised_correlation`` (of the ranks).
    methods : DataFrame
        ``method``, ``kept``, ``correlation``, ``moved`` (customers), ``moved_top`` (of them in S
        or A now, or then).
    moves : DataFrame
        ``account_id``, ``label``, ``tier`` and one column per method: customers that are in
        another tier by any of them, those that enter or leave S and A first.
    draws : int
    """

    shares: pd.DataFrame
    own_share: pd.Series
    firm: pd.Series
    kept: tuple[float, float, float]
    weights: pd.DataFrame
    methods: pd.DataFrame
    moves: pd.DataFrame
    draws: int


def check_firmness(params: Params, portrait: Portrait, scored: Scored, tiered: Tiered) -> Firmness:
    """Move the weights, change the scale and the aggregation, and see who moves.

    Customers whose tier was decided by hand stay out of it.

    Parameters
    ----------
    params : Params
    portrait : Portrait
    scored : Scored
    tiered : Tiered

    Returns
    -------
    Firmness
    """
    free = ~tiered.frame["overridden"].to_numpy()
    table = scored.scaled.to_numpy()[free]
    codes = tiered.codes[free]
    values = portrait.customers.frame["value"].to_numpy()[free]
    second = None if tiered.second is None else tiered.second[free]
    drawn = dirichlet_weights(
        scored.weights.to_numpy(),
        draws=params.weight_draws,
        certainty=params.weight_certainty,
        generator=np.random.default_rng(params.seed),
    )
    found = acceptability(table, drawn, tiered.rule, codes, values=values, second=second)
    shares = pd.DataFrame(nan, index=scored.frame.index, columns=list(TIERS))
    shares.loc[free] = found.shares
    own = _own_share(shares, tiered.frame["tier"])
    named = _by_other_methods(params, portrait, scored, free)
    return Firmness(
        shares=shares,
        own_share=own,
        firm=own >= params.firm_share,
        kept=(found.kept.mean(), *np.quantile(found.kept, [0.025, 0.975])),
        weights=_one_at_a_time(scored, tiered.rule, table, codes, values, second),
        methods=_methods(named, scored, tiered, free),
        moves=_moves(named, portrait, scored, tiered, free),
        draws=params.weight_draws,
    )


def _own_share(shares: pd.DataFrame, tier: pd.Series) -> pd.Series:
    place = pd.Index(TIERS).get_indexer(tier)
    table = np.column_stack([shares.to_numpy(), np.full(len(shares), nan)])
    return pd.Series(table[np.arange(len(table)), place], index=shares.index)


def _one_at_a_time(
    scored: Scored,
    rule: TierRule,
    table: np.ndarray,
    codes: np.ndarray,
    values: np.ndarray,
    second: np.ndarray | None,
) -> pd.DataFrame:
    base = weighted_sum(table, scored.weights.to_numpy()).totals
    kept, correlation = [], []
    for weights in one_at_a_time(scored.weights.to_numpy(), change=CHANGE):
        scores = weighted_sum(table, weights).totals
        again = assign_tiers(scores, rule, values=values, second=second)
        kept.append(float(np.mean(again.codes == codes)))
        correlation.append(rank_correlation(base, scores).value)
    frame = pd.DataFrame(
        {
            "dimension": [words(name) for name in scored.weights.index],
            "weight": scored.weights.to_numpy(),
            "lowered": kept[::2],
            "raised": kept[1::2],
            "lowered_correlation": correlation[::2],
            "raised_correlation": correlation[1::2],
        }
    )
    return frame.sort_values("weight", ascending=False, ignore_index=True)


def _by_other_methods(
    params: Params, portrait: Portrait, scored: Scored, free: np.ndarray
) -> dict[str, np.ndarray]:
    """Score the free customers in other ways."""
    weights = scored.weights.to_numpy()
    table = scored.scaled.to_numpy()[free]
    found = {
        "TOPSIS": topsis(table, weights),
        "weighted product": weighted_product(table, weights),
    }
    for name, label in _SCALES.items():
        if set(params.transformations) != {name}:
            other = score_customers(
                portrait, params.model_copy(update={"transformations": (name,)})
            )
            found[label] = other.frame["score"].to_numpy()[free]
    return found


def _tiers_of(scores: np.ndarray, tiered: Tiered, free: np.ndarray) -> np.ndarray:
    """Fill tiers as large as they are now: scores of other methods have other scales."""
    codes = tiered.codes[free]
    sizes = np.bincount(codes[codes >= 0], minlength=len(TIERS))[:-1]
    rule = replace(tiered.rule, kind="capacity", levels=tuple(float(size) for size in sizes))
    second = None if tiered.second is None else tiered.second[free]
    return assign_tiers(scale(scores), rule, second=second).codes


def _methods(
    named: dict[str, np.ndarray], scored: Scored, tiered: Tiered, free: np.ndarray
) -> pd.DataFrame:
    codes = tiered.codes[free]
    base = scored.frame["score"].to_numpy()[free]
    rows = []
    for method, scores in named.items():
        again = _tiers_of(scores, tiered, free)
        moved = again != codes
        top = moved & ((codes < len(TOP_TIERS)) | (again < len(TOP_TIERS)))
        correlation = rank_correlation(base, scores).value
        rows.append((method, 1 - moved.mean(), correlation, int(moved.sum()), int(top.sum())))
    return pd.DataFrame(rows, columns=["method", "kept", "correlation", "moved", "moved_top"])


def _moves(
    named: dict[str, np.ndarray],
    portrait: Portrait,
    scored: Scored,
    tiered: Tiered,
    free: np.ndarray,
) -> pd.DataFrame:
    index = scored.frame.index[free]
    tiers = pd.DataFrame(
        {method: names_of(_tiers_of(s, tiered, free)) for method, s in named.items()}, index=index
    )
    own = pd.Series(names_of(tiered.codes[free]), index=index)
    differs = tiers.ne(own, axis=0)
    top = own.isin(TOP_TIERS).to_numpy()[:, None] ^ tiers.isin(TOP_TIERS)
    frame = tiers.assign(
        label=portrait.facts["label"], tier=own, _top=top.sum(axis=1), _all=differs.sum(axis=1)
    )
    inside = portrait.facts["in_scope"].reindex(index)
    frame = frame.loc[differs.any(axis=1) & inside].rename_axis("account_id").reset_index()
    order = frame.sort_values(["_top", "_all", "account_id"], ascending=[False, False, True])
    return order[["account_id", "label", "tier", *named]].reset_index(drop=True)
