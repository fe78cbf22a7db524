import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import median

import pytest

from opsplaybook import playbooks
from opsplaybook.batch.kernels import ensure_kernelspec
from opsplaybook.batch.plan import BatchPlan, make_plan
from opsplaybook.batch.planfile import PlanFile
from opsplaybook.batch.runner import BatchSummary, run_batch
from opsplaybook.params import read_yaml
from opsplaybook.sources import open_source

PLAYBOOK = "account_review"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="session", autouse=True)
def kernelspec() -> Path:
    return ensure_kernelspec()


@pytest.fixture(scope="session")
def source(tmp_path_factory) -> str:
    """The sample company as files, as an analyst would have it."""
    from opsplaybook import samples

    folder = tmp_path_factory.mktemp("sample company")
    samples.write_company(folder)
    return str(folder)


@pytest.fixture(scope="session")
def plan_of(source) -> Callable[[int], BatchPlan]:
    """Plan reviews of the largest accounts; more runs than accounts go round again."""
    query = (
        "SELECT account_id FROM contracts GROUP BY account_id"
        " ORDER BY sum(annual_value) DESC, account_id"
    )
    accounts = open_source(source).query(query)["account_id"].tolist()
    shared = read_yaml(playbooks.params_path(PLAYBOOK))
    shared = {k: v for k, v in shared.items() if k not in ("source", "account_id")}

    def plan(count: int) -> BatchPlan:
        rows = [
            {"account_id": accounts[n % len(accounts)], "level": 0.95 - n // len(accounts) / 1000}
            for n in range(count)
        ]
        file = PlanFile(
            playbook=PLAYBOOK, source=source, params=shared, each=rows, name="{account_id} {level}"
        )
        return make_plan("bench", file, rows, where="bench")

    return plan


def timed_batch(plan: BatchPlan, output: Path, workers: int) -> tuple[BatchSummary, float, float]:
    """Run a batch; return it with its seconds in all, and per run once it is under way."""
    began = time.perf_counter()
    summary = run_batch(plan, output, workers=workers)
    seconds = time.perf_counter() - began
    assert not summary.failed, [str(record.failure) for record in summary.failed][:3]
    return summary, seconds, steady_seconds(output / "bench" / "runs.jsonl", skip=workers)


def steady_seconds(journal: Path, *, skip: int) -> float:
    """Return the seconds from one finished run to the next, the first ones left out."""
    ends = _ends(journal)[skip - 1 :]
    return (ends[-1] - ends[0]) / (len(ends) - 1)


def seconds_by_tenth(journal: Path, *, skip: int) -> list[float]:
    """Return the seconds from one finished run to the next, in each tenth of a batch."""
    ends = _ends(journal)[skip - 1 :]
    size = len(ends) // 10
    return [(ends[n + size] - ends[n]) / size for n in range(0, len(ends) - size, size)]


def _ends(journal: Path) -> list[float]:
    lines = journal.read_text().splitlines()
    return sorted(datetime.fromisoformat(json.loads(line)["at"]).timestamp() for line in lines)


def loop_seconds(plan: BatchPlan, folder: Path, *, processes: int) -> float:
    """Return the seconds per run of a loop of `papermill` and `jupyter nbconvert` commands."""
    folder.mkdir()
    notebook = playbooks.notebook_path(plan.playbook)
    jobs = [(number, run.params) for number, run in enumerate(plan.runs)]

    def run(job: tuple[int, dict]) -> None:
        number, params = job
        output = folder / f"{number}.ipynb"
        text = json.dumps({k: v for k, v in params.items() if v is not None})
        papermill = [BIN / "papermill", notebook, output, "-y", text, "--no-progress-bar"]
        subprocess.run(papermill, check=True, capture_output=True, env=plain_environment())
        nbconvert = [BIN / "jupyter", "nbconvert", "--to", "html", output]
        subprocess.run(nbconvert, check=True, capture_output=True, env=plain_environment())

    began = time.perf_counter()
    with ThreadPoolExecutor(processes) as threads:
        list(threads.map(run, jobs))
    return (time.perf_counter() - began) / len(jobs)


def floor_seconds(plan: BatchPlan, environment: dict[str, str]) -> float:
    """Return the median seconds of the cells in one process that has imported everything."""
    settings = {
        "notebook": str(playbooks.notebook_path(plan.playbook)),
        "params": [dict(run.params) for run in plan.runs],
    }
    command = [sys.executable, str(Path(__file__).with_name("floor.py")), json.dumps(settings)]
    environment = plain_environment() | environment
    done = subprocess.run(command, check=True, capture_output=True, env=environment, text=True)
    return median(float(line) for line in done.stdout.split())


def plain_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("OPSPLAYBOOK_")}


def first_runs(plan: BatchPlan, count: int) -> BatchPlan:
    return replace(plan, runs=plan.runs[:count])


def report(lines: Sequence[str]) -> None:
    """Print past pytest's capture."""
    sys.__stderr__.write("\n" + "\n".join(f"  {line}" for line in lines) + "\n")


@pytest.fixture
def bench() -> object:
    """The functions above, since test modules cannot import this one."""
    return sys.modules[__name__]
