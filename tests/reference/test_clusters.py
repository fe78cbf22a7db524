"""Published numbers for users within accounts."""

import numpy as np
import pytest

from opsplaybook.stats.clusters import (
    clustered_difference,
    design_effect,
    intraclass_correlation,
)
from opsplaybook.stats.means import mean_difference
from opsplaybook.stats.permutation import (
    permutation_difference,
    sign_flip_test,
    wild_cluster_test,
)

# Twelve accounts, 100 users, treatment by account; made for these checks, numbers by clubSandwich
# 0.5.8 in R 4.2.2 (CR2), coin 1.4.2, pyfixest 0.60.0 and wildboottest 0.3.2.
ACCOUNTS = {
    "A01": (1, [32, 28, 24, 14]),
    "A02": (0, [9, 29, 27, 29, 20]),
    "A03": (1, [25, 20, 24, 22, 18, 19]),
    "A04": (0, [20, 24, 19, 28, 20, 13, 15]),
    "A05": (1, [37, 35, 36, 33, 40, 28, 29, 34]),
    "A06": (0, [24, 19, 12, 9, 13, 23, 7, 8, 10, 15]),
    "A07": (0, [12, 11, 27]),
    "A08": (1, [14, 22, 26, 21, 24]),
    "A09": (0, [43, 40, 20, 32, 11, 25]),
    "A10": (1, [8, 18, 13, 15, 21, 19, 18, 17, 20]),
    "A11": (0, [10, 28, 22, 15, 25, 2, 9, 16, 23, 21, 13, 26]),
    "A12": (
        1, [26, 27, 22, 18, 19, 31, 23, 15, 20, 15, 21, 21, 21, 24, 21, 22, 28, 22, 8, 27, 13, 16,
            16, 30, 24],
    ),
}  # fmt: skip


@pytest.fixture(name="rows")
def _rows():
    values = np.concatenate([values for _, values in ACCOUNTS.values()]).astype(float)
    sizes = [len(values) for _, values in ACCOUNTS.values()]
    treated = np.repeat([label for label, _ in ACCOUNTS.values()], sizes)
    return values, treated, np.repeat(list(ACCOUNTS), sizes)


def arm(rows, label):
    values, treated, clusters = rows
    return values[treated == label], clusters[treated == label]


def test_cluster_robust_difference_against_clubsandwich(rows):
    found = clustered_difference(arm(rows, 1), arm(rows, 0))
    assert found.value == pytest.approx(3.363525092, rel=1e-6)
    assert found.interval.low == pytest.approx(-3.726584081, rel=1e-6)
    assert found.interval.high == pytest.approx(10.45363426, rel=1e-6)
    assert found.p_value == pytest.approx(0.3009585687, rel=1e-6)
    assert found.n == 6


def test_user_level_test_is_fooled_and_account_means_are_not(rows):
    users = mean_difference(arm(rows, 1)[0], arm(rows, 0)[0])
    assert users.p_value == pytest.approx(0.04320871964, rel=1e-6)
    means = [[np.mean(v) for label, v in ACCOUNTS.values() if label == side] for side in (1, 0)]
    accounts = mean_difference(*means)
    assert accounts.value == pytest.approx(3.277513228, rel=1e-6)
    assert accounts.p_value == pytest.approx(0.3298072037, rel=1e-6)


@pytest.mark.parametrize(
    ("by_account", "gap", "extreme", "p_value"),
    [(True, 3.277513228, 320, 0.3463203463), (False, 3.363525092, 306, 0.3311688312)],
)
def test_randomisation_inference_over_all_assignments(rows, by_account, gap, extreme, p_value):
    values, treated, clusters = rows
    found = permutation_difference(
        values, treated, clusters, generator=np.random.default_rng(1), by_account=by_account
    )
    assert found.statistic == pytest.approx(gap, rel=1e-6)
    assert (found.extreme, found.total, found.exact) == (extreme, 924, True)
    assert found.p_value == pytest.approx(p_value, abs=1e-9)


def test_wild_cluster_bootstrap_over_all_sign_vectors(rows):
    values, treated, clusters = rows
    found = wild_cluster_test(values, treated, clusters, generator=np.random.default_rng(1))
    assert found.statistic == pytest.approx(1.174540885111256, rel=1e-9)
    assert (found.extreme, found.total, found.exact) == (1118, 4096, True)
    assert found.p_value == pytest.approx(0.27294921875, abs=1e-12)


def test_intraclass_correlation_against_r(rows):
    # R 4.2.2 anova(lm()); Donner and Koval 1980.
    values, _, clusters = rows
    found = intraclass_correlation(values, clusters)
    assert found.between == pytest.approx(239.7073304, rel=1e-6)
    assert found.within == pytest.approx(41.52931097, rel=1e-6)
    assert found.size == pytest.approx(7.990909091, rel=1e-6)
    assert found.value == pytest.approx(0.3738961228, rel=1e-6)


@pytest.mark.parametrize(
    ("variation", "effect", "users", "accounts"),
    [(0.0, 1.95, 2132.79114, 106.639557), (0.65, 2.3725, 2594.895887, 129.7447943)],
)
def test_design_effect_against_eldridge_2006(variation, effect, users, accounts):
    # Eldridge, Ashby and Kerry 2006, International Journal of Epidemiology 35:1292.
    found = design_effect(20, 0.05, size_variation=variation)
    assert found == pytest.approx(effect, rel=1e-9)
    assert found * 1093.739046 == pytest.approx(users, rel=1e-9)
    assert found * 1093.739046 / 20 == pytest.approx(accounts, rel=1e-9)


def test_sign_flips_of_darwins_maize():
    # Fisher 1935, The Design of Experiments, section 21: 1,726 of 32,768.
    differences = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    found = sign_flip_test(differences, generator=np.random.default_rng(1))
    assert (found.extreme, found.total, found.exact) == (1726, 32768, True)
    assert found.p_value == pytest.approx(0.05267333984, abs=1e-9)
