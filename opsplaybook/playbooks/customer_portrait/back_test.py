"""Step 5, second half: tiers as they would have been, against what the customers then brought."""

from dataclasses import dataclass, replace
from math import nan
from typing import Literal

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.contracts import TIERS
from opsplaybook.errors import NotEnoughDataError
from opsplaybook.metrics.value import (
    MONEY_DIMENSIONS,
    CustomerValues,
    as_known,
    customer_values,
    months_before,
)
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.playbooks.customer_portrait.portrait import Portrait, positive_shares
from opsplaybook.playbooks.customer_portrait.score import POINTS, Scored, score_values, words
from opsplaybook.playbooks.customer_portrait.tiers import (
    TOP_TIERS,
    Tiered,
    tier_rule,
)
from opsplaybook.playbooks.customer_portrait.transitions import (
    MOVE_COLUMNS,
    TRANSITION_COLUMNS,
    tier_moves,
    transitions,
)
from opsplaybook.sources import Tables
from opsplaybook.stats.association import rank_correlation, rank_drivers, superiority
from opsplaybook.stats.multiplicity import holm
from opsplaybook.stats.rates import rate
from opsplaybook.stats.resampling import bootstrap
from opsplaybook.stats.results import Difference, Estimate
from opsplaybook.stats.tiers import UNSCORED, assign_tiers

Standing = Literal["separates", "repeats orders", "does not separate", "not enough data"]
_SMALLEST_GROUP = 5
_SMALLEST_ALL = 20
_NO_DIFFERENCE = Difference(nan, None, 0, "share", no_effect=0.5)
_NO_ESTIMATE = Estimate(nan, None, 0)


@dataclass(frozen=True, slots=True)
class BackTest:
    """What the score would have been worth.

    Attributes
    ----------
    day : Timestamp
        The day before which nothing was known.
    standing : Standing
        Whether the tiers separated what came after; "repeats orders" where only last year's
        orders did.
    tiers : DataFrame
        ``tier``, ``customers``, ``value`` (mean, with ``value_low``, ``value_high``), ``share``
        (of all later value), ``kept`` (share still customers, with ends).
    correlation, without_money : Estimate
        Rank correlation of the score with later value; the same of the score without what was
        ordered before.
    top : Difference
        Probability that a customer of S or A brought more than one of B or C.
    drivers : DataFrame
        ``dimension``, ``value``, ``low``, ``high``, ``n``, ``inflation``, ``beyond_chance``:
        each dimension that is not money, the others held; strongest first.
    transitions : DataFrame
        ``then``, ``now``, ``customers``, ``share`` (of those in the tier then), ``n``.
    moves : DataFrame
        ``account_id``, ``label``, ``then``, ``now``, ``change`` (points), ``because``: customers
        of both days whose tier by score changed, the largest change first.
    caveats : tuple of str
    months : int
    """

    day: pd.Timestamp
    standing: Standing
    tiers: pd.DataFrame
    correlation: Estimate
    without_money: Estimate
    top: Difference
    drivers: pd.DataFrame
    transitions: pd.DataFrame
    moves: pd.DataFrame
    caveats: tuple[str, ...]
    months: int

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        since = formats.day(self.day)
        if self.standing == "not enough data":
            return f"Not tested on the past: {' '.join(self.caveats)}"
        pair = f"a customer of S or A brought more than one of B or C in {_pairs(self.top)}"
        if self.standing == "separates":
            return f"The tiers of {since} separated what came after: {pair}."
        if self.standing == "repeats orders":
            return (
                f"The tiers of {since} separated only by what had been ordered before ({pair}); "
                f"the rest of the score tells nothing: rank correlation "
                f"{formats.estimate(self.without_money, unit='customers')}."
            )
        return f"The tiers of {since} did not separate what came after: {pair}."


def back_test(
    given: Tables, params: Params, portrait: Portrait, scored: Scored, tiered: Tiered
) -> BackTest:
    """Make the tiers of an earlier day, and hold them against what came after.

    All customers of that day count, whatever the scope, those lost since included. Tiers are by
    score alone on both days.

    Parameters
    ----------
    given : Tables
    params : Params
    portrait : Portrait
    scored : Scored
    tiered : Tiered

    Returns
    -------
    BackTest
        Standing "not enough data" where the source does not reach back far enough, or there are
        fewer than 20 customers with a score, or 5 of either half.
    """
    day = months_before(portrait.customers.last, params.back_test_months)
    then = customer_values(
        as_known(given, day.date()), months=params.value_months, demand_order=params.demand_order
    )
    why_not = _why_not(then, portrait.customers, day)
    if why_not:
        return _not_tested(day, why_not, params)
    try:
        score = score_values(then, params)
    except NotEnoughDataError as error:
        return _not_tested(day, f"{error.what} on {formats.day(day)}.", params)
    later = _later_value(given, params, portrait, then)
    codes = _tiers_then(then, score, params)
    known = codes != UNSCORED
    upper = known & (codes < len(TOP_TIERS))
    top = superiority(later[upper], later[known & ~upper], level=params.level)
    n = int(known.sum())
    if n < _SMALLEST_ALL or top.n < _SMALLEST_GROUP:
        return _not_tested(
            day, f"{n:,} customers with a score then, {top.n} in the smaller half.", params
        )
    correlation = rank_correlation(score.frame["score"], later, level=params.level)
    rest = _without_money(then, params, later)
    return BackTest(
        day=day,
        standing=_standing(top, correlation, rest, score),
        tiers=_by_tier(codes, later, portrait, params),
        correlation=correlation,
        without_money=rest,
        top=top,
        drivers=_drivers(then, score, later, params),
        transitions=transitions(codes, later.index, tiered),
        moves=tier_moves(codes, score, scored, tiered, portrait),
        caveats=_caveats(given, then),
        months=params.back_test_months,
    )


def _pairs(found: Difference) -> str:
    """Write the share of pairs, with interval and n behind it."""
    share, bracket, rest = formats.estimate(found, unit="customers in the smaller half").partition(
        " ("
    )
    return f"{share} of pairs{bracket}{rest}"


def _why_not(then: CustomerValues, now: CustomerValues, day: pd.Timestamp) -> str:
    if not now.basis:
        return "there is no money in the source."
    if then.basis != now.basis or then.frame.empty:
        return f"nobody was a customer on {formats.day(day)}."
    if now.basis != "contracts" and not then.history_from < day:
        return f"money is known from {formats.value(then.history_from, 'date')} on only."
    return ""


def _not_tested(day: pd.Timestamp, why: str, params: Params) -> BackTest:
    return BackTest(
        day=day,
        standing="not enough data",
        tiers=pd.DataFrame(columns=_TIER_COLUMNS),
        correlation=_NO_ESTIMATE,
        without_money=_NO_ESTIMATE,
        top=_NO_DIFFERENCE,
        drivers=pd.DataFrame(columns=_DRIVER_COLUMNS),
        transitions=pd.DataFrame(columns=TRANSITION_COLUMNS),
        moves=pd.DataFrame(columns=MOVE_COLUMNS),
        caveats=(why,),
        months=params.back_test_months,
    )


_TIER_COLUMNS = [
    "tier", "customers", "value", "value_low", "value_high", "share", "kept", "kept_low",
    "kept_high",
]  # fmt: skip
_DRIVER_COLUMNS = ["dimension", "value", "low", "high", "n", "inflation", "beyond_chance"]


def _later_value(
    given: Tables, params: Params, portrait: Portrait, then: CustomerValues
) -> pd.Series:
    """Return what the customers of then brought since; those who left brought nothing."""
    now = portrait.customers
    if params.back_test_months != params.value_months:
        now = customer_values(given, months=params.back_test_months)
    return now.frame["value"].reindex(then.frame.index).fillna(0.0)


def _tiers_then(then: CustomerValues, score: Scored, params: Params) -> np.ndarray:
    rule = replace(tier_rule(params), second_weight=0.0)
    scores = score.frame["score"].to_numpy() / POINTS
    return assign_tiers(scores, rule, values=then.frame["value"].to_numpy()).codes


def _without_money(then: CustomerValues, params: Params, later: pd.Series) -> Estimate:
    try:
        rest = score_values(then, params, without=MONEY_DIMENSIONS)
    except NotEnoughDataError:
        return _NO_ESTIMATE
    return rank_correlation(rest.frame["score"], later, level=params.level)


def _standing(top: Difference, correlation: Estimate, rest: Estimate, score: Scored) -> Standing:
    above = top.detectable and top.value > top.no_effect
    if not (above and correlation.interval and correlation.interval.low > 0):
        return "does not separate"
    made_of_money = bool(MONEY_DIMENSIONS & set(score.weights.index))
    tells = rest.interval is not None and rest.interval.low > 0
    return "separates" if tells or not made_of_money else "repeats orders"


def _by_tier(
    codes: np.ndarray, later: pd.Series, portrait: Portrait, params: Params
) -> pd.DataFrame:
    kept = later.index.isin(portrait.customers.frame.index)
    shares = positive_shares(later, pd.Series(codes, index=later.index))
    rows = []
    for place, tier in enumerate(TIERS):
        inside = codes == place
        generator = np.random.default_rng(params.seed)
        mean = bootstrap(
            _mean, [later[inside].to_numpy()], generator=generator, kind="money", level=params.level
        )
        stayed = rate(float(kept[inside].sum()), int(inside.sum()), level=params.level)
        share = shares.get(place, 0.0 if len(shares) else nan)
        rows.append(
            (tier, int(inside.sum()), mean.value, *mean.ends, share, stayed.value, *stayed.ends)
        )
    return pd.DataFrame(rows, columns=_TIER_COLUMNS)


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def _drivers(then: CustomerValues, score: Scored, later: pd.Series, params: Params) -> pd.DataFrame:
    """Look at all dimensions that are not money together; gaps stay gaps, whatever their rule."""
    names = [name for name in score.scaled if name not in MONEY_DIMENSIONS]
    table = score.scaled[names].mask(then.frame[names].isna())
    table = table.loc[:, (table.max() > table.min()).to_numpy()]
    if table.empty:
        return pd.DataFrame(columns=_DRIVER_COLUMNS)
    generator = np.random.default_rng(params.seed)
    found = rank_drivers(
        table.to_numpy(), later.to_numpy(), generator=generator, level=params.level
    )
    frame = pd.DataFrame(
        {
            "dimension": [words(name) for name in table],
            "value": [term.value for term in found.terms],
            "low": [term.ends[0] for term in found.terms],
            "high": [term.ends[1] for term in found.terms],
            "n": [term.n for term in found.terms],
            "inflation": found.inflation,
        }
    )
    adjusted = holm([term.p_value for term in found.terms])
    frame["beyond_chance"] = np.nan_to_num(adjusted, nan=1.0) <= 1 - params.level
    return frame.sort_values("value", ascending=False, ignore_index=True)


def _caveats(given: Tables, then: CustomerValues) -> tuple[str, ...]:
    parts = []
    if not then.window_known:
        parts.append(
            f"Money before {formats.value(then.history_from, 'date')} is not known, so the score "
            f"of then rests on less than {then.months} months."
        )
    dated = ("employees", "influence", "brand", "growth_potential", "demand_type")
    known = [name for name in dated if given.has("accounts", name)]
    if known:
        parts.append(
            f"No history of {', '.join(words(name) for name in known)}: the values of today stand "
            f"for those of then."
        )
    return tuple(parts)
