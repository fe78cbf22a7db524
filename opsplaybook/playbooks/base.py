"""What every playbook module offers, and what earlier runs hand to the next one."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from opsplaybook.errors import UsageError
from opsplaybook.findings import Action, Pattern, carry_over
from opsplaybook.params import PlaybookParams
from opsplaybook.sources import Tables, open_source

MANIFEST = "manifest.json"
ACTIONS = "actions.csv"
LARGE = frozenset({"activity", "invoices"})
"""Tables that are aggregated where they lie, and reach a frame as sums."""


class Playbook(Protocol):
    """What the command line, the batch runner and the tests know of a playbook module."""

    TITLE: str
    QUESTION: str
    SUBJECT: str
    """Name of the parameter that says what a run is about, such as ``event_id``."""
    REQUIRED: tuple[str, ...]
    OPTIONAL: tuple[str, ...]
    Params: type[PlaybookParams]

    def load(self, params: Any) -> Tables:
        """Read the tables that the playbook needs, as known on ``params.as_of``."""
        ...


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier runs of the same playbook left behind.

    Attributes
    ----------
    runs : tuple of str
        Their names, oldest first.
    actions : tuple of Action
        Actions that are still open, with the run that first named them.
    patterns : tuple of Pattern
        Known patterns, the latest wording of each.
    """

    runs: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    patterns: tuple[Pattern, ...] = ()


def load_tables(
    params: PlaybookParams,
    required: tuple[str, ...],
    optional: tuple[str, ...] = (),
    *,
    where: dict[str, str] | None = None,
) -> Tables:
    """Open the source of the parameters and read tables as known on ``as_of``.

    Parameters
    ----------
    params : PlaybookParams
    required, optional : tuple of str
        Tables of the playbook. Those of `LARGE` stay in the engine.
    where : dict, optional
        Columns and values to keep, such as ``{"account_id": "A-0042"}``.
    """
    names = (*required, *optional)
    return open_source(params.source).load(
        [name for name in names if name not in LARGE],
        required=required,
        in_engine=[name for name in names if name in LARGE],
        as_of=params.as_of,
        where=where,
    )


def earlier_runs(
    folder: str | None,
    playbook: str,
    as_of: date,
    *,
    about: Mapping[str, str] | None = None,
) -> Earlier:
    """Read what earlier runs of a playbook left open, as known on a day.

    Parameters
    ----------
    folder : str or None
        Folder of run folders, searched to any depth; None for no history.
    playbook : str
        Stem of the playbook.
    as_of : date
        Runs dated after it are not read.
    about : mapping, optional
        Parameters that a run must have had, such as ``{"account_id": "A-0042"}``: what was
        agreed with one customer is not for another.

    Returns
    -------
    Earlier

    Raises
    ------
    UsageError
        If the folder does not exist.
    """
    if folder is None:
        return Earlier()
    if not Path(folder).is_dir():
        raise UsageError(
            "there is no such folder", where=f"earlier_runs = {folder}", remedy="check the path"
        )
    found = _runs(Path(folder), playbook, as_of, about or {})
    runs = sorted(found, key=lambda run: run[0])
    actions: dict[str, Action] = {}
    patterns: dict[str, Pattern] = {}
    for _, path, findings in runs:
        for action in _actions(path):
            actions[action.what] = action
        for record in findings["patterns"]:
            patterns[record["what"]] = Pattern(**record)
    names = tuple(path.name for _, path, _ in runs)
    return Earlier(names, tuple(actions.values()), tuple(patterns.values()))


def _runs(
    folder: Path, playbook: str, as_of: date, about: Mapping[str, str]
) -> Iterator[tuple[str, Path, dict[str, Any]]]:
    for path in sorted(folder.rglob(MANIFEST)):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        findings = manifest.get("findings")
        if manifest.get("playbook") != playbook or not findings:
            continue
        params = manifest.get("params", {})
        if any(params.get(name) != value for name, value in about.items()):
            continue
        if findings["as_of"] <= as_of.isoformat():
            yield findings["as_of"], path.parent, findings


def _actions(run: Path) -> tuple[Action, ...]:
    """Read the actions of a run from its CSV, where people set the status."""
    path = run / ACTIONS
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as file:
        actions = [_action(record) for record in csv.DictReader(file)]
    return carry_over(actions, run.name)


def _action(record: dict[str, str]) -> Action:
    due_on = date.fromisoformat(record["due_on"]) if record["due_on"] else None
    return Action(**record | {"due_on": due_on})
