"""Permutation tests by account: how often shuffled labels give as large a difference.

Labels belong to accounts, so accounts are shuffled, never rows. Where the possible assignments are
few they are all tried and the p-value is exact.
"""

from dataclasses import dataclass
from math import comb, nan

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from opsplaybook.stats.accounts import AccountTotals
from opsplaybook.stats.arrays import Flags, present

RESAMPLES = 9999
"""Random assignments tried where not all can be."""

_CELLS_AT_ONCE = 2_000_000
_MOST_SIGN_VECTORS = 2**16


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """Result of trying other assignments.

    Attributes
    ----------
    statistic : float
        The difference that was seen.
    p_value : float
        Two-sided; NaN where there is nothing to shuffle.
    total : int
        Assignments compared, the actual one included.
    exact : bool
        Whether these are all there are.
    n : int
        Accounts.
    """

    statistic: float
    p_value: float
    total: int
    exact: bool
    n: int

    @property
    def extreme(self) -> int:
        """Assignments with as large a difference."""
        return round(self.p_value * self.total)


def permutation_difference(
    values: ArrayLike,
    treated: ArrayLike,
    clusters: ArrayLike,
    *,
    generator: np.random.Generator,
    by_account: bool = True,
    resamples: int = RESAMPLES,
) -> PermutationTest:
    """Test a difference of means by shuffling which accounts were treated.

    Parameters
    ----------
    values : array of float, shape (rows,)
        One value per user; missing ones are left out.
    treated : array of bool, shape (rows,)
        Whether the row's account was treated.
    clusters : array, shape (rows,)
        The account of each row.
    generator : numpy.random.Generator
        Source of the assignments where there are more than `resamples`.
    by_account : bool
        True compares means of account means, False means over all users.
    resamples : int
        All assignments are tried if there are at most so many.

    Returns
    -------
    PermutationTest

    Raises
    ------
    ValueError
        An account is treated in some rows and not in others.

    References
    ----------
    Fisher 1935, The Design of Experiments; Phipson and Smyth 2010, Statistical Applications in
    Genetics and Molecular Biology 9:39 (why the actual assignment counts).

    Examples
    --------
    >>> found = permutation_difference(
    ...     [9, 8, 7, 8, 2, 1, 2, 3],
    ...     [1, 1, 1, 1, 0, 0, 0, 0],
    ...     ["A", "B", "C", "D", "E", "F", "G", "H"],
    ...     generator=np.random.default_rng(1),
    ... )
    >>> found.statistic, found.extreme, found.total
    (6.0, 2, 70)

    Only 2 of the 70 ways to choose four accounts differ by 6 or more: p = 0.029.
    """
    totals = AccountTotals.of_rows(values, treated, clusters)
    sums, sizes, labels = totals.sums, totals.sizes, totals.treated
    if by_account:
        sums, sizes = sums / sizes, np.ones(len(sums))
    first, second = np.flatnonzero(labels), np.flatnonzero(~labels)
    accounts = len(labels)
    if not first.size or not second.size:
        return _nothing_to_shuffle(accounts)

    def gap(one: NDArray, two: NDArray, axis: int) -> NDArray:
        return _mean(sums, sizes, one, axis) - _mean(sums, sizes, two, axis)

    possible = comb(accounts, first.size)
    exact = possible <= resamples
    found = stats.permutation_test(
        (first, second),
        lambda one, two, axis: np.abs(gap(one, two, axis)),
        vectorized=True,
        alternative="greater",
        n_resamples=resamples,
        batch=max(1, _CELLS_AT_ONCE // accounts),
        rng=generator,
    )
    total = possible if exact else resamples + 1
    return PermutationTest(
        float(gap(first, second, -1)), float(found.pvalue), total, exact, accounts
    )


def sign_flip_test(
    differences: ArrayLike, *, generator: np.random.Generator, resamples: int = 100_000
) -> PermutationTest:
    """Test whether paired differences centre on zero by flipping their signs.

    Parameters
    ----------
    differences : array of float, shape (pairs,)
        One difference per pair, such as after less before per account; missing ones are left out.
    generator : numpy.random.Generator
        Source of the flips where there are more than `resamples`.
    resamples : int
        All flips are tried if there are at most so many.

    Returns
    -------
    PermutationTest
        The statistic is the mean difference.

    References
    ----------
    Fisher 1935, The Design of Experiments, section 21.

    Examples
    --------
    >>> found = sign_flip_test([3, 1, 4, 1, 5, 9], generator=np.random.default_rng(1))
    >>> found.extreme, found.total, found.exact
    (2, 64, True)

    All six accounts went up, which 2 of 64 coin tosses would give in one direction: p = 0.031.
    """
    known = present(np.asarray(differences, dtype=float), name="differences")
    if known.size < 2:
        return _nothing_to_shuffle(known.size)
    exact = 2**known.size <= resamples
    found = stats.permutation_test(
        (known,),
        lambda sample, axis: np.abs(sample.mean(axis=axis)),
        permutation_type="samples",
        vectorized=True,
        alternative="greater",
        n_resamples=resamples,
        batch=max(1, _CELLS_AT_ONCE // known.size),
        rng=generator,
    )
    total = 2**known.size if exact else resamples + 1
    return PermutationTest(float(known.mean()), float(found.pvalue), total, exact, known.size)


def wild_cluster_test(
    values: ArrayLike,
    treated: ArrayLike,
    clusters: ArrayLike,
    *,
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
) -> PermutationTest:
    """Test a difference of means over users by the restricted wild cluster bootstrap-t.

    For few accounts that were not assigned at random, where shuffling labels has no meaning.

    Parameters
    ----------
    values, treated, clusters, generator
        As in `permutation_difference`.
    resamples : int
        Random sign vectors; with up to 16 accounts all of them are tried.

    Returns
    -------
    PermutationTest
        The statistic is t with the cluster variance CR1.

    References
    ----------
    Cameron, Gelbach and Miller 2008, Review of Economics and Statistics 90:414-427.

    Examples
    --------
    >>> found = wild_cluster_test(
    ...     [9, 8, 7, 8, 2, 1, 2, 3],
    ...     [1, 1, 1, 1, 0, 0, 0, 0],
    ...     ["A", "B", "C", "D", "E", "F", "G", "H"],
    ...     generator=np.random.default_rng(1),
    ... )
    >>> found.extreme, found.total
    (2, 256)

    Two of 256 sign vectors give as large a t: p = 0.008.
    """
    totals = AccountTotals.of_rows(values, treated, clusters)
    sums, sizes, labels = totals.sums, totals.sizes, totals.treated
    accounts = len(labels)
    if labels.sum() < 2 or (~labels).sum() < 2:
        return _nothing_to_shuffle(accounts)
    exact = 2**accounts <= _MOST_SIGN_VECTORS
    signs = _all_signs(accounts) if exact else generator.choice([-1.0, 1.0], (resamples, accounts))
    overall = sums.sum() / sizes.sum()
    residuals = sums - overall * sizes
    actual = _cluster_t(residuals[None, :], sizes, labels)[0]
    drawn = _cluster_t(signs * residuals, sizes, labels)
    extreme = int((np.abs(drawn) >= abs(actual) * (1 - 1e-12)).sum())
    total = len(signs) if exact else resamples + 1
    p_value = (extreme if exact else extreme + 1) / total
    return PermutationTest(float(actual), p_value, total, exact, accounts)


def _nothing_to_shuffle(n: int) -> PermutationTest:
    return PermutationTest(nan, nan, total=0, exact=False, n=n)


def _mean(sums: NDArray, sizes: NDArray, picked: NDArray, axis: int) -> NDArray:
    return sums[picked].sum(axis=axis) / sizes[picked].sum(axis=axis)


def _all_signs(count: int) -> NDArray:
    """Every vector of signs, shape (2**count, count)."""
    bits = np.arange(2**count)[:, None] >> np.arange(count)
    return 1.0 - 2.0 * (bits & 1)


def _cluster_t(sums: NDArray, sizes: NDArray, labels: Flags) -> NDArray:
    """T statistics (CR1) of the difference of pooled means; sums has shape (draws, clusters)."""
    means, variance = [], 0.0
    for arm in (labels, ~labels):
        rows = sizes[arm].sum()
        middle = sums[:, arm].sum(axis=1) / rows
        residuals = sums[:, arm] - middle[:, None] * sizes[arm]
        variance = variance + (residuals**2).sum(axis=1) / rows**2
        means.append(middle)
    clusters, rows = len(sizes), sizes.sum()
    correction = clusters / (clusters - 1) * (rows - 1) / (rows - 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (means[0] - means[1]) / np.sqrt(variance * correction)
