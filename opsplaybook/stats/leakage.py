"""Features that know the outcome: written after the decision, or written because of it.

A reason for leaving, a closing ticket, a status that changes on the day of the notice: such a
column makes a back-test look splendid and a forecast worthless. What predicts almost perfectly on
its own is suspected, named, and left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import hypergeom

from opsplaybook.formats import MINIMUM_UNITS
from opsplaybook.stats.arrays import Flags, flags, require_same_length
from opsplaybook.stats.discrimination import area_under_curve

SUSPICIOUS = 0.95
"""Share of pairs in the right order from which a single feature is suspected."""

CHANCE = 1e-6
"""Chance under which units of one value cannot all have had the same outcome by luck."""

_MOST_VALUES = 50


@dataclass(frozen=True, slots=True)
class Leak:
    """A feature that is suspected.

    Attributes
    ----------
    name : str
    rule : str
        Why, as part of a sentence.
    separation : float
        Share of pairs that it puts in order, whichever way round, 0.5 to 1.
    units : int
        Units that the rule rests on.
    """

    name: str
    rule: str
    separation: float
    units: int


def leakage_screen(outcome: ArrayLike, columns: Mapping[str, ArrayLike]) -> tuple[Leak, ...]:
    """Name features that alone predict the outcome almost perfectly.

    Parameters
    ----------
    outcome : array of bool, shape (units,)
    columns : mapping of str to array, each of shape (units,)
        Numbers, truth values or text; missing is None, NaN or empty text, and being filled in is
        itself a feature that may leak.

    Returns
    -------
    tuple of Leak
        In the order of the columns, one each: numbers in whose order at least `SUSPICIOUS` of the
        pairs are right; being filled in that does so; or a value whose units all had the same
        outcome, with less than `CHANCE` of that by luck. Nothing where either outcome has fewer
        than five units.

    Raises
    ------
    ValueError
        Columns of another length than the outcome.

    Examples
    --------
    >>> lost = np.repeat([True, False], [12, 60])
    >>> columns = {
    ...     "loss reason": np.where(lost, "price", None),
    ...     "industry": np.tile(["retail", "energy", "health"], 24),
    ... }
    >>> for leak in leakage_screen(lost, columns):
    ...     print(leak.name, leak.rule)
    loss reason is filled in for nearly only one outcome

    The reason is known only of those who left; the industry tells nothing it should not.
    """
    happened = flags(outcome, name="outcome")
    found = []
    for name, column in columns.items():
        values = np.asarray(column, dtype=object)
        require_same_length(happened, values)
        if min(happened.sum(), (~happened).sum()) < MINIMUM_UNITS:
            continue
        suspicions = _suspicions(happened, values)
        if suspicions:
            rule, separation, units = suspicions[0]
            found.append(Leak(name, rule, separation, units))
    return tuple(found)


def _suspicions(happened: Flags, values: NDArray) -> list[tuple[str, float, int]]:
    """Rules that a column breaks, as rule, separation and units."""
    # Only NaN differs from itself.
    filled = ~(np.equal(values, None) | (values != values) | np.equal(values, "")).astype(bool)
    found = []
    separation = _separation(filled.astype(float), happened)
    if separation >= SUSPICIOUS:
        found.append(("is filled in for nearly only one outcome", separation, len(values)))
    known, outcomes = values[filled], happened[filled]
    numbers = _as_numbers(known)
    if numbers is not None and min(outcomes.sum(), (~outcomes).sum()) >= MINIMUM_UNITS:
        separation = _separation(numbers, outcomes)
        if separation >= SUSPICIOUS:
            rule = f"puts {separation:.0%} of pairs in order on its own"
            found.append((rule, separation, len(known)))
    return found + _pure_value(happened, filled, "is filled in") + _pure(happened, values, filled)


def _pure(happened: Flags, values: NDArray, filled: Flags) -> list[tuple[str, float, int]]:
    """Suspect each value of a column that has few."""
    names, codes = np.unique(values[filled].astype(str), return_inverse=True)
    if not 1 < len(names) <= _MOST_VALUES:
        return []
    found = []
    for code, name in enumerate(names):
        holds = filled.copy()
        holds[filled] = codes == code
        found += _pure_value(happened, holds, f"is {name[:40]!r}")
    return found


def _pure_value(happened: Flags, holds: Flags, words: str) -> list[tuple[str, float, int]]:
    """Suspect a value whose units all had the same outcome, against all luck."""
    units, total = int(holds.sum()), len(happened)
    for outcome, name in ((happened, "with"), (~happened, "without")):
        if units >= MINIMUM_UNITS and outcome[holds].all():
            luck = hypergeom.pmf(units, total, int(outcome.sum()), units)
            if luck < CHANCE:
                rule = f"{words} only {name} the outcome, for {units} of {total}"
                return [(rule, _separation(holds.astype(float), happened), units)]
    return []


def _separation(numbers: NDArray, happened: Flags) -> float:
    area = area_under_curve(numbers, happened)
    return max(area, 1 - area)


def _as_numbers(values: NDArray) -> NDArray | None:
    kinds = {type(value) for value in values.tolist()}
    if not kinds or not all(issubclass(kind, int | float | np.generic) for kind in kinds):
        return None
    numbers = values.astype(float)
    return numbers if np.isfinite(numbers).all() else None
