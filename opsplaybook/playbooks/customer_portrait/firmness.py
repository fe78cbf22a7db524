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
from opsplaybook.stats.tiers import UNSCORED, TierRule, acceptability, assign_tiers
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
        it. Missing where the tier was decided by hand, or there is no score.
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

    @property
    def n(self) -> int:
        """Customers whose tier the score decides."""
        return int(self.own_share.notna().sum())


def check_firmness(params: Params, portrait: Portrait, scored: Scored, tiered: Tiered) -> Firmness:
    """Move the weights, change the scale and the aggregation, and see who moves.

    Customers whose tier was decided by hand, or who have no score, stay out of it.

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
    free = _Free.of(portrait, scored, tiered)
    drawn = dirichlet_weights(
        scored.weights.to_numpy(),
        draws=params.weight_draws,
        certainty=params.weight_certainty,
        generator=np.random.default_rng(params.seed),
    )
    found = acceptability(
        free.table, drawn, free.rule, free.codes, values=free.values, second=free.second
    )
    shares = pd.DataFrame(nan, index=scored.frame.index, columns=list(TIERS))
    shares.loc[free.chosen] = found.shares
    own = _own_share(shares, tiered.frame["tier"])
    scores = _by_other_methods(params, portrait, scored, free)
    tiers = {method: free.tiers_of_same_size(points) for method, points in scores.items()}
    return Firmness(
        shares=shares,
        own_share=own,
        firm=own >= params.firm_share,
        kept=(found.kept.mean(), *np.quantile(found.kept, [0.025, 0.975])),
        weights=_one_at_a_time(scored.weights, free),
        methods=_methods(scores, tiers, scored, free),
        moves=_moves(tiers, portrait, free),
        draws=params.weight_draws,
    )


@dataclass(frozen=True, slots=True)
class _Free:
    """The customers whose tier the score decides, and what it is decided by.

    Attributes
    ----------
    chosen : Series of bool
        Which customers they are; the other attributes have one item for each of them.
    table : ndarray of float, shape (free, dimensions)
    codes : ndarray of int
        Their tiers.
    values : ndarray of float
    second : ndarray of float or None
    rule : TierRule
    """

    chosen: pd.Series
    table: np.ndarray
    codes: np.ndarray
    values: np.ndarray
    second: np.ndarray | None
    rule: TierRule

    @classmethod
    def of(cls, portrait: Portrait, scored: Scored, tiered: Tiered) -> "_Free":
        chosen = ~tiered.frame["overridden"] & (tiered.codes != UNSCORED)
        mask = chosen.to_numpy()
        return cls(
            chosen=chosen,
            table=scored.scaled.to_numpy()[mask],
            codes=tiered.codes[mask],
            values=portrait.customers.frame["value"].to_numpy()[mask],
            second=None if tiered.second is None else tiered.second[mask],
            rule=tiered.rule,
        )

    @property
    def accounts(self) -> pd.Index:
        return self.chosen.index[self.chosen]

    def tiers_of(self, scores: np.ndarray) -> np.ndarray:
        return assign_tiers(scores, self.rule, values=self.values, second=self.second).codes

    def tiers_of_same_size(self, scores: np.ndarray) -> np.ndarray:
        """Fill tiers as large as they are now: scores of other methods have other scales."""
        sizes = np.bincount(self.codes[self.codes >= 0], minlength=len(TIERS))[:-1]
        rule = replace(self.rule, kind="capacity", levels=tuple(float(size) for size in sizes))
        return assign_tiers(scale(scores), rule, second=self.second).codes


def _own_share(shares: pd.DataFrame, tier: pd.Series) -> pd.Series:
    place = pd.Index(TIERS).get_indexer(tier)
    table = np.column_stack([shares.to_numpy(), np.full(len(shares), nan)])
    return pd.Series(table[np.arange(len(table)), place], index=shares.index)


def _one_at_a_time(weights: pd.Series, free: _Free) -> pd.DataFrame:
    base = weighted_sum(free.table, weights.to_numpy()).totals
    kept, correlation = [], []
    for moved in one_at_a_time(weights.to_numpy(), change=CHANGE):
        scores = weighted_sum(free.table, moved).totals
        kept.append(float(np.mean(free.tiers_of(scores) == free.codes)))
        correlation.append(rank_correlation(base, scores).value)
    frame = pd.DataFrame(
        {
            "dimension": [words(name) for name in weights.index],
            "weight": weights.to_numpy(),
            "lowered": kept[::2],
            "raised": kept[1::2],
            "lowered_correlation": correlation[::2],
            "raised_correlation": correlation[1::2],
        }
    )
    return frame.sort_values("weight", ascending=False, ignore_index=True)


def _by_other_methods(
    params: Params, portrait: Portrait, scored: Scored, free: _Free
) -> dict[str, np.ndarray]:
    """Score the free customers in other ways."""
    weights = scored.weights.to_numpy()
    found = {
        "TOPSIS": topsis(free.table, weights),
        "weighted product": weighted_product(free.table, weights),
    }
    for name, label in _SCALES.items():
        if set(params.transformations) != {name}:
            other = score_customers(
                portrait, params.model_copy(update={"transformations": (name,)})
            )
            found[label] = other.frame.loc[free.chosen, "score"].to_numpy()
    return found


def _methods(
    scores: dict[str, np.ndarray], tiers: dict[str, np.ndarray], scored: Scored, free: _Free
) -> pd.DataFrame:
    base = scored.frame.loc[free.chosen, "score"].to_numpy()
    rows = []
    for method, again in tiers.items():
        moved = again != free.codes
        top = moved & ((free.codes < len(TOP_TIERS)) | (again < len(TOP_TIERS)))
        correlation = rank_correlation(base, scores[method]).value
        rows.append((method, 1 - moved.mean(), correlation, int(moved.sum()), int(top.sum())))
    return pd.DataFrame(rows, columns=["method", "kept", "correlation", "moved", "moved_top"])


def _moves(tiers: dict[str, np.ndarray], portrait: Portrait, free: _Free) -> pd.DataFrame:
    index = free.accounts
    named = pd.DataFrame({method: names_of(codes) for method, codes in tiers.items()}, index=index)
    own = pd.Series(names_of(free.codes), index=index)
    differs = named.ne(own, axis=0)
    top = own.isin(TOP_TIERS).to_numpy()[:, None] ^ named.isin(TOP_TIERS)
    frame = named.assign(
        label=portrait.facts["label"], tier=own, _top=top.sum(axis=1), _all=differs.sum(axis=1)
    )
    inside = portrait.facts["in_scope"].reindex(index)
    frame = frame.loc[differs.any(axis=1) & inside].rename_axis("account_id").reset_index()
    order = frame.sort_values(["_top", "_all", "account_id"], ascending=[False, False, True])
    return order[["account_id", "label", "tier", *tiers]].reset_index(drop=True)
