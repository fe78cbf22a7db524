"""The truths planted in the sample company, and the silence of the null company."""

import pytest


@pytest.fixture(scope="module")
def lifting(look_back_on):
    return look_back_on("sample", event_id="EV-09")


@pytest.fixture(scope="module")
def missing(look_back_on):
    return look_back_on("sample", event_id="EV-08")


@pytest.fixture(scope="module")
def selecting(look_back_on):
    return look_back_on("sample", event_id="EV-07")


@pytest.fixture(scope="module")
def null(look_back_on):
    return look_back_on("sample:null", event_id="EV-09")


def test_the_lift_of_the_event_lies_in_its_interval(lifting):
    comparison = lifting.causes.comparison
    assert comparison.effect.interval.contains(0.20)
    assert comparison.effect.detectable
    assert comparison.design == "matched"
    assert not comparison.placebo.detectable
    assert "opened a deal more often" in lifting.findings.verdict.sentence


def test_attendees_that_would_have_bought_anyway_show_no_effect(selecting):
    comparison = selecting.causes.comparison
    assert comparison.naive.detectable
    assert comparison.naive.value > comparison.effect.value
    assert not comparison.effect.detectable
    assert "no detectable effect" in selecting.findings.verdict.sentence


def test_the_missed_leads_are_traced_to_the_channel_and_the_step(missing):
    goals = missing.results.goals.set_index("metric")
    assert goals.loc["leads", "result"] == "missed"
    assert goals.loc["attendees", "result"] == "missed"
    table = missing.shown()["gap-parts"]
    assert table.rows[0][:2] == ("attended", "partner")
    cells = missing.causes.funnel.cells.set_index(["segment", "step"])
    cell = cells.loc[("partner", "attended")]
    assert cell["detectable"]
    assert cell["difference_high"] < -0.3


def test_the_channel_is_in_verdict_finding_pattern_and_action(missing):
    found = missing.findings
    lost = "partner: the step to attended cost"
    assert lost in found.verdict.sentence
    assert any(f.claim.lower().startswith(lost) and f.strength != "none" for f in found.findings)
    assert any(p.kind == "stop" and p.what.lower().startswith(lost) for p in found.patterns)
    assert found.actions[0].what == "Remind those registered through partner"
    assert found.verdict.word == "Change"


def test_other_channels_are_not_blamed(missing):
    blamed = {
        leaf.subject
        for leaf in missing.causes.leaves
        if leaf.branch in ("registered", "attended", "qualified")
        and not leaf.helped
        and leaf.strength != "none"
    }
    assert blamed == {"partner"}


def test_the_null_company_shows_no_effect(null):
    assert not null.causes.comparison.effect.detectable
    assert "no detectable effect" in null.findings.verdict.sentence
    assert null.findings.verdict.word not in ("Scale", "Stop")
    effects = [f for f in null.findings.findings if "effect" in f.claim]
    assert [f.strength for f in effects] == ["none"]


def test_every_estimate_is_shown_with_its_interval_and_base(lifting):
    for row in lifting.shown()["key-measures"].rows:
        label, _, interval, accounts = row
        counted = label == "People invited"
        assert (interval == "–") == counted, row
        assert int(accounts.replace(",", "")) > 0
    for figure in lifting.findings.key_figures:
        assert figure.interval
        assert figure.base.startswith("n = ")


def test_the_verdict_is_one_short_sentence(lifting, missing, selecting, null):
    for done in (lifting, missing, selecting, null):
        sentence = done.findings.verdict.sentence
        assert len(sentence) <= 300
        assert sentence.endswith(".")
        assert 1 <= len(done.findings.findings) <= 5
