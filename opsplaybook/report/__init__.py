"""Notebook to one HTML file: safe to mail, readable offline, the same bytes every time.

`render` makes the report of a run, `csv_tables` the files beside it, `index_page` the page over a
batch, and `write_pdf` a PDF where there is a Chromium. Importing this imports nothing of Jupyter;
`exporter` has the nbconvert exporter.
"""

from opsplaybook.report.index import RunEntry, RunFailure, index_page
from opsplaybook.report.notebook import csv_tables, findings_of
from opsplaybook.report.page import render
from opsplaybook.report.pdf import write_pdf

__all__ = [
    "RunEntry",
    "RunFailure",
    "csv_tables",
    "findings_of",
    "index_page",
    "render",
    "write_pdf",
]
