"""A readable tree that imitates groups, with how well it does; and what single columns tell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from opsplaybook.stats.arrays import Floats, require_same_length
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Estimate

_FOLDS = 5
_DEPTH = 3
_SMALLEST_LEAF = 5


@dataclass(frozen=True, slots=True)
class Leaf:
    """One rule of a tree.

    Attributes
    ----------
    conditions : tuple of (int, str, float)
        Column, ``"<="`` or ``">"``, and the value; all of them hold.
    group : object
        The most frequent group among the accounts that meet the conditions.
    agreeing : Estimate
        Share of those accounts that are in the group; n is their number.
    """

    conditions: tuple[tuple[int, str, float], ...]
    group: object
    agreeing: Estimate


@dataclass(frozen=True, slots=True)
class SurrogateTree:
    """A tree that imitates groups made in another way.

    Attributes
    ----------
    leaves : tuple of Leaf
    fidelity : Estimate
        Share of accounts that the tree puts into their group when it was grown without them; in
        sample where a group is too small to leave part of it out.
    fidelity_in_sample : float
        The same, of the accounts that it was grown on.
    baseline : float
        Share that is right by always naming the largest group.
    """

    leaves: tuple[Leaf, ...]
    fidelity: Estimate
    fidelity_in_sample: float
    baseline: float


@dataclass(frozen=True, slots=True)
class SplitQuality:
    """What a column tells about groups.

    Attributes
    ----------
    entropy, gini : float
        Of the groups, before the split: bits, and probability that two accounts differ.
    gain : float
        Bits that the column takes off the entropy.
    weighted_gini : float
        Gini impurity that is left.
    """

    entropy: float
    gini: float
    gain: float
    weighted_gini: float


def surrogate_tree(
    table: ArrayLike,
    groups: ArrayLike,
    *,
    depth: int = _DEPTH,
    smallest_leaf: int = _SMALLEST_LEAF,
    level: float = 0.95,
) -> SurrogateTree:
    """Grow a shallow tree that puts accounts into given groups.

    Parameters
    ----------
    table : array of float, shape (accounts, columns)
        Missing values are allowed; the tree sends them to the side that fits better.
    groups : array, shape (accounts,)
        Groups made in another way: tiers, or clusters.
    depth, smallest_leaf : int
        Limits that keep the tree readable.
    level : float

    Returns
    -------
    SurrogateTree
        It explains nothing: it imitates. Below a fidelity that suits you, do not read its rules.

    Raises
    ------
    ValueError
        Columns of different length, or no account.

    References
    ----------
    Breiman, Friedman, Olshen and Stone 1984, Classification and Regression Trees.

    Examples
    --------
    >>> size = np.arange(40.0)
    >>> found = surrogate_tree(size[:, None], np.where(size > 25, "A", "B"))
    >>> found.leaves[1].conditions, found.leaves[1].group, found.fidelity.value
    (((0, '>', 25.5),), 'A', 0.95)

    Above 25.5 it is an A; grown without them, the tree misses 2 of 40 near the border.
    """
    columns, names = np.asarray(table, dtype=np.float64), np.asarray(groups)
    require_same_length(columns, names)
    found, counts = np.unique(names, return_counts=True)
    if not counts.size:
        raise ValueError("groups is empty, must hold at least one account")
    tree = DecisionTreeClassifier(
        max_depth=depth, min_samples_leaf=smallest_leaf, random_state=0, ccp_alpha=0.0
    )
    tree.fit(columns, names)
    within = tree.predict(columns) == names
    folds = min(_FOLDS, int(counts.min()))
    guessed = within
    if len(found) > 1 and folds >= 2:
        split = StratifiedKFold(folds, shuffle=True, random_state=0)
        guessed = cross_val_predict(tree, columns, names, cv=split) == names
    return SurrogateTree(
        leaves=_leaves(tree, columns, names, level),
        fidelity=rate(float(guessed.sum()), len(names), level=level),
        fidelity_in_sample=float(within.mean()),
        baseline=float(counts.max() / len(names)),
    )


def split_quality(column: ArrayLike, groups: ArrayLike) -> SplitQuality:
    """Measure what a column of categories tells about groups.

    Parameters
    ----------
    column, groups : array, shape (accounts,)
        A missing category is one of its own.

    References
    ----------
    Quinlan 1986, Machine Learning 1:81 (information gain).

    Examples
    --------
    >>> found = split_quality(["x", "x", "y", "y"], ["A", "A", "A", "B"])
    >>> round(found.entropy, 3), round(found.gain, 3)
    (0.811, 0.311)

    Knowing the column takes 0.31 of 0.81 bits of doubt away.
    """
    parts, kinds = _codes(column), _codes(groups)
    require_same_length(parts, kinds)
    table = np.zeros((parts.max(initial=-1) + 1, kinds.max(initial=-1) + 1))
    np.add.at(table, (parts, kinds), 1)
    weights = table.sum(axis=1) / table.sum()
    before = table.sum(axis=0, keepdims=True)
    return SplitQuality(
        entropy=float(_entropy(before)[0]),
        gini=float(_gini(before)[0]),
        gain=float(_entropy(before)[0] - weights @ _entropy(table)),
        weighted_gini=float(weights @ _gini(table)),
    )


def _leaves(
    tree: DecisionTreeClassifier, table: Floats, names: np.ndarray, level: float
) -> tuple[Leaf, ...]:
    grown, at = tree.tree_, tree.apply(table)
    paths = {0: ()}
    leaves = []
    for node in range(grown.node_count):
        left, right = grown.children_left[node], grown.children_right[node]
        if left == right:
            inside = names[at == node]
            group = tree.classes_[int(np.argmax(grown.value[node]))].item()
            share = rate(float((inside == group).sum()), len(inside), level=level)
            leaves.append(Leaf(_shortest(paths[node]), group, share))
            continue
        column, value = int(grown.feature[node]), float(grown.threshold[node])
        paths[left] = (*paths[node], (column, "<=", value))
        paths[right] = (*paths[node], (column, ">", value))
    return tuple(leaves)


def _shortest(conditions: tuple[tuple[int, str, float], ...]) -> tuple[tuple[int, str, float], ...]:
    """Keep the tightest condition of each column and side, where it was first asked."""
    tight: dict[tuple[int, str], float] = {}
    for column, side, value in conditions:
        known = tight.get((column, side), value)
        tight[column, side] = min(known, value) if side == "<=" else max(known, value)
    return tuple((column, side, value) for (column, side), value in tight.items())


def _codes(column: ArrayLike) -> np.ndarray:
    texts = np.asarray([str(item) for item in np.asarray(column, dtype=object)])
    return np.unique(texts, return_inverse=True)[1]


def _shares(counts: Floats) -> Floats:
    sums = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, sums, out=np.zeros_like(counts), where=sums > 0)


def _entropy(counts: Floats) -> Floats:
    shares = _shares(counts)
    return -(shares * np.log2(shares, out=np.zeros_like(shares), where=shares > 0)).sum(axis=1)


def _gini(counts: Floats) -> Floats:
    return 1 - (_shares(counts) ** 2).sum(axis=1)
