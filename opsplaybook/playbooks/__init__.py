"""The playbooks: one module each, listed here by name.

A playbook is four files with one stem (module, notebook, params, test) and one line in `MODULES`.
"""

import difflib
from importlib import import_module
from pathlib import Path
from typing import cast

from opsplaybook.errors import UsageError
from opsplaybook.params import shipped_folder
from opsplaybook.playbooks.base import Playbook

MODULES: dict[str, str] = {
    "ab_review": "opsplaybook.playbooks.ab_review",
    "account_review": "opsplaybook.playbooks.account_review",
    "customer_portrait": "opsplaybook.playbooks.customer_portrait",
    "event_retrospective": "opsplaybook.playbooks.event_retrospective",
    "funnel_review": "opsplaybook.playbooks.funnel_review",
    "renewal_analysis": "opsplaybook.playbooks.renewal_analysis",
}


def get(name: str) -> Playbook:
    """Return the module of a playbook.

    Raises
    ------
    UsageError
        If there is no playbook of that name; with near matches.
    """
    if name not in MODULES:
        near = difflib.get_close_matches(name, MODULES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(MODULES)}"
        raise UsageError("there is no such playbook", where=name, remedy=hint)
    return cast("Playbook", import_module(MODULES[name]))


def notebook_path(name: str) -> Path:
    """Return the notebook of a playbook."""
    return shipped_folder("notebooks") / f"{name}.ipynb"


def params_path(name: str) -> Path:
    """Return the shipped parameters of a playbook, which run on the sample company."""
    return shipped_folder("params") / f"{name}.yaml"
