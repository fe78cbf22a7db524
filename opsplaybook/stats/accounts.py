"""Users added up by account, for tests whose lot falls on accounts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opsplaybook.stats.arrays import (
    Flags,
    Floats,
    cluster_codes,
    flags,
    floats,
    require_same_length,
)


@dataclass(frozen=True, slots=True)
class AccountTotals:
    """One sum and one size per account of an experiment.

    Attributes
    ----------
    sums, sizes : array of float, shape (accounts,)
        Sum of a number over the users of an account, and how many users have it.
    treated : array of bool, shape (accounts,)
    """

    sums: Floats
    sizes: Floats
    treated: Flags

    @classmethod
    def of(cls, sums: ArrayLike, sizes: ArrayLike, treated: ArrayLike) -> "AccountTotals":
        """Read sums made elsewhere; accounts without users, or with a missing sum, are left out.

        Raises
        ------
        ValueError
            A size is negative, or columns differ in length.
        """
        totals = floats(np.asarray(sums, dtype=float), name="sums")
        rows = floats(np.asarray(sizes, dtype=float), name="sizes")
        labels = flags(treated, name="treated")
        require_same_length(totals, rows, labels)
        if (rows < 0).any():
            raise ValueError(f"{(rows < 0).sum()} sizes are negative, must be 0 or more")
        kept = ~np.isnan(totals) & (rows > 0)
        return cls(totals[kept], rows[kept], labels[kept])

    @classmethod
    def of_rows(cls, values: ArrayLike, treated: ArrayLike, clusters: ArrayLike) -> "AccountTotals":
        """Add up users by account; missing values are left out and not counted.

        Raises
        ------
        ValueError
            An account is treated in some rows and not in others.

        Examples
        --------
        >>> found = AccountTotals.of_rows([3, 5, None, 2], [1, 1, 1, 0], ["A", "A", "B", "C"])
        >>> found.sums.tolist(), found.sizes.tolist()
        ([8.0, 2.0], [2.0, 1.0])

        Account B has no known value and is left out.
        """
        given, labels = floats(np.asarray(values, dtype=float)), flags(treated, name="treated")
        names = np.asarray(clusters)
        require_same_length(given, labels, names)
        codes, count = cluster_codes(names)
        share = np.bincount(codes, labels, count) / np.bincount(codes, minlength=count)
        mixed = (share > 0) & (share < 1)
        if mixed.any():
            raise ValueError(f"{mixed.sum()} accounts are treated in some rows and not in others")
        known = ~np.isnan(given)
        sums = np.bincount(codes[known], given[known], count)
        return cls.of(sums, np.bincount(codes[known], minlength=count), share == 1)

    @property
    def means(self) -> Floats:
        """One mean per account."""
        return self.sums / self.sizes
