"""Publish from a panel: the playbook runs in a process of its own, and its page is linked."""

import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from opsplaybook.params import PlaybookParams
from opsplaybook.widgets.publishing_notes import noted

_START = (
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    "from opsplaybook.cli import main; main()"
)
"""Whoever interrupts a cell of the notebook means the cell, not the page that is being made."""

_CELL = re.compile(r"cell (\d+) of (\d+)")
_PAGE = re.compile(r"; open (.+)$")
_LINES = 5
"""Last lines that are shown of what a run said."""


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a run.

    Attributes
    ----------
    page : Path or None
        The report; None if the run failed.
    message : str
        Its summary line, or what went wrong.
    killed : bool
        Whether somebody ended it, instead of it coming to an end.
    """

    page: Path | None
    message: str
    killed: bool = False


def publish(
    params: PlaybookParams,
    playbook: str,
    output: Path,
    *,
    progress: Callable[[int, int], None],
    done: Callable[[Published], None],
) -> threading.Thread:
    """Run a playbook beside the notebook.

    The run has its own process, so that the kernel stays free. It ends with the kernel, and the
    next panel says so; its folder appears only when it is whole.

    Parameters
    ----------
    params : PlaybookParams
    playbook : str
        Stem of the playbook.
    output : Path
        Folder of run folders.
    progress : callable
        Called with the number of the running cell, and how many there are.
    done : callable
        Called once at the end.

    Returns
    -------
    Thread
        Ends with the run.
    """

    def work() -> None:
        try:
            with noted(playbook, output) as note, tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "params.yaml")
                file.write_text(yaml.safe_dump(params.model_dump(mode="json")), "utf-8")
                published = _run(_command(playbook, file, output), output, progress)
                note.stays = published.killed
        except OSError as error:
            published = Published(None, f"The page cannot be made: {error}")
        done(published)

    thread = threading.Thread(target=work, name="publish", daemon=True)
    thread.start()
    return thread


def _command(playbook: str, file: Path, output: Path) -> list[str]:
    start = [sys.executable, "-c", _START, "run", playbook]
    return [*start, "-f", str(file), "-o", str(output), "--progress"]


def _run(command: list[str], output: Path, progress: Callable[[int, int], None]) -> Published:
    last: list[str] = []
    with subprocess.Popen(  # noqa: S603 - our own command; names from data are in the file
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout:
            found = _CELL.search(line)
            if found:
                progress(int(found[1]), int(found[2]))
            elif line.strip():
                last = [*last, line.strip()][-_LINES:]
    message = "\n".join(last)
    page = _PAGE.search(last[-1]) if last and process.returncode == 0 else None
    if page is None:
        ended = f"The page was not made (exit code {process.returncode})."
        return Published(None, f"{ended}\n{message}", killed=process.returncode < 0)
    return Published(output / page[1], last[-1][: page.start()])
