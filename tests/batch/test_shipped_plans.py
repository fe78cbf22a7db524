import os
from pathlib import Path

import pytest

from opsplaybook.batch.plan import read_plan
from opsplaybook.params import shipped_folder

PLANS = sorted((shipped_folder("params") / "batches").glob("*.yaml"))
PUBLIC_DATA = Path(__file__).parents[3] / "shared" / "data"
NEEDS_PUBLIC_DATA = {"online_retail"}


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_shipped_plan_selects_runs_that_can_start(path: Path, monkeypatch):
    if path.stem in NEEDS_PUBLIC_DATA:
        data = Path(os.environ.get("OPSPLAYBOOK_DATA", PUBLIC_DATA))
        if not data.is_dir():
            pytest.skip("OPSPLAYBOOK_DATA names no folder of public data")
        monkeypatch.setenv("OPSPLAYBOOK_DATA", str(data))
    plan = read_plan(path)
    assert plan.name == path.stem
    assert len(plan.runs) > 3
    assert len({run.name for run in plan.runs}) == len(plan.runs)
