"""Published decompositions."""

import numpy as np
import pytest

from opsplaybook.stats.decomposition import mix_and_rate, product_effects
from opsplaybook.stats.log_mean import log_mean_index

# Das Gupta 1993, Standardization and Decomposition of Rates, example 5.1, as in the README of
# DasGuptR (josiahpjking/DasGuptR, commit e6bbdd20).
SHARES_BEFORE = [12.9, 10.9, 9.5, 8.0, 7.8, 8.4, 8.6, 7.8, 7.0, 5.9, 4.7, 3.6, 4.9]
SHARES_AFTER = [10.1, 11.2, 11.6, 10.9, 9.4, 7.7, 6.3, 6.0, 6.3, 5.9, 5.1, 4.0, 5.5]
RATES_BEFORE = [1.9, 25.8, 45.7, 49.6, 51.2, 51.6, 51.8, 54.9, 58.7, 60.4, 62.8, 66.6, 66.8]
RATES_AFTER = [2.2, 24.3, 45.8, 52.5, 56.1, 55.6, 56.0, 57.4, 57.2, 61.2, 63.9, 68.6, 72.2]


def test_mix_and_rate_against_das_gupta_1993():
    before = np.multiply(SHARES_BEFORE, RATES_BEFORE), SHARES_BEFORE
    after = np.multiply(SHARES_AFTER, RATES_AFTER), SHARES_AFTER
    found = mix_and_rate(before, after)
    assert (found.before, found.after) == pytest.approx((44.7268, 47.694), abs=6e-5)
    assert found.change == pytest.approx(2.9672, abs=6e-5)
    assert found.mix_total == pytest.approx(1.2269, abs=6e-5)
    assert found.rate_total == pytest.approx(1.7403, abs=6e-5)
    assert 100 * found.mix_total / found.change == pytest.approx(41.35, abs=6e-3)


def test_two_factors_against_das_gupta_1993():
    # Example 2.1, by the README of DasGuptR.
    effects = product_effects([10930, 0.717892], [16591, 0.825974])
    assert effects == pytest.approx([4369.913, 1487.262], abs=6e-3)
    assert effects.sum() == pytest.approx(5857.175, abs=6e-3)


def test_three_factors_against_das_gupta_1993():
    # Example 2.2, by the README of DasGuptR.
    effects = product_effects([51.78746, 0.45919, 0.52638], [84.90502, 0.75756, 0.51065])
    assert effects == pytest.approx([10.4340333, 10.5608476, -0.6670084], abs=2e-5)
    assert effects.sum() == pytest.approx(20.3278726, abs=2e-5)


def test_log_mean_index_against_lmdir():
    # MatthewHeun/LMDIR tests/testthat (commit 9ffb0457), LMDI-I of Ang 2005, Energy Policy 33:867.
    found = log_mean_index([[1, 10, 2], [4, 5, 3]], [[4, 5, 3], [5, 6, 4]])
    assert (found.before, found.after) == (80, 180)
    assert found.additive == pytest.approx(
        np.array(
            [
                [50.47438029, -25.23719014, 14.76280986],
                [19.31568569, 15.78206435, 24.90224996],
            ]
        ),
        abs=1e-8,
    )
    assert found.additive.sum(axis=0) == pytest.approx(
        [69.79006598, -9.455125793, 39.66505981], abs=1e-8
    )
    assert found.multiplicative == pytest.approx([1.761117821, 0.926191306, 1.379410116], abs=1e-8)
    assert found.multiplicative.prod() == pytest.approx(2.25, abs=1e-12)


def test_reversal_in_kidney_stone_treatment():
    # Charig et al. 1986 BMJ 292:879-882: B to A is better for small and large stones, worse in all.
    found = mix_and_rate(([234, 55], [270, 80]), ([81, 192], [87, 263]))
    assert found.reversal
    assert (found.rate > 0).all()
    assert (found.before, found.after) == pytest.approx((0.826, 0.78), abs=5e-4)
