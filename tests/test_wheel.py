"""The wheel carries notebooks and params: the demo works in an empty folder without a checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run([*build, str(ROOT)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_wheel_carries_notebooks_params_and_templates(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    files = [p for folder in ("notebooks", "params") for p in (ROOT / folder).rglob("*.*")]
    shipped = {path.relative_to(ROOT).as_posix() for path in files if path.is_file()}

    assert {name for name in shipped if f"opsplaybook/_shipped/{name}" not in names} == set()
    assert [n for n in names if n.startswith(("tests/", "outputs/"))] == []
    assert any(name.endswith(".j2") for name in names)


def test_installed_wheel_runs_the_demo_in_an_empty_folder(wheel, tmp_path):
    site, empty = tmp_path / "site", tmp_path / "empty folder é"
    empty.mkdir()
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(site),
    ]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    environment = os.environ | {"PYTHONPATH": str(site)}

    def python(*arguments):
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=empty, env=environment, capture_output=True, text=True, check=False
        )

    found = python("-c", "import opsplaybook; print(opsplaybook.__file__)")
    demo = python("-m", "opsplaybook", "demo")

    assert Path(found.stdout.strip()).is_relative_to(site)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    reports = list(empty.glob("outputs/demo/*/*/report.html"))
    assert len(reports) >= 1
    assert "outputs/demo/index.html" in demo.stdout
