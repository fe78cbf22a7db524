"""Make the report of a finished run again, and print it to PDF."""

from pathlib import Path

import nbformat

from opsplaybook import playbooks, report
from opsplaybook.batch.others import names_now
from opsplaybook.batch.records import RunRecord
from opsplaybook.batch.run import NOTEBOOK, TABLES, head_of
from opsplaybook.batch.store import MANIFEST, REPORT
from opsplaybook.errors import UsageError

PDF = "report.pdf"


def render_again(folder: Path, *, pdf: bool = False) -> Path:
    """Make the report of a run folder again from its notebook; the same bytes, if ours are.

    That of a customer is searched for the names of others again, which are read from the source.

    Parameters
    ----------
    folder : Path
        A run folder of a run that succeeded.
    pdf : bool, optional
        Print it to PDF as well, which needs a Chromium.

    Returns
    -------
    Path
        What was written last.

    Raises
    ------
    UsageError
        If the folder is no run folder, or its run failed; if a customer reads the report, and the
        source is gone.
    SourceError
        If a customer reads the report, and the source cannot be read.
    RenderError
        If the report cannot be made, would leak, or there is no Chromium to print it.
    """
    record = _read(folder)
    names = names_now(record.params, _tables(record))
    page = report.render(
        nbformat.read(folder / NOTEBOOK, as_version=4),
        audience=record.params.get("audience", "internal"),
        manifest=head_of(record),
        tables_folder=TABLES,
        forbidden=names.forbidden,
        own=names.own,
    )
    path = folder / REPORT
    path.write_text(page, encoding="utf-8", newline="")
    if pdf:
        report.write_pdf(path, folder / PDF)
        path = folder / PDF
    return path


def _tables(record: RunRecord) -> tuple[str, ...]:
    module = playbooks.get(record.playbook)
    return (*module.REQUIRED, *module.OPTIONAL)


def _read(folder: Path) -> RunRecord:
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise UsageError(
            f"there is no {MANIFEST}, so this is no run folder",
            where=str(folder),
            remedy="name a folder that `opsplaybook runs` lists",
        )
    record = RunRecord.from_json(manifest.read_text(encoding="utf-8"))
    if not record.succeeded:
        raise UsageError(
            f"the run is {record.status}, so there is no report to make",
            where=str(folder),
            remedy="mend what failed and run it again",
        )
    return record
