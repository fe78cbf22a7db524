"""Step 4: what goes with losing a customer, from features frozen on the decision date."""

from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.metrics.decisions import CATEGORIES, FLAGS, NUMBERS
from opsplaybook.metrics.renewals import LOST, OPEN
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.stats.cox import CoxModel, cox
from opsplaybook.stats.hazards import decision_hazards
from opsplaybook.stats.leakage import Leak, leakage_screen
from opsplaybook.stats.multiplicity import holm
from opsplaybook.stats.penalised import BinaryModel
from opsplaybook.stats.rates import rate_ratio

Standing = Literal["found", "none", "not enough data", "not looked at"]

IN_ORDER = (
    "lost_decision_maker", "falling_use", "seat_use", "tickets", "covered_roles", "renews_itself",
    "multi_year", "tenure_years", "annual_value", "use", "breadth", "trained", "seats",
    "billed_yearly", "health_score",
)  # fmt: skip
"""Order in which features enter a model; as many as there are losses for. Fixed beforehand."""

LOGARITHMS = frozenset({"annual_value", "use", "seats"})
LOSSES_PER_FEATURE = 10
MOST_FEATURES = 8
KNOWN_SHARE = 0.5
LEVELS_SHOWN = 6
SMALLEST_LEVEL = 20
"""Fewer decisions that differ from the others say nothing of a feature."""
CHECKED_ROWS = 5_000
SMALLEST_LOSSES = 5
FIRST_DAY = 1 / 365.25
"""Years: the check begins on the second day of a customer."""


@dataclass(frozen=True, slots=True)
class Design:
    """Features as a model takes them.

    Attributes
    ----------
    names : tuple of str
        Features, in order.
    centres, scales : ndarray of float, shape (features,)
        What is taken off, and what one unit is: flags keep 0 and 1, numbers are counted in
        standard deviations of the decisions that the model was made from.
    lows, highs : ndarray of float, shape (features,)
        Smallest and largest value among those decisions, before scaling.
    """

    names: tuple[str, ...]
    centres: np.ndarray
    scales: np.ndarray
    lows: np.ndarray
    highs: np.ndarray

    def matrix(self, features: pd.DataFrame) -> np.ndarray:
        """Return features in units of the model; missing ones stay missing.

        Values beyond those that the model was made from count as the nearest of them: in a young
        company years as a customer may differ by a day, and a year later lie hundreds of units off.
        """
        known = np.clip(raw_matrix(features, self.names), self.lows, self.highs)
        return (known - self.centres) / self.scales


@dataclass(frozen=True, slots=True)
class Drivers:
    """What goes with losing a customer.

    Attributes
    ----------
    standing : {"found", "none", "not enough data", "not looked at"}
        Whether anything goes with a loss beyond chance.
    features : DataFrame
        As from `opsplaybook.metrics.decisions.decision_features`, every decision.
    candidates : tuple of str
        Features that are known often enough, and do not leak.
    univariate : DataFrame
        ``feature``, ``with_it`` (who is compared), ``lost``, ``n``, ``rate`` with ends, ``others``
        (rate), ``ratio`` with ends, ``smaller`` (decisions in the smaller group), ``p_value`` and
        ``beyond_chance`` (Holm).
    leaks : tuple of Leak
        Features that tell the outcome too well to be known before it: dropped.
    model : BinaryModel or None
        None with too few losses.
    design : Design or None
    checks : CoxModel or None
        The same features on the scale of years as a customer, for the check of proportional
        hazards.
    losses, n : int
        Decided decisions.
    level : float
    """

    standing: Standing
    features: pd.DataFrame
    candidates: tuple[str, ...]
    univariate: pd.DataFrame
    leaks: tuple[Leak, ...]
    model: BinaryModel | None
    design: Design | None
    checks: CoxModel | None
    losses: int
    n: int
    level: float

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        base = f"{self.losses:,} losses in {self.n:,} decisions"
        if self.standing == "not looked at":
            return "What goes with a loss is looked at over all accounts: run without account_id."
        if self.standing == "not enough data":
            return f"Too few losses to say what goes with them ({base})."
        if self.standing == "none":
            return f"Nothing that was looked at goes with a loss beyond chance ({base})."
        return f"Beyond chance go with a loss: {self.named} ({base}); these are associations."

    @property
    def named(self) -> str:
        """The features that go with a loss beyond chance, in words."""
        rows = self.univariate.loc[self.univariate["beyond_chance"].astype(bool)]
        texts = [
            f"{row.feature}{f' ({row.with_it})' if row.with_it != 'yes' else ''}, "
            f"{formats.ratio(row.ratio)}"
            for row in rows.head(3).itertuples()
        ]
        return "; ".join(texts)


def find_drivers(params: Params, book: Book, features: pd.DataFrame) -> Drivers:
    """Compare decisions that were lost with those that were not, by what was known before.

    One feature at a time always; together only as many as there are ten losses each for.

    Parameters
    ----------
    params : Params
    book : Book
    features : DataFrame
        As from `opsplaybook.metrics.decisions.decision_features`.

    Returns
    -------
    Drivers
    """
    made = book.decisions.reset_index(drop=True)
    decided = (made["state"] != OPEN).to_numpy()
    lost = (made["state"] == LOST).to_numpy()[decided]
    known = features.loc[decided]
    enough = min(lost.sum(), (~lost).sum()) >= SMALLEST_LOSSES
    if params.account_id or not enough:
        standing = "not looked at" if params.account_id else "not enough data"
        return _nothing(standing, features, lost, params.level)
    usable = [name for name in IN_ORDER if name in known and _usable(known, name)]
    leaks = leakage_screen(lost, _screened(known, usable))
    candidates = tuple(name for name in usable if name not in {leak.name for leak in leaks})
    univariate = _univariate(known, lost, candidates, {leak.name for leak in leaks}, params.level)
    design, model = fit(known, lost, candidates, params.level)
    return Drivers(
        standing="found" if univariate["beyond_chance"].any() else "none",
        features=features,
        candidates=candidates,
        univariate=univariate,
        leaks=leaks,
        model=model,
        design=design,
        checks=_checks(made.loc[decided], known, lost, design, params),
        losses=int(lost.sum()),
        n=len(lost),
        level=params.level,
    )


def fit(
    features: pd.DataFrame, lost: np.ndarray, candidates: tuple[str, ...], level: float | None
) -> tuple[Design | None, BinaryModel | None]:
    """Fit the hazard model with as many features as there are ten losses each for.

    Decisions with a feature that is not known take no part.

    Parameters
    ----------
    features : DataFrame
        Decided decisions.
    lost : ndarray of bool, shape (decisions,)
    candidates : tuple of str
        Features, the first ones first.
    level : float or None
        Of the intervals; None leaves them out, which is quicker.

    Returns
    -------
    design, model
        None and None with fewer than ten losses (or ten that stayed).
    """
    rarer = int(min(lost.sum(), (~lost).sum()))
    names = candidates[: min(rarer // LOSSES_PER_FEATURE, MOST_FEATURES)]
    while names:
        raw = raw_matrix(features, names)
        complete = ~np.isnan(raw).any(axis=1)
        rarer = int(min(lost[complete].sum(), (~lost[complete]).sum()))
        if rarer >= LOSSES_PER_FEATURE * len(names):
            design = _design(raw[complete], names)
            matrix = design.matrix(features.loc[complete])
            labels = [label(name) for name in names]
            return design, decision_hazards(lost[complete], matrix, names=labels, level=level)
        names = names[:-1]
    return None, None


def beyond_chance(model: BinaryModel, level: float) -> frozenset[str]:
    """Return the features whose ratio is beyond chance after correction for their number."""
    adjusted = holm([found.ratio.p_value for found in model.ratios])
    pairs = zip(model.ratios, adjusted, strict=True)
    return frozenset(found.name for found, p_value in pairs if p_value <= 1 - level)


def predict(model: BinaryModel, design: Design, features: pd.DataFrame, base: float) -> np.ndarray:
    """Give each decision its probability of a loss; the base rate where a feature is not known.

    No probability of the model is surer than half a loss in one decision more than it was made
    from: decisions that were all lost do not make the next loss certain.
    """
    matrix = design.matrix(features)
    complete = ~np.isnan(matrix).any(axis=1)
    found = np.full(len(features), base)
    if complete.any():
        edge = 0.5 / (model.n + 1)
        found[complete] = np.clip(model.predict(matrix[complete]), edge, 1 - edge)
    return found


def raw_matrix(features: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """Return features as numbers, skewed ones as logarithms of 1 + x."""
    columns = [
        np.log1p(features[name].to_numpy(dtype=float))
        if name in LOGARITHMS
        else features[name].to_numpy(dtype=float)
        for name in names
    ]
    return np.column_stack(columns) if columns else np.empty((len(features), 0))


def label(name: str) -> str:
    """Name a feature and its unit in words."""
    if name in FLAGS:
        return FLAGS[name]
    size = f"logarithm of {NUMBERS[name]}" if name in LOGARITHMS else NUMBERS[name]
    return f"{size}, per standard deviation"


def _design(raw: np.ndarray, names: tuple[str, ...]) -> Design:
    is_flag = np.array([name in FLAGS for name in names])
    spread = raw.std(axis=0)
    centres = np.where(is_flag, 0.0, raw.mean(axis=0))
    scales = np.where(is_flag | (spread == 0), 1.0, spread)
    return Design(names, centres, scales, raw.min(axis=0), raw.max(axis=0))


def _nothing(standing: Standing, features: pd.DataFrame, lost: np.ndarray, level: float) -> Drivers:
    return Drivers(
        standing, features, (), pd.DataFrame(columns=_UNIVARIATE_COLUMNS), (), None, None, None,
        int(lost.sum()), len(lost), level,
    )  # fmt: skip


def _usable(known: pd.DataFrame, name: str) -> bool:
    """Tell whether a feature is known often enough, and differs between enough decisions."""
    there = known[name].dropna()
    if len(there) < KNOWN_SHARE * len(known):
        return False
    most = there.value_counts().iloc[0] if len(there) else 0
    return len(there) - most >= SMALLEST_LEVEL


def _screened(known: pd.DataFrame, usable: list[str]) -> dict[str, np.ndarray]:
    words = [name for name in CATEGORIES if name in known and known[name].notna().any()]
    return {name: known[name].to_numpy() for name in (*usable, *words)}


_UNIVARIATE_COLUMNS = [
    "feature", "with_it", "lost", "n", "rate", "low", "high", "others", "ratio", "ratio_low",
    "ratio_high", "smaller", "p_value", "beyond_chance",
]  # fmt: skip


def _univariate(
    known: pd.DataFrame,
    lost: np.ndarray,
    candidates: tuple[str, ...],
    leaks: set[str],
    level: float,
) -> pd.DataFrame:
    rows = [
        _compare(*_split(known, name), lost, level) for name in candidates if name in known.columns
    ]
    for name, words in CATEGORIES.items():
        if name in known and name not in leaks:
            rows += _by_level(known[name], words, lost, level)
    frame = pd.DataFrame([row for row in rows if row], columns=_UNIVARIATE_COLUMNS[:-1])
    adjusted = holm(frame["p_value"].to_numpy(dtype=float)) if len(frame) else np.empty(0)
    frame["beyond_chance"] = np.nan_to_num(adjusted, nan=1.0) <= 1 - level
    return frame.sort_values("p_value", kind="stable", ignore_index=True)


def _split(known: pd.DataFrame, name: str) -> tuple[str, str, np.ndarray, np.ndarray]:
    """Part decisions by a feature: those that have it, or lie above the middle, and the others."""
    values = known[name].to_numpy(dtype=float)
    there = ~np.isnan(values)
    if name in FLAGS:
        return FLAGS[name], "yes", values == 1, there
    middle = float(np.median(values[there]))
    words = f"above {formats.number(middle)}"
    return NUMBERS[name], words, values > middle, there


def _by_level(column: pd.Series, words: str, lost: np.ndarray, level: float) -> list:
    counts = column.value_counts()
    shown = sorted(counts.index[counts >= SMALLEST_LEVEL][:LEVELS_SHOWN])
    there = column.notna().to_numpy()
    if len(counts) < 2:
        return []
    return [
        _compare(
            words, str(name), (column == name).fillna(value=False).to_numpy(), there, lost, level
        )
        for name in shown
    ]


def _compare(
    words: str, with_it: str, has: np.ndarray, there: np.ndarray, lost: np.ndarray, level: float
) -> tuple[object, ...] | None:
    """Compare the rate of loss of those who have something with that of all others."""
    has, others = has & there, ~has & there
    if not has.any() or not others.any():
        return None
    first = (int(lost[has].sum()), int(has.sum()))
    second = (int(lost[others].sum()), int(others.sum()))
    found = rate_ratio(first, second, level=level)
    own, ends = found.first.interval, found.interval
    return (
        words, with_it, *first, found.first.value, own.low, own.high, found.second.value,
        found.value, *((ends.low, ends.high) if ends else (nan, nan)), found.n, found.p_value,
    )  # fmt: skip


def _checks(
    made: pd.DataFrame, known: pd.DataFrame, lost: np.ndarray, design: Design | None, params: Params
) -> CoxModel | None:
    """Fit the same features over years as a customer, each term a stretch of its own."""
    if design is None or "tenure_years" not in known:
        return None
    names = tuple(name for name in design.names if name != "tenure_years")
    raw = raw_matrix(known, names)
    end = known["tenure_years"].to_numpy(dtype=float)
    term = ((made["decide_by"] - made["start_on"]).dt.days / 365.25).to_numpy()
    usable = ~np.isnan(raw).any(axis=1) & (term > 0) & (end > 2 * FIRST_DAY)
    rows = np.flatnonzero(usable)
    if len(rows) > CHECKED_ROWS:
        rows = np.sort(np.random.default_rng(params.seed).choice(rows, CHECKED_ROWS, replace=False))
    if not names or lost[rows].sum() < LOSSES_PER_FEATURE * len(names):
        return None
    scaled = _design(raw[rows], names)
    matrix = (raw[rows] - scaled.centres) / scaled.scales
    entry = np.clip(end[rows] - term[rows], FIRST_DAY, None)
    labels = [label(name) for name in names]
    return cox(end[rows], lost[rows], matrix, names=labels, entry=entry, level=params.level)
