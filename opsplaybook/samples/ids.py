"""Keys of companies and people, written once and used by every table."""

from dataclasses import dataclass

import pyarrow as pa

from opsplaybook.samples.columns import serial
from opsplaybook.samples.event_plans import EVENT_PLANS


@dataclass(frozen=True, slots=True)
class Ids:
    """Keys by number; the first company is ``A-0001``."""

    account: pa.Array
    contact: pa.Array
    event: pa.Array


def make_ids(companies: int, people: int) -> Ids:
    """Write the keys.

    Examples
    --------
    >>> make_ids(2, 1).account.to_pylist()
    ['A-0001', 'A-0002']
    """
    return Ids(
        account=serial("A-", companies),
        contact=serial("P-", people, width=5),
        event=pa.array([plan.event_id for plan in EVENT_PLANS], pa.large_string()),
    )
