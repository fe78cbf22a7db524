import numpy as np
import pandas as pd

from opsplaybook.figures import plot_funnel

STEPS = pd.DataFrame({
    "step": ["invited", "attended", "won"], "count": [340, 85, 2], "rate": [np.nan, 0.25, 0.02],
    "low": [np.nan, 0.2, 0.0], "high": [np.nan, 0.31, 0.1], "n": [np.nan, 340, 4],
    "goal": [300, 100, 5],
})  # fmt: skip
COLUMNS = {"step": "step", "count": "count", "rate": "rate", "low": "low", "high": "high",
           "label": "Accounts"}  # fmt: skip


def written(axes):
    return [text.get_text() for text in axes.texts]


def test_bars_and_rates_lie_where_the_frame_says(plate, drawn):
    chart = plot_funnel(STEPS, **COLUMNS, **plate)
    bars, rates = drawn[-1].axes
    boxes = bars.patches[0].get_path().vertices.reshape(-1, 5, 2)
    assert boxes[:, :2, 0].tolist() == [[0, 340], [0, 85], [0, 2]]
    np.testing.assert_array_equal(rates.lines[0].get_xdata(), [np.nan, 0.25, 0.02])
    whiskers = [line.tolist() for lines in rates.collections for line in lines.get_segments()]
    assert [[0.2, 1], [0.31, 1]] in whiskers
    assert {"340", "85", "2"} <= set(written(bars))
    assert "25% (20% to 31%)" in written(rates)
    assert rates.get_xlim() == (0, 1)
    assert chart.alt == ("Funnel of Accounts: 340 invited, 2 won. Lowest rate: won 2% (0% to 10%).")


def test_a_rate_on_too_few_units_is_not_drawn_but_its_count_is(plate, drawn):
    chart = plot_funnel(STEPS, n="n", **COLUMNS, **plate)
    bars, rates = drawn[-1].axes
    assert "2" in written(bars)
    np.testing.assert_array_equal(rates.lines[0].get_xdata(), [np.nan, 0.25, np.nan])
    assert written(rates).count("not enough data") == 1
    assert "n = 4" in written(rates)
    assert chart.alt.endswith("Lowest rate: attended 25% (20% to 31%).")


def test_targets_stand_at_their_count(plate, drawn):
    plot_funnel(STEPS, target="goal", target_label="goal", **COLUMNS, **plate)
    upright = drawn[-1].axes[0].collections[0].get_segments()
    assert [line[0][0] for line in upright] == [300, 100, 5]


def test_a_long_funnel_is_drawn_whole(plate, drawn):
    plot_funnel(pd.concat([STEPS] * 9), **COLUMNS, **plate)
    assert len(drawn[-1].axes[1].lines[0].get_xdata()) == 27
