"""The page over a batch, from its records."""

from collections.abc import Sequence
from urllib.parse import quote

from opsplaybook.batch.records import Job, RunRecord
from opsplaybook.batch.store import REPORT
from opsplaybook.report.index import NOT_RUN, RunEntry, RunFailure, index_page


def index_html(
    records: Sequence[RunRecord],
    *,
    title: str = "Runs",
    folders: Sequence[str] | None = None,
    left: Sequence[Job] = (),
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
    left : sequence of Job, optional
        What was planned and came to no end, so that half a batch does not look like a whole one.

    Returns
    -------
    str
        One HTML page with relative links to the reports.
    """
    places = folders or [""] * len(records)
    entries = [_entry(*pair) for pair in zip(records, places, strict=True)]
    entries += [RunEntry(NOT_RUN, job.name, job.subject, job.playbook) for job in left]
    return index_page(entries, title=title)


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
