"""Kernels that are ready at once: forked from a server that has imported everything.

::

    papermill, nbclient, nbval, JupyterLab
      -> kernelspec "opsplaybook"            spec.py
      -> ForkedProvisioner                   provisioner.py   or an ordinary kernel, said once
      -> KernelLauncher, ForkedProcess       launcher.py, process.py
      -> kernel server, one per process      server.py, preload.py, rehearsal.py, settings.py
      -> the forked kernel                   child.py, pages.py

The connection on which a kernel was asked for is its life: when the asking process closes it or
dies, however it dies, the server kills the kernel and what the kernel started and removes its
files; when the process that started the server ends, the server does so for all and ends.

Before its first kernel the server does once what is slow the first time; for a long batch it runs
the whole playbook on the sample company (`rehearsal`), once for itself and once in a fork, to see
which memory its kernels will write (`pages`).

A kernel has the environment, working folder and output streams of its request, and fresh random
state. Three things differ from an ordinary kernel: linear algebra uses one thread unless
``OMP_NUM_THREADS`` (or its OpenBLAS or MKL relative) of the request says otherwise, variables
that Python reads when it starts (``PYTHONHASHSEED``, ``PYTHONWARNINGS``) count as they were when
the server started, and no history or personal IPython profile is used unless ``IPYTHONDIR``
names one. Set ``OPSPLAYBOOK_KERNEL=ordinary`` to have ordinary kernels.
"""

from opsplaybook.batch.kernels.launcher import start_server, stop_server
from opsplaybook.batch.kernels.manager import FastKernelClient, FastKernelManager
from opsplaybook.batch.kernels.provisioner import ForkedProvisioner
from opsplaybook.batch.kernels.spec import KERNEL_NAME, ensure_kernelspec

__all__ = [
    "KERNEL_NAME",
    "FastKernelClient",
    "FastKernelManager",
    "ForkedProvisioner",
    "ensure_kernelspec",
    "start_server",
    "stop_server",
]
