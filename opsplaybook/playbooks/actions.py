"""The table of actions that closes every playbook."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from opsplaybook import tables
from opsplaybook.display import Table
from opsplaybook.findings import Action
from opsplaybook.tables import Column

_COLUMNS = (
    Column("what", "Action"),
    Column("owner", "Owner"),
    Column("due_on", "Due", "date"),
    Column("measure", "Seen by"),
    Column("status", "Status"),
)
_AUDIENCE = Column("audience", "For")


def table_actions(actions: Sequence[Action]) -> Table:
    """Show actions with owner and date, those for us alone included.

    Whom an action is for is a column where some are for the customer.
    """
    shared = any(action.audience == "customer" for action in actions)
    columns = [*_COLUMNS, _AUDIENCE] if shared else list(_COLUMNS)
    frame = pd.DataFrame(map(asdict, actions), columns=[column.name for column in columns])
    caption = f"Actions, n = {len(frame)}"
    return tables.table(frame, columns, key="actions", caption=caption, shown=len(frame))
