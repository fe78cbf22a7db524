"""A forked process becomes an ordinary IPython kernel."""

import atexit
import gc
import importlib
import os
import random
import signal
import socket
import sys
import time
from dataclasses import dataclass

from opsplaybook.batch.kernels import pages, preload
from opsplaybook.batch.kernels.messages import KernelRequest, encode_line

_STREAM = "opsplaybook.batch.kernels.streams.QuietStream"
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Birth:
    """What a newly forked process holds.

    Attributes
    ----------
    request : KernelRequest
        What was asked for.
    connection : socket.socket
        Connection to the asking process.
    stdout, stderr : int
        File descriptors of the asking process's streams.
    """

    request: KernelRequest
    connection: socket.socket
    stdout: int
    stderr: int


def become_kernel(birth: Birth, preloaded: preload.Preloaded) -> None:
    """Turn this process into the kernel that was asked for, and run it to its end.

    Parameters
    ----------
    birth : Birth
        What this process starts with.
    preloaded : Preloaded
        What the server knows of what both hold.
    """
    leave_server()
    pages.copy(preloaded.written)
    take_streams(birth.stdout, birth.stderr)
    take_environment(birth.request)
    renew_random_state()
    limit_threads()
    collect_less_often()
    preload.forget_changed_package(preloaded.times)
    run_ipykernel(birth)


def leave_server() -> None:
    """Lead a session and process group of its own, with a fresh process's signal handlers."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # What the server's libraries registered is the server's to clean, as multiprocessing has it
    # in the children that it forks.
    atexit._clear()


def take_streams(stdout: int, stderr: int) -> None:
    """Use the asking process's output streams; read from nothing."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, standard in ((nothing, 0), (stdout, 1), (stderr, 2)):
        os.dup2(given, standard)
        os.close(given)


def take_environment(request: KernelRequest) -> None:
    """Take over environment, working folder, arguments and import path of the request."""
    os.environ.clear()
    os.environ.update(request.environment)
    time.tzset()
    os.chdir(request.working_folder)
    sys.argv = ["ipykernel_launcher", *request.arguments]
    asked = request.environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [entry for entry in asked if entry and entry not in sys.path]


def renew_random_state() -> None:
    """Seed the global generators from the system; a fork copies their state."""
    random.seed()
    importlib.import_module("numpy").random.seed()


def take_plot_backend() -> None:
    """Use the plot backend that ``MPLBACKEND`` names; ipykernel sets it to its inline one.

    matplotlib reads the variable when it is imported, which was before the fork.
    """
    importlib.import_module("matplotlib").rcParams["backend"] = os.environ["MPLBACKEND"]


def limit_threads() -> None:
    """Use as many threads for linear algebra as the request's environment names, or one."""
    asked = [os.environ.get(name, "") for name in _THREAD_VARIABLES]
    counts = [int(text) for text in asked if text.isdecimal()]
    if counts and max(counts) > 1:
        importlib.import_module("threadpoolctl").threadpool_limits(max(counts))


def collect_less_often() -> None:
    """Look for cycles of garbage after 50,000 new objects, not 700.

    A notebook makes millions of objects that reference counts free at once; looking through them
    took 7% of the processor time of an account review.
    """
    gc.set_threshold(50_000, 20, 20)


def run_ipykernel(birth: Birth) -> None:
    """Start ipykernel; say so once its sockets are bound, so that nobody polls for them."""
    application = importlib.import_module("ipykernel.kernelapp").IPKernelApp.instance()
    # ipykernel ends by itself when its parent, the server, is gone.
    application.initialize(
        [
            *birth.request.arguments,
            f"--IPKernelApp.parent_handle={os.getppid()}",
            f"--IPKernelApp.outstream_class={_STREAM}",
        ]
    )
    take_plot_backend()
    birth.connection.sendall(encode_line({"pid": os.getpid()}))
    birth.connection.close()
    application.start()
