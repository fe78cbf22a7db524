import numpy as np
import pytest

from opsplaybook.stats.leakage import leakage_screen

LOST = np.repeat([True, False], [40, 260])
GENERATOR = np.random.default_rng(1)


def names(columns):
    return [leak.name for leak in leakage_screen(LOST, columns)]


def test_a_number_that_predicts_almost_perfectly_is_named():
    invoices = np.where(LOST, 0.0, 1000.0) + GENERATOR.normal(0, 150, 300)
    (leak,) = leakage_screen(LOST, {"last invoice": invoices})
    assert leak.separation > 0.99
    assert leak.rule == "puts 100% of pairs in order on its own"
    assert leak.units == 300


def test_the_direction_does_not_matter():
    assert names({"a": LOST * 1.0, "b": -1.0 * LOST}) == ["a", "b"]


def test_being_filled_in_can_be_the_leak():
    reason = np.where(LOST, "price", "").astype(object)
    numbers = np.where(LOST, GENERATOR.normal(size=300), np.nan)
    assert names({"reason": reason, "exit score": numbers}) == ["reason", "exit score"]


def test_a_value_that_only_leavers_have_is_named_even_if_few_have_it():
    status = np.full(300, "open", dtype=object)
    status[:12] = "closed early"
    (leak,) = leakage_screen(LOST, {"status": status})
    assert leak.rule == "is 'closed early' only with the outcome, for 12 of 300"
    assert leak.separation == pytest.approx((1 + 12 / 40) / 2)


def test_honest_risks_are_not_named():
    columns = {
        "decision maker left": np.where(
            LOST, GENERATOR.random(300) < 0.5, GENERATOR.random(300) < 0.2
        ),
        "industry": GENERATOR.choice(["retail", "energy"], 300),
        "users": GENERATOR.poisson(np.where(LOST, 6, 9)),
        "region": np.where(GENERATOR.random(300) < 0.3, None, "north"),
        "three key accounts": np.arange(300) >= 297,
        "account": [f"A-{k}" for k in range(300)],
        "always": np.ones(300),
        "never": np.full(300, np.nan),
    }
    assert names(columns) == []


def test_too_few_losses_name_nothing():
    lost = np.arange(100) < 4
    assert leakage_screen(lost, {"reason": np.where(lost, "price", None)}) == ()


def test_columns_of_other_length_are_refused():
    with pytest.raises(ValueError, match="different lengths"):
        leakage_screen(LOST, {"a": [1, 2]})
