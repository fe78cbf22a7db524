"""The portrait finds what is planted in the sample company, and stays silent on the null one."""

from types import SimpleNamespace

import numpy as np
import pytest

from opsplaybook.display import Chart
from opsplaybook.metrics.value import MONEY_DIMENSIONS
from opsplaybook.playbooks import customer_portrait as playbook
from opsplaybook.samples import make_company

OF_COLUMN = {"employees": "company size"}


@pytest.fixture(scope="module")
def done(portrait_steps) -> SimpleNamespace:
    return portrait_steps.portray()


@pytest.fixture(scope="module")
def null(portrait_steps) -> SimpleNamespace:
    return portrait_steps.portray("sample:null")


@pytest.fixture(scope="module")
def truths():
    return make_company().truths.value


def dimension(column: str) -> str:
    return OF_COLUMN.get(column, column.replace("_", " "))


def test_planted_drivers_of_value_come_out_in_order(done, truths):
    drivers = done.test.drivers
    assert drivers["dimension"].tolist()[:3] == [dimension(name) for name in truths.drivers]
    idle = drivers["dimension"].isin([dimension(name) for name in truths.idle])
    assert drivers["beyond_chance"].tolist()[0] is True
    assert not drivers.loc[idle, "beyond_chance"].any()


def test_score_of_the_sample_company_separates(done):
    assert done.test.standing == "separates"
    assert done.test.top.interval.low > 0.75
    assert done.test.without_money.interval.low > 0.4
    assert done.findings.verdict.word == "Use the tiers"


def test_score_of_the_null_company_does_not_separate(null):
    assert null.test.standing == "does not separate"
    assert null.test.top.interval.contains(0.5)
    assert not null.test.drivers["beyond_chance"].any()
    assert null.findings.verdict.word == "Do not steer by it"
    assert any("did not separate" in text for text in [null.test.sentence])
    assert any(action.what.startswith("Do not steer") for action in null.findings.actions)


@pytest.mark.slow
def test_other_companies_are_told_apart_as_often_as_noise_allows():
    """Chance swaps drivers now and then: the order is a matter of how often, not of one case.

    Counted on 48 companies of 240 (seeds 0 to 23 and 100 to 123): the three planted drivers were
    in order among themselves in 42, and besides ahead of every idle dimension in 33, for the
    weakest of them is about as large as the noise. Only the first count is asserted here.
    """
    real = [back_tested(f"sample?seed={seed}").drivers for seed in range(100, 124)]
    nothing = [back_tested(f"sample?seed={seed}&null=true") for seed in range(100, 124)]
    planted = ["company size", "growth potential", "demand type"]
    named = [frame["dimension"].tolist() for frame in real]
    in_order = sum([name for name in names if name in planted] == planted for names in named)
    ahead = sum(names[:3] == planted for names in named)
    beyond = [frame.loc[frame["beyond_chance"], "dimension"] for frame in real]
    idle = sum(not set(names) <= set(planted) for names in beyond)
    false_alarms = sum(test.standing != "does not separate" for test in nothing)
    print(f"in order {in_order}, ahead of idle ones {ahead}, idle beyond chance {idle}, "  # noqa: T201
          f"null company separated {false_alarms}, each of 24")  # fmt: skip
    assert in_order >= 18
    assert idle <= 4
    assert false_alarms <= 3


@pytest.mark.slow
def test_scores_of_other_companies_separate():
    standings = [back_tested(f"sample?seed={seed}").standing for seed in range(100, 112)]
    assert standings == ["separates"] * 12


def back_tested(source: str) -> playbook.BackTest:
    params = playbook.Params(source=source)
    given = playbook.load(params)
    portrait = playbook.portray(given, params)
    scored = playbook.score_customers(portrait, params)
    tiered = playbook.assign(given, params, portrait, scored)
    return playbook.back_test(given, params, portrait, scored, tiered)


def test_value_is_as_concentrated_as_planted(done, null):
    measures = done.concentrated.measures
    value = np.sort(done.portrait.facts["value"].to_numpy())[::-1]
    few = -(-len(value) // 5)
    assert measures.top_share.value == pytest.approx(value[:few].sum() / value.sum())
    assert measures.top_share.interval.contains(0.8)
    assert null.concentrated.measures.few_hold_most is False
    assert "80/20 does not hold" in null.concentrated.sentence


def test_correlated_dimensions_are_called_double_counting(done, truths):
    from opsplaybook.playbooks.customer_portrait.score import correlations

    frame = correlations(done.scored).set_index(["first", "second"])["correlation"]
    assert frame["gross profit", "order amount"] > 0.95
    planted = frame["growth potential", "company size"]
    assert planted == pytest.approx(truths.correlation, abs=0.15)
    claims = [finding.claim for finding in done.findings.findings]
    assert any("order amount and gross profit" in claim for claim in claims)


def test_contributions_add_up_and_gaps_are_no_zeros(done):
    scored, raw = done.scored, done.portrait.customers.frame
    sums = scored.contributions.sum(axis=1)
    assert sums.to_numpy() == pytest.approx(scored.frame["score"].to_numpy())
    for name in scored.contributions:
        assert scored.contributions[name].isna().equals(raw[name].isna())
    assert scored.frame.loc[raw.notna().all(axis=1), "coverage"].to_numpy() == pytest.approx(1.0)
    assert 0.6 < scored.known["brand"] / len(raw) < 0.8


def test_strategic_accounts_are_lifted_and_take_their_places(done, truths):
    overrides = done.tiered.overrides
    assert set(overrides["account_id"]) == set(truths.strategic_accounts)
    lifted = done.tiered.frame.loc[done.tiered.frame["overridden"]]
    current = overrides.loc[overrides["standing"] == "in force", "account_id"]
    assert set(lifted.index) == set(current)
    assert set(lifted["tier"]) == {"A"}
    assert done.tiered.service["customers"].tolist()[:3] == [10, 30, 90]


def test_back_test_makes_the_tiers_that_a_run_of_that_day_makes(done, portrait_steps):
    earlier = portrait_steps.portray(as_of="2025-06-30", weight_draws=100)
    counts = earlier.tiered.frame["computed"].value_counts()
    then = done.test.tiers.set_index("tier")["customers"]
    assert {tier: counts[tier] for tier in "SABC"} == then.to_dict()
    moved = done.test.moves.set_index("account_id")["then"]
    assert earlier.tiered.frame.loc[moved.index, "computed"].tolist() == moved.tolist()


def test_transitions_count_everybody_once(done):
    transitions = done.test.transitions
    assert transitions["customers"].sum() == len(
        set(done.portrait.facts.index) | set(_then(done).index)
    )
    left = transitions.loc[transitions["now"] == "left", "customers"].sum()
    assert left == len(set(_then(done).index) - set(done.portrait.facts.index))


def _then(done):
    from datetime import date

    from opsplaybook.metrics.value import as_known, customer_values

    return customer_values(as_known(done.given, date(2025, 6, 30))).frame


def test_scope_shows_some_customers_in_the_tiers_of_all(done, portrait_steps):
    north = portrait_steps.portray(scope_by="region", scope="North")
    assert north.tiered.frame["tier"].equals(done.tiered.frame["tier"])
    assert set(north.portrait.own["region"]) == {"North"}
    table = portrait_steps.shown(north)["accounts"]
    assert table.total_rows == (done.portrait.facts["region"] == "North").sum()
    assert north.findings.subject == "region North"
    assert "in 93% of pairs (95% interval" in north.test.sentence
    assert north.findings.verdict.sentence.startswith("In tiers S and A: ")
    (chain,) = (f.claim for f in north.findings.findings if "part of the decision" in f.claim)
    assert f"of {north.steps.top} customers of S and A, nobody of ours" in chain
    assert "covered at not enough" not in chain
    assert set(north.test.moves["account_id"]) <= set(north.portrait.own.index)


def test_drawn_weights_tell_the_firm_from_the_doubtful(done):
    shares = done.firmness.shares.dropna()
    assert shares.sum(axis=1).to_numpy() == pytest.approx(np.ones(len(shares)))
    border = done.tiered.frame.loc[shares.index, "borderline"]
    own = done.firmness.own_share.loc[shares.index]
    assert own[~border].mean() > 0.97
    assert own[border].mean() < 0.85
    assert done.firmness.methods["method"].tolist() == [
        "TOPSIS", "weighted product", "winsorised min-max", "logarithms", "z-scores",
    ]  # fmt: skip
    assert (done.firmness.weights[["lowered", "raised"]] > 0.9).all(axis=None)


def test_customers_without_planted_clusters_are_one_cloud(done):
    assert done.segments.clusters.k == 1
    assert len(done.segments.clusters.trials) == 4
    assert done.segments.tree.fidelity.value > done.segments.tree.baseline


def test_actions_name_accounts_whose_decision_maker_nobody_speaks_with(done):
    chain = done.portrait.chain.set_index(["account_id", "role"])["state"]
    for row in done.steps.uncovered.itertuples():
        assert (chain[row.account_id, "decision maker"] != "covered") == row.open
        assert done.tiered.frame.loc[row.account_id, "tier"] in ("S", "A")
    first = done.steps.uncovered.iloc[0]
    assert done.findings.actions[0].what.startswith(f"{first['label']}: get in regular contact")
    assert done.findings.actions[0].owner == first["owner"]


def test_everything_shown_is_internal_complete_and_free_of_nan(done, portrait_steps):
    shown = portrait_steps.shown(done)
    assert len(shown) == 34
    for key, item in shown.items():
        text = str(item)
        assert item.audience == "internal", key
        assert "nan" not in text.replace("Nan", "").split(), key
        assert not isinstance(item, Chart) or len(item.alt) <= 300
    assert len(done.findings.verdict.sentence) <= 300
    evidence = {key for finding in done.findings.findings for key in finding.evidence}
    assert evidence <= set(shown)


def test_money_is_no_part_of_the_score_without_money(done):
    assert set(done.scored.weights.index) >= MONEY_DIMENSIONS
    assert not MONEY_DIMENSIONS & set(done.test.drivers["dimension"].str.replace(" ", "_"))
