"""Levels equal those of ClickHouse's windowFunnel, where both mean the same."""

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from opsplaybook.metrics.funnels import FunnelRule, Step, read_funnel

chdb = pytest.importorskip("chdb", reason="chdb is not installed (extra bench)")

START = datetime(2026, 1, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)
USERS, SPAN = 1_500, 40


def random_rows(seed: int) -> pd.DataFrame:
    draw = random.Random(seed)
    rows = [
        (f"u{user:04d}", draw.randrange(SPAN), draw.choice("aabbccdx"))
        for user in range(USERS)
        for _ in range(draw.randint(0, 12))
    ]
    return pd.DataFrame(rows, columns=["user_id", "second", "action"])


def window_funnel(rows: pd.DataFrame, steps: str, window: int, mode: str, path: Path) -> dict:
    """Ask ClickHouse for the level of each user, 0 left out."""
    rows.to_parquet(path)
    conditions = ", ".join(f"action = '{step}'" for step in steps)
    modes = f", '{mode}'" if mode else ""
    level = f"windowFunnel({window}{modes})(toUInt64(second), {conditions}) AS level"
    grouped = "GROUP BY user_id HAVING level > 0 ORDER BY user_id"
    query = " ".join(["SELECT user_id,", level, f"FROM file('{path}')", grouped])
    answer = chdb.query(query, "ArrowTable")
    return dict(zip(*(column.to_pylist() for column in answer.columns), strict=True))


@pytest.mark.parametrize(
    ("steps", "mode", "ties"),
    [
        ("abc", "", "allowed"),
        ("dcba", "", "allowed"),
        ("abc", "strict_increase", "later"),
        ("ab", "strict_increase", "later"),
    ],
)
@pytest.mark.parametrize("window", [0, 3, 10, 100])
def test_levels_are_those_of_window_funnel(make_tables, tmp_path, steps, mode, ties, window):
    rows = random_rows(seed=window + len(steps))
    if ties == "later":
        rows = rows.drop_duplicates(["user_id", "second"], ignore_index=True)
    activity = rows.assign(at=START + pd.to_timedelta(rows["second"], unit="s"))
    tables = make_tables({"activity": activity.drop(columns="second")}, as_of=date(2026, 2, 1))
    rule = FunnelRule(
        tuple(Step(step, {"action": (step,)}) for step in steps), window=window * SECOND, ties=ties
    )
    funnel = read_funnel(tables, rule)
    found = funnel.fetch(funnel.units.order_by("unit"))
    expected = window_funnel(rows, steps, window, mode, tmp_path / "rows.parquet")
    assert dict(zip(found["unit"], found["level"], strict=True)) == expected
    assert len(expected) > USERS / 3
    assert len(set(expected.values())) > 1 or (window == 0 and ties == "later")


def test_repeated_steps_are_those_of_strict_once(make_tables, tmp_path):
    """A row serves one step in strict_once; at different moments both mean the same."""
    rows = random_rows(seed=5).drop_duplicates(["user_id", "second"], ignore_index=True)
    activity = rows.assign(at=START + pd.to_timedelta(rows["second"], unit="s"))
    tables = make_tables({"activity": activity.drop(columns="second")}, as_of=date(2026, 2, 1))
    steps = tuple(Step(f"{n} {step}", {"action": (step,)}) for n, step in enumerate("aba"))
    funnel = read_funnel(tables, FunnelRule(steps, window=10 * SECOND))
    found = funnel.fetch(funnel.units.order_by("unit"))
    expected = window_funnel(rows, "aba", 10, "strict_once", tmp_path / "rows.parquet")
    assert dict(zip(found["unit"], found["level"], strict=True)) == expected
    assert 3 in expected.values()


def test_an_earlier_entry_is_not_forgotten_for_one_at_the_same_moment(make_tables, tmp_path):
    """Where strict_increase gives 1: it keeps the latest entry only, and b is not later than it."""
    rows = pd.DataFrame([("u", 0, "a"), ("u", 1, "a"), ("u", 1, "b")])
    rows.columns = ["user_id", "second", "action"]
    assert window_funnel(rows, "ab", 10, "strict_increase", tmp_path / "rows.parquet") == {"u": 1}
    activity = rows.assign(at=START + pd.to_timedelta(rows["second"], unit="s"))
    tables = make_tables({"activity": activity.drop(columns="second")}, as_of=date(2026, 2, 1))
    steps = tuple(Step(step, {"action": (step,)}) for step in "ab")
    funnel = read_funnel(tables, FunnelRule(steps, window=10 * SECOND, ties="later"))
    assert funnel.fetch(funnel.units)["level"].tolist() == [2]
