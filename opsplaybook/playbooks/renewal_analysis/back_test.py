"""Step 5: forecasts as they would have been made, against what came after."""

from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.metrics.decisions import decided_by
from opsplaybook.metrics.renewals import LOST, OPEN
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.drivers import Drivers, fit, predict
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.stats.calibration import BrierSkill, Calibration, brier_skill, calibrate
from opsplaybook.stats.discrimination import Discrimination, discrimination
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Estimate
from opsplaybook.stats.revenue import interval_coverage, level_error_of, renewed_revenue

Standing = Literal["separates", "does not separate", "not enough data", "not tested"]

SMALLEST_SCORED = 30
SMALLEST_LOSSES = 10
REVENUE_LEVEL = 0.8
_REVENUE_DRAWS = 4_000
_SCORED_COLUMNS = [
    "decision_id", "account_id", "origin", "probability", "base", "lost", "place", "signals",
    "health_score",
]  # fmt: skip
_ORIGIN_COLUMNS = [
    "origin", "trained", "trained_losses", "scored", "expected", "lost", "low", "median", "high",
    "kept", "due",
]  # fmt: skip
_NONE = Estimate(nan, None, 0, "share")


@dataclass(frozen=True, slots=True)
class BackTest:
    """What forecasts would have been worth.

    Attributes
    ----------
    standing : {"separates", "does not separate", "not enough data", "not tested"}
    scored : DataFrame
        One row per decision that a forecast was made for: ``decision_id``, ``account_id``,
        ``origin`` (day of the forecast), ``probability`` (of a loss), ``base`` (rate of losses
        known then), ``lost``, ``place`` (1 is the highest of its origin), ``signals`` (flags that
        were up) and ``health_score`` (as maintained; missing unless made before the decision).
    origins : DataFrame
        ``origin``, ``trained`` and ``trained_losses`` (decisions known then), ``scored``,
        ``expected`` and ``lost`` (losses), ``low``, ``median``, ``high`` (forecast of kept value),
        ``kept`` and ``due`` (value).
    separation : Separation or None
        Of the model.
    calibration : Calibration or None
    skill : BrierSkill or None
        Against the base rate that was known.
    precision, caught : Estimate
        Of the accounts ranked highest at each origin: share lost; share of all losses among them.
    base : Estimate
        Share lost of all that were scored.
    others : tuple of (str, Separation or None, int)
        Other scores with how many decisions they are known for.
    coverage : Estimate
        Share of origins whose kept value lay in the 80% interval of its forecast.
    top : int
    caveats : tuple of str
    """

    standing: Standing
    scored: pd.DataFrame
    origins: pd.DataFrame
    separation: Discrimination | None
    calibration: Calibration | None
    skill: BrierSkill | None
    precision: Estimate
    caught: Estimate
    base: Estimate
    others: tuple[tuple[str, Discrimination | None, int], ...]
    coverage: Estimate
    top: int
    caveats: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        if self.standing == "not tested":
            return "The model is tested over all accounts: run without account_id."
        if self.separation is None:
            return f"Not tested on the past: {' '.join(self.caveats)}"
        auc = formats.estimate(self.separation.auc, unit="losses")
        said = "separates" if self.standing == "separates" else "does not separate"
        ending = "" if self.standing == "separates" else "; forecasts fall back to base rates"
        return f"The score {said} those who left from those who stayed: AUC {auc}{ending}."


def back_test(params: Params, book: Book, drivers: Drivers) -> BackTest:
    """Forecast at fixed days of the past with what was known then, and score what came after.

    At each origin the model is made from decisions whose outcome was known, and scores the
    decisions of the days up to the next origin, by their features on their decision dates. Each
    decision is scored once. Intervals draw accounts.

    Parameters
    ----------
    params : Params
    book : Book
    drivers : Drivers

    Returns
    -------
    BackTest
        Standing "not enough data" with fewer than 30 scored decisions or 10 losses among them.
    """
    if params.account_id:
        return _not_tested("not tested", params)
    made = book.decisions.reset_index(drop=True)
    rounds = [_at_origin(origin, made, drivers, params) for origin in _origins(made, book, params)]
    rounds = [found for found in rounds if found is not None]
    if not rounds:
        return _not_tested(
            "not enough data", params, "at no earlier day were ten losses known for a feature."
        )
    scored = pd.concat([found[0] for found in rounds], ignore_index=True)
    origins = pd.DataFrame([found[1] for found in rounds], columns=_ORIGIN_COLUMNS)
    losses = int(scored["lost"].sum())
    if len(scored) < SMALLEST_SCORED or min(losses, len(scored) - losses) < SMALLEST_LOSSES:
        why = f"{len(scored):,} decisions with {losses:,} losses came after a forecast."
        return _not_tested("not enough data", params, why)
    return _tested(scored, origins, drivers, params)


def _tested(
    scored: pd.DataFrame, origins: pd.DataFrame, drivers: Drivers, params: Params
) -> BackTest:
    lost, clusters = scored["lost"].to_numpy(), scored["account_id"].to_numpy()
    probability = scored["probability"].to_numpy()
    own = discrimination(probability, lost, clusters=clusters, level=params.level)
    picked = (scored["place"] <= params.top).to_numpy()
    return BackTest(
        standing="separates" if own.separates else "does not separate",
        scored=scored,
        origins=origins,
        separation=own,
        calibration=calibrate(probability, lost, level=params.level),
        skill=brier_skill(
            probability,
            lost,
            base=scored["base"].to_numpy(),
            generator=np.random.default_rng(params.seed),
            clusters=clusters,
            level=params.level,
        ),
        precision=rate(int(lost[picked].sum()), int(picked.sum()), level=params.level),
        caught=rate(int(lost[picked].sum()), int(lost.sum()), level=params.level),
        base=rate(int(lost.sum()), len(lost), level=params.level),
        others=_others(scored, params),
        coverage=interval_coverage(
            origins["low"], origins["high"], origins["kept"], level=params.level
        ),
        top=params.top,
        caveats=_caveats(drivers, scored),
    )


def _origins(made: pd.DataFrame, book: Book, params: Params) -> list[pd.Timestamp]:
    """Count days back from the last one, as far as decisions are known."""
    known = made.loc[made["state"] != OPEN]
    if known.empty:
        return []
    first, step = known["due_on"].min(), pd.Timedelta(days=params.back_test_days)
    count = max(int((book.last - first) / step), 0)
    return [book.last - step * back for back in range(count, 0, -1)]


def _at_origin(
    origin: pd.Timestamp, made: pd.DataFrame, drivers: Drivers, params: Params
) -> tuple[pd.DataFrame, tuple] | None:
    """Make the model of a day and score the decisions that follow; None without enough losses."""
    known_on = made["decided_on"].fillna(made["due_on"])
    decided = made["state"] != OPEN
    train = (decided & (known_on <= origin)).to_numpy()
    end = origin + pd.Timedelta(days=params.back_test_days)
    # Whoever had decided by the origin is known there, and nothing is left to forecast.
    day = decided_by(made)
    after = (decided & (day > origin) & (day <= end)).to_numpy()
    lost = (made["state"] == LOST).to_numpy()
    if not after.any() or not train.any():
        return None
    design, model = fit(drivers.features.loc[train], lost[train], drivers.candidates, None)
    if model is None:
        return None
    base = float(lost[train].mean())
    own, features = made.loc[after], drivers.features.loc[after]
    probability = predict(model, design, features, base)
    scored = pd.DataFrame(
        {
            "decision_id": own["decision_id"].to_numpy(),
            "account_id": own["account_id"].to_numpy(),
            "origin": origin,
            "probability": probability,
            "base": base,
            "lost": lost[after],
            "place": pd.Series(-probability).rank(method="first").to_numpy(),
            "signals": signals_up(features).to_numpy(),
            "health_score": features["health_score"].to_numpy(),
        }
    )
    return scored, (origin, int(train.sum()), int(lost[train].sum()),
                    *_round(own, scored, made.loc[train], lost[train], params))  # fmt: skip


def signals_up(features: pd.DataFrame) -> pd.Series:
    """Count the simple signals that are up: a decision maker left, use fell, nobody in contact."""
    flags = features[["lost_decision_maker", "falling_use"]].fillna(0.0).sum(axis=1)
    return flags + (features["covered_roles"] == 0)


def _round(
    own: pd.DataFrame,
    scored: pd.DataFrame,
    train: pd.DataFrame,
    train_lost: np.ndarray,
    params: Params,
) -> tuple:
    """Forecast the value kept of the decisions of one origin, and add what came."""
    stayed = train.loc[~train_lost & (train["annual_value"] > 0).to_numpy()]
    values = own["annual_value"].to_numpy(dtype=float)
    shares = (stayed["kept_value"] / stayed["annual_value"]).to_numpy(dtype=float)
    found = renewed_revenue(
        values,
        scored["probability"].to_numpy(),
        generator=np.random.default_rng(params.seed),
        level_error=level_error_of(int(train_lost.sum()), len(train_lost)),
        renewed_shares=shares if len(shares) else None,
        draws=_REVENUE_DRAWS,
        level=REVENUE_LEVEL,
    )
    expected, lost = float(scored["probability"].sum()), int(scored["lost"].sum())
    kept = float(own["kept_value"].sum())
    return (
        len(own), expected, lost, found.low, found.median, found.high, kept, float(values.sum()),
    )  # fmt: skip


def _others(
    scored: pd.DataFrame, params: Params
) -> tuple[tuple[str, Discrimination | None, int], ...]:
    """Test simpler scores the same way: counted signals, and the score that the company keeps."""
    found = []
    for name, column, sign in (
        ("signals counted", "signals", 1.0),
        ("health score as maintained", "health_score", -1.0),
    ):
        known = scored[column].notna().to_numpy()
        lost = scored["lost"].to_numpy()[known]
        tested = None
        if min(lost.sum(), (~lost).sum()) >= SMALLEST_LOSSES:
            values = sign * scored[column].to_numpy(dtype=float)[known]
            clusters = scored["account_id"].to_numpy()[known]
            tested = discrimination(values, lost, clusters=clusters, level=params.level)
        found.append((name, tested, int(known.sum())))
    return tuple(found)


def _not_tested(standing: Standing, params: Params, why: str = "") -> BackTest:
    return BackTest(
        standing=standing,
        scored=pd.DataFrame(columns=_SCORED_COLUMNS),
        origins=pd.DataFrame(columns=_ORIGIN_COLUMNS),
        separation=None,
        calibration=None,
        skill=None,
        precision=_NONE,
        caught=_NONE,
        base=_NONE,
        others=(),
        coverage=_NONE,
        top=params.top,
        caveats=(why,) if why else (),
    )


def _caveats(drivers: Drivers, scored: pd.DataFrame) -> tuple[str, ...]:
    unknown = int(scored["health_score"].isna().sum())
    leaks = (
        "Leaks were looked for once, over all decisions: a feature dropped today was dropped "
        "at every earlier day too."
    )
    found = [leaks]
    if "health_score" in drivers.features and unknown == len(scored):
        found.append(
            "The health score has no history: it was made after these decisions, so that it "
            "cannot be tested on them. Frozen copies of earlier runs can."
        )
    return tuple(found)
