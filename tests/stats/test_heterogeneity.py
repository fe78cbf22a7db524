import math

import numpy as np
import pytest
from scipy import stats

from opsplaybook.stats.contrasts import welch_contrast
from opsplaybook.stats.heterogeneity import contrasts_of, heterogeneity, trend_of_effect
from opsplaybook.stats.moments import Moments


def test_welchs_f_of_plain_groups_is_welchs_analysis_of_variance():
    # Effects that are means of one group each: the test of Welch 1951 for several means.
    generator = np.random.default_rng(1)
    groups = [generator.normal(mean, spread, n) for mean, spread, n in
              ((0, 1, 8), (1, 3, 12), (0.5, 2, 6))]  # fmt: skip
    means = np.array([g.mean() for g in groups])
    errors = np.array([g.var(ddof=1) / g.size for g in groups])
    freedoms = np.array([g.size - 1 for g in groups])
    found = heterogeneity(means, errors, freedoms=freedoms)
    expected = stats.f_oneway(*groups, equal_var=False)
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)


def test_many_degrees_of_freedom_give_q():
    effects, variances = [0.05, 0.12, -0.01, 0.3], [0.0004, 0.0009, 0.0016, 0.01]
    q = heterogeneity(effects, variances)
    f = heterogeneity(effects, variances, freedoms=[1e8] * 4)
    assert f.p_value == pytest.approx(q.p_value, rel=1e-4)
    assert f.statistic * 3 == pytest.approx(q.statistic, rel=1e-6)


def test_few_accounts_make_the_test_milder():
    effects, variances = [0.0, 1.0, 2.5], [0.2, 0.3, 0.4]
    q, f = heterogeneity(effects, variances), heterogeneity(effects, variances, freedoms=[4] * 3)
    assert f.p_value > q.p_value


def test_equal_effects_are_homogeneous():
    found = heterogeneity([0.2, 0.2, 0.2], [0.1, 0.2, 0.3])
    assert found.p_value == pytest.approx(1.0)
    assert (found.i_squared, found.tau_squared) == (0.0, 0.0)
    assert found.fixed.value == found.random.value == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("effects", "variances"),
    [([], []), ([0.3], [0.1]), ([0.3, math.nan], [0.1, 0.1]), ([0.3, 0.1], [0.1, 0.0])],
)
def test_one_segment_cannot_differ(effects, variances):
    found = heterogeneity(effects, variances)
    assert math.isnan(found.p_value)
    assert found.fixed.interval is None


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="same length"):
        heterogeneity([0.1, 0.2], [0.1, 0.1], freedoms=[3])


def test_contrasts_feed_the_test():
    arms = [(Moments(9, 5.0, 2.0), Moments(8, 4.0, 2.0)), (Moments(7, 9.0, 2.0), Moments(9, 4, 1))]
    contrasts = [welch_contrast(*pair) for pair in arms]
    effects, variances, freedoms = contrasts_of(contrasts)
    assert effects.tolist() == [1.0, 5.0]
    assert freedoms == pytest.approx([c.freedom for c in contrasts])
    assert heterogeneity(effects, variances, freedoms=freedoms).p_value < 0.01


def weeks(seed, accounts=40, first=3.0, change=0.0, count=6):
    generator = np.random.default_rng(seed)
    treated = np.arange(accounts) < accounts // 2
    level = generator.normal(20, 4, accounts)[:, None]
    effect = (first + change * np.arange(count)) * treated[:, None]
    return level + effect + generator.normal(0, 1, (accounts, count)), treated


def test_a_novelty_fades():
    found = trend_of_effect(*weeks(1, change=-0.5))
    assert found.slope.interval.contains(-0.5)
    assert found.fades
    assert not found.grows
    assert len(found.periods) == 6


def test_a_steady_effect_neither_fades_nor_grows():
    found = trend_of_effect(*weeks(2))
    assert not found.fades
    assert not found.grows


def test_an_effect_that_is_learnt_grows():
    assert trend_of_effect(*weeks(3, first=1.0, change=0.8)).grows


def test_slopes_of_gappy_accounts_are_those_of_their_known_weeks():
    values, treated = weeks(4)
    values[0, [1, 4]] = np.nan
    values[1, 1:] = np.nan
    found = trend_of_effect(values, treated)
    assert found.slope.n == 19
    known = np.array([0, 2, 3, 5])
    slope = np.polyfit(known, values[0, known], 1)[0]
    others = [np.polyfit(np.arange(6), row, 1)[0] for row in values[2:20]]
    assert found.slope.first.value == pytest.approx(np.mean([slope, *others]))


@pytest.mark.parametrize(
    ("values", "message"), [(np.ones(4), "one row per account"), (np.full((2, 2), np.inf), "4 inf")]
)
def test_tables_that_do_not_fit_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        trend_of_effect(values, [True, False])
