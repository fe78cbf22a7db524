"""Why customers changed tier: causes by hand, from scores of two days."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from opsplaybook.playbooks.customer_portrait.transitions import tier_moves


def scores(brand: list[float], payment: list[float], **rest: list[float]) -> SimpleNamespace:
    parts = pd.DataFrame({"brand": brand, "payment": payment} | rest, index=list("abcd"))
    return SimpleNamespace(frame=pd.DataFrame({"score": parts.sum(axis=1)}), contributions=parts)


def moves(then: str, before: SimpleNamespace, now: str, after: SimpleNamespace) -> pd.DataFrame:
    codes = np.asarray(["SABC–".index(tier) for tier in then])
    codes[codes == 4] = -1
    facts = pd.DataFrame({"label": list("abcd"), "in_scope": True}, index=list("abcd"))
    tiered = SimpleNamespace(frame=pd.DataFrame({"computed": list(now)}, index=list("abcd")))
    portrait = SimpleNamespace(facts=facts)
    return tier_moves(codes, before, after, tiered, portrait).set_index("account_id")


def test_the_cause_is_what_moved_the_score_the_way_the_tier_went():
    """a falls by brand, b rises by payment; c falls although its score rose."""
    before = scores([30, 10, 20, 5], [10, 10, 20, 5])
    after = scores([10, 10, 20, 5], [15, 40, 25, 5])
    found = moves("SBAC", before, "BSBC", after)
    assert found["because"].to_dict() == {"b": "payment", "a": "brand", "c": "scores of others"}
    assert found["change"].to_dict() == {"b": 30, "a": -15, "c": 5}


def test_a_dimension_that_only_one_day_knows_can_be_the_cause():
    before = scores([10, 10, 10, 10], [10, 10, 10, 10])
    after = scores([10, 10, 10, 10], [12, 10, 10, 10], gross_profit=[20, 0, 0, 0])
    assert moves("BBBB", before, "ABBB", after)["because"].tolist() == ["gross profit"]


def test_customers_without_a_score_on_a_day_are_no_movers():
    before = scores([10, np.nan, 10, 10], [10, np.nan, 10, 10])
    after = scores([10, 10, np.nan, 10], [30, 10, np.nan, 10])
    found = moves("B–BB", before, "AB–B", after)
    assert found.index.tolist() == ["a"]
