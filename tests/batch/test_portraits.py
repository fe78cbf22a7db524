"""The shipped plan of portraits, run for real on a small company."""

import pytest

from opsplaybook.batch.plan import make_plan
from opsplaybook.batch.planfile import read_plan_file
from opsplaybook.batch.runner import run_batch
from opsplaybook.batch.selection import select
from opsplaybook.params import shipped_folder

PLAN = shipped_folder("params") / "batches" / "portraits.yaml"


@pytest.fixture(scope="module")
def findings(tmp_path_factory) -> dict[str, dict]:
    """Run the portraits of two owners, and return the findings by owner."""
    file = read_plan_file(PLAN).model_copy(update={"source": "sample?accounts=60"})
    rows = select(file.each, source=file.source, folder=PLAN.parent)[:2]
    plan = make_plan(PLAN.stem, file, rows, where=str(PLAN))
    summary = run_batch(plan, tmp_path_factory.mktemp("portraits"), workers=2)
    assert [record.failure for record in summary.records] == [None, None]
    return {record.subject: record.findings for record in summary.records}


def figures(found: dict, field: str) -> dict[str, object]:
    return {figure["key"]: figure[field] for figure in found["key_figures"]}


def test_every_owner_gets_a_portrait_of_their_own_customers(findings):
    customers = [figures(found, "raw")["customers"] for found in findings.values()]
    assert len(customers) == 2
    assert all(1 <= count < 60 for count in customers)


def test_the_back_test_is_that_of_the_whole_company_in_every_portrait(findings):
    tested = {figures(found, "value")["separation"] for found in findings.values()}
    assert len(tested) == 1
