"""A forked kernel behaves as an ordinary one does, seen through jupyter_client."""

import asyncio
import logging
import os
import signal
import socket
import stat
import time
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.multikernelmanager import AsyncMultiKernelManager

from opsplaybook.batch.kernels import KERNEL_NAME, provisioner
from opsplaybook.errors import UsageError


@pytest.fixture(autouse=True)
def _light(light):
    return light


def test_a_kernel_executes_and_leaves_nothing(kernel, run, running, new_folders):
    manager, client = kernel()
    pid = int(run(client, "import os; print(os.getpid())"))
    assert manager.provisioner.ordinary_because is None
    assert manager.provisioner.pid == pid
    client.stop_channels()
    manager.shutdown_kernel()
    assert not manager.is_alive()
    assert not running(pid)
    # Only the server's own folder stays.
    assert [sorted(p.name for p in folder.iterdir()) for folder in new_folders()] in (
        [],
        [["log", "server"]],
    )


def test_sockets_are_private_and_not_tcp(kernel):
    manager, _ = kernel()
    folder = Path(manager.ip).parent
    sockets = [path for path in folder.iterdir() if path.is_socket()]
    assert manager.transport == "ipc"
    assert len(sockets) == 5
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    assert max(len(os.fsencode(path)) for path in sockets) <= 107
    # The one that is left is ipykernel's own: the pipe for what forked subprocesses print, on
    # the loopback interface and guarded by a secret (ipykernel/iostream.py, IOPubThread).
    listening = psutil.Process(manager.provisioner.pid).net_connections("inet")
    assert [(one.laddr.ip, one.raddr) for one in listening] == [("127.0.0.1", ())]


def test_an_interrupt_stops_a_sleeping_cell(kernel, run):
    manager, client = kernel()
    started = time.monotonic()
    # Else a kernel drops, for a moment, what arrives right after an error: as every kernel does.
    message = client.execute("import time; time.sleep(60)", stop_on_error=False)
    while client.get_iopub_msg(timeout=5)["content"].get("execution_state") != "busy":
        pass
    time.sleep(0.1)
    manager.interrupt_kernel()
    reply = client.get_shell_msg(timeout=5)
    assert reply["parent_header"]["msg_id"] == message
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert time.monotonic() - started < 5
    assert run(client, "print(1 + 1)") == "2"


@pytest.mark.parametrize("now", [True, False])
def test_a_restarted_kernel_is_new_and_uses_the_same_files(kernel, run, now):
    manager, client = kernel()
    before = run(client, "import os; print(os.getpid()); x = 1"), manager.connection_file
    manager.restart_kernel(now=now)
    client.wait_for_ready(timeout=10)
    assert run(client, "print('x' in globals())") == "False"
    assert run(client, "import os; print(os.getpid())") != before[0]
    assert manager.connection_file == before[1]


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("import os; os._exit(7)", 7),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("import os; os.kill(os.getpid(), 11)", -signal.SIGSEGV),
    ],
)
def test_the_death_of_a_kernel_is_seen_with_its_exit_code(kernel, wait_until, code, exit_code):
    manager, client = kernel()
    client.execute(code)
    assert wait_until(lambda: not manager.is_alive())
    assert manager.provisioner.process.returncode == exit_code


def test_a_kill_from_outside_is_seen(kernel, wait_until):
    manager, _ = kernel()
    os.kill(manager.provisioner.pid, signal.SIGKILL)
    assert wait_until(lambda: not manager.is_alive())


def test_a_graceful_shutdown_runs_what_was_registered_for_the_end(kernel, tmp_path):
    manager, client = kernel()
    mark = tmp_path / "ended"
    client.execute_interactive(f"import atexit, pathlib; p = pathlib.Path({str(mark)!r})")
    client.execute_interactive("atexit.register(p.touch)", silent=True)
    process = manager.provisioner.process
    client.stop_channels()
    manager.shutdown_kernel()
    assert mark.exists()
    assert process.returncode == 0


def test_what_a_cell_started_ends_with_the_kernel(kernel, run, running, wait_until):
    manager, client = kernel()
    code = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid)"
    asleep = int(run(client, code))
    client.execute("import os; os._exit(1)")
    assert wait_until(lambda: not manager.is_alive())
    assert wait_until(lambda: not running(asleep))


def test_environment_and_folder_of_the_request_are_the_kernels(kernel, run, tmp_path):
    folder = tmp_path / "data für Köln"
    folder.mkdir()
    environment = {
        **os.environ,
        "OPS_TEST": "a\nb \udcff",
        "TZ": "Asia/Kolkata",
        "PYTHONPATH": str(folder),
    }
    (folder / "only_here.py").write_text("value = 42")
    _, client = kernel(cwd=str(folder), env=environment)
    assert run(client, "import os; print(os.getcwd())") == str(folder)
    assert run(client, "print(os.environ['OPS_TEST'].encode(errors='surrogateescape'))") == (
        repr(b"a\nb \xff")
    )
    assert run(client, "import time; print(time.localtime(0).tm_min)") == "30"
    assert run(client, "import only_here; print(only_here.value)") == "42"
    # What the server needs to import safely is not the kernel's.
    assert run(client, "print('OPENBLAS_NUM_THREADS' in os.environ)") == str(
        "OPENBLAS_NUM_THREADS" in os.environ
    )


def test_a_missing_working_folder_is_an_error_as_with_an_ordinary_kernel(kernel, new_folders):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        kernel(cwd="/nowhere/at/all")
    assert not [folder for folder in new_folders() if not (folder / "server").exists()]


def test_output_of_the_kernel_process_goes_where_it_is_sent(kernel, run, tmp_path):
    with (tmp_path / "err").open("wb") as stream:
        _, client = kernel(stderr=stream)
    run(client, "import sys; print('from the kernel', file=sys.__stderr__, flush=True)")
    run(client, "import sys; assert sys.stdin is None or sys.__stdin__.read() == ''")
    assert "from the kernel" in (tmp_path / "err").read_text()


def test_two_kernels_have_different_random_numbers(kernel, run):
    code = "import random, numpy; print(random.random(), numpy.random.random())"
    clients = [kernel()[1] for _ in range(2)]
    first, second = ([float(x) for x in run(client, code).split()] for client in clients)
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_two_kernels_run_at_the_same_time(kernel, wait_until, tmp_path):
    code = (
        "import pathlib, time; folder = pathlib.Path({folder!r})\n"
        "(folder / '{own}').touch()\n"
        "while not (folder / '{other}').exists(): time.sleep(0.01)\n"
        "(folder / '{own} met').touch()"
    )
    for own, other in (("a", "b"), ("b", "a")):
        kernel()[1].execute(code.format(folder=str(tmp_path), own=own, other=other))
    assert wait_until(lambda: len(list(tmp_path.glob("* met"))) == 2)


def test_thirty_kernels_leave_no_descriptor_and_no_process(light):
    server = psutil.Process(light.server().process.pid)

    async def start_and_stop() -> None:
        manager = AsyncKernelManager(kernel_name=KERNEL_NAME)
        await manager.start_kernel()
        await manager.shutdown_kernel(now=True)
        manager.context.destroy()

    async def many(count: int) -> None:
        for _ in range(count):
            await start_and_stop()

    asyncio.run(many(2))
    before = psutil.Process().num_fds(), server.num_fds()
    asyncio.run(many(30))
    assert psutil.Process().num_fds() <= before[0] + 1
    assert server.num_fds() == before[1]
    assert server.children() == []


def test_jupyterlabs_kind_of_manager_keeps_its_connection_file(tmp_path):
    async def start_restart_stop() -> None:
        managers = AsyncMultiKernelManager(connection_dir=str(tmp_path))
        kernel_id = await managers.start_kernel(kernel_name=KERNEL_NAME)
        one = managers.get_kernel(kernel_id)
        assert Path(one.connection_file).parent == tmp_path
        assert one.provisioner.ordinary_because is None
        await managers.restart_kernel(kernel_id)
        assert await managers.is_alive(kernel_id)
        await managers.shutdown_kernel(kernel_id)
        managers.context.destroy()

    asyncio.run(start_restart_stop())
    assert list(tmp_path.iterdir()) == []


def test_a_manager_with_a_given_port_keeps_tcp():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def start_and_stop() -> tuple[str, int]:
        manager = AsyncKernelManager(kernel_name=KERNEL_NAME, shell_port=port, cache_ports=False)
        await manager.start_kernel()
        await manager.shutdown_kernel(now=True)
        manager.context.destroy()
        return manager.transport, manager.shell_port

    assert asyncio.run(start_and_stop()) == ("tcp", port)


def test_an_ordinary_kernel_can_be_forced_and_says_so_once(kernel, run, monkeypatch, caplog):
    monkeypatch.setenv(provisioner.KERNEL_VARIABLE, "ordinary")
    monkeypatch.setattr(provisioner, "_said", set())
    with caplog.at_level(logging.WARNING):
        managers = [kernel()[0] for _ in range(2)]
    assert [manager.provisioner.ordinary_because for manager in managers] == (
        ["OPSPLAYBOOK_KERNEL=ordinary"] * 2
    )
    assert [record.getMessage() for record in caplog.records if "ordinary" in record.msg] == [
        "Kernels are ordinary ones, which start slower: OPSPLAYBOOK_KERNEL=ordinary"
    ]
    assert managers[0].transport == "ipc"


def test_an_unknown_kind_of_kernel_is_refused(kernel, monkeypatch):
    monkeypatch.setenv(provisioner.KERNEL_VARIABLE, "quick")
    with pytest.raises(UsageError, match="OPSPLAYBOOK_KERNEL"):
        kernel()
