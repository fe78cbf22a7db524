from pathlib import Path

import pytest

from opsplaybook.batch.plan import read_plan
from opsplaybook.params import shipped_folder

PLANS = sorted((shipped_folder("params") / "batches").glob("*.yaml"))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_shipped_plan_selects_runs_that_can_start(path: Path, request):
    if "OPSPLAYBOOK_DATA" in path.read_text(encoding="utf-8"):
        request.getfixturevalue("public_data")
    plan = read_plan(path)
    assert plan.name == path.stem
    assert len(plan.runs) > 3
    assert len({run.name for run in plan.runs}) == len(plan.runs)
