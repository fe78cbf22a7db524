"""What holds for every chart, whatever it draws."""

import copy
import subprocess
import sys
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from opsplaybook import figures
from opsplaybook.display import CHART_MIME

HOSTILE = ["<script>alert(1)</script>", "{{7*7}}", "$x^2$ & $1.2M", "北京\u202e公司\x1b[31m"]
SHOWN = ["<script>alert(1)</script>", "{{7*7}}", "$x^2$ & $1.2M", "北京公司[31m"]


def rows(names=HOSTILE):
    values = np.linspace(0.2, 0.5, len(names))
    return pd.DataFrame({
        "name": names, "value": values, "low": values - 0.1, "high": values + 0.1,
        "other": values / 2, "count": np.arange(len(names), 0, -1) * 10.0, "n": 40,
    })  # fmt: skip


def long(names=HOSTILE):
    return pd.DataFrame({
        "name": np.repeat(names, 3), "at": np.tile([0, 1, 2], len(names)),
        "value": np.tile([1.0, 0.7, 0.5], len(names)) - np.repeat(np.arange(len(names)) / 9, 3),
    })  # fmt: skip


def steps():
    return pd.DataFrame({
        "name": ["Start", *HOSTILE, "End"], "value": [1.0, 0.2, -0.4, 0.1, -0.1, 0.8],
        "total": [True, False, False, False, False, True],
    })  # fmt: skip


def mix():
    return pd.DataFrame({
        "name": np.repeat(["reached", "target"], 4), "part": HOSTILE * 2,
        "value": [0.1, 0.2, 0.3, 0.4, 0.4, 0.3, 0.2, 0.1],
    })  # fmt: skip


def spread():
    return pd.DataFrame({"value": [2.0, 3.0, 3.0, 8.0, 21.0]})


INTERVAL = {"value": "value", "low": "low", "high": "high", "label": "Share (%)"}
CHARTS = {
    "lines": (figures.plot_lines, long,
              {"x": "at", "y": "value", "series": "name", "label": "Share (%)"}),
    "panels": (figures.plot_panels, long,
               {"panel": "name", "x": "at", "y": "value", "series": "name", "label": "Share (%)"}),
    "period_bars": (figures.plot_period_bars, rows,
                    {"x": "name", "y": "value", "comparison": "other", "label": "Value"}),
    "intervals": (figures.plot_intervals, rows, {"category": "name", "n": "n", **INTERVAL}),
    "dumbbell": (figures.plot_dumbbell, rows,
                 {"category": "name", "first": "value", "second": "other", "label": "Share (%)",
                  "first_label": "before", "second_label": HOSTILE[2]}),
    "target_bars": (figures.plot_target_bars, rows,
                    {"category": "name", "value": "value", "target": "other", "label": "Share"}),
    "share_bars": (figures.plot_share_bars, mix,
                   {"category": "name", "part": "part", "share": "value", "label": "Share (%)"}),
    "funnel": (figures.plot_funnel, rows,
               {"step": "name", "count": "count", "rate": "value", "low": "low", "high": "high",
                "label": "Accounts"}),
    "waterfall": (figures.plot_waterfall, steps,
                  {"step": "name", "value": "value", "total": "total", "label": "Value"}),
    "survival": (figures.plot_survival, long,
                 {"time": "at", "value": "value", "group": "name", "label": "Kept (%)",
                  "time_label": "Months"}),
    "distribution": (figures.plot_distribution, spread,
                     {"value": "value", "label": "Days", "marked": 21.0,
                      "marked_label": HOSTILE[0], "references": dict.fromkeys(HOSTILE[1:], 3.0)}),
    "heatmap": (figures.plot_heatmap, long,
                {"row": "name", "column": "at", "value": "value", "label": "Kept (%)"}),
}  # fmt: skip


OTHER_STYLE = {
    "font.size": 20,
    "text.parse_math": True,
    "lines.linewidth": 9,
    "svg.fonttype": "path",
    "axes.facecolor": "red",
    "figure.dpi": 200,
}


@pytest.fixture(params=CHARTS, ids=list(CHARTS))
def call(request, plate):
    function, make, columns = CHARTS[request.param]
    return function, make(), {**plate, **columns}


def texts(chart):
    root = ET.fromstring(chart.image)  # noqa: S314 (made by ourselves two lines above)
    return ["".join(node.itertext()) for node in root.iter() if node.tag.endswith("}text")]


def test_every_public_function_is_tried_here():
    assert {function.__name__ for function, *_ in CHARTS.values()} == set(figures.__all__)


def test_text_from_data_comes_out_as_that_text(call):
    function, frame, arguments = call
    chart = function(frame, **arguments)
    written = " | ".join(texts(chart))
    for name in SHOWN:
        start = name[:12]
        assert start in written
    assert b"<script" not in chart.image
    assert b"\x1b" not in chart.image


def test_an_empty_frame_gives_a_chart_that_says_so(call):
    function, frame, arguments = call
    chart = function(frame.iloc[:0], **arguments)
    assert chart.alt == "No data: Title."
    assert texts(chart) == ["No data"]


def test_a_frame_of_missing_values_gives_a_chart_that_says_so(call):
    function, frame, arguments = call
    numbers = frame.select_dtypes("number").columns.drop(["at", "n"], errors="ignore")
    chart = function(frame.assign(**dict.fromkeys(numbers, np.nan)), **arguments)
    assert chart.alt == "No data: Title."


def test_one_row_is_drawn(call):
    function, frame, arguments = call
    chart = function(frame.iloc[:1], **arguments)
    assert chart.alt.endswith(".")
    assert "nan" not in chart.alt


def test_the_same_numbers_give_the_same_bytes_under_any_style(call):
    function, frame, arguments = call
    first = function(frame, **arguments)
    with mpl.rc_context(OTHER_STYLE):
        second = function(frame, **arguments)
    assert first.image == second.image
    assert b"date" not in first.image.lower()


def test_global_settings_and_the_frame_stay_as_they_were(call):
    function, frame, arguments = call
    settings, before = copy.deepcopy(dict(mpl.rcParams)), frame.copy(deep=True)
    function(frame, **arguments)
    assert dict(mpl.rcParams) == settings
    pd.testing.assert_frame_equal(frame, before)


def test_the_description_is_short_and_the_picture_small(call):
    function, frame, arguments = call
    chart = function(frame, **arguments)
    assert 20 < len(chart.alt) <= 300
    assert len(chart.image) < 25_000
    assert (chart.width, chart.image_type) == (614, "image/svg+xml")


def test_title_and_subtitle_stand_beside_the_picture_not_in_it(call):
    function, frame, arguments = call
    chart = function(frame, **arguments)
    assert not {"Title", "2026, n = 12"} & set(texts(chart))
    assert str(chart).splitlines()[:2] == ["Title", "2026, n = 12"]


def test_a_customer_sees_a_chart_only_if_it_says_so(call):
    function, frame, arguments = call
    assert function(frame, **arguments).audience == "internal"
    chart = function(frame, **arguments, audience="customer")
    assert chart._repr_mimebundle_()[0][CHART_MIME]["audience"] == "customer"


def test_a_missing_column_is_named(call):
    function, frame, arguments = call
    gone = frame.columns[0]
    with pytest.raises(KeyError, match=rf'chart "chart" has no column .*{gone}'):
        function(frame.drop(columns=gone), **arguments)


def test_nothing_is_left_of_the_picture_or_right_of_it(call, drawn):
    function, frame, arguments = call
    function(frame, **arguments)
    figure = drawn[-1]
    width = figure.get_figwidth() * figure.dpi
    boxes = [text.get_window_extent() for axes in figure.axes for text in axes.texts]
    assert min(box.x0 for box in boxes) >= -1
    assert max(box.x1 for box in boxes) <= width + 1


def test_pyplot_is_never_loaded():
    code = (
        "import sys, opsplaybook.figures; "
        "sys.exit(any(m in sys.modules for m in ('matplotlib.pyplot', 'scipy', 'statsmodels')))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=120)
    assert done.returncode == 0
