"""Published numbers for sample ratios and for looking early."""

import numpy as np
import pytest

from opsplaybook.stats.contrasts import relative_of_moments, welch_contrast
from opsplaybook.stats.group_sequential import boundaries, inflation_factor
from opsplaybook.stats.moments import Moments
from opsplaybook.stats.sample_ratio import sample_ratio, sequential_sample_ratio
from opsplaybook.stats.sequential import (
    always_valid_difference,
    always_valid_interval,
    mixture_bound,
    mixture_rho,
    mixture_sprt,
    normal_mixture,
)

FIVE = [0.2, 0.4, 0.6, 0.8, 1.0]


@pytest.mark.parametrize(
    ("counts", "shares", "statistic", "freedom", "p_value"),
    [
        # Kohavi, Tang and Xu 2020, Trustworthy Online Controlled Experiments: p = 1.8E-6; R 4.2.2.
        ([821588, 815482], [0.5, 0.5], 22.77436884, 1, 1.821792873e-06),
        # R 4.2.2 chisq.test and gbstats 0.8.0 check_srm agree.
        ([1000, 1200], [0.5, 0.5], 18.18181818, 1, 2.007865612e-05),
        ([310, 90, 600], [0.3, 0.1, 0.6], 1.333333333, 2, 0.513417119),
        # GrowthBook issue 4427: an arm without units must fail; SciPy 1.17.1.
        ([100, 100, 0], [1 / 3, 1 / 3, 1 / 3], 100.0, 2, 1.928749848e-22),
        # SciPy 1.17.1; gbstats 0.8.0 counts the arm of weight 0 and returns 0.0925.
        ([1000, 1100, 0], [0.5, 0.5, 0], 4.761904762, 1, 0.02909633174),
    ],
)
def test_sample_ratio(counts, shares, statistic, freedom, p_value):
    found = sample_ratio(counts, shares)
    assert found.statistic == pytest.approx(statistic, rel=1e-6)
    assert found.degrees_of_freedom == freedom
    assert found.p_value == pytest.approx(p_value, rel=1e-6)
    assert not found.exact


def test_sequential_sample_ratio_against_ssrm_test():
    # ssrm-test 0.1.5 (Lindon and Malek 2020, arXiv 2011.03567), concentration 10,000.
    daily = [[510, 490], [520, 480], [515, 470], [540, 465], [530, 455]]
    found = sequential_sample_ratio(daily, [0.5, 0.5], concentration=10_000)
    assert found.p_values == pytest.approx(
        [1, 0.9428499010069172, 0.7453100282191504, 0.3715028535524366, 0.1395319533840747],
        rel=1e-6,
    )
    assert found.first_alarm is None


# GrowthBook packages/stats/tests/frequentist/test_tests.py, TestSequentialTTest; gbstats 0.8.0.
SEQUENTIAL = Moments.of_sums(3461, 2422.7, 134698.29), Moments.of_sums(3000, 1396.87, 52377.9767)


def test_asymptotic_confidence_sequence_against_growthbook():
    found = always_valid_difference(*SEQUENTIAL, tuning_n=5000, reference="normal")
    assert found.difference.value == pytest.approx(0.2343766667, rel=1e-6)
    assert found.difference.interval.low == pytest.approx(-0.1601165284, rel=1e-6)
    assert found.difference.interval.high == pytest.approx(0.6288698618, rel=1e-6)
    assert found.difference.p_value == pytest.approx(0.7601250075, rel=1e-6)


@pytest.mark.parametrize(
    ("arms", "value", "error", "low", "high", "p_value"),
    [
        (SEQUENTIAL, 0.5033610859, 0.3334122146, -0.5097177609, 1.516439933, 1.0),
        (
            (Moments.of_rate(2422, 3461), Moments.of_rate(1396, 3000)),
            0.5038633517,
            0.0338602148,
            0.4009784967,
            0.6067482067,
            5.174716683e-44,
        ),
    ],
)
def test_asymptotic_confidence_sequence_of_a_lift_against_growthbook(
    arms, value, error, low, high, p_value
):
    lift = relative_of_moments(*arms, method="delta")
    freedom = welch_contrast(*arms).freedom
    assert lift.value == pytest.approx(value, rel=1e-6)
    assert freedom > 5000
    found = always_valid_interval(value, error, 6461, tuning_n=5000)
    assert found.difference.interval.low == pytest.approx(low, rel=1e-6)
    assert found.difference.interval.high == pytest.approx(high, rel=1e-6)
    assert found.difference.p_value == pytest.approx(p_value, rel=1e-5)


def test_two_sided_normal_mixture_against_confseq():
    # confseq test/uniform_boundaries_unittest.cpp (Howard et al. 2021).
    rho = mixture_rho(100, alpha=0.05)
    assert rho == pytest.approx(12.60056, abs=1e-4)
    assert normal_mixture(10, 100, rho=rho) == pytest.approx(-0.6510052, abs=1e-4)
    assert mixture_bound(100, rho=rho, alpha=0.05) == pytest.approx(30.35209, abs=1e-4)


def test_one_sided_normal_mixture_against_confseq():
    rho = mixture_rho(100, alpha=0.05, sided=1)
    assert normal_mixture(10, 100, rho=rho, sided=1) == pytest.approx(-0.06502391, abs=1e-4)
    bound = mixture_bound(100, rho=rho, alpha=0.05, sided=1)
    assert bound == pytest.approx(27.66071, abs=1e-4)


def test_mixture_sprt_against_the_package_of_johari_2017():
    # mixtureSPRT R package (Johari et al. 2017), plain-R path in R 4.2.2.
    first = [
        1.2, 0.4, -0.3, 0.8, 1.5, 0.1, 0.9, 1.1, -0.2, 0.7, 1.3, 0.5, 0.6, 1.0, 0.2, 1.4, 0.3, 0.8,
        1.6, 0.9,
    ]  # fmt: skip
    second = [
        0.2, -0.1, 0.5, 0.3, -0.6, 0.4, 0.0, 0.1, -0.3, 0.6, 0.2, -0.4, 0.1, 0.3, -0.2, 0.5, 0.0,
        -0.1, 0.2, 0.4,
    ]  # fmt: skip
    sums = np.cumsum(np.subtract(first, second))
    found = mixture_sprt(sums, np.arange(1, 21), sigma=1.0, tau=0.5)
    assert found.likelihood_ratios[[0, 1, 7, 19]] == pytest.approx(
        [0.9693653111, 0.9461806411, 1.028995064, 2.256258254], rel=1e-8
    )
    assert found.p_values[[0, 6, 7, 9, 10, 19]] == pytest.approx(
        [1.0, 1.0, 0.9718219603, 0.9718219603, 0.9293305833, 0.443211675], rel=1e-8
    )


@pytest.mark.parametrize(
    ("spending", "critical"),
    [
        # rpact 3.3.4; Jennison and Turnbull 2000, tables 2.1 and 2.3.
        ("o'brien-fleming", [4.5617423, 3.2256389, 2.6337231, 2.2808711, 2.0400732]),
        ("pocock", [2.4131762] * 5),
        ("lan-demets o'brien-fleming", [4.8768849, 3.3570119, 2.6802801, 2.2898168, 2.031032]),
        ("lan-demets pocock", [2.4379767, 2.4268139, 2.4101938, 2.3966454, 2.3859846]),
        # The default of spotify-confidence 4.1.0, which gives the same within 6e-5.
        ("kim-demets", [3.0902323, 2.7141116, 2.4727772, 2.2798634, 2.1140284]),
    ],
)
def test_boundaries_against_rpact(spending, critical):
    found = boundaries(FIVE, spending=spending)
    assert found.critical == pytest.approx(critical, abs=2e-4)
    assert found.spent[-1] == pytest.approx(0.05, abs=1e-7)


@pytest.mark.parametrize(
    ("spending", "spent"),
    [
        (
            "lan-demets o'brien-fleming",
            [1.0777425e-06, 0.00078830352, 0.0076161266, 0.02442358, 0.04999999],
        ),
        ("lan-demets pocock", [0.014769726, 0.026156858, 0.035425653, 0.043241986, 0.05]),
    ],
)
def test_alpha_spent_against_rpact(spending, spent):
    assert boundaries(FIVE, spending=spending).spent == pytest.approx(spent, rel=1e-5)


@pytest.mark.parametrize(
    ("spending", "factor"), [("o'brien-fleming", 1.028411), ("pocock", 1.228593)]
)
def test_inflation_factor_against_rpact(spending, factor):
    assert inflation_factor(boundaries(FIVE, spending=spending)) == pytest.approx(factor, abs=2e-4)
