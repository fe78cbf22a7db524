"""What a kernel of the real server is like: everything imported, and all of it works."""

import json
import os
import textwrap

import pytest

from opsplaybook.batch.kernels import settings


@pytest.fixture(autouse=True)
def _full(full):
    return full


def test_the_libraries_are_there_without_an_import_and_jupyters_tax_is_not(kernel, run):
    _, client = kernel()
    loaded = json.loads(run(client, "import sys, json; print(json.dumps(list(sys.modules)))"))
    assert set(settings.LIBRARIES) <= set(loaded)
    assert "opsplaybook.display" in loaded
    # These take seconds to import and no playbook needs them.
    assert not {"nbformat", "nbconvert", "papermill", "rfc3987_syntax"} & set(loaded)


def test_charts_databases_models_and_arrow_threads_work_after_the_fork(kernel, run):
    _, client = kernel()
    code = """
        import io, duckdb, numpy as np, pandas as pd, pyarrow as pa, pyarrow.compute as pc
        from matplotlib.figure import Figure
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        import statsmodels.api as sm, ibis

        x = np.arange(400.0).reshape(200, 2); y = np.arange(200) >= 100
        print(LogisticRegression(max_iter=500).fit(x, y).score(x, y))
        print(RandomForestClassifier(20, n_jobs=2, random_state=0).fit(x, y).score(x, y))
        rows = "select i % 7 k, sum(i) s from range(1000000) t(i) group by k order by k"
        print(duckdb.sql(rows).df().s.sum())
        print(ibis.memtable({"a": [1, 2, 3]}).a.sum().execute())
        print(pc.sum(pa.chunked_array([range(1000)] * 50)).as_py())
        print(round(float(np.linalg.norm(np.ones((700, 700)) @ np.ones((700, 700)))), 3))
        print(sm.OLS([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).fit().params[0].round(6))
        figure = Figure(); figure.subplots().plot([1, 2]); figure.savefig(file := io.BytesIO())
        print(file.getvalue()[1:4])
    """
    assert run(client, textwrap.dedent(code)).split() == [
        "1.0",
        "1.0",
        "499999500000.0",
        "6",
        "24975000",
        "490000.0",
        "1.0",
        "b'PNG'",
    ]


def test_pyplot_figures_appear_as_in_an_ordinary_kernel(kernel):
    _, client = kernel()
    shown = []
    code = "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()"
    client.execute_interactive(code, output_hook=shown.append, timeout=20)
    assert [m["msg_type"] for m in shown if "image/png" in m["content"].get("data", {})] == [
        "display_data"
    ]


def test_the_plot_backend_of_the_request_counts(kernel, run):
    _, client = kernel(env={**os.environ, "MPLBACKEND": "agg"})
    assert run(client, "import matplotlib; print(matplotlib.get_backend())") == "agg"


@pytest.mark.parametrize(("asked", "threads"), [(None, {1}), ("2", {2})])
def test_linear_algebra_uses_one_thread_unless_the_request_names_more(
    kernel, run, monkeypatch, asked, threads
):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    if asked:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
    _, client = kernel()
    code = (
        "import threadpoolctl; print(*{p['num_threads'] for p in threadpoolctl.threadpool_info()})"
    )
    assert {int(count) for count in run(client, code).split()} == threads
