"""Time per run and memory from 10 runs to 1,000."""

import os
import threading
import time
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

FEW = 10
MANY = int(os.environ.get("OPSPLAYBOOK_BENCH_RUNS", "1000"))


class Memory:
    """Samples of what this process and its children hold alone, in megabytes."""

    def __init__(self) -> None:
        self.samples: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def tenth(self, position: int) -> float:
        """Return the median of a tenth of the samples: the second, since the first starts up."""
        size = max(1, len(self.samples) // 10)
        part = sorted(self.samples[position * size : (position + 1) * size])
        return part[len(part) // 2]

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            self.samples.append(sum(map(megabytes, processes())))


def processes() -> list[psutil.Process]:
    """Return what stays for a whole batch; kernels come and go."""
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return [process for process in family if time.time() - created(process) > 5]


def created(process: psutil.Process) -> float:
    try:
        return process.create_time()
    except psutil.NoSuchProcess:
        return time.time()


def megabytes(process: psutil.Process) -> float:
    try:
        return process.memory_full_info().uss / 1e6
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0


def test_growth(bench, plan_of, tmp_path: Path):
    plan = plan_of(MANY)
    with Memory() as memory:
        _, _, many = bench.timed_batch(plan, tmp_path / "many", 2)
    _, _, few = bench.timed_batch(bench.first_runs(plan, FEW), tmp_path / "few", 2)
    early, late = memory.tenth(1), memory.tenth(9)
    bench.report(
        [
            f"per run: {few:.3f} s of {FEW}, {many:.3f} s of {MANY:,} ({many / few:.2f} times)",
            f"memory: {early:.0f} MB early, {late:.0f} MB late ({late / early:.2f} times)",
        ]
    )
    assert many / few <= 1.10
    assert late / early <= 1.10
