"""Published scores, weights and concentrations."""

import numpy as np
import pytest

from opsplaybook.stats.concentration import concentration, lorenz_curve
from opsplaybook.stats.scores import topsis, weighted_product, weighted_sum
from opsplaybook.stats.segments import interval_codes
from opsplaybook.stats.weights import pairwise_weights

# R package ineq, help(Gini): the example vector.
INCOMES = [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261]

# rsquaredacademy/rfm, README: customer, days since the last order, orders, amount, score. Cut
# points from its example, for an analysis on 2006-12-31.
RFM = [
    ("Abbey O'Reilly DVM", 205, 6, 472, 343),
    ("Add Senger", 140, 3, 340, 412),
    ("Aden Lesch Sr.", 194, 4, 405, 323),
    ("Admiral Senger", 132, 5, 448, 433),
    ("Agness O'Keefe", 90, 9, 843, 555),
    ("Aileen Barton", 84, 9, 763, 555),
    ("Ailene Hermann", 281, 8, 699, 355),
    ("Aiyanna Bruen PhD", 246, 4, 157, 321),
    ("Ala Schmidt DDS", 349, 3, 363, 212),
    ("Alannah Borer", 619, 4, 196, 121),
]


def test_gini_against_r_ineq():
    found = concentration(INCOMES, generator=np.random.default_rng(1))
    assert found.gini.value == pytest.approx(0.4620911, abs=1e-7)
    assert found.gini_corrected.value == pytest.approx(0.5134346, abs=1e-7)
    assert found.top_share.value == pytest.approx((22261 + 11904) / sum(INCOMES), abs=1e-12)
    assert found.top_share.value == pytest.approx(0.5131, abs=1e-4)


def test_lorenz_curve_of_the_same_incomes():
    accounts, held = lorenz_curve(INCOMES, points=11)
    assert accounts[2] == pytest.approx(0.2)
    assert held[2] == pytest.approx(0.5131, abs=1e-4)


def test_topsis_of_tzeng_and_huang_2011():
    # Multiple Attribute Decision Making; asserted in scikit-criteria tests/agg/test_topsis.py.
    matrix = [[5, 8, 4], [7, 6, 8], [8, 8, 6], [7, 4, 6]]
    found = topsis(matrix, [0.3, 0.4, 0.3])
    assert found == pytest.approx([0.5037, 0.6581, 0.7482, 0.334], abs=1e-4)
    assert np.argsort(np.argsort(-found)).tolist() == [2, 1, 0, 3]


# Wikipedia, "Weighted sum model" and "Weighted product model": the worked example.
ALTERNATIVES = np.array([[25, 20, 15, 30], [10, 30, 20, 30], [30, 10, 30, 10]], dtype=float)


def test_weighted_sum_keeps_a_tie_a_tie():
    found = weighted_sum(ALTERNATIVES, [0.2, 0.15, 0.4, 0.25]).totals
    assert found == pytest.approx([21.5, 22.0, 22.0], abs=1e-9)
    assert np.flatnonzero(np.isclose(found, found.max(), rtol=0, atol=1e-9)).tolist() == [1, 2]


def test_weighted_product_breaks_the_tie_and_turns_the_order():
    # Asserted in scikit-criteria tests/agg/test_simple.py, after dividing by column sums.
    shares = ALTERNATIVES / ALTERNATIVES.sum(axis=0)
    found = np.log10(weighted_product(shares, [20, 15, 40, 25]))
    assert found == pytest.approx([-0.50128589, -0.50448471, -0.52947246], abs=1e-7)
    assert np.argsort(-found).tolist() == [0, 1, 2]


def test_analytic_hierarchy_process_of_choosing_a_leader():
    # Wikipedia, "AHP leader example", criterion Experience: Tom, Dick, Harry.
    found = pairwise_weights([[1, 1 / 4, 4], [4, 1, 9], [1 / 4, 1 / 9, 1]])
    assert found.weights == pytest.approx([0.217, 0.717, 0.066], abs=1e-3)
    assert found.largest_eigenvalue == pytest.approx(3.0369, abs=1e-4)
    assert found.index == pytest.approx(0.0184, abs=1e-4)
    assert found.random_index == 0.58
    assert found.ratio == pytest.approx(0.0318, abs=1e-4)
    assert found.consistent


@pytest.mark.parametrize(("name", "days", "orders", "amount", "score"), RFM)
def test_rfm_scores_of_rsquaredacademy(name, days, orders, amount, score):
    recency = interval_codes([days], [115, 181, 297, 482], higher_is_better=False)
    frequency = interval_codes([orders], [4, 5, 6, 8])
    monetary = interval_codes([amount], [256, 382, 506, 666])
    assert (recency * 100 + frequency * 10 + monetary).tolist() == [score]
