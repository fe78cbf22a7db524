"""Step 5, second half: what units do at the step that loses most, and what goes with going on."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from opsplaybook.metrics import funnels
from opsplaybook.metrics.statuses import UNKNOWN
from opsplaybook.playbooks.funnel_review.change import Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.nested import ACCOUNT, ends
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.stats.multiplicity import holm
from opsplaybook.stats.odds import clustered_odds_ratio, odds_ratio
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Difference

MOST_ACTIONS = 20
_CELLS = ["did_and_reached", "did_not_reach", "other_reached", "other_not_reached"]
_PATHS = 8
PATH_LENGTH = 3
"""Actions of a way on that are told apart."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What units do between two steps.

    Attributes
    ----------
    step : str
        The step that is looked at: the one that fell, or that before which most are lost. Empty
        where there is none, or no activity to look at.
    after : str
        The required step before it.
    segment : str
        Segment in which it fell; empty where none did.
    actions : DataFrame
        ``action``, ``did`` and ``others`` (units), ``rate_did``, ``rate_others``, ``odds`` (ratio)
        with ends, ``p_value`` (Holm) and ``beyond_chance``; association, not effect.
    compared : int
        Actions that were compared.
    paths : DataFrame
        Most frequent ways on from `after`: ``path``, ``units``, ``reached``, ``lost``, ``open``,
        ``rate`` of those not open, with ends.
    landmark_days : int
    caveats : tuple of str
    """

    step: str
    after: str
    segment: str
    actions: pd.DataFrame
    compared: int
    paths: pd.DataFrame
    landmark_days: int
    caveats: tuple[str, ...]


def watch_behaviour(
    params: Params, definition: Definition, reach: Reach, change: Change
) -> Behaviour:
    """Look at the step that fell beyond chance, else at that before which most are lost.

    Actions are compared by a landmark: units that had not gone on after some days are split by
    what they did until then, and followed from there. Without it whoever goes on late would have
    had more time to do anything.

    Parameters
    ----------
    params : Params
    definition : Definition
    reach : Reach
    change : Change

    Returns
    -------
    Behaviour
    """
    step, segment = focus(reach, change)
    after = _before(step, definition)
    rule = definition.rule
    in_activity = all(part.table == "activity" for part in definition.steps)
    if not after or rule is None or rule.order == "any" or not in_activity:
        nothing = pd.DataFrame()
        why = "Actions and detours need a step that loses somebody, in activity and in order."
        return Behaviour(step, after, segment, nothing, 0, nothing, params.landmark_days, (why,))
    found = funnels.actions_after(
        definition.funnel,
        after,
        landmark=timedelta(days=params.landmark_days),
        by_account=definition.nested,
    )
    actions = _actions(found, params.level)
    paths = funnels.paths_after(definition.funnel, after, length=PATH_LENGTH, limit=_PATHS)
    return Behaviour(
        step=step,
        after=after,
        segment=segment,
        actions=actions,
        compared=int(actions["p_value"].notna().sum()) if len(actions) else 0,
        paths=_paths(paths, params.level),
        landmark_days=params.landmark_days,
        caveats=_caveats(found),
    )


def focus(reach: Reach, change: Change) -> tuple[str, str]:
    """Return the step to look at, and the segment in which it fell (empty: none did)."""
    fallen = change.moved(-1)
    if len(fallen):
        return str(fallen["step"].iloc[0]), str(fallen["segment"].iloc[0])
    return reach.most_lost or reach.lowest, ""


def _before(step: str, definition: Definition) -> str:
    names = [part.name for part in definition.required]
    return names[names.index(step) - 1] if step in names[1:] else ""


def _actions(found: pd.DataFrame, level: float) -> pd.DataFrame:
    if found.empty:
        return pd.DataFrame()
    known = found.loc[found[ACCOUNT] != UNKNOWN] if ACCOUNT in found else found
    own = known if len(known) else found.drop(columns=ACCOUNT, errors="ignore")
    sums = own.groupby("action")[_CELLS].sum()
    did = sums["did_and_reached"] + sums["did_not_reach"]
    most = did.sort_values(ascending=False, kind="stable").index[:MOST_ACTIONS]
    rows = [_action(str(action), own.loc[own["action"] == action], level) for action in most]
    frame = pd.DataFrame(rows)
    adjusted = holm(frame["p_value"].to_numpy(dtype=float))
    frame = frame.assign(p_value=adjusted, beyond_chance=adjusted < 1 - level)
    return frame.sort_values(["p_value", "action"], ignore_index=True, na_position="last")


def _action(action: str, own: pd.DataFrame, level: float) -> dict[str, object]:
    did_hits, did_misses, other_hits, other_misses = (own[name].to_numpy() for name in _CELLS)
    did, others = did_hits + did_misses, other_hits + other_misses
    ratio: Difference = (
        clustered_odds_ratio((did_hits, did), (other_hits, others), level=level)
        if ACCOUNT in own
        else odds_ratio(
            (float(did_hits.sum()), int(did.sum())),
            (float(other_hits.sum()), int(others.sum())),
            level=level,
        )
    )
    return {
        "action": action,
        "did": int(did.sum()),
        "others": int(others.sum()),
        "rate_did": ratio.first.value,
        "rate_others": ratio.second.value,
        **ends(ratio, "odds"),
        "p_value": ratio.p_value if ratio.enough else np.nan,
    }


def _paths(paths: pd.DataFrame, level: float) -> pd.DataFrame:
    if paths.empty:
        return paths
    over = paths["reached"] + paths["lost"]
    shares = [
        ends(rate(float(hits), int(n), level=level))
        for hits, n in zip(paths["reached"], over, strict=True)
    ]
    return pd.concat([paths.reset_index(drop=True), pd.DataFrame(shares)], axis=1)


def _caveats(found: pd.DataFrame) -> tuple[str, ...]:
    words = (
        "Who takes an action differs from who does not: the ratios say what goes with going on, "
        "not what brings it about."
    )
    if ACCOUNT in found and (found[ACCOUNT] == UNKNOWN).any():
        return (words, "Actions of units of no known account are left out of the comparison.")
    return (words,)
