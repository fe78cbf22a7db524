"""What step 7 shows: the risk register, what became of earlier scores, the actions."""

from opsplaybook import formats, tables
from opsplaybook.display import Table
from opsplaybook.playbooks import actions
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.frozen import REGISTER
from opsplaybook.playbooks.renewal_analysis.register import Register
from opsplaybook.tables import Column


def table_register(register: Register, book: Book) -> Table:
    """Show what is at risk, with signals, dates, owner and next step."""
    columns = [
        Column("label", "Customer"),
        Column("due_on", "Due", "date"),
        Column("decide_by", "Notice by", "date"),
        Column("annual_value", "Annual value", "money"),
        Column("probability", "Risk", "share"),
        Column("before", "Risk then", "share", description="As an earlier run had it"),
        Column("internal", "Internal signals"),
        Column("external", "External signals"),
        Column("owner", "Owner"),
        Column("next_step", "Next step"),
    ]
    n = len(register.frame)
    basis = register.frame["basis"].iloc[0] if n else "none"
    source = "Too few outcomes are known for a risk"
    if basis != "none":
        source = f"Risk comes from the {basis}"
    return tables.table(
        register.frame,
        columns,
        key=REGISTER,
        caption=f"Risk register, {book.scope}, n = {n:,} open decisions, most at risk first",
        currency=book.currency,
        note=f"{source}. Signals are what is there, not why somebody leaves.",
    )


def table_frozen(register: Register, book: Book) -> Table:
    """Show what became of the scores of earlier runs."""
    columns = [
        Column("run", "Run"),
        Column("day", "As of"),
        Column("scored", "Scored", "count"),
        Column("decided", "Decided since", "count"),
        Column("expected", "Losses expected", "number"),
        Column("lost", "Lost", "count"),
    ]
    frozen = register.frozen
    return tables.table(
        frozen.runs,
        columns,
        key="frozen-scores",
        caption=f"Scores of earlier runs, as known on {formats.day(book.last)}",
        note=_words(register),
        shown=max(len(frozen.runs), 1),
    )


def table_actions(register: Register) -> Table:
    """Show all actions, those carried over first."""
    return actions.table_actions(register.actions)


def _words(register: Register) -> str:
    frozen = register.frozen
    if frozen.runs.empty:
        return "No earlier run is known: name its folder in earlier_runs."
    if not frozen.lost.n:
        return "Nothing that earlier runs scored is decided yet."
    return (
        f"By the newest score of each, {formats.share(frozen.expected)} were expected to leave; "
        f"{formats.estimate(frozen.lost, unit='decisions')} did."
    )
