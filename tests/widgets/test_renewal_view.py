"""The what-if view of renewals: which decisions a risk lists, and what they are worth."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest

from opsplaybook import formats
from opsplaybook.playbooks import renewal_analysis as playbook
from opsplaybook.widgets.stage import REST_SECONDS, Stage

DECISIONS = 86
"""Open ones of the sample company that are due within 180 days."""

LISTED = {0: (86, 11_683_800), 0.1: (31, 5_843_400), 0.2: (11, 1_736_900), 1: (0, 0)}
"""Risk to how many decisions of the sample company have it, and their annual value."""


@pytest.fixture(scope="module")
def steps():
    """The notebook's steps up to the view, and what it is given of them."""
    params = playbook.Params(draws=2_000)
    tables = playbook.load(params)
    book = playbook.open_book(tables, params)
    past = playbook.review_use(tables, params, book)
    drivers = playbook.find_drivers(params, book, past.features)
    test = playbook.back_test(params, book, drivers)
    frozen = playbook.read_frozen(tables, params, book)
    given = (tables, book, drivers, test, frozen)
    own = (tables, params, book, drivers, test, frozen)
    return SimpleNamespace(params=params, book=book, given=given, own=own)


def viewed(steps, **moved):
    params = playbook.at_risk(steps.params).model_copy(update=moved)
    return playbook.what_if_horizon(params, *steps.given)


def forecast(steps, **moved):
    tables, params, *results = steps.own
    return playbook.forecast_renewals(tables, params.model_copy(update=moved), *results)


def test_a_view_begins_with_the_forecast_of_the_notebook(steps):
    chart, table = viewed(steps)
    own = forecast(steps)
    assert len(own.frame) == DECISIONS
    assert chart.alt == playbook.chart_forecast(own, steps.book).alt
    assert table.note.startswith(own.sentence(steps.book.currency))


@pytest.mark.parametrize("risk", LISTED)
def test_a_risk_lists_who_has_it_and_adds_up_what_they_are_worth(steps, risk):
    _, table = viewed(steps, risk_from=risk)
    frame = forecast(steps).frame
    count, value = LISTED[risk]
    listed = frame.loc[frame["probability"] >= risk]
    assert (len(listed), listed["annual_value"].sum()) == (count, value)
    at_risk = (listed["probability"] * listed["annual_value"]).sum()
    due, money, loss = (formats.money(x, "EUR") for x in (LISTED[0][1], value, at_risk))
    assert f"{count} of 86, {money} of {due} due, {loss} value at risk" in table.caption
    assert table.total_rows == count
    largest = (listed["probability"] * listed["annual_value"]).sort_values(ascending=False)
    assert [row[0] for row in table.rows] == list(listed["label"][largest.index[: len(table.rows)]])


def test_who_is_at_the_threshold_is_listed_and_just_above_is_not(steps):
    frame = forecast(steps).frame
    riskiest = frame.loc[frame["probability"].idxmax()]
    _, at = viewed(steps, risk_from=riskiest["probability"])
    assert [row[0] for row in at.rows] == [riskiest["label"]] == ["Bluebell Heating"]
    _, above = viewed(steps, risk_from=np.nextafter(riskiest["probability"], 1))
    assert above.rows == ()


def test_a_threshold_leaves_the_forecast_alone_and_a_horizon_does_not(steps):
    chart, table = viewed(steps)
    same, other = viewed(steps, risk_from=0.3)
    assert (same.alt, other.note) == (chart.alt, table.note)
    sooner, fewer = viewed(steps, horizon_days=60)
    own = forecast(steps, horizon_days=60)
    assert sooner.alt == playbook.chart_forecast(own, steps.book).alt != chart.alt
    assert f"of {len(own.frame)}, " in fewer.caption
    assert len(own.frame) < DECISIONS


def test_a_hand_on_the_slider_reaches_list_and_revenue(steps):
    params, adopted = playbook.at_risk(steps.params), []

    def adopt(_, values):
        adopted.append(values)
        return ("horizon_days",)

    stage = Stage(
        playbook.what_if_horizon,
        params,
        steps.given,
        playbook.WHAT_IF_HORIZON,
        adopt=adopt,
    )

    async def move():
        stage._fields["risk_from"].widget.value = 0.2
        await asyncio.sleep(4 * REST_SECONDS)

    assert "Delta Capital" in stage._screen.value
    asyncio.run(move())
    shown = stage._screen.value
    assert "risk of 20% or more, 11 of 86, €1.74M of €11.7M due" in shown
    assert "Cinder Goods" in shown
    assert "Delta Capital" not in shown
    stage._on_take(None)
    assert adopted == [{"horizon_days": 180, "risk_from": 0.2}]
    assert "Of this view alone: risk from." in stage._said.value
