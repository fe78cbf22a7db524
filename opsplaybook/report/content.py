"""The parts of a page, ready to be written: the template chooses the markup, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from opsplaybook.report.pictures import Picture

ROWS_OPEN = 25
"""A table with more rows is folded; its first rows stand before the fold."""
ROWS_BEFORE_FOLD = 10


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table of ours.

    Attributes
    ----------
    anchor : str
        Place in the page.
    number : int
        Position among the tables; 0 for one that belongs to a figure.
    caption, note : str
    labels : tuple of str
        Headers.
    right : tuple of bool
        Which columns hold numbers.
    rows : tuple of tuple of str
        The shown rows.
    total_rows : int
    file : str
        Name of its CSV.
    """

    kind: ClassVar[str] = "table"
    anchor: str
    number: int
    caption: str
    note: str
    labels: tuple[str, ...]
    right: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    total_rows: int
    file: str

    @property
    def name(self) -> str:
        """What it is called in the text."""
        return f"Table {self.number}"

    @property
    def title(self) -> str:
        """What it shows, for links."""
        return self.caption

    @property
    def folded(self) -> bool:
        """Whether only its first rows stand open."""
        return len(self.rows) > ROWS_OPEN

    @property
    def first_rows(self) -> tuple[tuple[str, ...], ...]:
        """The rows that stand before the fold."""
        return self.rows[:ROWS_BEFORE_FOLD]


@dataclass(frozen=True, slots=True)
class FigureBlock:
    """A figure with its text alternative and, where it is ours, its data and what is said of it."""

    kind: ClassVar[str] = "figure"
    anchor: str
    number: int
    title: str
    subtitle: str
    alt: str
    picture: Picture
    data: TableBlock | None = None
    note: str = ""

    @property
    def name(self) -> str:
        """What it is called in the text."""
        return f"Figure {self.number}"


@dataclass(frozen=True, slots=True)
class MarkupBlock:
    """Prose, or foreign markup after cleaning."""

    kind: ClassVar[str] = "markup"
    html: Markup
    prose: bool = False


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Text as it was printed; folded where it is an aside."""

    kind: ClassVar[str] = "text"
    text: str
    fold: str = ""


@dataclass(frozen=True, slots=True)
class NoteBlock:
    """One line that says what is not shown and why."""

    kind: ClassVar[str] = "note"
    text: str


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """The code of a cell, folded."""

    kind: ClassVar[str] = "code"
    source: str


@dataclass(frozen=True, slots=True)
class FailureBlock:
    """A step that failed."""

    kind: ClassVar[str] = "failure"
    message: str
    traceback: str = ""


Block = TableBlock | FigureBlock | MarkupBlock | TextBlock | NoteBlock | CodeBlock | FailureBlock


@dataclass(frozen=True, slots=True)
class Section:
    """A step of the playbook, or a part of the appendix."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def shows(self) -> bool:
        """Whether there is more in it than prose."""
        return any(not (isinstance(b, MarkupBlock) and b.prose) for b in self.blocks)


@dataclass(frozen=True, slots=True)
class Steps:
    """The body of a notebook, told apart by what the page does with it.

    Attributes
    ----------
    title : str
        First heading of the notebook.
    scope : tuple of Block
        What stands under the title: what the playbook answers and what not.
    sections : tuple of Section
        The steps, in order.
    leads : mapping of str to tuple of Block
        What the notebook says under ``findings`` and ``actions``, which the page writes itself.
    appendix : tuple of Section
        Parameters, and what stands under ``## Appendix``.
    columns : tuple of (label, meaning)
        Columns of the shown tables that say what they mean.
    """

    title: str
    scope: tuple[Block, ...]
    sections: tuple[Section, ...]
    leads: Mapping[str, tuple[Block, ...]]
    appendix: tuple[Section, ...]
    columns: Sequence[tuple[str, str]]

    def numbered(self) -> dict[str, FigureBlock | TableBlock]:
        """Return figures and tables by their anchor, for links to them."""
        parts = (*self.sections, *self.appendix)
        blocks = [*self.scope, *(block for part in parts for block in part.blocks)]
        return {b.anchor: b for b in blocks if isinstance(b, FigureBlock | TableBlock)}
