import pandas as pd
import pytest

from opsplaybook.errors import OpsPlaybookError
from opsplaybook.figures import plot_heatmap

CELLS = pd.DataFrame({
    "cohort": pd.to_datetime(["2026-01-01", "2026-01-01", "2026-02-01", "2026-02-01"]),
    "month": [1, 2, 1, 3], "kept": [0.9, 0.5, 0.7, None], "n": [50, 40, 3, 20],
})  # fmt: skip
COLUMNS = {"row": "cohort", "column": "month", "value": "kept", "label": "Kept (%)"}


def cells(figure):
    axes = figure.axes[0]
    inside = [text for text in axes.texts if text.get_transform() == axes.transData]
    return {text.get_position(): text.get_text() for text in inside}


def written(figure):
    return {text.get_text() for text in figure.axes[0].texts}


def test_numbers_stand_in_their_cells(plate, drawn):
    chart = plot_heatmap(CELLS, **COLUMNS, **plate)
    found = cells(drawn[-1])
    assert (found[0, 0], found[1, 0], found[0, 1]) == ("90%", "50%", "70%")
    assert (1, 1) not in found
    assert (2, 1) not in found
    assert {"2026-01", "2026-02", "1", "2", "3"} <= written(drawn[-1])
    assert chart.alt == (
        "Grid of Kept (%), 2 rows by 3 columns. Highest: 90% at 2026-01, 1. "
        "Lowest: 50% at 2026-01, 2."
    )


def test_shades_follow_the_values(plate, drawn):
    plot_heatmap(CELLS, **COLUMNS, **plate)
    lights = {}
    for patch in drawn[-1].axes[0].patches:
        for box in patch.get_path().vertices.reshape(-1, 5, 2):
            lights[tuple(box.mean(axis=0).round())] = sum(patch.get_facecolor()[:3])
    assert lights[0, 0] > lights[0, 1] > lights[1, 0]
    assert len(lights) == 3


def test_a_cell_of_too_few_units_says_so(plate, drawn):
    plot_heatmap(CELLS, n="n", **COLUMNS, **plate)
    assert cells(drawn[-1])[0, 1] == "n < 5"
    assert sum(len(p.get_path()) // 5 for p in drawn[-1].axes[0].patches) == 2


def test_a_cell_that_comes_twice_is_refused(plate):
    with pytest.raises(OpsPlaybookError, match="1 rows for a place"):
        plot_heatmap(pd.concat([CELLS, CELLS.iloc[:1]]), **COLUMNS, **plate)


def test_a_large_grid_is_cut_and_says_so(plate, drawn):
    frame = pd.DataFrame([(r, c, r + c) for r in range(30) for c in range(20)],
                         columns=["cohort", "month", "kept"])  # fmt: skip
    chart = plot_heatmap(frame, kind="count", **COLUMNS, **plate)
    assert "6 more rows, 6 more columns in the table" in written(drawn[-1])
    assert "30 rows by 20 columns" in chart.alt


def test_equal_values_have_one_shade(plate, drawn):
    plot_heatmap(CELLS.assign(kept=0.4), **COLUMNS, **plate)
    assert len(drawn[-1].axes[0].patches) == 1
