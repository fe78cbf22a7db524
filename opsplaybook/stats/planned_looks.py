"""Reading an experiment at a planned look, and after the plan has ended."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

from scipy import optimize

from opsplaybook.formats import Kind
from opsplaybook.stats.group_sequential import Boundaries, stopping_chances
from opsplaybook.stats.results import Difference, Interval
from opsplaybook.stats.tails import normal_of, t_of

Phase = Literal["planned", "final", "past the plan"]
"""Where a look stands: before the last planned one, the last, or after it."""

ADJUSTED = "stagewise ordering (Tsiatis, Rosner and Mehta 1984), median unbiased"
REPEATED = "repeated interval (Jennison and Turnbull 1989)"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look allows to say.

    Attributes
    ----------
    index : int
        From 0.
    phase : Phase
    critical : float
        Smallest size of z that stops here; infinite past the plan, where nothing is left to spend.
    z : float
        What was seen, on the scale of the normal distribution.
    crosses : bool
        Whether the experiment may stop here with an effect.
    interval : Interval or None
        Holds at all planned looks together, whether one stops or not; None past the plan.
    adjusted : Difference or None
        Effect, interval and p-value corrected for having looked; only where the experiment stops:
        at a look that crosses, and at the last one.
    """

    index: int
    phase: Phase
    critical: float
    z: float
    crosses: bool
    interval: Interval | None
    adjusted: Difference | None


def read_look(
    plan: Boundaries,
    index: int,
    value: float,
    error: float,
    *,
    n: int,
    freedom: float = inf,
    kind: Kind = "number",
) -> Look:
    """Read the effect seen at a look.

    Parameters
    ----------
    plan : Boundaries
    index : int
        Look, from 0. At or above the number of planned looks it is past the plan: alpha is spent,
        the decision of the last look stands, and what is seen later only describes.
    value, error : float
        Effect and its standard error, from all units so far.
    n : int
        Units of the smaller arm.
    freedom : float
        Degrees of freedom of the error: t is read at the normal quantile of the same tail
        (Jennison and Turnbull 2000, section 4.4), right for few accounts.
    kind : Kind

    Returns
    -------
    Look

    Raises
    ------
    ValueError
        Error not above 0, or a negative index.

    Examples
    --------
    >>> from opsplaybook.stats.group_sequential import boundaries
    >>> plan = boundaries([0.5, 1.0], spending="o'brien-fleming")
    >>> look = read_look(plan, 0, 4.0, 1.6, n=60)
    >>> round(look.z, 2), round(look.critical, 2), look.crosses
    (2.5, 2.8, False)

    An ordinary test would call it (p = 0.01); half way through the plan asks for 2.8.
    """
    if not error > 0 or index < 0:
        raise ValueError(f"error == {error} and index == {index}, must be positive and 0 or more")
    z = normal_of(value / error, freedom)
    if index >= plan.looks:
        return Look(index, "past the plan", inf, z, crosses=False, interval=None, adjusted=None)
    critical = float(plan.critical[index])
    margin = t_of(critical, freedom) * error
    level = 1 - plan.alpha
    crosses = passes(plan, index, value / error, freedom=freedom)
    final = index == plan.looks - 1
    adjusted = None
    if crosses or final:
        adjusted = _adjusted(plan, index, z, value / z if z else error, n, kind)
    return Look(
        index,
        "final" if final else "planned",
        critical,
        z,
        crosses,
        Interval(value - margin, value + margin, level),
        adjusted,
    )


def passes(plan: Boundaries, index: int, statistic: float, *, freedom: float = inf) -> bool:
    """Tell whether an effect of so many standard errors stops the experiment at a planned look.

    Examples
    --------
    >>> from opsplaybook.stats.group_sequential import boundaries
    >>> plan = boundaries([0.5, 1.0], spending="pocock")
    >>> passes(plan, 0, 2.3), passes(plan, 0, 2.3, freedom=8)
    (True, False)

    With ten accounts the same size of effect is weaker evidence.
    """
    return abs(normal_of(statistic, freedom)) >= float(plan.critical[index])


def _adjusted(
    plan: Boundaries, index: int, z: float, scale: float, n: int, kind: Kind
) -> Difference:
    """Effect, interval and p-value after stopping at a look, by stagewise ordering.

    Stopping earlier is stronger evidence than stopping later, and at one look a larger z is.
    """
    # z at information 1 is effect / (scale x sqrt(fraction)): the drift of the score process.
    per_drift = scale * sqrt(plan.fractions[index])
    alpha = plan.alpha
    upper, drift, lower = (
        _drift_at(lambda given: _chance_above(plan, index, z, given), share)
        for share in (1 - alpha / 2, 0.5, alpha / 2)
    )
    chance = _chance_above(plan, index, z, 0.0)
    ends = Interval(lower * per_drift, upper * per_drift, 1 - alpha)
    p_value = min(2 * min(chance, 1 - chance), 1.0)
    return Difference(drift * per_drift, ends, n, kind, p_value, method=ADJUSTED)


def _chance_above(plan: Boundaries, index: int, z: float, drift: float) -> float:
    """Chance of stronger evidence upward than z at this look: earlier above, or here beyond z."""
    fractions, critical = plan.fractions[: index + 1], plan.critical[: index + 1].copy()
    critical[index] = abs(z)
    upper, lower = stopping_chances(fractions, critical, drift=drift)
    if z >= 0:
        return float(upper.sum())
    return float(1 - lower[index] - lower[:index].sum())


def _drift_at(chance: Callable[[float], float], share: float) -> float:
    """Drift at which a chance, which rises with drift, has a given value."""
    reach = 4.0
    while chance(reach) < share:
        reach *= 2
    floor = -4.0
    while chance(floor) > share:
        floor *= 2
    return float(optimize.brentq(lambda drift: chance(drift) - share, floor, reach, xtol=1e-7))
