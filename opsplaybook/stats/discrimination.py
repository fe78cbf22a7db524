"""Whether a score tells those who leave from those who stay."""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import expit, logit

from opsplaybook.stats.arrays import (
    Flags,
    Floats,
    cluster_codes,
    flags,
    floats,
    require_same_length,
)
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Estimate, Interval

NO_SEPARATION = 0.5
"""Area under the curve of a score that tells nothing."""

_METHOD = "area under the ROC curve, DeLong variance{}, logit scale, Welch-Satterthwaite t"


@dataclass(frozen=True, slots=True)
class Discrimination:
    """How well a score puts those with the outcome above those without.

    Attributes
    ----------
    auc : Estimate
        Share of pairs, one with the outcome and one without, in which the first has the higher
        score; kind ``share``, n is the number of the rarer outcome.
    positives, negatives : int
        Units with and without the outcome.
    """

    auc: Estimate
    positives: int
    negatives: int

    @property
    def separates(self) -> bool:
        """Whether the whole interval lies above that of a score that tells nothing.

        A score that is the wrong way round does not separate either.
        """
        ends = self.auc.interval
        return self.auc.enough and ends is not None and ends.low > NO_SEPARATION


@dataclass(frozen=True, slots=True)
class TopPrecision:
    """What the highest scores hold.

    Attributes
    ----------
    top : int
        How many of the highest scores were looked at.
    precision : Estimate
        Share of them that had the outcome. Where scores are equal at the edge, the average over
        the ways to choose among them.
    base : Estimate
        Share of all that had it: the precision of choosing blindly.
    caught : Estimate
        Share of those with the outcome that is among the top.
    """

    top: int
    precision: Estimate
    base: Estimate
    caught: Estimate


def area_under_curve(scores: ArrayLike, outcome: ArrayLike) -> float:
    """Compute the share of pairs in the right order; equal scores count half.

    Examples
    --------
    >>> area_under_curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75

    In three of four pairs the one that left had the higher score.
    """
    given, happened = _read(scores, outcome)
    positives, negatives = int(happened.sum()), int((~happened).sum())
    if not positives or not negatives:
        return nan
    above = stats.rankdata(given)[happened].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def discrimination(
    scores: ArrayLike,
    outcome: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Discrimination:
    """Estimate how well a score separates, with an interval.

    Parameters
    ----------
    scores : array of float, shape (units,)
        High where the outcome is expected; none missing.
    outcome : array of bool, shape (units,)
    clusters : array, shape (units,), optional
        The account of each row, where accounts have several.
    level : float

    Returns
    -------
    Discrimination
        No interval where an outcome is missing or, with fewer than two units or accounts in
        either, no variance. Where every pair is in order (or none), Wilson's of the rarer outcome.

    Raises
    ------
    ValueError
        A score missing or infinite, or different lengths.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44:837-845; Obuchowski 1997, Biometrics
    53:567-578 (clusters); Brunner and Munzel 2000, Biometrical Journal 42:17-25 (degrees of
    freedom).

    Examples
    --------
    >>> scores = [0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.4, 0.3, 0.2, 0.1]
    >>> found = discrimination(scores, [1, 0, 1, 0, 1, 1, 0, 0, 1, 0])
    >>> round(found.auc.value, 2), found.separates
    (0.64, False)

    In 64% of pairs the one that left had the higher score; ten decisions cannot tell that from
    chance.
    """
    given, happened = _read(scores, outcome)
    codes, _ = cluster_codes(np.arange(len(given)) if clusters is None else clusters)
    require_same_length(given, codes)
    positives, negatives = int(happened.sum()), int((~happened).sum())
    value = area_under_curve(given, happened)
    ends = None
    if positives and negatives:
        ends = _interval(given, happened, codes, value, level)
    method = _METHOD.format("" if clusters is None else " by account")
    area = Estimate(value, ends, min(positives, negatives), "share", method)
    return Discrimination(area, positives, negatives)


def precision_among_top(
    scores: ArrayLike, outcome: ArrayLike, *, top: int, level: float = 0.95
) -> TopPrecision:
    """Estimate how many of the highest scores have the outcome: what a team with time for few gets.

    Parameters
    ----------
    scores : array of float, shape (units,)
        None missing.
    outcome : array of bool, shape (units,)
    top : int
        How many the team can handle; all where there are fewer.
    level : float

    Returns
    -------
    TopPrecision
        Rates with Wilson's interval.

    Raises
    ------
    ValueError
        `top` under 1, a score missing or infinite, or different lengths.

    Examples
    --------
    >>> scores = [0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.4, 0.3, 0.2, 0.1]
    >>> found = precision_among_top(scores, [1, 1, 1, 0, 1, 0, 0, 0, 0, 0], top=5)
    >>> found.precision.value, found.base.value, found.caught.value
    (0.8, 0.4, 1.0)

    Of the five called four would have left, twice as many as among any five.
    """
    given, happened = _read(scores, outcome)
    if top < 1:
        raise ValueError(f"top == {top}, must be 1 or more")
    taken = min(top, len(given))
    hits = 0.0
    if taken:
        edge = np.sort(given)[-taken]
        above, at_edge = given > edge, given == edge
        hits = happened[above].sum() + happened[at_edge].mean() * (taken - above.sum())
    positives = int(happened.sum())
    # An average over ties may exceed a whole number by rounding.
    hits = min(float(hits), taken, positives)
    return TopPrecision(
        taken,
        rate(hits, taken, level=level),
        rate(positives, len(given), level=level),
        rate(hits, positives, level=level),
    )


def _read(scores: ArrayLike, outcome: ArrayLike) -> tuple[Floats, Flags]:
    given, happened = floats(np.asarray(scores, dtype=float), name="scores"), flags(outcome)
    require_same_length(given, happened)
    if np.isnan(given).any():
        raise ValueError(f"scores holds {np.isnan(given).sum()} missing values, must hold none")
    return given, happened


def _interval(
    scores: Floats, happened: Flags, codes: np.ndarray, value: float, level: float
) -> Interval | None:
    positives, negatives = int(happened.sum()), int((~happened).sum())
    if value in (0.0, 1.0):
        rarer = min(positives, negatives)
        return rate(value * rarer, rarer, level=level).interval
    ranks = stats.rankdata(scores)
    placed = np.empty(len(scores))
    for own, others in ((happened, negatives), (~happened, positives)):
        placed[own] = (ranks[own] - stats.rankdata(scores[own])) / others
    placed[~happened] = 1 - placed[~happened]
    parts = np.where(happened, 1 / positives, 1 / negatives) * (placed - value)
    sums = np.array([np.bincount(codes, weights=parts * own) for own in (happened, ~happened)])
    counts = np.array([len(np.unique(codes[own])) for own in (happened, ~happened)])
    if (counts < 2).any():
        return None
    variances = (sums**2).sum(axis=1) * counts / (counts - 1)
    together = int(codes.max()) + 1
    variance = variances.sum() + 2 * (sums[0] * sums[1]).sum() * together / (together - 1)
    if variance <= 0:
        return None
    freedom = variances.sum() ** 2 / (variances**2 / (counts - 1)).sum()
    margin = stats.t.ppf((1 + level) / 2, freedom) * sqrt(variance) / (value * (1 - value))
    low, high = expit(logit(value) + np.array([-margin, margin])).tolist()
    return Interval(low, high, level)
