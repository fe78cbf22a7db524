"""Weights: from pairwise comparisons, and moved to see what hangs on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opsplaybook.stats.arrays import Floats, floats

RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
"""Mean consistency index of random matrices of size 1 to 10 (Saaty 1980)."""

CONSISTENT = 0.10
"""Consistency ratio up to which comparisons are usually accepted (Saaty 1980)."""


@dataclass(frozen=True, slots=True)
class PairwiseWeights:
    """Weights from comparing each dimension with each other.

    Attributes
    ----------
    weights : ndarray of float, shape (dimensions,)
        Add up to 1.
    largest_eigenvalue, index, random_index, ratio : float
        Consistency: (eigenvalue - n) / (n - 1), the mean of it for random answers, and their
        ratio; 0 for one or two dimensions, which cannot contradict themselves.
    """

    weights: Floats
    largest_eigenvalue: float
    index: float
    random_index: float
    ratio: float

    @property
    def consistent(self) -> bool:
        """Whether the comparisons agree well enough with one another."""
        return self.ratio <= CONSISTENT


def pairwise_weights(matrix: ArrayLike) -> PairwiseWeights:
    """Derive weights from a reciprocal matrix of comparisons, with their consistency.

    Parameters
    ----------
    matrix : array of float, shape (dimensions, dimensions)
        Entry (i, j) says how many times as important i is as j; (j, i) is its inverse.

    Returns
    -------
    PairwiseWeights

    Raises
    ------
    ValueError
        Not square, not positive, not reciprocal, or more than ten dimensions.

    References
    ----------
    Saaty 1980, The Analytic Hierarchy Process (principal eigenvector, random index).

    Examples
    --------
    >>> found = pairwise_weights([[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]])
    >>> found.weights.round(3).tolist(), round(abs(found.ratio), 3)
    ([0.571, 0.286, 0.143], 0.0)

    The answers do not contradict one another.
    """
    table = np.asarray(matrix, dtype=np.float64)
    _require_reciprocal(table)
    n = len(table)
    roots, vectors = np.linalg.eig(table)
    place = int(np.argmax(roots.real))
    weights = np.abs(vectors[:, place].real)
    largest = float(roots[place].real)
    index = max((largest - n) / (n - 1), 0.0) if n > 2 else 0.0
    random_index = RANDOM_INDEX[n - 1]
    ratio = index / random_index if random_index else 0.0
    return PairwiseWeights(weights / weights.sum(), largest, index, random_index, ratio)


def reciprocal_matrix(upper: ArrayLike, *, dimensions: int) -> Floats:
    """Build the matrix of comparisons from its upper triangle, row by row.

    Parameters
    ----------
    upper : array of float, shape (dimensions * (dimensions - 1) / 2,)
        First against second, first against third, ..., second against third, ...
    dimensions : int

    Raises
    ------
    ValueError
        Not as many as there are pairs, or one is not positive.

    Examples
    --------
    >>> reciprocal_matrix([2, 4, 2], dimensions=3).tolist()
    [[1.0, 2.0, 4.0], [0.5, 1.0, 2.0], [0.25, 0.5, 1.0]]
    """
    answers = floats(upper, name="comparisons")
    pairs = dimensions * (dimensions - 1) // 2
    if answers.size != pairs:
        raise ValueError(f"{answers.size} comparisons, {dimensions} dimensions have {pairs} pairs")
    if not (answers > 0).all():
        raise ValueError("comparisons must be positive: 3 for three times, 1/3 for a third")
    matrix = np.ones((dimensions, dimensions))
    rows, columns = np.triu_indices(dimensions, k=1)
    matrix[rows, columns] = answers
    matrix[columns, rows] = 1 / answers
    return matrix


def one_at_a_time(weights: ArrayLike, *, change: float = 0.2) -> Floats:
    """Move each weight down and up by a share of itself; the others keep their proportions.

    Parameters
    ----------
    weights : array of float, shape (dimensions,)
    change : float
        Relative change, between 0 and 1.

    Returns
    -------
    ndarray of float, shape (2 * dimensions, dimensions)
        Rows 2i and 2i + 1 have weight i lowered and raised; every row adds up to 1.

    Examples
    --------
    >>> one_at_a_time([0.5, 0.25, 0.25]).round(3).tolist()[:2]
    [[0.4, 0.3, 0.3], [0.6, 0.2, 0.2]]
    """
    shares = floats(weights, name="weights")
    shares = shares / shares.sum()
    place = np.repeat(np.arange(shares.size), 2)
    moved = np.clip(shares[place] * np.tile([1 - change, 1 + change], shares.size), 0, 1)
    rest = 1 - shares[place]
    others = np.divide(1 - moved, rest, out=np.zeros(place.size), where=rest > 0)
    table = shares * others[:, None]
    table[np.arange(place.size), place] = np.where(rest > 0, moved, 1.0)
    return table


def dirichlet_weights(
    weights: ArrayLike, *, draws: int, certainty: float, generator: np.random.Generator
) -> Floats:
    """Draw weights around those given: nobody knows them to the point.

    Parameters
    ----------
    weights : array of float, shape (dimensions,)
        Centre of the draws; a weight of zero stays zero.
    draws : int
    certainty : float
        Sum of the parameters of the Dirichlet distribution: the higher, the closer the draws. At
        100 a weight of 0.1 has a standard deviation of 0.03.
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of float, shape (draws, dimensions)
        Rows add up to 1.

    References
    ----------
    Lahdelma and Salminen 2001, Operations Research 49:444 (acceptability over weights).

    Examples
    --------
    >>> drawn = dirichlet_weights(
    ...     [0.6, 0.4, 0.0], draws=1000, certainty=100, generator=np.random.default_rng(1)
    ... )
    >>> drawn.mean(axis=0).round(2).tolist()
    [0.6, 0.4, 0.0]
    """
    shares = floats(weights, name="weights")
    shares = shares / shares.sum()
    used = shares > 0
    drawn = np.zeros((draws, shares.size))
    drawn[:, used] = generator.dirichlet(certainty * shares[used], draws)
    return drawn


def _require_reciprocal(table: Floats) -> None:
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not len(table):
        raise ValueError(f"comparisons of shape {table.shape} are not square")
    if len(table) > len(RANDOM_INDEX):
        raise ValueError(f"{len(table)} dimensions, at most {len(RANDOM_INDEX)} can be compared")
    if not (np.isfinite(table).all() and (table > 0).all()):
        raise ValueError("comparisons must be positive")
    if not np.allclose(table * table.T, 1, rtol=1e-3):
        raise ValueError("comparisons must be reciprocal: twice one way is half the other way")
