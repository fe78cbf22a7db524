"""Where records of leaving disagree, and use that no contract covers."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Table
from opsplaybook.metrics.decisions import use_outside_terms
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.sources import Tables
from opsplaybook.tables import Column


@dataclass(frozen=True, slots=True)
class Records:
    """What the source says of leaving, in each of the places where it says so.

    Attributes
    ----------
    pairs : DataFrame
        ``first``, ``second`` (records), ``n_first``, ``n_second``, ``both``, ``only_first`` and
        ``only_second``: accounts.
    outside, rows : int
        Rows of use outside the dates of their contract, and rows that name one.
    caveats : tuple of str
    """

    pairs: pd.DataFrame
    outside: int
    rows: int
    caveats: tuple[str, ...]


def compare_records(given: Tables, book: Book) -> Records:
    """Hold the records of leaving against one another.

    Parameters
    ----------
    given : Tables
    book : Book

    Returns
    -------
    Records
    """
    known = dict(_records(given, book))
    unexplained = known.get(LOST_RENEWAL, set()) - known.get(MARKED, set())
    unexplained &= known.get(GONE, unexplained)
    rows = []
    for first, second in combinations(known, 2):
        one, two = known[first], known[second]
        rows.append((first, second, len(one), len(two), len(one & two), len(one - two),
                     len(two - one)))  # fmt: skip
    pairs = pd.DataFrame(rows, columns=_COLUMNS)
    outside, total = use_outside_terms(given, account_id=book.account_id)
    said = (*_disagreements(pairs, len(unexplained)), *_outside(outside, total))
    return Records(pairs, outside, total, said)


MARKED, LOST_RENEWAL, GONE = "account marked as lost", "lost renewal on record", "no contract runs"
_COLUMNS = ["first", "second", "n_first", "n_second", "both", "only_first", "only_second"]


def table_records(records: Records, book: Book) -> Table:
    """Show how the records of leaving cross, account by account."""
    columns = [
        Column("first", "One record"),
        Column("n_first", "Accounts", "count"),
        Column("second", "Another record"),
        Column("n_second", "Accounts", "count"),
        Column("both", "In both", "count"),
        Column("only_first", "Only in the first", "count"),
        Column("only_second", "Only in the second", "count"),
    ]
    return tables.table(
        records.pairs,
        columns,
        key="records",
        caption=f"Records of leaving, all accounts, as known on {formats.day(book.last)}",
        note=" ".join(records.caveats)
        or "Whoever lost a contract and is not marked has another one, or has come back.",
        shown=max(len(records.pairs), 1),
    )


def _records(given: Tables, book: Book) -> Iterator[tuple[str, set[str]]]:
    accounts, contracts, deals = given["accounts"], book.contracts, given["opportunities"]
    if given.has("accounts", "churned"):
        marked = accounts["churned"].fillna(value=False)
        yield MARKED, set(accounts.loc[marked, "account_id"])
    events = (deals["kind"] == "renewal") & (deals["outcome"] == "lost")
    if events.any():
        yield LOST_RENEWAL, set(deals.loc[events, "account_id"].dropna())
    if given.has("contracts", "outcome"):
        lost = contracts["outcome"] == "lost"
        yield "a contract was lost", set(contracts.loc[lost, "account_id"])
        running = (contracts["start_on"] <= book.last) & ~(contracts["end_on"] < book.last)
        gone = set(contracts["account_id"]) - set(contracts.loc[running, "account_id"])
        yield GONE, gone


def _disagreements(pairs: pd.DataFrame, unexplained: int) -> Iterator[str]:
    """Speak of records that mean the same and do not agree.

    Whoever lost a renewal and still has a contract that runs is rightly not marked yet.
    """
    same = pairs.loc[
        (pairs["first"] == MARKED)
        & (pairs["second"] == LOST_RENEWAL)
        & (pairs["only_first"] + unexplained > 0)
    ]
    for row in same.itertuples():
        yield (
            f"Two records of leaving disagree: {row.n_first:,} accounts are marked as lost, "
            f"{row.n_second:,} have a lost renewal on record; {row.both:,} have both, "
            f"{row.only_first:,} are only marked, {row.only_second:,} are not marked."
        )


def _outside(outside: int, total: int) -> Iterator[str]:
    if outside:
        yield (
            f"{outside:,} of {total:,} rows of use lie outside the dates of the contract that "
            "they name: features of use rest on what cannot be true of all of them."
        )
