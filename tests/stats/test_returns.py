import math

import pytest

from opsplaybook.stats.returns import cost_per, return_on_cost


def test_a_loss_is_negative_and_nothing_earned_is_minus_one():
    assert return_on_cost(30, 40, basis="closed revenue", n=2).value == -0.25
    assert return_on_cost(0, 40, basis="closed revenue", n=0).value == -1


def test_no_cost_has_no_return_and_no_lead_no_cost():
    assert math.isnan(return_on_cost(30, 0, basis="pipeline", n=5).value)
    assert math.isnan(cost_per(40, 0).value)


def test_basis_is_part_of_the_result():
    assert return_on_cost(80, 40, basis="weighted pipeline", n=5).method == (
        "return on weighted pipeline"
    )


def test_negative_cost_missing_basis_and_negative_units_are_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        return_on_cost(30, -1, basis="pipeline", n=5)
    with pytest.raises(ValueError, match="basis is empty"):
        return_on_cost(30, 1, basis="", n=5)
    with pytest.raises(ValueError, match="must not be negative"):
        cost_per(10, -2)
