"""Step 1, review goals: what was intended, and set before the event."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.contracts import GOAL_METRICS, PURPOSES
from opsplaybook.display import Table
from opsplaybook.errors import UsageError, quote
from opsplaybook.formats import Kind
from opsplaybook.playbooks.base import Earlier, earlier_runs
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.sources import Tables

_KINDS: dict[str, Kind] = {"money": "money", "share": "share", "points": "number"}


@dataclass(frozen=True, slots=True)
class Event:
    """The event that is looked back on.

    Attributes
    ----------
    event_id, name, format, series, owner : str
        Empty where the source does not say.
    purposes : tuple of str
        Of acquisition, promotion, conversion.
    start_on, end_on : Timestamp
        First and last day.
    """

    event_id: str
    name: str
    format: str
    series: str
    owner: str
    purposes: tuple[str, ...]
    start_on: pd.Timestamp
    end_on: pd.Timestamp

    @property
    def period(self) -> str:
        """Both days, inclusive."""
        return formats.period(self.start_on, self.end_on)


@dataclass(frozen=True, slots=True)
class Goals:
    """What was intended.

    Attributes
    ----------
    event : Event
    frame : DataFrame
        One row per goal: ``metric``, ``label``, ``purpose``, ``target``, ``baseline``, ``set_on``,
        ``dropped_on``, ``standing`` ("set before", "new", "dropped"), ``kind`` (of the number),
        ``higher_is_better``.
    earlier : Earlier
        Open actions and known patterns of earlier retrospectives.
    caveats : tuple of str
        Purposes without a goal, goals without a baseline.
    currency : str
        Of the money.
    """

    event: Event
    frame: pd.DataFrame
    earlier: Earlier
    caveats: tuple[str, ...]
    currency: str


def find_event(given: Tables, event_id: str) -> Event:
    """Return an event, or say which there are.

    Raises
    ------
    UsageError
        If no event has that key; with near matches and the number of events.
    """
    events = given["events"]
    rows = events.loc[events["event_id"] == event_id]
    if rows.empty:
        known = events["event_id"].tolist()
        raise UsageError(
            f"no event known on {formats.day(given.as_of)} has the key {quote(event_id)}; "
            f"the table has {len(known):,}",
            where="events.event_id",
            examples=[quote(key) for key in known],
            remedy="set event_id to one of them",
        )
    row = rows.iloc[0]
    text = {name: _text(row[name]) for name in ("name", "format", "series", "owner", "purposes")}
    end_on = row["start_on"] if pd.isna(row["end_on"]) else row["end_on"]
    return Event(
        event_id=event_id,
        name=text["name"] or event_id,
        format=text["format"],
        series=text["series"],
        owner=text["owner"],
        purposes=tuple(p.strip() for p in text["purposes"].split(";") if p.strip()),
        start_on=row["start_on"],
        end_on=end_on,
    )


def review_goals(given: Tables, params: Params) -> Goals:
    """Collect the goals of the event, and what earlier retrospectives left open.

    A goal set after the first day is new: it never decides whether the event met its goals. A
    goal given up is dropped: it stays in the list.

    Parameters
    ----------
    given : Tables
        As from `load`.
    params : Params

    Returns
    -------
    Goals

    Raises
    ------
    UsageError
        If the event does not exist.
    """
    event = find_event(given, params.event_id)
    rows = given["event_goals"]
    frame = _goal_frame(rows.loc[rows["event_id"] == event.event_id], event)
    earlier = earlier_runs(params.earlier_runs, "event_retrospective", given.as_of)
    return Goals(event, frame, earlier, _caveats(frame, event), given.currency)


def table_goals(goals: Goals) -> Table:
    """Show the goals with baseline and standing."""
    columns = [
        tables.Column("label", "Goal"),
        tables.Column("purpose", "Purpose"),
        tables.Column("target_text", "Target"),
        tables.Column("baseline_text", "Baseline"),
        tables.Column("set_on", "Set on", "date"),
        tables.Column("standing", "Standing", description="Set before, new on the way, or dropped"),
    ]
    frame = with_text(goals.frame, ("target", "baseline"), goals.currency)
    return tables.table(
        frame,
        columns,
        key="goals",
        caption=f"Goals of {goals.event.name}, {len(frame)} in all",
        note=" ".join(goals.caveats),
        shown=len(frame),
    )


def table_open_actions(goals: Goals) -> Table:
    """Show the actions of earlier retrospectives that are still open."""
    actions = goals.earlier.actions
    frame = pd.DataFrame(
        [(a.what, a.owner, a.due_on, a.measure, a.from_run) for a in actions],
        columns=["what", "owner", "due_on", "measure", "from_run"],
    )
    columns = [
        tables.Column("what", "Action"),
        tables.Column("owner", "Owner"),
        tables.Column("due_on", "Due", "date"),
        tables.Column("measure", "Seen by"),
        tables.Column("from_run", "From run"),
    ]
    runs = len(goals.earlier.runs)
    note = "" if runs else "No earlier retrospective was given (parameter earlier_runs)."
    return tables.table(
        frame,
        columns,
        key="open-actions",
        caption=f"Open actions from {runs} earlier retrospectives",
        note=note,
    )


def table_known_patterns(goals: Goals) -> Table:
    """Show what earlier retrospectives of this kind of event found."""
    own = [p for p in goals.earlier.patterns if p.applies_to in ("", goals.event.format)]
    frame = pd.DataFrame(
        [(p.kind, p.what, p.evidence, p.strength) for p in own],
        columns=["kind", "what", "evidence", "strength"],
    )
    columns = [
        tables.Column("kind", "Keep, stop or try"),
        tables.Column("what", "Pattern"),
        tables.Column("evidence", "Evidence"),
        tables.Column("strength", "Strength"),
    ]
    kind = goals.event.format or "event"
    return tables.table(
        frame, columns, key="known-patterns", caption=f"Known patterns of this kind ({kind})"
    )


def with_text(frame: pd.DataFrame, names: tuple[str, ...], currency: str) -> pd.DataFrame:
    """Add a text column for each of `names`, written by the kind of the row's number."""
    texts = {
        f"{name}_text": pd.Series(
            [
                formats.value(item, kind, currency=currency)
                for item, kind in zip(frame[name], frame["kind"], strict=True)
            ],
            index=frame.index,
            dtype="str",
        )
        for name in names
    }
    return frame.assign(**texts)


def _goal_frame(rows: pd.DataFrame, event: Event) -> pd.DataFrame:
    frame = rows[["metric", "purpose", "target", "baseline", "set_on", "dropped_on"]].copy()
    served = {name: ", ".join(metric.purposes) for name, metric in GOAL_METRICS.items()}
    frame["purpose"] = frame["purpose"].fillna(frame["metric"].map(served))
    words = frame["metric"].str.replace("_", " ").str.replace("tier sa", "tier S and A")
    frame["label"] = words.str[:1].str.upper() + words.str[1:]
    late = frame["set_on"] > event.start_on
    frame["standing"] = np.select(
        [frame["dropped_on"].notna(), late], ["dropped", "new"], default="set before"
    )
    frame["kind"] = [_KINDS.get(GOAL_METRICS[name].unit, "count") for name in frame["metric"]]
    frame["higher_is_better"] = [GOAL_METRICS[name].higher_is_better for name in frame["metric"]]
    return frame.reset_index(drop=True)


def _caveats(frame: pd.DataFrame, event: Event) -> tuple[str, ...]:
    if frame.empty:
        return ("No goal was recorded for this event: results stand without a target.",)
    served = set(", ".join(frame["purpose"]).split(", "))
    unserved = [p for p in PURPOSES if p in event.purposes and p not in served]
    caveats = [f"No goal was set for its purpose {purpose}." for purpose in unserved]
    without = int(frame["baseline"].isna().sum())
    if without:
        caveats.append(f"Without a baseline: {without} of {len(frame)} goals.")
    return tuple(caveats)


def _text(item: object) -> str:
    return "" if formats.is_missing(item) else str(item)
