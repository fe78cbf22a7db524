"""Looking early by plan: boundaries that spend 5% over all planned looks.

The looks, as shares of the planned information, and the rule are fixed beforehand. Boundaries come
from recursive numerical integration (Armitage, McPherson and Rowe 1969; Jennison and Turnbull 2000,
chapter 19). What is read at a look, and what to say afterwards, is in `planned_looks`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import e, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from opsplaybook.stats.arrays import Floats

Spending = Literal[
    "o'brien-fleming",
    "pocock",
    "lan-demets o'brien-fleming",
    "lan-demets pocock",
    "kim-demets",
]
"""Rule of the boundaries. The Lan-DeMets and Kim-DeMets rules spend by information and so allow
looks that come earlier, later or more often than planned; the classical two do not."""

_FARTHEST = 9.0
"""Boundary beyond which a look cannot stop: 2e-19 of the normal distribution."""

_NODES_PER_STEP = 14
_FEWEST_NODES = 80


@dataclass(frozen=True, slots=True)
class Boundaries:
    """What the statistic must pass at each planned look.

    Attributes
    ----------
    spending : str
        Name of the rule.
    fractions : array of float, shape (looks,)
        Share of the planned information at each look.
    critical : array of float, shape (looks,)
        Smallest size of z that stops.
    nominal : array of float, shape (looks,)
        Two-sided p-value of an ordinary test that stops.
    spent : array of float, shape (looks,)
        False alarms allowed up to each look.
    alpha : float
        False alarms over all looks, two-sided.
    """

    spending: str
    fractions: Floats
    critical: Floats
    nominal: Floats
    spent: Floats
    alpha: float

    @property
    def looks(self) -> int:
        """Count planned looks."""
        return len(self.fractions)


def boundaries(
    fractions: ArrayLike,
    *,
    spending: Spending = "lan-demets o'brien-fleming",
    alpha: float = 0.05,
    exponent: float = 2.0,
) -> Boundaries:
    """Compute what the statistic must pass at each look, two-sided.

    Parameters
    ----------
    fractions : array of float, shape (looks,)
        Share of the planned information (units, as a rule) at each look, rising. With a spending
        rule these may be the looks that really took place; under 1 at the last, some of alpha is
        left; above 1 all of it is spent there.
    spending : Spending
    alpha : float
    exponent : float
        Of the Kim-DeMets rule, which spends alpha x fraction ^ exponent.

    Returns
    -------
    Boundaries

    Raises
    ------
    ValueError
        Fractions that do not rise or are not positive, an unknown rule, alpha outside 0 to 1.

    References
    ----------
    O'Brien and Fleming 1979, Biometrics 35:549-556; Pocock 1977, Biometrika 64:191-199; Lan and
    DeMets 1983, Biometrika 70:659-663; Kim and DeMets 1987, Biometrika 74:149-154.

    Examples
    --------
    >>> boundaries([0.2, 0.4, 0.6, 0.8, 1.0], spending="o'brien-fleming").critical.round(2).tolist()
    [4.56, 3.23, 2.63, 2.28, 2.04]

    An early stop needs overwhelming evidence, and the last look costs next to nothing.
    """
    times = np.asarray(fractions, dtype=float)
    if times.ndim != 1 or not times.size or not (np.diff(times, prepend=0.0) > 0).all():
        raise ValueError(f"fractions == {times.tolist()}, must be positive and rising")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha == {alpha}, must lie between 0 and 1")
    if spending not in _SHAPES and spending not in _SPENDING:
        raise ValueError(f"spending == {spending!r}, must be one of {[*_SHAPES, *_SPENDING]}")
    found = _boundaries(tuple(times.tolist()), spending, alpha, exponent)
    critical, spent = (np.array(column) for column in found)
    return Boundaries(spending, times, critical, 2 * stats.norm.sf(critical), spent, alpha)


def inflation_factor(plan: Boundaries, *, power: float = 0.8) -> float:
    """Compute how many times more units the plan needs than a test with a single look.

    Parameters
    ----------
    plan : Boundaries
    power : float
        Chance to find the effect that the test is planned for, with its sign.

    References
    ----------
    Jennison and Turnbull 2000, Group Sequential Methods, section 2.

    Examples
    --------
    >>> thirds = [1 / 3, 2 / 3, 1]
    >>> round(inflation_factor(boundaries(thirds, spending="pocock")), 2)
    1.17

    Looking three times by Pocock's rule costs 17% more units if no look stops early.
    """
    single = stats.norm.isf(plan.alpha / 2) + stats.norm.ppf(power)

    def shortfall(drift: float) -> float:
        upper, _ = stopping_chances(plan.fractions, plan.critical, drift=drift)
        return upper.sum() - power

    drift = optimize.brentq(shortfall, 0.1, 3 * single)
    return float((drift / single) ** 2)


def crossing_chances(fractions: ArrayLike, critical: ArrayLike, *, drift: float = 0.0) -> Floats:
    """Compute the chance to stop at each look, shape (looks,).

    Parameters
    ----------
    fractions, critical : array of float, shape (looks,)
        Information and smallest size of z that stops.
    drift : float
        Expected z at information 1: 0 where there is no effect.

    Examples
    --------
    >>> float(crossing_chances([0.5, 1], [1.96, 1.96]).sum().round(3))
    0.083

    Two looks at 1.96 give a false alarm in 8% of tests without an effect.
    """
    upper, lower = stopping_chances(fractions, critical, drift=drift)
    return upper + lower


def stopping_chances(
    fractions: ArrayLike, critical: ArrayLike, *, drift: float = 0.0
) -> tuple[Floats, Floats]:
    """Compute the chance to stop at each look above and below, each of shape (looks,)."""
    times, bounds = np.asarray(fractions, dtype=float), np.asarray(critical, dtype=float)
    upper, lower = np.zeros(times.size), np.zeros(times.size)
    path = _Path.start()
    for look, (time, bound) in enumerate(zip(times, bounds, strict=True)):
        upper[look], lower[look] = path.tails(time, bound, drift)
        if look + 1 < times.size:
            path = path.move(time, bound, drift)
    return upper, lower


@dataclass(frozen=True, slots=True)
class _Path:
    """Where the score process is, among the paths that have not stopped."""

    time: float
    nodes: Floats
    mass: Floats

    @classmethod
    def start(cls) -> "_Path":
        return cls(0.0, np.zeros(1), np.ones(1))

    def tails(self, time: float, bound: float, drift: float) -> tuple[float, float]:
        """Chance to pass the upper and the lower boundary at the next look."""
        step = sqrt(time - self.time)
        ahead = self.nodes + drift * (time - self.time)
        edge = bound * sqrt(time)
        above = self.mass @ stats.norm.sf((edge - ahead) / step)
        below = self.mass @ stats.norm.cdf((-edge - ahead) / step)
        return float(above), float(below)

    def move(self, time: float, bound: float, drift: float) -> "_Path":
        """Go on to the next look without having passed a boundary there."""
        step = sqrt(time - self.time)
        edge = min(bound, _FARTHEST + abs(drift) * sqrt(time)) * sqrt(time)
        count = max(_FEWEST_NODES, int(_NODES_PER_STEP * edge / step))
        points, weights = _legendre(count)
        nodes = points * edge
        ahead = self.nodes + drift * (time - self.time)
        density = self.mass @ stats.norm.pdf((nodes[None, :] - ahead[:, None]) / step) / step
        return _Path(time, nodes, density * weights * edge)


@lru_cache(maxsize=64)
def _legendre(count: int) -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(count)


@lru_cache(maxsize=256)
def _boundaries(
    times: tuple[float, ...], spending: str, alpha: float, exponent: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Boundaries and alpha spent, by rule."""
    fractions = np.array(times)
    if spending in _SHAPES:
        shape = _SHAPES[spending](fractions)

        def excess(constant: float) -> float:
            return crossing_chances(fractions, constant * shape).sum() - alpha

        # No boundary is lower than that of one look, nor higher than Bonferroni's.
        lowest = stats.norm.isf(alpha / 2) / shape.max()
        highest = stats.norm.isf(alpha / 2 / fractions.size) / shape.min() + 1e-6
        critical = optimize.brentq(excess, lowest * 0.999, highest, xtol=1e-10) * shape
        return tuple(critical), tuple(np.cumsum(crossing_chances(fractions, critical)))
    spent = _SPENDING[spending](np.minimum(fractions, 1.0), alpha, exponent)
    return tuple(_spend(fractions, spent)), tuple(spent)


def _spend(fractions: Floats, spent: Floats) -> list[float]:
    """Boundaries that let through at each look what the rule spends there."""
    critical, path = [], _Path.start()
    for time, amount in zip(fractions, np.diff(spent, prepend=0.0), strict=True):
        critical.append(_bound(path, time, amount))
        path = path.move(time, critical[-1], 0.0)
    return critical


def _bound(path: _Path, time: float, amount: float) -> float:
    def excess(bound: float) -> float:
        return sum(path.tails(time, bound, 0.0)) - amount

    if amount <= 0 or excess(_FARTHEST) > 0:
        return _FARTHEST
    return float(optimize.brentq(excess, 0.0, _FARTHEST, xtol=1e-10))


def _obrien_fleming_spending(fractions: Floats, alpha: float, _exponent: float) -> Floats:
    return 4 * stats.norm.sf(stats.norm.isf(alpha / 4) / np.sqrt(fractions))


def _pocock_spending(fractions: Floats, alpha: float, _exponent: float) -> Floats:
    return alpha * np.log(1 + (e - 1) * fractions)


def _power_spending(fractions: Floats, alpha: float, exponent: float) -> Floats:
    return alpha * fractions**exponent


_SHAPES: dict[str, Callable[[Floats], Floats]] = {
    "o'brien-fleming": lambda fractions: np.sqrt(fractions[-1] / fractions),
    "pocock": np.ones_like,
}

_SPENDING: dict[str, Callable[[Floats, float, float], Floats]] = {
    "lan-demets o'brien-fleming": _obrien_fleming_spending,
    "lan-demets pocock": _pocock_spending,
    "kim-demets": _power_spending,
}
