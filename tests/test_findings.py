import json
import math
from datetime import date

import pytest

from opsplaybook.display import FINDINGS_MIME
from opsplaybook.errors import OpsPlaybookError
from opsplaybook.findings import (
    Action,
    Finding,
    Findings,
    KeyFigure,
    Pattern,
    Verdict,
    action_text,
    carry_over,
    figure_text,
    grade,
    key_figure,
    strongest,
)
from opsplaybook.stats.results import Estimate, Interval

HOSTILE = "<script>alert(1)</script> {{7*7}} $x^2$"
CLAIM = Finding("A quarter came.", "strong", "matched", caveats=("One channel only.",))
CALL = Action("Call them", "Ada", date(2026, 2, 1), "calls made")


def concluded(**changes):
    parts = {
        "playbook": "event_retrospective", "title": "Fair", "subject": "E-1",
        "period": "2026-01-01 to 2026-01-31", "as_of": "2026-02-14",
        "verdict": Verdict("Scale", "It works.", "good"),
    }  # fmt: skip
    return Findings(**(parts | changes))


def bundle(findings):
    return findings._repr_mimebundle_()[0]


def test_the_text_has_verdict_findings_actions_and_patterns_in_this_order():
    findings = concluded(
        key_figures=(KeyFigure("won", "Deals", "7", "closed won", target="10", base="n = 40"),),
        findings=(CLAIM,), actions=(CALL,), caveats=("Window not over yet.",),
        patterns=(Pattern("keep", "Invite early", "8 of 10", "moderate"),),
    )  # fmt: skip
    assert str(findings).splitlines() == [
        "▲ Scale: It works.",
        "  Deals: 7 (target 10, n = 40)",
        "1. A quarter came. [strong; matched]",
        "   caveat: One channel only.",
        "Action (new): Call them (owner: Ada, due 2026-02-01); seen by: calls made",
        "Keep: Invite early (8 of 10)",
        "Caveat: Window not over yet.",
    ]


def test_text_from_data_is_escaped():
    findings = concluded(verdict=Verdict(HOSTILE, HOSTILE), findings=(Finding(HOSTILE, "none"),))
    html = bundle(findings)["text/html"]
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}} $x^2$") == 3
    assert "<script" not in html
    assert "tex2jax_ignore mathjax_ignore" in html
    assert str(findings).count(HOSTILE) == 3


def test_six_findings_are_refused():
    with pytest.raises(OpsPlaybookError, match="6 findings; a report has at most 5") as caught:
        concluded(findings=(CLAIM,) * 6)
    assert caught.value.where == "event_retrospective"


def test_the_json_form_is_strict_json():
    tile = KeyFigure("cost", "Cost", "∞", "per lead", raw=math.inf, trend=(1.0, math.nan, 3.0))
    findings = concluded(key_figures=(tile,), actions=(CALL, Action("Ask", "", None, "answer")))
    record = json.loads(json.dumps(bundle(findings)[FINDINGS_MIME], allow_nan=False))
    assert record["key_figures"][0]["raw"] is None
    assert record["key_figures"][0]["trend"] == [1.0, None, 3.0]
    assert [action["due_on"] for action in record["actions"]] == ["2026-02-01", None]
    assert record["verdict"]["mark"] == "▲"
    assert {part["audience"] for part in record["actions"]} == {"internal"}


@pytest.mark.parametrize(
    ("detectable", "n", "design", "strength"),
    [
        (True, 30, "matched", "strong"), (True, 29, "matched", "moderate"),
        (True, 30, "association", "moderate"), (True, 29, "association", "weak"),
        (True, 30, "before and after", "moderate"), (True, 4, "randomised", "none"),
        (False, 900, "randomised", "none"), (True, 5, "randomised", "moderate"),
    ],
)  # fmt: skip
def test_grade(detectable, n, design, strength):
    assert grade(detectable=detectable, n=n, design=design) == strength


def test_the_strongest_five_come_first_and_equal_ones_keep_their_order():
    order = ["none", "weak", "strong", "moderate", "strong", "weak", "none"]
    kept = strongest([Finding(str(i), strength) for i, strength in enumerate(order)])
    assert [finding.claim for finding in kept] == ["2", "4", "3", "1", "5"]


def test_a_tile_shows_its_interval_base_and_target():
    rate = Estimate(0.25, Interval(0.2, 0.31), 340, "share")
    tile = key_figure("came", "Attended", rate, "of invited", unit="accounts", target=0.3)
    assert figure_text(tile) == (
        "Attended: 25% (target 30%, 95% interval 20% to 31%, n = 340 accounts)"
    )
    assert tile.raw == 0.25


def test_a_tile_of_too_few_units_shows_no_number():
    rate = Estimate(0.25, Interval(0.0, 0.8), 4, "share")
    tile = key_figure("came", "Attended", rate, "of invited")
    assert (tile.value, tile.interval, tile.base) == ("not enough data", "", "n = 4")


def test_a_count_of_few_is_still_a_count():
    tile = key_figure("won", "Deals", Estimate(2, None, 2, "count"), "closed won")
    assert tile.value == "2"


def test_a_tile_without_a_value_has_a_dash_and_no_number_to_sort_by():
    tile = key_figure("won", "Deals", Estimate(math.nan, None, 0, "count"), "closed won")
    assert (tile.value, tile.raw) == ("–", None)


def test_an_action_without_owner_or_date_says_so():
    assert action_text(Action("Ask", "", None, "answer")) == (
        "Ask (owner: –, due –); seen by: answer"
    )


def test_open_actions_open_the_next_run_under_the_run_that_named_them():
    actions = [CALL, Action("b", "B", None, "m", status="open", from_run="first"),
               Action("c", "C", None, "m", status="done"),
               Action("d", "D", None, "m", status="dropped")]  # fmt: skip
    carried = carry_over(actions, "second")
    assert [(a.what, a.status, a.from_run) for a in carried] == [
        ("Call them", "open", "second"), ("b", "open", "first"),
    ]  # fmt: skip


@pytest.mark.parametrize("tone", ["good", "mixed", "bad", "open"])
def test_every_tone_has_a_mark_of_its_own(tone):
    marks = {other: Verdict("w", "s", other).mark for other in ("good", "mixed", "bad", "open")}
    assert list(marks.values()).count(marks[tone]) == 1
