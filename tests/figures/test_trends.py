import numpy as np
import pandas as pd
import pytest

from opsplaybook.figures import plot_lines, plot_period_bars, theme

MONTHS = pd.date_range("2026-01-01", periods=4, freq="MS")


def two_lines():
    return pd.DataFrame({
        "month": [*MONTHS, *MONTHS], "tier": ["A"] * 4 + ["B"] * 4,
        "share": [0.4, 0.5, np.nan, 0.6, 0.3, 0.2, 0.2, 0.1],
        "low": [0.3] * 4 + [0.1] * 4, "high": [0.7] * 4 + [np.inf] * 4,
    })  # fmt: skip


LINES = {"x": "month", "y": "share", "series": "tier", "label": "Active (%)", "kind": "share"}
BARS = {"x": "month", "y": "value", "label": "Value (EUR)", "kind": "money", "currency": "EUR"}


def written(axes):
    return [text.get_text() for text in axes.texts]


def test_lines_lie_where_the_frame_says(plate, drawn):
    chart = plot_lines(two_lines().sample(frac=1, random_state=1), **LINES, **plate)
    lines = {line.get_label(): line for line in drawn[-1].axes[0].lines}
    assert lines["A"].get_xdata().tolist() == [0, 31, 59, 90]
    np.testing.assert_array_equal(lines["A"].get_ydata(), [0.4, 0.5, np.nan, 0.6])
    assert lines["B"].get_ydata().tolist() == [0.3, 0.2, 0.2, 0.1]
    # Shuffled rows: the order of the frame decides which line comes first, not what it shows.
    assert chart.alt.startswith("Line chart of Active (%) from 2026-01 to 2026-04.")
    assert "A ends at 60%." in chart.alt
    assert "B ends at 10%." in chart.alt


def test_lines_differ_by_more_than_colour(plate, drawn):
    chart = plot_lines(two_lines(), **LINES, **plate)
    one, other = drawn[-1].axes[0].lines
    assert one.get_marker() != other.get_marker()
    assert chart.image.count(b"stroke-dasharray") == 1
    assert one.get_color() != other.get_color()


def test_lines_are_named_at_their_ends_where_these_are_apart(plate, drawn):
    plot_lines(two_lines(), **LINES, **plate)
    assert {"A 60%", "B 10%"} <= set(written(drawn[-1].axes[0]))
    assert not drawn[-1].findobj(lambda artist: artist in drawn[-1].artists)


def test_a_legend_lists_lines_that_end_together_as_they_end(plate, drawn):
    frame = two_lines().assign(share=[0.4, 0.5, 0.5, 0.30, 0.3, 0.2, 0.2, 0.31])
    plot_lines(frame, **LINES, **plate)
    figure = drawn[-1]
    legend = [artist.get_text() for artist in figure.artists if hasattr(artist, "get_text")]
    assert legend == ["B 31%", "A 30%"]
    assert not {"A 30%", "B 31%"} & set(written(figure.axes[0]))


def test_bands_follow_the_frame_and_stop_at_the_edge(plate, drawn):
    plot_lines(two_lines(), **LINES, low="low", high="high", **plate)
    axes = drawn[-1].axes[0]
    heights = np.concatenate([band.get_paths()[0].vertices[:, 1] for band in axes.collections[1:]])
    assert set(np.round(heights, 9)) == {0.1, 0.3, 0.7}
    assert axes.get_ylim()[1] == pytest.approx(0.7)


def test_more_than_four_lines_leave_the_rest_grey(plate, drawn):
    frame = pd.concat([two_lines().assign(tier=f"T{i}", share=lambda f: f.share + i / 20)  # noqa: B023
                       for i in range(6)])  # fmt: skip
    chart = plot_lines(frame.assign(x=range(len(frame))), **{**LINES, "x": "x"}, **plate)
    lines = drawn[-1].axes[0].lines
    grey = [line for line in lines if line.get_color() == theme.CONTEXT]
    assert (len(lines), len(grey)) == (6, 2)
    assert chart.alt.endswith("2 more in grey.")


def test_only_lines_in_focus_are_told_apart(plate, drawn):
    chart = plot_lines(two_lines(), focus=["B", "unknown"], **LINES, **plate)
    colours = [line.get_color() for line in drawn[-1].axes[0].lines]
    assert colours == [theme.CONTEXT, theme.FOCUS]
    assert "B ends at 10%. 1 more in grey." in chart.alt
    plot_lines(two_lines(), focus=["unknown"], **LINES, **plate)
    assert theme.CONTEXT not in [line.get_color() for line in drawn[-1].axes[0].lines]


def test_one_line_tells_its_start_and_end(plate):
    frame = two_lines().query("tier == 'B'")
    chart = plot_lines(frame, **{**LINES, "series": ""}, **plate)
    assert chart.alt == (
        "Line chart of Active (%) from 2026-01 to 2026-04: starts at 30% and ends at 10%."
    )


def test_bars_stand_where_the_frame_says(plate, drawn):
    frame = pd.DataFrame({"month": MONTHS, "value": [100.0, np.nan, 300.0, -50.0],
                          "before": [90.0, 80.0, np.nan, 10.0]})  # fmt: skip
    chart = plot_period_bars(frame, comparison="before", comparison_label="a year ago",
                             **BARS, **plate)  # fmt: skip
    axes = drawn[-1].axes[0]
    boxes = axes.patches[0].get_path().vertices.reshape(-1, 5, 2)
    assert boxes[:, 2, 1].tolist() == [100, 300, -50]
    assert boxes[:, 0, 1].tolist() == [0, 0, 0]
    assert boxes.mean(axis=1)[:, 0].round().tolist() == [0, 2, 3]
    marks = [segment for lines in axes.collections for segment in lines.get_segments()]
    heights = [segment[0][1] for segment in marks if len(segment) and np.ptp(segment[:, 0]) < 1]
    assert {90.0, 80.0, 10.0} <= set(heights)
    assert chart.alt == (
        "Bar chart of Value (EUR) for 4 periods. Last: −€50 in 2026-04 (a year ago €10). "
        "Highest: €300 in 2026-03; lowest: −€50 in 2026-04."
    )
    assert {"€100", "€300", "−€50"} <= set(written(axes))


def test_the_number_of_a_bar_never_stands_above_a_comparison(plate, drawn):
    frame = pd.DataFrame({"month": MONTHS, "value": [100.0, 100.0, 100.0, 2.0],
                          "before": [103.0, 160.0, 50.0, 4.0]})  # fmt: skip
    plot_period_bars(frame, comparison="before", **BARS, **plate)
    texts = {round(text.get_position()[0]): text for text in drawn[-1].axes[0].texts
             if text.get_text() == "€100"}  # fmt: skip
    sides = {place: text.get_verticalalignment() for place, text in texts.items()}
    assert sides == {0: "top", 1: "bottom", 2: "bottom"}
    assert texts[0].get_color() == theme.PAPER
    assert "€2" not in written(drawn[-1].axes[0])


@pytest.mark.parametrize("shift", [0.0, 5.0])
def test_bars_start_at_zero(plate, drawn, shift):
    frame = pd.DataFrame({"month": MONTHS, "value": np.array([100.0, 101.0, 102.0, 103.0]) + shift})
    plot_period_bars(frame, **BARS, **plate)
    assert drawn[-1].axes[0].get_ylim()[0] == 0


def test_whiskers_of_bars_follow_the_frame(plate, drawn):
    frame = pd.DataFrame({"month": MONTHS, "value": 10.0, "low": 8.0, "high": [12, 13, 14, np.inf]})
    plot_period_bars(frame, low="low", high="high", **BARS, **plate)
    axes = drawn[-1].axes[0]
    whiskers = [s for lines in axes.collections for s in lines.get_segments()]
    whiskers = [segment for segment in whiskers if len(segment) and segment[0][1] == 8]
    assert [segment[1][1] for segment in whiskers] == [12, 13, 14, axes.get_ylim()[1]]


def test_rows_without_a_period_are_left_out(plate):
    frame = pd.DataFrame({"month": [*MONTHS[:3], None], "value": [1.0, 2.0, 3.0, 99.0]})
    chart = plot_period_bars(frame, **BARS, **plate)
    assert "99" not in chart.alt
