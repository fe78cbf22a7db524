"""Step 1, first half: what was due, and what became of it."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.metrics.renewals import LOST, OPEN, RENEWED, STATES, by_due_month
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.stats.rates import rate
from opsplaybook.stats.resampling import bootstrap
from opsplaybook.stats.results import Estimate

RESAMPLES_LIMIT = 2_000
"""With more accounts the bootstrap leaves out its correction, which no longer matters."""


@dataclass(frozen=True, slots=True)
class Due:
    """What was due in the period.

    Attributes
    ----------
    decisions : DataFrame
        Decisions due in the period, as from `opsplaybook.metrics.renewals.decisions`.
    months : DataFrame
        As from `opsplaybook.metrics.renewals.by_due_month`, with the logo rate of each month
        (``rate``, ``rate_low``, ``rate_high``).
    logo, money : Estimate
        Renewal rate of decided decisions, by number and by value.
    past_loss : Estimate
        Share lost of all decisions ever decided: what an unknown decision is expected to do.
    first, last : Timestamp
        Days of the period.
    unit : str
    caveats : tuple of str
    """

    decisions: pd.DataFrame
    months: pd.DataFrame
    logo: Estimate
    money: Estimate
    past_loss: Estimate
    first: pd.Timestamp
    last: pd.Timestamp
    unit: str
    caveats: tuple[str, ...]

    @property
    def period(self) -> str:
        """Both ends of the period."""
        return formats.period(self.first, self.last)

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        if not self.logo.n:
            return f"Nothing that was due in {self.period} is decided."
        return (
            f"{formats.estimate(self.logo, unit=self.unit)} of what was due in {self.period} and "
            f"is decided was renewed."
        )

    def count(self, *states: str) -> int:
        """Count decisions of the period in one of several states."""
        return int(self.decisions["state"].isin(states).sum())


def review_due(book: Book, params: Params) -> Due:
    """Count what was due in the period, by month, and estimate both renewal rates.

    Open decisions are in no rate: they are neither kept nor lost.

    Parameters
    ----------
    book : Book
    params : Params

    Returns
    -------
    Due
    """
    first = book.last - pd.DateOffset(months=params.period_months) + pd.Timedelta(days=1)
    made = book.own if book.agreed else book.own.iloc[:0]
    inside = made.loc[made["due_on"].between(first, book.last)]
    decided = inside.loc[inside["state"] != OPEN]
    every = book.decisions.loc[book.decisions["state"] != OPEN]
    return Due(
        decisions=inside,
        months=_with_rates(by_due_month(inside), book.level) if len(inside) else _no_months(),
        logo=rate(int(decided["state"].isin(RENEWED).sum()), len(decided), level=book.level),
        money=money_rate(decided, params),
        past_loss=rate(int((every["state"] == LOST).sum()), len(every), level=book.level),
        first=pd.Timestamp(first),
        last=book.last,
        unit=book.unit,
        caveats=_caveats(book, inside, params),
    )


def money_rate(decided: pd.DataFrame, params: Params) -> Estimate:
    """Estimate the share of the value due that was renewed, each decision capped at its own.

    Parameters
    ----------
    decided : DataFrame
        Decisions that are not open.
    params : Params

    Returns
    -------
    Estimate
        With an interval from drawing accounts; none where nothing was due.
    """
    due = decided["annual_value"].to_numpy(dtype=float)
    kept = decided["kept_value"].to_numpy(dtype=float)
    if not due.sum() > 0:
        return Estimate(float("nan"), None, 0, "share", "no value due")
    return capped_share_of_value(kept, due, decided["account_id"].to_numpy(), params)


def capped_share_of_value(
    part: np.ndarray, whole: np.ndarray, accounts: np.ndarray, params: Params
) -> Estimate:
    """Estimate a ratio of two sums of which no part is more than its whole.

    Where everybody kept all, or nothing, draws of accounts do not vary and give no interval. Then
    it is Wilson's, of the effective number of accounts: as many of equal value as would be as
    certain.

    Parameters
    ----------
    part, whole : ndarray of float, shape (rows,)
        None missing; `whole` adds up to more than 0.
    accounts : ndarray, shape (rows,)
    params : Params

    References
    ----------
    Kish 1965, Survey Sampling, section 11.7 (effective number under weights); Korn and Graubard
    1998, Survey Methodology 24:193-201 (intervals of a rate near 0 or 1 from it).
    """
    found = share_of_value(part, whole, accounts, params)
    if found.interval is not None or found.value not in (0.0, 1.0):
        return found
    values = pd.Series(whole).groupby(accounts).sum()
    effective = round(values.sum() ** 2 / (values**2).sum())
    bound = rate(found.value * effective, effective, level=params.level)
    method = "Wilson score interval, effective number of accounts by value"
    return replace(found, interval=bound.interval, method=method)


def share_of_value(
    part: np.ndarray, whole: np.ndarray, accounts: np.ndarray, params: Params
) -> Estimate:
    """Estimate a ratio of two sums with an interval from drawing accounts; none if all alike."""
    units = len(np.unique(accounts))
    return bootstrap(
        _ratio,
        [part, whole],
        generator=np.random.default_rng(params.seed),
        clusters=accounts,
        kind="share",
        method="bca" if units <= RESAMPLES_LIMIT else "percentile",
        level=params.level,
    )


def _ratio(part: np.ndarray, whole: np.ndarray) -> float:
    total = whole.sum()
    return float(part.sum() / total) if total > 0 else float("nan")


def _with_rates(months: pd.DataFrame, level: float) -> pd.DataFrame:
    renewed = months[list(RENEWED)].sum(axis=1)
    pairs = zip(renewed, months["decided"], strict=True)
    found = [rate(int(hits), int(n), level=level) for hits, n in pairs]
    return months.assign(
        rate=[one.value for one in found],
        rate_low=[one.interval.low if one.interval else np.nan for one in found],
        rate_high=[one.interval.high if one.interval else np.nan for one in found],
    )


def _no_months() -> pd.DataFrame:
    names = ["due", "decided", *STATES, "value_due", "value_decided", "value_kept", "value_lost",
             "value_open", "rate", "rate_low", "rate_high"]  # fmt: skip
    empty = pd.DataFrame(columns=names, dtype="float64")
    return empty.assign(month=pd.Series(dtype="datetime64[us]"))


def _caveats(book: Book, inside: pd.DataFrame, params: Params) -> tuple[str, ...]:
    if not book.agreed:
        return ()
    if inside.empty:
        return (f"Nothing was due in the {params.period_months} months up to the last day.",)
    waiting = int((inside["state"] == OPEN).sum())
    if not waiting:
        return ()
    return (f"{waiting:,} of {len(inside):,} decisions due in the period are not decided yet.",)
