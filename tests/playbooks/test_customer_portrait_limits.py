"""The portrait at its limits: bad parameters, poor data, decisions by hand, days before all."""

import io
from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook.errors import NotEnoughDataError, ParamsError, UsageError
from opsplaybook.params import resolve
from opsplaybook.playbooks.customer_portrait import Params
from opsplaybook.playbooks.customer_portrait.score import correlations

HOSTILE = 'A & <script>alert(1)</script> $x^2$ "S"'
SMALL = {"managers": [1, 1, 2, 1], "accounts_per_manager": [3, 5, 5, 40], "weight_draws": 100}


def company(count: int = 40, *, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Make customers with one invoice a quarter for two years, the first one named badly."""
    generator = np.random.default_rng(seed)
    keys = [f"C-{number:03d}" for number in range(count)]
    size = np.round(generator.lognormal(7, 1, count))
    days = pd.date_range("2024-01-15", "2025-12-31", freq="91D").strftime("%Y-%m-%d")
    invoices = pd.DataFrame(
        [(f"I-{key}-{day}", key, day, amount) for key, amount in zip(keys, size, strict=True)
         for day in days],
        columns=["invoice_id", "account_id", "issued_on", "amount"],
    )  # fmt: skip
    accounts = pd.DataFrame(
        {
            "account_id": keys,
            "name": [HOSTILE, *(f"Customer {key[-3:]}" for key in keys[1:])],
            "employees": (size / 10).astype(int) + 5,
            "owner": np.where(np.arange(count) % 2, "Olga", "Ove"),
            "customer_since": "2024-01-01",
        }
    )
    return {"accounts": accounts, "invoices": invoices}


@pytest.fixture(scope="module")
def portray(portrait_steps, write_source):
    def run(tables, **values):
        settings = SMALL | {"as_of": "2025-12-31"} | values
        return portrait_steps.portray(write_source(tables), **settings)

    return run


@pytest.fixture(scope="module")
def plain(portray):
    return portray(company())


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"weights": [50, 60], "dimensions": ["brand", "payment"]}, "add up to 110"),
        ({"weights": [-50, 150], "dimensions": ["brand", "payment"]}, "negative"),
        ({"weights": [100]}, "1 for 9 dimensions"),
        ({"weights": [float("nan")] * 9}, "finite number"),
        ({"managers": [float("inf"), 1, 1, 1]}, "finite number"),
        ({"dimensions": ["brnd"]}, "did you mean brand"),
        ({"dimensions": ["brand", "brand"]}, "named twice"),
        ({"pairwise": [3, 2]}, "2 comparisons, 36 pairs"),
        ({"transformations": ["ranks"]}, "none of rank"),
        ({"gaps": ["rescale", "middle"]}, "give 1 or all"),
        ({"thresholds": [40, 60, 80]}, "must fall"),
        ({"value_shares": [0.5, 0.8, 1.5]}, "from 0 to 1"),
        ({"managers": [1, 2]}, "one for each of the tiers"),
        ({"accounts_per_manager": [1, 2, 3, -4]}, "negative"),
        ({"overrides": ["C-001 | X | because | | "]}, "account | tier | reason"),
        ({"overrides": ["C-001 | S | because | soon | "]}, "2026-12-31"),
        ({"scope_by": "owner"}, "belong together"),
    ],
)
def test_parameters_that_make_no_sense_are_refused_by_name(values, why):
    with pytest.raises(ParamsError) as caught:
        resolve(Params, values)
    assert why in str(caught.value)


def test_lists_may_be_written_as_one_text():
    params = resolve(Params, {"dimensions": "brand, payment", "weights": "60,40"})
    assert (params.dimensions, params.weights) == (("brand", "payment"), (60.0, 40.0))


def test_names_from_data_are_text_and_nothing_else(plain, portrait_steps):
    card = portrait_steps.portray(
        str(plain.params.source), **SMALL, as_of="2025-12-31", account_id="C-000"
    )
    for item in portrait_steps.shown(card).values():
        bundle, _ = item._repr_mimebundle_()
        assert "<script>" not in str(bundle.get("text/html", "")) + str(bundle.get("image/svg+xml"))


def test_a_customer_since_a_day_is_not_known_the_day_before(plain, portray):
    tables = company()
    later = {"invoice_id": "X", "account_id": "C-005", "issued_on": "2026-01-01", "amount": 1e9}
    tables["invoices"].loc[len(tables["invoices"])] = later
    new = {"account_id": "NEW", "name": "New", "employees": 9000, "customer_since": "2026-01-01"}
    tables["accounts"].loc[len(tables["accounts"])] = new
    again = portray(tables)
    assert again.scored.frame.equals(plain.scored.frame)
    assert again.tiered.frame.equals(plain.tiered.frame)
    assert again.test.tiers.equals(plain.test.tiers)
    assert again.segments.rfm.equals(plain.segments.rfm)


def test_no_customer_yet_is_said_in_one_sentence(portray):
    with pytest.raises(NotEnoughDataError, match="nobody is a customer on 2019-01-01"):
        portray(company(), as_of="2019-01-01")


def test_recency_is_never_negative(plain, portray):
    assert plain.segments.rfm["recency"].min() >= 0
    assert portray(company(), as_of="2024-06-30").segments.rfm["recency"].min() >= 0


def test_all_customers_equal(portray, portrait_steps):
    tables = company()
    tables["invoices"]["amount"] = 500.0
    tables["accounts"]["employees"] = 50
    done = portray(tables)
    assert set(done.tiered.frame["tier"]) == {"C"}
    assert done.concentrated.measures.gini.value == pytest.approx(0, abs=1e-12)
    assert done.test.standing == "not enough data"
    assert done.segments.tree is None
    assert "tells nobody apart" in " ".join(done.findings.caveats)
    assert len(portrait_steps.shown(done)) == 34


def test_one_customer(portray, portrait_steps):
    done = portray(company(1))
    assert done.tiered.frame["tier"].tolist() == ["S"]
    assert "not enough data" in done.concentrated.sentence
    assert done.test.standing == "not enough data"
    assert len(portrait_steps.shown(done)) == 34


def test_duplicates_are_set_aside_and_counted(plain, portray):
    tables = company()
    tables["accounts"] = pd.concat([tables["accounts"], tables["accounts"].head(3)])
    tables["accounts"].iloc[-1, 2] = 99_999
    done = portray(tables)
    assert len(done.tiered.frame) == 40
    assert done.scored.frame.equals(plain.scored.frame)
    assert any("accounts:" in caveat for caveat in done.findings.caveats)


def test_dimensions_without_data_are_left_out_and_named(plain):
    assert set(plain.scored.weights.index) == {"order_amount", "company_size", "cooperation"}
    assert plain.scored.weights.sum() == pytest.approx(1)
    caveats = " ".join(plain.findings.caveats)
    assert "Dimensions without data, left out: gross profit, demand type, influence" in caveats
    with pytest.raises(NotEnoughDataError, match="no dimension with a weight has data"):
        _only(plain, ["brand"])


def _only(done, dimensions):
    from opsplaybook.playbooks import customer_portrait as playbook

    params = resolve(Params, {"dimensions": dimensions, "weights": [100]})
    return playbook.score_customers(done.portrait, params)


def test_shares_of_value_are_the_same_in_every_table(portray, portrait_steps):
    """One customer is far below zero: shares count it as nothing, money stays net."""
    tables = company()
    credit = {"invoice_id": "N", "account_id": "C-007", "issued_on": "2025-12-30", "amount": -1e5}
    tables["invoices"].loc[len(tables["invoices"])] = credit
    done = portray(tables, segment_by="owner")
    value = done.portrait.facts["value"]
    worth = value.clip(lower=0)
    service = done.tiered.service.set_index("tier")
    top = done.tiered.of("S", "A")
    assert service.loc[["S", "A"], "share"].sum() == pytest.approx(
        worth[top].sum() / worth.sum(), rel=1e-12
    )
    assert service["share"].sum() == pytest.approx(1)
    assert service["value"].sum() == pytest.approx(value.sum())
    shown = portrait_steps.shown(done)
    segments = pd.read_csv(io.StringIO(shown["segments"].csv))
    assert segments["share"].sum() == pytest.approx(1)
    assert segments["value"].sum() == pytest.approx(value.sum())
    for key in ("segments", "tiers"):
        assert shown[key].note.endswith("Values below zero count as zero in the shares.")


def test_tiers_by_shares_of_value_need_value(portray, portrait_steps):
    done = portray({"accounts": company()["accounts"]}, cut_by="cumulative")
    assert set(done.tiered.frame["tier"]) == {"C"}
    caveat = "There is no value to cut tiers at shares of: the score puts everybody into C."
    assert caveat in done.findings.caveats
    assert caveat in portrait_steps.shown(done)["tiers"].note


def test_filled_gaps_are_not_correlated(portray):
    """Influence and brand rise together where known; a gap that counts as lowest is no value."""
    tables = company()
    rank = tables["accounts"]["employees"].rank()
    tables["accounts"]["influence"] = rank.where(rank > 20)
    tables["accounts"]["brand"] = (41 - rank).where(rank > 10)
    names = {"dimensions": ["influence", "brand"], "weights": [50, 50]}
    done = portray(tables, **names, gaps=["lowest"])
    (row,) = correlations(done.scored).itertuples()
    assert (row.n, row.correlation) == (20, pytest.approx(-1))


def test_money_below_zero_is_named_and_left_out(portray):
    tables = company()
    credit = {"invoice_id": "N", "account_id": "C-007", "issued_on": "2025-12-30", "amount": -1e7}
    tables["invoices"].loc[len(tables["invoices"])] = credit
    done = portray(tables)
    assert done.concentrated.measures.negative == 1
    assert done.concentrated.negative["account"].tolist() == ["Customer 007"]
    assert "Customer 007" in " ".join(done.findings.caveats)
    assert done.portrait.customers.frame.loc["C-007", "order_amount"] == 0


def test_customers_without_a_score_are_in_no_half_of_the_back_test(portray, portrait_steps):
    """The ten largest have no dimension at all: they have no tier, neither now nor then."""
    tables = company()
    accounts = tables["accounts"]
    accounts["influence"] = accounts["employees"].rank().where(accounts["employees"].rank() <= 30)
    done = portray(tables, dimensions=["influence"], weights=[100])
    assert (done.tiered.frame["tier"] == "–").sum() == 10
    assert done.test.tiers["customers"].tolist() == [3, 5, 10, 12]
    assert (done.test.top.n, done.test.top.value) == (8, 1.0)
    assert done.test.moves.empty
    assert done.firmness.n == 30
    assert done.firmness.methods["kept"].tolist() == [1.0] * len(done.firmness.methods)
    assert done.portrait.facts.index[done.firmness.firm].isin(done.tiered.of(*"SABC")).all()
    assert len(portrait_steps.shown(done)) == 34


def test_one_customer_without_a_score_does_not_stop_the_portrait(portray):
    tables = company()
    influence = np.arange(40.0)
    tables["accounts"]["influence"] = np.where(influence == 5, np.nan, influence)
    done = portray(tables, dimensions=["influence"], weights=[100])
    assert done.tiered.frame.loc["C-005", "tier"] == "–"
    assert done.test.tiers["customers"].sum() == 39


def test_a_source_without_contact_days_says_nothing_of_coverage(portray, portrait_steps):
    """People are known by role, but not whom we speak with: that is no "covered at none"."""
    tables = company()
    keys = tables["accounts"]["account_id"]
    people = pd.DataFrame({"contact_id": keys, "account_id": keys, "role": "decision maker"})
    done = portray(tables | {"contacts": people})
    caveat = "Contacts have no day since which we are in contact: coverage is left out."
    assert done.findings.caveats.count(caveat) == 1
    assert done.steps.uncovered.empty
    assert not [action for action in done.steps.actions if "regular contact" in action.what]
    assert "covered" not in {figure.key for figure in done.findings.key_figures}
    assert not [f for f in done.findings.findings if "covered" in f.claim]
    shown = portrait_steps.shown(done)
    assert [h.label for h in shown["decision-chain"].headings] == [
        "Part in decisions", "Somebody known", "Nobody known",
    ]  # fmt: skip
    assert shown["decision-chain"].rows[3] == ("decision maker", "40", "0")
    assert "Decision maker covered" not in [h.label for h in shown["segments"].headings]
    people["covered_on"] = ["2025-01-01", *[None] * 39]
    assert portray(tables | {"contacts": people}).steps.uncovered["open"].any()


def test_decisions_by_hand_have_a_beginning_and_an_end(portray):
    lines = [
        "C-001 | S | entry into Asia | 2025-01-31 | 2026-12-31",
        "C-002 | S | over | 2024-01-31 | 2025-11-30",
        "C-003 | S | decided tomorrow | 2026-01-01 |",
    ]
    done = portray(company(), overrides=lines)
    standing = done.tiered.overrides.set_index("account_id")["standing"]
    assert standing.to_dict() == {"C-001": "in force", "C-002": "expired", "C-003": "not yet"}
    assert done.tiered.frame.loc["C-001", ["tier", "overridden"]].tolist() == ["S", True]
    assert not done.tiered.frame.loc[["C-002", "C-003"], "overridden"].any()
    assert done.tiered.service["customers"].tolist()[0] == 3
    assert np.isnan(done.firmness.own_share["C-001"])
    assert any("Decide again" in action.what for action in done.findings.actions)


def test_a_strategic_account_keeps_its_floor_when_others_take_the_places(portray):
    """One just inside the cut of A is pushed out by one that is lifted, unless it is held too."""
    before = portray(company())
    order = before.scored.frame["score"].sort_values(ascending=False).index
    last_of_a, low = order[7], order[-1]
    tables = company()
    tables["accounts"]["strategic"] = tables["accounts"]["account_id"].isin([last_of_a, low])
    frame = portray(tables).tiered.frame
    assert before.tiered.frame.loc[order, "tier"].tolist()[6:9] == ["A", "A", "B"]
    assert frame.loc[[last_of_a, low], "tier"].tolist() == ["A", "A"]
    assert frame["overridden"].sum() == 2
    assert frame["tier"].value_counts()[["S", "A", "B"]].tolist() == [3, 5, 10]
    assert frame.loc[order[6], "tier"] == "B"


def test_what_was_decided_by_hand_is_not_asked_for_again(portray):
    """The largest is in C by decision, the smallest in S: neither is loose, or to review."""
    value = portray(company()).portrait.facts["value"].sort_values()
    lines = [f"{value.index[-1]} | C | leaves | | ", f"{value.index[0]} | S | why not | | "]
    done = portray(company(), overrides=lines)
    assert not set(done.steps.review["account_id"]) & {value.index[0], value.index[-1]}
    by_score = done.tiered.of("S", "A").drop(value.index[0])
    loose = int((~done.firmness.firm[by_score]).sum())
    assert f"; not firm: {loose} of the 7 by score; " in done.findings.verdict.sentence


def test_a_tier_above_its_places_is_said_in_plain_words(portray):
    lines = ["C-001 | S | one | | ", "C-002 | S | two | | "]
    done = portray(company(), overrides=lines, accounts_per_manager=[1, 5, 5, 40])
    assert any("tier S has 2 customers for 1 place." in f.claim for f in done.findings.findings)
    (what,) = (a.what for a in done.findings.actions if a.what.startswith("Tier S"))
    assert "2 customers for 1 place; find" in what


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["NOBODY | S | why | | "], "no account has the key"),
        (["C-001 | S | one | | ", "C-001 | A | two | | "], "named twice"),
    ],
)
def test_decisions_about_nobody_or_twice(portray, lines, why):
    with pytest.raises(UsageError, match=why):
        portray(company(), overrides=lines)


def test_scope_and_account_that_do_not_exist(portray, portrait_steps):
    with pytest.raises(UsageError, match="no current customer has owner"):
        portray(company(), scope_by="owner", scope="Olag")
    done = portray(company(), scope_by="owner", scope="Olga", account_id="C-000")
    with pytest.raises(UsageError, match="no current customer of owner Olga"):
        portrait_steps.shown(done)


@pytest.mark.parametrize("cut_by", ["capacity", "threshold", "cumulative"])
@pytest.mark.parametrize("axis", ["", "growth_potential", "effort"])
def test_every_way_to_cut_makes_tiers_in_order_of_the_score(portray, cut_by, axis):
    tables = company()
    tables["accounts"]["growth_potential"] = np.arange(40.0)
    done = portray(tables, cut_by=cut_by, second_axis=axis)
    frame = done.tiered.frame.join(done.scored.frame)
    lowest = frame.groupby("tier")["score"].min()
    highest = frame.groupby("tier")["score"].max()
    pairs = [("B", "C")] if axis else [("S", "A"), ("A", "B"), ("B", "C")]
    for upper, lower in pairs:
        if {upper, lower} <= set(lowest.index):
            assert lowest[upper] > highest[lower]


def test_contradicting_comparisons_ask_for_new_ones(portray):
    names = ["order_amount", "company_size", "cooperation"]
    agreed = portray(company(), dimensions=names, pairwise=[2, 4, 2])
    assert agreed.scored.weights.to_numpy() == pytest.approx([4 / 7, 2 / 7, 1 / 7])
    assert agreed.scored.pairwise.ratio == pytest.approx(0, abs=1e-9)
    torn = portray(company(), dimensions=names, pairwise=[9, 1 / 9, 9])
    assert "contradict one another" in " ".join(torn.findings.caveats)
    assert any("comparisons again" in action.what for action in torn.findings.actions)


def test_back_test_over_half_a_year(portray):
    done = portray(company(), value_months=6, back_test_months=6)
    assert done.test.day.date() == date(2025, 6, 30)
    assert done.test.tiers["customers"].sum() == 40
    assert done.test.standing == "separates"
