"""Whether somebody sits in front of the notebook."""

from typing import Any

from IPython.core.getipython import get_ipython


def is_interactive() -> bool:
    """Tell whether the running cell was sent by a front end with a person at it.

    JupyterLab and its kin say with every cell that they can ask for input; papermill, nbclient,
    nbval and nbconvert say that they cannot.
    """
    shell = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return False
    content: dict[str, Any] = kernel.get_parent("shell").get("content", {})
    return bool(content.get("allow_stdin", False))
