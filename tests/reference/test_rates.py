"""Published intervals and tests of rates."""

import numpy as np
import pytest

from opsplaybook.stats.rates import rate, rate_difference, rate_ratio, rates_equal

# Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3; digits by statsmodels 0.15.
WILSON = [
    (81, 263, 0.25528852, 0.366209577),
    (15, 148, 0.0623863995, 0.160487242),
    (0, 20, 0.0, 0.161125158),
    (1, 29, 0.0061, 0.1718),
]

# Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10; digits by statsmodels 0.15.
NEWCOMBE = [
    ((56, 70), (48, 80), 0.2, 0.052431472, 0.33387265),
    ((9, 10), (3, 10), 0.6, 0.17052272, 0.80901797),
    ((0, 10), (0, 10), 0.0, -0.2775328, 0.2775328),
    # Zero conversions in control; statsmodels 0.15.
    ((7, 100), (0, 100), 0.07, 0.018603171, 0.13749515),
]


@pytest.mark.parametrize(("successes", "n", "low", "high"), WILSON)
def test_wilson_interval_against_newcombe_1998(successes, n, low, high):
    found = rate(successes, n)
    assert found.value == successes / n
    assert found.interval.low == pytest.approx(low, abs=5e-5)
    assert found.interval.high == pytest.approx(high, abs=5e-5)


def test_wilson_interval_of_a_logo_renewal_rate():
    # winsabove.com glossary, Renewal Rate: 45 of 50 accounts; Wilson interval by statsmodels.
    found = rate(45, 50)
    assert (found.value, found.interval.low, found.interval.high) == pytest.approx(
        (0.9, 0.7864, 0.9565), abs=5e-5
    )


@pytest.mark.parametrize(("first", "second", "gap", "low", "high"), NEWCOMBE)
def test_newcombe_interval_against_newcombe_1998(first, second, gap, low, high):
    found = rate_difference(first, second)
    assert found.value == pytest.approx(gap, abs=1e-12)
    assert found.interval.low == pytest.approx(low, abs=2e-5)
    assert found.interval.high == pytest.approx(high, abs=2e-5)


def test_pooled_z_test_against_statsmodels_documentation():
    # statsmodels documentation of proportions_ztest: 5 of 83 against 12 of 99, p = 0.159.
    assert rate_difference((5, 83), (12, 99)).p_value == pytest.approx(0.1591812918, abs=1e-8)


def test_two_sample_chi_square_against_r():
    # R 4.2.2 prop.test(c(56, 48), c(70, 80), correct = FALSE).
    assert rate_difference((56, 70), (48, 80)).p_value == pytest.approx(0.008045081368, abs=1e-10)
    found = rates_equal([56, 48], [70, 80])
    assert found.statistic == pytest.approx(7.023411371237, abs=1e-10)


def test_k_sample_chi_square_against_r_documentation():
    # R documentation of prop.test, smokers (Fleiss 1981): X-squared = 12.6, df = 3, p = 0.005585.
    found = rates_equal([83, 90, 129, 70], [86, 93, 136, 82])
    assert found.statistic == pytest.approx(12.600411297128, abs=1e-8)
    assert found.degrees_of_freedom == 3
    assert found.p_value == pytest.approx(0.005585476662, abs=1e-8)


def test_unconditional_step_rates_of_a_funnel():
    # GrowthBook documentation, Funnel Metrics: every step shares one denominator.
    found = rate_difference((140, 1000), (100, 1000))
    assert found.p_value == pytest.approx(0.005915851074, abs=1e-10)
    assert found.value == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("table", "p_value"),
    [
        # R documentation of fisher.test, tea tasting; SciPy 1.17.1, zero baseline.
        ([[3, 1], [1, 3]], 0.4857142857),
        ([[0, 100], [7, 93]], 0.01401776552),
    ],
)
def test_small_tables_take_fishers_exact_test(table, p_value):
    (one, one_not), (two, two_not) = table
    found = rate_difference((one, one + one_not), (two, two + two_not))
    assert found.method.endswith("Fisher exact test")
    assert found.p_value == pytest.approx(p_value, abs=1e-9)


def test_absolute_verdict_of_rates_that_conflict_with_the_relative_scale():
    # PostHog test_frequentist.py: 62 of 1,471 against 87 of 1,529 is significant on the relative
    # delta scale (p = 0.031) and on no absolute one (Fisher p = 0.0648).
    found = rate_difference((62, 1471), (87, 1529))
    assert found.value == pytest.approx(-0.01475173609, rel=1e-8)
    assert found.p_value > 0.05
    assert not found.detectable


def test_ratio_interval_against_koopman_1984():
    # Koopman 1984, Biometrics 40:513-517: 36 of 40 against 16 of 80; statsmodels 0.15 "score".
    found = rate_ratio((36, 40), (16, 80))
    assert found.value == pytest.approx(4.5)
    assert found.interval.low == pytest.approx(2.9395691922, abs=1e-8)
    assert found.interval.high == pytest.approx(7.1522234349, abs=1e-8)


def test_reversal_of_rates_in_kidney_stone_treatment():
    # Charig et al. 1986 BMJ 292:879-882; Julious and Mullee 1994.
    first, second = rate(81, 87).value, rate(192, 263).value
    other_first, other_second = rate(234, 270).value, rate(55, 80).value
    assert np.round([first, other_first, second, other_second], 3).tolist() == [
        0.931,
        0.867,
        0.73,
        0.688,
    ]
    assert rate(273, 350).value == pytest.approx(0.78)
    assert rate(289, 350).value == pytest.approx(0.826, abs=5e-4)
