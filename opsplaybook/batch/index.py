"""The page over a batch, from its records."""

from collections.abc import Sequence
from urllib.parse import quote

from opsplaybook.batch.records import RunRecord
from opsplaybook.batch.store import REPORT
from opsplaybook.report.index import RunEntry, RunFailure, index_page


def index_html(
    records: Sequence[RunRecord], *, title: str = "Runs", folders: Sequence[str] | None = None
) -> str:
    """Write the index page over runs.

    Parameters
    ----------
    records : sequence of RunRecord
        In the order of the plan.
    title : str, optional
        Heading of the page.
    folders : sequence of str, optional
        Where each run folder lies from the page, such as ``"reviews/"``. Default: beside it.

    Returns
    -------
    str
        One HTML page with relative links to the reports.
    """
    places = folders or [""] * len(records)
    return index_page([_entry(*pair) for pair in zip(records, places, strict=True)], title=title)


def _entry(record: RunRecord, folder: str) -> RunEntry:
    findings = record.findings or {}
    failure = record.failure
    return RunEntry(
        status=record.status,
        name=record.name,
        subject=findings.get("subject", record.subject),
        playbook=record.playbook,
        href=f"{folder}{quote(record.name)}/{REPORT}" if record.succeeded else "",
        started_at=record.started_at,
        duration_seconds=record.seconds["total"],
        verdict=findings.get("verdict"),
        key_figures=findings.get("key_figures", ()),
        failure=RunFailure(failure.name, failure.value, failure.cell) if failure else None,
    )
