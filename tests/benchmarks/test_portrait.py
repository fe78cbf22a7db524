"""Tiers of a large company under many weights: as fast as promised, within a bounded memory."""

import resource
import time

import numpy as np
import pytest

from opsplaybook.stats.scores import scale, weighted_sum
from opsplaybook.stats.tiers import TierRule, acceptability, assign_tiers
from opsplaybook.stats.weights import dirichlet_weights

ACCOUNTS, DIMENSIONS, DRAWS = 100_000, 9, 1_000
SECONDS, GIGABYTES = 10.0, 2.0


def processor_seconds() -> float:
    return time.process_time()


@pytest.mark.slow
def test_a_hundred_thousand_accounts_under_a_thousand_sets_of_weights():
    generator = np.random.default_rng(1)
    raw = generator.lognormal(8, 2, (ACCOUNTS, DIMENSIONS))
    raw[generator.random(raw.shape) < 0.1] = np.nan
    weights = np.array([20, 15, 10, 10, 10, 5, 5, 10, 15]) / 100
    rule = TierRule("capacity", (1_000, 5_000, 20_000))
    wall, processor = time.perf_counter(), processor_seconds()

    table = np.column_stack([scale(column) for column in raw.T])
    base = assign_tiers(weighted_sum(table, weights).totals, rule)
    drawn = dirichlet_weights(weights, draws=DRAWS, certainty=100, generator=generator)
    found = acceptability(table, drawn, rule, base.codes)

    wall, processor = time.perf_counter() - wall, processor_seconds() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{wall:.1f} s wall, {processor:.1f} s processor, peak {peak:.2f} GB")  # noqa: T201
    assert found.shares.sum(axis=1) == pytest.approx(np.ones(ACCOUNTS))
    assert 0.5 < found.kept.mean() < 1
    assert processor < SECONDS
    assert peak < GIGABYTES
