"""Step 4, tiers: who is S, A, B, C, how near to the border, and who has the hands for it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook.contracts import TIERS
from opsplaybook.playbooks.customer_portrait.overrides import find_overrides, forced_codes
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.playbooks.customer_portrait.portrait import Portrait, positive_shares
from opsplaybook.playbooks.customer_portrait.score import POINTS, Scored
from opsplaybook.sources import Tables
from opsplaybook.stats.scores import scale
from opsplaybook.stats.tiers import UNSCORED, Assignment, TierRule, assign_tiers

NO_TIER = "–"
TOP_TIERS = ("S", "A")
_NAMES = np.asarray([*TIERS, NO_TIER], dtype=object)


@dataclass(frozen=True, slots=True)
class Tiered:
    """Customers in tiers.

    Attributes
    ----------
    frame : DataFrame
        Index ``account_id``; ``tier`` (overrides applied), ``computed`` (by score alone),
        ``overridden``, ``to_next`` (points missing to the next tier), ``above_cut`` (points above
        the own cut), ``borderline``.
    codes : ndarray of int, shape (customers,)
        Tiers of the customers whose tier the score decides; -1 for the others.
    overrides : DataFrame
        As from `find_overrides`.
    service : DataFrame
        One row per tier, over all customers: ``tier``, ``customers``, ``value``, ``share``,
        ``team``, ``contact_days``, ``managers``, ``places``, ``used``, ``cut``.
    rule : TierRule
        Places less those taken by overrides.
    second : ndarray or None
        Second axis, 0 to 1, shape (customers,).
    caveats : tuple of str
    """

    frame: pd.DataFrame
    codes: np.ndarray
    overrides: pd.DataFrame
    service: pd.DataFrame
    rule: TierRule
    second: np.ndarray | None
    caveats: tuple[str, ...]

    def of(self, *tiers: str) -> pd.Index:
        """Return the customers of some tiers."""
        return self.frame.index[self.frame["tier"].isin(tiers)]


def assign(given: Tables, params: Params, portrait: Portrait, scored: Scored) -> Tiered:
    """Put every current customer into a tier.

    Decisions by hand come first and take their places; the score fills those that are left.

    Parameters
    ----------
    given : Tables
    params : Params
    portrait : Portrait
    scored : Scored

    Returns
    -------
    Tiered

    Raises
    ------
    UsageError
        If an override names an account twice, or one that the source does not have.
    """
    index = scored.frame.index
    scores = scored.frame["score"].to_numpy() / POINTS
    values = portrait.customers.frame["value"].to_numpy()
    second = second_axis(portrait, params)
    computed = assign_tiers(scores, tier_rule(params), values=values, second=second).codes
    overrides = find_overrides(given, params, index)
    forced = forced_codes(overrides, index, computed)
    rule, found = _fill(scores, forced, params, values, second)
    # Places taken by hand may push out a customer that had earned the tier it is held in.
    while not np.array_equal(again := forced_codes(overrides, index, found.codes), forced):
        forced = again
        rule, found = _fill(scores, forced, params, values, second)
    frame = pd.DataFrame(
        {
            "tier": names_of(np.where(forced == UNSCORED, found.codes, forced)),
            "computed": names_of(computed),
            "overridden": forced != UNSCORED,
            **_distances(found, scores, params.borderline_points),
        },
        index=index,
    )
    service = _service(frame, values, params, found.cuts)
    caveats = _caveats(rule, found)
    return Tiered(frame, found.codes, overrides, service, rule, second, caveats)


def _fill(
    scores: np.ndarray,
    forced: np.ndarray,
    params: Params,
    values: np.ndarray,
    second: np.ndarray | None,
) -> tuple[TierRule, Assignment]:
    """Let the score fill the places that decisions by hand leave."""
    taken = np.bincount(forced[forced != UNSCORED], minlength=len(TIERS))
    rule = tier_rule(params, taken=taken)
    free = np.where(forced == UNSCORED, scores, np.nan)
    return rule, assign_tiers(free, rule, values=values, second=second)


def _caveats(rule: TierRule, found: Assignment) -> tuple[str, ...]:
    if rule.kind == "cumulative" and np.isposinf(found.cuts).all():
        return ("There is no value to cut tiers at shares of: the score puts everybody into C.",)
    return ()


def tier_rule(params: Params, *, taken: np.ndarray | None = None) -> TierRule:
    """Return where tiers are cut.

    Parameters
    ----------
    params : Params
    taken : ndarray of int, shape (tiers,), optional
        Places that are taken already.
    """
    weight = params.second_weight if params.second_axis else 0.0
    if params.cut_by == "threshold":
        return TierRule("threshold", tuple(level / POINTS for level in params.thresholds), weight)
    if params.cut_by == "cumulative":
        return TierRule("cumulative", params.value_shares, weight)
    left = places(params)[:-1] - (0 if taken is None else taken[:-1])
    return TierRule("capacity", tuple(float(one) for one in np.maximum(left, 0)), weight)


def places(params: Params) -> np.ndarray:
    """Return how many customers each tier has hands for."""
    return np.floor(np.asarray(params.managers) * np.asarray(params.accounts_per_manager) + 1e-9)


def second_axis(portrait: Portrait, params: Params) -> np.ndarray | None:
    """Return the second axis of the choice between S and A, 0 to 1; None without one.

    Less effort is better.
    """
    if not params.second_axis:
        return None
    if params.second_axis == "effort":
        return scale(portrait.facts["tickets"], higher_is_better=False)
    return scale(portrait.customers.frame["growth_potential"])


def names_of(codes: np.ndarray) -> np.ndarray:
    """Write tiers by name; a customer without a score has none."""
    return _NAMES[codes]


def _distances(found: Assignment, scores: np.ndarray, border: float) -> dict[str, np.ndarray]:
    """Measure points to the next tier and above the own cut; missing where there is none."""
    cuts = np.asarray(found.cuts)
    codes = found.codes
    up, own = codes - 1, codes
    has_up, has_own = up >= 0, (own >= 0) & (own < cuts.size)
    # The first cut is made on both axes, the others on the score.
    to_next = np.where(has_up, cuts[up] - np.where(up == 0, found.decisive, scores), np.nan)
    kept = np.where(own == 0, found.decisive, scores)
    above = np.where(has_own, kept - cuts[np.minimum(own, cuts.size - 1)], np.nan)
    to_next = np.where(np.isfinite(to_next), to_next, np.nan) * POINTS
    above = np.where(np.isfinite(above), above, np.nan) * POINTS
    near = np.fmin(to_next, above) <= border
    return {"to_next": to_next, "above_cut": above, "borderline": near}


def _service(
    frame: pd.DataFrame, values: np.ndarray, params: Params, cuts: tuple[float, ...]
) -> pd.DataFrame:
    worth = pd.Series(values, index=frame.index)
    found = worth.groupby(frame["tier"]).agg(["size", "sum"]).reindex(TIERS)
    known = worth.notna().any()
    shares = positive_shares(worth, frame["tier"])
    shown = [cut * POINTS if np.isfinite(cut) else np.nan for cut in cuts]
    table = pd.DataFrame(
        {
            "tier": TIERS,
            "customers": found["size"].fillna(0).astype("int64").to_numpy(),
            "value": found["sum"].fillna(0.0).to_numpy() if known else np.nan,
            "team": params.teams,
            "contact_days": params.contact_days,
            "managers": params.managers,
            "places": places(params),
            "cut": [*shown, np.nan],
        }
    )
    table["share"] = shares.reindex(TIERS).fillna(0.0 if len(shares) else np.nan).to_numpy()
    has_places = table["places"] > 0
    table["used"] = (table["customers"] / table["places"].where(has_places)).astype("float64")
    return table
