"""Published numbers for experiments: sums, lifts, adjustment, small tables, guardrails, power."""

from math import inf

import numpy as np
import pytest

from opsplaybook.stats.arms import AccountTotals, account_effects, trimmed_difference
from opsplaybook.stats.clusters import clustered_difference_of_totals
from opsplaybook.stats.contrasts import (
    difference_of_moments,
    relative_of_moments,
    welch_contrast,
)
from opsplaybook.stats.covariates import adjusted_difference
from opsplaybook.stats.exact_rates import (
    conditional_odds_ratio,
    exact_rate_difference,
    exact_test,
)
from opsplaybook.stats.guardrails import non_inferior
from opsplaybook.stats.heterogeneity import heterogeneity
from opsplaybook.stats.moments import Contrast, JointMoments, Moments
from opsplaybook.stats.multiplicity import adjust
from opsplaybook.stats.power import (
    AccountDesign,
    power_of_means,
    power_of_rates,
    sample_size_of_means,
    sample_size_of_rates,
)

# GrowthBook packages/stats/tests/frequentist/test_tests.py; recomputed with gbstats 0.8.0.
CONTROL, TREATMENT = (3407, 1396.87, 52377.9767), (3461, 2422.7, 134698.29)
# tea-tasting 1.14, documented example make_users_data(rng=42).
REVENUE_CONTROL, REVENUE_TREATMENT = (2023, 10602.6, 243736.4268), (1977, 11328.43, 278029.8889)


def ends(difference):
    return [difference.interval.low, difference.interval.high]


def test_welch_from_sums_against_growthbook():
    first, second = Moments.of_sums(*TREATMENT), Moments.of_sums(*CONTROL)
    found = difference_of_moments(first, second)
    assert found.value == pytest.approx(0.29, rel=1e-6)
    assert welch_contrast(first, second).error == pytest.approx(0.1247836316, rel=1e-6)
    assert ends(found) == pytest.approx([0.04537789256, 0.5346221074], rel=1e-6)
    assert found.p_value == pytest.approx(0.02015840264, rel=1e-6)


def test_lift_from_sums_against_growthbook_and_fieller():
    first, second = Moments.of_sums(*TREATMENT), Moments.of_sums(*CONTROL)
    delta = relative_of_moments(first, second, method="delta")
    assert ends(delta) == pytest.approx([-0.03526008907, 1.449894235], rel=1e-6)
    assert delta.p_value == pytest.approx(0.06191182746, rel=1e-6)
    # The verdict of the delta method contradicts the absolute test; Fieller's cannot.
    fieller = relative_of_moments(first, second)
    assert fieller.p_value == pytest.approx(0.02015840264, rel=1e-6)
    assert fieller.detectable
    assert not delta.detectable


def test_statistic_and_degrees_of_freedom_of_the_sleep_data():
    # R documentation of t.test, datasets::sleep (Student 1908); R 4.2.2.
    first = Moments.of([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = Moments.of([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    found = welch_contrast(first, second)
    assert found.value / found.error == pytest.approx(-1.86081346749, abs=1e-8)
    assert found.freedom == pytest.approx(17.77647351618, abs=1e-8)
    assert found.p_value() == pytest.approx(0.07939414019, abs=1e-8)
    assert found.p_value(alternative="less") == pytest.approx(0.07939414019 / 2, abs=1e-8)


def test_paired_differences_of_the_sleep_data():
    # The same patients twice; R documentation of t.test, paired.
    gaps = Moments.of([-1.2, -2.4, -1.3, -1.3, 0.0, -1.0, -1.8, -0.8, -4.6, -1.4])
    found = Contrast(gaps.mean, gaps.error_squared, gaps.n - 1)
    assert found.value / found.error == pytest.approx(-4.062127683382, abs=1e-8)
    assert found.p_value() == pytest.approx(0.002832890197, abs=1e-9)
    assert found.interval(0.95).low == pytest.approx(-2.459885763277, abs=1e-8)


def test_revenue_per_user_from_sums_against_tea_tasting():
    first, second = Moments.of_sums(*REVENUE_TREATMENT), Moments.of_sums(*REVENUE_CONTROL)
    found = difference_of_moments(first, second)
    assert ends(found) == pytest.approx([-0.1326188148, 1.110785022], rel=1e-6)
    assert found.p_value == pytest.approx(0.1230698855, rel=1e-6)
    lift = relative_of_moments(first, second, method="log")
    assert ends(lift) == pytest.approx([-0.02373770895, 0.2244092689], rel=1e-6)


def test_cuped_against_tea_tasting_and_gbstats():
    # tea-tasting 1.14 Mean(revenue, revenue_covariate); gbstats 0.8.0 RegressionAdjustedStatistic.
    second = JointMoments.of_sums(
        2023, [10602.6, 10678.43], [[243736.4268, 193410.1949], [193410.1949, 405481.0443]]
    )
    first = JointMoments.of_sums(
        1977, [11328.43, 9331.96], [[278029.8889, 172016.7183], [172016.7183, 284676.8592]]
    )
    found = adjusted_difference(first, second)
    assert found.coefficient == pytest.approx(0.4333752632, rel=1e-6)
    assert found.adjusted.first.value == pytest.approx(5.852468057, rel=1e-6)
    assert found.adjusted.second.value == pytest.approx(5.121453609, rel=1e-6)
    assert found.adjusted.value == pytest.approx(0.7310144483, rel=1e-6)
    assert ends(found.adjusted) == pytest.approx([0.2022870247, 1.259741872], rel=1e-6)
    assert found.adjusted.p_value == pytest.approx(0.006743929281, rel=1e-6)
    # Shown beside it: the effect as it was.
    assert found.raw.p_value == pytest.approx(0.1230698855, rel=1e-6)
    assert found.raw.value == pytest.approx(0.4890831037, rel=1e-6)
    # Standard errors of 0.3171 and 0.2697 make a gain of 28%.
    assert found.gain == pytest.approx(1 - (0.2696812504 / 0.317103532) ** 2, rel=1e-5)


def test_ratio_from_sums_against_tea_tasting_and_gbstats():
    # tea-tasting 1.14 RatioOfMeans and gbstats 0.8.0 RatioStatistic: orders per session by user.
    second = JointMoments.of_sums(2023, [1073.0, 4038.0], [[2073.0, 2648.0], [2648.0, 10098.0]])
    first = JointMoments.of_sums(1977, [1133.0, 3920.0], [[2121.0, 2730.0], [2730.0, 9698.0]])
    arms = first.ratio(0, 1), second.ratio(0, 1)
    assert [arm.mean for arm in arms] == pytest.approx([0.2890306122, 0.2657256067], rel=1e-8)
    found = difference_of_moments(*arms)
    assert found.value == pytest.approx(0.02330500551, rel=1e-6)
    assert welch_contrast(*arms).error == pytest.approx(0.01314137992, rel=1e-6)
    assert ends(found) == pytest.approx([-0.002459433668, 0.04906944469], rel=1e-6)
    assert found.p_value == pytest.approx(0.07623759978, rel=1e-6)
    log = relative_of_moments(*arms, method="log")
    assert ends(log) == pytest.approx([-0.008944184133, 0.193775761], rel=1e-6)
    delta = relative_of_moments(*arms, method="delta")
    assert ends(delta) == pytest.approx([-0.01351051785, 0.1889170644], rel=1e-6)
    assert delta.p_value == pytest.approx(0.08942474273, rel=1e-6)


def test_rates_whose_verdict_flips_with_the_scale_of_peers():
    # PostHog test_frequentist.py (relative p = 0.031), gbstats 0.8.0 (absolute), SciPy (Fisher).
    first, second = (62, 1471), (87, 1529)
    arms = Moments.of_rate(*first), Moments.of_rate(*second)
    absolute, delta = difference_of_moments(*arms), relative_of_moments(*arms, method="delta")
    assert ends(absolute) == pytest.approx([-0.03025807567, 0.0007546034784], rel=1e-5)
    assert absolute.p_value == pytest.approx(0.06223170963, rel=1e-5)
    assert delta.value == pytest.approx(-0.2592575228, rel=1e-5)
    assert ends(delta) == pytest.approx([-0.4947534216, -0.02376162407], rel=1e-5)
    assert delta.p_value == pytest.approx(0.03096072894, rel=1e-5)
    assert exact_test(first, second, test="fisher").p_value == pytest.approx(0.0648383113, rel=1e-5)
    assert relative_of_moments(*arms).detectable == absolute.detectable


def test_fisher_and_boschloo_of_the_tea_tasting():
    # R documentation of fisher.test (0.2429; odds ratio 6.408309); Boschloo by SciPy 1.17.1.
    first, second = (3, 4), (1, 4)
    fisher = exact_test(first, second, test="fisher", alternative="greater")
    assert fisher.p_value == pytest.approx(0.2428571429, abs=1e-6)
    assert exact_test(first, second, test="fisher").p_value == pytest.approx(0.4857142857, abs=1e-6)
    # R's root finder stops early, at 6.408308867; the sums over all tables are zero at this value.
    odds = conditional_odds_ratio(first, second).value
    assert odds == pytest.approx(6.4083196581996775, rel=1e-9)
    assert odds == pytest.approx(6.408308867, abs=2e-5)
    assert exact_test(first, second).p_value == pytest.approx(0.2890625, abs=1e-6)


def test_fisher_odds_ratio_of_convictions():
    # R documentation of fisher.test (Convictions of like-sex twins).
    found = conditional_odds_ratio((2, 17), (10, 13))
    assert found.value == pytest.approx(0.0469366088277, abs=1e-7)
    # R's root finder stops within 1e-5; to full precision by sums over all tables.
    assert ends(found) == pytest.approx([0.0033257640339, 0.3631822714749], abs=1e-5)
    assert ends(found) == pytest.approx([0.0033171639506574, 0.3631896023566806], rel=1e-9)
    assert found.p_value == pytest.approx(0.0005367241191, abs=1e-7)
    less = exact_test((2, 17), (10, 13), test="fisher", alternative="less")
    assert less.p_value == pytest.approx(0.0004651809434, abs=1e-7)


def test_boschloo_against_scipy_documentation():
    found = exact_test((74, 117), (31, 63), alternative="greater")
    assert found.statistic == pytest.approx(0.048312210086912236, abs=5e-5)
    assert found.p_value == pytest.approx(0.03556406430154671, abs=5e-5)


def test_barnard_against_scipy_documentation():
    first, second = (7, 15), (12, 15)
    found = exact_test(first, second, test="barnard", alternative="less")
    assert found.statistic == pytest.approx(-1.8943380760602064, abs=5e-5)
    assert found.p_value == pytest.approx(0.03407671636576781, abs=5e-5)
    both = exact_test(first, second, test="barnard")
    assert both.p_value == pytest.approx(0.06815343273153593, abs=5e-5)
    fisher = exact_test(first, second, test="fisher", alternative="less")
    assert fisher.p_value == pytest.approx(0.06406796601699151, abs=5e-5)


def test_nobody_converts_in_control():
    # SciPy 1.17.1, statsmodels 0.15; gbstats 0.8.0 returns p = 1 and the interval (0, 0).
    found = exact_rate_difference((7, 100), (0, 100))
    assert found.value == pytest.approx(0.07)
    assert found.p_value == pytest.approx(0.009734080679, abs=1e-4)
    assert ends(found) == pytest.approx([0.018603171, 0.13749515], abs=1e-6)
    assert exact_test((7, 100), (0, 100), test="fisher").p_value == pytest.approx(0.01401776552)
    lift = relative_of_moments(Moments.of_rate(7, 100), Moments.of_rate(0, 100))
    assert np.isnan(lift.value)
    assert lift.interval is None


def test_non_inferiority_against_spotify_confidence():
    # spotify-confidence 4.1.0 ZTest, margins of 5% and 10% of the control rate held fixed.
    first, second = Moments.of_rate(392, 1000), Moments.of_rate(400, 1000)
    for margin, p_value in ((0.02, 0.2916144523304812), (0.04, 0.0717156612006718)):
        found = non_inferior(first, second, margin=margin, reference="normal")
        assert found.difference.value == pytest.approx(-0.008)
        assert found.limit == pytest.approx(-margin)
        assert found.p_value == pytest.approx(p_value, rel=1e-6)
        assert found.bound == pytest.approx(-0.04397441915664774, rel=1e-6)
        assert not found.holds


def test_heterogeneity_against_statsmodels():
    # statsmodels 0.15 combine_effects(method_re="dl").
    found = heterogeneity([0.05, 0.12, -0.01, 0.3], [0.0004, 0.0009, 0.0016, 0.01])
    assert found.statistic == pytest.approx(12.961723254324152, rel=1e-4)
    assert found.degrees_of_freedom == 3
    assert found.p_value == pytest.approx(0.004720116520419164, rel=1e-4)
    assert found.i_squared == pytest.approx(0.7685492938603536, rel=1e-4)
    assert found.tau_squared == pytest.approx(0.0039568066157760805, rel=1e-4)
    assert found.fixed.value == pytest.approx(0.065054, rel=1e-4)
    assert found.random.value == pytest.approx(0.081334, rel=1e-4)


def test_yuen_against_scipy_documentation():
    first, second = [56, 128.6, 12, 123.8, 64.34, 78, 763.3], [1.1, 2.9, 4.2]
    found = trimmed_difference(first, second, trim=0.2, equal_spread=True)
    assert found.p_value == pytest.approx(0.01369338726499547, abs=1e-9)
    plain = trimmed_difference(first, second, trim=0.0)
    assert plain.p_value == pytest.approx(0.1328520962097066, abs=1e-9)


def test_power_and_sample_size_of_rates_against_r():
    # R documentation of power.prop.test (power = 0.740; n = 76.7); R 4.2.2.
    assert power_of_rates(0.5, 0.75, 50) == pytest.approx(0.7401659013, rel=1e-5)
    assert sample_size_of_rates(0.5, 0.75, power=0.9) == pytest.approx(76.70693011, rel=1e-5)


@pytest.mark.parametrize(
    ("convention", "n"),
    [
        # R 4.2.2 power.prop.test; statsmodels 0.15 NormalIndPower; Evan Miller's calculator.
        ("score", 1093.739046),
        ("arcsine", 1091.896159),
        ("baseline variance", 1030.2192831104599),
    ],
)
def test_three_conventions_of_a_sample_size(convention, n):
    found = sample_size_of_rates(0.2, 0.25, convention=convention)
    assert found == pytest.approx(n, rel=1e-6)


def test_power_and_sample_size_of_means_against_r():
    # R documentation of power.t.test (0.8689528, 22.02110, 17.84713).
    assert power_of_means(1, 1, 20) == pytest.approx(0.8689528017, rel=1e-6)
    assert sample_size_of_means(1, 1, power=0.9) == pytest.approx(22.0210977, rel=1e-6)
    one_sided = sample_size_of_means(1, 1, power=0.9, sides=1)
    assert one_sided == pytest.approx(17.84712609, rel=1e-6)


@pytest.mark.parametrize(("variation", "effect"), [(0.0, 1.95), (0.65, 2.3725)])
def test_design_effect_of_a_design_against_eldridge_2006(variation, effect):
    # Eldridge, Ashby and Kerry 2006, International Journal of Epidemiology 35:1292.
    design = AccountDesign.of_rate(0.2, 20, 0.05, size_variation=variation)
    assert design.effect == pytest.approx(effect, rel=1e-9)


@pytest.mark.parametrize(
    ("method", "adjusted"),
    [
        # tea-tasting tests/test_multiplicity.py (Benjamini-Yekutieli) and R 4.2.2 p.adjust.
        ("hochberg", [0.03, 0.06, 0.035, 0.06, 0.04, 0.06]),
        ("hommel", [0.025, 0.06, 0.028, 0.06, 0.04, 0.06]),
        ("bonferroni", [0.03, 0.36, 0.042, 0.24, 0.06, 0.18]),
        ("benjamini-yekutieli", [0.049, 0.147, 0.049, 0.1176, 0.049, 0.11025]),
    ],
)
def test_further_adjustments_against_r(method, adjusted):
    found = adjust([0.005, 0.06, 0.007, 0.04, 0.01, 0.03], method=method)
    assert found == pytest.approx(adjusted, abs=1e-9)


def test_bonferroni_rejects_three_of_fifteen_where_benjamini_and_hochberg_reject_four():
    # Benjamini and Hochberg 1995, JRSS B 57:289, section 3.2.
    p_values = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262,
        0.5719, 0.6528, 0.759, 1,
    ]  # fmt: skip
    assert (adjust(p_values, method="bonferroni") <= 0.05).sum() == 3


# Twelve accounts, 100 users, treatment by account: sums, users and arm of A01 to A12; made for
# these checks, numbers by clubSandwich 0.5.8 in R 4.2.2 (CR2) and coin 1.4.2 (exact enumeration).
SUMS = [98, 114, 128, 139, 272, 140, 50, 107, 171, 149, 210, 530]
USERS = [4, 5, 6, 7, 8, 10, 3, 5, 6, 9, 12, 25]
TREATED = [1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1]


def test_accounts_side_by_side_from_their_sums():
    totals = AccountTotals.of(SUMS, USERS, TREATED)
    found = account_effects(totals, generator=np.random.default_rng(1))
    lottery, welch, per_user, clustered = (effect.difference for effect in found)
    assert [effect.headline for effect in found] == [True, False, False, False]
    assert (welch.value, lottery.value) == pytest.approx((3.277513228, 3.277513228), rel=1e-6)
    assert welch.p_value == pytest.approx(0.3298072037, rel=1e-6)
    assert (per_user.value, clustered.value) == pytest.approx((3.363525092,) * 2, rel=1e-6)
    assert clustered.p_value == pytest.approx(0.3009585687, rel=1e-6)
    assert ends(clustered) == pytest.approx([-3.726584081, 10.45363426], rel=1e-6)
    assert "all 924 assignments" in lottery.method
    # The plain difference gives 320 of 924 (p = 0.346); divided by its error it ranks a little
    # differently.
    assert lottery.p_value == pytest.approx(0.346, abs=0.03)
    assert not any(effect.difference.detectable for effect in found)


def test_cluster_variance_from_sums_is_that_from_rows():
    sums, users, treated = np.array(SUMS), np.array(USERS), np.array(TREATED, dtype=bool)
    found = clustered_difference_of_totals(
        (sums[treated], users[treated]), (sums[~treated], users[~treated])
    )
    assert found.p_value == pytest.approx(0.3009585687, rel=1e-6)
    assert found.n == 6


def test_normal_reference_is_the_limit_of_t():
    found = non_inferior(
        Moments(10**8, 1.0, 4.0), Moments(10**8, 1.0, 4.0), margin=0.001, reference="t"
    )
    normal = non_inferior(
        Moments(10**8, 1.0, 4.0), Moments(10**8, 1.0, 4.0), margin=0.001, reference="normal"
    )
    assert found.p_value == pytest.approx(normal.p_value, rel=1e-5)
    assert inf > found.bound > found.limit
