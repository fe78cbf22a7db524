"""Experiments drawn by account raise as many false alarms as they claim, looked at once or daily.

Accounts are log-normal in size (sigma 1, median 8 users) with an intraclass correlation of 0.2, and
normal or heavy tailed. Each case is simulated twice: with few runs in every test run, against
binomial bounds, and with many under the marker ``slow``, against the bounds that are promised:
2.5% to 6.5% false alarms at 5%, 93.5% to 96.5% coverage, at most 5% over all looks.
"""

import numpy as np
import pytest
from scipy import stats

from opsplaybook.stats.arms import AccountTotals
from opsplaybook.stats.contrasts import welch_contrast
from opsplaybook.stats.group_sequential import boundaries
from opsplaybook.stats.heterogeneity import contrasts_of, heterogeneity
from opsplaybook.stats.means import mean_difference
from opsplaybook.stats.moments import Moments
from opsplaybook.stats.planned_looks import passes
from opsplaybook.stats.randomisation import randomised_difference
from opsplaybook.stats.sample_ratio import sequential_sample_ratio
from opsplaybook.stats.sequential import always_valid_path

ALPHA, CORRELATION = 0.05, 0.2
RUNS = [pytest.param(30, id="few"), pytest.param(3000, id="many", marks=pytest.mark.slow)]
LOOKED_RUNS = [pytest.param(20, id="few"), pytest.param(1000, id="many", marks=pytest.mark.slow)]
COMPANIES = [(accounts, heavy) for heavy in (False, True) for accounts in (12, 20, 40, 100)]
RESAMPLES = 399
"""With the actual assignment 400, of which 5% are exactly 20."""


def noise(generator, count, *, heavy):
    """Values of mean 0 and variance 1; the heavy ones skewed and far."""
    if not heavy:
        return generator.normal(size=count)
    spread = np.sqrt((np.exp(2.25) - 1) * np.exp(2.25))
    return (generator.lognormal(0, 1.5, count) - np.exp(1.125)) / spread


def company(generator, accounts, *, heavy, effect=0.0):
    """Users in accounts, half of the accounts treated: values, treated, account of each user."""
    sizes = np.maximum(1, generator.lognormal(np.log(8), 1.0, accounts).round()).astype(int)
    names = np.repeat(np.arange(accounts), sizes)
    level = generator.standard_t(3, accounts) / np.sqrt(3) if heavy else generator.normal(
        size=accounts
    )  # fmt: skip
    users = np.sqrt(1 - CORRELATION) * noise(generator, names.size, heavy=heavy)
    treated = generator.permutation(accounts) < accounts // 2
    values = np.sqrt(CORRELATION) * level[names] + users + effect * treated[names]
    return values, treated[names], names


def headline(generator, accounts, *, heavy, by_user, effect=0.0):
    totals = AccountTotals.of_rows(*company(generator, accounts, heavy=heavy, effect=effect))
    sizes = totals.sizes if by_user else None
    numbers = totals.sums if by_user else totals.means
    return randomised_difference(
        numbers, totals.treated, sizes=sizes, generator=generator, resamples=RESAMPLES
    )


def share_of(runs, happens, *, seed):
    return float(np.mean([happens(np.random.default_rng([seed, run])) for run in range(runs)]))


def assert_within(share, runs, low, high, *, many=1000):
    """Hold the promised bounds with many runs, binomial ones around them with few."""
    if runs < many:
        low, high = (
            stats.binom.ppf(1e-4, runs, low) / runs,
            stats.binom.ppf(1 - 1e-4, runs, high) / runs,
        )
    assert low <= share <= high, f"{share:.4f} in {runs} runs, allowed {low:.4f} to {high:.4f}"


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("by_user", [False, True], ids=["account", "user"])
@pytest.mark.parametrize(("accounts", "heavy"), COMPANIES)
def test_false_alarms_of_the_headline_method(accounts, heavy, by_user, runs):
    def alarm(generator):
        found = headline(generator, accounts, heavy=heavy, by_user=by_user)
        return found.p_value <= ALPHA

    assert_within(share_of(runs, alarm, seed=31), runs, 0.025, 0.065)


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize(("accounts", "heavy"), COMPANIES)
def test_coverage_of_the_headline_method(accounts, heavy, runs):
    def covers(generator):
        found = headline(generator, accounts, heavy=heavy, by_user=False, effect=0.7)
        return found.interval.contains(0.7)

    assert_within(share_of(runs, covers, seed=32), runs, 0.935, 0.965)


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("heavy", [False, True], ids=["normal", "heavy"])
def test_false_alarms_and_coverage_with_the_period_before(heavy, runs):
    def covers(generator):
        values, treated, names = company(generator, 20, heavy=heavy)
        totals = AccountTotals.of_rows(values, treated, names)
        before = totals.means + 0.5 * noise(generator, 20, heavy=heavy)
        found = randomised_difference(
            totals.means + 0.4 * totals.treated,
            totals.treated,
            covariates=[before],
            generator=generator,
            resamples=RESAMPLES,
        )
        return found.interval.contains(0.4)

    assert_within(share_of(runs, covers, seed=33), runs, 0.935, 0.965)


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("treated_accounts", [15, 30, 45])
def test_coverage_where_effects_differ_and_arms_are_unequal(treated_accounts, runs):
    # No shuffling is exact here: the statistic must be one divided by its standard error.
    def covers(generator):
        treated = np.arange(60) < treated_accounts
        effects = generator.normal(1.0, 2.0, 60)
        values = generator.normal(size=60) + effects * treated
        found = randomised_difference(values, treated, generator=generator, resamples=RESAMPLES)
        return found.interval.contains(1.0)

    assert_within(share_of(runs, covers, seed=42), runs, 0.93, 0.97)


@pytest.mark.parametrize("runs", RUNS)
def test_users_taken_for_units_would_raise_false_alarms(runs):
    def alarm(generator):
        values, treated, _ = company(generator, 12, heavy=False)
        return mean_difference(values[treated], values[~treated]).p_value <= ALPHA

    assert share_of(runs, alarm, seed=34) > 0.25


def arriving(generator, accounts, *, heavy):
    """Means of accounts in the order of their arrival, and their arms: every second one treated."""
    sizes = np.maximum(1, generator.lognormal(np.log(8), 1.0, accounts).round())
    between = np.sqrt(CORRELATION) * noise(generator, accounts, heavy=heavy)
    within = np.sqrt((1 - CORRELATION) / sizes) * generator.normal(size=accounts)
    return between + within, np.arange(accounts) % 2 == 0


def arms_at(values, treated, looks):
    """Moments of both arms after so many accounts each."""
    return [
        tuple(Moments.of(values[:n][arm]) for arm in (treated[:n], ~treated[:n])) for n in looks
    ]


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize(("accounts", "heavy"), [(40, False), (100, False), (100, True)])
@pytest.mark.parametrize("spending", ["o'brien-fleming", "lan-demets pocock"])
def test_false_alarms_of_planned_looks(spending, accounts, heavy, runs):
    fractions = np.array([0.2, 0.4, 0.6, 0.8, 1.0])
    plan = boundaries(fractions, spending=spending)

    def alarm(generator):
        values, treated = arriving(generator, accounts, heavy=heavy)
        arms = arms_at(values, treated, (fractions * accounts).astype(int))
        contrasts = [welch_contrast(*pair) for pair in arms]
        return any(
            passes(plan, look, c.value / c.error, freedom=c.freedom)
            for look, c in enumerate(contrasts)
        )

    # 5% but for the noise of 3,000 runs: three of its standard errors.
    assert_within(share_of(runs, alarm, seed=35), runs, 0.0, 0.05 + 3 * 0.004)


@pytest.mark.parametrize("runs", LOOKED_RUNS)
@pytest.mark.parametrize(
    ("accounts", "heavy"), [(40, False), (100, False), (100, True), (400, False)]
)
def test_false_alarms_of_daily_peeking_while_accounts_arrive(accounts, heavy, runs):
    def alarm(generator):
        values, treated = arriving(generator, accounts, heavy=heavy)
        looks = np.linspace(8, accounts, min(accounts // 4, 30)).astype(int)
        firsts, seconds = zip(*arms_at(values, treated, looks), strict=True)
        found = always_valid_path(firsts, seconds, tuning_n=accounts)
        return found.first_detected is not None

    assert_within(share_of(runs, alarm, seed=36), runs, 0.0, 0.05)


@pytest.mark.parametrize("runs", LOOKED_RUNS)
@pytest.mark.parametrize("heavy", [False, True], ids=["normal", "heavy"])
def test_false_alarms_of_daily_peeking_at_the_same_accounts(heavy, runs):
    def alarm(generator):
        level = np.sqrt(CORRELATION) * noise(generator, 60, heavy=heavy)
        days = level[:, None] + noise(generator, 60 * 30, heavy=heavy).reshape(60, 30)
        so_far = np.cumsum(days, axis=1) / np.arange(1, 31)
        treated = np.arange(60) < 30
        firsts, seconds = (
            [Moments.of(day[arm]) for day in so_far.T] for arm in (treated, ~treated)
        )
        return always_valid_path(firsts, seconds, tuning_n=60).first_detected is not None

    assert_within(share_of(runs, alarm, seed=37), runs, 0.0, 0.05)


@pytest.mark.parametrize("runs", LOOKED_RUNS)
def test_daily_peeking_at_an_ordinary_test_would_raise_false_alarms(runs):
    def alarm(generator):
        values, treated = arriving(generator, 100, heavy=False)
        arms = arms_at(values, treated, np.linspace(8, 100, 25).astype(int))
        return any(welch_contrast(*pair).p_value() <= ALPHA for pair in arms)

    assert share_of(runs, alarm, seed=38) > 0.12


@pytest.mark.parametrize("runs", RUNS)
def test_false_alarms_of_the_sequential_sample_ratio(runs):
    def alarm(generator):
        daily = generator.multinomial(200, [0.5, 0.3, 0.2], size=40)
        found = sequential_sample_ratio(daily, [0.5, 0.3, 0.2], alpha=0.05)
        return found.first_alarm is not None

    assert_within(share_of(runs, alarm, seed=39), runs, 0.0, 0.05)


@pytest.mark.parametrize("runs", RUNS)
def test_false_alarms_of_heterogeneity_with_few_accounts(runs):
    def alarm(generator):
        arms = [[Moments.of(generator.normal(size=5)) for _ in range(2)] for _ in range(4)]
        effects, variances, freedoms = contrasts_of([welch_contrast(*pair) for pair in arms])
        return heterogeneity(effects, variances, freedoms=freedoms).p_value <= ALPHA

    assert_within(share_of(runs, alarm, seed=40), runs, 0.0, 0.065)
