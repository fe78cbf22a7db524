"""One output of a cell to one block of the page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from opsplaybook.display import CHART_MIME, FINDINGS_MIME, TABLE_MIME, Audience
from opsplaybook.report import foreign_tables, markdown, pictures, sanitize, tree
from opsplaybook.report.content import (
    Block,
    FailureBlock,
    FigureBlock,
    MarkupBlock,
    NoteBlock,
    TableBlock,
    TextBlock,
)
from opsplaybook.report.maths import mathml
from opsplaybook.report.notebook import CUSTOMER_TAG, Cell, Output, csv_name, shown_to, tags, text

PARAMETERS_KEY = "parameters"
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
_NO_ALT = "It has no text alternative: write one into the metadata of its cell, as alt."
_NEVER_SHOWN = ("application/javascript", "text/vnd.mermaid")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_HEADING = re.compile(r"<(/?)h[1-6]\b[^>]*>")
_TEX_MARKS = re.compile(
    r"\A\s*(?:\$\$|\$|\\\[|\\\()(?P<tex>.*?)(?:\$\$|\$|\\\]|\\\))\s*\Z", re.DOTALL
)


@dataclass(slots=True)
class Reader:
    """Turns outputs into blocks and counts figures and tables while it does.

    Attributes
    ----------
    audience : {"internal", "customer"}
        Who reads.
    heading : str
        The heading that the next output stands under: title for what has none.
    columns : dict of str to str
        Meanings of the columns seen so far, by label.
    """

    audience: Audience
    heading: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    _anchors: dict[str, int] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=lambda: {"figure": 0, "table": 0})

    def block(self, cell: Cell, output: Output) -> Block | None:
        """Return what the page shows of an output; None for nothing."""
        data = output.get("data", {})
        if FINDINGS_MIME in data:
            return None
        if TABLE_MIME in data:
            return self._if_shown(data[TABLE_MIME], self.table)
        if CHART_MIME in data:
            return self._chart(data)
        if self.audience == "customer" and output["output_type"] == "error":
            return FailureBlock("This part could not be computed.")
        if self.audience == "customer" and CUSTOMER_TAG not in tags(cell):
            return None
        return self._foreign(cell, output, data)

    def anchor(self, name: str) -> str:
        """Return a place in the page that nothing else has."""
        base = markdown.slug(name)
        if base.startswith("part-"):  # the page's own places
            base = f"shown-{base}"
        self._anchors[base] = self._anchors.get(base, 0) + 1
        count = self._anchors[base]
        return base if count == 1 else self.anchor(f"{base}-{count}")

    def table(self, item: Mapping[str, Any]) -> TableBlock:
        """Place a table of ours and give it its number; the parameters need none."""
        number = 0 if item["key"] == PARAMETERS_KEY else self._next("table")
        return self._table(item, self.anchor(item["key"]), number)

    def _if_shown(self, item: Mapping[str, Any], make: Any) -> Block | None:
        return make(item) if shown_to(item, self.audience) else None

    def _next(self, kind: str) -> int:
        self._counts[kind] += 1
        return self._counts[kind]

    def _table(self, item: Mapping[str, Any], anchor: str, number: int) -> TableBlock:
        headings = item["headings"]
        self.columns.update({h["label"]: h["description"] for h in headings if h["description"]})
        return TableBlock(
            anchor=anchor,
            number=number,
            caption=item["caption"],
            note=item["note"],
            labels=tuple(heading["label"] for heading in headings),
            right=tuple(heading["align"] == "right" for heading in headings),
            rows=tuple(tuple(row) for row in item["rows"]),
            total_rows=item["total_rows"],
            file=csv_name(item["key"]),
        )

    def _chart(self, data: Mapping[str, Any]) -> Block | None:
        item = data[CHART_MIME]
        if not shown_to(item, self.audience):
            return None
        kind = item["image_type"]
        picture = pictures.of_chart(text(data[kind]), kind, item["width"], item["height"])
        if picture is None:
            return NoteBlock(f"The picture “{item['title']}” is left out: it does more than draw.")
        anchor = self.anchor(item["key"])
        return FigureBlock(
            anchor=anchor,
            number=self._next("figure"),
            title=item["title"],
            subtitle=item["subtitle"],
            alt=item["alt"],
            picture=picture,
            data=self._if_shown(item["data"], lambda data: self._table(data, f"{anchor}-data", 0)),
            note=item.get("note", ""),
        )

    def _foreign(self, cell: Cell, output: Output, data: Mapping[str, Any]) -> Block | None:
        kind = output["output_type"]
        if kind == "error":
            return _failure(output)
        if kind == "stream":
            return _printed(output)
        if WIDGET_MIME in data:
            return NoteBlock("An interactive control stands here in the notebook.")
        if "image/svg+xml" in data or "image/png" in data:
            return self._picture(cell, output, data)
        if any(mime in data for mime in _NEVER_SHOWN):
            return NoteBlock("An output that would run a script is left out.")
        return self._markup(cell, data)

    def _markup(self, cell: Cell, data: Mapping[str, Any]) -> Block | None:
        caption = cell.get("metadata", {}).get("caption") or self.heading or "Table"
        if "text/html" in data:
            return MarkupBlock(_foreign_html(text(data["text/html"]), caption))
        if "text/markdown" in data:
            return MarkupBlock(markdown.to_html(text(data["text/markdown"]), caption=caption))
        if "text/latex" in data:
            return MarkupBlock(_formula(text(data["text/latex"])))
        return TextBlock(text(data["text/plain"])) if "text/plain" in data else None

    def _picture(self, cell: Cell, output: Output, data: Mapping[str, Any]) -> Block:
        size = output.get("metadata", {}).get("image/png", {})
        picture = pictures.of_output(
            text(data.get("image/svg+xml", "")),
            text(data.get("image/png", "")),
            int(size.get("width", 0)),
            int(size.get("height", 0)),
        )
        if picture is None:
            return NoteBlock("A picture is left out: it does more than draw, or is damaged.")
        metadata = cell.get("metadata", {})
        title = metadata.get("caption") or self.heading or "Without a title"
        alt = metadata.get("alt") or _alt_of(output)
        return FigureBlock(
            anchor=self.anchor(f"figure {self.heading}"),
            number=self._next("figure"),
            title=title,
            subtitle="" if alt or self.audience == "customer" else _NO_ALT,
            alt=alt or f"Picture under the heading {title}; its maker gave no description.",
            picture=picture,
        )


def _alt_of(output: Output) -> str:
    metadata = output.get("metadata", {})
    kinds = ("image/svg+xml", "image/png")
    return next((metadata[kind]["alt"] for kind in kinds if metadata.get(kind, {}).get("alt")), "")


def _failure(output: Output) -> FailureBlock:
    traceback = _ANSI.sub("", "\n".join(output.get("traceback", ())))
    return FailureBlock(f"This step failed. {output['ename']}: {output['evalue']}", traceback)


def _printed(output: Output) -> TextBlock | None:
    """Keep what was printed as an aside; warnings are for whoever runs the notebook."""
    if output["name"] != "stdout":
        return None
    return TextBlock(_ANSI.sub("", text(output["text"])), fold="Printed by this step")


def _foreign_html(html: str, caption: str) -> Markup:
    """Clean markup and give it headings that do not enter the order of the page."""
    cleaned = _HEADING.sub(lambda match: f"<{match[1]}p>", sanitize.clean(html))
    root = tree.parse(cleaned)
    foreign_tables.tidy(root, caption)
    foreign_tables.name_pictures(root, caption)
    return sanitize.as_markup(root.html())


def _formula(latex: str) -> Markup:
    match = _TEX_MARKS.match(latex)
    if not match:
        return Markup("<p>{}</p>").format(latex)
    return sanitize.as_markup(f"<p>{mathml(match['tex'], block=True)}</p>")
