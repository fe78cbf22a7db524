"""The four files of a new playbook, from a template that runs as it is."""

import re
from importlib.resources import files
from pathlib import Path
from string import Template

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from opsplaybook import playbooks
from opsplaybook.errors import UsageError, quote

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

_HEAD = """# $title: the question it answers

**Answers:** what share of the accounts of a region are customers.

**Unit of analysis:** the account.

**Needs:** `accounts`.

**Method:** a rate with its Wilson interval.

**Does not answer:** why."""

_PARAMETERS = """source = "sample"  # source YAML or its name; `sample` is the fictional company
as_of = None  # last known day, as 2026-06-30; None: the last day of the data
audience = "internal"  # internal, or customer
earlier_runs = None  # folder of earlier runs whose actions and patterns open this one
level = 0.95  # level of the intervals
region = "Central"  # sales region"""

_SETUP = """from opsplaybook import widgets
from opsplaybook.playbooks import $name as playbook

params = playbook.Params(
    source=source, as_of=as_of, audience=audience, earlier_runs=earlier_runs, level=level,
    region=region,
)
panel = widgets.panel(playbook, params)
panel"""


def new_playbook(name: str, root: Path) -> tuple[Path, ...]:
    """Write module, notebook, params and test of a new playbook.

    Parameters
    ----------
    name : str
        Stem: lower-case words joined by underscores.
    root : Path
        Folder of a checkout.

    Returns
    -------
    tuple of Path
        What was written. The line in the registry is for a person to write.

    Raises
    ------
    UsageError
        If the name is no stem or taken, a file stands there already, or `root` is no checkout.
    """
    if not _NAME.fullmatch(name) or name in playbooks.MODULES:
        raise UsageError(
            f"{quote(name)} cannot name a new playbook",
            remedy="use lower-case words joined by underscores, and no name that is taken",
        )
    if not (root / "opsplaybook" / "playbooks").is_dir():
        raise UsageError(
            "this is no checkout of opsplaybook", where=str(root), remedy="change into one"
        )
    contents = _contents(name)
    paths = {root / path: content for path, content in contents.items()}
    taken = [str(path) for path in paths if path.exists()]
    if taken:
        raise UsageError(
            f"{len(taken)} of {len(paths)} files exist already",
            examples=taken,
            remedy="choose another name; nothing was written",
        )
    for path, content in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")
    return tuple(paths)


def _contents(name: str) -> dict[str, str]:
    words = {"name": name, "title": name.replace("_", " ").capitalize()}
    folder = files("opsplaybook.batch") / "template"

    def filled(stem: str) -> str:
        text = (folder / f"{stem}.txt").read_text(encoding="utf-8")
        return Template(text).safe_substitute(words)

    return {
        f"opsplaybook/playbooks/{name}.py": filled("module"),
        f"notebooks/{name}.ipynb": _notebook(words),
        f"params/{name}.yaml": filled("params"),
        f"tests/playbooks/test_{name}.py": filled("test"),
    }


def _notebook(words: dict[str, str]) -> str:
    cells = [
        new_markdown_cell(Template(_HEAD).substitute(words)),
        new_code_cell(_PARAMETERS, metadata={"tags": ["parameters"]}),
        new_code_cell(Template(_SETUP).substitute(words), metadata={"tags": ["setup"]}),
        new_markdown_cell("## Data\n\nWhat one row is, and what was left out."),
        new_code_cell("params = panel.params\ntables = playbook.load(params)\ntables"),
        new_markdown_cell("## Measure the share\n\nWhy we look, and how to read it."),
        new_code_cell(
            "share = playbook.measure_share(tables, params)\nplaybook.table_accounts(share)"
        ),
        new_markdown_cell("## Findings"),
        new_code_cell("playbook.findings(tables, params, share)"),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number:02d}"
    return nbformat.writes(new_notebook(cells=cells)) + "\n"
