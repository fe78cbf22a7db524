"""A batch as it is written down, and as the runs that it means.

A plan names one playbook, the parameters that all runs share, and ``each``: one row of parameters
per run, as a list, a CSV file or a query on the source. Everything is checked before anything
runs, and all problems are told at once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from opsplaybook import playbooks
from opsplaybook.batch.code import code_digest, without_outputs
from opsplaybook.batch.inputs import Inputs
from opsplaybook.batch.names import folder_names
from opsplaybook.batch.planfile import PlanFile, read_plan_file
from opsplaybook.batch.records import Job, Limits, runs_text
from opsplaybook.batch.selection import select
from opsplaybook.display import Heading, Table
from opsplaybook.errors import ParamsError, UsageError, quote
from opsplaybook.params import PlaybookParams, resolve
from opsplaybook.playbooks.base import Playbook, digest_of_earlier

RUNS_SHOWN = 20
"""Runs that a dry run lists; the CSV beside the table has all."""

_EARLIER = "earlier_runs"


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run of a plan.

    Attributes
    ----------
    name : str
        Name of its folder.
    subject : str
        What it is about, as the data name it.
    params : mapping
        Every parameter, checked, in JSON types.
    """

    name: str
    subject: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """All runs of a batch, checked.

    Attributes
    ----------
    name : str
        Stem of the plan's file; name of the batch folder.
    playbook : str
    subject : str
        Name of the parameter that runs are about.
    source : str
        Address of the source that all runs read.
    tables : tuple of str
        Tables that the playbook reads.
    runs : tuple of PlannedRun
        In the order of the selection.
    notebook : str
        JSON text of the notebook, without outputs.
    limits : Limits
    """

    name: str
    playbook: str
    subject: str
    source: str
    tables: tuple[str, ...]
    runs: tuple[PlannedRun, ...]
    notebook: str
    limits: Limits

    @property
    def subjects(self) -> tuple[str, tuple[str, ...]]:
        """The parameter that runs are about, and its value in each."""
        return self.subject, tuple(run.subject for run in self.runs)

    def jobs(
        self, output: str, *, kernel_name: str, inputs: Inputs, apart: str = ""
    ) -> tuple[Job, ...]:
        """Return the runs ready to start.

        Parameters
        ----------
        output : str
            Folder or fsspec address that the run folders are written to.
        kernel_name : str
            Kernelspec that the notebooks run in.
        inputs : Inputs
            What the runs read.
        apart : str, optional
            Folder whose runs do not count as earlier ones: that of a batch which is continued.

        Raises
        ------
        UsageError
            If earlier runs are asked for that are not there or cannot be read.
        """
        digest, earlier = code_digest(self.notebook), self._earlier(apart)
        working_directory = str(Path.cwd())
        return tuple(
            Job(
                name=run.name,
                subject=run.subject,
                playbook=self.playbook,
                notebook=self.notebook,
                params=run.params,
                output=output,
                limits=self.limits,
                kernel_name=kernel_name,
                working_directory=working_directory,
                environment=inputs.environment,
                code_digest=digest,
                input_digests={**inputs.digests, **earlier[run.params.get(_EARLIER)]},
                names_file=inputs.names_file,
            )
            for run in self.runs
        )

    def _earlier(self, apart: str) -> dict[str | None, dict[str, str]]:
        """Return the digest of each folder of earlier runs that a run reads."""
        folders = {run.params.get(_EARLIER) for run in self.runs} - {None}
        digests = {
            folder: {_EARLIER: digest_of_earlier(folder, self.playbook, apart=apart)}
            for folder in folders
        }
        return {None: {}} | digests

    def table(self) -> Table:
        """Show the runs: folder, subject and the parameters in which they differ."""
        names = _differing(self.runs)
        rows = [
            (run.name, run.subject, *(str(run.params.get(name, "")) for name in names))
            for run in self.runs
        ]
        headings = tuple(Heading(label) for label in ("Folder", "Subject", *names))
        caption = f"{runs_text(len(rows))} of {self.playbook} on {self.source}"
        lines = [",".join(_quoted(text) for text in row) for row in rows]
        csv = "\r\n".join([",".join(heading.label for heading in headings), *lines])
        return Table("runs", caption, headings, tuple(rows[:RUNS_SHOWN]), len(rows), csv)


def plan_text(plan: BatchPlan) -> str:
    """Show the runs of a plan as text, for a dry run."""
    return str(plan.table())


def read_plan(path: Path) -> BatchPlan:
    """Read a batch plan and check every run that it means.

    Raises
    ------
    UsageError
        If there is no such file or playbook.
    ParamsError
        With every problem of every run.
    SourceError
        If the selection queries a source that cannot be read.
    """
    file = read_plan_file(path)
    rows = select(file.each, source=file.source, folder=path.parent)
    return make_plan(path.stem, file, rows, where=str(path))


def make_plan(
    name: str,
    file: PlanFile,
    rows: Sequence[Mapping[str, Any]],
    *,
    where: str,
    playbook: Playbook | None = None,
    notebook: Path | None = None,
) -> BatchPlan:
    """Check the runs of a plan and name their folders.

    Parameters
    ----------
    name : str
        Name of the batch.
    file : PlanFile
    rows : sequence of mapping
        Parameters per run; a row under the name ``subject`` alone sets the playbook's subject.
    where : str
        For messages.
    playbook, notebook : optional
        Module and notebook. Default: those registered under the plan's name.

    Raises
    ------
    ParamsError
        With every problem of every run.
    UsageError
        If there is no such playbook, or nothing was selected.
    """
    module = playbook or playbooks.get(file.playbook)
    if not rows:
        raise UsageError("nothing was selected", where=where, remedy="widen `each`")
    shared = _shared(file, where)
    params = _resolved(module, [{**shared, **_own(row, module.SUBJECT)} for row in rows], where)
    subjects = tuple(str(item[module.SUBJECT]) for item in params)
    named = (_label(file.name, item, where) for item in params) if file.name else subjects
    # A run about everything has no subject: it is named after its playbook.
    labels = tuple(name or file.playbook for name in named)
    _refuse_equal(labels, where)
    path = notebook or playbooks.notebook_path(file.playbook)
    return BatchPlan(
        name=name,
        playbook=file.playbook,
        subject=module.SUBJECT,
        source=file.source,
        tables=(*module.REQUIRED, *module.OPTIONAL),
        runs=tuple(map(PlannedRun, folder_names(labels), subjects, params)),
        notebook=without_outputs(path.read_text(encoding="utf-8")),
        limits=file.limits,
    )


def _shared(file: PlanFile, where: str) -> dict[str, Any]:
    twice = {"source", "audience"}.intersection(file.params)
    if twice:
        raise ParamsError(
            f"{' and '.join(sorted(twice))} belong to the plan itself",
            where=where,
            remedy="move them out of `params`",
        )
    audience = {} if file.audience is None else {"audience": file.audience}
    return {**file.params, "source": file.source, **audience}


def _own(row: Mapping[str, Any], subject: str) -> dict[str, Any]:
    return {subject if name == "subject" else name: value for name, value in row.items()}


def _resolved(
    module: Playbook, rows: Sequence[Mapping[str, Any]], where: str
) -> tuple[dict[str, Any], ...]:
    """Check all rows; tell all problems together, each with its row."""
    resolved, problems = [], []
    for number, row in enumerate(rows, start=1):
        try:
            params: PlaybookParams = resolve(module.Params, row, where=where)
            resolved.append(params.model_dump(mode="json"))
        except ParamsError as error:
            subject = quote(row.get(module.SUBJECT, ""))
            problems += [f"run {number} ({subject}): {text}" for text in error.examples]
    if problems:
        raise ParamsError(
            f"{len(rows) - len(resolved):,} of {len(rows):,} runs have wrong parameters",
            where=where,
            examples=problems,
            remedy="correct the plan; nothing was started",
        )
    return tuple(resolved)


def _label(template: str, params: Mapping[str, Any], where: str) -> str:
    place = f"{where}: name"
    try:
        unknown = {name for _, name, _, _ in Formatter().parse(template) if name} - set(params)
        if not unknown:
            return template.format(**params)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ParamsError(
            f"the name of a run cannot be made of {quote(template)}: {error}",
            where=place,
            remedy="write names of parameters in braces, such as '{account_id} {as_of}'",
        ) from None
    raise ParamsError(
        f"the name of a run asks for {', '.join(sorted(unknown))}, which is no parameter",
        where=place,
        remedy=f"use any of {', '.join(params)}",
    )


def _refuse_equal(labels: Sequence[str], where: str) -> None:
    twice = [f"{quote(label)}: {n} runs" for label, n in Counter(labels).items() if n > 1]
    if twice:
        raise ParamsError(
            f"{len(twice):,} names stand for more than one run",
            where=where,
            examples=twice,
            remedy="remove repeated rows, or write a `name` that tells the runs apart",
        )


def _differing(runs: Sequence[PlannedRun]) -> list[str]:
    first = runs[0]
    return [
        name
        for name, value in first.params.items()
        if value != first.subject and any(run.params[name] != value for run in runs)
    ]


def _quoted(text: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"'
