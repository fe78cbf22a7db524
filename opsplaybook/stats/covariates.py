"""CUPED: taking out of an effect what was known of the units before the experiment.

The covariate is the same number from the period before assignment, which no arm can have moved.
The coefficient comes from both arms together, and the estimate stays that of the same effect. The
arithmetic is that of tea-tasting, which these functions are tested against; here it keeps the
moments of each arm, so that Fieller's interval and the gain can be stated.
"""

from dataclasses import dataclass, replace
from math import isnan, nan, sqrt

import numpy as np

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import Floats
from opsplaybook.stats.contrasts import difference_of_moments, relative_of_moments
from opsplaybook.stats.moments import JointMoments, Moments
from opsplaybook.stats.results import Difference

METHOD = "Welch t interval, adjusted for the period before (CUPED)"

NO_VARIATION = "the period before does not vary, so nothing could be taken out"
TOO_FEW = "too few units to adjust"


@dataclass(frozen=True, slots=True)
class AdjustedDifference:
    """An effect with and without adjustment: both are shown.

    Attributes
    ----------
    adjusted, raw : Difference
        First minus second.
    relative : Difference
        Lift of the adjusted means, with Fieller's interval.
    coefficient : float
        How much of a unit's lead before the experiment is taken off; 0 where nothing was.
    gain : float
        Share of the variance of the effect that adjusting removed; negative where it cost.
    message : str
        Why nothing was adjusted; empty where it was.
    """

    adjusted: Difference
    raw: Difference
    relative: Difference
    coefficient: float
    gain: float
    message: str = ""

    @property
    def correlation(self) -> float:
        """Correlation of before and after that a gain of this size stands for."""
        return sqrt(max(self.gain, 0.0))


def adjusted_difference(
    first: JointMoments,
    second: JointMoments,
    *,
    ratio: bool = False,
    kind: Kind = "number",
    level: float = 0.95,
) -> AdjustedDifference:
    """Estimate a difference of means or ratios, adjusted for the period before.

    Parameters
    ----------
    first, second : JointMoments
        Columns (value, before), or with `ratio` (value, denominator, before, denominator before).
    ratio : bool
        Whether the metric is a ratio of sums.
    kind : Kind
    level : float

    Returns
    -------
    AdjustedDifference
        Where the covariate does not vary or an arm has fewer than two units the effect is the raw
        one, with a message.

    Raises
    ------
    ValueError
        Another number of columns.

    References
    ----------
    Deng, Xu, Kohavi and Walker 2013, WSDM (CUPED); Deng, Knoblich and Lu 2018, KDD (ratios).

    Examples
    --------
    >>> before = np.array([10.0, 20, 30, 40, 50, 60])
    >>> first = JointMoments.of(before + [5, 7, 6, 5, 7, 6], before)
    >>> second = JointMoments.of(before + [1, -1, 0, 0, 1, -1], before)
    >>> found = adjusted_difference(first, second)
    >>> round(found.raw.p_value, 2), found.adjusted.p_value < 0.001, round(found.gain, 2)
    (0.59, True, 1.0)

    Raw, the gain of 6 drowns in the size of accounts; against their own past it is plain.
    """
    if first.means.size != (4 if ratio else 2):
        raise ValueError(f"{first.means.size} columns, must be {4 if ratio else 2}")
    if ratio:
        raw = [arm.ratio(0, 1) for arm in (first, second)]
    else:
        raw = [arm.column(0) for arm in (first, second)]
    unadjusted = difference_of_moments(*raw, kind=kind, level=level)
    coefficient, message = _coefficient(first, second, ratio)
    if message:
        relative = relative_of_moments(*raw, level=level)
        return AdjustedDifference(unadjusted, unadjusted, relative, 0.0, 0.0, message)
    middle = _before(first.joined(second), ratio)
    arms = [_adjusted(arm, coefficient, middle, ratio) for arm in (first, second)]
    found = replace(difference_of_moments(*arms, kind=kind, level=level), method=METHOD)
    lift = relative_of_moments(*arms, level=level)
    gain = 1 - _error(arms) / _error(raw) if _error(raw) else nan
    return AdjustedDifference(found, unadjusted, lift, coefficient, gain)


def _error(arms: list[Moments]) -> float:
    return sum(arm.error_squared for arm in arms)


def _coefficient(
    first: JointMoments,
    second: JointMoments,
    ratio: bool,  # noqa: FBT001 - passed on
) -> tuple[float, str]:
    """Slope of now on before over both arms, or why there is none."""
    if min(first.n, second.n) < 2:
        return 0.0, TOO_FEW
    both = first.joined(second)
    if isnan(_before(both, ratio)) or (ratio and not both.means[1]):
        return 0.0, NO_VARIATION
    now, before = _slopes(both, ratio)
    spread = float(before @ both.covariance @ before)
    if spread <= 0:
        return 0.0, NO_VARIATION
    return float(now @ both.covariance @ before) / spread, ""


def _slopes(moments: JointMoments, ratio: bool) -> tuple[Floats, Floats]:  # noqa: FBT001
    """Weights of the columns in the metric and in its covariate."""
    if ratio:
        return moments.ratio_slopes(0, 1), moments.ratio_slopes(2, 3)
    return np.array([1.0, 0.0]), np.array([0.0, 1.0])


def _before(moments: JointMoments, ratio: bool) -> float:  # noqa: FBT001
    return moments.ratio_value(2, 3) if ratio else float(moments.means[1])


def _adjusted(
    moments: JointMoments,
    coefficient: float,
    middle: float,
    ratio: bool,  # noqa: FBT001
) -> Moments:
    """Moments of an arm once its lead over the common middle is taken off."""
    now, before = _slopes(moments, ratio)
    value = moments.ratio_value(0, 1) if ratio else float(moments.means[0])
    lead = _before(moments, ratio) - middle
    return moments.linear(value - coefficient * lead, now - coefficient * before)
