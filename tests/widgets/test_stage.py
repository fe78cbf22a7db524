import asyncio

import pytest

from opsplaybook.display import Heading, Table
from opsplaybook.errors import UsageError
from opsplaybook.playbooks import account_review, customer_portrait
from opsplaybook.widgets.stage import REST_SECONDS, Stage


def shown(text):
    return (Table("t", text, (Heading("x"),), (("<b>",),), 1, "x\n1\n"),)


def view(params, factor):
    if params.period_days == 30:
        raise UsageError("too short", where="period", remedy="take more")
    if params.period_days == 31:
        raise ZeroDivisionError("<not foreseen>")
    return shown(f"{params.period_days * factor} days")


@pytest.fixture
def adopted():
    return []


@pytest.fixture
def stage(adopted):
    def adopt(params, values):
        adopted.append(values)
        return tuple(values) if len(adopted) == 1 else ()

    return Stage(view, account_review.Params(), (2,), ("period_days",), adopt=adopt)


def drag(stage, *values, every_seconds=0):
    async def move():
        for value in values:
            stage._fields["period_days"].widget.value = value
            if every_seconds:
                await asyncio.sleep(every_seconds)
        await asyncio.sleep(4 * REST_SECONDS)

    asyncio.run(move())


def test_it_starts_with_what_is_given(stage):
    assert "180 days" in stage._screen.value
    assert "&lt;b&gt;" in stage._screen.value


def test_what_is_not_shown_is_in_no_file():
    table = Table("t", "T", (Heading("x"),), (("1",),), 3, "x\n1\n", "How to read it.")
    stage = Stage(lambda _: (table,), account_review.Params(), (), (), adopt=lambda *_: ())
    assert "The first 1 of 3. How to read it." in stage._screen.value
    assert ".csv" not in stage._screen.value


def test_values_that_come_at_once_are_computed_once(stage):
    drag(stage, *range(60, 90))
    assert "178 days" in stage._screen.value
    assert stage.computed == 2


def test_a_quick_view_follows_the_hand_while_it_moves(stage):
    drag(stage, *range(60, 80), every_seconds=REST_SECONDS / 5)
    assert "158 days" in stage._screen.value
    assert 3 <= stage.computed <= 8


def test_a_slow_view_waits_until_the_hand_rests(stage, monkeypatch):
    monkeypatch.setattr("opsplaybook.widgets.stage.QUICK_SECONDS", -1)
    stage._follow()
    drag(stage, *range(60, 80), every_seconds=REST_SECONDS / 5)
    assert "158 days" in stage._screen.value
    assert stage.computed == 3


def test_a_value_that_the_model_refuses_is_said_in_its_words():
    stage = Stage(
        lambda params: shown(str(params.thresholds)),
        customer_portrait.Params(),
        (),
        ("thresholds",),
        adopt=lambda params, values: (),
    )

    async def move():
        stage._fields["thresholds"].widget.value = "1, 2, 3"
        await asyncio.sleep(4 * REST_SECONDS)

    asyncio.run(move())
    assert "thresholds: they must fall from S to B" in stage._said.value
    assert stage._screen.value == ""


def test_an_error_of_ours_is_shown_and_gone_when_mended(stage):
    drag(stage, 30)
    assert "too short" in stage._said.value
    assert stage._screen.value == ""
    drag(stage, 60)
    assert stage._said.value == ""
    assert "120 days" in stage._screen.value


def test_what_nobody_foresaw_is_shown_with_its_trace(stage):
    drag(stage, 31)
    assert "ZeroDivisionError: &lt;not foreseen&gt;" in stage._said.value
    assert "Traceback" in stage._said.value


def test_values_go_to_the_panel_if_there_is_one(stage, adopted):
    drag(stage, 60)
    stage._on_take(None)
    assert adopted == [{"period_days": 60}]
    assert "holds these values now" in stage._said.value
    stage._on_take(None)
    assert "There is no panel" in stage._said.value


def test_a_view_goes_back_to_where_it_started(stage):
    drag(stage, 60)

    async def back():
        stage._on_back(None)
        await asyncio.sleep(4 * REST_SECONDS)

    asyncio.run(back())
    assert "180 days" in stage._screen.value
