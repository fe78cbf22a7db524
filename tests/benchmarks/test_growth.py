"""Time per run and memory from 10 runs to 1,000."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from statistics import median

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

FEW = 10
SMALL_BATCHES = 3
KERNEL_SERVER = "opsplaybook.batch.kernels.server"
MANY = int(os.environ.get("OPSPLAYBOOK_BENCH_RUNS", "1000"))


class Memory:
    """Samples of what the processes of a batch hold, without files, in megabytes."""

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
        """Return the median of a tenth of the samples."""
        size = max(1, len(self.samples) // 10)
        part = sorted(self.samples[position * size : (position + 1) * size])
        return part[len(part) // 2]

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            with suppress(psutil.NoSuchProcess):
                self.samples.append(sum(map(own_megabytes, lasting_processes())))


def lasting_processes() -> list[psutil.Process]:
    """Return the processes that stay for a whole batch: all but the kernels."""
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    servers = {p.pid for p in family if KERNEL_SERVER in p.cmdline()}
    return [process for process in family if process.ppid() not in servers]


def own_megabytes(process: psutil.Process) -> float:
    memory = process.memory_info()
    return (memory.rss - memory.shared) / 1e6


def test_growth(bench, plan_of, tmp_path: Path):
    """Small batches before and after the large one, whose tenths tell of themselves.

    The large one takes ten minutes, in which the machine is faster at some times than at others.
    """
    plan = plan_of(MANY)

    def few_seconds(number: int) -> float:
        few = bench.first_runs(plan, FEW)
        return bench.timed_batch(few, tmp_path / f"few {number}", 2)[2]

    small = [few_seconds(number) for number in range(SMALL_BATCHES)]
    with Memory() as memory:
        bench.timed_batch(plan, tmp_path / "many", 2)
    small += [few_seconds(SMALL_BATCHES + number) for number in range(SMALL_BATCHES)]
    tenths = bench.seconds_by_tenth(tmp_path / "many" / "bench" / "runs.jsonl", skip=2)
    few, many = median(small), median(tenths)
    early, late = memory.tenth(2), memory.tenth(9)
    bench.report(
        [
            f"per run: {few:.3f} s of {FEW}, {many:.3f} s of {MANY:,} ({many / few:.2f} times)",
            f"first tenth {tenths[0]:.3f} s, last {tenths[-1]:.3f} s",
            f"memory: {early:.0f} MB early, {late:.0f} MB late ({late / early:.2f} times)",
        ]
    )
    assert many / few <= 1.10
    assert late / early <= 1.10
