"""Published fits of Cox's model, to the digits that are printed."""

from pathlib import Path

import numpy as np
import pytest
from statsmodels.duration.hazard_regression import PHReg

from opsplaybook.stats.cox import cox, proportionality, schoenfeld_residuals

# Freireich et al. 1963, Blood 21:699-716; data as in Cox and Oakes 1984, table 1.1.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO_WEEKS = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
PLACEBO = np.repeat([0, 1], 21)

NAMES = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]


@pytest.fixture(scope="module")
def arrests():
    """Arrests in the year after release: Rossi, Berk and Lenihan 1980; data as in Allison 1995."""
    path = Path(__file__).with_name("rossi.csv")
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    return table[:, 0], table[:, 1].astype(bool), table[:, 2:]


@pytest.fixture(scope="module")
def rossi(arrests):
    return cox(*arrests, names=NAMES)


@pytest.mark.parametrize(
    ("ties", "coefficient", "error", "log_likelihood"),
    [("efron", 1.5721, 0.4124, -85.008), ("breslow", 1.5092, 0.4096, -86.38)],
)
def test_both_ways_of_handling_ties(ties, coefficient, error, log_likelihood):
    # Kleinbaum and Klein, Survival Analysis; R survival gives the same digits.
    model = cox(WEEKS + PLACEBO_WEEKS, RELAPSED + [1] * 21, PLACEBO, names=["placebo"], ties=ties)
    assert model.coefficients[0] == pytest.approx(coefficient, abs=5e-5)
    assert model.standard_errors[0] == pytest.approx(error, abs=5e-5)
    assert model.log_likelihood == pytest.approx(log_likelihood, abs=5e-3)
    assert model.ratios[0].ratio.value == pytest.approx(np.exp(coefficient), rel=1e-4)


def test_seven_covariates_against_fox(rossi):
    # Fox, Cox Proportional-Hazards Regression, appendix to An R Companion to Applied Regression.
    coefficients = [-0.3794, -0.0574, 0.3139, -0.1498, -0.4337, -0.0849, 0.0915]
    errors = [0.1914, 0.0220, 0.3080, 0.2122, 0.3819, 0.1958, 0.0286]
    assert rossi.coefficients == pytest.approx(coefficients, abs=1e-4)
    assert rossi.standard_errors == pytest.approx(errors, abs=1e-4)
    assert rossi.log_likelihood == pytest.approx(-658.748, abs=1e-3)
    assert rossi.likelihood_ratio == pytest.approx(33.27, abs=0.01)
    assert rossi.concordance == pytest.approx(0.640, abs=5e-4)
    assert (rossi.n, rossi.events, rossi.enough) == (432, 114, True)
    p_values = {ratio.name: ratio.ratio.p_value for ratio in rossi.ratios}
    for name, expected in {"fin": 0.0474, "age": 0.009, "prio": 0.0014}.items():
        assert p_values[name] == pytest.approx(expected, abs=5e-4)


def test_the_check_of_proportional_hazards_fires_where_it_must(rossi, arrests):
    assert rossi.violations() == ("age", "wexp")
    # lifelines 0.30.3, Testing the proportional hazard assumptions: rank transform, where equal
    # times are ranked in the order of their rows.
    weeks, arrested, features = arrests
    residuals = schoenfeld_residuals(
        weeks, arrested, features, features @ rossi.coefficients, entered=-weeks, ties="efron"
    )
    ranks = np.argsort(np.argsort(weeks[arrested], kind="stable"))
    covariance = PHReg(weeks, features, arrested.astype(int), ties="efron").fit().cov_params()
    found = {test.name: test for test in proportionality(residuals, covariance, ranks, names=NAMES)}
    expected = {"age": (11.45, 0.0007), "wexp": (7.31, 0.0068), "fin": (0.015, 0.9)}
    for name, (statistic, p_value) in (expected | {"prio": (0.019, 0.89)}).items():
        assert found[name].statistic == pytest.approx(statistic, abs=0.006)
        assert found[name].p_value == pytest.approx(p_value, abs=0.005)


def test_residuals_by_breslow_are_those_of_statsmodels(arrests):
    weeks, arrested, features = arrests
    fitted = PHReg(weeks, features, arrested.astype(int), ties="breslow").fit()
    residuals = schoenfeld_residuals(
        weeks, arrested, features, features @ fitted.params, entered=-weeks, ties="breslow"
    )
    assert residuals == pytest.approx(fitted.schoenfeld_residuals[arrested], abs=1e-9)
