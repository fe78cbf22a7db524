"""How steps of a funnel are written in one line each, and what a line means."""

import re
from collections.abc import Mapping
from datetime import timedelta

from opsplaybook.errors import ParamsError
from opsplaybook.metrics.funnels import Exclusion, Step

GRAMMAR = "name[?] [: column=value or value, column=value] [@ table.column] [within 7 days]"
"""How a step is written; an action alone stands for itself."""

_WHERE = r"(?:\s*:\s*(?P<where>[^@]+?))?"
_TABLE = r"(?:\s*@\s*(?P<table>\w+)(?:\.(?P<at>\w+))?)?"
_STEP = re.compile(
    rf"(?P<name>[^:@?]+?)(?P<optional>\?)?{_WHERE}{_TABLE}(?:\s+within\s+(?P<days>\d+) days?)?"
)
_EXCLUSION = re.compile(
    rf"(?P<name>[^:@?]+?){_WHERE}{_TABLE}"
    r"(?:\s+after\s+(?P<after>.+?))?(?:\s+before\s+(?P<before>.+?))?"
)


def read_step(line: str) -> Step:
    """Read one step.

    Parameters
    ----------
    line : str
        As in `GRAMMAR`. Without a condition and a table the name is an action. A question mark
        makes the step optional. A table without a column makes it a status: the row says that it
        happened, and not when.

    Returns
    -------
    Step

    Raises
    ------
    ParamsError
        If the line is not of that form.

    Examples
    --------
    >>> read_step("signed_up").where
    {'action': ('signed_up',)}
    >>> won = read_step("won: outcome=won @ opportunities.closed_on within 90 days")
    >>> won.name, won.table, won.at, won.within.days
    ('won', 'opportunities', 'closed_on', 90)
    >>> read_step("asked for help?: action=viewed_help or contacted_support").optional
    True

    The last may be skipped on the way.
    """
    found = _STEP.fullmatch(line.strip())
    if found is None:
        raise ParamsError(f"{line}: write a step as {GRAMMAR}")
    part = found.groupdict()
    days = part["days"]
    return Step(
        name=_shown(part["name"]),
        where=_conditions(part),
        table=part["table"] or "activity",
        at=_time_column(part),
        optional=bool(part["optional"]),
        within=timedelta(days=int(days)) if days else None,
    )


def read_exclusion(line: str) -> Exclusion:
    """Read one exclusion: what must not happen between two steps.

    Parameters
    ----------
    line : str
        Written like a step, with ``after STEP`` and ``before STEP`` behind it where it does not
        hold for the whole way.

    Raises
    ------
    ParamsError
        If the line is not of that form.

    Examples
    --------
    >>> left = read_exclusion("cancelled: action=cancelled_plan after signed up")
    >>> left.name, left.after, left.before
    ('cancelled', 'signed up', '')

    Who cancels between signing up and the end does not count.
    """
    found = _EXCLUSION.fullmatch(line.strip())
    if found is None:
        raise ParamsError(f"{line}: write an exclusion as {GRAMMAR} [after step] [before step]")
    part = found.groupdict()
    return Exclusion(
        name=_shown(part["name"]),
        where=_conditions(part),
        after=_shown(part["after"] or ""),
        before=_shown(part["before"] or ""),
        table=part["table"] or "activity",
        at=_time_column(part),
    )


def _shown(name: str) -> str:
    return name.strip().replace("_", " ")


def _time_column(part: Mapping[str, str | None]) -> str:
    if part["table"] in (None, "activity"):
        return part["at"] or "at"
    return part["at"] or ""


def _conditions(part: Mapping[str, str | None]) -> dict[str, tuple[str, ...]]:
    if part["where"] is None:
        own_action = part["table"] in (None, "activity")
        return {"action": (str(part["name"]).strip(),)} if own_action else {}
    conditions = {}
    for condition in str(part["where"]).split(","):
        column, equals, values = condition.partition("=")
        if not equals or not column.strip() or not values.strip():
            raise ParamsError(f"{condition.strip()}: write a condition as column=value or value")
        conditions[column.strip()] = tuple(v.strip() for v in re.split(r"\s+or\s+", values.strip()))
    return conditions
