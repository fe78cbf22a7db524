import numpy as np
import pandas as pd
import pytest

from opsplaybook.figures import plot_panels, theme

MONTHS = pd.date_range("2026-01-01", periods=4, freq="MS")
STEPS = ("connected", "paid", "whole way")
PANELS = {
    "panel": "step", "x": "month", "y": "rate", "series": "who", "label": "Went on (%)",
    "kind": "share",
}  # fmt: skip


def trend(steps=STEPS, who=("all", "guided", "alone")):
    rows = pd.MultiIndex.from_product([steps, who, MONTHS], names=["step", "who", "month"])
    frame = rows.to_frame(index=False)
    rate = 0.5 + 0.1 * frame["who"].map(dict(zip(who, range(len(who)), strict=True))).astype(float)
    return frame.assign(rate=rate, low=rate - 0.1, high=rate + 0.1, changed=False)


def written(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def panels_of(figure):
    """Return the plotting areas by the name that stands above them."""
    return {name: axes for axes in figure.axes for name in written(axes) if name in STEPS}


def test_each_group_has_a_panel_with_all_lines_on_one_scale(plate, drawn):
    plot_panels(trend(), **PANELS, **plate)
    found = panels_of(drawn[-1])
    assert list(found) == list(STEPS)
    assert {len(axes.lines) for axes in found.values()} == {3}
    assert len({axes.get_ylim() for axes in found.values()}) == 1


def test_panels_stand_two_beside_each_other_and_do_not_overlap(plate, drawn):
    plot_panels(trend(), **PANELS, **plate)
    boxes = [axes.get_position() for axes in panels_of(drawn[-1]).values()]
    assert boxes[0].y0 == boxes[1].y0 > boxes[2].y1
    assert boxes[0].x1 < boxes[1].x0
    assert max(box.x1 for box in boxes) < 1


def test_a_line_looks_the_same_in_each_panel(plate, drawn):
    frame = trend()
    gone = (frame["step"] == "paid") & (frame["who"] == "all")
    plot_panels(frame.assign(rate=frame["rate"].mask(gone)), **PANELS, **plate)
    looks = [
        {line.get_label(): line.get_color() for line in axes.lines}
        for axes in panels_of(drawn[-1]).values()
    ]
    assert len(looks[1]) == 2
    assert looks[1].items() < looks[0].items()


def test_those_in_focus_are_told_apart_and_the_rest_is_grey(plate, drawn):
    plot_panels(trend(), focus=["guided", "nobody"], **PANELS, **plate)
    axes = panels_of(drawn[-1])["paid"]
    colours = [line.get_color() for line in axes.lines]
    assert colours.count(theme.CONTEXT) == 2
    legend = [artist.get_text() for artist in drawn[-1].artists if hasattr(artist, "get_text")]
    assert legend == ["guided", "2 more"]


def test_a_ring_lies_on_each_marked_point_and_is_explained(plate, drawn):
    frame = trend(who=("all",))
    marked = (frame["step"] == "paid") & (frame["month"] == MONTHS[2])
    plot_panels(frame.assign(changed=marked), marked="changed", marked_label="a change",
                **PANELS, **plate)  # fmt: skip
    rings = {
        name: [line for line in axes.lines if line.get_markerfacecolor() == "none"]
        for name, axes in panels_of(drawn[-1]).items()
    }
    assert {name: len(found) for name, found in rings.items()} == {
        "connected": 0, "paid": 1, "whole way": 0,
    }  # fmt: skip
    ring = rings["paid"][0]
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (59, 0.5)
    legend = [artist.get_text() for artist in drawn[-1].artists if hasattr(artist, "get_text")]
    assert legend[-1] == "a change"


def test_remarks_stand_below_the_name_and_in_the_description(plate, drawn):
    remarks = {"paid": ("guided −11 pp from about 2026-03", "all +3 pp from about 2026-02")}
    chart = plot_panels(trend(), remarks=remarks, **PANELS, **plate)
    axes = panels_of(drawn[-1])["paid"]
    heights = {text.get_text(): text.get_transform().transform((0, 0))[1] for text in axes.texts}
    name, first, second = (heights[text] for text in ("paid", *remarks["paid"]))
    assert name > first > second
    assert "paid: guided −11 pp from about 2026-03, all +3 pp from about 2026-02." in chart.alt
    assert "connected: all ends at 50%, guided ends at 60%, alone ends at 70%." in chart.alt


def test_a_panel_without_a_value_is_left_out(plate, drawn):
    frame = trend()
    plot_panels(frame.assign(rate=frame["rate"].mask(frame["step"] == "paid")), **PANELS, **plate)
    assert list(panels_of(drawn[-1])) == ["connected", "whole way"]


@pytest.mark.parametrize("steps", [STEPS[:1], STEPS[:2]])
def test_few_panels_fill_the_width(plate, drawn, steps):
    chart = plot_panels(trend(steps), **PANELS, **plate)
    right = max(axes.get_position().x1 for axes in panels_of(drawn[-1]).values())
    # Beyond it there is room for half of the last label.
    assert 0.93 < right < 0.96
    assert chart.height < 260


def test_bands_are_drawn_only_of_lines_that_are_told_apart(plate, drawn):
    plot_panels(trend(), low="low", high="high", focus=["all"], **PANELS, **plate)
    axes = panels_of(drawn[-1])["paid"]
    bands = [band for band in axes.collections if len(band.get_facecolor())]
    heights = np.concatenate([band.get_paths()[0].vertices[:, 1] for band in bands])
    assert set(np.round(heights, 9)) == {0.4, 0.6}


def test_a_steady_value_is_the_line_and_the_values_are_dots(plate, drawn):
    frame = trend(who=("all",))
    steady = np.where(frame["month"] < MONTHS[2], 0.4, 0.6)
    chart = plot_panels(frame.assign(steady=steady), steady="steady", **PANELS, **plate)
    line, dots = panels_of(drawn[-1])["paid"].lines
    assert line.get_ydata().tolist() == [0.4, 0.4, 0.6, 0.6]
    assert line.get_drawstyle() == "steps-post"
    assert dots.get_linestyle() == "None"
    assert set(dots.get_ydata()) == {0.5}
    assert "paid: all ends at 60%." in chart.alt


def test_remarks_of_one_row_take_no_room_in_the_other(plate, drawn):
    few = plot_panels(trend(), remarks={"whole way": ("a", "b")}, **PANELS, **plate)
    none = plot_panels(trend(), **PANELS, **plate)
    many = plot_panels(trend(), remarks=dict.fromkeys(STEPS, ("a", "b")), **PANELS, **plate)
    assert none.height < few.height < many.height
