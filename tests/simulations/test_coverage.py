"""Intervals cover the truth as often as they claim.

Rates are enumerated exactly. The rest is simulated twice: with few runs in every test run, with
many under the marker ``slow``. The bounds are binomial: a sound method fails once in ten thousand.
"""

import numpy as np
import pytest
from scipy import stats

from opsplaybook.stats.clusters import clustered_difference, clustered_mean
from opsplaybook.stats.effects import difference_in_differences, effect_on_treated
from opsplaybook.stats.matching import match
from opsplaybook.stats.means import mean_difference, ratio, relative_difference
from opsplaybook.stats.rates import rate, rate_difference, rate_ratio
from opsplaybook.stats.resampling import bootstrap, median
from opsplaybook.stats.survival import kaplan_meier

LEVEL = 0.95
RUNS = [pytest.param(100, id="few"), pytest.param(2000, id="many", marks=pytest.mark.slow)]

MATCHING_RUNS = [
    pytest.param(40, id="few"),
    pytest.param(1000, id="many", marks=pytest.mark.slow),
]


def coverage(draw, truth, runs, *, seed=11):
    """Share of runs whose interval holds the truth; a run without interval is a miss."""
    found = [draw(np.random.default_rng([seed, run])).interval for run in range(runs)]
    return float(np.mean([ends is not None and ends.contains(truth) for ends in found]))


def assert_covers(share, runs, *, claimed=LEVEL, widest=1.0):
    low = stats.binom.ppf(1e-4, runs, claimed) / runs
    high = stats.binom.ppf(1 - 1e-4, runs, widest) / runs
    assert low <= share <= high, f"covers {share:.3f}, allowed {low:.3f} to {high:.3f}"


def accounts(generator, count, *, spread=1.0, users=6):
    """Users in accounts of unequal size: values and the account of each."""
    sizes = 1 + generator.geometric(1 / users, count)
    effects = spread * generator.normal(size=count)
    names = np.repeat(np.arange(count), sizes)
    return effects[names] + generator.normal(size=names.size), names


@pytest.mark.parametrize("n", [10, 30, 100])
def test_wilson_covers_on_average_exactly(n):
    intervals = [rate(hits, n).interval for hits in range(n + 1)]
    truths = np.linspace(0.01, 0.99, 197)
    covers = np.array([[ends.contains(truth) for ends in intervals] for truth in truths])
    chances = stats.binom.pmf(np.arange(n + 1), n, truths[:, None])
    shares = (covers * chances).sum(axis=1)
    assert shares.mean() == pytest.approx(LEVEL, abs=0.01)
    # Its known dips are near 0 and 1 (Brown, Cai and DasGupta 2001, Statistical Science 16:101).
    assert shares.min() > 0.83


@pytest.mark.parametrize(("compare", "truth_of"), [(rate_difference, "gap"), (rate_ratio, "ratio")])
def test_comparisons_of_rates_cover_on_average_exactly(compare, truth_of):
    first_n, second_n = 18, 25
    ends = [
        [compare((one, first_n), (two, second_n)).interval for two in range(second_n + 1)]
        for one in range(first_n + 1)
    ]
    shares = []
    for first in (0.1, 0.3, 0.6, 0.85):
        for second in (0.15, 0.4, 0.7):
            truth = first - second if truth_of == "gap" else first / second
            chances = np.outer(
                stats.binom.pmf(range(first_n + 1), first_n, first),
                stats.binom.pmf(range(second_n + 1), second_n, second),
            )
            # Nobody in either group has no ratio, which misses nothing.
            covers = np.array([[e is None or e.contains(truth) for e in row] for row in ends])
            shares.append((chances * covers).sum())
    assert np.mean(shares) == pytest.approx(LEVEL, abs=0.012)
    assert min(shares) > 0.92


@pytest.mark.parametrize("runs", RUNS)
def test_welch_with_unequal_spread(runs):
    def draw(generator):
        return mean_difference(generator.normal(3, 1, 12), generator.normal(1, 4, 9))

    assert_covers(coverage(draw, 2, runs), runs, widest=0.98)


@pytest.mark.parametrize("runs", RUNS)
def test_fieller_relative_difference(runs):
    def draw(generator):
        return relative_difference(generator.normal(6, 2, 15), generator.normal(5, 2, 15))

    assert_covers(coverage(draw, 0.2, runs), runs, widest=0.98)


@pytest.mark.parametrize("runs", RUNS)
def test_ratio_of_sums_by_account(runs):
    def draw(generator):
        sessions = 1 + generator.poisson(8, 80)
        habits = generator.beta(4, 8, 80)
        return ratio(generator.binomial(sessions, habits), sessions)

    assert_covers(coverage(draw, 1 / 3, runs), runs, claimed=0.94, widest=0.98)


@pytest.mark.parametrize("runs", RUNS)
def test_users_in_few_unequal_accounts(runs):
    def draw(generator):
        return clustered_difference(accounts(generator, 9), accounts_named(generator, 7))

    assert_covers(coverage(draw, 0, runs), runs, claimed=0.94, widest=0.985)


def accounts_named(generator, count):
    values, names = accounts(generator, count)
    return values, names + 1000


@pytest.mark.parametrize("runs", RUNS)
def test_users_taken_for_independent_would_not_cover(runs):
    def draw(generator):
        return mean_difference(accounts(generator, 9)[0], accounts(generator, 7)[0])

    assert coverage(draw, 0, runs) < 0.8


@pytest.mark.parametrize("runs", RUNS)
def test_mean_over_users_of_accounts(runs):
    def draw(generator):
        return clustered_mean(*accounts(generator, 12))

    assert_covers(coverage(draw, 0, runs), runs, claimed=0.93, widest=0.985)


@pytest.mark.parametrize("runs", RUNS)
def test_median_by_order_statistics(runs):
    def draw(generator):
        return median(generator.lognormal(1, 1.2, 25))

    assert_covers(coverage(draw, np.e, runs), runs, widest=0.985)


@pytest.mark.parametrize("runs", RUNS)
def test_bootstrap_median_over_users_of_accounts(runs):
    def draw(generator):
        values, names = accounts(generator, 40)
        return bootstrap(np.median, [values], clusters=names, generator=generator, resamples=300)

    runs = min(runs // 2, 500)
    assert_covers(coverage(draw, 0, runs), runs, claimed=0.93, widest=0.98)


@pytest.mark.parametrize("runs", RUNS)
def test_survival_median_with_censoring(runs):
    def draw(generator):
        times, limits = generator.exponential(10, 60), generator.uniform(5, 30, 60)
        return kaplan_meier(np.minimum(times, limits), times <= limits).median()

    assert_covers(coverage(draw, 10 * np.log(2), runs), runs, claimed=0.94, widest=0.98)


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("time", [1.0, 8.0])
def test_survival_at_a_time_with_censoring(time, runs):
    def draw(generator):
        times, limits = generator.exponential(10, 40), generator.uniform(5, 30, 40)
        return kaplan_meier(np.minimum(times, limits), times <= limits).at(time)

    assert_covers(coverage(draw, np.exp(-time / 10), runs), runs, claimed=0.93, widest=0.99)


def reached(generator, units, effect):
    """Larger and busier accounts are reached more often, and buy more anyway."""
    table = generator.normal(size=(units, 3))
    table[:, 2] = table[:, 2] > 0
    inclination = table @ [0.8, 0.4, 0.4]
    treated = generator.random(units) < 1 / (1 + np.exp(1.2 - inclination))
    noise = generator.normal(size=units) * (1 + 0.5 * (table[:, 0] > 0))
    return table, treated, table @ [1.0, 0.5, 0.7] + effect * treated + noise


@pytest.mark.parametrize("runs", MATCHING_RUNS)
@pytest.mark.parametrize(("units", "neighbours"), [(120, 1), (300, 1), (300, 3)])
def test_effect_on_matched_accounts(units, neighbours, runs):
    def draw(generator):
        table, treated, outcome = reached(generator, units, 0.5)
        return effect_on_treated(match(table, treated, neighbours=neighbours), outcome)

    assert_covers(coverage(draw, 0.5, runs), runs, claimed=0.94, widest=0.985)


@pytest.mark.parametrize("runs", MATCHING_RUNS)
def test_effect_on_a_share_of_matched_accounts(runs):
    def draw(generator):
        table, treated, _ = reached(generator, 300, 0.0)
        bought = generator.random(300) < 1 / (1 + np.exp(1 - table @ [0.6, 0.4, 0.0]))
        return effect_on_treated(match(table, treated), bought.astype(float), kind="points")

    assert_covers(coverage(draw, 0, runs), runs, claimed=0.94, widest=0.985)


@pytest.mark.parametrize("runs", RUNS)
def test_difference_in_differences_by_account(runs):
    def draw(generator):
        level = generator.normal(10, 3, 40)
        treated = np.arange(40) < 15
        before, after = level + generator.normal(size=(2, 40))
        return difference_in_differences(before, after + 1 + 2 * treated, treated)

    assert_covers(coverage(draw, 2, runs), runs, widest=0.98)
