"""One run, from a `Job` to a whole run folder. This is what a worker does."""

import csv
import io
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from importlib.metadata import version
from typing import Any

import nbformat
from nbformat import NotebookNode

from opsplaybook import __version__, report
from opsplaybook.batch.engine import Execution, Heard, run_notebook
from opsplaybook.batch.folders import digests, keep_edited
from opsplaybook.batch.others import names_for
from opsplaybook.batch.records import Failure, Job, RunRecord, identity, now
from opsplaybook.batch.store import MANIFEST, REPORT, open_store
from opsplaybook.errors import RenderError
from opsplaybook.findings import Action, Pattern
from opsplaybook.tables import harmless

NOTEBOOK = "notebook.ipynb"
TABLES = "tables"

_LIBRARIES = ("duckdb", "ibis-framework", "numpy", "pandas", "papermill", "scipy", "statsmodels")


def execute(job: Job, *, heard: Heard | None = None) -> RunRecord:
    """Run a job and write its run folder.

    Parameters
    ----------
    job : Job
        What to run. Nothing else is read but what its notebook reads.
    heard : callable, optional
        Hears the number of the cell that runs, from 1, and how many there are.

    Returns
    -------
    RunRecord
        Also for a run that failed, timed out or lost its kernel: its folder then holds the
        notebook as far as it came, and the manifest with the error.

    Raises
    ------
    StorageError
        If the folder cannot be written; nothing is left of it then.
    """
    began, started_at = time.perf_counter(), now()
    execution, attempts = _attempts(job, heard)
    record = RunRecord(
        **identity(job),
        status=execution.status,
        started_at=started_at,
        seconds=execution.seconds,
        failure=execution.failure,
        kernel=execution.kernel,
        attempts=attempts,
        versions=versions(),
    )
    with execution.phase("report"):
        record, files = _with_report(job, execution.notebook, record)
    waited = execution.seconds.pop("waiting", 0.0)
    execution.seconds["total"] = round(time.perf_counter() - began - waited, 4)
    record = replace(record, artefacts=digests(files))
    store = open_store(job.output)
    keep_edited(store, job.name)
    store.publish(job.name, {**files, MANIFEST: record.to_json().encode()})
    return record


def head_of(record: RunRecord) -> dict[str, Any]:
    """Return what a report says of the run that made it: no more than is known before its end."""
    facts = {name: getattr(record, name) for name in ("name", "playbook", "started_at")}
    facts |= {"code_digest": record.code_digest, "seconds": record.seconds["cells"]}
    # In the order of the manifest, so that the report is the same when it is made again from it.
    by_name = ("params", "versions", "input_digests")
    return facts | {name: dict(sorted(getattr(record, name).items())) for name in by_name}


@cache
def versions() -> dict[str, str]:
    """Return the versions of what makes the numbers."""
    ours = {"opsplaybook": __version__, "python": platform.python_version()}
    return ours | {name: version(name) for name in _LIBRARIES}


def _attempts(job: Job, heard: Heard | None) -> tuple[Execution, int]:
    """Run the notebook; again if its kernel died, never if a cell raised."""
    attempts = job.attempts_made
    while True:
        attempts += 1
        execution = Execution(cells_at_once=attempts < job.limits.attempts, heard=heard)
        run_notebook(job, execution)
        if execution.status != "killed" or attempts >= job.limits.attempts:
            return execution, attempts


def _with_report(
    job: Job, notebook: NotebookNode, record: RunRecord
) -> tuple[RunRecord, dict[str, bytes]]:
    """Make the files of the run folder; a report that cannot be made fails the run."""
    executed = {NOTEBOOK: (nbformat.writes(notebook) + "\n").encode()}
    if not record.succeeded:
        return record, executed
    record = replace(record, findings=report.findings_of(notebook))
    try:
        return record, executed | _readable(job, notebook, record)
    except RenderError as error:
        failure = Failure("RenderError", str(error))
        return replace(record, status="failed", failure=failure), executed


def _readable(job: Job, notebook: NotebookNode, record: RunRecord) -> dict[str, bytes]:
    names = names_for(job.names_file, job.params)
    page = report.render(
        notebook,
        audience=job.audience,
        manifest=head_of(record),
        tables_folder=TABLES,
        forbidden=names.forbidden,
        own=names.own,
    )
    files = {REPORT: page.encode()}
    for name, text in report.csv_tables(notebook, audience=job.audience).items():
        files[f"{TABLES}/{name}"] = _for_spreadsheets(text)
    if record.findings is not None:
        files["actions.csv"] = _csv(Action, record.findings["actions"])
        files["patterns.csv"] = _csv(Pattern, record.findings["patterns"])
    return files


def _csv(kind: type, records: Sequence[Mapping[str, Any]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, [field.name for field in fields(kind)], lineterminator="\r\n")
    writer.writeheader()
    for record in records:
        writer.writerow({name: harmless(value) for name, value in record.items()})
    return _for_spreadsheets(file.getvalue())


def _for_spreadsheets(text: str) -> bytes:
    """Encode with a byte order mark: without it Excel takes UTF-8 for the local code page."""
    return text.encode("utf-8-sig")
