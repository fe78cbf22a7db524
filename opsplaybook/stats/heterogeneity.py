"""For whom and for how long an effect holds: segments that differ, and effects that wear off."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import Floats, flags, floats
from opsplaybook.stats.means import mean_difference
from opsplaybook.stats.moments import Contrast
from opsplaybook.stats.results import Difference, Estimate

_FIXED = "inverse variance weights"
_RANDOM = "inverse variance weights, DerSimonian and Laird"


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Whether an effect differs between segments.

    Attributes
    ----------
    statistic : float
        Cochran's Q, or Welch's F.
    degrees_of_freedom : float
        Segments less one.
    p_value : float
        NaN with fewer than two segments.
    i_squared : float
        Share of the variation between segments that is not chance.
    tau_squared : float
        Variance of the true effects.
    fixed, random : Estimate
        Mean effect if it is one, and the middle of many; n counts segments.
    """

    statistic: float
    degrees_of_freedom: float
    p_value: float
    i_squared: float
    tau_squared: float
    fixed: Estimate
    random: Estimate


@dataclass(frozen=True, slots=True)
class EffectTrend:
    """How an effect changes from period to period.

    Attributes
    ----------
    slope : Difference
        Change of the effect per period, treated less control, by account.
    periods : tuple of Difference
        Effect in each period.
    """

    slope: Difference
    periods: tuple[Difference, ...]

    @property
    def fades(self) -> bool:
        """Whether the effect shrinks towards zero, more than chance gives."""
        first = self.periods[0].value if self.periods else nan
        return self.slope.detectable and self.slope.value * first < 0

    @property
    def grows(self) -> bool:
        """Whether the effect moves away from zero, more than chance gives."""
        first = self.periods[0].value if self.periods else nan
        return self.slope.detectable and self.slope.value * first > 0


def heterogeneity(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    freedoms: ArrayLike | None = None,
    kind: Kind = "number",
    level: float = 0.95,
) -> Heterogeneity:
    """Test whether segments share one effect.

    Parameters
    ----------
    effects, variances : array of float, shape (segments,)
        Effect of each segment and the variance of its error; segments where either is missing, or
        the variance is 0, are left out.
    freedoms : array of float, shape (segments,), optional
        Degrees of freedom behind each variance (Welch's, by account). With them the test is
        Welch's F, which allows for variances estimated from few accounts; Q does not.
    kind : Kind
    level : float

    Returns
    -------
    Heterogeneity

    Raises
    ------
    ValueError
        Arrays of different length.

    References
    ----------
    Cochran 1954, Biometrics 10:101-129; DerSimonian and Laird 1986, Controlled Clinical Trials
    7:177-188; Welch 1951, Biometrika 38:330-336.

    Examples
    --------
    >>> found = heterogeneity([0.05, 0.12, -0.01, 0.30], [0.0004, 0.0009, 0.0016, 0.01])
    >>> round(found.statistic, 1), round(found.p_value, 3), round(found.i_squared, 2)
    (13.0, 0.005, 0.77)

    The four segments do not share one effect: three quarters of the variation is real.
    """
    columns = [floats(np.asarray(column, dtype=float)) for column in (effects, variances)]
    columns.append(
        np.full(columns[0].size, inf) if freedoms is None else np.asarray(freedoms, dtype=float)
    )
    if len({column.size for column in columns}) != 1:
        raise ValueError("effects, variances and freedoms must have the same length")
    table = np.column_stack(columns)
    table = table[~np.isnan(table).any(axis=1) & (table[:, 1] > 0)]
    values, errors, counts = table.T
    segments = len(table)
    if segments < 2:
        alone = Estimate(float(values[0]) if segments else nan, None, segments, kind, _FIXED)
        return Heterogeneity(nan, max(segments - 1, 0), nan, nan, nan, alone, alone)
    # Written out: combine_effects of statsmodels 0.15 warns and gives a share of 1e16 where effects
    # differ by less than chance.
    weights = 1 / errors
    q = float((weights * (values - (weights * values).sum() / weights.sum()) ** 2).sum())
    statistic, p_value = q, float(stats.chi2.sf(q, segments - 1))
    if freedoms is not None:
        statistic, p_value = _welch_f(q, errors, counts)
    excess = q - (segments - 1)
    tau = max(excess, 0.0) / float(weights.sum() - (weights**2).sum() / weights.sum())
    share = max(excess / q, 0.0) if q > 0 else 0.0
    fixed = _pooled(values, 1 / errors, kind, level, _FIXED)
    random = _pooled(values, 1 / (errors + tau), kind, level, _RANDOM)
    return Heterogeneity(statistic, segments - 1, p_value, share, tau, fixed, random)


def trend_of_effect(
    values: ArrayLike, treated: ArrayLike, *, kind: Kind = "number", level: float = 0.95
) -> EffectTrend:
    """Estimate how an effect changes with the time since exposure, by account.

    Each account gives the slope of its own periods, so that what repeats within an account is
    counted once; the slopes of the arms are compared by Welch.

    Parameters
    ----------
    values : array of float, shape (accounts, periods)
        One number per account and period (week since exposure); missing ones are left out, and
        accounts with fewer than two periods tell nothing of the slope.
    treated : array of bool, shape (accounts,)
    kind : Kind
    level : float

    Returns
    -------
    EffectTrend

    Raises
    ------
    ValueError
        Not one row per account.

    References
    ----------
    Matthews, Altman, Campbell and Royston 1990, BMJ 300:230-235 (one summary per unit).

    Examples
    --------
    >>> control = [[5, 6, 5, 6], [7, 7, 8, 7], [4, 4, 5, 5], [6, 5, 6, 6], [5, 5, 4, 5]]
    >>> treated = [[9, 8, 7, 6], [12, 11, 9, 8], [8, 7, 6, 5], [10, 9, 7, 7], [9, 7, 6, 5]]
    >>> found = trend_of_effect(treated + control, [True] * 5 + [False] * 5)
    >>> round(found.periods[0].value, 1), round(found.slope.value, 1), found.fades
    (4.2, -1.3, True)

    An effect of 4.2 in the first week, 1.3 less in each week after: a novelty that wears off.
    """
    table, labels = np.asarray(values, dtype=float), flags(treated, name="treated")
    if table.ndim != 2 or len(table) != len(labels):
        raise ValueError(f"values have shape {table.shape}, must be one row per account")
    if np.isinf(table).any():
        raise ValueError(f"values hold {np.isinf(table).sum()} infinite values, must be finite")
    slopes = _slopes(table)
    shared = {"kind": kind, "level": level}
    periods = tuple(mean_difference(week[labels], week[~labels], **shared) for week in table.T)
    return EffectTrend(mean_difference(slopes[labels], slopes[~labels], **shared), periods)


def contrasts_of(contrasts: Sequence[Contrast]) -> tuple[Floats, Floats, Floats]:
    """Split contrasts into effects, variances and degrees of freedom, for `heterogeneity`."""
    table = np.array([(c.value, c.variance, c.freedom) for c in contrasts]).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def _slopes(table: Floats) -> Floats:
    """Least-squares slope of each row over its known periods; NaN with fewer than two."""
    known = ~np.isnan(table)
    counts = known.sum(axis=1)
    times = np.where(known, np.arange(table.shape[1]), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = np.where(known, times - (times.sum(axis=1) / counts)[:, None], 0.0)
        slopes = (centred * np.where(known, table, 0.0)).sum(axis=1) / (centred**2).sum(axis=1)
    slopes[counts < 2] = nan
    return slopes


def _welch_f(q: float, variances: Floats, freedoms: Floats) -> tuple[float, float]:
    """Welch's F from Q: variances that few accounts estimate make Q too large."""
    segments = variances.size
    weights = 1 / variances
    uncertainty = ((1 - weights / weights.sum()) ** 2 / freedoms).sum()
    scale = 1 + 2 * (segments - 2) / (segments**2 - 1) * uncertainty
    statistic = q / (segments - 1) / scale
    below = (segments**2 - 1) / (3 * uncertainty) if uncertainty else inf
    return statistic, float(stats.f.sf(statistic, segments - 1, min(below, 1e9)))


def _pooled(values: Floats, weights: Floats, kind: Kind, level: float, name: str) -> Estimate:
    middle = float((weights * values).sum() / weights.sum())
    ends = Contrast(middle, float(1 / weights.sum()), inf).interval(level)
    return Estimate(middle, ends, values.size, kind, name)
