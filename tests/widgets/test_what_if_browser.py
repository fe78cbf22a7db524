"""A person drags sliders in a real JupyterLab, and sees what they lead to."""

import re

import pytest

from opsplaybook.playbooks import event_retrospective, funnel_review

SLIDERS = {
    "customer_portrait": 0.7,
    "event_retrospective": 0.6,
    "funnel_review": 0.6,
    "renewal_analysis": 0.9,
}
"""Per playbook where its first slider is dragged to, as a share of its length."""


def opened(open_notebook, name):
    """Open a playbook up to its what-if view."""
    notebook = open_notebook(name)
    notebook.run_through("widgets.what_if")
    view = notebook.what_if()
    view.screen.locator("td").first.wait_for()
    view.watch()
    return notebook, view


@pytest.mark.parametrize("name", sorted(SLIDERS))
def test_a_drag_is_seen(open_notebook, name):
    _, view = opened(open_notebook, name)
    before, shown = view.value(), view.text()
    view.drag(SLIDERS[name])
    view.settle()
    assert view.value() != before
    assert view.text() != shown


def test_other_metrics_are_read_where_there_is_no_slider(open_notebook):
    _, view = opened(open_notebook, "ab_review")
    shown = view.text()
    view.type("industry", name="segments")
    view.settle()
    assert view.text() != shown
    assert "industry" in view.text().lower()


def test_the_chart_of_a_view_is_drawn_anew(open_notebook):
    _, view = opened(open_notebook, "renewal_analysis")
    before = view.picture()
    view.drag(0.9)
    view.settle()
    assert view.picture() != before
    assert view.screen.locator("img").first.evaluate("image => image.naturalWidth") > 100


def words(text):
    return re.sub(r"\s+", " ", text)


def test_of_many_quick_drags_the_last_one_stays_and_few_are_computed(open_notebook):
    _, view = opened(open_notebook, "event_retrospective")
    there_and_back = [place / 40 for place in (*range(1, 40), *range(40, 12, -1))]
    view.drag(*there_and_back * 3)
    view.settle()
    moves, redraws = view.moves(), view.redraws()
    assert len(moves) > 60
    seconds = (redraws[-1] - moves[0]) / 1000
    assert len(redraws) <= 2 + seconds / 0.05
    assert len(redraws) < len(moves) / 2
    assert redraws[-1] - moves[-1] < 3_000

    days = int(view.value())
    params = event_retrospective.Params(early_window_days=days)
    tables = event_retrospective.load(params)
    goals = event_retrospective.review_goals(tables, params)
    returns, _ = event_retrospective.what_if_windows(params, tables, goals)
    for row in returns.rows:
        assert words(" ".join(row)) in words(view.text().replace("\t", " "))


def test_a_found_value_goes_into_the_panel_and_a_view_goes_back(open_notebook):
    notebook, view = opened(open_notebook, "funnel_review")
    before = view.text()
    view.drag(0.7)
    view.settle()
    days = view.value()
    view.cell.get_by_role("button", name="Put into the panel").click()
    view.cell.get_by_text("The panel at the top holds these values now").wait_for()
    readout = notebook.row("window days").locator(".widget-readout").first
    assert float(readout.inner_text()) == days != funnel_review.Params().window_days
    view.cell.get_by_role("button", name="As in the panel").click()
    view.settle()
    assert view.text() == before


def test_a_value_that_cannot_be_says_so_and_takes_the_view_off(open_notebook):
    _, view = opened(open_notebook, "customer_portrait")
    shown = view.text()
    view.type("40, 50, 60", name="thresholds")
    view.cell.get_by_text("they must fall from S to B").wait_for()
    assert view.text() == ""
    view.type("60, 50, 40", name="thresholds")
    view.settle()
    assert view.cell.get_by_text("they must fall from S to B").count() == 0
    assert view.text() != ""
    assert shown
