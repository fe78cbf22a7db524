"""Counts, means and variances: what a database adds up, and what every effect is made from.

Ten million users come to a handful of numbers per arm. `contrasts` makes differences and lifts of
them. The same arithmetic serves arrays (see `means`), so that both ways give the same digits.
"""

from dataclasses import dataclass
from math import isnan, nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import NEGLIGIBLE, Floats, floats, has_spread, present
from opsplaybook.stats.results import Estimate, Interval
from opsplaybook.stats.tails import t_quantile, t_tail

Alternative = Literal["two-sided", "greater", "less"]
"""What a test looks for: any difference, a larger or a smaller first group."""

_STUDENT = "Student t interval"


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean and variance of one number over the units of one arm.

    Attributes
    ----------
    n : int
        Units with a known value.
    mean : float
        NaN without units.
    variance : float
        Sample variance (divisor n - 1); NaN under two units, 0 where they do not differ.
    """

    n: int
    mean: float
    variance: float

    @classmethod
    def of(cls, values: ArrayLike) -> "Moments":
        """Take the moments of values; missing ones are left out and not counted.

        Examples
        --------
        >>> Moments.of([12, 30, 18, None])
        Moments(n=3, mean=20.0, variance=84.0)

        Three accounts are known; the fourth is not a zero.
        """
        known = present(np.asarray(values, dtype=float))
        if not known.size:
            return cls(0, nan, nan)
        spread = float(known.var(ddof=1)) if known.size > 1 else nan
        identical = known.size > 1 and not has_spread(known)
        return cls(known.size, float(known.mean()), 0.0 if identical else spread)

    @classmethod
    def of_sums(cls, n: int, total: float, squares: float) -> "Moments":
        """Take the moments from running sums: count, sum and sum of squares.

        Examples
        --------
        >>> Moments.of_sums(3, 60, 1368)
        Moments(n=3, mean=20.0, variance=84.0)

        What a query adds up is enough.
        """
        if n < 1:
            return cls(0, nan, nan)
        centred = squares - total**2 / n
        centred = 0.0 if centred < NEGLIGIBLE * abs(squares) else centred
        return cls(n, total / n, centred / (n - 1) if n > 1 else nan)

    @classmethod
    def of_rate(cls, successes: float, n: int) -> "Moments":
        """Take the moments of a share, with the variance p (1 - p) of a single draw.

        Raises
        ------
        ValueError
            Fewer than 0 or more than n successes.
        """
        if not 0 <= successes <= n:
            raise ValueError(f"successes == {successes}, must lie between 0 and n == {n}")
        share = successes / n if n else nan
        return cls(n, share, share * (1 - share))

    @property
    def error_squared(self) -> float:
        """Variance of the mean."""
        return self.variance / self.n if self.n else nan

    @property
    def usable(self) -> bool:
        """Whether a variance can be formed."""
        return self.n > 1 and not isnan(self.variance)

    def estimate(self, kind: Kind, level: float) -> Estimate:
        """Estimate the mean with Student's t interval."""
        ends = None
        if self.usable and self.variance > 0:
            ends = Contrast(self.mean, self.error_squared, self.n - 1).interval(level)
        return Estimate(self.mean, ends, self.n, kind, _STUDENT, self.mean * self.n)


@dataclass(frozen=True, slots=True)
class JointMoments:
    """Count, means and covariances of several numbers over the units of one arm.

    Attributes
    ----------
    n : int
        Units where all numbers are known.
    means : array of float, shape (columns,)
    covariance : array of float, shape (columns, columns)
        Sample covariance (divisor n - 1).
    """

    n: int
    means: Floats
    covariance: Floats

    @classmethod
    def of(cls, *columns: ArrayLike) -> "JointMoments":
        """Take the moments of columns of equal length; rows with a missing number are left out."""
        table = np.column_stack([floats(np.asarray(column, dtype=float)) for column in columns])
        known = table[~np.isnan(table).any(axis=1)]
        n, width = known.shape
        if n < 2:
            means = known[0] if n else np.full(width, nan)
            return cls(n, means, np.full((width, width), nan))
        return cls(n, known.mean(axis=0), np.cov(known, rowvar=False).reshape(width, width))

    @classmethod
    def of_sums(cls, n: int, sums: ArrayLike, products: ArrayLike) -> "JointMoments":
        """Take the moments from running sums.

        Parameters
        ----------
        n : int
        sums : array of float, shape (columns,)
        products : array of float, shape (columns, columns)
            Sums of the products of each two columns.

        Examples
        --------
        >>> orders_and_sessions = JointMoments.of_sums(4, [6, 12], [[14, 24], [24, 44]])
        >>> orders_and_sessions.ratio(0, 1).mean
        0.5

        Half an order per session.
        """
        added, table = np.asarray(sums, dtype=float), np.asarray(products, dtype=float)
        means = added / n if n else np.full(added.shape, nan)
        if n < 2:
            return cls(n, means, np.full(table.shape, nan))
        centred = table - n * np.outer(means, means)
        scale = np.sqrt(np.abs(np.diag(table)))
        centred[np.abs(centred) <= NEGLIGIBLE * np.outer(scale, scale)] = 0.0
        return cls(n, means, centred / (n - 1))

    def joined(self, other: "JointMoments") -> "JointMoments":
        """Join the units of two arms, or of two days.

        Examples
        --------
        >>> first, second = JointMoments.of([1, 2, 3], [1, 0, 1]), JointMoments.of([5, 9], [2, 4])
        >>> both = JointMoments.of([1, 2, 3, 5, 9], [1, 0, 1, 2, 4])
        >>> bool(np.allclose(first.joined(second).covariance, both.covariance))
        True

        Days add up without going back to the rows.
        """
        if not self.n or not other.n:
            return self if self.n else other
        n = self.n + other.n
        gap = self.means - other.means
        between = np.outer(gap, gap) * self.n * other.n / n
        # One unit has no covariance, which adds nothing to the sum of squares.
        within = sum(part.covariance * (part.n - 1) for part in (self, other) if part.n > 1)
        means = (self.means * self.n + other.means * other.n) / n
        return JointMoments(n, means, (between + within) / (n - 1))

    def column(self, index: int) -> Moments:
        """Moments of one column."""
        return Moments(self.n, float(self.means[index]), float(self.covariance[index, index]))

    def linear(self, value: float, weights: ArrayLike) -> Moments:
        """Moments of a weighted sum of the columns whose mean is already known."""
        given = np.asarray(weights, dtype=float)
        return Moments(self.n, value, max(float(given @ self.covariance @ given), 0.0))

    def ratio(self, top: int, bottom: int) -> Moments:
        """Moments of a ratio of two columns' sums, by the delta method.

        References
        ----------
        Deng, Knoblich and Lu 2018, KDD, section 3.
        """
        value = self.ratio_value(top, bottom)
        if isnan(value) or self.n < 2:
            return Moments(self.n, value, nan)
        return self.linear(value, self.ratio_slopes(top, bottom))

    def ratio_value(self, top: int, bottom: int) -> float:
        """Ratio of two columns' sums; NaN where the denominators sum to 0."""
        return float(self.means[top] / self.means[bottom]) if self.means[bottom] else nan

    def ratio_slopes(self, top: int, bottom: int) -> Floats:
        """How much a ratio of two columns moves with the mean of each column."""
        slopes = np.zeros(len(self.means))
        slopes[top] = 1 / self.means[bottom]
        slopes[bottom] -= self.ratio_value(top, bottom) / self.means[bottom]
        return slopes


@dataclass(frozen=True, slots=True)
class Contrast:
    """An estimate with the variance of its error and the t distribution that it follows.

    Attributes
    ----------
    value, variance : float
    freedom : float
        Degrees of freedom; infinite for the normal distribution.
    """

    value: float
    variance: float
    freedom: float

    @property
    def error(self) -> float:
        """Standard error."""
        return sqrt(self.variance)

    @property
    def usable(self) -> bool:
        """Whether there is any spread to judge by."""
        return self.variance > 0 and self.freedom > 0

    def interval(self, level: float) -> Interval:
        """Two-sided interval."""
        margin = t_quantile((1 - level) / 2, self.freedom) * self.error
        return Interval(self.value - margin, self.value + margin, level)

    def p_value(self, null: float = 0.0, alternative: Alternative = "two-sided") -> float:
        """P-value of a true value of `null`."""
        statistic = (self.value - null) / self.error
        if alternative == "two-sided":
            return 2 * t_tail(abs(statistic), self.freedom)
        towards = statistic if alternative == "greater" else -statistic
        return t_tail(towards, self.freedom)


def group_kind(kind: Kind) -> Kind:
    """Name the kind of each group from the kind of their difference."""
    return "share" if kind == "points" else kind
