"""Shares of people nested in accounts: the account is the unit."""

import numpy as np
import pytest

from opsplaybook.stats.nested_rates import clustered_rate
from opsplaybook.stats.rates import rate


def test_people_alike_within_accounts_are_worth_their_accounts():
    hits = np.array([4, 4, 4, 4, 4, 0, 0, 0, 0, 0])
    people = np.full(10, 4)

    interval = clustered_rate(hits, people).interval
    by_account = rate(5, 10).interval

    # All people of an account do the same: forty people carry no more than ten accounts.
    assert interval.low <= by_account.low
    assert interval.high >= by_account.high


def test_no_success_is_no_certainty():
    estimate = clustered_rate([0] * 20, [3] * 20)

    assert estimate.value == 0
    assert estimate.interval.low == 0
    assert estimate.interval.high > rate(0, 60).interval.high


def test_nobody_and_everybody_are_ends_of_their_intervals():
    """Rounding left 1.4e-17 of 15 accounts, which was written as a share above zero."""
    for accounts in range(2, 40):
        people = [1] * accounts
        assert clustered_rate([0] * accounts, people).interval.low == 0.0
        assert clustered_rate(people, people).interval.high == 1.0


def test_accounts_without_people_do_not_count():
    assert clustered_rate([1, 0, 0], [2, 2, 0]).n == 2
    assert np.isnan(clustered_rate([0], [0]).value)


def test_interval_covers_with_strongly_clustered_people():
    rng = np.random.default_rng(5)
    hits, runs = 0, 400
    for _ in range(runs):
        people = rng.integers(1, 7, size=40)
        successes = rng.binomial(people, rng.beta(0.6, 1.4, size=40))  # share 0.3, correlation 1/3
        hits += clustered_rate(successes, people).interval.contains(0.3)

    # 95% claimed; three standard errors of 400 draws below it.
    assert hits / runs >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs)


def test_level_widens_the_interval():
    narrow = clustered_rate([1, 2, 0, 3], [2, 2, 3, 3], level=0.8).interval
    wide = clustered_rate([1, 2, 0, 3], [2, 2, 3, 3], level=0.99).interval

    assert wide.low < narrow.low < narrow.high < wide.high
    assert wide.level == pytest.approx(0.99)
