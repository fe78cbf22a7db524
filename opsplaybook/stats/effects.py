"""Effects on those who were reached, against comparable ones or against the trend.

Nothing here was randomised: the numbers are associations after adjustment, as good as the checks
of `matching` and the covariates that went into it.
"""

from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.spatial import KDTree
from statsmodels.regression.linear_model import OLS

from opsplaybook.formats import Kind
from opsplaybook.stats.arrays import (
    Floats,
    Integers,
    cluster_codes,
    complete,
    flags,
    floats,
    has_spread,
)
from opsplaybook.stats.matching import Matching
from opsplaybook.stats.means import group_kind, mean_difference
from opsplaybook.stats.results import Difference, Estimate, Interval

NEIGHBOURS_FOR_VARIANCE = 4
"""Nearest units of the same group from which the variance at a point is estimated."""

CONTROLS_PER_COVARIATE = 5
"""Effective controls per covariate from which the regression adjustment is used."""

_INTERACTION = 3


def effect_on_treated(
    matching: Matching,
    outcome: ArrayLike,
    *,
    kind: Kind = "number",
    adjust: bool = True,
    level: float = 0.95,
) -> Difference:
    """Estimate the effect on matched treated units, against their controls.

    Parameters
    ----------
    matching : Matching
        From `opsplaybook.stats.matching.match`.
    outcome : array of float, shape (units,)
        What was to be changed, none missing. The change since before gives a matched
        difference-in-differences.
    kind : Kind
        What the outcome is; ``points`` where it is yes or no.
    adjust : bool
        Take off what differences that are left in covariates explain, by regression among
        controls. Used only with five effective controls per covariate or more; `method` says.
    level : float

    Returns
    -------
    Difference
        Matched treated less controls, with the variance of Abadie and Imbens; n counts the smaller
        of matched treated and effective controls. No interval where the outcome has no spread.

    Raises
    ------
    ValueError
        Outcome of another length, missing or infinite.

    References
    ----------
    Abadie and Imbens 2006, Econometrica 74:235-267, theorem 7; 2011, Journal of Business and
    Economic Statistics 29:1-11 (adjustment).

    Examples
    --------
    >>> from opsplaybook.stats.matching import match
    >>> employees = np.arange(40.0)[:, None]
    >>> reached = np.arange(40) % 2 == 0
    >>> deals = employees[:, 0] / 10 + 2 * reached
    >>> found = effect_on_treated(match(employees, reached), deals)
    >>> round(found.value, 6), found.n
    (2.0, 19)

    Reached companies closed 2 more deals than companies of their size.
    """
    result = floats(np.asarray(outcome, dtype=float), name="outcome")
    if len(result) != len(matching.treated) or np.isnan(result).any():
        raise ValueError(f"outcome must hold {len(matching.treated)} values, none missing")
    adjusted = adjust and _can_adjust(matching)
    method = "nearest neighbours, Abadie-Imbens variance"
    method += ", regression adjusted" if adjusted else ", not adjusted"
    n = min(matching.overlap.matched, int(matching.overlap.effective_controls))
    if not matching.overlap.matched:
        return Difference(nan, None, 0, kind, method=method)
    units, gaps, expected = _gaps(matching, result, adjusted=adjusted)
    value = float(gaps.mean())
    interval, p_value = None, nan
    variance = _variance(matching, result, gaps)
    if variance > 0 and has_spread(result) and n > 1:
        freedom = n - 1
        margin = float(stats.t.ppf((1 + level) / 2, freedom)) * sqrt(variance)
        interval = Interval(value - margin, value + margin, level)
        p_value = float(2 * stats.t.sf(abs(value) / sqrt(variance), freedom))
    own = group_kind(kind)
    return Difference(
        value,
        interval,
        n,
        kind,
        p_value,
        Estimate(float(result[units].mean()), None, len(units), own, "matched treated"),
        Estimate(float(expected.mean()), None, n, own, "their controls"),
        method=method,
    )


def difference_in_differences(
    before: ArrayLike,
    after: ArrayLike,
    treated: ArrayLike,
    *,
    kind: Kind = "number",
    level: float = 0.95,
) -> Difference:
    """Compare the change of treated accounts with the change of the others.

    One change per account, so the standard error is that of accounts.

    Parameters
    ----------
    before, after : array of float, shape (accounts,)
        Outcome before and after; accounts where either is missing are left out.
    treated : array of bool, shape (accounts,)
    kind : Kind
        What the outcome is; ``points`` where it is a share.
    level : float

    Returns
    -------
    Difference
        Of the mean changes, by Welch; `first` and `second` are the changes.

    Examples
    --------
    >>> before, after = [10, 12, 14, 11, 13, 12], [15, 16, 20, 12, 15, 12]
    >>> found = difference_in_differences(before, after, [1, 1, 1, 0, 0, 0])
    >>> found.value, found.detectable
    (4.0, False)

    Treated accounts rose by 4 more than the others; six accounts are enough to show a number,
    three in a group are not enough to call it detectable.
    """
    labels = flags(treated, name="treated")
    start = floats(np.asarray(before, dtype=float), name="before")
    end = floats(np.asarray(after, dtype=float), name="after")
    if not len(labels) == len(start) == len(end):
        raise ValueError("before, after and treated must have the same length")
    changes = [np.subtract(*complete(end[arm], start[arm])) for arm in (labels, ~labels)]
    found = mean_difference(*changes, kind=kind, level=level)
    return Difference(
        found.value,
        found.interval,
        found.n,
        kind,
        found.p_value,
        found.first,
        found.second,
        method="difference-in-differences of account changes, Welch t interval",
    )


def difference_in_differences_of_rows(
    outcome: ArrayLike,
    treated: ArrayLike,
    later: ArrayLike,
    clusters: ArrayLike,
    *,
    covariates: ArrayLike | None = None,
    kind: Kind = "number",
    level: float = 0.95,
) -> Difference:
    """Estimate a difference-in-differences by regression, for rows that are not one per account.

    Parameters
    ----------
    outcome : array of float, shape (rows,)
        None missing.
    treated, later : array of bool, shape (rows,)
        Whether the row is of a treated account, and whether it is of the later period.
    clusters : array, shape (rows,)
        The account of each row, on which standard errors are clustered.
    covariates : array of float, shape (rows, covariates), optional
        Further columns of the regression.
    kind : Kind
        What the outcome is.
    level : float

    Returns
    -------
    Difference
        Coefficient of the interaction, with the cluster variance CR1 and t on clusters less one;
        n counts clusters of the smaller group.

    Raises
    ------
    ValueError
        One of the four cells has no row, or a value is missing.

    References
    ----------
    Bertrand, Duflo and Mullainathan 2004, Quarterly Journal of Economics 119:249-275.

    Examples
    --------
    >>> found = difference_in_differences_of_rows(
    ...     [1, 2, 5, 7, 1, 3, 2, 3],
    ...     [1, 1, 1, 1, 0, 0, 0, 0],
    ...     [0, 0, 1, 1, 0, 0, 1, 1],
    ...     ["A", "B", "A", "B", "C", "D", "C", "D"],
    ... )
    >>> round(found.value, 6), found.n
    (4.0, 2)

    Treated accounts rose by 4 more; two accounts in a group are not enough to say so.
    """
    result = floats(np.asarray(outcome, dtype=float), name="outcome")
    ours, after = flags(treated, name="treated"), flags(later, name="later")
    design = _interaction_design(ours, after, covariates)
    cells = np.bincount(2 * ours + after, minlength=4)
    if (cells == 0).any():
        raise ValueError("one of the four cells (treated or not, before or after) has no row")
    codes, count = cluster_codes(clusters)
    model = OLS(result, design)
    interval, p_value = None, nan
    if count > 2 and len(result) > design.shape[1]:
        interval, p_value = _clustered_term(model, codes, level)
    return Difference(
        float(model.fit().params[_INTERACTION]),
        interval,
        min(len(np.unique(codes[ours])), len(np.unique(codes[~ours]))),
        kind,
        p_value,
        method="difference-in-differences by regression, clustered by account",
    )


def e_value(ratio: float) -> float:
    """Compute how strong an unmeasured cause would have to be to explain a ratio away.

    Parameters
    ----------
    ratio : float
        Ratio of rates, or the end of its interval that is nearer to 1.

    Returns
    -------
    float
        Ratio by which the unmeasured cause would have to be associated both with being reached and
        with the outcome; 1 means that nothing is needed.

    Raises
    ------
    ValueError
        Ratio not positive.

    References
    ----------
    VanderWeele and Ding 2017, Annals of Internal Medicine 167:268-274.

    Examples
    --------
    >>> round(e_value(3.9), 2)
    7.26

    Only a cause that multiplies both by seven could explain the difference away.
    """
    if not ratio > 0:
        raise ValueError(f"ratio == {ratio}, must be positive")
    away = max(ratio, 1 / ratio)
    return away + sqrt(away * (away - 1))


def _can_adjust(matching: Matching) -> bool:
    needed = CONTROLS_PER_COVARIATE * (matching.points.shape[1] + 1)
    return matching.overlap.effective_controls >= needed


def _gaps(
    matching: Matching, outcome: NDArray, *, adjusted: bool
) -> tuple[NDArray, Floats, Floats]:
    """Return matched treated units, their outcome less what controls say, and what these say."""
    said = outcome[matching.pair_control]
    if adjusted:
        said = said + _explained(matching, outcome)
    units, position = np.unique(matching.pair_treated, return_inverse=True)
    expected = np.bincount(position, weights=said * matching.pair_weight)
    return units, outcome[units] - expected, expected


def _explained(matching: Matching, outcome: NDArray) -> Floats:
    """Regress on covariates among controls and apply it to the difference within each pair."""
    weights = matching.weights
    used = ~matching.treated & (weights > 0)
    design = np.column_stack([np.ones(used.sum()), matching.points[used]])
    root = np.sqrt(weights[used])
    slopes = np.linalg.lstsq(design * root[:, None], outcome[used] * root, rcond=None)[0][1:]
    apart = matching.points[matching.pair_treated] - matching.points[matching.pair_control]
    return apart @ slopes


def _variance(matching: Matching, outcome: NDArray, gaps: Floats) -> float:
    """Variance of the effect: spread of the gaps, and controls that serve more than once."""
    size = len(outcome)
    used = np.bincount(matching.pair_control, weights=matching.pair_weight, minlength=size)
    own = np.bincount(matching.pair_control, weights=matching.pair_weight**2, minlength=size)
    repeated = np.flatnonzero(used**2 - own > 0)
    total = ((gaps - gaps.mean()) ** 2).sum()
    if repeated.size:
        local = _local_variance(matching, outcome, repeated)
        total = total + ((used**2 - own)[repeated] * local).sum()
    return float(total / len(gaps) ** 2)


def _local_variance(matching: Matching, outcome: NDArray, units: NDArray) -> Floats:
    """Variance of the outcome among the controls nearest to each unit, itself included."""
    controls = np.flatnonzero(~matching.treated)
    near = min(NEIGHBOURS_FOR_VARIANCE, controls.size)
    if near < 2:
        return np.zeros(units.size)
    _, found = KDTree(matching.points[controls]).query(matching.points[units], k=near)
    return outcome[controls[found]].var(axis=1, ddof=1)


def _clustered_term(model: OLS, codes: Integers, level: float) -> tuple[Interval | None, float]:
    """Interval and p-value of the interaction, clustered; none where its variance vanishes."""
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    if not fitted.bse[_INTERACTION] > 0:
        return None, nan
    low, high = fitted.conf_int(alpha=1 - level)[_INTERACTION]
    return Interval(float(low), float(high), level), float(fitted.pvalues[_INTERACTION])


def _interaction_design(treated: NDArray, later: NDArray, covariates: ArrayLike | None) -> Floats:
    columns = [np.ones(len(treated)), treated, later, treated & later]
    if covariates is not None:
        columns.append(np.asarray(covariates, dtype=float))
    return np.column_stack(columns).astype(float)
