"""Reading arrays: what counts as missing, what is refused, which rows belong to which account."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]

NEGLIGIBLE = 1e-12
"""Spread, relative to size, below which values count as identical: it is rounding."""


def floats(values: ArrayLike, *, name: str = "values") -> Floats:
    """Read numbers into one flat float array; missing stays NaN, infinite is refused.

    Raises
    ------
    ValueError
        A value is infinite, or the array has more than one dimension.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions, must have 1")
    if np.isinf(array).any():
        raise ValueError(f"{name} holds {np.isinf(array).sum()} infinite values, must be finite")
    return array


def present(values: ArrayLike, *, name: str = "values") -> Floats:
    """Read numbers and leave out the missing ones."""
    array = floats(values, name=name)
    return array[~np.isnan(array)]


def complete(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    """Read two columns of one table and leave out rows where either is missing.

    Raises
    ------
    ValueError
        The columns differ in length.
    """
    left, right = floats(first), floats(second)
    require_same_length(left, right)
    kept = ~(np.isnan(left) | np.isnan(right))
    return left[kept], right[kept]


def flags(values: ArrayLike, *, name: str = "flags") -> Flags:
    """Read yes and no (or 1 and 0) into one flat array; nothing may be missing.

    Raises
    ------
    ValueError
        A value is neither.
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions, must have 1")
    valid = np.isin(array, (0, 1))
    if not valid.all():
        raise ValueError(f"{name} holds {(~valid).sum()} values that are neither yes nor no")
    return array.astype(bool)


def require_same_length(*arrays: NDArray) -> None:
    """Refuse columns of different length.

    Raises
    ------
    ValueError
        They differ.
    """
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1:
        raise ValueError(f"columns have different lengths: {sorted(lengths)}")


def cluster_codes(clusters: ArrayLike) -> tuple[Integers, int]:
    """Give each cluster (account) a number from 0.

    Returns
    -------
    codes : array of int, shape (rows,)
    count : int
        How many different clusters there are.

    Raises
    ------
    ValueError
        A row belongs to no cluster (None or NaN).
    """
    array = np.asarray(clusters)
    # Only NaN differs from itself.
    missing = np.equal(array, None) | (array != array)
    if missing.any():
        raise ValueError(f"{missing.sum()} rows belong to no cluster, each must name one")
    names, codes = np.unique(array, return_inverse=True)
    return codes, len(names)


def has_spread(values: Floats) -> bool:
    """Tell whether values differ by more than rounding."""
    if values.size < 2:
        return False
    return bool(np.ptp(values) > NEGLIGIBLE * np.abs(values).max())


def pair_of_matrices(before: ArrayLike, after: ArrayLike) -> tuple[Floats, Floats]:
    """Read the two sides of a comparison, any shape but the same.

    Raises
    ------
    ValueError
        Shapes differ, or a value is missing or infinite.
    """
    first, second = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if first.shape != second.shape:
        raise ValueError(f"shapes differ: {first.shape} and {second.shape}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("factors must be finite")
    return first, second
