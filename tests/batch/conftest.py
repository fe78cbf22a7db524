import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from rich.console import Console

from opsplaybook.batch.code import without_outputs
from opsplaybook.batch.kernels import ensure_kernelspec
from opsplaybook.batch.plan import BatchPlan, make_plan
from opsplaybook.batch.planfile import PlanFile
from opsplaybook.batch.records import Job, Limits
from opsplaybook.params import PlaybookParams

HOSTILE = Path(__file__).parents[1] / "notebooks" / "hostile"
VARIED = HOSTILE / "varied.ipynb"


class VariedParams(PlaybookParams):
    """Parameters of the notebook that misbehaves as it is told."""

    account_id: str = "A-1"
    behaviour: str = "well"
    log: str = ""


VARIED_PLAYBOOK = SimpleNamespace(
    TITLE="Varied",
    QUESTION="What does the runner do?",
    SUBJECT="account_id",
    REQUIRED=("accounts",),
    OPTIONAL=(),
    Params=VariedParams,
)


@pytest.fixture(scope="session", autouse=True)
def kernelspec() -> Path:
    return ensure_kernelspec()


@pytest.fixture
def planned() -> Callable[..., BatchPlan]:
    """Plan runs of the varied notebook, one per row of parameters."""

    def plan(rows: Sequence[Mapping[str, Any]], **fields: Any) -> BatchPlan:
        file = PlanFile(playbook="varied", each=[dict(row) for row in rows], **fields)
        return make_plan(
            "batch", file, rows, where="test", playbook=VARIED_PLAYBOOK, notebook=VARIED
        )

    return plan


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """Make a job of the varied notebook that behaves as asked."""

    def make(behaviour: str = "well", **fields: Any) -> Job:
        subject = fields.pop("subject", "A-1")
        params = {"account_id": subject, "behaviour": behaviour, "log": str(tmp_path / "log")}
        return Job(
            name="run",
            subject=subject,
            playbook="varied",
            notebook=without_outputs(VARIED.read_text()),
            params=params | fields.pop("params", {}),
            output=str(tmp_path / "out"),
            limits=fields.pop("limits", Limits(cell_seconds=20)),
            working_directory=str(tmp_path),
            **fields,
        )

    (tmp_path / "out").mkdir()
    return make


@pytest.fixture
def console() -> Console:
    """A console that is no terminal; its text is in ``console.file``."""
    return Console(file=io.StringIO(), width=100)


@pytest.fixture
def leftovers() -> Callable[[], list[str]]:
    """Tell which of our processes run that did not run before the test."""
    before = {process.pid for process in psutil.process_iter()}

    def remaining() -> list[str]:
        lines = []
        for process in psutil.process_iter(["pid", "cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or [])
            ours = "opsplaybook" in line or "3600" in line or "multiprocessing" in line
            if ours and process.pid not in before:
                lines.append(line)
        return lines

    return remaining
