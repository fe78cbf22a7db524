"""Many runs of a playbook, safely and fast: one folder per run, one index per batch.

::

    plan.py, selection.py     a YAML and a selection -> checked runs
    runner.py, single.py      a batch, or one run
    inputs.py, others.py      one look at the source for all runs; whom customers may not see
    dispatch.py, pool.py      jobs over a ``concurrent.futures.Executor``, whatever dies
    leash.py, turns.py        workers end with the runner, and share the cores
    run.py, engine.py         one job in a worker: notebook, report, tables, manifest
    cells.py                  all cells sent at once
    store.py, folders.py      run folders, whole or not at all
    kernels/                  kernels that are ready at once
    history.py, index.py      what ran

Names are imported when they are used: a kernel that is started from here needs none of them.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "KERNEL_NAME": "kernels",
    "BatchPlan": "plan",
    "BatchSummary": "runner",
    "RunRecord": "records",
    "ensure_kernelspec": "kernels",
    "history_text": "history",
    "new_playbook": "scaffold",
    "plan_text": "plan",
    "read_plan": "plan",
    "refresh_notebook": "refresh",
    "render_again": "again",
    "run_batch": "runner",
    "run_demo": "demo",
    "run_playbook": "single",
    "runs": "history",
    "start_server": "kernels",
    "summary_line": "single",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
