"""What ran before: the manifests of a folder as one frame."""

from pathlib import Path

import pandas as pd

from opsplaybook.batch.records import RunRecord, runs_text
from opsplaybook.batch.store import MANIFEST
from opsplaybook.errors import UsageError
from opsplaybook.tables import Column, table

_COLUMNS = (
    Column("folder", "Folder"),
    Column("playbook", "Playbook"),
    Column("subject", "Subject"),
    Column("status", "Status"),
    Column("started", "Started"),
    Column("seconds", "Seconds", "number"),
    Column("verdict", "Verdict"),
)
_SHOWN = 50


def runs(folder: Path) -> pd.DataFrame:
    """Read the manifests below a folder.

    Parameters
    ----------
    folder : Path
        Searched to any depth.

    Returns
    -------
    DataFrame
        One row per run, latest first: ``folder`` (relative), ``playbook``, ``subject``,
        ``status``, ``started`` (UTC, text), ``seconds``, ``verdict`` (the error of a run that
        failed), ``kernel``, ``attempts``. Files that are no manifest are passed over.

    Raises
    ------
    UsageError
        If the folder does not exist.
    """
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=str(folder), remedy="check the path")
    found = [(path.parent, _read(path)) for path in folder.rglob(MANIFEST)]
    rows = [_row(folder, place, record) for place, record in found if record is not None]
    names = [*(column.name for column in _COLUMNS), "kernel", "attempts"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.sort_values(["started", "folder"], ascending=[False, True], ignore_index=True)


def history_text(folder: Path) -> str:
    """List the latest runs below a folder as text."""
    frame = runs(folder)
    caption = f"{runs_text(len(frame))} in {folder}"
    return str(table(frame, _COLUMNS, key="runs", caption=caption, shown=_SHOWN))


def _read(path: Path) -> RunRecord | None:
    try:
        return RunRecord.from_json(path.read_text(encoding="utf-8"))
    except ValueError:
        return None


def _row(root: Path, folder: Path, record: RunRecord) -> tuple[object, ...]:
    verdict = record.findings["verdict"]["word"] if record.findings else str(record.failure or "")
    return (
        folder.relative_to(root).as_posix(),
        record.playbook,
        record.subject,
        record.status,
        record.started_at[:16].replace("T", " "),
        record.seconds["total"],
        verdict,
        record.kernel,
        record.attempts,
    )
