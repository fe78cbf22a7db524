import numpy as np
import pandas as pd
import pytest

from opsplaybook.errors import OpsPlaybookError
from opsplaybook.figures import plot_share_bars, theme

MIX = pd.DataFrame({
    "list": ["reached"] * 3 + ["target"] * 3, "tier": ["A", "B", "C"] * 2,
    "share": [0.2, 0.3, 0.5, 0.5, np.nan, 0.5], "n": [40] * 3 + [3] * 3,
})  # fmt: skip
COLUMNS = {"category": "list", "part": "tier", "share": "share", "label": "Share (%)"}


def test_parts_are_stacked_in_order(plate, drawn):
    chart = plot_share_bars(MIX, **COLUMNS, **plate)
    boxes = [patch.get_path().vertices.reshape(-1, 5, 2) for patch in drawn[-1].axes[0].patches]
    ends = [box[:, :2, 0].round(9).tolist() for box in boxes]
    assert ends == [[[0, 0.2], [0, 0.5]], [[0.2, 0.5]], [[0.5, 1.0], [0.5, 1.0]]]
    assert chart.alt == (
        "Stacked bars of Share (%). reached: A 20%, B 30%, C 50%. target: A 50%, B 0%, C 50%."
    )


def test_parts_differ_by_more_than_colour(plate, drawn):
    plot_share_bars(MIX, **COLUMNS, **plate)
    patches = drawn[-1].axes[0].patches
    assert [patch.get_hatch() or "" for patch in patches] == list(theme.HATCHES[:3])
    assert {"20%", "30%", "50%"} <= {text.get_text() for text in drawn[-1].axes[0].texts}


def test_a_bar_of_too_few_units_is_not_drawn(plate, drawn):
    chart = plot_share_bars(MIX, n="n", **COLUMNS, **plate)
    boxes = [patch.get_path().vertices.reshape(-1, 5, 2) for patch in drawn[-1].axes[0].patches]
    assert [len(box) for box in boxes] == [1, 1, 1]
    assert chart.alt.endswith("target: not enough data.")


def test_more_than_five_parts_are_refused(plate):
    frame = pd.DataFrame({"list": "x", "tier": list("ABCDEF"), "share": 1 / 6})
    with pytest.raises(OpsPlaybookError, match="6 classes; no more than 5"):
        plot_share_bars(frame, **COLUMNS, **plate)


def test_a_part_that_comes_twice_is_refused(plate):
    with pytest.raises(OpsPlaybookError, match="1 rows for a place"):
        plot_share_bars(MIX.assign(tier=["A", "A", "C"] * 2).iloc[:3], **COLUMNS, **plate)
