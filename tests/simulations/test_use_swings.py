"""Use of a company in which nothing happens swings: a review must not call each swing a change."""

from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from opsplaybook.metrics.periods import Periods, periods_until
from opsplaybook.playbooks.account_review.use import change_of_use
from opsplaybook.samples import make_company
from opsplaybook.stats.results import Difference

ALPHA = 0.05
PERIODS = periods_until(date(2026, 6, 30), 90)
SEEDS = [
    pytest.param((11,), id="few"),
    pytest.param((1, 2, 3, 4, 5), id="first", marks=pytest.mark.slow),
    pytest.param((11, 12, 13, 14, 15), id="others", marks=pytest.mark.slow),
]


@cache
def use_by_account(seed: int) -> dict[str, pd.DataFrame]:
    """Return the daily use of every customer who was one in both periods."""
    tables = make_company(seed=seed, null=True).tables
    terms = tables["contracts"].astype({"start_on": "datetime64[us]", "end_on": "datetime64[us]"})
    began = terms.groupby("account_id")["start_on"].min() <= pd.Timestamp(PERIODS.before.first)
    current = ~(terms["end_on"] < pd.Timestamp(PERIODS.now.last))
    customers = began[began].index.intersection(terms.loc[current, "account_id"])
    rows = tables["activity"].loc[tables["activity"]["account_id"].isin(customers)]
    day = rows["at"].dt.tz_convert("Europe/Berlin").dt.tz_localize(None).dt.normalize()
    counts = rows.assign(day=day.astype("datetime64[us]")).groupby(["account_id", "day"]).size()
    frame = counts.rename("actions").reset_index("day")
    return dict(list(frame.groupby(level=0)))


def changes(
    seeds: tuple[int, ...], name: str, *, kept: float = 1.0, periods: Periods = PERIODS
) -> list[Difference]:
    """Compare the last period of every customer; a fall to a share of it can be planted."""
    generator = np.random.default_rng(3)
    found = []
    for use in (use for seed in seeds for use in use_by_account(seed).values()):
        inside = periods.now.holds(use["day"])
        left = use["actions"].where(~inside, generator.binomial(use["actions"], kept))
        thinned = use.assign(actions=left)
        found.append(change_of_use(thinned, periods, name, column="actions", level=1 - ALPHA))
    return [change for change in found if change.enough]


def detected(found: list[Difference]) -> tuple[int, int]:
    """Return how many of how many changes are detectable."""
    count = sum(change.detectable for change in found)
    print(f"{count} of {len(found)} detectable: {count / len(found):.1%}")  # noqa: T201
    return count, len(found)


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("name", ["before", "year_before"])
def test_null_company_shows_changes_as_often_as_is_claimed(seeds, name):
    """At weeks taken as independent it was 24%: slow swings are no change of this period."""
    count, n = detected(changes(seeds, name))
    assert n > 150 * len(seeds)
    assert count <= stats.binom.ppf(0.99, n, ALPHA)


@pytest.mark.parametrize("seeds", SEEDS)
def test_every_length_of_period_keeps_its_promise(seeds):
    for days in (35, 180):
        periods = periods_until(PERIODS.now.last, days)
        count, n = detected(changes(seeds, "before", periods=periods))
        assert count <= stats.binom.ppf(0.99, n, ALPHA)


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize(("kept", "seen"), [(0.2, 0.5), (0.1, 0.7), (0.0, 0.9)])
def test_planted_fall_is_seen(seeds, kept, seen):
    found = changes(seeds, "before", kept=kept)
    count, n = detected(found)
    assert count / n > seen
    assert all(change.value < 0 for change in found if change.detectable)
