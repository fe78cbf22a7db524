import math

import numpy as np
import pytest

from opsplaybook.stats.accounts import AccountTotals


def test_an_account_whose_users_are_all_unknown_is_left_out():
    found = AccountTotals.of_rows([1.0, np.nan, 3.0, None], [1, 1, 0, 0], ["A", "B", "C", "C"])
    assert found.sums.tolist() == [1.0, 3.0]
    assert found.treated.tolist() == [True, False]


def test_an_account_of_unknown_users_in_both_arms_is_still_refused():
    with pytest.raises(ValueError, match="1 accounts are treated in some rows"):
        AccountTotals.of_rows([np.nan, 2.0, 3.0], [1, 0, 1], ["A", "A", "B"])


def test_means_are_by_account():
    found = AccountTotals.of([8.0, 0.0, 9.0], [4, 2, 3], [1, 0, 0])
    assert found.means.tolist() == [2.0, 0.0, 3.0]


def test_accounts_without_users_or_with_unknown_sum_are_left_out():
    found = AccountTotals.of([8.0, 0.0, np.nan], [4, 0, 3], [1, 0, 0])
    assert found.sums.tolist() == [8.0]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1.0, 2], [1, -1], [1, 0]), "1 sizes are negative"),
        (([1.0, math.inf], [1, 1], [1, 0]), "1 infinite"),
        (([1.0, 2], [1], [1, 0]), "different lengths"),
        (([1.0, 2], [1, 1], [1, 2]), "neither yes nor no"),
    ],
)
def test_impossible_totals_are_refused(columns, message):
    with pytest.raises(ValueError, match=message):
        AccountTotals.of(*columns)
