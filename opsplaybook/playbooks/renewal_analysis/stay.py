"""Step 2: how long customers stay, why they leave, and how long those who are there will stay."""

from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.metrics.periods import years_between
from opsplaybook.metrics.renewals import LOST, NO_REASON, OPEN, tenures
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.incidence import IncidenceCurve, cumulative_incidence
from opsplaybook.stats.life_tables import LifeTable, life_table_of
from opsplaybook.stats.lifetimes import ShiftedBetaGeometric, fit_shifted_beta_geometric
from opsplaybook.stats.multiplicity import holm
from opsplaybook.stats.results import Estimate
from opsplaybook.stats.survival import SurvivalCurve, kaplan_meier, log_rank

GROUPINGS = ("tier", "segment", "cohort")
LARGEST_GROUPS = 4
SMALLEST_GROUP = 10
YEARS_SHOWN = (1.0, 2.0, 3.0)
SMALLEST_AT_RISK = 10
"""Years with fewer customers at risk say nothing of a hazard, and enter no cohort model."""
MOST_A_YEAR = 1.25
"""Decisions per account and year up to which customers are taken to decide once a year."""
_LOSSES_FOR_COHORTS = 10

REFUSED = (
    "Models of repeat buying (BG/NBD, Pareto/NBD) are not fitted: they infer from silence that a "
    "customer has gone, and a contract says so by its end."
)


@dataclass(frozen=True, slots=True)
class Stay:
    """How long customers stay.

    Attributes
    ----------
    frame : DataFrame
        One row per stretch as a customer: ``account_id``, ``began``, ``years``, ``lost``,
        ``entry`` (years that had passed when the records begin), ``cause`` (empty for those still
        there), ``tier``, ``segment``, ``cohort`` and other groupings.
    curve : SurvivalCurve
        Of everybody.
    groups : dict of str to SurvivalCurve
        Of the largest groups of `grouping`.
    grouping : str
        What curves are drawn by; empty where nothing is known to group by.
    compared : DataFrame
        ``grouping``, ``group``, ``n``, ``lost``, and for each of 1, 2 and 3 years ``year_1``,
        ``year_1_low``, ``year_1_high``; ``p_value`` (log-rank against all others, corrected) and
        ``beyond_chance``.
    causes : tuple of IncidenceCurve
        Share lost by kind of reason, over the years.
    yearly : bool
        Whether customers decide about once a year.
    hazards : LifeTable
        Losses per decision, by year as a customer: at the nearest anniversary where customers
        decide once a year, else in the year in which they decided.
    still_there : tuple of Estimate
        Share still there after each of these years, from `curve`. The product of the hazards is
        that share only where every customer decides exactly once in every year.
    cohorts : ShiftedBetaGeometric or None
        Customers who differ in how prone they are to leave; None with too few losses, or where
        customers do not decide once a year.
    remaining : DataFrame
        ``age`` (years), ``accounts`` (live ones of that age), ``next_year`` with ``low`` and
        ``high``: share of those so old that stays another year.
    refused : str
        Why no model of repeat buying is fitted.
    caveats : tuple of str
    """

    frame: pd.DataFrame
    curve: SurvivalCurve
    groups: dict[str, SurvivalCurve]
    grouping: str
    compared: pd.DataFrame
    causes: tuple[IncidenceCurve, ...]
    yearly: bool
    hazards: LifeTable
    still_there: tuple[Estimate, ...]
    cohorts: ShiftedBetaGeometric | None
    remaining: pd.DataFrame
    refused: str
    caveats: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        second = self.curve.at(2.0)
        if not second.enough or second.interval is None:
            return "Too few customers are seen for two years to say how many stay."
        text = formats.estimate(second, unit="customers")
        return f"After two years {text} are still there."


def measure_stay(given: Tables, params: Params, book: Book) -> Stay:
    """Estimate how long customers stay, by group and by reason of leaving.

    Whoever is still there counts as not lost yet, not as kept. Customers who were there before the
    records begin enter with the age they had then: those who had left earlier were never seen.

    Parameters
    ----------
    given : Tables
    params : Params
    book : Book

    Returns
    -------
    Stay
    """
    frame = _stretches(given, params, book)
    curve = _curve(frame, params.level)
    known = [name for name in dict.fromkeys((params.group_by, *GROUPINGS)) if name in frame]
    known = [name for name in known if frame[name].notna().any()]
    grouping = params.group_by if params.group_by in known else ""
    made = _placed(frame, book)
    yearly = _decided_yearly(made)
    hazards = _hazards(made, yearly, params.level)
    return Stay(
        frame=frame,
        curve=curve,
        groups=_groups(frame, grouping, params.level),
        grouping=grouping,
        compared=_compared(frame, known, params.level),
        causes=cumulative_incidence(
            frame["years"], frame["cause"], entry=frame["entry"], level=params.level
        ),
        yearly=yearly,
        hazards=hazards,
        still_there=tuple(_after(curve, int(year), yearly) for year in hazards.periods),
        cohorts=_cohorts(hazards) if yearly else None,
        remaining=_remaining(frame, curve),
        refused=REFUSED,
        caveats=_caveats(given, params, frame, grouping),
    )


def _stretches(given: Tables, params: Params, book: Book) -> pd.DataFrame:
    found = tenures(book.contracts, given.as_of, gap_days=params.grace_days)
    accounts = given["accounts"].set_index("account_id")
    since = accounts["customer_since"].reindex(found["account_id"]).to_numpy()
    first = found["stretch"] == 0
    began = found["began_on"].where(~first, np.fmin(found["began_on"], pd.Series(since)))
    left = found["left_on"].fillna(book.last)
    seen_from = _seen_from(book)
    years = years_between(began, left + pd.Timedelta(days=1))
    entry = years_between(began, pd.Series(seen_from, index=began.index)).clip(lower=0)
    lost = found["left_on"].notna()
    cause = found["loss_kind"].fillna(NO_REASON).where(lost, "")
    frame = pd.DataFrame(
        {
            "account_id": found["account_id"],
            "began": began.astype("datetime64[us]"),
            "years": years,
            "lost": lost,
            "entry": entry,
            "cause": cause,
            "cohort": began.dt.year.astype("str"),
        }
    )
    for name in ("tier", "segment", "industry", "region"):
        frame[name] = accounts[name].reindex(found["account_id"]).to_numpy()
    product = book.contracts.groupby("account_id")["product"].first()
    frame["product"] = product.reindex(found["account_id"]).to_numpy()
    return frame.loc[(frame["years"] > frame["entry"]) & (frame["years"] > 0)].reset_index(
        drop=True
    )


def _seen_from(book: Book) -> pd.Timestamp:
    """Return the first day on which a loss could have been recorded."""
    first = book.contracts["end_on"].min() if book.agreed else book.contracts["start_on"].min()
    return first - pd.Timedelta(days=1)


def _curve(frame: pd.DataFrame, level: float) -> SurvivalCurve:
    return kaplan_meier(frame["years"], frame["lost"], entry=frame["entry"], level=level)


def _groups(frame: pd.DataFrame, grouping: str, level: float) -> dict[str, SurvivalCurve]:
    if not grouping:
        return {"all": _curve(frame, level)}
    largest = frame[grouping].value_counts().head(LARGEST_GROUPS).index
    return {name: _curve(frame.loc[frame[grouping] == name], level) for name in sorted(largest)}


def _compared(frame: pd.DataFrame, groupings: list[str], level: float) -> pd.DataFrame:
    rows = []
    for grouping in groupings:
        counts = frame[grouping].value_counts()
        for name in sorted(counts.index[counts >= SMALLEST_GROUP]):
            inside = (frame[grouping] == name).to_numpy()
            rows.append(_against_others(frame, inside, grouping, str(name), level))
    table = pd.DataFrame(rows, columns=_COMPARED_COLUMNS)
    adjusted = holm(table["p_value"].to_numpy(dtype=float)) if len(table) else np.empty(0)
    return table.assign(beyond_chance=np.nan_to_num(adjusted, nan=1.0) <= 1 - level)


_COMPARED_COLUMNS = ["grouping", "group", "n", "lost"] + [
    f"year_{year:.0f}{end}" for year in YEARS_SHOWN for end in ("", "_low", "_high")
] + ["p_value"]  # fmt: skip


def _against_others(
    frame: pd.DataFrame, inside: np.ndarray, grouping: str, name: str, level: float
) -> tuple[object, ...]:
    own, others = frame.loc[inside], frame.loc[~inside]
    curve = _curve(own, level)
    parts = [part for year in YEARS_SHOWN for part in _at(curve, year)]
    together = _at_risk_together(curve, _curve(others, level), frame)
    p_value = log_rank(_sample(own), _sample(others)).p_value if together else nan
    return (grouping, name, len(own), int(own["lost"].sum()), *parts, p_value)


def _at_risk_together(one: SurvivalCurve, two: SurvivalCurve, frame: pd.DataFrame) -> bool:
    """Tell whether both were at risk at any loss: with late entry they may never meet."""
    times = frame.loc[frame["lost"], "years"].to_numpy()
    if not one.n or not two.n or not len(times):
        return False
    return bool(((one.at_risk_at(times) > 0) & (two.at_risk_at(times) > 0)).any())


def _sample(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    return frame["years"], frame["lost"], frame["entry"]


def _at(curve: SurvivalCurve, year: float) -> tuple[float, float, float]:
    found = curve.at(year)
    ends = found.interval
    return (found.value, ends.low, ends.high) if ends else (nan, nan, nan)


def _placed(frame: pd.DataFrame, book: Book) -> pd.DataFrame:
    """Say of each decided decision how many years after the beginning of its stretch it was due."""
    made = book.decisions.loc[book.decisions["state"] != OPEN]
    placed = pd.merge_asof(
        made[["account_id", "due_on", "state"]].sort_values("due_on"),
        frame[["account_id", "began"]].sort_values("began"),
        left_on="due_on",
        right_on="began",
        by="account_id",
    ).dropna(subset="began")
    over = placed["due_on"] + pd.Timedelta(days=1)
    return placed.assign(years=years_between(placed["began"], over))


def _decided_yearly(made: pd.DataFrame) -> bool:
    """Tell whether accounts decide about once in a year: monthly terms are decided twelve times."""
    years = made.assign(year=np.ceil(made["years"]))[["account_id", "began", "year"]]
    return len(made) <= MOST_A_YEAR * len(years.drop_duplicates())


def _half(yearly: bool) -> float:  # noqa: FBT001
    """Return how far after an anniversary a decision still counts to the year before it."""
    return 0.5 if yearly else 0.0


def _after(curve: SurvivalCurve, year: int, yearly: bool) -> Estimate:  # noqa: FBT001
    """Read off the share still there when all decisions that count to a year are made."""
    return curve.at(max(float(year), min(year + _half(yearly), curve.last)))


def _hazards(made: pd.DataFrame, yearly: bool, level: float) -> LifeTable:  # noqa: FBT001
    """Count decisions and losses by year as a customer; early years without enough are left out."""
    year = np.ceil(made["years"] - _half(yearly)).clip(lower=1).astype("int64").to_numpy()
    lost = (made["state"] == LOST).to_numpy()
    at_risk = np.bincount(year)[1:] if len(year) else np.empty(0, dtype=int)
    events = np.bincount(year, weights=lost)[1:] if len(year) else np.empty(0)
    few = np.flatnonzero(at_risk < SMALLEST_AT_RISK)
    end = int(few[0]) if few.size else len(at_risk)
    return life_table_of(at_risk[:end], events[:end].astype(int), level=level)


def _cohorts(hazards: LifeTable) -> ShiftedBetaGeometric | None:
    """Fit the cohort model where there are enough terms and losses, else leave it out."""
    lost = hazards.events.sum()
    # Where everybody left, any cohort model would fit.
    if len(hazards.periods) < 3 or lost < _LOSSES_FOR_COHORTS or lost == hazards.at_risk.sum():
        return None
    return fit_shifted_beta_geometric(hazards.at_risk, hazards.events)


def _remaining(frame: pd.DataFrame, curve: SurvivalCurve) -> pd.DataFrame:
    live = frame.loc[~frame["lost"], "years"]
    oldest = int(np.floor(curve.last)) if curve.n else 0
    rows = []
    for age in range(min(oldest, 10)):
        inside = int(((live >= age) & (live < age + 1)).sum())
        found = curve.remaining(float(age), 1.0)
        ends = found.interval
        low, high = (ends.low, ends.high) if ends else (nan, nan)
        rows.append((age, inside, found.n, found.value, low, high))
    columns = ["age", "accounts", "n", "next_year", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _caveats(given: Tables, params: Params, frame: pd.DataFrame, grouping: str) -> tuple[str, ...]:
    found = []
    late = int((frame["entry"] > 0).sum())
    if late:
        found.append(
            f"{late:,} of {len(frame):,} customers were there before losses were recorded: they "
            "enter the curves with the age they had then."
        )
    if params.group_by and not grouping:
        found.append(f"The source has no {params.group_by}: curves are drawn for all together.")
    if given.has("accounts", "tier"):
        found.append(
            "Tiers are those of the export, made in knowledge of what came after: a curve by tier "
            "describes, and foretells nothing."
        )
    return tuple(found)
