import numpy as np
import pandas as pd
import pytest

from opsplaybook.errors import OpsPlaybookError
from opsplaybook.figures import plot_distribution, plot_survival, theme
from opsplaybook.figures.curves import DOTS_DRAWN

CURVES = pd.DataFrame({
    "day": [0, 100, 365, 0, 200], "tier": ["A", "A", "A", "B", "B"],
    "kept": [1.0, 0.9, 0.7, 1.0, 0.4], "low": [1.0, 0.8, 0.6, 1.0, 0.2],
    "high": [1.0, 1.0, 0.8, 1.0, 0.6],
})  # fmt: skip
RISK = pd.DataFrame({"day": [0, 180, 365, 0, 180], "tier": ["A"] * 3 + ["B"] * 2,
                     "n": [40, 33, 9, 20, 11]})  # fmt: skip
SURVIVAL = {"time": "day", "value": "kept", "group": "tier", "label": "Kept (%)",
            "time_label": "Days"}  # fmt: skip


def written(axes):
    return [text.get_text() for text in axes.texts]


def test_curves_are_steps_that_hold_until_the_next_time(plate, drawn):
    chart = plot_survival(CURVES, low="low", high="high", **SURVIVAL, **plate)
    axes = drawn[-1].axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert lines["A"].get_xydata().tolist() == [[0, 1], [100, 0.9], [365, 0.7]]
    assert {line.get_drawstyle() for line in axes.lines} == {"steps-post"}
    assert chart.image.count(b"stroke-dasharray") == 1
    assert axes.get_ylim() == (0, 1)
    assert chart.alt == (
        "Step curves of Kept (%), Days 0 to 365. A ends at 70% (60% to 80%). "
        "B ends at 40% (20% to 60%)."
    )


def test_those_still_observed_stand_below_their_times(plate, drawn):
    plot_survival(CURVES, at_risk=RISK, **SURVIVAL, **plate)
    axes = drawn[-1].axes[0]
    counts = {text.get_text(): text.get_position()[0] for text in axes.texts}
    assert [counts[n] for n in ("40", "33", "9")] == [0, 180, 365]
    assert [counts[n] for n in ("20", "11", "–")] == [0, 180, 365]
    assert {"Still observed", "A", "B", "180"} <= set(written(axes))


def test_the_table_of_those_observed_needs_no_groups(plate, drawn):
    frame, risk = (f[f["tier"] == "A"].drop(columns="tier") for f in (CURVES, RISK))
    chart = plot_survival(frame, at_risk=risk, **{**SURVIVAL, "group": ""}, **plate)
    assert {"40", "33", "9"} <= set(written(drawn[-1].axes[0]))
    assert chart.alt == "Step curve of Kept (%), Days 0 to 365: ends at 70%."


def test_two_counts_for_one_time_are_refused(plate):
    with pytest.raises(OpsPlaybookError, match="1 rows for a place"):
        plot_survival(CURVES, at_risk=pd.concat([RISK, RISK.iloc[:1]]), **SURVIVAL, **plate)


def test_every_unit_is_one_dot_over_its_value(plate, drawn):
    values = np.array([1.0, 1.0, 1.0, 5.0, np.nan, np.inf, 10.0])
    chart = plot_distribution(pd.DataFrame({"v": values}), value="v", label="Days", kind="days",
                              marked=5.0, marked_label="Acme", references={"median": 1.0},
                              **plate)  # fmt: skip
    axes = drawn[-1].axes[0]
    dots = axes.lines[0].get_xydata()
    width = np.ptp(axes.get_xlim()) / 60
    assert np.abs(dots[:, 0] - [1, 1, 1, 5, 10]).max() <= width
    assert dots[:, 1].tolist() == [0.5, 1.5, 2.5, 0.5, 0.5]
    assert chart.alt == (
        "Distribution of Days over 5 accounts, 1 day to 10 days: Acme 5 days, median 1 day."
    )


def test_the_marked_value_differs_by_more_than_colour(plate, drawn):
    frame = pd.DataFrame({"v": np.arange(20.0)})
    plot_distribution(frame, value="v", label="Days", marked=15.0, marked_label="Acme",
                      references={"median": 9.5}, **plate)  # fmt: skip
    own, median = sorted(drawn[-1].axes[0].lines[1:], key=lambda line: -line.get_xdata()[0])
    assert (own.get_xdata()[0], median.get_xdata()[0]) == (15.0, 9.5)
    assert own.get_linestyle() != median.get_linestyle()
    assert (own.get_color(), median.get_color()) == (theme.FOCUS, theme.INK)
    assert {"Acme 15", "median 9.5"} <= set(written(drawn[-1].axes[0]))


def test_many_units_become_bars_that_add_up(plate, drawn):
    values = np.random.default_rng(3).gamma(2, 10, DOTS_DRAWN + 1)
    chart = plot_distribution(pd.DataFrame({"v": values}), value="v", label="Days", **plate)
    boxes = drawn[-1].axes[0].patches[0].get_path().vertices.reshape(-1, 5, 2)
    assert boxes[:, 2, 1].sum() == DOTS_DRAWN + 1
    assert "301 accounts" in chart.alt


def test_equal_values_are_drawn(plate):
    chart = plot_distribution(pd.DataFrame({"v": [7.0] * 9}), value="v", label="Days", **plate)
    assert chart.alt == "Distribution of Days over 9 accounts, 7 to 7."
