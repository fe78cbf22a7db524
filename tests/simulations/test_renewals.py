"""Intervals of the renewal statistics cover the truth as often as they claim; nulls stay null.

Simulated twice: with few runs in every test run, with many under the marker ``slow``. The bounds
are binomial: a sound method fails once in ten thousand.
"""

from functools import cache

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from opsplaybook.samples.renewals import (
    BASE_LOSS_PROBABILITY,
    FALLING_USE_RATIO,
    LOST_DECISION_MAKER_RATIO,
)
from opsplaybook.stats.calibration import calibrate
from opsplaybook.stats.discrimination import discrimination
from opsplaybook.stats.hazards import decision_hazards
from opsplaybook.stats.incidence import cumulative_incidence
from opsplaybook.stats.lifetimes import cohort_counts, fit_shifted_beta_geometric
from opsplaybook.stats.logistic import logistic
from opsplaybook.stats.revenue import level_error_of, renewed_revenue
from opsplaybook.stats.survival import kaplan_meier

LEVEL = 0.95
RARE = 1e-4
NAMES = ["lost decision maker", "falling use", "industry"]
RATIOS = [LOST_DECISION_MAKER_RATIO, FALLING_USE_RATIO, 1.0]


def runs(few, many):
    return [pytest.param(few, id="few"), pytest.param(many, id="many", marks=pytest.mark.slow)]


def generators(count, seed):
    return (np.random.default_rng([seed, run]) for run in range(count))


def assert_covers(hits, count, *, claimed=LEVEL, widest=0.985):
    low, high = stats.binom.ppf(RARE, count, claimed), stats.binom.ppf(1 - RARE, count, widest)
    print(f"{hits / count:.3f} of {count}")  # noqa: T201
    assert low <= hits <= high, f"covers {hits / count:.3f}, allowed {low} to {high} of {count}"


def decide(generator, count, *, odds=False):
    """Decisions with the hazards (or odds) that the sample company is made with."""
    features = np.column_stack(
        [
            generator.random(count) < 0.12,
            generator.random(count) < 0.15,
            generator.random(count) < 0.4,
        ]
    ).astype(float)
    effect = features @ np.log(RATIOS)
    hazard = -np.log1p(-BASE_LOSS_PROBABILITY) * np.exp(effect)
    chance = expit(logit(BASE_LOSS_PROBABILITY) + effect) if odds else -np.expm1(-hazard)
    return generator.random(count) < chance, features


@cache
def fitted(fit, decisions, count):
    """Whether each ratio and the base were covered, and whether the idle feature was suspected."""
    hits = np.zeros(5)
    for generator in generators(count, 21):
        lost, features = decide(generator, decisions, odds=fit is logistic)
        model = fit(lost, features, names=NAMES)
        covered = [r.ratio.interval.contains(t) for r, t in zip(model.ratios, RATIOS, strict=True)]
        base = model.base.interval.contains(BASE_LOSS_PROBABILITY)
        hits += [*covered, base, model.ratios[2].ratio.detectable]
    return hits


@pytest.mark.parametrize("count", runs(25, 1000))
@pytest.mark.parametrize("decisions", [150, 400])
@pytest.mark.parametrize("fit", [decision_hazards, logistic])
def test_planted_ratios_lie_in_their_intervals(fit, decisions, count):
    # 150 decisions have some 17 losses, of them 2 or 3 after a lost decision maker.
    hits = fitted(fit, decisions, count)
    for covered in hits[:4]:
        assert_covers(covered, count)


@pytest.mark.parametrize("count", runs(25, 1000))
@pytest.mark.parametrize("fit", [decision_hazards, logistic])
def test_an_idle_feature_is_suspected_as_rarely_as_claimed(fit, count):
    false = fitted(fit, 400, count)[4]
    assert false <= stats.binom.ppf(1 - RARE, count, 1 - LEVEL)


def decide_again(generator, *, spread, accounts=180, terms=3):
    """Up to three decisions per account, each with an inclination of its own that nobody sees."""
    own = np.exp(spread * generator.normal(size=accounts) - spread**2 / 2)
    lasting = generator.random(accounts) < 0.3
    staying = np.ones(accounts, dtype=bool)
    rows, outcomes = [], []
    for _ in range(terms):
        there = np.flatnonzero(staying)
        risks = generator.random((len(there), 2)) < 0.15
        features = np.column_stack([risks, lasting[there]]).astype(float)
        hazard = -np.log1p(-BASE_LOSS_PROBABILITY) * np.exp(features @ np.log(RATIOS))
        lost = generator.random(len(there)) < -np.expm1(-hazard * own[there])
        staying[there[lost]] = False
        rows.append(features)
        outcomes.append(lost)
    return np.concatenate(outcomes), np.vstack(rows)


@pytest.mark.parametrize("count", runs(20, 600))
@pytest.mark.parametrize("spread", [0.6, 1.0])
def test_accounts_that_differ_more_than_is_known_leave_intervals_honest(spread, count):
    hits = np.zeros(3)
    for generator in generators(count, 28):
        model = decision_hazards(*decide_again(generator, spread=spread), names=NAMES)
        hits += [r.ratio.interval.contains(t) for r, t in zip(model.ratios, RATIOS, strict=True)]
    for covered in hits:
        assert_covers(covered, count)


@cache
def calibrated(count):
    """Forecasts that are right: how often level and slope of 150 decisions are covered."""
    hits = np.zeros(3)
    for generator in generators(count, 22):
        forecast = expit(logit(0.12) + 0.8 * generator.normal(size=150))
        found = calibrate(forecast, generator.random(150) < forecast)
        level, slope = found.intercept.interval, found.slope.interval
        hits += [level.contains(0), slope.contains(1), found.calibrated]
    return hits


@pytest.mark.parametrize("count", runs(100, 2000))
def test_right_forecasts_have_level_0_and_slope_1(count):
    level, slope, both = calibrated(count)
    assert_covers(level, count)
    assert_covers(slope, count)
    # Two looks at 95%: both are right at least nine times in ten.
    assert_covers(both, count, claimed=2 * LEVEL - 1)


@pytest.mark.parametrize("count", runs(100, 4000))
@pytest.mark.parametrize("losses", [8, 20, 60])
def test_a_score_that_knows_nothing_does_not_separate(losses, count):
    # Only the upper side counts: half of what a two-sided interval leaves out.
    lost = np.arange(300) < losses
    scores = (generator.normal(size=300) for generator in generators(count, 23))
    false = sum(discrimination(score, lost).separates for score in scores)
    print(f"{false / count:.3f} of {count}")  # noqa: T201
    assert false <= stats.binom.ppf(1 - RARE, count, (1 - LEVEL) / 2)


@pytest.mark.parametrize("count", runs(100, 4000))
@pytest.mark.parametrize("losses", [12, 40])
def test_the_area_under_the_curve_is_covered(losses, count):
    lost = np.arange(200) < losses
    truth = stats.norm.cdf(1 / np.sqrt(2))
    hits = sum(
        discrimination(generator.normal(size=200) + lost, lost).auc.interval.contains(truth)
        for generator in generators(count, 24)
    )
    assert_covers(hits, count)


def seen_late(generator, count=250):
    """Lives with two causes of an end, seen from an age on and up to a limit."""
    price, people = generator.exponential(8, count), generator.exponential(5, count)
    times = np.minimum(price, people)
    entry = np.where(generator.random(count) < 0.6, 0.0, generator.uniform(0, 3, count))
    limits = entry + generator.uniform(2, 8, count)
    kept = times > entry
    causes = np.where(times > limits, "", np.where(price < people, "price", "people"))
    return np.minimum(times, limits)[kept], causes[kept], entry[kept]


@pytest.mark.parametrize("count", runs(100, 2000))
def test_lives_that_are_seen_late_are_covered(count):
    rate = 1 / 8 + 1 / 5
    truths = np.exp(-rate * np.array([3, 2])), (1 / 8) / rate * (1 - np.exp(-rate * 3))
    hits = np.zeros(3)
    for generator in generators(count, 25):
        times, causes, entry = seen_late(generator)
        curve = kaplan_meier(times, causes != "", entry=entry)
        price = cumulative_incidence(times, causes, entry=entry)[1]
        found = curve.at(3), curve.remaining(2, 2), price.at(3)
        expected = [*truths[0], truths[1]]
        hits += [f.interval.contains(t) for f, t in zip(found, expected, strict=True)]
    for covered in hits:
        assert_covers(covered, count)


@pytest.mark.parametrize("count", runs(8, 300))
def test_projected_cohorts_hold_what_comes(count):
    hits = 0
    for generator in generators(count, 26):
        renewals = generator.geometric(generator.beta(0.8, 3, 300))
        left = [(renewals > term).sum() for term in range(7)]
        model = fit_shifted_beta_geometric(*cohort_counts(left[:5]))
        found = model.project(left[4], 4, [6], generator=generator, resamples=100)
        hits += found.low[0] <= left[6] <= found.high[0]
    assert_covers(hits, count, claimed=0.92, widest=0.99)


@cache
def forecast_quarters(count):
    """How often P10 to P90 hold what comes, with the error of the rate and without."""
    hits = np.zeros(2)
    for generator in generators(count, 27):
        rate = 0.12
        losses = generator.binomial(120, rate)
        known = np.full(60, (losses + 0.5) / 121)
        values = generator.lognormal(0, 1, 60)
        came = values[generator.random(60) >= rate].sum()
        for k, error in enumerate((level_error_of(losses, 120), 0.0)):
            found = renewed_revenue(
                values, known, generator=generator, level_error=error, draws=1000
            )
            hits[k] += found.low <= came <= found.high
    return hits


@pytest.mark.parametrize("count", runs(60, 3000))
def test_forecast_revenue_holds_what_comes_if_the_error_of_the_rate_is_counted(count):
    with_error, without = forecast_quarters(count)
    assert_covers(with_error, count, claimed=0.8, widest=0.86)
    assert without < with_error
