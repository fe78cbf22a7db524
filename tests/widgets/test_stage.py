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
        raise ZeroDivisionError("not foreseen")
    return shown(f"{params.period_days * factor} days")


@pytest.fixture
def stage():
    return Stage(view, account_review.Params(), (2,), ("period_days",))


def drag(stage, *values):
    async def move():
        for value in values:
            stage._fields["period_days"].widget.value = value
        await asyncio.sleep(4 * REST_SECONDS)

    asyncio.run(move())


def test_it_starts_with_what_is_given(stage):
    assert "180 days" in stage._screen.value
    assert "&lt;b&gt;" in stage._screen.value


def test_of_a_drag_only_its_end_is_computed(stage):
    drag(stage, *range(60, 90))
    assert "178 days" in stage._screen.value
    assert stage.computed == 2


def test_a_value_that_the_model_refuses_is_said_in_its_words():
    stage = Stage(
        lambda params: shown(str(params.thresholds)),
        customer_portrait.Params(),
        (),
        ("thresholds",),
    )

    async def move():
        stage._fields["thresholds"].widget.value = "1, 2, 3"
        await asyncio.sleep(4 * REST_SECONDS)

    asyncio.run(move())
    assert "they must fall from S to B" in stage._said.value


def test_an_error_of_ours_is_shown_and_gone_when_mended(stage):
    drag(stage, 30)
    assert "too short" in stage._said.value
    drag(stage, 60)
    assert stage._said.value == ""


def test_what_nobody_foresaw_is_not_swallowed(stage):
    # Outside a kernel there is no screen to show it on, so it comes out.
    stage._fields["period_days"].widget.unobserve_all("value")
    stage._fields["period_days"].widget.value = 31
    with pytest.raises(ZeroDivisionError):
        stage._follow()
