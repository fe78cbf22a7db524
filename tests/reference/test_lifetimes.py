"""Published life tables, cumulative incidence and projections of cohorts."""

import numpy as np
import pytest

from opsplaybook.stats.incidence import cumulative_incidence
from opsplaybook.stats.life_tables import life_table, life_table_of
from opsplaybook.stats.lifetimes import cohort_counts, fit_shifted_beta_geometric
from opsplaybook.stats.survival import kaplan_meier

# Singer and Willett 2003, Applied Longitudinal Data Analysis, table 10.1: 3,941 teachers.
AT_RISK = [3941, 3485, 3101, 2742, 2447, 2229, 2045, 1642, 1256, 948, 648, 391]
EVENTS = [456, 384, 359, 295, 218, 184, 123, 79, 53, 35, 16, 5]
HAZARDS = [
    0.1157, 0.1102, 0.1158, 0.1076, 0.0891, 0.0825,
    0.0601, 0.0481, 0.0422, 0.0369, 0.0247, 0.0128,
]  # fmt: skip
SURVIVAL = [
    0.8843, 0.7869, 0.6958, 0.6209, 0.5656, 0.5189,
    0.4877, 0.4642, 0.4446, 0.4282, 0.4177, 0.4123,
]  # fmt: skip

# Scrucca, Santucci and Aversa 2007, Bone Marrow Transplantation 40:381-387: months, and cause of
# failure (1 transplant-related death, 2 relapse, 0 none yet) of 35 patients.
MONTHS = [
    13, 1, 72, 7, 8, 67, 9, 5, 70, 4, 7, 68, 1, 10, 7, 3, 4, 4, 3, 3, 22, 8, 2, 0, 0, 35, 35, 4,
    14, 26, 3, 2, 8, 32, 12,
]  # fmt: skip
STATUS = [
    2, 1, 0, 2, 2, 0, 2, 2, 0, 0, 0, 0, 2, 2, 2, 1, 1, 1, 1, 1, 2, 1, 2, 2, 1, 0, 0, 2,
    2, 2, 2, 0, 0, 0, 1,
]  # fmt: skip
CAUSES = np.array(["", "death", "relapse"])[STATUS]


def test_life_table_of_teachers():
    table = life_table_of(AT_RISK, EVENTS)
    # 0.1158 for the third year is 359 / 3101 = 0.11577 rounded.
    assert [hazard.value for hazard in table.hazard] == pytest.approx(HAZARDS, abs=6e-5)
    assert table.survival == pytest.approx(SURVIVAL, abs=6e-5)
    assert table.median == pytest.approx(6.606, abs=2e-3)


def test_life_table_from_units_is_that_from_counts():
    left = np.array([*AT_RISK[1:], 0])
    censored = np.array(AT_RISK) - EVENTS - left
    years = np.arange(1, 13)
    periods = np.concatenate([np.repeat(years, EVENTS), np.repeat(years, censored)])
    observed = np.repeat([1, 0], [sum(EVENTS), censored.sum()])
    table = life_table(periods, observed)
    assert table.at_risk.tolist() == AT_RISK
    assert table.events.tolist() == EVENTS
    assert (sum(EVENTS), int(censored.sum())) == (2207, 1734)


def test_causes_that_rule_each_other_out():
    # Aalen-Johansen as in the paper's R code; one minus Kaplan-Meier overstates both.
    death, relapse = cumulative_incidence(MONTHS, CAUSES)
    assert (death.incidence[-1], relapse.incidence[-1]) == pytest.approx((0.2728, 0.4813), abs=5e-5)
    assert death.at(10).value == pytest.approx(0.2377, abs=5e-5)
    assert relapse.at(10).value == pytest.approx(0.3408, abs=5e-5)
    everything = kaplan_meier(MONTHS, CAUSES != "")
    assert death.incidence[-1] + relapse.incidence[-1] == pytest.approx(0.7541, abs=5e-5)
    assert 1 - everything.survival[-1] == pytest.approx(0.7541, abs=5e-5)
    alone = [1 - kaplan_meier(MONTHS, name == CAUSES).survival[-1] for name in ("death", "relapse")]
    assert alone == pytest.approx([0.3297, 0.6282], abs=5e-5)


def test_high_end_customers():
    # Fader and Hardie 2007, Journal of Interactive Marketing 21:76-90, High End.
    survivors = [1000, 869, 743, 653, 593, 551, 517, 491]
    model = fit_shifted_beta_geometric(*cohort_counts(survivors))
    assert model.alpha == pytest.approx(0.668, abs=1e-3)
    assert model.beta == pytest.approx(3.806, abs=5e-3)
    assert model.log_likelihood == pytest.approx(-1611.2, abs=0.05)
    retention = [0.851, 0.878, 0.897, 0.911, 0.921, 0.929, 0.936]
    assert model.retention(np.arange(1, 8)) == pytest.approx(retention, abs=6e-4)


def test_projection_of_regular_customers_holds_what_came():
    # The same paper, Regular: years 1 to 5 known, of years 6 to 8 came 289, 262 and 241.
    known, came = [1000, 631, 468, 382, 326], np.array([289, 262, 241])
    model = fit_shifted_beta_geometric(*cohort_counts(known))
    assert (model.alpha, model.beta) == pytest.approx((0.764, 1.296), abs=1e-3)
    assert model.log_likelihood == pytest.approx(-1401.6, abs=0.05)
    # 1,000 times the survival of the model, as the paper projects.
    assert 1000 * model.survival([5, 6, 7]) == pytest.approx([284.5, 253.7, 229.6], abs=0.5)
    found = model.project(326, 4, [5, 6, 7], generator=np.random.default_rng(1))
    assert ((found.low <= came) & (came <= found.high)).all()
    average_churn = 1 - sum(-np.diff(known)) / sum(known[:-1])
    assert (326 * average_churn ** np.arange(1, 4) < found.low).all()
