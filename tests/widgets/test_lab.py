import json
import os
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
    found = lab_environment(tmp_path, {"JUPYTER_CONFIG_PATH": "/etc/mine", "A": "b"})
    assert found["JUPYTER_CONFIG_PATH"] == os.pathsep.join([str(SETTINGS), "/etc/mine"])
    assert found["A"] == "b"
    assert lab_environment(tmp_path, {})["JUPYTER_CONFIG_PATH"] == str(SETTINGS)


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


def test_news_are_off_by_default(tmp_path, monkeypatch):
    folder = tmp_path / "schemas" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    asks = {"fetchNews": {"type": "string", "default": "none"}}
    (folder / "notification.json").write_text(json.dumps({"type": "object", "properties": asks}))
    for name, value in lab_environment(tmp_path, {}).items():
        monkeypatch.setenv(name, value)
    places = [str(tmp_path / name) for name in ("settings", "schemas", "mine")]
    found, _ = get_settings(*places, NOTIFICATION)
    assert found["schema"]["properties"]["fetchNews"]["default"] == "false"
