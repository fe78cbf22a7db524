"""Many comparisons at once: adjusted p-values.

Holm keeps the chance of any false alarm under the level; Benjamini-Hochberg keeps the expected
share of false alarms among the alarms under it, and so finds more.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.multitest import multipletests

from opsplaybook.stats.arrays import Flags, Floats, floats

Adjustment = Literal["bonferroni", "hochberg", "hommel", "benjamini-yekutieli"]
"""Further rules: the first three keep the chance of any false alarm, the last the share of them."""

_NAMES = {
    "bonferroni": "bonferroni",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "benjamini-yekutieli": "fdr_by",
}


def holm(p_values: ArrayLike) -> Floats:
    """Adjust p-values so that any false alarm at all is as rare as the level says.

    Parameters
    ----------
    p_values : array of float, shape (tests,)
        Missing ones stay missing and are not counted as tests.

    Returns
    -------
    array of float, shape (tests,)
        In the order given.

    Raises
    ------
    ValueError
        A p-value outside 0 to 1.

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6:65-70.

    Examples
    --------
    >>> holm([0.005, 0.06, 0.01]).round(3).tolist()
    [0.015, 0.06, 0.02]

    The first and third hold at 5% although three were looked at.
    """
    given, known = _read(p_values)
    ordered = np.sort(given[known])
    # Written out: the ready-made routine of statsmodels 0.15 collects garbage on every call, which
    # takes far longer than the adjustment.
    stepped = np.maximum.accumulate(ordered * np.arange(ordered.size, 0, -1))
    return _placed(np.minimum(stepped, 1.0)[np.argsort(np.argsort(given[known]))], known)


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjust p-values so that the expected share of false alarms is the level.

    Parameters
    ----------
    p_values : array of float, shape (tests,)
        Missing ones stay missing and are not counted as tests.

    Returns
    -------
    array of float, shape (tests,)
        In the order given.

    Raises
    ------
    ValueError
        A p-value outside 0 to 1.

    References
    ----------
    Benjamini and Hochberg 1995, JRSS B 57:289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.005, 0.06, 0.01, 0.03]).round(3).tolist()
    [0.02, 0.06, 0.02, 0.04]

    Three of four segments stand out; of such findings at most 5% are expected to be chance.
    """
    given, known = _read(p_values)
    return _placed(stats.false_discovery_control(given[known], method="bh"), known)


def adjust(p_values: ArrayLike, *, method: Adjustment) -> Floats:
    """Adjust p-values by another rule than `holm` and `benjamini_hochberg`.

    Parameters
    ----------
    p_values : array of float, shape (tests,)
        Missing ones stay missing and are not counted as tests.
    method : {"bonferroni", "hochberg", "hommel", "benjamini-yekutieli"}
        Hochberg and Hommel find more than Holm and need tests that are independent or rise
        together; Benjamini-Yekutieli allows any dependence.

    Returns
    -------
    array of float, shape (tests,)
        In the order given.

    Raises
    ------
    ValueError
        A p-value outside 0 to 1.

    References
    ----------
    Hochberg 1988, Biometrika 75:800-802; Hommel 1988, Biometrika 75:383-386; Benjamini and
    Yekutieli 2001, Annals of Statistics 29:1165-1188.

    Examples
    --------
    >>> adjust([0.005, 0.06, 0.01], method="hommel").round(3).tolist()
    [0.015, 0.06, 0.02]
    """
    given, known = _read(p_values)
    if not known.any():
        return given
    return _placed(multipletests(given[known], method=_NAMES[method])[1], known)


def _read(p_values: ArrayLike) -> tuple[Floats, Flags]:
    """Read p-values and tell which are known."""
    given = floats(p_values, name="p_values")
    known = ~np.isnan(given)
    if ((given[known] < 0) | (given[known] > 1)).any():
        raise ValueError("p_values must lie between 0 and 1")
    return given, known


def _placed(adjusted: Floats, known: Flags) -> Floats:
    """Put adjusted p-values where the known ones stood."""
    result = np.full(len(known), np.nan)
    result[known] = adjusted
    return result
