"""Step 6: what one more unit at the end of the way goes with, in deals and money."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from opsplaybook.metrics import funnels
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.nested import ACCOUNT
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.arrays import Floats
from opsplaybook.stats.results import Estimate, Interval

DRAWS = 2000
"""Sets of accounts, or deals, that are drawn."""

_LEAST_GROUP = 10
_STREAM = 1
"""Beside the seed: rates are drawn with the seed alone, and values must not move along."""
_METHOD = "percentile bootstrap of accounts"


@dataclass(frozen=True, slots=True)
class UnitValue:
    """What one more unit at the end goes with.

    Attributes
    ----------
    deals, money : Estimate or None
        Per unit; None where nothing is known.
    drawn_deals, drawn_money : array of float, shape (DRAWS,)
        What it would be with other accounts; NaN where nothing is known.
    basis : str
        How it was found, in words.
    caveats : tuple of str
    """

    deals: Estimate | None
    money: Estimate | None
    drawn_deals: Floats = field(repr=False)
    drawn_money: Floats = field(repr=False)
    basis: str
    caveats: tuple[str, ...] = ()

    @property
    def is_deal(self) -> bool:
        """Whether each unit at the end is a deal itself."""
        return self.deals is not None and self.deals.interval is None

    @property
    def shown(self) -> bool:
        """Whether one more unit goes with more money beyond doubt."""
        return _beyond_doubt(self.money)

    @property
    def deals_shown(self) -> bool:
        """Whether one more unit goes with more deals beyond doubt."""
        return _beyond_doubt(self.deals)


def value_of_unit(given: Tables, params: Params, definition: Definition) -> UnitValue:
    """Find what one more unit at the end is worth.

    In this order: the given `value_per_unit`; the mean amount of won deals, if the way ends with
    a won deal; the deals that accounts won after a unit of theirs came to the end, against those
    of accounts that entered and did not come there.

    Parameters
    ----------
    given : Tables
    params : Params
    definition : Definition

    Returns
    -------
    UnitValue
    """
    nothing = np.full(DRAWS, np.nan)
    if params.value_per_unit:
        money = Estimate(params.value_per_unit, None, 0, "money", "as given")
        exact = np.full(DRAWS, params.value_per_unit)
        return UnitValue(None, money, nothing, exact, "as given in value_per_unit")
    end = definition.required[-1]
    if end.table == "opportunities" and "won" in end.where.get("outcome", ()):
        return _won_deals(given, params)
    if definition.funnel is None or not given.has("opportunities", "closed_on"):
        why = "No deals are known, so repairs are valued in units only."
        return UnitValue(None, None, nothing, nothing, "", (why,))
    return _deals_after(given, params, definition)


def _beyond_doubt(estimate: Estimate | None) -> bool:
    return estimate is not None and (estimate.interval is None or estimate.interval.low > 0)


def _won_deals(given: Tables, params: Params) -> UnitValue:
    """Value a won deal by the mean amount of those won."""
    deals = given["opportunities"]
    column = "closed_amount" if deals["closed_amount"].notna().any() else "amount"
    amounts = deals.loc[deals["outcome"] == "won", column].dropna().to_numpy(dtype=float)
    one = Estimate(1.0, None, len(amounts), "number", "the way ends with a won deal")
    if len(amounts) < _LEAST_GROUP:
        why = "Fewer than ten won deals have an amount: no money is shown."
        nothing = np.full(DRAWS, np.nan)
        return UnitValue(one, None, np.ones(DRAWS), nothing, "each one is a deal", (why,))
    generator = np.random.default_rng([params.seed, _STREAM])
    sums = generator.normal(amounts.mean(), amounts.std(ddof=1) / np.sqrt(len(amounts)), DRAWS)
    money = _estimate(float(amounts.mean()), sums, len(amounts), "money", params.level)
    basis = f"mean amount of {len(amounts):,} won deals"
    return UnitValue(one, money, np.ones(DRAWS), sums, basis)


def _deals_after(given: Tables, params: Params, definition: Definition) -> UnitValue:
    """Compare the deals of accounts that came to the end with those of accounts that did not."""
    accounts = _followed(given, params, definition)
    came = accounts["reached"].to_numpy() > 0
    counts = (int(came.sum()), int((~came).sum()))
    basis = (
        f"deals won within {params.value_days} days, {counts[0]:,} accounts that came to "
        f"{definition.last} against {counts[1]:,} that entered and did not"
    )
    if min(counts) < _LEAST_GROUP:
        why = (
            f"Too few accounts have been followed for {params.value_days} days to say what one "
            f"more at the end goes with: repairs are valued in {definition.counted} only."
        )
        nothing = np.full(DRAWS, np.nan)
        return UnitValue(None, None, nothing, nothing, basis, (why,))
    table = accounts[["reached", "deals", "money"]].to_numpy(dtype=float)
    generator = np.random.default_rng([params.seed, _STREAM])
    means = [_means(table[side], generator) for side in (came, ~came)]
    # A gap between accounts, shared out among the units of theirs that came to the end.
    per_unit = [
        (one[..., 1:] - two[..., 1:]) / one[..., :1] for one, two in zip(*means, strict=True)
    ]
    value, drawn = per_unit
    n = min(counts)
    return UnitValue(
        _estimate(float(value[0]), drawn[:, 0], n, "number", params.level),
        _estimate(float(value[1]), drawn[:, 1], n, "money", params.level),
        drawn[:, 0],
        drawn[:, 1],
        basis,
        (
            (
                "Accounts that come to the end differ from others: what they buy more goes with it "
                "and need not come from it."
            ),
        ),
    )


def _followed(given: Tables, params: Params, definition: Definition) -> pd.DataFrame:
    """Return accounts with what they won in the days after the end, or after the window."""
    times = funnels.account_times(definition.funnel)
    begin = times["reached_on"].fillna(
        times["entered_on"] + pd.Timedelta(days=definition.window_days)
    )
    end = begin + pd.Timedelta(days=params.value_days)
    whole = end <= pd.Timestamp(definition.as_of)
    own = times.assign(begin=begin, end=end).loc[whole]
    deals = given["opportunities"]
    won = deals.loc[deals["outcome"] == "won"]
    amount = won["closed_amount"].fillna(won["amount"])
    dated = won.assign(paid=amount)[[ACCOUNT, "closed_on", "paid"]].merge(own, on=ACCOUNT)
    inside = dated.loc[(dated["closed_on"] > dated["begin"]) & (dated["closed_on"] <= dated["end"])]
    sums = inside.groupby(ACCOUNT).agg(deals=("paid", "size"), money=("paid", "sum"))
    return own.merge(sums.reset_index(), on=ACCOUNT, how="left").fillna({"deals": 0, "money": 0})


def _means(rows: Floats, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the means of the columns, and those of drawn accounts: (3,) and (DRAWS, 3)."""
    n = len(rows)
    weights = generator.multinomial(n, np.full(n, 1 / n), size=DRAWS)
    return rows.mean(axis=0), weights @ rows / n


def _estimate(value: float, drawn: Floats, n: int, kind: str, level: float) -> Estimate:
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(value, Interval(float(low), float(high), level), n, kind, _METHOD)
