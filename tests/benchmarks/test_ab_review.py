"""Ten million users in 2,000 accounts, four metrics adjusted for the past, through DuckDB."""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from opsplaybook.metrics.experiment_measures import read_measure
from opsplaybook.metrics.experiment_moments import Group, account_sums, arm_moments
from opsplaybook.metrics.experiment_values import Values
from opsplaybook.stats.covariates import adjusted_difference
from opsplaybook.stats.moments import JointMoments
from opsplaybook.stats.randomisation import randomised_difference

USERS, ACCOUNTS, METRICS = 10_000_000, 2_000, 4
SECONDS, CORES = 1.5, 2
"""Wall time on two free cores; held as processor time, which neighbours do not change."""

ROWS = f"""
    CREATE TABLE users AS
    WITH drawn AS (
        SELECT CAST(floor({ACCOUNTS} * power(random(), 2)) AS INTEGER) AS number
        FROM range({USERS})
    )
    SELECT 'A-' || lpad(CAST(number AS VARCHAR), 4, '0') AS account_id,
           CASE WHEN number % 2 = 0 THEN 'control' ELSE 'treatment' END AS arm,
           {", ".join(f"random() * 9 AS x{k}" for k in range(METRICS))}
    FROM drawn
"""  # noqa: S608 - numbers of this file only
VALUES = f"""
    CREATE TABLE measured AS
    SELECT *, {", ".join(f"x{k} + random() + (number % 2) * 0.01 AS y{k}" for k in range(METRICS))}
    FROM (SELECT *, CAST(substr(account_id, 3) AS INTEGER) AS number FROM users)
"""  # noqa: S608 - numbers of this file only


@pytest.fixture(scope="module")
def tables(open_in_memory):
    plan = {"experiment_id": "T", "unit": "account", "shares": "control=1;treatment=1",
            "start_on": "2026-01-05"}  # fmt: skip
    source = open_in_memory({"experiments": [plan]})
    given = source.load(["experiments"], as_of=pd.Timestamp("2026-02-01").date())
    source.stock.engine.execute(ROWS)
    source.stock.engine.execute(VALUES)
    return given


@pytest.fixture(scope="module")
def values(tables) -> Values:
    measures = tuple(read_measure(f"rows(action_{k})") for k in range(METRICS))
    table = tables.source.stock.engine.backend.table("measured")
    return Values(table, measures, (True,) * METRICS, pd.DataFrame())


def best_of(times: int, work: Callable[[], object]) -> tuple[float, float, object]:
    """Return the least wall and processor seconds of several tries, and what was found."""
    tries = []
    for _ in range(times):
        wall, processor = time.perf_counter(), time.process_time()
        found = work()
        tries.append((time.perf_counter() - wall, time.process_time() - processor))
    return min(wall for wall, _ in tries), min(processor for _, processor in tries), found


def by_account(tables, values):
    """Effects over accounts: means of users, adjusted for their past."""
    frame = account_sums(tables, values)
    treated = (frame["arm"] == "treatment").to_numpy()
    size = frame["size"].to_numpy()
    effects = []
    for k in range(METRICS):
        columns = [frame[f"{name}{k}"].to_numpy() / size for name in "yx"]
        pair = [JointMoments.of(*(c[arm] for c in columns)) for arm in (treated, ~treated)]
        effects.append(adjusted_difference(*pair))
    return frame, effects


def by_user(tables, values):
    """Effects over users, from moments of ten million rows."""
    moments = arm_moments(tables, values)
    return [adjusted_difference(m[Group("treatment")], m[Group("control")]) for m in moments]


@pytest.mark.slow
def test_ten_million_users_by_account(tables, values):
    wall, processor, (frame, effects) = best_of(3, lambda: by_account(tables, values))
    begin = time.perf_counter()
    size = frame["size"].to_numpy()
    headline = randomised_difference(
        frame["y0"].to_numpy() / size,
        (frame["arm"] == "treatment").to_numpy(),
        covariates=(frame["x0"].to_numpy() / size,),
        generator=np.random.default_rng(1),
    )
    drawn = time.perf_counter() - begin
    print(f"{wall:.2f} s wall, {processor:.2f} s processor to four adjusted effects, "  # noqa: T201
          f"{drawn:.2f} s more for each headline")  # fmt: skip
    assert frame["size"].sum() == USERS
    assert len(frame) == ACCOUNTS
    assert [effect.adjusted.value for effect in effects] == pytest.approx([0.01] * 4, abs=0.003)
    assert headline.value == pytest.approx(effects[0].adjusted.value, abs=0.001)
    assert processor < SECONDS * CORES


@pytest.mark.slow
def test_ten_million_users_by_user(tables, values):
    wall, processor, effects = best_of(3, lambda: by_user(tables, values))
    print(f"{wall:.2f} s wall, {processor:.2f} s processor over users")  # noqa: T201
    assert [effect.adjusted.value for effect in effects] == pytest.approx([0.01] * 4, abs=0.001)
    assert min(effect.gain for effect in effects) > 0.95
    assert processor < SECONDS * CORES
