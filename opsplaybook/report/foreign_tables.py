"""Tables and pictures that we did not make: captions, scopes, alignment, text alternatives."""

import re

from opsplaybook.report.content import ROWS_BEFORE_FOLD, ROWS_OPEN
from opsplaybook.report.tree import Node

COLUMNS_TO_FIT = 9
"""Up to so many columns fit on paper without breaking words."""

_NUMBER = re.compile(
    r"[-+−]?[$€£¥₹]?[-+−]?\d[\d,. ]*(?:[eE][-+]?\d+)?\s*(?:%|pp|k|M|bn|×)?\Z|NaN\Z|–\Z"
)


def tidy(root: Node, caption: str) -> None:
    """Make every table below a node one that prints, scrolls and can be listened to.

    Parameters
    ----------
    root : Node
        Changed in place.
    caption : str
        For tables that have none.
    """
    for parent in list(root.walk()):
        if parent.tag == "table":
            continue
        parent.children = [
            _boxed(child, caption) if isinstance(child, Node) and child.tag == "table" else child
            for child in parent.children
        ]


def name_pictures(root: Node, alt: str) -> None:
    """Give every picture below a node a text alternative, and drop those that show nothing.

    Parameters
    ----------
    root : Node
        Changed in place.
    alt : str
        For pictures that have none.
    """
    for parent in list(root.walk()):
        empty = [c for c in parent.elements if c.tag == "img" and not c.attributes.get("src")]
        parent.children = [child for child in parent.children if child not in empty]
        for picture in (child for child in parent.elements if child.tag == "img"):
            picture.attributes.setdefault("alt", alt)


def _boxed(table: Node, caption: str) -> Node:
    _add_caption(table, caption)
    _set_scopes(table)
    _align(table)
    label = next(child for child in table.elements if child.tag == "caption").text
    rows = _body_rows(table)
    if len(rows) <= ROWS_OPEN:
        return _scroll_box(table, label)
    short = _with_rows(table, rows[:ROWS_BEFORE_FOLD], f"{label} (first {ROWS_BEFORE_FOLD} rows)")
    summary = Node("summary", children=[f"All {len(rows):,} rows"])
    fold = Node("details", {"class": "fold-rows"}, [summary, _scroll_box(table, label)])
    return Node("div", children=[_scroll_box(short, short.elements[0].text), fold])


def _scroll_box(table: Node, label: str) -> Node:
    columns = max((len(node.elements) for node in table.walk() if node.tag == "tr"), default=0)
    kind = "scroll wide" if columns > COLUMNS_TO_FIT else "scroll"
    box = {"class": kind, "tabindex": "0", "role": "group", "aria-label": label}
    return Node("div", box, [table])


def _add_caption(table: Node, caption: str) -> None:
    own = [child for child in table.elements if child.tag == "caption"]
    text = (own[0].text if own else "") or caption
    rest = [child for child in table.children if child not in own]
    table.children = [Node("caption", children=[text]), *rest]


def _set_scopes(table: Node) -> None:
    """Say for which cells a header stands; a header without text is none."""
    heads = {id(node) for head in table.elements if head.tag == "thead" for node in head.walk()}
    for row in (node for node in table.walk() if node.tag == "tr"):
        in_head = id(row) in heads or all(cell.tag == "th" for cell in row.elements)
        for cell in row.elements:
            if cell.tag == "th" and not cell.text:
                cell.tag = "td"
                cell.attributes.pop("scope", None)
            elif cell.tag == "th":
                cell.attributes["scope"] = "col" if in_head else "row"


def _align(table: Node) -> None:
    """Put numbers to the right, and with them the headers above.

    Columns are counted from the right, where no merged header shifts them.
    """
    rows = _body_rows(table)
    numeric: set[int] = set()
    for row in rows:
        for position, cell in enumerate(reversed(row.elements)):
            if cell.tag == "td" and _NUMBER.match(cell.text):
                cell.attributes["class"] = "n"
                numeric.add(position)
    for head in (child for child in table.elements if child.tag == "thead"):
        for row in (node for node in head.walk() if node.tag == "tr"):
            for position, cell in enumerate(reversed(row.elements)):
                if position in numeric and "colspan" not in cell.attributes:
                    cell.attributes["class"] = "n"


def _body_rows(table: Node) -> list[Node]:
    groups = [child for child in table.elements if child.tag in ("tbody", "table")] or [table]
    return [row for group in groups for row in group.elements if row.tag == "tr"]


def _with_rows(table: Node, rows: list[Node], caption: str) -> Node:
    heads = [child for child in table.elements if child.tag == "thead"]
    body = Node("tbody", children=list(rows))
    return Node("table", children=[Node("caption", children=[caption]), *heads, body])
