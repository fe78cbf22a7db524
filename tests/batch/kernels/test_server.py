"""When the process that asked for kernels dies, whatever way, nothing of them is left."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from opsplaybook.batch.kernels import launcher

OWNER = """
import json, sys
from jupyter_client.manager import start_new_kernel
from opsplaybook.batch.kernels import launcher
if sys.argv[1]:
    launcher._server_command = lambda listener, folder: [
        sys.executable, "-P", "-c", sys.argv[1], str(listener), str(launcher.os.getpid()),
        str(folder)]
manager, client = start_new_kernel(kernel_name="opsplaybook")
code = "import subprocess; p = subprocess.Popen(['sleep', '60'])"
client.execute_interactive(code + "; print(p.pid, flush=True)", output_hook=lambda m: print(
    json.dumps({"kernel": manager.provisioner.pid, "asleep": int(m["content"]["text"]),
                "files": [manager.connection_file, launcher.launcher.server().address],
                "server": getattr(launcher.launcher.server().process, "pid", 0)}),
    flush=True) if m["msg_type"] == "stream" else None)
sys.stdin.read()
"""

DIES_BEFORE_IT_ASKS = """
import os
from jupyter_client.manager import KernelManager
from opsplaybook.batch.kernels import ForkedProvisioner
ForkedProvisioner.launch_kernel = lambda *_, **__: os._exit(9)
KernelManager(kernel_name="opsplaybook").start_kernel()
"""


@pytest.fixture
def owner():
    started = []

    def start(server_code: str, **options) -> tuple[subprocess.Popen, dict]:
        process = subprocess.Popen(
            [sys.executable, "-c", OWNER, server_code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **options,
        )
        started.append(process)
        return process, json.loads(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, None])
def test_kernel_server_and_files_go_with_the_process_that_owned_them(
    owner, light_server_code, running, wait_until, monkeypatch, new_folders, signum
):
    monkeypatch.delenv(launcher.ADDRESS_VARIABLE, raising=False)
    process, seen = owner(light_server_code)
    assert all(Path(file).exists() for file in seen["files"])
    if signum is None:
        process.stdin.close()
    else:
        process.send_signal(signum)
    for name in ("kernel", "asleep", "server"):
        assert wait_until(lambda name=name: not running(seen[name])), name
    assert wait_until(lambda: new_folders() == set())


def test_the_kernel_of_a_killed_worker_ends_and_the_shared_server_stays(
    light, owner, running, wait_until, new_folders
):
    server = light.server()
    process, seen = owner("")
    assert seen["files"][1] == server.address
    process.kill()
    assert wait_until(lambda: not running(seen["kernel"]))
    assert wait_until(lambda: not running(seen["asleep"]))
    assert wait_until(lambda: not Path(seen["files"][0]).parent.exists())
    assert server.process.poll() is None


@pytest.mark.parametrize("serves", [False, True])
def test_the_folder_of_a_worker_that_died_before_it_asked_goes_with_the_server(
    fresh_light, kernel, new_folders, serves
):
    fresh_light.server()
    if serves:
        kernel()[0].shutdown_kernel(now=True)
    ran = subprocess.run([sys.executable, "-c", DIES_BEFORE_IT_ASKS], check=False)
    assert ran.returncode == 9
    assert len(new_folders()) == 2
    fresh_light.stop()
    assert new_folders() == set()


def test_an_interrupt_of_the_terminals_process_group_spares_the_server(
    owner, light_server_code, running, wait_until, monkeypatch
):
    monkeypatch.delenv(launcher.ADDRESS_VARIABLE, raising=False)
    process, seen = owner(light_server_code, start_new_session=True)
    os.kill(seen["server"], signal.SIGINT)
    assert os.getpgid(seen["server"]) != os.getpgid(process.pid)
    assert os.getsid(seen["kernel"]) == seen["kernel"]
    assert running(seen["kernel"])


def test_the_server_has_one_thread_and_no_open_port(light, kernel):
    kernel()
    server = psutil.Process(light.server().process.pid)
    assert server.num_threads() == 1
    assert server.net_connections("inet") == []
