"""Step 3, first half: at which stage and in which segment people were lost, against usual."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from opsplaybook.metrics import events as event_metrics
from opsplaybook.playbooks.event_retrospective.goals import Event, Goals
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.decomposition import FunnelGap, funnel_gap
from opsplaybook.stats.multiplicity import holm
from opsplaybook.stats.nested_rates import clustered_rate, clustered_rate_difference
from opsplaybook.stats.results import Difference, Estimate

STEP_GOALS = {
    "redeemed": "redemptions",
    "qualified": "leads",
    "attended": "attendees",
    "registered": "registrations",
}
"""Goal that is the target of the last step of a funnel."""

SEGMENTS = ("channel", "tier", "industry")


@dataclass(frozen=True, slots=True)
class Reference:
    """Earlier events of the same kind, the yardstick for what is usual.

    Attributes
    ----------
    people : DataFrame
        As from `opsplaybook.metrics.events.people`, all events together, with ``event_id`` and
        one bool column ``records STEP`` per step: whether the event has that step at all.
    events : int
        How many there are.
    kind : str
        What makes them comparable, such as "webinars".
    """

    people: pd.DataFrame
    events: int
    kind: str


@dataclass(frozen=True, slots=True)
class Funnel:
    """Where people were lost on the way.

    Attributes
    ----------
    steps : DataFrame
        ``step``, ``people``, ``accounts``, ``rate`` of the step before with ``low``, ``high``,
        ``n`` (accounts), ``of_entrants``, ``usual`` (rate of the reference, NaN without one).
    cells : DataFrame
        One row per segment kind, class and step: ``by``, ``segment``, ``step``, ``people`` (at the
        step before), ``n``, ``rate``, ``low``, ``high``, ``usual``, ``difference``,
        ``difference_low``, ``difference_high``, ``p_value`` (Holm over all cells),
        ``detectable``.
    gap : FunnelGap or None
        Exact split of the gap to target by factor and channel; None without a reference.
    channels : tuple of str
        Rows of `gap.effects`.
    target_from : str
        Where the target of the gap comes from.
    reference : Reference
    """

    steps: pd.DataFrame
    cells: pd.DataFrame
    gap: FunnelGap | None
    channels: tuple[str, ...]
    target_from: str
    reference: Reference


def find_reference(given: Tables, event: Event) -> Reference:
    """Collect the people of the earlier events of the same series; without one, of the format."""
    events = given["events"]
    earlier = events.loc[events["start_on"] < event.start_on]
    candidates = (
        (earlier.loc[earlier["series"] == event.series], f"earlier events of {event.series}"),
        (earlier.loc[earlier["format"] == event.format], f"earlier {event.format}s"),
    )
    for same, kind in candidates:
        frames = [_people_of(given, key) for key in same["event_id"]]
        frames = [frame for frame in frames if len(frame)]
        if frames:
            return Reference(pd.concat(frames, ignore_index=True), len(frames), kind)
    nobody = _people_of(given, event.event_id).iloc[:0]
    return Reference(nobody, 0, "earlier events of its kind")


def _people_of(given: Tables, event_id: str) -> pd.DataFrame:
    people = event_metrics.people(given, event_id)
    recorded = event_metrics.steps_of(people)
    flags = {f"records {step}": step in recorded for step in event_metrics.STEPS}
    return people.assign(event_id=event_id, **flags)


def recorded(usual: pd.DataFrame, *steps: str) -> pd.DataFrame:
    """Return the people of the earlier events that have all of some steps.

    That an event has no time of a step for anybody says nothing of how many came to it.
    """
    return usual.loc[usual[[f"records {step}" for step in steps]].all(axis=1)]


def unrecorded_steps(funnel: Funnel) -> tuple[str, ...]:
    """Say which steps some of the earlier events do not have."""
    reference = funnel.reference
    sentences = []
    for step in funnel.steps["step"]:
        without = reference.events - recorded(reference.people, step)["event_id"].nunique()
        if without:
            sentences.append(
                f"The step {step} is not recorded at {without} of {reference.events} "
                f"{reference.kind}: they tell nothing of its usual rate."
            )
    return tuple(sentences)


def make_funnel(given: Tables, params: Params, goals: Goals, people: pd.DataFrame) -> Funnel:
    """Compare the funnel of the event with the usual one, and split the gap to target."""
    reference = find_reference(given, goals.event)
    steps = event_metrics.steps_of(people)
    gap, channels, target_from = _gap(goals, people, reference, steps)
    coded, usual = _with_codes(people), _with_codes(reference.people)
    return Funnel(
        steps=_step_frame(coded, usual, steps, params.level),
        cells=_cells(coded, usual, steps, params.level),
        gap=gap,
        channels=channels,
        target_from=target_from,
        reference=reference,
    )


def _by_account(people: pd.DataFrame, before: str, step: str) -> tuple[np.ndarray, np.ndarray]:
    """Return per account how many came to `step`, of how many that came to `before`."""
    entered = people[before].to_numpy()
    _, account = np.unique(people["account_code"].to_numpy()[entered], return_inverse=True)
    came = np.bincount(account, weights=people[step].to_numpy(dtype=float)[entered])
    return came, np.bincount(account)


def _with_codes(people: pd.DataFrame) -> pd.DataFrame:
    """Give each account a number: numbers are grouped many times faster than texts."""
    return people.assign(account_code=pd.factorize(people["account_id"])[0])


def _step_frame(
    people: pd.DataFrame, usual: pd.DataFrame, steps: tuple[str, ...], level: float
) -> pd.DataFrame:
    rows = []
    for position, step in enumerate(steps):
        before = steps[max(position - 1, 0)]
        estimate = clustered_rate(*_by_account(people, before, step), level=level)
        peers = recorded(usual, before, step)
        known = clustered_rate(*_by_account(peers, before, step)) if len(peers) else None
        at_step = people.loc[people[step]]
        rows.append(
            {
                "step": step,
                "people": len(at_step),
                "accounts": at_step["account_id"].nunique(),
                "of_entrants": len(at_step) / int(people[steps[0]].sum()),
                "usual": known.value if known and position else np.nan,
                **_ends(estimate if position else None),
            }
        )
    columns = ["step", "people", "accounts", "of_entrants", "usual", "rate", "low", "high", "n"]
    return pd.DataFrame(rows, columns=columns)


def _ends(estimate: Estimate | None) -> dict[str, float]:
    if estimate is None:
        return {"rate": np.nan, "low": np.nan, "high": np.nan, "n": np.nan}
    low, high = estimate.ends
    return {"rate": estimate.value, "low": low, "high": high, "n": estimate.n}


def _cells(
    people: pd.DataFrame, usual: pd.DataFrame, steps: tuple[str, ...], level: float
) -> pd.DataFrame:
    rows = []
    known = [by for by in SEGMENTS if (people[by] != event_metrics.UNKNOWN).any()]
    for by in known:
        for segment, own in people.groupby(by, sort=True):
            peers = usual.loc[usual[by] == segment]
            rows += [
                _cell(by, str(segment), own, peers, before, step, level)
                for before, step in pairwise(steps)
                if own[before].any()
            ]
    names = ["by", "segment", "step", "people", "rate", "low", "high", "n", "usual"]
    differences = ["difference", "difference_low", "difference_high", "p_value"]
    frame = pd.DataFrame(rows, columns=names + differences)
    adjusted = frame["p_value"].to_numpy(dtype=float, copy=True)
    tested = ~np.isnan(adjusted)
    adjusted[tested] = holm(adjusted[tested])
    return frame.assign(p_value=adjusted, detectable=adjusted < 1 - level)


def _cell(
    by: str,
    segment: str,
    own: pd.DataFrame,
    peers: pd.DataFrame,
    before: str,
    step: str,
    level: float,
) -> dict[str, object]:
    counts = _by_account(own, before, step)
    row = {
        "by": by,
        "segment": segment,
        "step": step,
        "people": int(own[before].sum()),
        **_ends(clustered_rate(*counts, level=level)),
        "usual": np.nan,
    }
    peers = recorded(peers, before, step)
    if not peers[before].any():
        return row
    found: Difference = clustered_rate_difference(
        counts, _by_account(peers, before, step), level=level
    )
    row["usual"] = found.second.value
    if not found.enough or found.interval is None:
        return row
    ends = {"difference_low": found.interval.low, "difference_high": found.interval.high}
    return row | {"difference": found.value, "p_value": found.p_value} | ends


def _gap(
    goals: Goals, people: pd.DataFrame, reference: Reference, steps: tuple[str, ...]
) -> tuple[FunnelGap | None, tuple[str, ...], str]:
    """Split the gap at the last step by channel and step, against the usual rates.

    Only earlier events that have all of its steps tell what is usual from the first to the last.
    """
    usual = recorded(reference.people, *steps)
    if len(steps) < 2 or usual.empty:
        return None, (), ""
    channels = tuple(sorted(set(people["channel"]) | set(usual["channel"])))
    actual, expected = (_counts(frame, channels, steps) for frame in (people, usual))
    target, target_from = _target(goals, steps[-1])
    if np.isnan(target):
        target = actual[:, 0].sum() * expected[:, -1].sum() / expected[:, 0].sum()
        events = usual["event_id"].nunique()
        target_from = f"what the rates of {events} {reference.kind} give for its reach"
    scaled = expected * (target / expected[:, -1].sum())
    return funnel_gap(scaled, actual, stages=steps), channels, target_from


def _target(goals: Goals, last: str) -> tuple[float, str]:
    metric = STEP_GOALS.get(last, "")
    rows = goals.frame.loc[
        (goals.frame["metric"] == metric) & (goals.frame["standing"] == "set before")
    ]
    if rows.empty or metric == "redemptions":
        return np.nan, ""
    return float(rows["target"].iloc[0]), f"the goal set for {metric}"


def _counts(people: pd.DataFrame, channels: tuple[str, ...], steps: tuple[str, ...]) -> np.ndarray:
    """Count people per channel and step, shape (channels, steps)."""
    counts = people.groupby("channel")[list(steps)].sum()
    return counts.reindex(channels, fill_value=0).to_numpy(dtype=float)
