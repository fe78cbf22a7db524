"""What every playbook module offers, and what earlier runs hand to the next one."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, get_args

import pandas as pd

from opsplaybook import formats
from opsplaybook.errors import UsageError, quote
from opsplaybook.findings import Action, ActionStatus, Pattern, carry_over
from opsplaybook.params import PlaybookParams
from opsplaybook.sources import Tables, open_source
from opsplaybook.tables import as_meant

MANIFEST = "manifest.json"
ACTIONS = "actions.csv"
TABLES = "tables"
LARGE = frozenset({"activity", "invoices", "assignments", "outcomes"})
"""Tables that are aggregated where they lie, and reach a frame as sums."""

_SILENT_DAYS = 31
"""Days without a row that an export of every month leaves."""


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
        Actions that are still open, with the run that first named them. The latest run that
        lists an action says what became of it; of two of one day, the one that started last.
    patterns : tuple of Pattern
        Known patterns, the latest wording of each.
    """

    runs: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class _Run:
    """A complete run as it was found."""

    folder: Path
    day: str
    started_at: str
    findings: Mapping[str, Any]


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
    tables = open_source(params.source).load(
        [name for name in names if name not in LARGE],
        required=required,
        in_engine=[name for name in names if name in LARGE],
        as_of=params.as_of,
        where=where,
    )
    return replace(tables, caveats=(*tables.caveats, *_silence(tables)))


def _silence(tables: Tables) -> tuple[str, ...]:
    """Say that the data end long before the day as of which they are read."""
    last = tables.source.last_known_day(tables.qualities) or tables.as_of
    days = (tables.as_of - last).days
    if days <= _SILENT_DAYS:
        return ()
    end = formats.day(last)
    return (f"the data end on {end}, {days:,} days before as_of: what came later is not known",)


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
        If the folder does not exist, or a run in it cannot be read.
    """
    runs = _runs(folder, playbook, as_of, about or {})
    actions: dict[str, Action] = {}
    patterns: dict[tuple[str, str], Pattern] = {}
    for run in runs:
        listed = _actions(run.folder / ACTIONS)
        actions |= {action.what: action for action in carry_over(listed, run.folder.name)}
        closed = [action.what for action in listed if action.status in ("done", "dropped")]
        actions = {what: action for what, action in actions.items() if what not in closed}
        for pattern in _patterns(run.folder / MANIFEST, run.findings):
            patterns[pattern.what, pattern.applies_to] = pattern
    names = tuple(run.folder.name for run in runs)
    return Earlier(names, tuple(actions.values()), tuple(patterns.values()))


def _runs(folder: str | None, playbook: str, as_of: date, about: Mapping[str, str]) -> list[_Run]:
    """Find the complete runs of a playbook up to a day, oldest first.

    Where the days are equal the start decides: the names do not tell the order, since a run that
    was repeated lies beside its successor under a longer name.
    """
    found = []
    for path in [] if folder is None else _manifests(folder):
        manifest = _manifest(path)
        findings = manifest.get("findings")
        if manifest.get("playbook") != playbook or not findings:
            continue
        params = manifest.get("params", {})
        if any(params.get(name) != value for name, value in about.items()):
            continue
        if _day_of(path, findings) <= as_of:
            started_at = str(manifest.get("started_at", ""))
            found.append(_Run(path.parent, findings["as_of"], started_at, findings))
    return sorted(found, key=lambda run: (run.day, run.started_at))


def digest_of_earlier(folder: str, playbook: str, *, apart: str = "") -> str:
    """Return a digest of what earlier runs of a playbook hand on; other runs do not change it.

    Parameters
    ----------
    folder : str
        Folder of run folders, searched to any depth.
    playbook : str
        Stem of the playbook.
    apart : str, optional
        Folder within it that does not count: that of a batch, which adds to it by its own runs.

    Returns
    -------
    str
        The same wherever the folder lies.

    Raises
    ------
    UsageError
        If the folder does not exist, or a run in it cannot be read.
    """
    own, whole = Path(apart).resolve(), sha256()
    for path in _manifests(folder):
        if apart and path.resolve().is_relative_to(own):
            continue
        if _manifest(path).get("playbook") != playbook:
            continue
        # The tables of a run need not be read: its manifest holds their digests.
        for file in filter(Path.is_file, (path, path.with_name(ACTIONS))):
            name, content = file.relative_to(folder).as_posix(), file.read_bytes()
            whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def _manifests(folder: str) -> list[Path]:
    """Find the manifests below a folder, in the same order on every system."""
    if not Path(folder).is_dir():
        raise UsageError(
            "there is no such folder", where=f"earlier_runs = {folder}", remedy="check the path"
        )
    return sorted(Path(folder).rglob(MANIFEST), key=Path.as_posix)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _unreadable(path, f"not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise _unreadable(path, "no mapping of names to values")
    return content


def _day_of(path: Path, findings: Mapping[str, Any]) -> date:
    try:
        return date.fromisoformat(findings["as_of"])
    except (KeyError, TypeError, ValueError):
        raise _unreadable(path, "findings without a date `as_of`") from None


def _patterns(path: Path, findings: Mapping[str, Any]) -> list[Pattern]:
    try:
        return [Pattern(**record) for record in findings["patterns"]]
    except (KeyError, TypeError) as error:
        raise _unreadable(path, f"findings.patterns: {error}") from None


def _actions(path: Path) -> list[Action]:
    """Read the actions of a run from its CSV, where people set the status."""
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names, records = set(reader.fieldnames or ()), list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, f"not a CSV file in UTF-8: {error}") from None
    missing = {"what", "owner", "due_on", "measure", "status"} - names
    if missing:
        raise _unreadable(path, f"columns are missing: {', '.join(sorted(missing))}")
    return [_action(path, line, record) for line, record in enumerate(records, start=2)]


def _action(path: Path, line: int, record: dict[str, str | None]) -> Action:
    """Make an action of one line; columns that people added are left out."""
    names = [field.name for field in fields(Action)]
    given = {name: as_meant((record.get(name) or "").strip()) for name in names}
    known = {name: text for name, text in given.items() if text}
    status, due_on = given["status"].lower(), None
    if status not in get_args(ActionStatus):
        allowed = ", ".join(get_args(ActionStatus))
        raise _unreadable(path, f"line {line}: status {quote(status)}, must be {allowed}")
    try:
        due_on = date.fromisoformat(given["due_on"]) if given["due_on"] else None
    except ValueError:
        day = quote(given["due_on"])
        raise _unreadable(path, f"line {line}: due_on {day}, must be like 2026-01-31") from None
    texts = {name: given[name] for name in ("what", "owner", "measure")}
    return Action(**known | texts | {"status": status, "due_on": due_on})


def _unreadable(path: Path, problem: str) -> UsageError:
    return UsageError(
        f"an earlier run cannot be read: {problem}",
        where=str(path),
        remedy="correct the file, or move its run out of earlier_runs",
    )


def earlier_tables(
    folder: str | None, playbook: str, as_of: date, key: str
) -> tuple[tuple[str, str, pd.DataFrame], ...]:
    """Read a table as earlier runs of a playbook showed it, frozen on their day.

    Parameters
    ----------
    folder : str or None
        Folder of run folders, searched to any depth; None for no history.
    playbook : str
        Stem of the playbook.
    as_of : date
        Runs dated after it are not read.
    key : str
        Key of the table; runs without it are left out.

    Returns
    -------
    tuple of (run, day, DataFrame)
        Oldest first; the day as ``2026-06-30``.

    Raises
    ------
    UsageError
        If the folder does not exist, or a run in it cannot be read.
    """
    runs = _runs(folder, playbook, as_of, {})
    files = [(run.folder.name, run.day, run.folder / TABLES / f"{key}.csv") for run in runs]
    return tuple((name, day, _frame(path)) for name, day, path in files if path.is_file())


def _frame(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, encoding="utf-8-sig")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _unreadable(path, f"not a CSV file in UTF-8: {error}") from None
