"""Committed notebooks are letters with evidence: anatomy, tags, thin cells, clean outputs."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from opsplaybook import playbooks

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TAGS = {
    "parameters", "setup", "remove-input", "remove-cell", "nbval-ignore-output",
    "nbval-skip", "skip-execution", "internal",
}  # fmt: skip
LABELS = ("Answers", "Unit of analysis", "Needs", "Method", "Does not answer")
FORBIDDEN = (
    ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With, ast.Lambda,
    ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp,
)  # fmt: skip
OURS = "application/vnd.opsplaybook."

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list:
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


def test_there_is_one_notebook_per_playbook():
    assert [path.stem for path in NOTEBOOKS] == sorted(playbooks.MODULES)


@each_notebook
def test_first_cell_says_what_it_answers(path):
    first = nbformat.read(path, as_version=4).cells[0].source

    assert re.match(r"# [^\n]+\n", first)
    assert [label for label in LABELS if f"**{label}:**" not in first] == []


@each_notebook
def test_headings_have_one_top_and_skip_no_level(path):
    texts = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown"]
    levels = [len(m.group(1)) for t in texts for m in re.finditer(r"^(#+) ", t, re.MULTILINE)]

    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@each_notebook
def test_cells_hold_no_logic(path):
    for cell in code_cells(path):
        tree = ast.parse(cell.source)
        found = [type(n).__name__ for n in ast.walk(tree) if isinstance(n, FORBIDDEN)]

        assert found == []
        assert "print(" not in cell.source
        assert not cell.source.rstrip().endswith(";")


@each_notebook
def test_cells_show_one_object_each(path):
    for cell in code_cells(path):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        wide = {"parameters", "setup"} & set(cell.metadata.get("tags", []))
        limit = 40 if wide else 6

        assert len(lines) <= limit
        assert len(cell.outputs) <= 1


@each_notebook
def test_tags_are_known_and_parameters_are_tagged_once(path):
    tags = [t for c in nbformat.read(path, as_version=4).cells for t in c.metadata.get("tags", [])]

    assert set(tags) <= TAGS
    assert tags.count("parameters") == 1


@each_notebook
def test_parameters_cell_has_the_names_and_defaults_of_the_model(path):
    model = playbooks.get(path.stem).Params
    cell = next(c for c in code_cells(path) if "parameters" in c.metadata.get("tags", []))
    values: dict = {}
    exec(cell.source, values)  # noqa: S102 - our own committed cell

    written = {name: values[name] for name in values if not name.startswith("__")}
    fields = {
        name: list(d) if isinstance(d, tuple) else d
        for name, d in (
            (n, f.get_default(call_default_factory=True)) for n, f in model.model_fields.items()
        )
    }

    assert written == fields
    comments = [line for line in cell.source.splitlines() if "=" in line and "#" not in line]
    assert comments == []


@each_notebook
def test_text_cells_hold_no_number_that_depends_on_data(path):
    texts = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown"]
    numbers = [n for text in texts[1:] for n in re.findall(r"\d+(?:\.\d+)?%|[€$£]\s?\d", text)]

    assert numbers == []


@each_notebook
def test_outputs_are_complete_ours_and_clean(path):
    notebook = nbformat.read(path, as_version=4)
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    outputs = [o for c in cells for o in c.outputs]

    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    assert {o.output_type for o in outputs} <= {"execute_result", "display_data"}
    ours = [o for o in outputs if any(key.startswith(OURS) for key in o.data)]
    assert len(ours) == len(outputs)
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"/(?:home|root|tmp|work|Users)/\w+|0x[0-9a-f]{6,}", text) == []


@each_notebook
def test_file_is_small_enough_for_git(path):
    assert path.stat().st_size <= 600 * 1024
