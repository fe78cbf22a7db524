"""Totals that chance has a hand in: leads, deals, money from deals."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from opsplaybook.formats import Kind
from opsplaybook.stats.results import Estimate, Interval

METHOD = "total by account, gamma interval (Fay and Feuer 1997)"


def total(amounts: ArrayLike, *, level: float = 0.95, kind: Kind = "count") -> Estimate:
    """Estimate the total that a process like this one brings.

    Each account that contributed is one Poisson event of the size that it contributed, so a few
    large contributions make a wide interval. With all amounts 1 it is the exact Poisson interval
    (Garwood 1936).

    Parameters
    ----------
    amounts : array-like of float, shape (n_accounts,)
        What each account contributed; zeros are left out, missing values count as zero.
    level : float, optional
        Level of the interval.
    kind : Kind, optional
        ``count`` for people and deals, ``money`` for money.

    Returns
    -------
    Estimate
        The total; `n` is the number of accounts that contributed.

    Raises
    ------
    ValueError
        If an amount is negative.

    References
    ----------
    .. [1] Fay and Feuer (1997), Confidence intervals for directly standardized rates,
       Statistics in Medicine 16:791-801, equations 5 and 6.

    Examples
    --------
    >>> leads = total([1] * 10)
    >>> print(leads.value, round(leads.interval.low, 2), round(leads.interval.high, 2))
    10.0 4.8 18.39

    Ten leads: an event like this one brings between 5 and 18 by chance alone.
    """
    sizes = np.nan_to_num(np.asarray(amounts, dtype=float))
    sizes = sizes[sizes != 0]
    if (sizes < 0).any():
        raise ValueError(f"amounts must be >= 0, but {int((sizes < 0).sum())} are negative")
    value, variance = sizes.sum(), (sizes**2).sum()
    largest = sizes.max(initial=0.0) or 1.0
    tail = (1 - level) / 2
    low = 0.0
    if value > 0:
        low = variance / (2 * value) * chi2.ppf(tail, 2 * value**2 / variance)
    upper_variance, upper_value = variance + largest**2, value + largest
    degrees = 2 * upper_value**2 / upper_variance
    high = upper_variance / (2 * upper_value) * chi2.ppf(1 - tail, degrees)
    return Estimate(float(value), Interval(low, high, level), sizes.size, kind, METHOD, value)
