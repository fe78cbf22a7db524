"""Totals: exact Poisson limits as the special case, coverage for unequal sizes."""

import numpy as np
import pytest

from opsplaybook.stats.totals import total


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Garwood (1936), Biometrika 28:437-442, table of 95% limits of a Poisson count.
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390)],
)
def test_equal_amounts_give_the_exact_poisson_interval(count, low, high):
    interval = total(np.ones(count)).interval

    assert interval.low == pytest.approx(low, abs=5e-4)
    assert interval.high == pytest.approx(high, abs=5e-4)


def test_unit_of_the_amounts_scales_the_interval():
    thousands = total([1.2, 3.4, 0.7])
    units = total([1200, 3400, 700])

    assert units.interval.low == pytest.approx(1000 * thousands.interval.low)
    assert units.interval.high == pytest.approx(1000 * thousands.interval.high)


def test_one_large_amount_widens_the_interval():
    even = total([10.0] * 10).interval
    uneven = total([91.0] + [1.0] * 9).interval

    assert uneven.high - uneven.low > even.high - even.low


def test_interval_covers_a_compound_poisson_total():
    rng = np.random.default_rng(11)
    expected, hits = 12 * 3.0, 0
    for _ in range(400):
        amounts = rng.integers(1, 6, size=rng.poisson(12))
        hits += total(amounts).interval.contains(expected)

    # 95% claimed; binomial bounds of 400 draws at three standard errors, conservative side open.
    assert hits / 400 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)


def test_missing_counts_as_nothing_and_negative_is_refused():
    assert total([np.nan, 2.0]).n == 1
    with pytest.raises(ValueError, match="1 are negative"):
        total([2.0, -1.0])
