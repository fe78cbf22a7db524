"""Published adjusted p-values."""

import numpy as np
import pytest

from opsplaybook.stats.multiplicity import benjamini_hochberg, holm

# Benjamini and Hochberg 1995, JRSS B 57:289, section 3.2; adjusted by R 4.2.2 p.adjust.
FIFTEEN = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719,
    0.6528, 0.759, 1,
]  # fmt: skip
FIFTEEN_ADJUSTED = [
    0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.06385714286, 0.06385714286, 0.0645, 0.0765, 0.486,
    0.58118181818, 0.714875, 0.75323076923, 0.81321428571, 1.0,
]  # fmt: skip


def test_six_p_values_against_r():
    # tea-tasting tests/test_multiplicity.py and R 4.2.2 p.adjust.
    p_values = [0.005, 0.06, 0.007, 0.04, 0.01, 0.03]
    assert holm(p_values) == pytest.approx([0.03, 0.09, 0.035, 0.09, 0.04, 0.09], abs=1e-12)
    assert benjamini_hochberg(p_values) == pytest.approx(
        [0.02, 0.06, 0.02, 0.048, 0.02, 0.045], abs=1e-12
    )


def test_worked_example_of_benjamini_and_hochberg_1995():
    adjusted = benjamini_hochberg(FIFTEEN)
    assert adjusted == pytest.approx(FIFTEEN_ADJUSTED, abs=1e-10)
    assert np.sum(adjusted <= 0.05) == 4
    assert np.sum(holm(FIFTEEN) <= 0.05) == 3
