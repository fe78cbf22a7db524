"""Step 4, people: whom of the account we know, by their part in decisions."""

from dataclasses import dataclass

import pandas as pd

from opsplaybook import tables
from opsplaybook.contracts import ROLES
from opsplaybook.display import Table
from opsplaybook.metrics.events import DECISION_ROLES, UNKNOWN
from opsplaybook.playbooks.account_review.account import Account
from opsplaybook.playbooks.account_review.compared import audience_of
from opsplaybook.sources import Tables
from opsplaybook.tables import Column

LEFT_RECENTLY_DAYS = 365


@dataclass(frozen=True, slots=True)
class People:
    """Whom of the account we know.

    Attributes
    ----------
    account : Account
    roles : DataFrame
        ``role``, ``people``, ``in_contact`` and ``left`` (in the last 365 days), one row per
        role of the decision chain; roles that nobody has are there with zeros.
    known : bool
        Whether the source says who plays which part.
    uncovered : tuple of str
        Decision roles without anybody in regular contact with us.
    deciders_left : int
        People in decision roles who left in the last 365 days.
    caveats : tuple of str
    """

    account: Account
    roles: pd.DataFrame
    known: bool
    uncovered: tuple[str, ...]
    deciders_left: int
    caveats: tuple[str, ...]


def review_people(given: Tables, account: Account) -> People:
    """Count the contacts by role, those we speak with, and those who left.

    Parameters
    ----------
    given : Tables
        As from `load`.
    account : Account
        As from `review_account`.

    Returns
    -------
    People
    """
    contacts = given["contacts"]
    roles = _roles(contacts, pd.Timestamp(given.as_of))
    known = given.has("contacts", "role")
    deciding = roles.loc[roles["role"].isin(DECISION_ROLES)]
    covers = given.has("contacts", "covered_on")
    uncovered = deciding.loc[deciding["in_contact"] == 0, "role"] if known and covers else ()
    return People(
        account=account,
        roles=roles,
        known=known,
        uncovered=tuple(uncovered),
        deciders_left=int(deciding["left"].sum()),
        caveats=() if known else ("Contacts have no role here: people are left out.",),
    )


def table_people(people: People) -> Table:
    """Show contacts by role; no names."""
    columns = [
        Column("role", "Part in decisions"),
        Column("people", "People we know", "count"),
        Column("in_contact", "In regular contact", "count"),
    ]
    frame = people.roles if people.known else people.roles.iloc[:0]
    return tables.table(
        frame,
        columns,
        key="people",
        caption=f"Contacts by their part in decisions, n = {frame['people'].sum():,}",
        audience=audience_of(frame),
        shown=len(frame),
    )


def _roles(contacts: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    role = contacts["role"].fillna(UNKNOWN)
    here = ~(contacts["left_on"] <= day)
    flags = {
        "people": here,
        "in_contact": here & contacts["covered_on"].notna(),
        "left": ~here & (contacts["left_on"] > day - pd.Timedelta(days=LEFT_RECENTLY_DAYS)),
    }
    counts = pd.DataFrame(flags).groupby(role).sum().astype("int64")
    unknown = UNKNOWN in counts.index and counts.loc[UNKNOWN, "people"] > 0
    rows = [*ROLES, *([UNKNOWN] if unknown else [])]
    return counts.reindex(rows, fill_value=0).rename_axis("role").reset_index()
