"""A PDF of a report, printed by the Chromium that is on the machine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from opsplaybook.errors import RenderError

VARIABLE = "OPSPLAYBOOK_CHROMIUM"
"""Environment variable that names the program, where it is not on the path."""
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
TIMEOUT_SECONDS = 60.0

_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-pdf-header-footer",
)


def write_pdf(html_path: Path, pdf_path: Path, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    """Print a report to PDF.

    The file appears when it is complete; one that is there already is replaced.

    Parameters
    ----------
    html_path, pdf_path : Path
        The report, and where the PDF goes.
    timeout_seconds : float, optional
        How long the browser may take.

    Raises
    ------
    RenderError
        If there is no Chromium, or it fails or takes too long.
    """
    program = find_chromium()
    with tempfile.TemporaryDirectory(prefix="opsplaybook-pdf-", dir=pdf_path.parent) as folder:
        written = Path(folder) / "report.pdf"
        _print(program, html_path, written, Path(folder) / "profile", timeout_seconds)
        written.replace(pdf_path)


def find_chromium() -> str:
    """Return the path of a Chromium, Chrome or Edge.

    Raises
    ------
    RenderError
        If there is none, saying how to name one.
    """
    named = os.environ.get(VARIABLE, "")
    for candidate in (named,) if named else NAMES:
        path = shutil.which(candidate)
        if path:
            return path
    raise RenderError(
        f"{VARIABLE} names no program that can be run" if named else "no Chromium was found",
        where="PDF",
        remedy=f"install Chromium or Chrome, or set {VARIABLE} to its program; "
        "or open the report in any browser and print it",
    )


def _print(
    program: str, html_path: Path, pdf_path: Path, profile: Path, timeout_seconds: float
) -> None:
    command = [
        program,
        *_OPTIONS,
        *_sandbox_options(),
        f"--user-data-dir={profile}",
        f"--print-to-pdf={pdf_path}",
        html_path.resolve().as_uri(),
    ]
    try:
        done = subprocess.run(  # noqa: S603 - a program found by name, and no shell
            command, capture_output=True, timeout=timeout_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"the browser took more than {timeout_seconds:g} s") from None
    except OSError as error:
        raise _failed(f"the browser could not be started: {error.strerror}") from error
    if done.returncode or not pdf_path.is_file():
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise _failed(f"the browser failed with code {done.returncode}", last)


def _failed(what: str, examples: Sequence[str] = ()) -> RenderError:
    return RenderError(
        what,
        where="PDF",
        examples=examples,
        remedy="open the report in a browser and print it, or name another browser in " + VARIABLE,
    )


def _sandbox_options() -> tuple[str, ...]:
    """Chromium refuses its sandbox to root, as in containers; the report holds no script."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ("--no-sandbox",) if is_root else ()
