"""Run a whole batch: what is complete is skipped, what fails stops nothing, all is written down."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

from opsplaybook.batch.dispatch import dispatch
from opsplaybook.batch.folders import is_intact, keep_edited, read_record
from opsplaybook.batch.index import index_html
from opsplaybook.batch.inputs import Inputs, taken_once
from opsplaybook.batch.kernels import KERNEL_NAME, start_server
from opsplaybook.batch.names import folder_names
from opsplaybook.batch.plan import BatchPlan
from opsplaybook.batch.pool import cores, open_pool
from opsplaybook.batch.progress import Watcher, show_failures, watch
from opsplaybook.batch.records import Job, RunRecord, now, runs_text, shortened
from opsplaybook.batch.stopping import StopRequest, stop_on_signals
from opsplaybook.batch.store import MANIFEST, RunStore, open_store
from opsplaybook.errors import RunError, StorageError, UsageError

BATCH = "batch.json"
JOURNAL = "runs.jsonl"
INDEX = "index.html"

REHEARSED_RUNS = 60
"""Runs per worker from which a rehearsal is worth its three seconds.

With one worker it is even at some 40 runs, with two at more: copies then compete with runs.
"""

State = Literal["running", "finished", "interrupted", "stopped"]

_SIGNAL_EXIT = 128

_UNSEEN_CHANGES = (
    "the source is a database: --resume cannot see whether its data have changed; "
    "to run all anew, give another output"
)


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """What became of a batch.

    Attributes
    ----------
    records : tuple of RunRecord
        Of all runs that came to an end, in the order of the plan; those skipped as complete
        are among them. Of their findings they have the verdict and the key figures.
    planned, skipped : int
        Runs of the plan, and how many of them were complete before.
    state : {"finished", "interrupted", "stopped"}
        ``stopped``: by an output that could not be written, or workers that all died.
    index_path : str
        The page over the batch.
    seconds : float
        Duration.
    signal_number : int or None
        What interrupted it.
    problem : str
        Why it was stopped.
    """

    records: tuple[RunRecord, ...]
    planned: int
    skipped: int
    state: State
    index_path: str
    seconds: float
    signal_number: int | None = None
    problem: str = ""

    @property
    def failed(self) -> tuple[RunRecord, ...]:
        """Runs that did not succeed."""
        return tuple(record for record in self.records if not record.succeeded)

    @property
    def exit_code(self) -> int:
        """0 if every run succeeded, 1 if not, 128 and the signal's number if interrupted."""
        if self.signal_number is not None:
            return _SIGNAL_EXIT + self.signal_number
        return 0 if len(self.records) == self.planned and not self.failed else 1

    def __str__(self) -> str:
        done = len(self.records) - len(self.failed)
        of = f"{done:,} of {runs_text(self.planned)}"
        parts = [f"{of} succeeded", f"{len(self.failed):,} failed"]
        if self.skipped:
            parts.append(f"{self.skipped:,} complete before")
        left = self.planned - len(self.records)
        if left:
            parts.append(f"{left:,} not run ({self.state}; continue with --resume)")
        return f"{', '.join(parts)}; {self.seconds:.1f} s"


def run_batch(
    plan: BatchPlan,
    output: str | Path,
    *,
    workers: int | None = None,
    dask: str | None = None,
    resume: bool = False,
    kernel_name: str = KERNEL_NAME,
    inputs: Inputs | None = None,
    console: Console | None = None,
) -> BatchSummary:
    """Run every run of a plan, each into its own folder, and write an index page over them.

    Parameters
    ----------
    plan : BatchPlan
        Checked runs.
    output : str or Path
        Folder or fsspec address; the batch lands in a folder of its name inside.
    workers : int, optional
        Local processes. Default: one per core.
    dask : str, optional
        Address of a Dask scheduler to use instead.
    resume : bool, optional
        Continue a batch in that folder: runs that are complete with the same parameters, code
        and inputs are skipped. Changes within a database are not seen.
    kernel_name : str, optional
        Kernelspec that the notebooks run in.
    inputs : Inputs, optional
        What the runs read. Default: a snapshot of the plan's source.
    console : Console, optional
        Where progress is shown. Default: standard error.

    Returns
    -------
    BatchSummary

    Raises
    ------
    FolderBusyError
        If another batch writes there.
    UsageError
        If there is a batch already and `resume` is not set, or it is of another playbook; if
        files or folders that no batch has written stand where it would write; if earlier runs
        are asked for that are not there or cannot be read.
    SourceError
        If the source cannot be read.
    """
    began = time.perf_counter()
    store = open_store(f"{str(output).rstrip('/')}/{folder_names([plan.name])[0]}")
    console = console or Console(stderr=True)
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        stack.enter_context(store.lock())
        _require_place(store, plan, resume=resume)
        _refuse_foreign(store, plan)
        stack.callback(store.clear_unfinished)
        store.clear_unfinished()
        if dask is None:
            # It imports while we look at the source.
            start_server(plan.playbook if _is_long(plan, workers or cores()) else "")
        read = inputs or stack.enter_context(
            taken_once(plan.source, plan.tables, folder=store.folder, subjects=plan.subjects)
        )
        jobs = plan.jobs(store.address, kernel_name=kernel_name, inputs=read, apart=store.address)
        if resume and not read.are_digested:
            console.print(_UNSEEN_CHANGES, style="bold", highlight=False)
        batch = _Batch(plan, store, jobs, _complete(store, jobs) if resume else {})
        return batch.run(stop, workers=workers, dask=dask, console=console, began=began)


def _is_long(plan: BatchPlan, workers: int) -> bool:
    return len(plan.runs) >= REHEARSED_RUNS * workers


@dataclass(slots=True)
class _Batch:
    """A batch under way."""

    plan: BatchPlan
    store: RunStore
    jobs: tuple[Job, ...]
    records: dict[str, RunRecord]

    def run(
        self,
        stop: StopRequest,
        *,
        workers: int | None,
        dask: str | None,
        console: Console,
        began: float,
    ) -> BatchSummary:
        skipped, problem = len(self.records), ""
        left = [job for job in self.jobs if job.name not in self.records]
        watcher = watch(console, total=len(self.jobs), skipped=skipped)
        self._write_state("running")
        try:
            self._work_through(left, stop, watcher, workers=workers, dask=dask)
        except (RunError, StorageError) as error:
            problem = str(error)
        state: State = "stopped" if problem else "interrupted" if stop.made else "finished"
        summary = BatchSummary(
            records=tuple(self.records[job.name] for job in self.jobs if job.name in self.records),
            planned=len(self.jobs),
            skipped=skipped,
            state=state,
            index_path=f"{self.store.address}/{INDEX}",
            seconds=time.perf_counter() - began,
            signal_number=stop.signal_number,
            problem=problem,
        )
        self._conclude(summary, console)
        return summary

    def _work_through(
        self,
        jobs: Sequence[Job],
        stop: StopRequest,
        watcher: Watcher,
        *,
        workers: int | None,
        dask: str | None,
    ) -> None:
        if not jobs:
            return
        with open_pool(workers=workers, dask=dask) as pool, watcher:
            way = dispatch(jobs, pool)
            for record in way.records(stop):
                self._take(record)
                watcher.finished(record)
                watcher.running(min(len(way.running), pool.slots))
            if stop.made:
                pool.abandon()
                for job in way.running.values():
                    self._note(job.name, "interrupted")

    def _take(self, record: RunRecord) -> None:
        self.records[record.name] = shortened(record)
        if not record.artefacts:
            # Its worker could not write; the folder must not show an earlier, whole run.
            keep_edited(self.store, record.name)
            self.store.publish(record.name, {MANIFEST: record.to_json().encode()})
        self._note(record.name, record.status, record)

    def _note(self, name: str, event: str, record: RunRecord | None = None) -> None:
        line: dict[str, object] = {"at": now(), "run": name, "event": event}
        if record is not None:
            line |= {"seconds": record.seconds["total"], "attempts": record.attempts}
        if record is not None and record.failure:
            line["failure"] = str(record.failure)
        self.store.append(JOURNAL, json.dumps(line, ensure_ascii=False))

    def _write_state(self, state: State) -> None:
        content = {
            "name": self.plan.name,
            "playbook": self.plan.playbook,
            "source": self.plan.source,
            "state": state,
            "at": now(),
            "runs": [{"name": job.name, "subject": job.subject} for job in self.jobs],
        }
        text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
        self.store.write(BATCH, (text + "\n").encode())

    def _write_pages(self, summary: BatchSummary) -> None:
        self.store.write(INDEX, self._index(summary).encode())
        self._write_state(summary.state)

    def _index(self, summary: BatchSummary) -> str:
        words = self.plan.name.replace("_", " ").replace("-", " ")
        left = [job for job in self.jobs if job.name not in self.records]
        return index_html(summary.records, title=f"{words[:1].upper()}{words[1:]}", left=left)

    def _conclude(self, summary: BatchSummary, console: Console) -> None:
        if summary.problem:
            console.print(summary.problem, style="bold", markup=False, highlight=False)
            # What stopped the batch may stop this as well; it was said.
            with suppress(StorageError):
                self._write_pages(summary)
        else:
            self._write_pages(summary)
        show_failures(console, summary.records)
        console.print(str(summary), highlight=False)


def _require_place(store: RunStore, plan: BatchPlan, *, resume: bool) -> None:
    text = store.read(BATCH)
    if text is None:
        return
    if not resume:
        raise UsageError(
            "there is a batch here already",
            where=store.address,
            remedy="continue it with --resume, or give another output",
        )
    playbook = _playbook_in(text, store.address)
    if playbook != plan.playbook:
        raise UsageError(
            f"the batch here is of {playbook}, not of {plan.playbook}",
            where=store.address,
            remedy="give another output",
        )


def _playbook_in(state: bytes, address: str) -> str:
    try:
        return json.loads(state)["playbook"]
    except (ValueError, TypeError, KeyError):
        raise UsageError(
            f"no batch has written the {BATCH} here",
            where=address,
            remedy="move it away, or give another output",
        ) from None


def _refuse_foreign(store: RunStore, plan: BatchPlan) -> None:
    """Refuse to write over what is not ours, before anything runs."""
    foreign = [run.name for run in plan.runs if store.is_foreign(run.name)]
    if not store.exists(BATCH) and store.exists(INDEX):
        foreign.insert(0, INDEX)
    if foreign:
        raise UsageError(
            f"files or folders stand here that no batch has written: {len(foreign):,}",
            where=store.address,
            examples=foreign,
            remedy="move them away, or give another output",
        )


def _complete(store: RunStore, jobs: Sequence[Job]) -> Mapping[str, RunRecord]:
    """Return the runs that need not be repeated: they succeeded, and nothing changed since."""
    complete = {}
    for job in jobs:
        record = read_record(store, job.name)
        same = record is not None and record.succeeded and record.key == job.key
        if same and is_intact(store, record):
            complete[job.name] = shortened(record)
    return complete
