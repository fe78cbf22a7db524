import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from opsplaybook.errors import OpsPlaybookError
from opsplaybook.figures import canvas, rendering, theme


def crowded(text):
    figure, axes = canvas.blank(200, canvas.Margins())
    rng = np.random.default_rng(7)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.scatter(rng.random(2000), rng.random(2000), c=rng.random(2000), s=9)
    canvas.write(axes, 0.5, 0.5, text)
    return figure


def test_a_crowded_figure_becomes_a_sharp_picture_of_few_colours():
    with theme.applied():
        image, kind = rendering.picture(crowded("Text"))
        again, _ = rendering.picture(crowded("Text"))
    picture = Image.open(io.BytesIO(image))
    assert kind == "image/png"
    assert image == again
    assert picture.size == (int(theme.WIDTH * 2), 400)
    assert len(picture.getcolors()) <= 64


def test_a_crowded_figure_stays_a_drawing_where_the_font_lacks_a_character():
    with theme.applied():
        image, kind = rendering.picture(crowded("北京"))
    assert kind == "image/svg+xml"
    assert "北京" in image.decode()


def test_a_description_ends_at_a_whole_sentence():
    text = rendering.describe(["a" * 200 + ".", "", "b" * 60 + ".", "c" * 60 + "."])
    assert text == "a" * 200 + ". " + "b" * 60 + "."
    assert len(rendering.describe(["d" * 400])) == 300


def test_a_name_is_bounded_and_on_one_line():
    assert rendering.name("A\nB\x1b" + "c" * 60) == "A B" + "c" * 36 + "…"


def test_a_place_with_two_rows_is_refused():
    frame = pd.DataFrame({"a": ["x", "x", "y"], "b": [1, 1, 1]})
    with pytest.raises(OpsPlaybookError, match=r'1 rows for a place.*\n  "x, 1"') as caught:
        rendering.one_each(frame, "grid", ("a", "b"))
    assert caught.value.where == 'chart "grid", columns a, b'
    rendering.one_each(frame.iloc[1:], "grid", ("a", "b", ""))


def test_missing_numbers_of_every_dtype_become_nan():
    frame = pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": [None, "2.5"]})
    assert rendering.numbers(frame, "a").tolist()[0] == 1.0
    assert np.isnan(rendering.numbers(frame, "a")[1])
    assert rendering.numbers(frame, "b")[1] == 2.5
