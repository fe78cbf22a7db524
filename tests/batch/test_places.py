"""Batches in places that are not as developers have them, each in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import opsplaybook
from opsplaybook.batch.kernels.launcher import ADDRESS_VARIABLE

TESTS = Path(__file__).parents[1]
PACKAGE = Path(opsplaybook.__file__).parent
SECONDS = 180
PERSONAL = ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR",
            "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")  # fmt: skip


def environment(**variables: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items()
            if name not in {*PERSONAL, ADDRESS_VARIABLE}}  # fmt: skip
    return kept | variables


def drive(project: Path, output: Path, **variables: str) -> list[dict]:
    """Run a batch of two with the package and the tests of a folder; return the manifests."""
    rows = [{"account_id": name} for name in ("A-1", "Müller & Söhne")]
    settings = {"rows": rows, "output": str(output), "resume": False}
    done = subprocess.run(
        [sys.executable, str(project / "tests" / "batch" / "drive.py"), json.dumps(settings)],
        cwd=project,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    manifests = sorted(output.glob("batch/*/manifest.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in manifests]


@pytest.fixture
def moved(tmp_path) -> Path:
    """Copy the project to a path with spaces and letters of several scripts."""
    place = tmp_path / "Bérichte für 株式会社 (2026)"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, place / "opsplaybook", ignore=ignored)
    for folder in ("batch", "notebooks"):
        shutil.copytree(TESTS / folder, place / "tests" / folder, ignore=ignored)
    return place


def test_a_project_under_a_path_with_spaces_and_letters_of_any_script(moved):
    where = "import opsplaybook; print(opsplaybook.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where],
        cwd=moved,
        env=environment(PYTHONPATH=str(moved), PYTHONIOENCODING="utf-8"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert found.stdout.strip() == str(moved / "opsplaybook" / "__init__.py")
    made = drive(moved, moved / "Läufe und Mehr", PYTHONPATH=str(moved))
    assert [manifest["status"] for manifest in made] == ["succeeded"] * 2
    assert {manifest["kernel"] for manifest in made} == {"forked"}
    assert len(list(moved.glob("Läufe und Mehr/batch/*/report.html"))) == 2


def test_a_home_that_cannot_be_written(tmp_path):
    home = Path("/proc/nowhere")  # where even root can make nothing
    made = drive(TESTS.parent, tmp_path, HOME=str(home), PYTHONPATH=str(TESTS.parent))
    assert [manifest["status"] for manifest in made] == ["succeeded"] * 2
    assert {manifest["kernel"] for manifest in made} == {"forked"}
    assert not home.exists()
