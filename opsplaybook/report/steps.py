"""The body of a notebook: its `##` sections as steps, with what their cells show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from opsplaybook.display import TABLE_MIME, Audience
from opsplaybook.report import markdown
from opsplaybook.report.content import Block, CodeBlock, MarkupBlock, Section, Steps
from opsplaybook.report.notebook import (
    HIDDEN_TAGS,
    INTERNAL_TAG,
    SILENT_TAGS,
    Cell,
    Notebook,
    tags,
    text,
)
from opsplaybook.report.outputs import PARAMETERS_KEY, Reader

WRITTEN_BY_THE_PAGE = ("findings", "actions")
"""Sections of which the page keeps only the prose: it writes them from the findings."""
APPENDIX = "appendix"

_HEADING = re.compile(r"(?P<marks>#{1,6})[ \t]+(?P<title>.*?)[ \t]*#*[ \t]*\Z")
_FENCE = re.compile(r" {0,3}(```|~~~)")


@dataclass(slots=True)
class _Part:
    """A section while it is being read."""

    title: str
    blocks: list[Block] = field(default_factory=list)
    lost: int = 0

    @property
    def stands(self) -> bool:
        """Whether anything is left of it; prose about what a reader may not see is not shown."""
        return any(not _is_prose(block) for block in self.blocks) or (
            self.lost == 0 and bool(self.blocks)
        )


def read(notebook: Notebook, audience: Audience) -> Steps:
    """Read the cells of a notebook into the steps of the page.

    Parameters
    ----------
    notebook : mapping
        An executed notebook, secrets masked.
    audience : {"internal", "customer"}
        Who reads: for a customer there is no code, and only what says that it is for customers.
    """
    reader = Reader(audience)
    parameters = _Part("Parameters")
    parts = [_Part("")]
    title = ""
    for cell in notebook["cells"]:
        if tags(cell) & HIDDEN_TAGS or (audience == "customer" and INTERNAL_TAG in tags(cell)):
            continue
        if cell["cell_type"] == "markdown":
            for marks, heading, body in _split(text(cell["source"])):
                if marks == "#" and not title:
                    title, heading = markdown.plain(heading), ""
                elif heading:
                    parts.append(_Part(markdown.plain(heading)))
                _add_prose(parts[-1], body, cell, reader)
        elif cell["cell_type"] == "code":
            _add_outputs(parts[-1], parameters, cell, reader)
    return _sorted(title, parts, parameters, reader)


def _split(source: str) -> Iterator[tuple[str, str, str]]:
    """Yield marks, heading and what stands below, for headings of level 1 and 2."""
    marks, heading, body, fenced = "", "", [], False
    for line in source.splitlines():
        fenced ^= bool(_FENCE.match(line))
        match = None if fenced else _HEADING.match(line)
        if match and len(match["marks"]) <= 2:
            if heading or body:
                yield marks, heading, "\n".join(body)
            marks, heading, body = match["marks"], match["title"], []
        else:
            body.append(line)
    if heading or body:
        yield marks, heading, "\n".join(body)


def _add_prose(part: _Part, body: str, cell: Cell, reader: Reader) -> None:
    lowest = [match["title"] for line in body.splitlines() if (match := _HEADING.match(line))]
    reader.heading = markdown.plain(lowest[-1]) if lowest else part.title
    if not body.strip():
        return
    html = markdown.to_html(body, caption=reader.heading or "Table", pictures=_pictures(cell))
    part.blocks.append(MarkupBlock(html, prose=True))


def _pictures(cell: Cell) -> dict[str, str]:
    """Return the pictures that were pasted into a cell, as data addresses."""
    return {
        name: f"data:{kind};base64,{text(body)}"
        for name, bundle in cell.get("attachments", {}).items()
        for kind, body in bundle.items()
    }


def _add_outputs(part: _Part, parameters: _Part, cell: Cell, reader: Reader) -> None:
    shown = 0
    for output in cell.get("outputs", ()):
        block = reader.block(cell, output)
        if block is None:
            part.lost += _is_about_the_subject(output)
            continue
        is_parameters = output.get("data", {}).get(TABLE_MIME, {}).get("key") == PARAMETERS_KEY
        (parameters if is_parameters else part).blocks.append(block)
        shown += 1
    silent = tags(cell) & SILENT_TAGS or reader.audience == "customer"
    if shown and not silent:
        part.blocks.append(CodeBlock(text(cell["source"])))


def _is_about_the_subject(output: dict[str, object]) -> bool:
    return output["output_type"] in ("execute_result", "display_data", "error")


def _is_prose(block: Block) -> bool:
    return isinstance(block, MarkupBlock) and block.prose


def _sorted(title: str, parts: list[_Part], parameters: _Part, reader: Reader) -> Steps:
    first, *others = parts
    leads: dict[str, tuple[Block, ...]] = {}
    sections: list[Section] = []
    appendix: list[Section] = []
    if parameters.blocks:
        anchor = reader.anchor(f"section {parameters.title}")
        appendix.append(Section(anchor, parameters.title, tuple(parameters.blocks)))
    for part in others:
        name = part.title.casefold()
        if name in WRITTEN_BY_THE_PAGE:
            leads[name] = tuple(part.blocks)
        elif part.stands:
            anchor = reader.anchor(f"section {part.title}")
            target = appendix if name == APPENDIX else sections
            target.append(Section(anchor, part.title, tuple(part.blocks)))
    return Steps(
        title=title,
        scope=tuple(first.blocks),
        sections=tuple(sections),
        leads=leads,
        appendix=tuple(appendix),
        columns=tuple(sorted(reader.columns.items())),
    )
