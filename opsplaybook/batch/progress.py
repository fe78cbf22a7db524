"""What the person at the terminal sees while a batch runs, and what a log file keeps of it."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from opsplaybook import formats
from opsplaybook.batch.records import RunRecord, runs_text

FAILURES_SHOWN = 20
_VALUE_CHARACTERS = 120


class Watcher(Protocol):
    """Somebody who is told how a batch goes."""

    def __enter__(self) -> Self:
        """Begin to watch."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop watching."""
        ...

    def running(self, count: int) -> None:
        """Hear how many runs are under way."""
        ...

    def finished(self, record: RunRecord) -> None:
        """Hear what became of a run."""
        ...


class Bar:
    """A progress bar: done, failed, running, time left.

    Parameters
    ----------
    console : Console
        A terminal.
    total, skipped : int
        Runs of the batch, and how many of them were complete already.
    """

    def __init__(self, console: Console, *, total: int, skipped: int) -> None:
        self._failed = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]} failed, {task.fields[running]} running, left"),
            TimeRemainingColumn(),
            console=console,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task(
            "Runs", total=total, completed=skipped, failed=0, running=0
        )

    def __enter__(self) -> Self:
        """Show the bar."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the bar as it is."""
        self._progress.stop()

    def running(self, count: int) -> None:
        """Show how many runs are under way."""
        self._progress.update(self._task, running=count)

    def finished(self, record: RunRecord) -> None:
        """Move on by one run."""
        self._failed += not record.succeeded
        self._progress.update(self._task, advance=1, failed=self._failed)


class Lines:
    """One plain line per failure and per tenth of the batch.

    Parameters
    ----------
    console : Console
        A pipe or a file.
    total, skipped : int
        Runs of the batch, and how many of them were complete already.
    """

    def __init__(self, console: Console, *, total: int, skipped: int) -> None:
        self._console = console
        self._total = total
        self._done = skipped
        self._failed = 0

    def __enter__(self) -> Self:
        """Say how much there is to do."""
        complete = f", {self._done:,} of them complete already" if self._done else ""
        self._say(f"{runs_text(self._total)}{complete}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Say nothing; the summary follows."""

    def running(self, count: int) -> None:
        """Say nothing of runs that only began."""

    def finished(self, record: RunRecord) -> None:
        """Say which run failed, and where the batch is."""
        self._done += 1
        if not record.succeeded:
            self._failed += 1
            self._say(f"{record.status}: {record.name}: {_reason(record)}")
        if self._done * 10 // self._total > (self._done - 1) * 10 // self._total:
            of = f"{self._done:,} of {runs_text(self._total)}"
            self._say(f"{of} done, {self._failed:,} failed")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def watch(console: Console, *, total: int, skipped: int) -> Watcher:
    """Return a bar for a terminal, plain lines for anything else."""
    kind = Bar if console.is_terminal else Lines
    return kind(console, total=total, skipped=skipped)


def show_failures(console: Console, records: Sequence[RunRecord]) -> None:
    """Print the runs that failed, each with its cell and error.

    Parameters
    ----------
    console : Console
        Where to.
    records : sequence of RunRecord
        All runs; those that succeeded are left out.
    """
    failed = [record for record in records if not record.succeeded]
    if not failed:
        return
    title = f"{runs_text(len(failed))} did not succeed"
    table = Table(title=title, title_justify="left")
    for heading in ("Run", "Status", "Cell", "Error"):
        table.add_column(heading, overflow="fold")
    for record in failed[:FAILURES_SHOWN]:
        cell = "" if record.failure is None or record.failure.cell is None else record.failure.cell
        # Text: names from data are no markup.
        row = (record.name, record.status, str(cell), _reason(record))
        table.add_row(*(Text(text) for text in row))
    console.print(table)
    if len(failed) > FAILURES_SHOWN:
        console.print(f"and {len(failed) - FAILURES_SHOWN:,} more, in the index page")


def _reason(record: RunRecord) -> str:
    if record.failure is None:
        return ""
    # Errors quote data, and a terminal obeys what it is sent.
    text = formats.text(f"{record.failure.name}: {record.failure.value}")
    return text if len(text) <= _VALUE_CHARACTERS else f"{text[: _VALUE_CHARACTERS - 1]}…"
