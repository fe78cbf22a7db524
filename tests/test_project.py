"""The project keeps its own promises: same requirements everywhere, sizes, layers, four files."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from opsplaybook import playbooks
from opsplaybook.cli import cli

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "opsplaybook").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

# DESIGN: modules stay around 250 lines, 400 at most; functions are short.
MODULE_LINES = 400
FUNCTION_LINES = 60


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_environment_yml_asks_for_the_same_as_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, _, pip = environment["dependencies"]

    assert python == f"python{project()['requires-python']}"
    assert pip["pip"] == project()["dependencies"]


def test_lock_pins_every_requirement_with_hashes_and_names_no_index():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = {m.group(1) for m in re.finditer(r"^([a-z0-9.-]+)==", lock, re.MULTILINE)}
    wanted = project()["dependencies"] + project()["optional-dependencies"]["test"]
    names = {re.match(r"[A-Za-z0-9.-]+", item).group(0).lower() for item in wanted}

    assert names <= pinned
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock


def test_modules_are_short_enough_to_read():
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in [*MODULES, *TESTS]}
    long = {str(p.relative_to(ROOT)): n for p, n in lines.items() if n > MODULE_LINES}

    assert len(lines) > 100
    assert long == {}


def test_functions_are_short_enough_to_read():
    functions = {
        f"{path.relative_to(ROOT)}::{node.name}": body_lines(node)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    long = {name: lines for name, lines in functions.items() if lines > FUNCTION_LINES}

    assert len(functions) > 500
    assert long == {}


def body_lines(node: ast.FunctionDef) -> int:
    """Count the lines of a body without its docstring."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return node.body[-1].end_lineno - first.lineno + 1


def test_imports_point_down_only():
    # As a command: within this process import-linter silences every logger that exists by then.
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert re.search(r"Contracts: [5-9] kept, 0 broken", done.stdout)


@pytest.mark.parametrize("name", playbooks.MODULES)
def test_playbook_is_four_files_with_one_stem(name):
    module = ROOT.joinpath(*playbooks.MODULES[name].split("."))

    assert module.with_suffix(".py").is_file() or (module / "__init__.py").is_file()
    assert (ROOT / "notebooks" / f"{name}.ipynb").is_file()
    assert (ROOT / "params" / f"{name}.yaml").is_file()
    assert list((ROOT / "tests" / "playbooks").glob(f"test_{name}*.py"))


def test_every_command_in_the_readme_exists():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = set(re.findall(r"opsplaybook ([a-z]+)", readme)) & set(
        re.findall(r"^ *(?:\$ )?opsplaybook ([a-z]+)", readme, re.MULTILINE)
    )
    targets = set(re.findall(r"^ *(?:\$ )?make ([a-z]+)", readme, re.MULTILINE))

    assert commands
    assert commands <= set(cli.commands)
    assert {t for t in targets if f"\n{t}:" not in makefile} == set()


def test_every_command_explains_itself():
    for name in cli.commands:
        result = CliRunner().invoke(cli, [name, "--help"])

        assert result.exit_code == 0
        assert len(result.output.splitlines()) > 4


def test_continuous_integration_runs_the_command_of_the_readme():
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
