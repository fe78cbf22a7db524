"""A person drags sliders in a real JupyterLab, and sees what they lead to."""

import re

from opsplaybook.playbooks import ab_review, customer_portrait, event_retrospective, funnel_review


def opened(open_notebook, name):
    """Open a playbook up to its what-if view."""
    notebook = open_notebook(name)
    notebook.run_through("widgets.what_if")
    view = notebook.what_if()
    view.screen.locator("td").first.wait_for()
    view.watch()
    return notebook, view


def test_a_drag_is_seen_in_table_and_chart(open_notebook):
    _, view = opened(open_notebook, "renewal_analysis")
    before, shown, picture = view.value(), view.text(), view.picture()
    view.drag(0.9)
    view.settle()
    assert view.value() != before
    assert view.text() != shown
    assert view.picture() != picture
    assert view.screen.locator("img").first.evaluate("image => image.naturalWidth") > 100


def words(text):
    return re.sub(r"\s+", " ", text)


def assert_shows(view, *tables):
    """Assert that a view holds every row of some tables."""
    for row in (row for table in tables for row in table.rows):
        assert words(" ".join(row)) in words(view.text().replace("\t", " "))


def test_other_metrics_and_groups_are_read_where_there_is_no_slider(open_notebook):
    _, view = opened(open_notebook, "ab_review")
    shown = view.text()
    assert "region" not in shown
    view.type("region", name="segments")
    view.settle()
    view.type("any(shared_report)", name="metrics")
    view.screen.get_by_text("shared report").first.wait_for()
    start = ab_review.Params()
    tables = ab_review.load(start)
    asked = ab_review.Params(metrics=("any(shared_report)",), segments=("region",))
    run = ab_review.check_run(tables, start)
    assert_shows(view, *ab_review.what_if_metric(asked, tables, run))
    assert view.text() != shown


def test_of_many_quick_drags_none_queue_up_and_the_last_one_stays(open_notebook):
    _, view = opened(open_notebook, "event_retrospective")
    shown = view.text()
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
    assert days != event_retrospective.Params().early_window_days
    assert view.text() != shown
    params = event_retrospective.Params(early_window_days=days)
    tables = event_retrospective.load(params)
    goals = event_retrospective.review_goals(tables, params)
    returns, _ = event_retrospective.what_if_windows(params, tables, goals)
    assert_shows(view, returns)


def test_a_found_value_goes_into_the_panel_and_a_view_goes_back(open_notebook):
    notebook, view = opened(open_notebook, "funnel_review")
    before, picture = view.text(), view.picture()
    view.drag(0.7)
    view.settle()
    days = view.value()
    assert view.text() != before
    assert view.picture() != picture
    view.cell.get_by_role("button", name="Put into the panel").click()
    view.cell.get_by_text("The panel at the top holds these values now").wait_for()
    readout = notebook.row("window days").locator(".widget-readout").first
    assert float(readout.inner_text()) == days != funnel_review.Params().window_days
    view.cell.get_by_role("button", name="As in the panel").click()
    view.settle()
    assert view.text() == before


def test_weights_are_dragged_and_a_value_that_cannot_be_says_so_and_takes_the_view_off(
    open_notebook,
):
    _, view = opened(open_notebook, "customer_portrait")
    before, shown = view.value(), view.text()
    view.drag(0.7)
    view.settle()
    assert view.value() > before
    assert view.text() != shown
    weights = [view.value(slider) for slider in range(len(customer_portrait.Params().weights))]
    assert sum(weights) == 100

    view.type("40, 50, 60", name="thresholds")
    view.cell.get_by_text("thresholds: they must fall from S to B").wait_for()
    assert view.text() == ""
    view.type("60, 50, 40", name="thresholds")
    view.screen.locator("td").first.wait_for()
    assert view.cell.get_by_text("they must fall from S to B").count() == 0
