"""Randomisation inference: what an experiment shows, judged by the draw that made it.

Accounts were put into arms by lot. Had an effect of so much been the same in every account, the
other draws that the lot could have given tell how rare the one seen is: no distribution, no large
number of accounts and no equal sizes are assumed. The interval holds every effect that this test
does not reject. Statistics are divided by their standard error, which keeps the test right in large
samples when effects differ between accounts.
"""

from collections.abc import Sequence
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import has_spread
from opsplaybook.stats.lottery import Draws, Units, invert
from opsplaybook.stats.moments import Alternative
from opsplaybook.stats.permutation import RESAMPLES
from opsplaybook.stats.results import Difference, Interval

_METHOD = "randomisation inference"


def randomised_difference(
    totals: ArrayLike,
    treated: ArrayLike,
    *,
    generator: np.random.Generator,
    sizes: ArrayLike | None = None,
    covariates: Sequence[ArrayLike] = (),
    resamples: int = RESAMPLES,
    kind: Kind = "number",
    level: float = 0.95,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
) -> Difference:
    """Estimate the effect of a treatment that was drawn by account, treated less control.

    Parameters
    ----------
    totals : array of float, shape (accounts,)
        One number per account; missing ones are left out.
    treated : array of bool, shape (accounts,)
        The arm of each account.
    generator : numpy.random.Generator
        Source of the assignments where not all are tried.
    sizes : array of float, shape (accounts,), optional
        Users of each account (or any denominator), for the effect on the average user: totals are
        then sums over users, and accounts of size 0 are left out. Without it each account counts
        once: the effect on the average account.
    covariates : sequence of array of float, each of shape (accounts,)
        Numbers from before the assignment that explain totals (CUPED by regression). A missing one
        counts as the average, which costs precision and not validity. Not with `sizes`.
    resamples : int
        All assignments are tried if there are at most so many.
    kind : Kind
    level : float
    null : float
        Effect that the p-value tests.
    alternative : {"two-sided", "greater", "less"}
        Of the p-value; the interval is two-sided.

    Returns
    -------
    Difference
        The interval leaves out `null` exactly when the two-sided p-value is at most 1 - level.
        Without interval where it is unbounded: too few accounts for any assignment to be rare
        enough, or no spread. `first` and `second` are the arms as they are, without covariates.

    Raises
    ------
    ValueError
        Covariates with sizes, or as many covariates as accounts.

    References
    ----------
    Fisher 1935, The Design of Experiments; Garthwaite 1996, Biometrics 52:1387-1393 (interval by
    inversion); Wu and Ding 2021, JASA 116:1898-1913 (why studentised); Rosenbaum 2002, Statistical
    Science 17:286-327 (covariates).

    Examples
    --------
    >>> found = randomised_difference(
    ...     [9, 8, 7, 8, 2, 1, 2, 3], [1, 1, 1, 1, 0, 0, 0, 0], generator=np.random.default_rng(1)
    ... )
    >>> found.value, round(found.p_value, 3), round(found.interval.low), round(found.interval.high)
    (6.0, 0.029, 4, 8)

    Treated accounts are 6 higher; of the 70 ways to draw four accounts 2 differ as much.
    """
    units = Units.of(totals, treated, sizes, covariates)
    one, two = units.arm_estimates(kind, level)
    n = min(one.n, two.n)
    if n < 2 or not has_spread(np.append(units.totals, 0.0)):
        value = one.value - two.value
        return Difference(value, None, n, kind, nan, one, two, method=_METHOD)
    draws = Draws.of(units, generator, resamples)
    value, error = draws.estimate()
    ends = invert(draws.p_value, value, error, level)
    p_value = draws.p_value(null, alternative)
    return Difference(value, ends, n, kind, p_value, one, two, method=draws.method)


def randomised_lift(
    totals: ArrayLike,
    treated: ArrayLike,
    *,
    generator: np.random.Generator,
    sizes: ArrayLike | None = None,
    covariates: Sequence[ArrayLike] = (),
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Difference:
    """Estimate by what share a treatment that was drawn by account changes a number.

    The effect supposed in the test is a share of each account's own number. No effect is the same
    in both scales, so the interval leaves out zero exactly when that of `randomised_difference`
    does, given the same seed.

    Parameters
    ----------
    totals, treated, generator, sizes, covariates, resamples, level
        As in `randomised_difference`.

    Returns
    -------
    Difference
        Kind ``change``, measured in the size of the control. NaN where the control is 0 or has the
        other sign; no interval where it is unbounded.

    Raises
    ------
    ValueError
        As `randomised_difference`.

    References
    ----------
    Rosenbaum 2002, Observational Studies, section 5.3 (effects that multiply).

    Examples
    --------
    >>> found = randomised_lift(
    ...     [9, 8, 7, 8, 4, 5, 6, 5], [1, 1, 1, 1, 0, 0, 0, 0], generator=np.random.default_rng(1)
    ... )
    >>> round(found.value, 2), round(found.interval.low, 2), round(found.interval.high, 2)
    (0.6, 0.17, 1.25)

    Treated accounts have 60% more, at least 17%.
    """
    units = Units.of(totals, treated, sizes, covariates, lift=True)
    one, two = units.arm_estimates("number", level)
    n = min(one.n, two.n)
    share = one.value / two.value if n and two.value else nan
    if n < 2 or not share > 0 or not has_spread(np.append(units.totals, 0.0)):
        value = share - 1 if share > 0 else nan
        return Difference(value, None, n, "change", nan, one, two, method=_METHOD)
    draws = Draws.of(units, generator, resamples)
    taken_off, error = draws.estimate()
    ends = invert(draws.p_value, taken_off, error, level)
    sign = 1.0 if two.value > 0 else -1.0
    value, interval = _as_lift(taken_off, sign), None
    if ends is not None and ends.high < 1:
        interval = Interval(*sorted(_as_lift(end, sign) for end in (ends.low, ends.high)), level)
    p_value = draws.p_value(0.0)
    return Difference(value, interval, n, "change", p_value, one, two, method=draws.method)


def _as_lift(taken_off: float, sign: float) -> float:
    """Turn the share of the treated number that is effect into a share of the number without it."""
    return sign * taken_off / (1 - taken_off) if taken_off < 1 else nan
