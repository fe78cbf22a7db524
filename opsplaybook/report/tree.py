"""A small tree over markup that the sanitiser has made well-formed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img", "col"})


@dataclass(slots=True, eq=False)
class Node:
    """An element with its children in order; text children are plain strings.

    Two nodes are the same only if they stand at the same place.

    Attributes
    ----------
    tag : str
        Name; empty for the root.
    attributes : dict
        Names and unescaped values.
    children : list of Node or str
        Unescaped text and elements.
    """

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    @property
    def elements(self) -> list["Node"]:
        """The children that are elements."""
        return [child for child in self.children if isinstance(child, Node)]

    @property
    def text(self) -> str:
        """All text below, with single spaces."""
        return " ".join("".join(self._texts()).split())

    def walk(self) -> Iterator["Node"]:
        """Yield this element and all below, in the order of the page."""
        yield self
        for child in self.elements:
            yield from child.walk()

    def html(self) -> str:
        """Write the tree, everything escaped."""
        inner = "".join(
            child.html() if isinstance(child, Node) else escape(child, quote=False)
            for child in self.children
        )
        if not self.tag:
            return inner
        attributes = "".join(f' {k}="{escape(v)}"' for k, v in self.attributes.items())
        end = "" if self.tag in VOID else f"{inner}</{self.tag}>"
        return f"<{self.tag}{attributes}>{end}"

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, Node):
                yield from child._texts()
            else:
                yield child


def parse(html: str) -> Node:
    """Read well-formed markup into a tree.

    Examples
    --------
    >>> parse("<p>Acme &amp; <b>Sons</b></p>").text
    'Acme & Sons'
    """
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self._open[-1].tag == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)
