"""Rates of units nested in accounts, cohort by cohort, and in one go."""

import numpy as np
import pandas as pd
import pytest

from opsplaybook.playbooks.funnel_review.nested import (
    beyond_chance,
    ends,
    estimate_rate,
    estimate_rates,
)

COHORTS = tuple(pd.date_range("2026-01-01", periods=3, freq="MS"))


def counts(accounts=("A", "B", "C", "not known"), seed=1):
    generator = np.random.default_rng(seed)
    rows = pd.MultiIndex.from_product([accounts, COHORTS], names=["account_id", "cohort"])
    frame = rows.to_frame(index=False)
    base = generator.integers(0, 9, len(frame))
    return frame.assign(base=base, mature_reached=generator.binomial(base, 0.4))


@pytest.mark.parametrize("accounts", [("A", "B", "C", "not known"), ("A", "B"), ("not known",)])
def test_rates_along_cohorts_are_those_of_each_alone(accounts):
    frame = counts(accounts)
    together = estimate_rates(frame, "cohort", COHORTS, level=0.9)
    alone = [estimate_rate(frame.loc[frame["cohort"] == day], level=0.9) for day in COHORTS]

    for one, other in zip(together, alone, strict=True):
        assert ends(one) == pytest.approx(ends(other), nan_ok=True)


def test_a_cohort_of_nobody_has_no_rate():
    frame = counts().assign(base=0, mature_reached=0)

    assert all(np.isnan(one.value) for one in estimate_rates(frame, "cohort", COHORTS, level=0.95))


def test_a_difference_is_named_only_where_both_its_p_value_and_its_interval_say_so():
    rows = pd.DataFrame({
        "p_value": [0.001, 0.001, 0.2, np.nan],
        "difference_low": [0.01, -0.03, 0.01, np.nan],
        "difference_high": [0.2, 0.3, 0.2, np.nan],
    })  # fmt: skip

    assert beyond_chance(rows, 0.95).tolist() == [True, False, False, False]
