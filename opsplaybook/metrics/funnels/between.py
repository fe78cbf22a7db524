"""What units do on the way from one step to the next."""

from datetime import timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from opsplaybook.errors import ParamsError
from opsplaybook.metrics.funnels.clock import microseconds, one_if
from opsplaybook.metrics.funnels.counts import NOT_KNOWN
from opsplaybook.metrics.funnels.funnel import Funnel
from opsplaybook.metrics.funnels.losses import next_step
from opsplaybook.metrics.funnels.rows import TIME, UNIT, fits, source_rows
from opsplaybook.metrics.funnels.units import at, has_reached

ACTIVITY, ACTION, ACCOUNT = "activity", "action", "account_id"
DIRECTLY = "directly"
"""Path of a unit that did nothing else on the way."""

ARROW = " > "
_CAME, _WENT, _END = "came", "went_on", "end"


def actions_after(
    funnel: Funnel, step: str, *, landmark: timedelta, minimum: int = 5, by_account: bool = False
) -> pd.DataFrame:
    """Count who did what soon after a step, by whether they went on later.

    All are looked at from the same distance: units that had neither gone on nor run out of time a
    while after the step (the landmark), by what they did until then and what became of them
    after. Otherwise whoever takes longer would have more time to do anything.

    Parameters
    ----------
    funnel : Funnel
    step : str
        A required step that another follows.
    landmark : timedelta
        Time after the step.
    minimum : int
        Actions that fewer units did are left out.
    by_account : bool
        Count within each account as well: units of one account are alike. The rule has to carry
        ``account_id`` as a segment.

    Returns
    -------
    DataFrame
        One row per action that is no step, the most frequent first: ``action`` and four counts of
        mature units that are not open: ``did_and_reached``, ``did_not_reach``,
        ``other_reached``, ``other_not_reached``. An association: nobody was assigned to do it.
        By account, one row per action and account, with ``account_id``.

    Raises
    ------
    ParamsError
        If no step follows, activity does not know the unit, or no account is carried.

    References
    ----------
    Anderson, Cain and Gelber 1983, J. Clin. Oncol. 1:710-719 (landmark analysis).
    """
    units, once = _done_soon(funnel, step, landmark)
    keys = [ACCOUNT] if by_account else []
    if by_account:
        units, once = (_with_accounts(funnel, part) for part in (units, once))
    did = _counted(funnel, once, [ACTION, *keys])
    number = did.groupby(ACTION)["units"].sum()
    often = number[number >= minimum].sort_values(ascending=False, kind="stable").index
    total = _counted(funnel, units, keys).rename(columns={"units": "all", "went": "all_went"})
    every = pd.DataFrame({ACTION: often}).merge(total, how="cross")
    rows = every.merge(did, on=[ACTION, *keys], how="left")
    rows = rows.fillna({"units": 0, "went": 0}).astype({"units": "int64", "went": "int64"})
    return pd.DataFrame(
        {
            **{name: rows[name] for name in (ACTION, *keys)},
            "did_and_reached": rows["went"],
            "did_not_reach": rows["units"] - rows["went"],
            "other_reached": rows["all_went"] - rows["went"],
            "other_not_reached": rows["all"] - rows["all_went"] - (rows["units"] - rows["went"]),
        }
    )


def paths_after(funnel: Funnel, step: str, *, length: int = 3, limit: int = 10) -> pd.DataFrame:
    """Count what units did first after a step, before they went on or ran out of time.

    Parameters
    ----------
    funnel : Funnel
    step : str
        A required step that another follows.
    length : int
        Actions that are looked at; the same action several times in a row is one.
    limit : int
        Paths that are listed.

    Returns
    -------
    DataFrame
        ``path`` (actions with `ARROW` between, or `DIRECTLY`), ``units``, and how many of them
        ``reached`` the next step, are ``open`` or ``lost``; the most frequent first.

    Raises
    ------
    ParamsError
        As for `actions_after`.
    """
    units = _on_the_way(funnel, step)
    names = [f"action_{place}" for place in range(1, length + 1)]
    rows = _rows(funnel, units)
    rows = rows.filter((rows[TIME] > rows[_CAME]) & (rows[TIME] < rows[_END]))
    order = ibis.window(group_by=UNIT, order_by=[TIME, ACTION])
    before = rows[ACTION].lag().over(order).fill_null("")
    rows = rows.mutate(action_before=before)
    rows = rows.filter(rows["action_before"] != rows[ACTION])
    rows = rows.mutate(place=ibis.row_number().over(order))
    firsts = {
        name: ibis.cases((rows["place"] == place, rows[ACTION])).max()
        for place, name in enumerate(names)
    }
    done = rows.group_by(UNIT).agg(**firsts)
    joined = units.left_join(done, UNIT)
    counts = {
        "units": joined.count(),
        "reached": one_if(joined[_WENT]).sum(),
        "open": one_if(joined["open"] & ~joined[_WENT]).sum(),
    }
    grouped = joined.group_by(names).agg(**counts)
    few = grouped.order_by([ibis.desc("units"), *names]).limit(limit)
    frame = funnel.fetch(few).astype(dict.fromkeys(counts, "int64"))
    path = frame[names[0]].fillna(DIRECTLY)
    for name in names[1:]:
        path += (ARROW + frame[name]).fillna("")
    frame = frame.assign(path=path)
    frame = frame.sort_values(["units", "path"], ascending=[False, True], ignore_index=True)
    lost = frame["units"] - frame["reached"] - frame["open"]
    return frame.assign(lost=lost)[["path", "units", "reached", "open", "lost"]]


def _done_soon(funnel: Funnel, step: str, landmark: timedelta) -> tuple[ir.Table, ir.Table]:
    """Return the units on the way at the landmark, and each action that each did until then."""
    size = microseconds(landmark)
    units = _on_the_way(funnel, step)
    units = units.filter(units["mature"] & ~units["open"] & (units[_END] > units[_CAME] + size))
    rows = _rows(funnel, units)
    soon = rows.filter((rows[TIME] > rows[_CAME]) & (rows[TIME] <= rows[_CAME] + size))
    for part in funnel.rule.steps:
        if part.table == ACTIVITY:
            soon = soon.filter(~fits(soon, part).fill_null(ibis.literal(value=False)))
    return units, soon.select(ACTION, UNIT, _WENT).distinct()


def _with_accounts(funnel: Funnel, rows: ir.Table) -> ir.Table:
    account = funnel.units[funnel.segment(ACCOUNT)].fill_null(NOT_KNOWN)
    return rows.inner_join(funnel.units.select(UNIT, **{ACCOUNT: account}), UNIT)


def _counted(funnel: Funnel, rows: ir.Table, keys: list[str]) -> pd.DataFrame:
    """Count units and those that went on, per group, in order of the keys."""
    counts = {"units": rows.count(), "went": one_if(rows[_WENT]).sum().fill_null(0)}
    frame = funnel.fetch(rows.group_by(keys).agg(**counts) if keys else rows.agg(**counts))
    frame = frame.astype({"units": "int64", "went": "int64"})
    return frame.sort_values(keys, ignore_index=True) if keys else frame


def _on_the_way(funnel: Funnel, step: str) -> ir.Table:
    """Return the units that came to a step, with when they came, when it ended and how."""
    _refuse_other_units(funnel)
    here, following = next_step(funnel, step)
    units = funnel.units.filter(has_reached(funnel.units, here))
    went = has_reached(units, following)
    end = ibis.coalesce(units[at(following)], ibis.greatest(units["until"], units[at(here)]))
    return units.select(UNIT, "open", "mature", **{_CAME: units[at(here)], _WENT: went, _END: end})


def _rows(funnel: Funnel, units: ir.Table) -> ir.Table:
    rows = source_rows(funnel.tables, funnel.plan, ACTIVITY, "at")
    columns = {name for part in funnel.rule.steps if part.table == ACTIVITY for name in part.where}
    names = dict.fromkeys([UNIT, TIME, ACTION, *sorted(columns)])
    return rows.select(*names).inner_join(units, UNIT)


def _refuse_other_units(funnel: Funnel) -> None:
    rows = funnel.tables.expression(ACTIVITY)
    if rows is None or funnel.rule.unit not in rows.columns:
        raise ParamsError(
            f"activity does not know {funnel.rule.counted}",
            where="funnel",
            remedy="what is done on the way can be told for users and accounts with activity",
        )
