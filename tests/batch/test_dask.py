"""The same batch on a Dask cluster of two worker processes."""

from pathlib import Path

import pytest

from opsplaybook.batch import runner
from opsplaybook.batch.inputs import Inputs
from opsplaybook.batch.kernels import start_server
from opsplaybook.batch.pool import open_pool
from opsplaybook.errors import UsageError

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def cluster():
    # The cluster's workers inherit the address of this process's kernel server.
    start_server()
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as local:
        yield local


def tables_in(folder: Path) -> dict[str, bytes]:
    files = [*folder.glob("*/*.csv"), *folder.glob("*/tables/*.csv")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_cluster_gives_the_same_results(cluster, planned, tmp_path, console):
    rows = [{"account_id": f"A-{n}", "behaviour": "raise" if n == 3 else "well"} for n in range(6)]
    options = {"inputs": Inputs(), "console": console}
    there = runner.run_batch(
        planned(rows), tmp_path / "there", dask=cluster.scheduler_address, **options
    )
    here = runner.run_batch(planned(rows), tmp_path / "here", workers=2, **options)
    assert [(r.name, r.status) for r in there.records] == [(r.name, r.status) for r in here.records]
    assert [record.name for record in there.failed] == ["A-3"]
    assert there.exit_code == here.exit_code == 1
    assert tables_in(tmp_path / "there" / "batch") == tables_in(tmp_path / "here" / "batch")


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr("opsplaybook.batch.pool.ANSWER_SECONDS", 0.5)
    with (
        pytest.raises(UsageError, match="no Dask scheduler answers"),
        open_pool(workers=None, dask="tcp://127.0.0.1:1"),
    ):
        pass
