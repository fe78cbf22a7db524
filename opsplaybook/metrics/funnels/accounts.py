"""What a funnel of users says of their accounts."""

import ibis
import pandas as pd

from opsplaybook.metrics.funnels.clock import one_if
from opsplaybook.metrics.funnels.funnel import Funnel
from opsplaybook.metrics.funnels.units import at, has_reached, positions

ACCOUNT = "account_id"


def account_times(funnel: Funnel) -> pd.DataFrame:
    """Count the units of each account, and say when the first of them came how far.

    Parameters
    ----------
    funnel : Funnel
        Of accounts, or of units that carry ``account_id`` as a segment; without it the frame is
        empty.

    Returns
    -------
    DataFrame
        One row per known account, in order: ``account_id``, ``units`` (that entered), ``reached``
        (of these, at the last required step), ``entered_on`` and ``reached_on`` (first local day
        of an entry, and of the last step; the latter missing where nobody came so far).
    """
    units = funnel.units
    if funnel.rule.unit != ACCOUNT and ACCOUNT not in funnel.rule.segments:
        return _frame(funnel, pd.DataFrame(columns=[ACCOUNT, "units", "reached", "first", "last"]))
    own = units["unit"] if funnel.rule.unit == ACCOUNT else units[funnel.segment(ACCOUNT)]
    end = positions(funnel.plan)[-1]
    came = one_if(has_reached(units, end))
    named = units.mutate(**{ACCOUNT: own, "came": came, "end": units[at(end)]})
    known = named.drop_null([ACCOUNT])
    grouped = known.group_by(ACCOUNT).agg(
        units=known.count(),
        reached=known["came"].sum(),
        first=known["entered"].min(),
        last=known["end"].min(),
    )
    return _frame(funnel, funnel.fetch(grouped.order_by(ibis.asc(ACCOUNT))))


def _frame(funnel: Funnel, rows: pd.DataFrame) -> pd.DataFrame:
    clock = funnel.plan.clock
    return pd.DataFrame(
        {
            ACCOUNT: rows[ACCOUNT].astype("str"),
            "units": rows["units"].astype("int64"),
            "reached": rows["reached"].astype("int64"),
            "entered_on": clock.days(rows["first"]),
            "reached_on": clock.days(rows["last"]),
        }
    )
