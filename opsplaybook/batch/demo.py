"""The playbooks on the sample company: what a newcomer sees first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsplaybook import playbooks
from opsplaybook.batch.index import index_html
from opsplaybook.batch.plan import make_plan
from opsplaybook.batch.planfile import PlanFile
from opsplaybook.batch.records import RunRecord
from opsplaybook.batch.runner import run_batch
from opsplaybook.params import read_yaml

INDEX = "index.html"
SUBJECTS = {"event_retrospective": ("EV-07", "EV-08", "EV-09")}
"""An event whose guests would have bought anyway, one that a channel failed, one that worked."""


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What became of the demo.

    Attributes
    ----------
    records : tuple of RunRecord
    index_path : Path
        The page over all runs.
    exit_code : int
        0 if every run succeeded.
    """

    records: tuple[RunRecord, ...]
    index_path: Path
    exit_code: int


def run_demo(output: Path, subjects: Mapping[str, Sequence[Any]] | None = None) -> DemoSummary:
    """Run every playbook on the sample company.

    Parameters
    ----------
    output : Path
        Folder; each playbook gets a folder of its own inside, and all of them one index page.
    subjects : mapping of str to sequence, optional
        Subjects per playbook. Default: those of `SUBJECTS`; without an entry, the one that the
        playbook's shipped parameters name.

    Returns
    -------
    DemoSummary
    """
    records, links, codes = [], [], []
    for name in playbooks.MODULES:
        values = read_yaml(playbooks.params_path(name))
        source = values.pop("source")
        chosen = (SUBJECTS if subjects is None else subjects).get(name, ())
        rows = [{"subject": subject} for subject in chosen] or [values]
        file = PlanFile(playbook=name, source=source, each=rows)
        summary = run_batch(make_plan(name, file, rows, where=name), output, resume=True)
        records += summary.records
        links += [f"{name}/"] * len(summary.records)
        codes.append(summary.exit_code)
    index = output / INDEX
    index.write_text(index_html(records, folders=links), encoding="utf-8", newline="")
    return DemoSummary(tuple(records), index, max(codes))
