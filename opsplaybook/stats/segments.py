"""Segments found in the data: scores by cut points, and clusters that must prove themselves."""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.metrics import adjusted_rand_score, silhouette_score

from opsplaybook.stats.arrays import Floats, Integers, floats

STABLE = 0.75
"""Mean bootstrap Jaccard similarity from which a cluster counts as stable (Hennig 2007)."""

MOST_CLUSTERS = 5
_STARTS = 10
_STARTS_AGAIN = 2
_RESAMPLES = 40
_SIMULATIONS = 39
_SAMPLE = 1_000
_SMALLEST_SHARE = 0.05
_SMALLEST = 5
_ITERATIONS = 100

Clouds = list[tuple[int, Floats, Floats]]


@dataclass(frozen=True, slots=True)
class ClusterTrial:
    """What speaks for and against a number of clusters.

    Attributes
    ----------
    k : int
    inertia : float
        Sum of squared distances to the centres.
    silhouette : float
        Mean silhouette width.
    stability : tuple of float
        Mean bootstrap Jaccard similarity of each cluster, in the order of the labels.
    p_value : float
        Share of simulated accounts, normal within the clusters accepted so far (at first: all in
        one cloud), that split as well.
    smallest : int
        Accounts in the smallest cluster.
    accepted : bool
        Whether every cluster is stable and large enough, and the split is no accident.
    """

    k: int
    inertia: float
    silhouette: float
    stability: tuple[float, ...]
    p_value: float
    smallest: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class Clustering:
    """Clusters, or the answer that there are none.

    Attributes
    ----------
    k : int
        1 where no split proves itself.
    labels : ndarray of int, shape (accounts,)
        0 for the largest cluster; -1 where a column is missing.
    centres : ndarray of float, shape (k, columns)
        Means of the clusters in standard deviations from the mean of all.
    trials : tuple of ClusterTrial
        The numbers of clusters that were tried.
    n : int
        Accounts with every column known.
    """

    k: int
    labels: Integers
    centres: Floats
    trials: tuple[ClusterTrial, ...]
    n: int


def interval_codes(values: ArrayLike, cuts: ArrayLike, *, higher_is_better: bool = True) -> Floats:
    """Score values from 1 up by half-open intervals: a value on a cut belongs above it.

    Parameters
    ----------
    values : array of float, shape (accounts,)
    cuts : array of float, shape (groups - 1,)
        Rising; the intervals are [lower, upper).
    higher_is_better : bool
        False gives the lowest values the highest score, as for days since the last order.

    Returns
    -------
    ndarray of float, shape (accounts,)
        1 to the number of groups; NaN where the value is missing.

    Raises
    ------
    ValueError
        If the cuts do not rise.

    Examples
    --------
    >>> interval_codes([90, 115, 700], [115, 297, 482], higher_is_better=False).tolist()
    [4.0, 3.0, 1.0]

    Someone who bought 115 days ago no longer belongs to the latest.
    """
    numbers, edges = floats(values), floats(cuts, name="cuts")
    if (np.diff(edges) < 0).any():
        raise ValueError(f"cuts {edges.tolist()} must rise")
    codes = np.searchsorted(edges, numbers, side="right").astype(np.float64)
    codes = codes + 1 if higher_is_better else edges.size + 1 - codes
    return np.where(np.isnan(numbers), nan, codes)


def quantile_cuts(values: ArrayLike, *, groups: int = 5) -> Floats:
    """Return cut points that split known values into groups of about equal size.

    Equal values stay together, so with many ties some groups are empty.

    Examples
    --------
    >>> quantile_cuts(range(1, 12), groups=5).tolist()
    [3.0, 5.0, 7.0, 9.0]
    """
    known = floats(values)
    known = known[~np.isnan(known)]
    if known.size == 0:
        return np.full(groups - 1, nan)
    return np.quantile(known, np.arange(1, groups) / groups)


def find_clusters(
    table: ArrayLike, *, most: int = MOST_CLUSTERS, scaled: bool = True, seed: int = 0
) -> Clustering:
    """Look for clusters by k-means; one cluster is an answer.

    Parameters
    ----------
    table : array of float, shape (accounts, columns)
        Comparable numbers, not categories. Accounts with a gap get no cluster.
    most : int
        Largest number of clusters to try.
    scaled : bool
        Whether to bring columns to unit variance first; False if they have one unit.
    seed : int
        Seed of starts, resamples and simulations.

    Returns
    -------
    Clustering
        A number of clusters is accepted if each of them is stable under resampling (mean Jaccard
        similarity at least 0.75) and holds at least 5 accounts and 5% of all, and if the split is
        tighter than that of 39 simulated sets with no more clusters than were accepted before.
        The search ends when the next number is not.
        Above 1,000 accounts, trials run on 1,000 of them drawn at random.

    References
    ----------
    Hennig 2007, Computational Statistics & Data Analysis 52:258 (stability); Liu, Hayes, Nobel
    and Marron 2008, JASA 103:1281 (clouds without clusters).

    Examples
    --------
    >>> generator = np.random.default_rng(5)
    >>> cloud = generator.normal(size=(120, 2))
    >>> find_clusters(cloud).k, find_clusters(np.concatenate([cloud, cloud + 8])).k
    (1, 2)

    A single cloud has no clusters; two that lie apart are found.
    """
    numbers = np.asarray(table, dtype=np.float64)
    known = ~np.isnan(numbers).any(axis=1) & (numbers.shape[1] > 0)
    points = _standardised(numbers[known]) if scaled else numbers[known]
    generator = np.random.default_rng(seed)
    sample = points
    if len(points) > _SAMPLE:
        sample = points[generator.choice(len(points), _SAMPLE, replace=False)]
    trials, chosen = _trials(sample, most, generator)
    labels = np.full(len(numbers), -1, dtype=np.intp)
    if len(points):
        middles = np.stack(
            [sample[chosen == place].mean(axis=0) for place in range(chosen.max() + 1)]
        )
        labels[known] = _by_size(_polished(points, middles))
    k = int(labels.max(initial=0)) + 1
    z = _standardised(numbers[known])
    centres = [z[labels[known] == place].mean(axis=0) for place in range(k) if len(points)]
    return Clustering(k, labels, np.asarray(centres), trials, len(points))


def _trials(
    sample: Floats, most: int, generator: np.random.Generator
) -> tuple[tuple[ClusterTrial, ...], Integers]:
    """Try one number of clusters after the other, until one more proves nothing more."""
    trials, chosen = [], np.zeros(len(sample), dtype=np.intp)
    distinct = len(np.unique(sample, axis=0))
    for k in range(2, min(most, distinct - 1, len(sample) // _SMALLEST) + 1):
        trial, labels = _trial(sample, k, _clouds(sample, chosen), generator)
        trials.append(trial)
        if trial.accepted:
            chosen = labels
        elif chosen.any():
            break
    return tuple(trials), chosen


def _polished(points: Floats, middles: Floats) -> Integers:
    """Let k-means settle on all accounts, from centres found on some."""
    found = KMeans(len(middles), init=middles, n_init=1, random_state=0).fit(points)
    return found.labels_.astype(np.intp)


def cluster_quality(table: ArrayLike, k: int, *, seed: int = 0, starts: int = 20) -> tuple:
    """Run k-means once and return labels, inertia and mean silhouette width.

    Parameters
    ----------
    table : array of float, shape (accounts, columns)
        Complete; not scaled.
    k : int
        At least 2.
    seed, starts : int

    Returns
    -------
    labels : ndarray of int, shape (accounts,)
    inertia, silhouette : float
    """
    points = np.asarray(table, dtype=np.float64)
    found = KMeans(k, n_init=starts, random_state=seed).fit(points)
    labels, inertia = found.labels_.astype(np.intp), float(found.inertia_)
    return labels, inertia, float(silhouette_score(points, labels))


def agreement(first: ArrayLike, second: ArrayLike) -> float:
    """Return the adjusted Rand index of two partitions: 1 the same, 0 as by chance.

    Examples
    --------
    >>> agreement([0, 0, 1, 1], ["b", "b", "a", "a"])
    1.0
    """
    return float(adjusted_rand_score(np.asarray(first), np.asarray(second)))


def _trial(
    points: Floats, k: int, reference: Clouds, generator: np.random.Generator
) -> tuple[ClusterTrial, Integers]:
    labels, inertia = _fit(points, k, _STARTS, generator)
    labels = _by_size(labels)
    stability = _stability(points, labels, k, generator)
    p_value = _chance_of_split(points, inertia, k, reference, generator)
    smallest = int(np.bincount(labels).min())
    large = smallest >= max(_SMALLEST, _SMALLEST_SHARE * len(points))
    accepted = bool(min(stability) >= STABLE and large and p_value <= 1 / (_SIMULATIONS + 1))
    silhouette = float(silhouette_score(points, labels))
    return ClusterTrial(k, inertia, silhouette, stability, p_value, smallest, accepted), labels


def _fit(
    points: Floats, k: int, starts: int, generator: np.random.Generator
) -> tuple[Integers, float]:
    """Return the best of several runs of k-means.

    Hundreds of small runs are needed, for which the threads of `KMeans` cost many times the work.
    """
    runs = [_run(points, _start(points, k, generator)) for _ in range(starts)]
    return min(runs, key=lambda run: run[1])


def _start(points: Floats, k: int, generator: np.random.Generator) -> Floats:
    seed = int(generator.integers(2**31))
    return kmeans_plusplus(points, k, random_state=seed)[0]


def _run(points: Floats, centres: Floats) -> tuple[Integers, float]:
    """Run Lloyd's algorithm from given centres; a centre that nobody is near stays where it is."""
    sizes = (points**2).sum(axis=1)
    labels = np.full(len(points), -1)
    for _ in range(_ITERATIONS):
        gaps = (centres**2).sum(axis=1) - 2 * points @ centres.T
        nearest = gaps.argmin(axis=1)
        if (nearest == labels).all():
            break
        labels = nearest
        members = np.eye(len(centres))[labels]
        counts = members.sum(axis=0)
        means = members.T @ points / np.maximum(counts, 1)[:, None]
        centres = np.where(counts[:, None] > 0, means, centres)
    return labels, float((sizes + gaps.min(axis=1)).clip(min=0).sum())


def _by_size(labels: Integers) -> Integers:
    """Give the largest cluster the number 0, the next one 1, and so on."""
    order = np.argsort(-np.bincount(labels), kind="stable")
    return np.argsort(order)[labels]


def _stability(
    points: Floats, labels: Integers, k: int, generator: np.random.Generator
) -> tuple[float, ...]:
    """Return the mean similarity of each cluster to its likest one in resamples."""
    sums, seen = np.zeros(k), np.zeros(k)
    for _ in range(_RESAMPLES):
        picked = np.unique(generator.integers(0, len(points), len(points)))
        again, _ = _fit(points[picked], k, _STARTS_AGAIN, generator)
        likest, here = _jaccard(labels[picked], again, k)
        sums += likest
        seen += here
    return tuple(float(one) for one in np.divide(sums, seen, out=np.zeros(k), where=seen > 0))


def _jaccard(first: Integers, second: Integers, k: int) -> tuple[Floats, Floats]:
    both = np.zeros((k, k))
    np.add.at(both, (first, second), 1)
    union = both.sum(axis=1)[:, None] + both.sum(axis=0)[None, :] - both
    similar = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return similar.max(axis=1), (both.sum(axis=1) > 0).astype(np.float64)


def _clouds(points: Floats, labels: Integers) -> Clouds:
    """Describe clusters as clouds: size, middle, spread with correlation."""
    parts = [points[labels == place] for place in range(labels.max() + 1)]
    return [
        (len(part), part.mean(axis=0), np.atleast_2d(np.cov(part, rowvar=False))) for part in parts
    ]


def _chance_of_split(
    points: Floats, inertia: float, k: int, reference: Clouds, generator: np.random.Generator
) -> float:
    """Return how often clouds with no more clusters than accepted so far split as well."""
    share = inertia / _spread(points)
    as_tight = 0
    for _ in range(_SIMULATIONS):
        cloud = np.concatenate(
            [
                generator.multivariate_normal(middle, covariance, size, method="eigh")
                for size, middle, covariance in reference
            ]
        )
        _, split = _fit(cloud, k, _STARTS_AGAIN, generator)
        as_tight += split / _spread(cloud) <= share
    return float((1 + as_tight) / (_SIMULATIONS + 1))


def _spread(points: Floats) -> float:
    return float(((points - points.mean(axis=0)) ** 2).sum())


def _standardised(points: Floats) -> Floats:
    if not len(points):
        return points
    spread = points.std(axis=0)
    return (points - points.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
