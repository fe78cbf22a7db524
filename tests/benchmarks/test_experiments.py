"""Experiments: the lottery tried often enough, and false alarms of all methods side by side."""

import time

import numpy as np
import pytest

from opsplaybook.stats.arms import AccountTotals, account_effects
from opsplaybook.stats.means import mean_difference
from opsplaybook.stats.randomisation import randomised_difference

ACCOUNTS, ASSIGNMENTS, SECONDS = 100, 100_000, 2.0
TABLE_RUNS = 2000
CORRELATION = 0.2


@pytest.mark.slow
def test_a_hundred_thousand_assignments_of_a_hundred_accounts(bench):
    generator = np.random.default_rng(1)
    values, treated = generator.lognormal(3, 1.5, ACCOUNTS), np.arange(ACCOUNTS) < ACCOUNTS // 2
    wall, processor = time.perf_counter(), time.process_time()

    found = randomised_difference(values, treated, generator=generator, resamples=ASSIGNMENTS)

    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    bench.report([f"p-value and interval: {wall:.2f} s wall, {processor:.2f} s processor"])
    assert "100,001 drawn assignments" in found.method
    assert found.interval.contains(0)
    assert processor < SECONDS


@pytest.mark.slow
def test_table_of_false_alarms(bench):
    companies = [(accounts, heavy) for heavy in (False, True) for accounts in (12, 20, 40, 100)]
    table = np.array([false_alarms(accounts, heavy) for accounts, heavy in companies])
    lines = ["accounts  tails   users as units  lottery  Welch  lottery per user  CR2"]
    for (accounts, heavy), shares in zip(companies, table, strict=True):
        name, row = "heavy" if heavy else "normal", "  ".join(f"{s:8.1%}" for s in shares)
        lines.append(f"{accounts:8}  {name:6}  {row}")
    bench.report(lines)
    assert (table[:, 0] > 0.25).all()
    # The headline method; the others are shown for comparison.
    assert ((table[:, 1] >= 0.025) & (table[:, 1] <= 0.065)).all()


def false_alarms(accounts, heavy):
    """Share of tests without an effect in which each method calls one."""
    generators = (np.random.default_rng([41, n, accounts, heavy]) for n in range(TABLE_RUNS))
    return np.mean([alarms(accounts, heavy, generator) for generator in generators], axis=0)


def alarms(accounts, heavy, generator):
    """Whether each method calls an effect where there is none."""
    sizes = np.maximum(1, generator.lognormal(np.log(8), 1.0, accounts).round()).astype(int)
    names = np.repeat(np.arange(accounts), sizes)
    between, within = generator.normal(size=accounts), generator.normal(size=names.size)
    if heavy:
        between = generator.standard_t(3, accounts) / np.sqrt(3)
        within = generator.lognormal(0, 1.5, names.size) - np.exp(1.125)
        within /= np.sqrt((np.exp(2.25) - 1) * np.exp(2.25))
    values = np.sqrt(CORRELATION) * between[names] + np.sqrt(1 - CORRELATION) * within
    treated = (generator.permutation(accounts) < accounts // 2)[names]
    users = mean_difference(values[treated], values[~treated]).p_value
    totals = AccountTotals.of_rows(values, treated, names)
    effects = account_effects(totals, generator=generator, resamples=399)
    return [users <= 0.05, *(effect.difference.p_value <= 0.05 for effect in effects)]
