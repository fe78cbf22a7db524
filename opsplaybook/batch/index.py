"""The page over a batch, from its records."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from opsplaybook.batch.records import RunRecord


def index_html(records: Sequence[RunRecord]) -> str:
    """Write the index page over runs.

    Parameters
    ----------
    records : sequence of RunRecord
        In the order in which they are listed.

    Returns
    -------
    str
        One HTML page with relative links to the reports.
    """
    rows = "".join(_row(record) for record in records)
    return f"<!doctype html><meta charset=utf-8><title>Runs</title><table>{rows}</table>\n"


def _row(record: RunRecord) -> str:
    name = escape(record.name)
    link = f'<a href="{quote(record.name)}/report.html">{name}</a>' if record.succeeded else name
    cells = (link, record.status, escape(str(record.failure or "")))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
