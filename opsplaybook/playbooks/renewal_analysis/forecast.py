"""Step 6: what is due in the horizon, how likely each is lost, and what that adds up to."""

from dataclasses import dataclass
from math import isnan
from typing import Literal

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.metrics.renewals import LOST, OPEN
from opsplaybook.playbooks.renewal_analysis.back_test import REVENUE_LEVEL, BackTest
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.drivers import Drivers, predict
from opsplaybook.playbooks.renewal_analysis.frozen import Frozen
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Estimate
from opsplaybook.stats.revenue import (
    RevenueForecast,
    level_error_of,
    level_of,
    parent_correlation,
    renewed_revenue,
)

Basis = Literal["model", "frozen score", "base rate", "none"]
SMALLEST_SIBLINGS = 30
MONTH_DRAWS = 5_000
_COLUMNS = [
    "decision_id", "account_id", "label", "due_on", "decide_by", "annual_value", "probability",
    "swing", "share_of_variance", "overdue",
]  # fmt: skip

_TYPES = {
    **dict.fromkeys(("due_on", "decide_by"), "datetime64[us]"),
    **dict.fromkeys(("annual_value", "probability", "swing", "share_of_variance"), "float64"),
}
"""Without any decision columns have no type of their own."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is due in the horizon.

    Attributes
    ----------
    frame : DataFrame
        One row per open decision due in the horizon, and per one that is over and not decided:
        ``decision_id``, ``account_id``, ``label``, ``due_on``, ``decide_by``, ``annual_value``,
        ``probability`` (of a loss), ``swing`` (by how much its outcome moves the expected total),
        ``share_of_variance`` and ``overdue``; the largest swing first. Where nothing can be
        forecast these three are missing, and the largest value comes first.
    revenue : RevenueForecast or None
        Of the value kept; None where nothing is due, or fewer than five decisions are decided.
    months : DataFrame
        ``month``, ``decisions``, ``due``, ``low``, ``median``, ``high``; the last row is the total.
    basis : {"model", "frozen score", "base rate", "none"}
        Where probabilities come from; a frozen score is one that an earlier run over all accounts
        wrote down.
    base : Estimate
        Share lost of all decisions ever decided.
    correlation : Estimate or None
        Between accounts of one parent.
    last : Timestamp
        Last day of the horizon; the next landmark where contracts have no due date.
    agreed : bool
        Whether contracts have due dates.
    coverage : Estimate
        Of the same intervals in the back-test.
    """

    frame: pd.DataFrame
    revenue: RevenueForecast | None
    months: pd.DataFrame
    basis: Basis
    base: Estimate
    correlation: Estimate | None
    last: pd.Timestamp
    agreed: bool
    coverage: Estimate

    @property
    def due(self) -> float:
        """Annual value due in the horizon."""
        return float(self.frame["annual_value"].sum())

    def sentence(self, currency: str) -> str:
        """Say what is expected, in words."""
        if self.frame.empty:
            return f"Nothing is due up to {formats.day(self.last)}."
        head = "is due" if self.agreed else "runs without a due date"
        due = (
            f"{formats.money(self.due, currency)} {head} up to {formats.day(self.last)} in "
            f"{_counted(len(self.frame))}"
        )
        if self.revenue is None:
            return f"{due}; how much of it stays: {formats.estimate(self.base, unit='decided')}."
        median, low, high = (
            formats.money(amount, currency)
            for amount in (self.revenue.median, self.revenue.low, self.revenue.high)
        )
        return f"{due}; {median} is expected to stay (P10 to P90: {low} to {high})."


def forecast_renewals(
    given: Tables,
    params: Params,
    book: Book,
    drivers: Drivers,
    test: BackTest,
    frozen: Frozen,
) -> Forecast:
    """Give each open decision a probability, and add them up to a distribution of value kept.

    Probabilities come from the model only where the back-test says that it separates; else each
    decision gets the base rate, with half a loss more of one decision more: none lost so far does
    not make the next renewal certain. A report on one account makes no model: it takes the newest
    score that an earlier run over all accounts wrote down, or the base rate. What a renewal brings
    above the old value is left out.

    Parameters
    ----------
    given : Tables
    params : Params
    book : Book
    drivers, test, frozen
        As from the steps before.

    Returns
    -------
    Forecast
    """
    days = params.horizon_days if book.agreed else params.landmark_days
    last = book.last + pd.Timedelta(days=days)
    every = book.decisions.reset_index(drop=True)
    decided = every.loc[every["state"] != OPEN]
    base = rate(int((decided["state"] == LOST).sum()), len(decided), level=params.level)
    wanted = (every["state"] == OPEN) & (every["due_on"] <= last)
    if params.account_id:
        wanted &= every["account_id"] == params.account_id
    own, features = every.loc[wanted], drivers.features.loc[wanted.to_numpy()]
    written = frozen.newest().reindex(own["decision_id"])
    basis = _basis(drivers, test, base, written)
    if own.empty or basis == "none":
        unknown = np.full(len(own), np.nan)
        return Forecast(
            _frame(own, unknown, unknown, unknown, book), None, _no_months(), basis, base, None,
            last, book.agreed, test.coverage,
        )  # fmt: skip
    level = level_of(int(base.numerator or 0), base.n)
    probability = np.full(len(own), level)
    if basis == "model":
        probability = predict(drivers.model, drivers.design, features, level)
    if basis == "frozen score":
        probability = written["probability"].fillna(level).to_numpy()
    correlation = _correlation(given, test)
    draw = _Draw(given, decided, base, correlation, params)
    revenue = draw.revenue(own, probability, draws=params.draws)
    frame = _frame(own, probability, revenue.swings, revenue.variance_shares, book)
    months = _months(own, probability, draw, revenue)
    return Forecast(
        frame, revenue, months, basis, base, correlation, last, book.agreed, test.coverage
    )


@dataclass(frozen=True, slots=True)
class _Draw:
    """What all draws of the forecast share."""

    given: Tables
    decided: pd.DataFrame
    base: Estimate
    correlation: Estimate | None
    params: Params

    def revenue(self, own: pd.DataFrame, probability: np.ndarray, *, draws: int) -> RevenueForecast:
        stayed = self.decided.loc[
            (self.decided["state"] != LOST) & (self.decided["annual_value"] > 0)
        ]
        shares = (stayed["kept_value"] / stayed["annual_value"]).to_numpy(dtype=float)
        together = self.correlation.value if self.correlation is not None else 0.0
        return renewed_revenue(
            own["annual_value"].to_numpy(dtype=float),
            probability,
            generator=np.random.default_rng(self.params.seed),
            parents=_parents(self.given, own["account_id"]),
            correlation=0.0 if isnan(together) else together,
            level_error=level_error_of(int(self.base.numerator or 0), self.base.n),
            renewed_shares=shares if len(shares) else None,
            draws=draws,
            level=REVENUE_LEVEL,
        )


def _counted(decisions: int) -> str:
    return f"{decisions:,} decision{'' if decisions == 1 else 's'}"


def _basis(drivers: Drivers, test: BackTest, base: Estimate, written: pd.DataFrame) -> Basis:
    if not base.enough:
        return "none"
    if drivers.standing == "not looked at" and (written["basis"] == "model").any():
        return "frozen score"
    return "model" if drivers.model is not None and test.standing == "separates" else "base rate"


def _parents(given: Tables, accounts: pd.Series) -> np.ndarray:
    parent = given["accounts"].set_index("account_id")["parent_id"].reindex(accounts)
    return parent.fillna(pd.Series(accounts.to_numpy(), index=parent.index)).to_numpy()


def _correlation(given: Tables, test: BackTest) -> Estimate | None:
    """Estimate how much accounts of one parent go together, from the decisions of the back-test."""
    if len(test.scored) < SMALLEST_SIBLINGS or not given.has("accounts", "parent_id"):
        return None
    return parent_correlation(
        test.scored["lost"].to_numpy(),
        test.scored["probability"].to_numpy(),
        _parents(given, test.scored["account_id"]),
    )


def _frame(
    own: pd.DataFrame, probability: np.ndarray, swings: np.ndarray, shares: np.ndarray, book: Book
) -> pd.DataFrame:
    frame = own[["decision_id", "account_id", "due_on", "decide_by", "annual_value", "overdue"]]
    frame = frame.assign(
        label=book.names_of(own),
        probability=probability,
        swing=swings,
        share_of_variance=shares,
    )
    order = ["swing", "annual_value", "decision_id"]
    frame = frame.sort_values(order, ascending=[False, False, True])
    return frame[_COLUMNS].astype(_TYPES).reset_index(drop=True)


def _months(
    own: pd.DataFrame, probability: np.ndarray, draw: _Draw, total: RevenueForecast
) -> pd.DataFrame:
    """Draw each month alone, with fewer draws; the last row is the total."""
    draws = min(draw.params.draws, MONTH_DRAWS)
    month = own["due_on"].dt.strftime("%Y-%m").to_numpy()
    rows = []
    for name in sorted(set(month)):
        inside = month == name
        found = draw.revenue(own.loc[inside], probability[inside], draws=draws)
        rows.append((name, int(inside.sum()), found.due, found.low, found.median, found.high))
    rows.append(("all", len(own), total.due, total.low, total.median, total.high))
    return pd.DataFrame(rows, columns=_MONTH_COLUMNS)


_MONTH_COLUMNS = ["month", "decisions", "due", "low", "median", "high"]


def _no_months() -> pd.DataFrame:
    return pd.DataFrame(columns=_MONTH_COLUMNS)
