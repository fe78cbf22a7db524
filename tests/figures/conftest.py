"""What every test of a chart needs."""

import pandas as pd
import pytest

from opsplaybook.display import Table
from opsplaybook.figures import rendering
from opsplaybook.tables import Column, table


@pytest.fixture
def drawn(monkeypatch):
    """Keep the figures that are rendered, so that a test can look at their artists."""
    figures = []
    whole = rendering.picture

    def keep(figure):
        figures.append(figure)
        return whole(figure)

    monkeypatch.setattr(rendering, "picture", keep)
    return figures


@pytest.fixture
def data() -> Table:
    frame = pd.DataFrame({"step": ["one"]})
    return table(frame, [Column("step", "Step")], key="data", caption="What is drawn")


@pytest.fixture
def plate(data) -> dict:
    """Return what every chart is given besides its frame."""
    return {"key": "chart", "title": "Title", "subtitle": "2026, n = 12", "data": data}
