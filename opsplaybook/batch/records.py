"""What a run is asked for and what became of it: `Job` in, `RunRecord` out.

Both are frozen, picklable and small, so that any ``concurrent.futures.Executor`` can carry them.
A `RunRecord` is the manifest of its run folder.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from opsplaybook.display import Audience

SCHEMA_VERSION = 1
"""Version of the manifest's form; raised when a field changes its meaning."""

Status = Literal["succeeded", "failed", "timed-out", "killed", "interrupted"]
"""``failed``: the notebook or its report raised. ``killed``: the kernel or its worker died."""


_SHOWN = ("verdict", "key_figures")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how large a run may become.

    Attributes
    ----------
    cell_seconds, run_seconds : float
        Time for one cell, and for all cells of a run.
    memory_megabytes : int or None
        What a kernel may allocate beyond what it starts with; None for no limit. Where the
        system cannot limit a process (other than Linux) it is not applied.
    attempts : int
        How often a run is started when its kernel dies. An error in a cell is never retried.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    cell_seconds: Annotated[float, Field(gt=0)] = 600.0
    run_seconds: Annotated[float, Field(gt=0)] = 1800.0
    memory_megabytes: Annotated[int, Field(ge=100)] | None = None
    attempts: Annotated[int, Field(ge=1, le=5)] = 2


@dataclass(frozen=True, slots=True)
class Job:
    """One run, ready to start.

    Attributes
    ----------
    name : str
        Name of its run folder, safe on every file system.
    subject : str
        What it is about, as the data name it.
    playbook : str
        Stem of the playbook.
    notebook : str
        JSON text of the notebook without outputs, read once, so that an edit during a batch
        does not split it and a worker elsewhere needs no file.
    params : mapping
        Every parameter in JSON types, checked; dates as ``2026-06-30``.
    output : str
        Folder or fsspec address that the run folder is written to.
    limits : Limits
    kernel_name : str
        Kernelspec.
    working_directory : str
        Where the kernel runs: relative paths in parameters mean what they meant to the caller.
    environment : mapping of str to str
        Added to the worker's own for the kernel.
    code_digest : str
        Digest of the package and of the notebook's cells.
    input_digests : mapping of str to str
        Digest per input of the source.
    names_file : str
        File with the names that the report must not contain, if a customer reads it.
    attempts_made : int
        How often it was started before, by workers that died.
    """

    name: str
    subject: str
    playbook: str
    notebook: str = field(repr=False)
    params: Mapping[str, Any]
    output: str
    limits: Limits = Limits()
    kernel_name: str = "opsplaybook"
    working_directory: str = "."
    environment: Mapping[str, str] = field(default_factory=dict)
    code_digest: str = ""
    input_digests: Mapping[str, str] = field(default_factory=dict)
    names_file: str = ""
    attempts_made: int = 0

    @property
    def audience(self) -> Audience:
        """Who the report is for."""
        return self.params.get("audience", "internal")

    @property
    def key(self) -> str:
        """Digest of all that decides the result: equal keys, equal tables.

        Examples
        --------
        >>> job = Job("a", "A", "p", "{}", {"level": 0.95}, "out")
        >>> job.key == replace(job, output="elsewhere").key
        True
        >>> job.key == replace(job, params={"level": 0.9}).key
        False

        A run is repeated when a parameter changed, not when its folder did.
        """
        decisive = [self.playbook, self.params, self.code_digest, self.input_digests]
        text = json.dumps(decisive, sort_keys=True, default=dict)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run did not succeed.

    Attributes
    ----------
    name, value : str
        Class and text of the error; the text is bounded.
    cell : int or None
        Position of the cell in the executed notebook, from 0; None outside of cells.
    source_line : str
        Line of the cell that raised.
    """

    name: str
    value: str
    cell: int | None = None
    source_line: str = ""

    def __str__(self) -> str:
        where = "" if self.cell is None else f" in cell {self.cell}"
        line = f" ({self.source_line})" if self.source_line else ""
        return f"{self.name}{where}{line}: {self.value}"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What became of a run.

    Attributes
    ----------
    name, subject, playbook : str
        As in `Job`.
    status : Status
    key : str
        `Job.key`.
    params, input_digests, code_digest
        As in `Job`.
    started_at : str
        UTC, ISO form.
    seconds : mapping of str to float
        Duration per phase: ``kernel`` (start), ``cells``, ``report``, ``total``; without the
        time in which it waited for its turn.
    failure : Failure or None
        None if it succeeded.
    findings : mapping or None
        JSON form of the run's findings.
    kernel : str
        ``forked``, or ``ordinary`` with the reason.
    attempts : int
        How often it was started.
    versions : mapping of str to str
        Of Python and of the libraries that make the numbers.
    artefacts : mapping of str to str
        SHA-256 per file of the run folder.
    """

    name: str
    subject: str
    playbook: str
    status: Status
    key: str
    params: Mapping[str, Any]
    started_at: str
    seconds: Mapping[str, float]
    failure: Failure | None = None
    findings: Mapping[str, Any] | None = None
    input_digests: Mapping[str, str] = field(default_factory=dict)
    code_digest: str = ""
    kernel: str = ""
    attempts: int = 1
    versions: Mapping[str, str] = field(default_factory=dict)
    artefacts: Mapping[str, str] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether the run came to its end and its report was made."""
        return self.status == "succeeded"

    @property
    def exit_code(self) -> int:
        """0 if it succeeded, 1 if not."""
        return 0 if self.succeeded else 1

    def to_json(self) -> str:
        """Write the manifest: sorted, indented, one form for one content."""
        record = asdict(self) | {"schema_version": SCHEMA_VERSION}
        return json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "RunRecord":
        """Read a manifest.

        Raises
        ------
        ValueError
            If it is not a manifest of this version.
        """
        record = json.loads(text)
        if not isinstance(record, dict) or record.pop("schema_version", None) != SCHEMA_VERSION:
            raise ValueError(f"not a manifest of version {SCHEMA_VERSION}")
        failure = record.pop("failure")
        try:
            return cls(**record, failure=Failure(**failure) if failure else None)
        except TypeError as error:
            raise ValueError(str(error)) from None


def identity(job: Job) -> dict[str, Any]:
    """Return what a record takes over from its job."""
    return {
        "name": job.name,
        "subject": job.subject,
        "playbook": job.playbook,
        "key": job.key,
        "params": dict(job.params),
        "input_digests": dict(job.input_digests),
        "code_digest": job.code_digest,
    }


def without_outcome(job: Job, status: Status, failure: Failure) -> RunRecord:
    """Record a run whose worker could not speak for it."""
    return RunRecord(
        **identity(job),
        status=status,
        started_at=now(),
        seconds={"total": 0.0},
        failure=failure,
        attempts=job.attempts_made,
    )


def shortened(record: RunRecord) -> RunRecord:
    """Return a record with those findings only that an index shows; a batch holds all its records.

    Examples
    --------
    >>> record = RunRecord("a", "A", "p", "succeeded", "", {}, "", {}, findings={"method": ["..."]})
    >>> shortened(record).findings
    {}
    """
    if record.findings is None:
        return record
    shown = {name: record.findings[name] for name in _SHOWN if name in record.findings}
    return replace(record, findings=shown)


def again(job: Job) -> Job:
    """Return the job as it is started once more."""
    return replace(job, attempts_made=job.attempts_made + 1)


def now() -> str:
    """Return the time in UTC, in ISO form, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def runs_text(count: int) -> str:
    """Write a number of runs.

    Examples
    --------
    >>> runs_text(1), runs_text(1200)
    ('1 run', '1,200 runs')
    """
    return f"{count:,} {'run' if count == 1 else 'runs'}"
