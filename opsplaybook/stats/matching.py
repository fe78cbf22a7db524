"""Matching: comparable units for those that were reached, with the checks that it needs.

Each treated unit gets its nearest controls by Mahalanobis distance among those of the same stratum
whose propensity is within a caliper (Rosenbaum and Rubin 1985). Controls may serve more than once,
and all that are equally near serve, so that the order of rows decides nothing. Treated units
without a comparable control are set aside and counted: the effect then speaks of the matched ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression

from opsplaybook.stats.arrays import Flags, Floats, Integers, flags

CALIPER = 0.2
"""Widest difference of propensity, in standard deviations of its logit (Austin 2011)."""

BALANCED = 0.1
"""Standardised mean difference up to which a covariate counts as balanced (Austin 2009)."""

_TREATED_AT_ONCE = 512
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Balance:
    """How far apart treated and controls are, in standard deviations, by covariate.

    Attributes
    ----------
    before, after : array of float, shape (covariates,)
        Standardised mean differences; both over the standard deviation before matching.
    """

    before: Floats
    after: Floats

    @property
    def worst(self) -> float:
        """Largest absolute difference after matching; NaN where nothing was matched."""
        return float(np.abs(self.after).max(initial=0.0))

    @property
    def good(self) -> bool:
        """Whether every covariate is balanced after matching."""
        return self.worst <= BALANCED


@dataclass(frozen=True, slots=True)
class Overlap:
    """Whether treated units have controls to be compared with.

    Attributes
    ----------
    treated, controls : int
        Units before matching.
    matched : int
        Treated units with a comparable control.
    controls_used : int
        Different controls that serve.
    effective_controls : float
        Independent controls that would be as certain, given that some serve more than once.
    """

    treated: int
    controls: int
    matched: int
    controls_used: int
    effective_controls: float

    @property
    def share_matched(self) -> float:
        """Share of treated units that the effect speaks of; NaN where there are none."""
        return self.matched / self.treated if self.treated else float("nan")


@dataclass(frozen=True, slots=True)
class Matching:
    """Matched pairs, and what is needed to judge and to use them.

    Attributes
    ----------
    treated : array of bool, shape (units,)
        As given.
    points : array of float, shape (units, dimensions)
        Covariates, scaled so that plain distance is Mahalanobis distance.
    strata : array of int, shape (units,)
        Number of the stratum.
    propensity : array of float, shape (units,)
        Estimated chance of treatment.
    pair_treated, pair_control : array of int, shape (pairs,)
        Positions of the two units of each pair.
    pair_weight : array of float, shape (pairs,)
        1 over the controls of this treated unit.
    balance : Balance
    overlap : Overlap
    """

    treated: Flags
    points: Floats
    strata: Integers
    propensity: Floats
    pair_treated: Integers
    pair_control: Integers
    pair_weight: Floats
    balance: Balance
    overlap: Overlap

    @property
    def weights(self) -> Floats:
        """Weight of each unit: 1 for matched treated ones, times used for controls."""
        weights = np.zeros(len(self.treated))
        weights[self.pair_treated] = 1.0
        np.add.at(weights, self.pair_control, self.pair_weight)
        return weights

    @property
    def unmatched(self) -> Integers:
        """Positions of treated units without a comparable control."""
        return np.setdiff1d(np.flatnonzero(self.treated), self.pair_treated)


def match(
    covariates: ArrayLike,
    treated: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    neighbours: int = 1,
    caliper: float = CALIPER,
) -> Matching:
    """Find comparable controls for treated units.

    Parameters
    ----------
    covariates : array of float, shape (units, covariates)
        What was known before the treatment; none missing.
    treated : array of bool, shape (units,)
        Who was reached.
    strata : array, shape (units,), optional
        Units are matched within a stratum only, such as a tier or a region.
    neighbours : int
        Controls per treated unit; more where several are equally near, fewer where the caliper
        leaves fewer.
    caliper : float
        Widest difference of propensity, in standard deviations of its logit; infinite for none.

    Returns
    -------
    Matching

    Raises
    ------
    ValueError
        Different lengths, missing or infinite covariates, or fewer than one neighbour.

    References
    ----------
    Rosenbaum and Rubin 1985, The American Statistician 39:33-38; Austin 2011, Pharmaceutical
    Statistics 10:150-161 (caliper of 0.2).

    Examples
    --------
    >>> employees = [[10], [20], [30], [11], [22], [31], [500], [600]]
    >>> reached = [1, 1, 1, 0, 0, 0, 0, 0]
    >>> found = match(employees, reached)
    >>> found.pair_control.tolist(), found.overlap.share_matched
    ([3, 4, 5], 1.0)

    Each reached company is compared with one of its size, none with the two large ones.
    """
    table, labels = _read(covariates, treated)
    if neighbours < 1:
        raise ValueError(f"neighbours == {neighbours}, must be at least 1")
    codes = _stratum_codes(strata, len(labels))
    propensity = propensity_scores(table, labels)
    logits = np.log(propensity / (1 - propensity))
    points = _whitened(table)
    width = caliper * logits.std() if np.isfinite(caliper) else np.inf
    pairs = [
        _pairs_in(stratum, points, logits, labels, neighbours=neighbours, width=width)
        for stratum in (np.flatnonzero(codes == code) for code in np.unique(codes))
    ]
    ours, theirs, weights = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return Matching(
        labels,
        points,
        codes,
        propensity,
        ours,
        theirs,
        weights,
        _balance(table, labels, (ours, theirs, weights)),
        _overlap(labels, theirs, ours, weights),
    )


def propensity_scores(covariates: ArrayLike, treated: ArrayLike) -> Floats:
    """Estimate each unit's chance of treatment by logistic regression.

    Parameters
    ----------
    covariates : array of float, shape (units, covariates)
    treated : array of bool, shape (units,)

    Returns
    -------
    array of float, shape (units,)
        Strictly between 0 and 1: a slight ridge penalty on standardised covariates keeps it so
        where they separate the groups. The share treated where all or none are.

    Raises
    ------
    ValueError
        As in `match`.

    Examples
    --------
    >>> scores = propensity_scores([[1], [2], [3], [4], [5], [6]], [0, 0, 1, 0, 1, 1])
    >>> scores.round(1).tolist()
    [0.2, 0.3, 0.4, 0.6, 0.7, 0.8]

    The larger the company, the likelier it was invited.
    """
    table, labels = _read(covariates, treated)
    if labels.all() or not labels.any():
        return np.full(len(labels), np.clip(labels.mean(), _SAME, 1 - _SAME) if len(labels) else 0)
    model = LogisticRegression(max_iter=1000).fit(_standardised(table), labels)
    return np.clip(model.predict_proba(_standardised(table))[:, 1], _SAME, 1 - _SAME)


def standardised_differences(
    covariates: ArrayLike, treated: ArrayLike, weights: ArrayLike | None = None
) -> Floats:
    """Measure how far apart treated and controls are, in standard deviations, by covariate.

    Parameters
    ----------
    covariates : array of float, shape (units, covariates)
    treated : array of bool, shape (units,)
    weights : array of float, shape (units,), optional
        Such as `Matching.weights`; the standard deviation stays that of all units unweighted.

    Returns
    -------
    array of float, shape (covariates,)
        Treated less controls; 0 where a covariate is constant, NaN where a group has no weight.

    References
    ----------
    Austin 2009, Statistics in Medicine 28:3083-3107.

    Examples
    --------
    >>> standardised_differences([[1], [2], [3], [2], [3], [4]], [1, 1, 1, 0, 0, 0]).tolist()
    [-1.0]

    Before matching the reached companies are one standard deviation smaller.
    """
    table, labels = _read(covariates, treated)
    given = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=float)
    if not given[labels].sum() or not given[~labels].sum():
        return np.full(table.shape[1], np.nan)
    gap = np.average(table[labels], axis=0, weights=given[labels]) - np.average(
        table[~labels], axis=0, weights=given[~labels]
    )
    variances = [_variance(table[labels]), _variance(table[~labels])]
    spread = np.sqrt(np.mean(variances, axis=0))
    return np.divide(gap, spread, out=np.zeros_like(gap), where=spread > 0)


def _read(covariates: ArrayLike, treated: ArrayLike) -> tuple[Floats, Flags]:
    table, labels = np.asarray(covariates, dtype=float), flags(treated, name="treated")
    if table.ndim != 2 or len(table) != len(labels):
        raise ValueError(
            f"covariates have the shape {table.shape}, must be ({len(labels)}, covariates)"
        )
    wrong = ~np.isfinite(table).all(axis=1)
    if wrong.any():
        raise ValueError(f"{wrong.sum()} units have missing or infinite covariates")
    return table, labels


def _stratum_codes(strata: ArrayLike | None, units: int) -> Integers:
    if strata is None:
        return np.zeros(units, dtype=np.intp)
    names = np.asarray(strata)
    if len(names) != units:
        raise ValueError(f"strata have the length {len(names)}, must be {units}")
    return np.unique(names, return_inverse=True)[1]


def _variance(table: NDArray) -> NDArray:
    return table.var(axis=0, ddof=1) if len(table) > 1 else np.zeros(table.shape[1])


def _standardised(table: NDArray) -> NDArray:
    spread = table.std(axis=0)
    return (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _whitened(table: NDArray) -> Floats:
    """Turn covariates into uncorrelated ones of variance 1, leaving out what is redundant."""
    scaled = _standardised(table)
    if not scaled.size:
        return scaled
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    kept = values > _SAME * max(values.max(), 1.0)
    return scaled @ vectors[:, kept] / np.sqrt(values[kept])


def _pairs_in(
    stratum: Integers,
    points: NDArray,
    logits: NDArray,
    labels: Flags,
    *,
    neighbours: int,
    width: float,
) -> tuple[Integers, Integers, Floats]:
    """Pairs within one stratum: treated, control, weight."""
    ours, theirs = stratum[labels[stratum]], stratum[~labels[stratum]]
    if not ours.size or not theirs.size:
        return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0)
    blocks = np.array_split(ours, -(-ours.size // _TREATED_AT_ONCE))
    nearest = np.vstack(
        [_nearest(block, theirs, points, logits, neighbours, width) for block in blocks]
    )
    row, column = np.nonzero(nearest)
    return ours[row], theirs[column], 1.0 / nearest.sum(axis=1)[row]


def _nearest(
    ours: Integers,
    theirs: Integers,
    points: NDArray,
    logits: NDArray,
    neighbours: int,
    width: float,
) -> Flags:
    """Which controls are nearest to each treated unit, shape (treated, controls)."""
    distance = cdist(points[ours], points[theirs])
    distance[np.abs(logits[ours][:, None] - logits[theirs]) > width * (1 + _SAME)] = np.inf
    place = min(neighbours, theirs.size) - 1
    limit = np.partition(distance, place, axis=1)[:, [place]]
    return (distance <= limit * (1 + _SAME) + _SAME) & np.isfinite(distance)


def _balance(table: NDArray, labels: Flags, pairs: tuple[Integers, Integers, Floats]) -> Balance:
    ours, theirs, weight = pairs
    weights = np.zeros(len(labels))
    weights[ours] = 1.0
    np.add.at(weights, theirs, weight)
    before = standardised_differences(table, labels)
    return Balance(before, standardised_differences(table, labels, weights))


def _overlap(labels: Flags, theirs: Integers, ours: Integers, weight: Floats) -> Overlap:
    used = np.bincount(theirs, weights=weight, minlength=len(labels))
    squares = (used**2).sum()
    return Overlap(
        treated=int(labels.sum()),
        controls=int((~labels).sum()),
        matched=len(np.unique(ours)),
        controls_used=int((used > 0).sum()),
        effective_controls=float(used.sum() ** 2 / squares) if squares else 0.0,
    )
