"""Logistic regression for few events: odds ratios under Firth's penalty."""

from collections.abc import Sequence

from numpy.typing import ArrayLike

from opsplaybook.stats.penalised import BinaryModel, fit_penalised


def logistic(
    outcome: ArrayLike, features: ArrayLike, *, names: Sequence[str], level: float | None = 0.95
) -> BinaryModel:
    """Estimate odds ratios of features, finite and with honest intervals in small data.

    Parameters
    ----------
    outcome : array of bool, shape (units,)
        One row per independent unit.
    features : array of float, shape (units, features), or (units,)
        None missing; a ratio belongs to one more unit of its feature.
    names : sequence of str
        One per feature.
    level : float or None
        Coverage of the intervals; None where only predictions are wanted, which is much faster.

    Returns
    -------
    BinaryModel
        Features that never vary or repeat others are dropped and named.

    Raises
    ------
    ValueError
        The outcome never or always happens, or a feature has a value missing or infinite.

    References
    ----------
    Firth 1993, Biometrika 80:27-38; Heinze and Schemper 2002, Statistics in Medicine 21:2409-2419.

    Examples
    --------
    >>> won, called = [1] * 8 + [0] * 12, [1] * 8 + [1] * 4 + [0] * 8
    >>> model = logistic(won, called, names=["called"])
    >>> ratio = model.ratios[0].ratio
    >>> model.separated, round(ratio.value, 1), round(ratio.interval.low, 1)
    (('called',), 32.1, 2.9)

    Nobody bought without a call: the odds ratio is at least 2.9, and how much more is open.
    """
    return fit_penalised(outcome, features, names=names, link="logit", level=level)
