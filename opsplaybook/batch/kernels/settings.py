"""What the kernel server imports, and under which environment."""

SERVER_ENVIRONMENT = {
    # One thread each: a thread pool that was started before a fork hangs after it, and a batch
    # already has a worker per core. `child.limit_threads` raises it where a kernel asks for it.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    # Arrow's bundled jemalloc starts a thread when the library is loaded, unless told not to
    # (github.com/apache/arrow/issues/17285; its variable carries Arrow's prefix).
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    # The inline backend must be imported within a kernel, where it finds the shell.
    "MPLBACKEND": "agg",
}
"""Variables of the server while it imports; a kernel has only those of its own request."""

REHEARSAL_VARIABLE = "OPSPLAYBOOK_KERNEL_REHEARSAL"
"""Environment variable of the server with the playbook that it rehearses, if any."""

LIBRARIES = (
    "numpy",
    "pandas",
    "pyarrow",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "seaborn",
    "scipy.stats",
    "statsmodels.api",
    "statsmodels.formula.api",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "duckdb",
    "ibis.backends.duckdb",
    "ibis.backends.duckdb.converter",
    "ibis.formats.pandas",
    "pandera.pandas",
    "pydantic",
    # What ipykernel imports only when a kernel is made.
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "sqlite3",
    "tornado.platform.asyncio",
    "psutil",
    "threadpoolctl",
    "opsplaybook.batch.kernels.streams",
    # The front of the widgets, which every notebook imports; it loads the rest where it is shown.
    "opsplaybook.widgets",
)
"""Modules imported before the first fork: those that cost a notebook time."""

NOT_PRELOADED = frozenset({"__main__", "batch", "cli", "report", "widgets"})
"""Parts of the package that no playbook imports, and that bring the whole of Jupyter."""
