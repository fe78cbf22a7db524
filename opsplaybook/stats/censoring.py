"""Times of which some are censored: reading them, who is at risk when, and bands around shares."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from opsplaybook.stats.arrays import Flags, Floats, Integers, flags, floats, require_same_length

_TIE = 1e-9


def read_times(durations: ArrayLike, observed: ArrayLike) -> tuple[Floats, Flags]:
    """Read times to an event and whether it happened.

    Raises
    ------
    ValueError
        Different lengths, or a duration that is missing or negative.

    Examples
    --------
    >>> read_times([3, 5], [1, 0])[1].tolist()
    [True, False]

    The second unit was without the event when last seen.
    """
    times = floats(np.asarray(durations, dtype=float), name="durations")
    happened = flags(observed, name="observed")
    require_same_length(times, happened)
    wrong = np.isnan(times) | (times < 0)
    if wrong.any():
        raise ValueError(f"{wrong.sum()} durations are missing or negative")
    return times, happened


def read_entry(entry: ArrayLike | None, times: Floats) -> Floats:
    """Read the ages at which units were first seen; 0 for all where there are none.

    Raises
    ------
    ValueError
        Different lengths, or an age that is missing, negative or not before the unit's last time.

    Examples
    --------
    >>> read_entry(None, np.array([3.0, 5.0])).tolist()
    [0.0, 0.0]

    Without delayed entry all are seen from their beginning.
    """
    if entry is None:
        return np.zeros(len(times))
    entered = floats(np.asarray(entry, dtype=float), name="entry")
    require_same_length(entered, times)
    wrong = ~((entered >= 0) & ((entered < times) | (entered == 0)))
    if wrong.any():
        raise ValueError(
            f"{wrong.sum()} units were first seen at no age, a negative one, or not before their "
            "last time; leave out who ended before the data begin"
        )
    return entered


def before(entered: Floats) -> Floats | None:
    """Write ages of entry as statsmodels reads them: at risk only after the age, None without any.

    Examples
    --------
    >>> before(np.array([0.0, 3.0])).tolist()
    [-1.0, 3.0]

    A unit seen from the beginning is at risk at age 0 as well.
    """
    return np.where(entered == 0, -1.0, entered) if entered.any() else None


def greenwood_parts(at_risk: NDArray, events: NDArray) -> Floats:
    """Compute what each time adds to the variance of the logarithm of the share left.

    Examples
    --------
    >>> greenwood_parts(np.array([10, 3]), np.array([5, 3])).tolist()
    [0.1, 0.0]

    Where all that were at risk leave there is no share whose logarithm could vary.
    """
    left = np.maximum(at_risk - events, 1)
    return np.where(at_risk > events, events / (at_risk * left), 0.0)


def greenwood_error(survival: NDArray, at_risk: NDArray, events: NDArray) -> Floats:
    """Compute Greenwood's standard error of shares left; 0 from where nobody is left.

    Examples
    --------
    >>> greenwood_error(np.array([0.6]), np.array([10]), np.array([4])).round(3).tolist()
    [0.155]

    Without censoring it is that of a plain share.
    """
    return survival * np.sqrt(np.cumsum(greenwood_parts(at_risk, events)))


def numbers_at_risk(times: ArrayLike, *, entries: Floats, exits: Floats) -> Integers:
    """Count the units that are observed just before each of some times.

    Parameters
    ----------
    times : array of float, shape (times,)
    entries, exits : array of float, shape (units,)
        Ages at which units were first and last seen, each sorted on its own.

    Examples
    --------
    >>> numbers_at_risk([0, 4], entries=np.array([0.0, 0, 3]), exits=np.array([2.0, 5, 9])).tolist()
    [2, 2]

    At age 4 one unit has gone and one, seen from age 3, has come.
    """
    asked = np.asarray(times, dtype=float)
    side = np.searchsorted(entries, asked, side="left")
    begun = np.where(asked <= 0, np.searchsorted(entries, 0.0, side="right"), side)
    return begun - np.searchsorted(exits, asked, side="left")


def log_log_band(
    survival: NDArray, error: NDArray, at_risk: NDArray, events: NDArray, level: float
) -> tuple[Floats, Floats]:
    """Compute a pointwise band around shares left, formed on the scale log(-log(share)).

    Parameters
    ----------
    survival, error : array of float, shape (steps,)
        Shares left and their standard errors.
    at_risk, events : array of int, shape (steps,)
    level : float

    Returns
    -------
    low, high : array of float, shape (steps,)
        Wilson's where nobody has had the event yet, or every unit has; where the share falls to 0
        although some units are censored, the high end stays where it was.

    Examples
    --------
    >>> low, high = log_log_band(
    ...     np.array([0.5]), np.array([0.1]), np.array([25]), np.array([12]), 0.95
    ... )
    >>> low.round(2).item(), high.round(2).item()
    (0.3, 0.67)

    Half are left; in truth it may be between 30% and 67%.
    """
    critical = stats.norm.ppf((1 + level) / 2)
    low, high = np.zeros_like(survival), np.ones_like(survival)
    inside = (survival > _TIE) & (survival < 1)
    share = survival[inside]
    width = critical * error[inside] / (share * np.abs(np.log(share)))
    low[inside], high[inside] = share ** np.exp(width), share ** np.exp(-width)
    start = survival == 1
    low[start] = proportion_confint(
        at_risk[start], at_risk[start], alpha=1 - level, method="wilson"
    )[0]
    if survival[-1] <= _TIE:
        everybody = events.sum() == at_risk[0]
        none_left = proportion_confint(0, at_risk[0], alpha=1 - level, method="wilson")[1]
        earlier = high[-2] if len(high) > 1 else 1.0
        high[-1] = none_left if everybody else earlier
    return low, high
