import numpy as np
import pytest
from scipy import stats

from opsplaybook.stats.jeffreys import PenalisedLikelihood, intercept_for, probability

GENERATOR = np.random.default_rng(3)
DESIGN = np.column_stack([np.ones(60), GENERATOR.normal(size=60), GENERATOR.random(60) < 0.3])
SECOND = np.array([0.0, 1.0, 0.0])
OUTCOME = (GENERATOR.random(60) < 0.3).astype(float)


def penalised(coefficients, link):
    """The penalised log-likelihood, written from its definition."""
    share = probability(DESIGN @ coefficients, link)
    step = 1e-6
    slope = (
        probability(DESIGN @ coefficients + step, link)
        - probability(DESIGN @ coefficients - step, link)
    ) / (2 * step)
    information = DESIGN.T @ (DESIGN * (slope**2 / (share * (1 - share)))[:, None])
    likelihood = np.where(OUTCOME == 1, np.log(share), np.log1p(-share)).sum()
    return likelihood + 0.5 * np.linalg.slogdet(information)[1]


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_the_maximum_is_one(link):
    best = PenalisedLikelihood(DESIGN, OUTCOME, link).best
    top = penalised(best, link)
    for direction in np.vstack([np.eye(3), -np.eye(3)]):
        assert penalised(best + 1e-3 * direction, link) < top


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_at_the_ends_of_an_interval_the_profile_has_fallen_by_the_quantile(link):
    fit = PenalisedLikelihood(DESIGN, OUTCOME, link)
    for end in fit.ends(SECOND, 0.9):
        assert fit.drop(SECOND, end) == pytest.approx(stats.chi2.ppf(0.9, 1), abs=5e-3)


def test_a_table_of_two_by_two_adds_half_to_each_cell():
    # Firth's estimate of a saturated logistic model.
    outcome, group = np.repeat([1.0, 0, 1, 0], [6, 14, 0, 80]), np.repeat([1.0, 0], [20, 80])
    design = np.column_stack([np.ones(100), group])
    fit = PenalisedLikelihood(design, outcome, "logit")
    assert np.exp(fit.best[1]) == pytest.approx(6.5 * 80.5 / (14.5 * 0.5), rel=1e-4)


def test_extreme_predictors_have_finite_probabilities():
    far = np.array([-1e4, -50.0, 50.0, 1e4])
    for link in ("logit", "cloglog"):
        assert np.isfinite(probability(far, link)).all()
        assert probability(far, link)[[0, -1]].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("link", ["logit", "cloglog"])
@pytest.mark.parametrize("share", [0.002, 0.3, 0.998])
def test_an_intercept_gives_its_average(link, share):
    predictor = np.linspace(-4, 6, 50)
    intercept = intercept_for(predictor, share, link)
    assert probability(intercept + predictor, link).mean() == pytest.approx(share, abs=1e-9)
