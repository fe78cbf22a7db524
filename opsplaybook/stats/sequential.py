"""Looking early without a plan: intervals and p-values that hold at every look.

An ordinary interval holds for one look; whoever looks daily and stops at the first success is
wrong far more often than 5%. These hold at all looks together, at the price of width. They are
made from running sums (`moments`), so a day costs no more than its new rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf, log, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import Floats
from opsplaybook.stats.contrasts import difference_of_moments, welch_contrast
from opsplaybook.stats.moments import Moments
from opsplaybook.stats.results import Difference, Interval
from opsplaybook.stats.tails import normal_of, t_of

Reference = Literal["t", "normal"]
"""Distribution behind an interval: Student's t, right for few units, or the normal."""

METHOD = "always-valid interval (asymptotic confidence sequence)"


@dataclass(frozen=True, slots=True)
class AlwaysValid:
    """An effect that may be read at any time and as often as wished.

    Attributes
    ----------
    difference : Difference
        Its interval and p-value hold at all looks together.
    e_value : float
        Evidence against no effect: at 20 a true null is rejected at 5%, whenever one stops.
    n : int
        Units of both arms.
    """

    difference: Difference
    e_value: float
    n: int


@dataclass(frozen=True, slots=True)
class AlwaysValidPath:
    """The same over several looks.

    Attributes
    ----------
    looks : tuple of AlwaysValid
    p_values : array of float, shape (looks,)
        Smallest p-value up to each look.
    first_detected : int or None
        First look whose interval leaves out zero.
    """

    looks: tuple[AlwaysValid, ...]
    p_values: Floats
    first_detected: int | None


@dataclass(frozen=True, slots=True)
class MixtureTest:
    """A mixture sequential probability ratio test over several looks.

    Attributes
    ----------
    likelihood_ratios : array of float, shape (looks,)
    p_values : array of float, shape (looks,)
        Always valid; never rises.
    """

    likelihood_ratios: Floats
    p_values: Floats


def always_valid_difference(
    first: Moments,
    second: Moments,
    *,
    tuning_n: int,
    reference: Reference = "t",
    kind: Kind = "number",
    level: float = 0.95,
) -> AlwaysValid:
    """Estimate a difference of means so that it may be read at every look.

    Parameters
    ----------
    first, second : Moments
        All units so far; accounts where accounts were drawn.
    tuning_n : int
        Units of both arms at which the interval is narrowest: the planned size.
    reference : {"t", "normal"}
        ``t`` widens the interval for few units; ``normal`` is the formula as published.
    kind : Kind
    level : float

    Returns
    -------
    AlwaysValid
        No interval, and a p-value of 1, where an arm has fewer than two units or no spread.

    References
    ----------
    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, Annals of Statistics 52:2613-2640.

    Examples
    --------
    >>> first, second = Moments.of_rate(620, 5000), Moments.of_rate(500, 5000)
    >>> found = always_valid_difference(first, second, tuning_n=10_000, kind="points")
    >>> round(found.difference.interval.low, 3), round(found.difference.interval.high, 3)
    (0.005, 0.043)

    At least half a point better, on whatever day one looks.
    """
    contrast = welch_contrast(first, second)
    plain = difference_of_moments(first, second, kind=kind, level=level)
    if not contrast.usable:
        difference = replace(plain, interval=None, p_value=1.0, method=METHOD)
        return AlwaysValid(difference, 1.0, first.n + second.n)
    found = always_valid_interval(
        contrast.value,
        contrast.error,
        first.n + second.n,
        tuning_n=tuning_n,
        freedom=contrast.freedom if reference == "t" else inf,
        kind=kind,
        level=level,
    )
    kept = replace(plain, interval=found.difference.interval, p_value=found.difference.p_value)
    return replace(found, difference=replace(kept, method=METHOD))


def always_valid_interval(
    value: float,
    error: float,
    n: int,
    *,
    tuning_n: int,
    freedom: float = inf,
    kind: Kind = "number",
    level: float = 0.95,
) -> AlwaysValid:
    """Widen any estimate with a standard error so that it may be read at every look.

    Parameters
    ----------
    value, error : float
        Estimate and its standard error, above 0.
    n : int
        Units behind it.
    tuning_n : int
        Units at which the interval is narrowest.
    freedom : float
        Degrees of freedom of the error; the bound is read at the same tail of Student's t.
    kind : Kind
    level : float

    Returns
    -------
    AlwaysValid

    Raises
    ------
    ValueError
        Error not above 0, or fewer than one unit.

    Examples
    --------
    >>> found = always_valid_interval(0.29, 0.125, 6868, tuning_n=5000)
    >>> round(found.difference.interval.low, 2), round(found.difference.p_value, 2)
    (-0.09, 0.29)

    One look at the end would say 0.02; looked at daily, the effect is not yet there.
    """
    if not error > 0 or n < 1 or tuning_n < 1:
        raise ValueError(f"error == {error}, n == {n}: must be positive, and so tuning_n")
    rho = mixture_rho(tuning_n, alpha=1 - level)
    bound = mixture_bound(n, rho=rho, alpha=1 - level) / sqrt(n)
    margin = t_of(bound, freedom) * error
    # The statistic of the normal distribution with the tail that t gives to this one.
    statistic = normal_of(abs(value) / error, freedom)
    evidence = normal_mixture(statistic * sqrt(n), n, rho=rho)
    difference = Difference(
        value,
        Interval(value - margin, value + margin, level),
        n,
        kind,
        min(exp(min(-evidence, 0.0)), 1.0),
        method=METHOD,
    )
    return AlwaysValid(difference, exp(min(evidence, 700.0)), n)


def always_valid_path(
    firsts: Sequence[Moments],
    seconds: Sequence[Moments],
    *,
    tuning_n: int,
    reference: Reference = "t",
    kind: Kind = "number",
    level: float = 0.95,
) -> AlwaysValidPath:
    """Read an experiment after every day.

    Parameters
    ----------
    firsts, seconds : sequence of Moments
        All units up to each look, of each arm.
    tuning_n, reference, kind, level
        As in `always_valid_difference`.

    Returns
    -------
    AlwaysValidPath

    Examples
    --------
    >>> firsts = [Moments.of_rate(0.24 * n, n) for n in (500, 1000, 2000)]
    >>> seconds = [Moments.of_rate(0.18 * n, n) for n in (500, 1000, 2000)]
    >>> always_valid_path(firsts, seconds, tuning_n=4000, kind="points").first_detected
    1

    The second look is the first that shows the effect.
    """
    looks = tuple(
        always_valid_difference(
            one, two, tuning_n=tuning_n, reference=reference, kind=kind, level=level
        )
        for one, two in zip(firsts, seconds, strict=True)
    )
    p_values = np.minimum.accumulate([look.difference.p_value for look in looks])
    detected = np.flatnonzero([_leaves_out_zero(look.difference) for look in looks])
    return AlwaysValidPath(looks, p_values, int(detected[0]) if detected.size else None)


def mixture_sprt(sums: ArrayLike, n: ArrayLike, *, sigma: float, tau: float) -> MixtureTest:
    """Test paired streams of a known spread at every look (mixture SPRT).

    Parameters
    ----------
    sums : array of float, shape (looks,)
        Running sum of treated less control, pair by pair.
    n : array of int, shape (looks,)
        Pairs so far.
    sigma : float
        Standard deviation of one unit.
    tau : float
        Standard deviation of the effects that are looked for.

    Returns
    -------
    MixtureTest

    References
    ----------
    Johari, Koomen, Pekelis and Walsh 2017, KDD, section 4.

    Examples
    --------
    >>> found = mixture_sprt([4.0, 9.0, 16.0], [10, 20, 30], sigma=1.0, tau=0.5)
    >>> found.p_values.round(2).tolist()
    [1.0, 0.91, 0.4]

    After thirty pairs the p-value is 0.4, at whatever look one would have stopped.
    """
    scores = np.asarray(sums, dtype=float) / (sigma * sqrt(2))
    logs = normal_mixture(scores, np.asarray(n, dtype=float), rho=2 * sigma**2 / tau**2)
    p_values = np.minimum.accumulate(np.exp(np.minimum(-logs, 0.0)))
    return MixtureTest(np.exp(logs), p_values)


def normal_mixture(
    score: ArrayLike, variance: ArrayLike, *, rho: float, sided: Literal[1, 2] = 2
) -> Floats | float:
    """Logarithm of the evidence that a score gives against no effect.

    Parameters
    ----------
    score : array of float
        Sum of what was seen less what was expected.
    variance : array of float
        Variance of the score, were there no effect.
    rho : float
        Spread of the alternatives, from `mixture_rho`.
    sided : {1, 2}
        1 looks for a positive score only.

    References
    ----------
    Howard, Ramdas, McAuliffe and Sekhon 2021, Annals of Statistics 49:1055-1080.

    Examples
    --------
    >>> round(normal_mixture(10, 100, rho=12.60056), 3)
    -0.651

    A score of one standard deviation is no evidence.
    """
    spread = np.asarray(variance, dtype=float) + rho
    drift = np.asarray(score, dtype=float)
    logs = 0.5 * np.log(rho / spread) + drift**2 / (2 * spread)
    if sided == 1:
        logs = logs + log(2) + stats.norm.logcdf(drift / np.sqrt(spread))
    return float(logs) if np.ndim(logs) == 0 else logs


def mixture_bound(variance: float, *, rho: float, alpha: float, sided: Literal[1, 2] = 2) -> float:
    """Score beyond which a true null is rejected, at whatever look.

    Examples
    --------
    >>> round(mixture_bound(100, rho=12.60056, alpha=0.05), 2)
    30.35

    Three standard deviations instead of two.
    """
    spread = variance + rho
    both = sqrt(spread * (2 * log(1 / alpha) + log(spread / rho)))
    if sided == 2:
        return both
    target = log(1 / alpha)

    def excess(score: float) -> float:
        return normal_mixture(score, variance, rho=rho, sided=1) - target

    return float(optimize.brentq(excess, 0.0, both))


def mixture_rho(variance: float, *, alpha: float, sided: Literal[1, 2] = 2) -> float:
    """Spread of the alternatives that makes the bound nearly smallest at a variance.

    Examples
    --------
    >>> round(mixture_rho(100, alpha=0.05), 4)
    12.6006
    """
    evidence = 2 * log(sided / (2 * alpha))
    return variance / (evidence + log(1 + evidence))


def _leaves_out_zero(difference: Difference) -> bool:
    return difference.interval is not None and not difference.interval.contains(0.0)
