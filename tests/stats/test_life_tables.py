import math

import numpy as np
import pytest

from opsplaybook.stats.life_tables import life_table, life_table_of
from opsplaybook.stats.survival import kaplan_meier


def test_it_is_kaplan_meier_over_whole_terms():
    generator = np.random.default_rng(6)
    periods, observed = generator.integers(1, 6, 200), generator.random(200) < 0.5
    table, curve = life_table(periods, observed), kaplan_meier(periods, observed)
    assert table.survival == pytest.approx([curve.at(term).value for term in table.periods])
    assert table.low == pytest.approx([curve.at(term).interval.low for term in table.periods])


def test_units_seen_late_count_from_then_on():
    table = life_table([3, 3, 1, 2], [1, 0, 1, 0], entry=[2, 0, 0, 1])
    assert table.at_risk.tolist() == [2, 2, 2]
    assert table.events.tolist() == [1, 0, 1]


def test_it_begins_where_somebody_is_seen_and_ends_where_nobody_is():
    late = life_table([4, 4, 5], [1, 0, 0], entry=[2, 3, 2])
    assert (late.periods.tolist(), late.at_risk.tolist()) == ([3, 4, 5], [2, 3, 1])
    gap = life_table([1, 1, 4], [1, 0, 1], entry=[0, 0, 3])
    assert gap.periods.tolist() == [1]


def test_a_median_lies_between_terms_or_is_unknown():
    # From 60% to 40% in the second term: half of the way.
    assert life_table_of([10, 6], [4, 2]).median == pytest.approx(1.5)
    assert life_table_of([10], [8]).median == pytest.approx(0.625)
    assert math.isnan(life_table_of([10, 9], [1, 1]).median)


def test_terms_without_a_loss_still_have_an_interval():
    table = life_table_of([20, 20], [0, 0])
    assert table.hazard[0].interval.high == pytest.approx(0.1611, abs=1e-4)
    assert table.survival.tolist() == [1.0, 1.0]
    assert 0.8 < table.low[0] < 1


def test_no_units_give_an_empty_table():
    table = life_table([], [])
    assert table.periods.size == table.survival.size == 0
    assert math.isnan(table.median)


@pytest.mark.parametrize(("at_risk", "events"), [([5], [6]), ([0], [0]), ([5], [-1])])
def test_impossible_counts_are_refused(at_risk, events):
    with pytest.raises(ValueError, match="events must lie between 0 and at_risk"):
        life_table_of(at_risk, events)
