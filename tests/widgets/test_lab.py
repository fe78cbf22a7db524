import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from jupyterlab_server.settings_utils import get_settings

from opsplaybook.widgets.lab import SETTINGS, lab_command, lab_environment

NOTIFICATION = "@jupyterlab/apputils-extension:notification"


def test_more_arguments_come_last_so_that_they_win(tmp_path):
    command = lab_command(tmp_path, kernel_name="opsplaybook", more=["--ServerApp.port=1"])
    assert command[1:3] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={tmp_path}" in command
    assert command[-1] == "--ServerApp.port=1"


def test_settings_that_were_there_stay(tmp_path):
    before = {"JUPYTER_CONFIG_PATH": "/etc/mine", "A": "b"}
    found = lab_environment(tmp_path, before, cache=tmp_path)
    assert found["JUPYTER_CONFIG_PATH"] == os.pathsep.join([str(SETTINGS), "/etc/mine"])
    assert found["A"] == "b"
    alone = lab_environment(tmp_path, {}, cache=tmp_path)
    assert alone["JUPYTER_CONFIG_PATH"] == str(SETTINGS)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a word")
def test_whoever_ends_it_ends_jupyterlab_too(tmp_path):
    program = (
        "import sys; from pathlib import Path; from opsplaybook.widgets import lab; "
        "lab.lab_command = lambda *_, **__: [sys.executable, '-c', 'import time; time.sleep(99)']; "
        "lab.run_lab(Path(), kernel_name='opsplaybook')"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=Path.cwd())
    below = psutil.Process(process.pid)
    deadline = time.monotonic() + 60
    while not (started := below.children()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)
    process.terminate()
    process.wait(30)
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []


LOOK = """
import os, pathlib, time
cache = pathlib.Path(os.environ["OPSPLAYBOOK_TABLE_CACHE"])
print(cache, oct(cache.stat().st_mode & 0o777), flush=True)
{then}
"""
RUN = """
import sys; from pathlib import Path; from opsplaybook.widgets import lab
lab.lab_command = lambda *_, **__: [sys.executable, "-c", sys.argv[1]]
lab.run_lab(Path("{folder}"), kernel_name="opsplaybook")
"""


def lab_of(tmp_path, *, then: str) -> subprocess.Popen:
    command = [sys.executable, "-c", RUN.format(folder=tmp_path), LOOK.format(then=then)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_tables_are_kept_where_nobody_else_looks_and_not_for_longer(tmp_path):
    said, _ = lab_of(tmp_path, then="(cache / 'kept').touch()").communicate(timeout=60)
    place, rights = said.split()
    assert rights == "0o700"
    assert not Path(place).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a word")
@pytest.mark.parametrize("ending", ["SIGTERM", "SIGHUP"])
def test_no_table_is_left_behind_when_it_is_ended(tmp_path, ending):
    with lab_of(tmp_path, then="time.sleep(99)") as process:
        place = Path(process.stdout.readline().split()[0])
        assert place.is_dir()
        time.sleep(0.5)
        process.send_signal(getattr(signal, ending))
    assert not place.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no list of ended processes")
def test_what_validates_tables_meanwhile_is_gone_when_it_has_ended(tmp_path):
    with lab_of(tmp_path, then="time.sleep(99)") as process:
        process.stdout.readline()
        deadline = time.monotonic() + 40
        try:
            while len(psutil.Process(process.pid).children()) > 1:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            process.terminate()


def test_news_are_off_by_default(tmp_path, monkeypatch):
    folder = tmp_path / "schemas" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    asks = {"fetchNews": {"type": "string", "default": "none"}}
    (folder / "notification.json").write_text(json.dumps({"type": "object", "properties": asks}))
    for name, value in lab_environment(tmp_path, {}, cache=tmp_path).items():
        monkeypatch.setenv(name, value)
    places = [str(tmp_path / name) for name in ("settings", "schemas", "mine")]
    found, _ = get_settings(*places, NOTIFICATION)
    assert found["schema"]["properties"]["fetchNews"]["default"] == "false"
