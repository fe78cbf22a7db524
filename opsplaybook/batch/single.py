"""One run of a playbook, in this process."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from opsplaybook import formats
from opsplaybook.batch.engine import Heard
from opsplaybook.batch.inputs import Inputs, taken_once
from opsplaybook.batch.kernels import KERNEL_NAME, start_server
from opsplaybook.batch.plan import BatchPlan, make_plan
from opsplaybook.batch.planfile import PlanFile
from opsplaybook.batch.records import Job, RunRecord
from opsplaybook.batch.run import execute
from opsplaybook.batch.store import REPORT, RunStore, open_store


def run_playbook(
    name: str,
    values: Mapping[str, Any],
    output: str | Path,
    *,
    where: str = "parameters",
    kernel_name: str = KERNEL_NAME,
    heard: Heard | None = None,
) -> RunRecord:
    """Run a playbook once and write its run folder.

    Parameters
    ----------
    name : str
        Stem of the playbook.
    values : mapping
        Its parameters; those left out have the playbook's defaults.
    output : str or Path
        Folder or fsspec address; the run lands in a new folder inside, named after its subject.
        Nothing that is there is ever replaced: people note in an earlier run what became of its
        actions, and any other folder of that name is theirs.
    where : str, optional
        Where the values come from, for messages.
    kernel_name : str, optional
        Kernelspec that the notebook runs in.
    heard : callable, optional
        Hears the number of the cell that runs, from 1, and how many there are.

    Returns
    -------
    RunRecord

    Raises
    ------
    UsageError, ParamsError
        Before anything runs.
    FolderBusyError
        If a batch or another run writes there.
    StorageError
        If the folder cannot be written.
    """
    own = {key: value for key, value in values.items() if key not in ("source", "audience")}
    given = {key: values[key] for key in ("source", "audience") if key in values}
    file = PlanFile(playbook=name, each=[own], **given)
    plan = make_plan(name, file, [own], where=where)
    return run_single(plan, output, kernel_name=kernel_name, heard=heard)


def run_single(
    plan: BatchPlan,
    output: str | Path,
    *,
    kernel_name: str = KERNEL_NAME,
    inputs: Inputs | None = None,
    heard: Heard | None = None,
) -> RunRecord:
    """Run the only run of a plan into a new folder.

    Parameters
    ----------
    plan : BatchPlan
        With one run.
    output, kernel_name, heard
        As in `run_playbook`.
    inputs : Inputs, optional
        What the run reads. Default: a snapshot of the plan's source.
    """
    store = open_store(str(output))
    with ExitStack() as stack:
        stack.enter_context(store.lock())
        stack.callback(store.clear_unfinished)
        store.clear_unfinished()
        start_server()
        read = inputs or stack.enter_context(
            taken_once(plan.source, plan.tables, folder=store.folder, subjects=plan.subjects)
        )
        (job,) = plan.jobs(store.address, kernel_name=kernel_name, inputs=read)
        return execute(_in_new_folder(job, store), heard=heard)


def summary_line(record: RunRecord) -> str:
    """Say in one line what became of a run.

    Examples
    --------
    >>> record = RunRecord("E-07", "E-07", "reach", "succeeded", "", {}, "", {"total": 1.25})
    >>> summary_line(record)
    'E-07: succeeded in 1.2 s; open E-07/report.html'
    """
    line = f"{record.name}: {record.status} in {record.seconds['total']:.1f} s"
    if record.failure:
        return f"{line}; {formats.text(record.failure)}"
    return f"{line}; open {record.name}/{REPORT}"


def _in_new_folder(job: Job, store: RunStore) -> Job:
    name = next(name for name in _names(job.name) if not store.exists(name))
    return replace(job, name=name)


def _names(name: str) -> Iterator[str]:
    return chain([name], (f"{name}-{number}" for number in count(2)))
