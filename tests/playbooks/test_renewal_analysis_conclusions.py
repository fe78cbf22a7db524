"""Verdict, tiles and claims of the renewal analysis speak of the right accounts and numbers."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from opsplaybook.playbooks.renewal_analysis.conclusions import decisive

LABELS = pd.Series({f"A{n}": f"Company {n}" for n in range(15)})


def decided_by(values: list[float], risks: list[float], accounts: list[str]) -> tuple[str, ...]:
    """Name who decides, of decisions that stand in order of their swing as in the forecast."""
    variance = np.asarray(values) ** 2 * np.asarray(risks) * (1 - np.asarray(risks))
    frame = pd.DataFrame({"account_id": accounts, "swing": values,
                          "share_of_variance": variance / variance.sum()})  # fmt: skip
    frame = frame.sort_values("swing", ascending=False)
    return decisive(SimpleNamespace(frame=frame), SimpleNamespace(labels=LABELS))


def test_whoever_is_uncertain_decides_and_not_whoever_is_large():
    values = [1000.0, 900, 800, 700, 650, *[600] * 10]
    risks = [0.002, 0.002, 0.002, 0.002, 0.5, *[0.01] * 10]
    assert decided_by(values, risks, list(LABELS.index)) == ("Company 4",)


def test_decisions_of_one_account_are_added_up():
    accounts = ["A0", "A1", "A1", "A1", *(f"A{n}" for n in range(2, 9))]
    values = [110.0, 100, 100, 100, *[60] * 7]
    assert decided_by(values, [0.1] * 11, accounts) == ("Company 1", "Company 0")


def test_nobody_decides_where_many_do():
    assert decided_by([100.0] * 15, [0.1] * 15, list(LABELS.index)) == ()
