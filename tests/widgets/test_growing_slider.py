import asyncio

from opsplaybook.playbooks import funnel_review
from opsplaybook.widgets.form import Form
from opsplaybook.widgets.growing_slider import _REST_SECONDS, GrowingSlider


def rest_at(slider, value):
    async def hand():
        slider.value = value
        await asyncio.sleep(2 * _REST_SECONDS)

    asyncio.run(hand())


def test_it_begins_around_its_value():
    assert GrowingSlider(28, 0, 3_660).max == 112
    assert GrowingSlider(5, 1, 500).max == 101
    assert GrowingSlider(2_000, 0, 3_660).max == 3_660


def test_its_end_moves_away_when_it_is_reached_and_never_beyond_the_range():
    slider = GrowingSlider(28, 0, 3_660)
    rest_at(slider, 60)
    assert slider.max == 112
    rest_at(slider, 112)
    assert (slider.value, slider.max) == (112, 448)
    for _ in range(3):
        rest_at(slider, slider.max)
    assert slider.max == 3_660


def test_a_value_behind_the_end_is_shown():
    slider = GrowingSlider(28, 0, 3_660)
    slider.show(400)
    assert (slider.value, slider.max) == (400, 1_600)
    slider.show(3_660)
    assert (slider.value, slider.max) == (3_660, 3_660)


def test_a_form_takes_a_long_window_from_elsewhere():
    form = Form(funnel_review.Params(window_days=28), lambda: None)
    form.show({"window_days": 365})
    assert form.params.window_days == 365
