"""Throughput against a loop of commands, and time per run against the computation alone."""

from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from opsplaybook.batch.inputs import taken_once
from opsplaybook.batch.pool import cores
from opsplaybook.batch.runner import REHEARSED_RUNS

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

RUNS = 40
LOOP_RUNS = 4
ROUNDS = 7


def test_throughput_against_papermill_and_nbconvert(bench, plan_of, tmp_path):
    plan, workers = plan_of(RUNS), cores()
    loop = bench.loop_seconds(bench.first_runs(plan, LOOP_RUNS), tmp_path / "loop", processes=1)
    parallel = bench.loop_seconds(
        bench.first_runs(plan, LOOP_RUNS * workers), tmp_path / "parallel", processes=workers
    )
    _, one, one_steady = bench.timed_batch(plan, tmp_path / "one", 1)
    _, all_, all_steady = bench.timed_batch(plan, tmp_path / "all", workers)
    one, all_ = one / RUNS, all_ / RUNS
    bench.report(
        [
            f"loop of papermill and nbconvert:   {loop:6.2f} s per run",
            f"the same, {workers} processes:           {parallel:6.2f} s per run",
            f"1 worker:  {one:.2f} s per run, {one_steady:.2f} under way",
            f"{workers} workers: {all_:.2f} s per run, {all_steady:.2f} under way",
            f"throughput of 1 worker against the loop:  {loop / one:.1f} times",
            f"throughput of {workers} workers against the loop: {loop / all_:.1f} times",
            f"throughput of {workers} workers against {workers} loops: {parallel / all_:.1f} times",
        ]
    )
    assert loop / one >= 5
    assert loop / all_ >= 9
    assert parallel / all_ >= 5


def test_time_per_run_against_the_computation(bench, plan_of, tmp_path: Path):
    """Each batch against the cells alone just before and just after it.

    A machine is faster at some times than at others; the middle of several ratios knows nothing
    of that. Smaller batches have no rehearsal, and take some 0.07 s more in each run.
    """
    plan = plan_of(REHEARSED_RUNS)
    alone = bench.first_runs(plan, 20)
    floors, times = [], []
    with taken_once(plan.source, plan.tables, folder=tmp_path) as inputs:
        for number in range(ROUNDS):
            floors.append(bench.floor_seconds(alone, dict(inputs.environment)))
            times.append(bench.timed_batch(plan, tmp_path / f"ours {number}", 1)[2])
        floors.append(bench.floor_seconds(alone, dict(inputs.environment)))
    around = [(before + after) / 2 for before, after in pairwise(floors)]
    ratios = sorted(ours / floor for ours, floor in zip(times, around, strict=True))
    bench.report(
        [
            f"cells alone, everything imported:   {median(floors):6.2f} s per run",
            f"1 worker, HTML included:            {median(times):6.2f} s per run",
            f"ratios: {', '.join(f'{ratio:.2f}' for ratio in ratios)}",
        ]
    )
    assert median(ratios) <= 1.25
