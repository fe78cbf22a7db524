import json

import pytest

from opsplaybook.findings import Action
from opsplaybook.report import conclusions, steps


def found(make, audience="internal", **changes):
    return json.loads(json.dumps(make.findings(audience, **changes).to_json()))


def test_tiles_carry_value_target_change_interval_base_and_sense(make):
    (tile,) = conclusions.tiles(found(make), "internal")
    assert (tile.value, tile.target, tile.change) == ("20%", "25%", "+3.2 pp")
    assert (tile.interval, tile.base) == ("95% interval 17% to 23%", "n = 338 contacts")
    assert (tile.tone_mark, tile.tone_word) == ("!", "Needs attention")
    assert tile.trend == "M0 23l100-22"


def test_a_key_figure_without_judgement_has_no_mark(make):
    figure = found(make)["key_figures"][0] | {"tone": "open"}
    assert conclusions.tile(figure).tone_word == ""


def test_findings_name_grade_design_and_the_evidence_that_is_shown(make):
    shown = steps.read(make.review(), "internal").numbered()
    (row,) = conclusions.findings(found(make), "internal", shown)
    assert (row.strength, row.design) == ("Strong evidence", "comparison of matched accounts")
    assert [item.name for item in row.evidence] == ["Figure 1", "Table 1"]
    assert conclusions.findings(found(make), "internal", {})[0].evidence == ()


@pytest.mark.parametrize("part", [conclusions.tiles, conclusions.actions, conclusions.patterns])
def test_customers_see_only_what_is_for_them(make, part):
    assert not part(found(make), "customer")
    assert part(found(make, "customer"), "customer")


def test_actions_say_who_when_how_and_where_from(make):
    table = conclusions.actions(found(make), "internal")
    assert table.labels[:4] == ("Action", "Owner", "Due", "How it will be seen")
    assert table.rows[0][1:3] == ("Jana Kowalski", "2026-09-01")
    assert table.rows[1][2:] == ("–", "A dated list", "–", "Carried over from event-winter")


def test_customers_do_not_see_staff_nor_other_runs(make):
    table = conclusions.actions(found(make, "customer"), "customer")
    assert "Owner" not in table.labels
    assert table.rows[1][-1] == "Carried over"


def test_customers_read_the_role_of_an_owner(make):
    action = Action(
        "Call", "Jana Kowalski", None, "a call", audience="customer", role="your adviser"
    )
    table = conclusions.actions(found(make, "customer", actions=(action,)), "customer")
    assert table.labels == ("Action", "Owner", "How it will be seen", "Status")
    assert table.rows == (("Call", "your adviser", "a call", "New"),)


def test_patterns_say_how_far_they_carry(make):
    table = conclusions.patterns(found(make), "internal")
    assert table.rows == (("Keep", "Partners first", "41%, n = 98", "Moderate evidence"),)
    assert table.labels == ("Do", "What", "Evidence", "Strength")  # it holds for no kind of event


@pytest.mark.parametrize(
    ("trend", "path"),
    [
        ([], ""),
        ([1.0], ""),
        ([1.0, float("nan"), None], ""),
        ([2.0, 2.0], "M0 23l100 0"),
        ([1, 3, 2], "M0 23l50-22 50 11"),
    ],
)
def test_trends_are_placed_in_their_box(trend, path):
    assert conclusions.trend_path(trend) == path
