"""The server as a process that wants kernels sees it: started, shared, lost, replaced."""

import logging
import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from opsplaybook.batch.kernels import launcher, provisioner


def test_a_server_that_cannot_start_gives_ordinary_kernels_and_the_reason(
    fresh_light, kernel, run, monkeypatch, caplog, new_folders
):
    monkeypatch.setattr(
        launcher, "_server_command", lambda *_: [sys.executable, "-c", "raise OSError('no luck')"]
    )
    monkeypatch.setattr(provisioner, "_said", set())
    with caplog.at_level(logging.WARNING):
        manager, client = kernel()
        again, _ = kernel()
    reason = "the kernel server did not start: OSError: no luck"
    assert manager.provisioner.ordinary_because == reason
    assert again.provisioner.ordinary_because == reason
    assert [record.args for record in caplog.records if record.name == provisioner.__name__] == [
        (reason,)
    ]
    assert run(client, "print(6 * 7)") == "42"
    assert not any((folder / "server").exists() for folder in new_folders())
    assert launcher.ADDRESS_VARIABLE not in os.environ


def test_elsewhere_than_on_linux_kernels_are_ordinary(fresh_light, monkeypatch):
    monkeypatch.setattr(launcher.sys, "platform", "darwin")
    with pytest.raises(launcher.ForkUnavailableError, match="need Linux, and this is darwin"):
        fresh_light.server()


def test_a_killed_server_takes_its_kernels_along_and_is_replaced(
    fresh_light, kernel, run, running, wait_until
):
    manager, first = kernel()
    pid = manager.provisioner.pid
    server = fresh_light.server().process
    os.kill(server.pid, signal.SIGKILL)
    assert wait_until(lambda: not manager.is_alive())
    assert manager.provisioner.process.returncode == -signal.SIGKILL
    assert wait_until(lambda: not running(pid))
    another, client = kernel()
    assert another.provisioner.ordinary_because is None
    assert fresh_light.server().process.pid != server.pid
    assert run(client, "print(6 * 7)") == "42"
    manager.restart_kernel(now=True)
    first.wait_for_ready(timeout=20)
    assert run(first, "print(6 * 7)") == "42"


def test_stopping_the_server_ends_kernels_and_removes_everything(
    fresh_light, kernel, running, new_folders
):
    manager, _ = kernel()
    pid, server = manager.provisioner.pid, fresh_light.server().process
    fresh_light.stop()
    assert server.returncode == 0
    assert not running(pid)
    assert new_folders() == set()
    assert not manager.is_alive()


def test_processes_started_later_share_the_server(fresh_light):
    server = fresh_light.server()
    code = (
        "from opsplaybook.batch.kernels.launcher import launcher\n"
        "handle = launcher.server()\n"
        "print(handle.address, handle.process)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [server.address, "None"]
    assert server.process.poll() is None


def test_a_forked_copy_of_the_process_does_not_stop_the_server(fresh_light, run, kernel):
    _, client = kernel()
    copy = multiprocessing.get_context("fork").Process(target=fresh_light.stop)
    copy.start()
    copy.join(5)
    assert copy.exitcode == 0
    assert fresh_light.server().process.poll() is None
    assert run(client, "print(6 * 7)") == "42"


REHEARSING = """
import threading
from contextlib import contextmanager
from opsplaybook.batch.kernels import rehearsal

PAGES = 1000
block = bytearray(4096 * PAGES)

@contextmanager
def stage(name, folder):
    def run():
        if name == "broken" or name == "tired" and hasattr(sys, "rehearsed"):
            raise rehearsal.RehearsalError("KeyError: 'x'")
        if name == "restless":
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        sys.block = block
        if name:
            sys.rehearsed = name
        block[::4096] = bytes(PAGES)
    yield run

rehearsal.stage = stage
preload._THREADS_END_SECONDS = 0.1
server.main"""


@pytest.fixture
def rehearsing(fresh_light, light_server_code, monkeypatch):
    """A launcher whose server only notes what it is to rehearse."""
    code = light_server_code.replace("server.main", REHEARSING)
    monkeypatch.setattr(
        launcher,
        "_server_command",
        lambda listener, folder: [
            *(sys.executable, "-P", "-c", code),
            *(str(listener), str(os.getpid()), str(folder)),
        ],
    )
    return fresh_light


def test_a_kernel_finds_rehearsed_what_the_server_was_asked_for(rehearsing, kernel, run):
    server = rehearsing.server("account_review")
    _, client = kernel()
    assert rehearsing.server("another") is server
    assert run(client, "import sys; print(sys.rehearsed)") == "account_review"


@pytest.mark.parametrize("playbook", ["account_review", ""])
def test_a_kernel_has_copied_before_it_runs_what_the_rehearsal_wrote(
    rehearsing, kernel, run, playbook
):
    rehearsing.server(playbook)
    _, client = kernel()
    code = """
import resource, sys
stops = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = stops(); sys.block[::4096] = bytes(1000); print(stops() - before)
"""
    assert int(run(client, code)) < 100


@pytest.mark.parametrize(
    ("playbook", "reason"),
    [
        ("restless", "threads run after the imports: "),
        ("broken", "KeyError: 'x'"),
        ("tired", "the forked trial ended with code 1"),
    ],
)
def test_a_rehearsal_that_fails_is_left_out_and_kernels_are_forked(
    rehearsing, kernel, run, playbook, reason
):
    server = rehearsing.server(playbook)
    manager, client = kernel()
    assert manager.provisioner.ordinary_because is None
    assert run(client, "import sys; print(hasattr(sys, 'rehearsed'))") == "False"
    log = (server.folder / "log").read_text()
    assert f"started anew without a rehearsal of {playbook}: {reason}" in log


def test_the_server_of_another_environment_is_not_used(fresh_light, monkeypatch):
    other = fresh_light.server().address.replace("opb-", "opb-000000-")
    monkeypatch.setenv(launcher.ADDRESS_VARIABLE, other)
    assert launcher._inherited_server() is None


def test_a_system_without_room_for_a_process_is_an_error_and_the_server_goes_on(
    fresh_light, kernel, light_server_code, monkeypatch
):
    no_room = (
        "import os\n"
        "left = [os.fork]\n"
        "def fork():\n"
        "    if left: return left.pop()()\n"
        "    raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
        "os.fork = fork\n"
    )
    monkeypatch.setattr(
        launcher,
        "_server_command",
        lambda listener, folder: [
            *(sys.executable, "-P", "-c", no_room + light_server_code),
            *(str(listener), str(os.getpid()), str(folder)),
        ],
    )
    for _ in range(2):
        with pytest.raises(RuntimeError, match="Resource temporarily unavailable"):
            kernel()
    assert fresh_light.server().process.poll() is None


def test_the_address_of_a_dead_server_is_not_used(fresh_light, monkeypatch):
    server = fresh_light.server()
    address = server.address
    fresh_light.stop()
    monkeypatch.setenv(launcher.ADDRESS_VARIABLE, address)
    assert fresh_light.server().address != address


def test_a_kernel_that_fails_to_start_is_an_error_and_not_an_ordinary_kernel(
    light, kernel, new_folders
):
    with pytest.raises(RuntimeError, match="ended with code 1 while it started"):
        kernel(extra_arguments=["--IPKernelApp.kernel_class=no.such.Kernel"])
    assert not [folder for folder in new_folders() if not (folder / "server").exists()]
