"""Ask what would change with other weights or cuts: who moves, and are there hands for them."""

import pandas as pd

from opsplaybook import tables
from opsplaybook.contracts import TIERS
from opsplaybook.display import Table
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.playbooks.customer_portrait.score import score_customers
from opsplaybook.playbooks.customer_portrait.tiers import Tiered, assign
from opsplaybook.playbooks.customer_portrait.tiers_shown import table_tiers
from opsplaybook.sources import Tables
from opsplaybook.tables import Column

WHAT_IF_TIERS = ("weights", "cut_by", "managers", "accounts_per_manager", "thresholds")
"""Parameters that can be moved."""


def what_if_tiers(
    params: Params, given: Tables, portrait: Portrait, tiered: Tiered
) -> tuple[Table, Table]:
    """Put customers into tiers by other parameters, and hold that against the tiers as they are.

    Returns
    -------
    tuple of Table
        Tiers with the capacity used, and the customers who would move: farthest first, then by
        value.
    """
    others = assign(given, params, portrait, score_customers(portrait, params))
    return table_tiers(others, portrait), _table_movers(tiered, others, portrait)


def _table_movers(tiered: Tiered, others: Tiered, portrait: Portrait) -> Table:
    then, now = tiered.frame["tier"], others.frame["tier"]
    places = {tier: place for place, tier in enumerate(TIERS)}
    frame = pd.DataFrame({"now": then, "then": now}).loc[then != now]
    now_at, then_at = (frame[name].map(places).astype("float64") for name in ("now", "then"))
    frame = frame.assign(steps=(then_at - now_at).abs()).join(portrait.own[["label", "value"]])
    frame = frame.sort_values(["steps", "value"], ascending=False, kind="stable")
    columns = [
        Column("label", "Customer"),
        Column("now", "Tier now"),
        Column("then", "Would be"),
        Column("value", "Value", "money"),
    ]
    caption = f"Customers who would move, {len(frame):,} of {len(tiered.frame):,}"
    return tables.table(frame, columns, key="movers", caption=caption, currency=portrait.currency)
