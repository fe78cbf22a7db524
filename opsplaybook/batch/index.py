"""The page over a batch, from its records."""

from collections.abc import Sequence
from urllib.parse import quote

from opsplaybook.batch.records import RunRecord
from opsplaybook.report.index import RunEntry, RunFailure, index_page


def index_html(records: Sequence[RunRecord]) -> str:
    """Write the index page over runs.

    Parameters
    ----------
    records : sequence of RunRecord
        In the order of the plan.

    Returns
    -------
    str
        One HTML page with relative links to the reports.
    """
    return index_page([_entry(record) for record in records])


def _entry(record: RunRecord) -> RunEntry:
    findings = record.findings or {}
    failure = record.failure
    return RunEntry(
        status=record.status,
        name=record.name,
        subject=record.subject,
        playbook=record.playbook,
        href=f"{quote(record.name)}/report.html" if record.succeeded else "",
        started_at=record.started_at,
        duration_seconds=record.seconds["total"],
        verdict=findings.get("verdict"),
        key_figures=findings.get("key_figures", ()),
        failure=RunFailure(failure.name, failure.value, failure.cell) if failure else None,
    )
