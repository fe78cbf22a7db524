"""The funnel review on the sample company: what is planted there is found and named."""

import io
from datetime import date

import pandas as pd
import pytest

from opsplaybook.samples import make_company

GUIDED, STEP = "guided", "connected data"


@pytest.fixture(scope="module")
def done(funnel_steps):
    return funnel_steps.review()


@pytest.fixture(scope="module")
def shown(funnel_steps, done):
    return funnel_steps.shown(done)


@pytest.fixture(scope="module")
def truths():
    return make_company().truths.funnel


def test_the_fall_is_found_in_the_segment_and_the_step(done, truths):
    fallen = done.change.moved(-1)

    assert list(zip(fallen["segment"], fallen["step"], strict=True)) == [(GUIDED, STEP)]
    planted = truths.connect_rates_after[GUIDED] - truths.connect_rates_before[GUIDED]
    assert fallen["difference_low"][0] < planted < fallen["difference_high"][0]
    assert done.change.since.isoformat() == truths.release_on


def test_the_other_segment_is_not_accused(done, truths):
    cells = done.change.cells.set_index(["segment", "step"])
    other = cells.loc[("self-service", STEP)]

    assert truths.connect_rates_before["self-service"] == truths.connect_rates_after["self-service"]
    assert not other["detectable"]
    assert other["difference_low"] < 0 < other["difference_high"]


def test_the_reversal_in_the_total_is_named(done):
    reversal = done.change.reversals[0]

    assert (reversal.segment, reversal.step) == (GUIDED, STEP)
    assert reversal.total > 0 > reversal.cell
    assert reversal.mix > 0 > reversal.rate
    assert reversal.mix + reversal.rate == pytest.approx(reversal.total)
    claims = [finding.claim for finding in done.findings.findings]
    assert any("Simpson reversal" in claim and GUIDED in claim for claim in claims)


def test_verdict_action_and_pattern_say_what_to_do(done):
    found = done.findings

    assert found.verdict.word == "Repair"
    assert "fell for guided since release 5.0, from 82% to 69%" in found.verdict.sentence
    assert "hidden by a total that rose" in found.verdict.sentence
    assert f"Find out why {STEP} fell for {GUIDED}" in found.actions[0].what
    assert found.actions[0].expected_effect == "30 (15 to 48) more at the end a year"
    assert found.patterns[0].what == f"Read {STEP} by segment, never in total alone"


def test_parts_add_up_to_the_whole(done):
    whole = done.change.whole

    assert done.change.parts["points"].sum() == pytest.approx(whole.value, abs=1e-12)
    steps = done.change.steps
    assert (steps["mix"] + steps["rate"] - steps["difference"]).abs().max() < 1e-12


def test_young_entrants_are_open_and_not_lost(done):
    reach = done.reach.steps
    sums = reach["reached"] + reach["open"] + reach["lost"]

    assert sums[1:].tolist() == reach["before"][1:].tolist()
    assert done.reach.open == 67
    assert done.reach.entered - done.reach.mature == 81
    young = pd.to_datetime(done.reach.lost["entered_on"]).max()
    assert young <= pd.Timestamp("2026-06-02")
    assert done.reach.lost_total == 2143
    assert any("81 of 2,686 users entered in the last 28 days" in c for c in done.findings.caveats)


def test_all_the_lost_are_listed_with_account_owner_last_step_and_days(done, shown):
    lost = pd.read_csv(io.StringIO(shown["lost"].csv))

    assert len(lost) == done.reach.lost_total == 2143
    assert lost["unit"].is_unique
    assert lost.notna().all().all()
    steps = done.reach.steps.set_index("step")["lost"]
    assert lost["last_step"].value_counts().to_dict() == {
        "signed up": steps["connected data"],
        "connected data": steps["created report"],
        "created report": steps["shared report"],
    }
    # The last known day ends at midnight: what happened on it is no day ago.
    last = pd.to_datetime(lost["last_at"], utc=True).dt.tz_convert("Europe/Berlin")
    days = (pd.Timestamp("2026-07-01", tz="Europe/Berlin") - last) // pd.Timedelta(days=1)
    assert (lost["days_since"] - days).abs().max() == 0
    assert len(shown["lost"].rows) == 8
    assert "The CSV has all 2,143." in shown["lost"].note


def test_a_list_that_is_cut_says_of_how_many(funnel_steps):
    done = funnel_steps.review(listed=100, other_rules=False, segment_by=[])
    table = funnel_steps.shown(done)["lost"]

    assert table.csv.count("\r\n") == 101
    assert "n = 2,143" in table.caption
    assert "the first 100 of 2,143 lost users: raise `listed` for more" in table.note


def test_colleagues_do_steps_for_one_another(done, truths):
    rules = done.rules.rates.set_index("rule")
    single, merged = rules.loc["by account, any one user"], rules.loc["by account, users together"]

    assert truths.colleague_rate == 0.2
    assert single["unit"] == merged["unit"] == "accounts"
    assert single["entered"] == merged["entered"] == 576
    assert single["reached"] == 311


def test_an_account_gets_further_by_colleagues(funnel_steps):
    values = {"steps": ["signed_up", "connected_data"], "segment_by": [], "other_rules": False}
    merged = funnel_steps.review(unit="account_id", anchor="any", **values)
    alone = funnel_steps.review(unit="account_id", anchor="any", quorum=1, **values)

    assert merged.definition.nested is False
    assert merged.reach.entered == alone.reach.entered
    assert merged.reach.steps["reached"].iloc[-1] > alone.reach.steps["reached"].iloc[-1]
    assert "whose users may share the steps" in merged.definition.words


def test_other_rules_move_the_number(done):
    rules = done.rules.rates.set_index("rule")["reached"]

    assert rules["as chosen"] == 476
    assert rules["window of 14 days"] < rules["as chosen"] < rules["window of 56 days"]
    assert rules["each step the very next"] < rules["as chosen"]


def test_time_to_convert_counts_those_who_wait(done):
    rows = done.timing.rows.set_index("step")
    reach = done.reach.steps.set_index("step")

    assert rows.loc[STEP, "units"] == 2686
    assert rows.loc[STEP, "by_end"] == pytest.approx(reach.loc[STEP, "rate"], abs=0.02)
    assert pd.isna(rows.loc["whole way", "median"])
    # Planted: a median of a day among those who go on, 70%, all of them within days.
    assert 1 <= rows.loc["created report", "median"] <= 3


def test_the_trend_names_a_change_around_the_release(done):
    changes = done.breakdown.trend.changes
    total = changes.loc[changes["segment"] == "all"].set_index("step").loc[STEP]
    guided = changes.loc[changes["segment"] == GUIDED].set_index("step").loc[STEP]

    assert total["earliest"] <= pd.Timestamp("2026-01-01") <= total["latest"]
    assert guided["change"] < 0 < total["change"]
    assert set(changes["step"]) <= {STEP, "whole way"}


def test_a_repair_is_valued_with_intervals(done):
    worth = done.worth
    back = worth.first("back to before")
    kept = worth.first("keep some of those lost")

    assert (back["step"], back["segment"]) == (STEP, GUIDED)
    assert 0 < back["units_low"] < back["units"] < back["units_high"]
    assert kept["step"] == "shared report"
    # What is kept of those lost: 10% of 226 a year, all of them at the end.
    assert kept["units"] == pytest.approx(0.1 * kept["lost"])
    assert not worth.value.shown
    claims = " ".join(finding.claim for finding in done.findings.findings)
    assert "More deals and money with them is not detectable (−" in claims


def test_a_given_value_turns_units_into_money(funnel_steps):
    done = funnel_steps.review(value_per_unit=1000, other_rules=False, segment_by=["segment"])
    back = done.worth.first("back to before")

    assert back["money"] == pytest.approx(1000 * back["units"])
    assert back["money_low"] == pytest.approx(1000 * back["units_low"])
    assert any("€30," in finding.claim for finding in done.findings.findings)


def test_everything_shown_is_said_in_words(shown):
    for item in shown.values():
        assert str(item).strip()
        assert "nan" not in str(item).lower().split()
    assert "69%" in shown["cells-chart"].alt


def test_nothing_of_later_days_is_read(funnel_steps, open_in_memory):
    company = make_company(accounts=40, seed=3)
    frames = {name: company.tables[name] for name in ("accounts", "activity", "opportunities")}
    later = (
        frames["activity"]
        .tail(1)
        .assign(
            at=pd.Timestamp("2026-06-01 10:00", tz="Europe/Berlin"),
            action="signed_up",
            user_id="new",
        )
    )
    more = frames | {"activity": pd.concat([frames["activity"], later])}
    as_of = date(2026, 5, 31)
    texts = []
    for tables in (frames, more):
        given = open_in_memory(tables).load(
            ["accounts", "opportunities"], in_engine=["activity"], as_of=as_of
        )
        params = funnel_steps.playbook.Params(other_rules=False)
        done = funnel_steps.follow(given, params)
        items = funnel_steps.shown(done)
        texts.append([str(item) for key, item in items.items() if key != "tables"])

    assert texts[0] == texts[1]


def test_the_trend_is_drawn_per_step_and_segment(done, shown):
    rows = done.breakdown.trend.rows

    assert set(rows["segment"]) == {"all", GUIDED, "self-service"}
    assert set(rows["step"]) == {STEP, "created report", "shared report", "whole way"}
    assert rows["cohort"].max() == pd.Timestamp("2026-05-01")
    together = rows.loc[rows["segment"] == "all"].set_index(["step", "cohort"])["units"]
    parts = rows.loc[rows["segment"] != "all"].groupby(["step", "cohort"])["units"].sum()
    assert (together == parts).all()
    named = done.breakdown.trend.changes[["segment", "step", "cohort"]]
    marked = rows.loc[rows["changed"], ["segment", "step", "cohort"]]
    assert sorted(map(tuple, marked.to_numpy())) == sorted(map(tuple, named.to_numpy()))
    chart = shown["trend-chart"]
    assert "guided −11 pp from about 2025-09" in chart.alt
    assert "looked for in 12 lines" in chart.note
    assert "5% chance of any false alarm" in chart.note


def test_the_lowest_rate_is_not_taken_for_the_largest_loss(done):
    claim = next(f.claim for f in done.findings.findings if "lowest rate" in f.claim)

    assert done.reach.lowest == "shared report"
    assert done.reach.most_lost == STEP
    assert f"In numbers most are lost before {STEP}: 1,246 of 2,143" in claim
    # 49% (45% to 52%) and 52% (50% to 54%) touch.
    assert done.reach.as_low == (STEP,)
    assert f"not clearly lower than {STEP} (52%)" in claim


def test_the_repair_that_is_worth_most_is_named_with_its_certainty(done):
    kept = done.worth.repairs.loc[done.worth.repairs["repair"] == "keep some of those lost"]
    claim = next(f.claim for f in done.findings.findings if "worth most" in f.claim)

    assert kept["ahead"].sum() == pytest.approx(1)
    assert kept["ahead"].iloc[0] > 0.9
    assert claim.startswith(
        f"Undoing the fall of {STEP} for {GUIDED} brings 30 (15 to 48) more users at shared report "
        "a year. Where 10% of those lost are kept, the step whose repair is worth most is shared "
        "report: 23 (18 to 28), the most of all steps in >99.9% of draws."
    )
