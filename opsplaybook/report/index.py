"""The index page of a batch: every run, failures first, with search, filters and sorting."""

import base64
import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from opsplaybook.report import masking
from opsplaybook.report.conclusions import trend_path
from opsplaybook.report.page import css_string, environment, resource
from opsplaybook.report.sanitize import as_markup

KEY_FIGURES_SHOWN = 3
NOT_RUN = "not-run"
SENTENCE_CHARACTERS = 200
"""Characters of an error or a verdict at most; the report has the rest."""
_SPARK_WIDTH, _SPARK_HEIGHT = 44, 10


@dataclass(frozen=True, slots=True)
class RunFailure:
    """Why a run did not succeed.

    Attributes
    ----------
    name, value : str
        Class and text of the error.
    cell : int or None
        Position of the cell, from 0; None outside of cells.
    """

    name: str
    value: str
    cell: int | None = None

    def __str__(self) -> str:
        where = "" if self.cell is None else f" in cell {self.cell}"
        text = " ".join(f"{self.name}{where}: {self.value}".split())
        return _short(text)


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One line of the index.

    Attributes
    ----------
    status : str
        ``succeeded``, or why not: ``failed``, ``timed-out``, ``killed``; ``not-run`` where the
        batch ended before it.
    name, subject, playbook : str
        Run folder, what it is about, and stem of the playbook.
    href : str
        Address of the report, relative to the index; empty where there is none.
    started_at : str
        ISO form.
    duration_seconds : float or None
    verdict : mapping or None
        JSON form of the verdict.
    key_figures : sequence of mapping
        JSON forms of the key figures; the first three kinds of a batch are columns.
    failure : RunFailure or None
    """

    status: str
    name: str
    subject: str
    playbook: str
    href: str = ""
    started_at: str = ""
    duration_seconds: float | None = None
    verdict: Mapping[str, Any] | None = None
    key_figures: Sequence[Mapping[str, Any]] = ()
    failure: RunFailure | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """A status with its count, its mark and its word."""

    value: str
    word: str
    mark: str
    tone: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A key figure of one run; empty where the run has none of that kind."""

    value: str = ""
    sort: str = ""
    trend: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One run as the table shows it."""

    subject: str
    name: str
    href: str
    status: Status
    error: str
    verdict_word: str
    verdict_mark: str
    sentence: str
    tone: str
    cells: tuple[Cell, ...]
    seconds: str
    took: str


@dataclass(frozen=True, slots=True)
class IndexPage:
    """All that the template of the index writes."""

    title: str
    about: str
    statuses: tuple[Status, ...]
    verdicts: tuple[tuple[str, int], ...]
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    style: Markup
    script: Markup

    @property
    def policy(self) -> str:
        """What the browser may do: show the page, and run the one script that belongs to it."""
        return (
            f"default-src 'none'; style-src 'sha256-{_digest(self.style)}'; "
            f"script-src 'sha256-{_digest(self.script)}'; base-uri 'none'; form-action 'none'"
        )


STATUSES = {
    status.value: status
    for status in (
        Status("failed", "Failed", "✗", "bad"),
        Status("killed", "Died", "✗", "bad"),
        Status("timed-out", "Timed out", "✗", "bad"),
        Status(NOT_RUN, "Not run", "◌", "mixed"),
        Status("succeeded", "Done", "✓", "good"),
    )
}
"""In the order in which they are listed; a status that is not here stands before them."""


def index_page(runs: Sequence[RunEntry], *, title: str = "Runs") -> str:
    """Write the page over a batch: one file, opened from a folder, without a server.

    Parameters
    ----------
    runs : sequence of RunEntry
        In the order in which they are listed, but for those that did not succeed: they come first.
    title : str, optional
        Heading of the page.

    Returns
    -------
    str
        The page. Without scripts the whole list is there; with them it can be searched, filtered
        and sorted, and the address keeps what was chosen.

    Examples
    --------
    >>> page = index_page([RunEntry("succeeded", "acme", "Acme <b>", "account_review")])
    >>> "Acme &lt;b&gt;" in page, page.count("<script>")
    (True, 1)
    """
    page = _page([_masked(run) for run in runs], title)
    return environment().get_template("index.html.j2").render(page=page)


def _page(runs: Sequence[RunEntry], title: str) -> IndexPage:
    counts = Counter(run.status for run in runs)
    order = [*(name for name in counts if name not in STATUSES), *STATUSES]
    ranked = sorted(runs, key=lambda run: order.index(run.status))
    labels = _column_labels(ranked)
    words = Counter(run.verdict["word"] for run in runs if run.verdict)
    return IndexPage(
        title=title,
        about=_about(runs),
        statuses=tuple(_status(name, counts[name]) for name in order if counts[name]),
        verdicts=tuple(sorted(words.items())),
        columns=(
            *(("Run", ""), ("Status", ""), ("Verdict", "")),
            *((label, "n") for label in labels.values()),
            ("Took", "n"),
        ),
        rows=tuple(_row(run, labels) for run in ranked),
        style=_style((*labels.values(), "Took")),
        script=as_markup(resource("index.js")),
    )


def _row(run: RunEntry, labels: Mapping[str, str]) -> Row:
    verdict = run.verdict or {"word": "", "mark": "", "sentence": "", "tone": "open"}
    figures = {figure["key"]: figure for figure in run.key_figures}
    return Row(
        subject=run.subject or run.name,
        name=run.name,
        href=run.href,
        status=_status(run.status),
        error=str(run.failure) if run.failure else "",
        verdict_word=verdict["word"],
        verdict_mark=verdict["mark"],
        sentence=_short(verdict["sentence"]),
        tone=verdict["tone"],
        cells=tuple(_cell(figures.get(key)) for key in labels),
        seconds="" if run.duration_seconds is None else f"{run.duration_seconds:.2f}",
        took="" if run.duration_seconds is None else f"{run.duration_seconds:,.1f} s",
    )


def _cell(figure: Mapping[str, Any] | None) -> Cell:
    if figure is None:
        return Cell()
    return Cell(
        value=figure["value"],
        sort=_sort_key(figure["raw"]),
        trend=trend_path(figure["trend"], width=_SPARK_WIDTH, height=_SPARK_HEIGHT),
    )


def _sort_key(number: float | None) -> str:
    return "" if number is None or not math.isfinite(number) else f"{number:.6g}"


def _column_labels(runs: Sequence[RunEntry]) -> dict[str, str]:
    """Return the key figures that most runs have, in the order of the reports."""
    counts = Counter(figure["key"] for run in runs for figure in run.key_figures)
    common = {key for key, _ in counts.most_common(KEY_FIGURES_SHOWN)}
    labels: dict[str, str] = {}
    for figure in (figure for run in runs for figure in run.key_figures):
        if figure["key"] in common:
            labels.setdefault(figure["key"], figure["label"])
    return labels


def _status(value: str, count: int = 0) -> Status:
    known = STATUSES.get(value, Status(value, value.capitalize(), "✗", "bad"))
    return Status(known.value, known.word, known.mark, known.tone, count)


def _about(runs: Sequence[RunEntry]) -> str:
    playbooks = sorted({run.playbook.replace("_", " ") for run in runs})
    days = sorted({run.started_at[:10] for run in runs if run.started_at})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}" if days else ""
    left = sum(run.status == NOT_RUN for run in runs)
    missing = f"{left:,} of {len(runs):,} runs were not run" if left else ""
    return " · ".join(part for part in (", ".join(playbooks), when, missing) if part)


def _masked(run: RunEntry) -> RunEntry:
    """Mask paths and credentials, which the text of an error may hold."""
    texts = masking.mask({name: getattr(run, name) for name in ("verdict", "key_figures")})
    failure = run.failure and RunFailure(
        run.failure.name, masking.mask(run.failure.value), run.failure.cell
    )
    return RunEntry(
        status=run.status,
        name=run.name,
        subject=run.subject,
        playbook=run.playbook,
        href=run.href,
        started_at=run.started_at,
        duration_seconds=run.duration_seconds,
        verdict=texts["verdict"],
        key_figures=texts["key_figures"],
        failure=failure,
    )


def _style(labels: Sequence[str]) -> Markup:
    """Return the style sheet: as wide as there are columns; on a phone each number is labelled.

    Rows are grids and not table rows, since a browser can leave out the layout of grids that are
    not in view: a thousand rows are sorted in a quarter of the time. Roles keep them a table.
    """
    named = "".join(
        f"td:nth-child({position}):not(:empty)::before{{content:{css_string(f'{label}: ')}}}"
        for position, label in enumerate(labels, start=4)
    )
    tracks = f"minmax(10rem,1fr) 7.5rem minmax(12rem,1.4fr) {'8rem ' * (len(labels) - 1)}5.5rem"
    columns = f"@media (min-width:52.01rem),print{{tr{{grid-template-columns:{tracks}}}}}"
    return as_markup(
        f"{resource('index.css')}{columns}@media screen and (max-width:52rem){{{named}}}"
    )


def _short(text: str) -> str:
    cut = text[: SENTENCE_CHARACTERS - 1].rstrip()
    return text if len(text) <= SENTENCE_CHARACTERS else f"{cut}…"


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
