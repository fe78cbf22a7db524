"""One executed notebook to one page: the same notebook gives the same bytes."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
from markupsafe import Markup

from opsplaybook.display import Audience
from opsplaybook.report import conclusions, leaks, masking, steps
from opsplaybook.report.conclusions import FindingRow, Tile
from opsplaybook.report.content import Section, Steps, TableBlock
from opsplaybook.report.notebook import Notebook, findings_of, require_notebook, shown_to
from opsplaybook.report.outputs import PARAMETERS_KEY
from opsplaybook.report.sanitize import as_markup

Facts = tuple[tuple[str, str], ...]

_SAID = re.compile(r">[^<>]*[A-Za-z]{3}[^<>]*")
_NOT_A_WORD = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Page:
    """All that the template writes.

    Attributes
    ----------
    audience : {"internal", "customer"}
        Who reads.
    title : str
        Heading.
    full_title : str
        With what it is about, for the window, bookmarks and printed pages.
    about : tuple of str
        Subject, period, last known day.
    description : str
        The verdict, for previews.
    verdict : mapping or None
        Its word, mark, tone and sentence.
    tiles : tuple of Tile
    findings : tuple of FindingRow
    steps : Steps
    actions, patterns : TableBlock or None
    caveats, method : tuple of str
    definitions, made_with : tuple of (title, facts)
        Terms and columns; parameters, versions and digests.
    links : str
        Folder of the CSV files; empty where there is none.
    footer : str
    style : Markup
        The style sheet, with the running head of the printed page.
    """

    audience: Audience
    title: str
    full_title: str
    about: tuple[str, ...]
    description: str
    verdict: Mapping[str, str] | None
    tiles: tuple[Tile, ...]
    findings: tuple[FindingRow, ...]
    steps: Steps
    actions: TableBlock | None
    patterns: TableBlock | None
    caveats: tuple[str, ...]
    method: tuple[str, ...]
    definitions: tuple[tuple[str, Facts], ...]
    made_with: tuple[tuple[str, Facts], ...]
    links: str
    footer: str
    style: Markup

    @property
    def policy(self) -> str:
        """What the browser may do with the page: show it."""
        digest = base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()
        return (
            f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; script-src 'none'; "
            "base-uri 'none'; form-action 'none'"
        )

    @property
    def contents(self) -> tuple[tuple[str, str], ...]:
        """Anchors and titles of the parts, in order."""
        sections = [(section.anchor, section.title) for section in self.steps.sections]
        own = {
            "Actions": self.actions,
            "Patterns": self.patterns,
            "Caveats": self.caveats,
            "Appendix": self.has_appendix,
        }
        head = [("part-findings", "Findings")] if self.findings else []
        tail = ((f"part-{name.lower()}", name) for name, part in own.items() if part)
        return (*head, *sections, *tail)

    @property
    def is_empty(self) -> bool:
        """Whether a customer would read a page without any result."""
        parts = (self.verdict, self.tiles, self.findings, self.actions, self.patterns)
        sections = (Section("", "", self.steps.scope), *self.steps.sections)
        shown = any(parts) or any(section.shows for section in sections)
        return self.audience == "customer" and not shown

    @property
    def has_appendix(self) -> bool:
        """Whether there is anything to put behind the caveats."""
        scope = self.verdict and self.steps.scope
        return bool(
            scope or self.definitions or self.method or self.made_with or self.steps.appendix
        )


def render(
    notebook: Notebook,
    *,
    audience: Audience,
    manifest: Mapping[str, Any] | None = None,
    tables_folder: str = "",
    forbidden: Sequence[str] = (),
    own: Sequence[str] = (),
    template: jinja2.Template | None = None,
) -> str:
    """Write the report of an executed notebook as one HTML page.

    The page needs no network, no other file and no script. Machine paths, credentials and the
    values of secret environment variables are masked in it, whoever reads it.

    Parameters
    ----------
    notebook : mapping
        Executed notebook of format 4, as `nbformat` or `json` reads it. Not changed.
    audience : {"internal", "customer"}
        A customer sees only what says that it is for customers: no code, no parameters, of an
        owner the role, and of caveats, definitions and method what is named for customers.
    manifest : mapping, optional
        What is known about the run: ``name``, ``playbook``, ``started_at``, ``seconds``,
        ``params``, ``versions``, ``code_digest`` and ``input_digests`` (name to digest); what is
        absent is left out.
    tables_folder : str, optional
        Folder beside the report that holds the files of `csv_tables`; empty for a report that
        stands alone, which then has no links to them. A customer's report always stands alone,
        since it is mailed without its folder; the data of each figure are folded below it.
    forbidden : sequence of str, optional
        Names and ids that a customer report must not contain.
    own : sequence of str, optional
        Names and ids of whom it is about, which may hold a forbidden one: ``Globex Spain`` is no
        leak of ``Globex``.
    template : Template, optional
        Instead of ``report.html.j2``, which it extends.

    Returns
    -------
    str
        The page.

    Raises
    ------
    RenderError
        If this is no notebook of format 4; or if a customer report contains a forbidden name, a
        path, a credential, an e-mail address or a user name.

    Examples
    --------
    >>> cell = {"cell_type": "markdown", "metadata": {}, "source": "# Who came?"}
    >>> page = render({"nbformat": 4, "metadata": {}, "cells": [cell]}, audience="internal")
    >>> "<h1>Who came?</h1>" in page
    True
    """
    require_notebook(notebook)
    page = build(
        masking.mask(notebook),
        audience=audience,
        manifest=masking.mask(manifest or {}),
        tables_folder=tables_folder,
    )
    html = (template or environment().get_template("report.html.j2")).render(page=page)
    if audience == "customer":
        leaks.require_none(html, forbidden=forbidden, own=own, fixed=fixed_texts())
    return html


def build(
    notebook: Notebook, *, audience: Audience, manifest: Mapping[str, Any], tables_folder: str
) -> Page:
    """Put together what the template writes; secrets are masked already."""
    found = findings_of(notebook) or {}
    body = steps.read(notebook, audience)
    title = found.get("title") or body.title or "Untitled report"
    subject, period, as_of = (found.get(name, "") for name in ("subject", "period", "as_of"))
    subject = "" if subject in title else subject
    full_title = f"{title}: {subject}" if subject else title
    about = (subject, period, f"data up to {as_of}" if as_of else "")
    verdict = found.get("verdict")
    verdict = verdict if verdict and shown_to(verdict, audience) else None
    notes = found if audience == "internal" else found.get("for_customer", {})
    return Page(
        audience=audience,
        title=title,
        full_title=full_title,
        about=tuple(part for part in about if part),
        description=f"{verdict['word']}: {verdict['sentence']}" if verdict else "",
        verdict=verdict,
        tiles=conclusions.tiles(found, audience),
        findings=conclusions.findings(found, audience, body.numbered()),
        steps=body,
        actions=conclusions.actions(found, audience),
        patterns=conclusions.patterns(found, audience),
        caveats=tuple(notes.get("caveats", ())),
        method=tuple(notes.get("method", ())),
        definitions=_definitions(found, notes, body, audience),
        made_with=_made_with(manifest, body) if audience == "internal" else (),
        links=tables_folder if audience == "internal" else "",
        footer=_footer(manifest, audience),
        style=_style(full_title, _day(manifest, as_of)),
    )


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Return the template environment; everything that is no `Markup` is escaped."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("opsplaybook.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
    )


@lru_cache(maxsize=1)
def fixed_texts() -> tuple[str, ...]:
    """Return what the templates say between tags, as it stands in a page, the longest first."""
    names = ("report.html.j2", "blocks.html.j2")
    tokens = [token for name in names for token in environment().lex(resource(name))]
    said = {text for _, kind, value in tokens if kind == "data" for text in _SAID.findall(value)}
    return tuple(sorted(said, key=lambda text: (-len(text), text)))


@lru_cache(maxsize=8)
def resource(name: str) -> str:
    """Return a style sheet or script of the templates."""
    environment_loader = environment().loader
    source, _, _ = environment_loader.get_source(environment(), name)
    return source


def css_string(text: str) -> str:
    r"""Write a text as a CSS string in which nothing can end the string or the style sheet.

    Examples
    --------
    >>> css_string('A"; } </style>')
    '"A\\22 \\3b \\20 \\7d \\20 \\3c \\2f style\\3e "'
    """
    return '"' + _NOT_A_WORD.sub(lambda match: f"\\{ord(match[0]):x} ", text) + '"'


def _style(head: str, day: str) -> Markup:
    """Return the style sheet with title and date at the head of each printed page."""
    font = "font:8pt system-ui,sans-serif;color:#444"
    running = (
        f"@page{{@top-left{{content:{css_string(head)};{font};width:75%;text-align:left}}"
        f"@top-right{{content:{css_string(day)};{font}}}"
        f'@bottom-right{{content:counter(page) " / " counter(pages);{font}}}}}'
    )
    return as_markup(resource("report.css") + running)


def _day(manifest: Mapping[str, Any], as_of: str) -> str:
    return str(manifest.get("started_at", ""))[:10] or as_of


def _definitions(
    found: Mapping[str, Any], notes: Mapping[str, Any], body: Steps, audience: Audience
) -> tuple[tuple[str, Facts], ...]:
    terms = [tuple(pair) for pair in notes.get("definitions", ())]
    figures = [f for f in found.get("key_figures", ()) if shown_to(f, audience)]
    known = {_singular(term) for term, _ in terms}
    counted = [(figure["label"], figure["definition"]) for figure in figures]
    terms += [(label, _sentence(text)) for label, text in counted if _singular(label) not in known]
    unique = tuple(dict(terms).items())
    parts = (("Definitions", unique), ("Columns of the tables", tuple(body.columns)))
    return tuple((title, facts) for title, facts in parts if facts)


def _singular(term: str) -> str:
    return term.casefold().removesuffix("s")


def _sentence(text: str) -> str:
    text = f"{text[:1].upper()}{text[1:]}"
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _made_with(manifest: Mapping[str, Any], body: Steps) -> tuple[tuple[str, Facts], ...]:
    run = [
        ("Run", manifest.get("name", "")),
        ("Playbook", manifest.get("playbook", "")),
        ("Started", manifest.get("started_at", "")),
        ("Took", _seconds(manifest.get("seconds"))),
        ("Digest of the code", manifest.get("code_digest", "")),
    ]
    shown = PARAMETERS_KEY in body.numbered()
    parts = {
        "This run": [(name, str(value)) for name, value in run if value],
        "Parameters of this run": [] if shown else _pairs(manifest.get("params")),
        "Versions": _pairs(manifest.get("versions")),
        "Inputs and their digests": _pairs(manifest.get("input_digests")),
    }
    return tuple((title, tuple(facts)) for title, facts in parts.items() if facts)


def _pairs(values: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    return [(name, "–" if value is None else str(value)) for name, value in (values or {}).items()]


def _seconds(duration: float | None) -> str:
    return "" if duration is None else f"{duration:.1f} s"


def _footer(manifest: Mapping[str, Any], audience: Audience) -> str:
    version = manifest.get("versions", {}).get("opsplaybook", "")
    made = f"Made with opsplaybook {version}".strip()
    return f"{made}. For internal use only." if audience == "internal" else f"{made}."
