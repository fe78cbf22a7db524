"""Messages say what, where, how many and what to do, and stay short however much is wrong."""

import ast
from pathlib import Path

import pytest

from opsplaybook import errors
from opsplaybook.errors import OpsPlaybookError, RunError, quote


def test_message_has_its_four_parts_in_order():
    error = OpsPlaybookError(
        "3 of 9 values are no dates",
        where="a.csv: on",
        examples=["row 2"],
        remedy="set date_format",
    )

    assert str(error).splitlines() == [
        "a.csv: on: 3 of 9 values are no dates",
        "  row 2",
        "To fix: set date_format",
    ]


def test_message_stays_short_and_the_attributes_keep_all():
    error = OpsPlaybookError("wrong", examples=[str(n) for n in range(10_000)])

    assert len(str(error).splitlines()) == 7
    assert "and 9,995 more" in str(error)
    assert len(error.examples) == 10_000


@pytest.mark.parametrize("value", ["x" * 10_000, "two\nlines", "\t tab", "a\x1b[2Jb"])
def test_quoted_values_are_one_short_line(value):
    assert len(quote(value)) <= errors.VALUE_CHARACTERS + 2
    assert quote(value).isprintable()


def test_run_error_keeps_cell_and_cause():
    error = RunError("a cell failed", cell=3, error_name="KeyError", error_value="'x'")

    assert (error.cell, error.error_name, error.error_value) == (3, "KeyError", "'x'")
    assert error.exit_code == 1


def test_tree_in_the_docstring_is_the_tree_of_the_classes():
    classes = {name: item for name, item in vars(errors).items() if isinstance(item, type)}
    ours = {name for name, item in classes.items() if issubclass(item, OpsPlaybookError)}

    assert {name for name in ours if name not in errors.__doc__} == set()


def test_no_module_swallows_what_it_did_not_expect():
    modules = Path(errors.__file__).parent.rglob("*.py")
    broad = [
        f"{path.name}:{node.lineno}"
        for path in modules
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and _is_silent(node)
    ]

    assert broad == []


def _is_silent(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler catches everything and goes on as if nothing was."""
    name = handler.type.id if isinstance(handler.type, ast.Name) else ""
    catches_all = handler.type is None or name in ("Exception", "BaseException")
    return catches_all and not any(isinstance(n, ast.Raise) for n in ast.walk(handler))
