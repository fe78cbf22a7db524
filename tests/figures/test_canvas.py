import numpy as np
import pytest

from opsplaybook.figures import canvas, theme
from opsplaybook.figures.canvas import Measure

SHARE = Measure("Share (%)", "share")


@pytest.mark.parametrize(
    ("values", "kind", "zero", "labels"),
    [
        ([0.02, 0.38], "share", True, ("0%", "10%", "20%", "30%", "40%")),
        ([0.0, 1.0], "share", True, ("0%", "20%", "40%", "60%", "80%", "100%")),
        ([0, 2], "count", True, ("0", "1", "2")),
        ([-0.05, 0.12], "points", False, ("−5 pp", "0 pp", "+5 pp", "+10 pp", "+15 pp")),
        ([0, 3], "days", True, ("0", "0.5", "1", "1.5", "2", "2.5", "3")),
        ([5, 5], "count", True, ("0", "1", "2", "3", "4", "5")),
    ],
)
def test_scale_has_round_ticks(values, kind, zero, labels):
    assert canvas.scale(np.array(values, float), Measure("", kind), zero=zero).labels == labels


@pytest.mark.parametrize("values", [[0.5, 0.5001], [1e9, 1e9 + 1], [7.0], [0.0], [], [-3.0, -3.0]])
@pytest.mark.parametrize("kind", ["share", "count", "money", "number", "days", "points"])
def test_scale_encloses_its_values_with_labels_that_differ(values, kind):
    scale = canvas.scale(np.array(values, float), Measure("", kind, "EUR"))
    assert scale.low < scale.high
    assert all(scale.low <= value <= scale.high for value in values)
    assert len(set(scale.labels)) == len(scale.labels)


def test_scale_leaves_out_what_is_missing_or_infinite():
    scale = canvas.scale(np.array([1.0, np.nan, np.inf, 3.0]), Measure("", "number"))
    assert (scale.low, scale.high) == (1.0, 3.0)


def test_shares_never_get_a_tick_beyond_all():
    assert canvas.scale(np.array([0.93, 0.999]), SHARE).high <= 1


def test_a_dollar_sign_is_written_as_it_is():
    with theme.applied():
        _, axes = canvas.blank(100, canvas.Margins())
        text = canvas.write(axes, 0, 0, "$x^2$\n\x07")
    assert text.get_text() == "$x^2$"
    assert text.get_parse_math() is False


def test_boxes_are_one_shape_and_leave_out_the_missing():
    _, axes = canvas.blank(100, canvas.Margins())
    corners = (np.array([0.0, 1.0, 2.0]), 0.0, np.array([0.5, np.nan, 2.5]), np.array([3, 4, 5]))
    canvas.boxes(axes, corners, theme.FOCUS)
    (shape,) = axes.patches
    boxes = shape.get_path().vertices.reshape(-1, 5, 2)
    assert boxes.max(axis=1).tolist() == [[0.5, 3.0], [2.5, 5.0]]
    canvas.boxes(axes, (np.array([np.nan]), 0.0, 1.0, 1.0), theme.FOCUS)
    assert len(axes.patches) == 1


def test_a_legend_breaks_into_lines_within_the_width():
    entries = [canvas.Entry(f"A name of some length {i}", theme.FOCUS, "o") for i in range(6)]
    with theme.applied():
        figure, _ = canvas.blank(200, canvas.Margins())
        canvas.legend(figure, entries, left=40, top=2)
    assert canvas.legend_height(entries, 40) == 3 * 16 + 4
    assert canvas.legend_height([], 40) == 0
    ends = [text.get_window_extent().x1 for text in figure.texts or figure.artists[1::2]]
    assert max(ends) <= theme.WIDTH
