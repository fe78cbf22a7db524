"""Step 2, reach and loss: how many came to each step, who is open, who was lost."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from opsplaybook.formats import MINIMUM_UNITS
from opsplaybook.metrics import funnels
from opsplaybook.metrics.statuses import OPEN, UNKNOWN
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.nested import ACCOUNT, ends, estimate_rate
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.results import Estimate

LOST_COLUMNS = [
    "unit", ACCOUNT, "account", "owner", "last_step", "last_at", "days_since", "entered_on",
]  # fmt: skip
_DECIDED = {"opportunity_id": "opportunities", "contract_id": "contracts"}


@dataclass(frozen=True, slots=True)
class Reach:
    """How far units came.

    Attributes
    ----------
    steps : DataFrame
        One row per step: ``position``, ``step``, ``optional``; of all units ``before``,
        ``reached``, ``open`` (can still come), ``lost``; of mature ones ``mature`` (the base),
        ``rate`` of the step before with ``rate_low``, ``rate_high``, ``rate_n`` (accounts, where
        units are nested in them), and ``of_entrants`` with the same ends. Rates of the first
        step are missing.
    whole : Estimate
        Share of mature entrants that came to the end.
    entered, mature, open : int
        Units that entered; those of them whose window is over; those that can still go on.
    counts : DataFrame
        By account where units are nested, what `steps` was made of.
    lost : DataFrame
        Who was lost, furthest and latest first, up to `listed`: ``unit``, ``account_id``,
        ``account`` (its name), ``owner``, ``last_step``, ``last_at``, ``days_since``,
        ``entered_on``.
    lost_total : int
    undecided : int
        Of those listed, how many the table still calls open: their window is over, their
        outcome is not known.
    lowest : str
        The required step with the lowest rate of the step before; empty without a rate.
    as_low : tuple of str
        Steps whose rate the intervals do not tell from that.
    most_lost : str
        The required step before which most units are lost; empty where nobody is lost.
    caveats : tuple of str
    """

    steps: pd.DataFrame
    whole: Estimate
    entered: int
    mature: int
    open: int
    counts: pd.DataFrame
    lost: pd.DataFrame
    lost_total: int
    undecided: int
    lowest: str
    as_low: tuple[str, ...]
    most_lost: str
    caveats: tuple[str, ...]


def measure_reach(given: Tables, params: Params, definition: Definition) -> Reach:
    """Count who came how far, with intervals of what mature entrants did.

    An entrant younger than the window is open, not lost, and is in no rate.

    Parameters
    ----------
    given : Tables
    params : Params
    definition : Definition

    Returns
    -------
    Reach
    """
    lost, total = _lost(given, params, definition)
    undecided = _undecided(given, params, lost)
    return replace(count_reach(definition), lost=lost, lost_total=total, undecided=undecided)


def count_reach(definition: Definition) -> Reach:
    """Count who came how far, and list nobody: `lost` is empty, `lost_total` is 0.

    Parameters
    ----------
    definition : Definition

    Returns
    -------
    Reach
    """
    counts = definition.counts()
    steps = step_rows(counts, definition)
    first, end = counts["position"] == 1, counts["position"] == len(definition.steps)
    whole = estimate_rate(counts.loc[end], base="mature_entered", level=definition.level)
    mature = int(counts.loc[first, "mature_entered"].sum())
    lowest, as_low = _lowest(steps)
    return Reach(
        steps=steps,
        whole=whole,
        entered=int(counts.loc[first, "entered"].sum()),
        mature=mature,
        open=int(steps.loc[~steps["optional"], "open"].sum()),
        counts=counts,
        lost=pd.DataFrame(columns=LOST_COLUMNS),
        lost_total=0,
        undecided=0,
        lowest=lowest,
        as_low=as_low,
        most_lost=_most_lost(steps),
        caveats=_caveats(counts, definition, mature),
    )


def step_rows(counts: pd.DataFrame, definition: Definition) -> pd.DataFrame:
    """Turn counts, by account or not, into one row per step with its rates."""
    rows = []
    for position, step in enumerate(definition.steps, start=1):
        own = counts.loc[counts["position"] == position]
        later = position > 1
        of_step = estimate_rate(own, level=definition.level)
        of_all = estimate_rate(own, base="mature_entered", level=definition.level)
        sums = own[["before", "reached", "open", "lost", "base"]].sum().astype(int).to_dict()
        shares = {**ends(of_step), **ends(of_all, "of_entrants")}
        rows.append(
            {
                "position": position,
                "step": _name(own, step.name),
                "optional": step.optional,
                **sums,
                **{name: value if later else np.nan for name, value in shares.items()},
            }
        )
    frame = pd.DataFrame(rows).rename(columns={"base": "mature"})
    return frame.astype({"rate_n": "float64", "of_entrants_n": "float64"})


def _name(own: pd.DataFrame, name: str) -> str:
    """Return the name that the counts carry: in any order a step is how many were done."""
    return str(own["step"].iloc[0]) if len(own) else name


def _lowest(steps: pd.DataFrame) -> tuple[str, tuple[str, ...]]:
    """Return the step with the lowest rate, and those that may be as low."""
    enough = steps["rate_n"] >= MINIMUM_UNITS
    known = steps.loc[~steps["optional"] & steps["rate"].notna() & enough]
    if known.empty:
        return "", ()
    found = known.loc[known["rate"].idxmin()]
    near = known.loc[(known["rate_low"] <= found["rate_high"]) & (known["step"] != found["step"])]
    return str(found["step"]), tuple(near["step"])


def _most_lost(steps: pd.DataFrame) -> str:
    later = steps.loc[~steps["optional"] & (steps["position"] > 1)]
    return str(later.loc[later["lost"].idxmax(), "step"]) if later["lost"].any() else ""


def _lost(given: Tables, params: Params, definition: Definition) -> tuple[pd.DataFrame, int]:
    """List who was lost, with account and owner; of statuses, who is neither open nor done."""
    if definition.funnel is not None:
        frame = funnels.lost_units(definition.funnel, limit=params.listed)
        total = funnels.count_lost(definition.funnel)
    else:
        frame, total = _lost_statuses(params, definition)
    if ACCOUNT not in frame:
        frame = frame.assign(account_id=frame["unit"] if params.unit == ACCOUNT else None)
    accounts = given["accounts"].drop_duplicates(ACCOUNT).set_index(ACCOUNT)
    named = frame.assign(
        account=frame[ACCOUNT].map(accounts["name"]), owner=frame[ACCOUNT].map(accounts["owner"])
    )
    return named[LOST_COLUMNS], total


def _undecided(given: Tables, params: Params, lost: pd.DataFrame) -> int:
    """Count the lost whose own row is still open: deals and contracts know their outcome."""
    if params.unit not in _DECIDED:
        return 0
    rows = given[_DECIDED[params.unit]]
    still_open = rows.loc[rows["outcome"] == OPEN, params.unit].astype("str")
    return int(lost["unit"].astype("str").isin(still_open).sum())


def _lost_statuses(params: Params, definition: Definition) -> tuple[pd.DataFrame, int]:
    units = definition.units
    lost = units.loc[~units["open"] & (units["level"] < len(definition.steps))]
    lost = lost.sort_values(["level", "unit"], ascending=[False, True])
    names = dict(enumerate((step.name for step in definition.steps), start=1))
    shown = lost.head(params.listed)
    frame = shown[["unit", ACCOUNT]].assign(
        last_step=shown["level"].map(names), last_at=pd.NaT, days_since=np.nan, entered_on=pd.NaT
    )
    return frame.reset_index(drop=True), len(lost)


def _caveats(counts: pd.DataFrame, definition: Definition, mature: int) -> tuple[str, ...]:
    found = []
    first = counts.loc[counts["position"] == 1]
    young = int(first["entered"].sum()) - mature
    if young and definition.window_days:
        found.append(
            f"{young:,} of {int(first['entered'].sum()):,} {definition.counted} entered in the "
            f"last {definition.window_days} days: they count in no rate yet."
        )
    again = int(counts["mature_open"].sum())
    if again and definition.rule is not None:
        found.append(
            f"{again:,} {definition.counted} are open once more through a later entry, and are "
            "left out of the rate of the step that they stand before."
        )
    if definition.nested:
        found += _unknown_accounts(first, definition)
    return tuple(found)


def _unknown_accounts(first: pd.DataFrame, definition: Definition) -> list[str]:
    unknown = int(first.loc[first[ACCOUNT] == UNKNOWN, "entered"].sum())
    if not unknown:
        return []
    return [
        f"{unknown:,} {definition.counted} belong to no known account and stand for themselves."
    ]
