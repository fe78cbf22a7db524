"""Published comparisons of means and ratios."""

import numpy as np
import pytest

from opsplaybook.stats.contrasts import fieller_interval
from opsplaybook.stats.means import (
    mean,
    mean_difference,
    ratio,
    ratio_contributions,
    ratio_difference,
    relative_difference,
)


def sample(n, total, squares):
    """Values with exactly this count, sum and sum of squares."""
    shape = np.random.default_rng(n).normal(size=n)
    shape = (shape - shape.mean()) / shape.std(ddof=1)
    variance = (squares - total**2 / n) / (n - 1)
    return total / n + shape * np.sqrt(variance)


def pairs(n, sums, squares, product):
    """Two columns with exactly these sums, sums of squares and sum of products."""
    means = np.array(sums) / n
    centred = np.array(
        [
            [squares[0] - n * means[0] ** 2, product - n * means[0] * means[1]],
            [product - n * means[0] * means[1], squares[1] - n * means[1] ** 2],
        ]
    ) / (n - 1)
    shape = np.random.default_rng(n).normal(size=(n, 2))
    shape -= shape.mean(axis=0)
    shape = shape @ np.linalg.inv(np.linalg.cholesky(np.cov(shape.T)).T)
    return tuple((means + shape @ np.linalg.cholesky(centred).T).T)


# GrowthBook packages/stats/tests/frequentist/test_tests.py; recomputed with gbstats 0.8.0.
CONTROL, TREATMENT = (3407, 1396.87, 52377.9767), (3461, 2422.7, 134698.29)
# tea-tasting 1.14, documented example make_users_data(rng=42).
REVENUE_CONTROL = (2023, 10602.6, 243736.4268)
REVENUE_TREATMENT = (1977, 11328.43, 278029.8889)


def test_welch_difference_against_growthbook():
    found = mean_difference(sample(*TREATMENT), sample(*CONTROL))
    assert found.value == pytest.approx(0.29, rel=1e-6)
    assert found.interval.low == pytest.approx(0.04537789256, rel=1e-6)
    assert found.interval.high == pytest.approx(0.5346221074, rel=1e-6)
    assert found.p_value == pytest.approx(0.02015840264, rel=1e-6)


def test_relative_delta_interval_against_growthbook():
    found = relative_difference(sample(*TREATMENT), sample(*CONTROL), method="delta")
    assert found.value == pytest.approx(0.7073170732, rel=1e-6)
    assert found.interval.low == pytest.approx(-0.03526008907, rel=1e-6)
    assert found.interval.high == pytest.approx(1.449894235, rel=1e-6)
    assert found.p_value == pytest.approx(0.06191182746, rel=1e-6)


def test_fieller_keeps_the_verdict_of_the_absolute_scale():
    # The same data: significant absolutely, not so on the delta scale.
    found = relative_difference(sample(*TREATMENT), sample(*CONTROL))
    assert found.detectable
    assert found.p_value == pytest.approx(0.02015840264, rel=1e-6)


def test_fieller_interval_against_numerical_inversion():
    # Definition inverted with SciPy 1.17.1 brentq (Fieller 1954), normal critical value.
    ends = fieller_interval((0.70, 38.44 / 3461), (0.41, 15.21 / 3407), critical=1.959963984540054)
    assert np.array(ends) - 1 == pytest.approx([0.09416946315, 1.708403369], rel=1e-6)


def test_welch_and_paired_intervals_of_the_sleep_data():
    # R documentation of t.test, datasets::sleep (Student 1908); R 4.2.2.
    first = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    welch = mean_difference(first, second)
    assert welch.p_value == pytest.approx(0.07939414019, abs=1e-9)
    assert welch.interval.low == pytest.approx(-3.36548323071, abs=1e-8)
    assert welch.interval.high == pytest.approx(0.20548323071, abs=1e-8)
    paired = mean(first - second)
    assert paired.interval.low == pytest.approx(-2.459885763277, abs=1e-8)
    assert paired.interval.high == pytest.approx(-0.700114236723, abs=1e-8)


def test_revenue_per_user_against_tea_tasting():
    control, treatment = sample(*REVENUE_CONTROL), sample(*REVENUE_TREATMENT)
    absolute = mean_difference(treatment, control)
    assert absolute.first.value == pytest.approx(5.73011128, rel=1e-8)
    assert absolute.second.value == pytest.approx(5.241028176, rel=1e-8)
    assert absolute.value == pytest.approx(0.4890831037, rel=1e-6)
    assert absolute.interval.low == pytest.approx(-0.1326188148, rel=1e-6)
    assert absolute.interval.high == pytest.approx(1.110785022, rel=1e-6)
    assert absolute.p_value == pytest.approx(0.1230698855, rel=1e-6)
    relative = relative_difference(treatment, control, method="log")
    assert relative.value == pytest.approx(0.09331815959, rel=1e-6)
    assert relative.interval.low == pytest.approx(-0.02373770895, rel=1e-6)
    assert relative.interval.high == pytest.approx(0.2244092689, rel=1e-6)


def test_ratio_of_means_against_tea_tasting_and_gbstats():
    # tea-tasting 1.14 RatioOfMeans and gbstats 0.8.0 RatioStatistic: orders per session by user.
    control = pairs(2023, (1073.0, 4038.0), (2073.0, 10098.0), 2648.0)
    treatment = pairs(1977, (1133.0, 3920.0), (2121.0, 9698.0), 2730.0)
    assert ratio(*control).value == pytest.approx(0.2657256067, rel=1e-8)
    assert ratio(*treatment).value == pytest.approx(0.2890306122, rel=1e-8)
    found = ratio_difference(treatment, control)
    assert found.value == pytest.approx(0.02330500551, rel=1e-6)
    assert found.interval.low == pytest.approx(-0.002459433668, rel=1e-6)
    assert found.interval.high == pytest.approx(0.04906944469, rel=1e-6)
    assert found.p_value == pytest.approx(0.07623759978, rel=1e-6)


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [("log", -0.008944184133, 0.193775761), ("delta", -0.01351051785, 0.1889170644)],
)
def test_relative_difference_of_ratios_against_tea_tasting_and_gbstats(method, low, high):
    control = pairs(2023, (1073.0, 4038.0), (2073.0, 10098.0), 2648.0)
    treatment = pairs(1977, (1133.0, 3920.0), (2121.0, 9698.0), 2730.0)
    found = relative_difference(
        ratio_contributions(*treatment), ratio_contributions(*control), method=method
    )
    assert found.value == pytest.approx(0.08770327329, rel=1e-6)
    assert found.interval.low == pytest.approx(low, rel=1e-6)
    assert found.interval.high == pytest.approx(high, rel=1e-6)


def test_rates_as_means_against_posthog_and_gbstats():
    # PostHog test_frequentist.py (relative) and gbstats 0.8.0 (absolute), both with the variance
    # p (1 - p): 62 of 1,471 against 87 of 1,529.
    treatment, control = bernoulli(62, 1471), bernoulli(87, 1529)
    absolute = mean_difference(treatment, control)
    assert absolute.interval.low == pytest.approx(-0.03025807567, rel=1e-5)
    assert absolute.interval.high == pytest.approx(0.0007546034784, rel=1e-5)
    assert absolute.p_value == pytest.approx(0.06223170963, rel=1e-5)
    relative = relative_difference(treatment, control, method="delta")
    assert relative.value == pytest.approx(-0.2592575228, rel=1e-8)
    assert relative.interval.low == pytest.approx(-0.4947534216, rel=1e-5)
    assert relative.interval.high == pytest.approx(-0.02376162407, rel=1e-5)
    assert relative.p_value == pytest.approx(0.03096072894, rel=1e-5)
    fieller = relative_difference(treatment, control)
    assert fieller.detectable == absolute.detectable


def bernoulli(successes, n):
    """Values with the mean of a rate and the variance p (1 - p)."""
    share = successes / n
    return sample(n, successes, share * (1 - share) * (n - 1) + n * share**2)
