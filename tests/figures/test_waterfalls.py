import numpy as np
import pandas as pd
import pytest

from opsplaybook.errors import OpsPlaybookError
from opsplaybook.figures import plot_waterfall

BRIDGE = pd.DataFrame({
    "step": ["start", "new", "lost", "unknown", "end"], "value": [100.0, 30.0, -50.0, np.nan, 80.0],
    "total": [True, False, False, False, True],
})  # fmt: skip
COLUMNS = {"step": "step", "value": "value", "total": "total", "label": "ARR (EUR)"}
MONEY = {"kind": "money", "currency": "EUR"}


def bars(figure):
    return {
        patch.get_facecolor(): patch.get_path().vertices.reshape(-1, 5, 2)[:, :2, 0].tolist()
        for patch in figure.axes[0].patches
    }


def test_changes_start_where_the_row_before_ended(plate, drawn):
    chart = plot_waterfall(BRIDGE, **COLUMNS, **MONEY, **plate)
    drawn_bars = list(bars(drawn[-1]).values())
    assert drawn_bars == [[[0, 100], [0, 80]], [[100, 130], [80, 80]], [[130, 80]]]
    texts = [text.get_text() for text in drawn[-1].axes[0].texts]
    assert [text for text in texts if text in ("€100", "+€30", "−€50", "–", "€80")][-5:] == [
        "€100", "+€30", "−€50", "–", "€80",
    ]  # fmt: skip
    assert chart.alt == (
        "Waterfall of ARR (EUR): start €100, end €80. Largest changes: lost −€50, new +€30."
    )


def test_rises_and_falls_differ_by_more_than_colour(plate, drawn):
    plot_waterfall(BRIDGE, **COLUMNS, **MONEY, **plate)
    totals, rises, falls = drawn[-1].axes[0].patches
    assert (totals.get_hatch(), rises.get_hatch(), falls.get_hatch()) == (None, None, "////")


def test_changes_of_shares_are_percentage_points(plate):
    frame = pd.DataFrame({"step": ["target", "email", "result"], "value": [0.3, -0.08, 0.22],
                          "low": [np.nan, -0.12, np.nan], "high": [np.nan, -0.04, np.nan],
                          "total": [True, False, True]})  # fmt: skip
    chart = plot_waterfall(frame, low="low", high="high", kind="share", **COLUMNS, **plate)
    assert chart.alt == (
        "Waterfall of ARR (EUR): target 30%, result 22%. "
        "Largest changes: email −8 pp (−12 pp to −4 pp)."
    )


@pytest.mark.parametrize("end", [81.0, -80.0])
def test_a_total_that_does_not_add_up_is_refused(plate, end):
    frame = BRIDGE.assign(value=[100.0, 30.0, -50.0, np.nan, end])
    with pytest.raises(OpsPlaybookError, match=rf"a total is {end:g} and the rows .* to 80"):
        plot_waterfall(frame, **COLUMNS, **MONEY, **plate)


def test_without_totals_the_bars_start_at_zero(plate, drawn):
    chart = plot_waterfall(BRIDGE.iloc[1:3], **COLUMNS, **MONEY, **plate)
    assert [bar for boxes in bars(drawn[-1]).values() for bar in boxes] == [[0, 30], [30, -20]]
    assert chart.alt.startswith("Waterfall of ARR (EUR). Largest changes: lost −€50")


def test_a_long_waterfall_is_drawn_whole(plate, drawn):
    frame = pd.DataFrame({"step": range(30), "value": 1.0, "total": False})
    plot_waterfall(frame, **COLUMNS, **plate)
    assert len(bars(drawn[-1]).popitem()[1]) == 30
