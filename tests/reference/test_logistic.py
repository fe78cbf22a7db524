"""Published logistic regressions with few events, and measures of forecasts."""

import numpy as np
import pytest
from statsmodels.api import Logit, add_constant
from statsmodels.datasets import spector

from opsplaybook.stats.calibration import brier_skill, calibration_bins
from opsplaybook.stats.discrimination import area_under_curve
from opsplaybook.stats.identification import separated_by
from opsplaybook.stats.logistic import logistic

# Heinze and Schemper 2002, Statistics in Medicine 21:2409-2419: 79 women with endometrial cancer;
# neovasculation, pulsatility index, endometrium height, high grade (30 of them).
ENDOMETRIAL = """
0,13,1.64,0 0,16,2.26,0 0,8,3.14,0 0,34,2.68,0 0,20,1.28,0 0,5,2.31,0 0,17,1.8,0 0,10,1.68,0
0,26,1.56,0 0,17,2.31,0 0,8,2.01,0 0,7,1.89,0 0,20,3.15,0 0,10,1.23,0 0,18,1.27,0 0,16,1.76,0
0,18,2,0 0,8,2.64,1 0,29,0.88,1 0,12,1.27,1 0,20,1.37,1 1,38,0.97,1 1,22,1.14,1 1,7,0.88,1
1,25,0.91,1 1,15,0.58,1 0,7,0.97,1 0,28,1.5,0 0,11,1.33,0 0,19,2.37,0 0,10,1.82,0 0,10,3.13,0
0,18,1.31,0 0,14,1.92,0 0,21,1.64,0 0,11,2.01,0 0,17,1.88,0 0,25,1.93,0 0,16,2.11,0 0,19,1.29,0
0,15,1.72,0 0,33,0.75,0 0,24,1.92,0 0,48,1.84,1 0,12,1.11,1 0,19,1.61,1 0,2,1.18,1 1,22,1.44,1
1,40,1.18,1 1,5,0.93,1 1,0,1.17,1 0,21,1.19,1 0,15,1.06,1 0,29,2.02,0 0,15,2.29,0 0,12,2.33,0
0,3,2.9,0 0,20,1.7,0 0,23,1.41,0 0,12,2.25,0 0,22,1.54,0 0,42,1.97,0 0,15,1.75,0 0,13,2.16,0
0,14,2.57,0 0,19,1.37,0 0,12,3.61,0 0,13,2.04,0 0,10,2.17,0 0,12,1.69,1 1,49,0.27,1 0,6,1.84,1
0,5,1.3,1 0,17,0.96,1 1,11,1.01,1 1,21,0.98,1 0,5,0.35,1 1,19,1.02,1 0,33,0.85,1
"""
NAMES = ["NV", "PI", "EH"]


@pytest.fixture(scope="module")
def endometrial():
    rows = [row.split(",") for row in ENDOMETRIAL.split()]
    return np.array(rows, dtype=float)


def test_firth_estimates_and_profile_intervals(endometrial):
    # R logistf: coefficients and profile penalised likelihood intervals at 95%.
    model = logistic(endometrial[:, 3], endometrial[:, :3], names=NAMES)
    assert (model.n, model.events, model.events_per_variable) == (79, 30, 10)
    expected = [
        (2.92927330, 0.6097244, 7.85463171),
        (-0.03475175, -0.1244587, 0.04045547),
        (-2.60416387, -4.3651832, -1.23272106),
    ]
    for found, (coefficient, low, high) in zip(model.ratios, expected, strict=True):
        ends = found.ratio.interval
        assert np.log(found.ratio.value) == pytest.approx(coefficient, abs=1e-4)
        assert np.log([ends.low, ends.high]) == pytest.approx([low, high], abs=2e-3)
    base = model.base
    logits = [np.log(p / (1 - p)) for p in (base.value, base.interval.low, base.interval.high)]
    assert logits == pytest.approx([3.77455951, 1.0825371, 7.20928050], abs=3e-3)


def test_the_feature_without_a_likeliest_odds_ratio_is_named(endometrial):
    # The paper: all 13 women with neovasculation have high grade.
    assert separated_by(endometrial[:, 3], endometrial[:, :3], names=NAMES) == ("NV",)
    assert logistic(endometrial[:, 3], endometrial[:, :3], names=NAMES).separated == ("NV",)


def test_measures_of_a_fit_by_maximum_likelihood():
    # Spector and Mazzeo 1980, in Greene, Econometric Analysis; in-sample, so they flatter.
    data = spector.load_pandas()
    fitted = Logit(data.endog, add_constant(data.exog)).fit(disp=0)
    assert fitted.params.to_numpy() == pytest.approx([-13.0213, 2.8261, 0.0952, 2.3787], abs=5e-5)
    forecast, passed = fitted.predict().tolist(), data.endog.to_numpy()
    assert area_under_curve(forecast, passed) == pytest.approx(0.8831, abs=5e-5)
    generator = np.random.default_rng(1)
    measured = brier_skill(forecast, passed, base=passed.mean(), generator=generator)
    assert measured.score == pytest.approx(0.1295, abs=5e-5)
    assert measured.log_loss == pytest.approx(12.8896 / 32, abs=1e-5)


def test_measures_of_a_few_forecasts():
    # scikit-learn, docstrings of roc_auc_score, brier_score_loss and calibration_curve.
    assert area_under_curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == 0.75
    forecast, outcome = [0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0]
    generator = np.random.default_rng(1)
    score = brier_skill(forecast, outcome, base=0.5, generator=generator).score
    assert score == pytest.approx(0.0375)
    forecast, outcome = [0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1.0], [0] * 4 + [1] * 5
    bins = calibration_bins(forecast, outcome, edges=[1 / 3, 2 / 3])
    assert [group.observed.value for group in bins] == [0.0, 0.5, 1.0]
    assert [group.expected for group in bins] == pytest.approx([0.2, 0.525, 0.85])
