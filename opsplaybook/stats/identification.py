"""Whether data can tell the coefficients of a model: events, separation, collinearity.

A model with more variables than its few losses can carry fits noise, and where a feature splits the
outcomes without error the likeliest coefficient is infinite. Both are said before a model is read.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog

from opsplaybook.stats.arrays import NEGLIGIBLE, Flags, Floats, flags

SUFFICIENT_EVENTS = 10
"""Events per variable from which a model of several variables is more than a description.

Peduzzi et al. 1996, Journal of Clinical Epidemiology 49:1373-1379.
"""

_SOLVED = 1e-7


def read_features(
    outcome: ArrayLike, features: ArrayLike, names: Sequence[str]
) -> tuple[Flags, Floats]:
    """Read an outcome and the features that may go with it.

    Parameters
    ----------
    outcome : array of bool, shape (units,)
    features : array of float, shape (units, features), or (units,) for a single one
        None missing and all finite.
    names : sequence of str
        One per feature, no two alike.

    Raises
    ------
    ValueError
        Shapes that do not fit, a name that is given twice, or a feature with a value missing or
        infinite; the message names it.

    Examples
    --------
    >>> read_features([1, 0], [2, 3], ["seats"])[1].tolist()
    [[2.0], [3.0]]

    One feature becomes a table of one column.
    """
    happened = flags(outcome, name="outcome")
    table = np.asarray(features, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    if table.shape != (len(happened), len(names)):
        expected = (len(happened), len(names))
        raise ValueError(f"features has shape {table.shape}, must be {expected} (rows, names)")
    if len(set(names)) < len(names):
        raise ValueError(f"names holds a name twice: {list(names)[:5]}")
    gaps = (~np.isfinite(table)).sum(axis=0)
    if gaps.any():
        worst = {names[j]: int(gaps[j]) for j in np.flatnonzero(gaps)[:5]}
        raise ValueError(f"features with missing or infinite values: {worst}; fill or leave out")
    return happened, table


def events_per_variable(outcome: ArrayLike, features: ArrayLike) -> float:
    """Count the rarer outcome per variable of a model.

    Parameters
    ----------
    outcome : array of bool, shape (units,)
    features : array of float, shape (units, features), or (units,)

    Returns
    -------
    float
        Infinite without a feature. Under `SUFFICIENT_EVENTS` show univariate rates instead.

    Examples
    --------
    >>> events_per_variable([1, 1, 0, 0, 0, 0], np.ones((6, 4)))
    0.5

    Two losses for four variables: no model of all four can be trusted.
    """
    happened = flags(outcome, name="outcome")
    table = np.asarray(features, dtype=float)
    variables = 1 if table.ndim == 1 else table.shape[1]
    rarer = min(int(happened.sum()), int((~happened).sum()))
    return rarer / variables if variables else np.inf


def independent_columns(features: Floats) -> Flags:
    """Tell which columns add something to a constant and the columns before them.

    Examples
    --------
    >>> independent_columns(np.array([[1.0, 2, 7], [0, 0, 7], [1, 2, 7], [0, 0, 7]])).tolist()
    [True, False, False]

    The second is twice the first and the third never varies: neither has a coefficient of its own.
    """
    rows, columns = features.shape
    if rows <= columns:
        raise ValueError(f"{rows} rows cannot tell {columns} features and a constant")
    centred = features - features.mean(axis=0)
    size = np.sqrt((features**2).sum(axis=0))
    left = np.sqrt((centred**2).sum(axis=0)) > np.sqrt(NEGLIGIBLE) * size
    kept = np.zeros(columns, dtype=bool)
    kept[left] = True
    scaled = centred[:, left] / np.sqrt((centred[:, left] ** 2).sum(axis=0))
    own = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    kept[left] = own > np.sqrt(NEGLIGIBLE)
    return kept


def separated_by(
    outcome: ArrayLike, features: ArrayLike, *, names: Sequence[str]
) -> tuple[str, ...]:
    """Name features that split the outcomes without an error, alone or together.

    Parameters
    ----------
    outcome : array of bool, shape (units,)
    features : array of float, shape (units, features), or (units,)
        None missing.
    names : sequence of str

    Returns
    -------
    tuple of str
        Features whose likeliest coefficient is infinite, completely or in part of the data (some
        units on the dividing line); empty where the likelihood has a maximum.

    Raises
    ------
    ValueError
        As `read_features`.

    References
    ----------
    Albert and Anderson 1984, Biometrika 71:1-10 (when the maximum exists); Konis 2007, Linear
    programming algorithms for detecting separated data, thesis, University of Oxford.

    Examples
    --------
    >>> lost, calls = [1, 1, 0, 0, 0, 1], [0, 1, 0, 1, 1, 1]
    >>> closing_call = [1, 1, 0, 0, 0, 0]
    >>> separated_by(lost, np.column_stack([calls, closing_call]), names=["calls", "closing call"])
    ('closing call',)

    Whoever had a closing call left: an ordinary odds ratio of it would be infinite.
    """
    happened, table = read_features(outcome, features, names)
    if happened.all() or not happened.any():
        return tuple(names)
    kept = np.flatnonzero(independent_columns(table))
    columns = table[:, kept] / np.abs(table[:, kept]).max(axis=0)
    signed = np.column_stack([np.ones(len(table)), columns])
    signed = np.unique(np.where(happened, 1.0, -1.0)[:, None] * signed, axis=0)
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1))
    if not found.success:
        raise ArithmeticError(f"whether outcomes are separated was not found: {found.message}")
    if -found.fun <= _SOLVED:
        return ()
    moving = np.abs(found.x[1:]) > _SOLVED
    return tuple(names[j] for j in kept[moving])
