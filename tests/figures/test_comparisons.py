import numpy as np
import pandas as pd
import pytest

from opsplaybook.figures import canvas, plot_dumbbell, plot_intervals, plot_target_bars, theme
from opsplaybook.figures.rows import ROWS_DRAWN

FRAME = pd.DataFrame({
    "tier": ["A", "B", "C", "D"], "rate": [0.4, 0.25, 0.9, np.nan], "low": [0.3, 0.2, 0.8, 0.1],
    "high": [0.5, 0.31, np.inf, 0.2], "n": [80, 340, 3, 50], "target": [0.5, 0.2, 0.3, np.nan],
})  # fmt: skip
INTERVALS = {"category": "tier", "value": "rate", "low": "low", "high": "high", "kind": "share",
             "label": "Attended (%)"}  # fmt: skip


def written(axes):
    return [text.get_text() for text in axes.texts]


def segments(axes):
    found = [line.tolist() for lines in axes.collections for line in lines.get_segments()]
    return [line for line in found if line]


def test_dots_and_intervals_lie_where_the_frame_says(plate, drawn):
    chart = plot_intervals(FRAME, n="n", **INTERVALS, **plate)
    axes = drawn[-1].axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [0.4, 0.25, np.nan, np.nan])
    assert axes.lines[0].get_ydata().tolist() == [0, 1, 2, 3]
    assert [[0.3, 0], [0.5, 0]] in segments(axes)
    assert [[0.2, 1], [0.31, 1]] in segments(axes)
    assert chart.alt == (
        "Dot chart of Attended (%) for 4 rows. Highest: A 40% (30% to 50%). "
        "Lowest: B 25% (20% to 31%)."
    )


def test_too_few_units_show_no_number(plate, drawn):
    plot_intervals(FRAME, n="n", **INTERVALS, **plate)
    axes = drawn[-1].axes[0]
    assert {"40% (n = 80)", "25% (n = 340)", "n = 3", "– (n = 50)"} <= set(written(axes))
    (empty,) = [text for text in axes.texts if text.get_text() == "not enough data"]
    assert empty.get_position()[1] == 2
    assert not [line for line in segments(axes) if 0.8 in line[0]]


def test_rows_with_too_few_units_only_say_so(plate):
    chart = plot_intervals(FRAME.assign(n=4), n="n", **INTERVALS, **plate)
    assert chart.alt == "Dot chart of Attended (%) for 4 rows. All rows: not enough data."


def test_an_infinite_end_stops_at_the_edge(plate, drawn):
    plot_intervals(FRAME, **INTERVALS, **plate)
    axes = drawn[-1].axes[0]
    assert [[0.8, 2], [axes.get_xlim()[1], 2]] in segments(axes)


def test_the_reference_is_drawn_and_named(plate, drawn):
    chart = plot_intervals(FRAME, reference=0.3, reference_label="All", **INTERVALS, **plate)
    axes = drawn[-1].axes[0]
    assert axes.lines[0].get_xdata() == [0.3, 0.3]
    assert "All 30%" in written(axes)
    assert chart.alt.endswith("Reference: All 30%.")


def test_at_most_twenty_rows_are_drawn_and_the_rest_is_counted(plate, drawn):
    frame = pd.concat([FRAME] * 6, ignore_index=True)
    chart = plot_intervals(frame, **INTERVALS, **plate)
    assert len(drawn[-1].axes[0].lines[0].get_xdata()) == ROWS_DRAWN
    assert "and 4 more, in the table" in written(drawn[-1].axes[0])
    assert "24 rows" in chart.alt


def test_the_two_marks_of_a_dumbbell_differ_by_more_than_colour(plate, drawn):
    chart = plot_dumbbell(FRAME, category="tier", first="target", second="rate", kind="share",
                          first_label="before", second_label="after", label="Share (%)",
                          **plate)  # fmt: skip
    first, second = drawn[-1].axes[0].lines
    np.testing.assert_array_equal(first.get_xdata(), FRAME["target"])
    np.testing.assert_array_equal(second.get_xdata(), FRAME["rate"])
    assert first.get_marker() != second.get_marker()
    assert first.get_markerfacecolor() == theme.PAPER
    assert "50% → 40%" in written(drawn[-1].axes[0])
    assert chart.alt.endswith("Furthest apart: C, before 30%, after 90%.")


def test_target_bars_start_at_zero_and_show_their_targets(plate, drawn):
    chart = plot_target_bars(FRAME, category="tier", value="rate", target="target", kind="share",
                             label="Share (%)", target_label="goal", **plate)  # fmt: skip
    axes = drawn[-1].axes[0]
    boxes = axes.patches[0].get_path().vertices.reshape(-1, 5, 2)
    assert boxes[:, 1, 0].tolist() == [0.4, 0.25, 0.9]
    assert boxes[:, 0, 0].tolist() == [0, 0, 0]
    assert axes.get_xlim()[0] == 0
    upright = [line for line in segments(axes) if line[1][1] - line[0][1] == pytest.approx(0.84)]
    assert [line[0][0] for line in upright] == [0.5, 0.2, 0.3]
    assert "40%, goal 50%" in written(axes)
    assert chart.alt == (
        "Bar chart of Share (%) for 4 rows. A: 40%, goal 50%. B: 25%, goal 20%. C: 90%, goal 30%."
    )


def test_bars_without_targets_have_no_legend(plate, drawn):
    plot_target_bars(FRAME, category="tier", value="rate", target="", label="Share", **plate)
    assert drawn[-1].artists == []


def test_ratios_stand_on_an_axis_on_which_twice_is_as_far_as_half(plate, drawn):
    frame = pd.DataFrame({
        "tier": ["A", "B"], "rate": [0.5, 2.0], "low": [0.0, 1.1], "high": [1.2, np.inf],
    })  # fmt: skip
    columns = {**INTERVALS, "kind": "ratio", "label": "Odds ratio"}
    plot_intervals(frame, **columns, log=True, reference=1.0, reference_label="none", **plate)
    axes = drawn[-1].axes[0]
    half, one, twice = (axes.transData.transform((value, 0))[0] for value in (0.5, 1, 2))
    assert one - half == pytest.approx(twice - one)
    # Ends at nothing and beyond everything stop at the edge.
    left, right = axes.get_xlim()
    assert [[left, 0], [1.2, 0]] in segments(axes)
    assert [[1.1, 1], [right, 1]] in segments(axes)


@pytest.mark.parametrize("values", [[1.0], [0.0, np.nan], [0.001, 900.0], [3.0, 3.1]])
def test_ticks_of_ratios_enclose_them_and_are_few(values):
    of = canvas.ratio_scale(np.array(values), canvas.Measure("Odds", "ratio"))
    assert of.low < of.high
    assert len(set(of.labels)) == len(of.labels) <= 8
    known = [value for value in values if value > 0]
    assert not known or of.low <= min(known) <= max(known) <= of.high
