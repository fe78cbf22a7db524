"""Differences and lifts of two arms, from their moments."""

from math import exp, log, nan, sqrt
from typing import Literal

from opsplaybook.formats import Kind
from opsplaybook.stats.moments import Contrast, Moments, group_kind
from opsplaybook.stats.results import Difference, Interval
from opsplaybook.stats.tails import t_quantile

RelativeMethod = Literal["fieller", "log", "delta"]
"""How the interval of a relative difference is formed."""

WELCH = "Welch t interval"


def welch_contrast(first: Moments, second: Moments, *, scale: float = 1.0) -> Contrast:
    """Contrast two means, first less `scale` times second, with Welch's degrees of freedom.

    Parameters
    ----------
    first, second : Moments
    scale : float
        1 for the plain difference.

    Returns
    -------
    Contrast
        Variance NaN where an arm has fewer than two units.

    References
    ----------
    Welch 1947, Biometrika 34:28-35.

    Examples
    --------
    >>> found = welch_contrast(Moments(6, 12.0, 9.0), Moments(6, 8.0, 3.0))
    >>> round(found.value, 1), round(found.error, 2), round(found.freedom, 1)
    (4.0, 1.41, 8.0)

    Four higher, give or take 1.4.
    """
    value = first.mean - scale * second.mean
    if not (first.usable and second.usable):
        return Contrast(value, nan, nan)
    one, two = first.error_squared, second.error_squared * scale**2
    if one + two == 0:
        return Contrast(value, 0.0, nan)
    # As shares of the noise: squares of variances can vanish where the variances do not.
    shares = (one / (one + two)) ** 2 / (first.n - 1), (two / (one + two)) ** 2 / (second.n - 1)
    freedom = 1 / sum(shares)
    return Contrast(value, one + two, freedom)


def difference_of_moments(
    first: Moments, second: Moments, *, kind: Kind = "number", level: float = 0.95
) -> Difference:
    """Estimate the difference of two means, first minus second (Welch).

    Parameters
    ----------
    first, second : Moments
    kind : Kind
        What the difference is; ``points`` for shares.
    level : float

    Returns
    -------
    Difference
        No interval and no p-value where an arm has under two units or neither has spread.

    Examples
    --------
    >>> found = difference_of_moments(
    ...     Moments.of_sums(3461, 2422.70, 134698.29), Moments.of_sums(3407, 1396.87, 52377.9767)
    ... )
    >>> round(found.value, 2), round(found.p_value, 3), found.detectable
    (0.29, 0.02, True)

    Revenue per user is 0.29 higher, more than chance gives.
    """
    contrast = welch_contrast(first, second)
    usable = contrast.usable
    return Difference(
        contrast.value,
        contrast.interval(level) if usable else None,
        min(first.n, second.n),
        kind,
        contrast.p_value() if usable else nan,
        first.estimate(group_kind(kind), level),
        second.estimate(group_kind(kind), level),
        method=WELCH,
    )


def relative_of_moments(
    first: Moments,
    second: Moments,
    *,
    method: RelativeMethod = "fieller",
    level: float = 0.95,
) -> Difference:
    """Estimate by what share the first mean differs from the second.

    Fieller's interval leaves out zero exactly when Welch's test of the absolute difference
    rejects, so a verdict does not depend on the scale of display; ``log`` and ``delta`` lack this.

    Parameters
    ----------
    first, second : Moments
    method : {"fieller", "log", "delta"}
        ``log`` is exp(t interval of the log ratio) - 1; ``delta`` is symmetric.
    level : float

    Returns
    -------
    Difference
        Kind ``change``, measured in the size of the second mean, so that more is positive over a
        negative base as well. NaN over a base of 0; no interval where it would be unbounded (the
        second mean cannot be told from zero), or as in `difference_of_moments`.

    References
    ----------
    Fieller 1954, JRSS B 16:175-185.

    Examples
    --------
    >>> found = relative_of_moments(
    ...     Moments.of_sums(3461, 2422.70, 134698.29), Moments.of_sums(3407, 1396.87, 52377.9767)
    ... )
    >>> round(found.value, 2), round(found.interval.low, 2), round(found.interval.high, 2)
    (0.71, 0.09, 1.71)

    A lift of 71%, at least 9% and at most 171%.
    """
    own = group_kind("number")
    one, two = first.estimate(own, level), second.estimate(own, level)
    value = (first.mean - second.mean) / abs(second.mean) if second.n and second.mean else nan
    ends, p_value = None, nan
    if welch_contrast(first, second).usable and second.mean:
        ends, p_value = _RELATIVE[method](first, second, level)
    smaller = min(first.n, second.n)
    name = f"{WELCH}, {method} scale"
    return Difference(value, ends, smaller, "change", p_value, one, two, method=name)


def fieller_interval(
    numerator: tuple[float, float], denominator: tuple[float, float], *, critical: float
) -> tuple[float, float] | None:
    """Invert the test of numerator - ratio x denominator = 0 for independent estimates.

    Parameters
    ----------
    numerator, denominator : tuple of (estimate, variance of the estimate)
    critical : float
        Critical value of the normal or t distribution.

    Returns
    -------
    tuple of (low, high) or None
        Ends of the interval of the ratio; None where it is unbounded.

    References
    ----------
    Fieller 1954, JRSS B 16:175-185.

    Examples
    --------
    >>> low, high = fieller_interval((0.70, 0.0111), (0.41, 0.00446), critical=1.96)
    >>> round(low, 2), round(high, 2)
    (1.09, 2.71)

    The ratio lies between 1.09 and 2.71.
    """
    (top, top_variance), (bottom, bottom_variance) = numerator, denominator
    quadratic = bottom**2 - critical**2 * bottom_variance
    if quadratic <= 0:
        return None
    constant = top**2 - critical**2 * top_variance
    root = sqrt(max((top * bottom) ** 2 - quadratic * constant, 0.0))
    return (top * bottom - root) / quadratic, (top * bottom + root) / quadratic


def _fieller(first: Moments, second: Moments, level: float) -> tuple[Interval | None, float]:
    contrast = welch_contrast(first, second)
    ends = fieller_interval(
        (first.mean, first.error_squared),
        (second.mean, second.error_squared),
        critical=t_quantile((1 - level) / 2, contrast.freedom),
    )
    return _lift(ends, second, level), contrast.p_value()


def _lift(ratios: tuple[float, float] | None, second: Moments, level: float) -> Interval | None:
    """Turn an interval of first over second into one of the lift, by the size of second."""
    if ratios is None:
        return None
    low, high = ratios
    if second.mean < 0:
        return Interval(1 - high, 1 - low, level)
    return Interval(low - 1, high - 1, level)


def _log(first: Moments, second: Moments, level: float) -> tuple[Interval | None, float]:
    if first.mean <= 0 or second.mean <= 0:
        return None, nan
    scaled = [Moments(arm.n, 0.0, arm.variance / arm.mean**2) for arm in (first, second)]
    spread = welch_contrast(*scaled)
    ratio = Contrast(log(first.mean / second.mean), spread.variance, spread.freedom)
    ends = ratio.interval(level)
    return Interval(exp(ends.low) - 1, exp(ends.high) - 1, level), ratio.p_value()


def _delta(first: Moments, second: Moments, level: float) -> tuple[Interval | None, float]:
    ratio = first.mean / second.mean
    variance = (first.error_squared + ratio**2 * second.error_squared) / second.mean**2
    lift = (first.mean - second.mean) / abs(second.mean)
    contrast = Contrast(lift, variance, welch_contrast(first, second).freedom)
    return contrast.interval(level), contrast.p_value()


_RELATIVE = {"fieller": _fieller, "log": _log, "delta": _delta}
