"""Step 2, use: who works with the product, how much, and what it delivers."""

from dataclasses import dataclass
from math import ceil, isnan, nan

import numpy as np
import pandas as pd

from opsplaybook.metrics import orders as order_metrics
from opsplaybook.metrics import usage
from opsplaybook.metrics.blocks import block_sums, year_on_year
from opsplaybook.metrics.periods import Period, Periods
from opsplaybook.playbooks.account_review.account import Account
from opsplaybook.playbooks.account_review.compared import UNKNOWN, Compared
from opsplaybook.playbooks.account_review.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.changes import change_beyond_swings, change_of_members
from opsplaybook.stats.multiplicity import holm
from opsplaybook.stats.rates import rate, rate_difference
from opsplaybook.stats.results import Difference, Estimate

KEY_ACTIONS = 6
WEEKS = 52
HISTORY_WEEKS = 3 * WEEKS
"""Weeks before the present period whose swings tell what is usual."""


@dataclass(frozen=True, slots=True)
class Use:
    """What the people of the account do in the product.

    Attributes
    ----------
    account : Account
    recorded : bool
        Whether the source has a record of use at all.
    measures : tuple of Compared
        Users, regular users, seats in use, actions, value; those that the source can give.
    weeks : DataFrame
        ``week_end``, ``users``, ``actions`` and ``seats`` (NaN without) of the last year.
    actions : DataFrame
        ``action``, ``now``, ``before``, ``change``, ``low``, ``high``, ``weeks`` (n behind the
        change), ``p_value`` and ``beyond_chance`` (after Holm's correction).
    value : DataFrame
        ``block_end``, ``amount``, ``year_before``; empty without a value action.
    value_unit : str
    caveats : tuple of str
    """

    account: Account
    recorded: bool
    measures: tuple[Compared, ...]
    weeks: pd.DataFrame
    actions: pd.DataFrame
    value: pd.DataFrame
    value_unit: str
    caveats: tuple[str, ...]

    def of(self, key: str) -> Compared | None:
        """Return a measure by its key; None where the source cannot give it."""
        return next((measure for measure in self.measures if measure.key == key), None)


def review_use(given: Tables, params: Params, account: Account) -> Use:
    """Measure users, seats, actions and value, against the period and the year before.

    Parameters
    ----------
    given : Tables
        As from `load`.
    params : Params
    account : Account
        As from `review_account`.

    Returns
    -------
    Use
    """
    use = usage.daily_use(given, account.account_id, since=_past(account.periods).first)
    delivered = use.loc[use["action"] == params.value_action]
    measures = () if use.empty else _measures(given, params, account, use, delivered)
    return Use(
        account=account,
        recorded="activity" in given.qualities,
        measures=measures,
        weeks=_weeks(given, account, use),
        actions=_key_actions(given, params, account, use),
        value=_value_blocks(given, account, delivered),
        value_unit=params.value_unit,
        caveats=_caveats(given, params, account, use),
    )


def _measures(
    given: Tables, params: Params, account: Account, use: pd.DataFrame, delivered: pd.DataFrame
) -> tuple[Compared, ...]:
    level = params.level
    found = [_weekly(given, account, use, "actions", "Actions", level)]
    if use["user_id"].notna().any():
        found = [*_people(given, account, use, level), *found]
    if len(delivered):
        label = f"Value delivered ({params.value_unit})"
        found.append(_weekly(given, account, delivered, "value", label, level))
    return tuple(found)


def _people(
    given: Tables, account: Account, use: pd.DataFrame, level: float
) -> tuple[Compared, ...]:
    named = account.periods.named()
    users = {name: usage.users_in(use, period) for name, period in named.items()}
    known = {name: account.knows(given, "activity", period) for name, period in named.items()}
    counts = {name: len(found) for name, found in users.items()}
    changes = [
        _joined_and_left(users["now"], users[name], level) if known[name] else UNKNOWN
        for name in ("before", "year_before")
    ]
    past = [float(counts[name]) if known[name] else nan for name in ("before", "year_before")]
    now = Estimate(counts["now"], None, counts["now"], "count", "counted")
    active = Compared("users", "Active users", now, *past, *changes, unit="users")
    regular = {name: usage.regular_users(use, period) for name, period in named.items()}
    share = _shares("regular", "Regular users of active ones", regular, counts, known, level)
    days = [period.last for period in named.values()]
    held = order_metrics.in_force_on(given["contracts"], days, "seats")
    seats = dict(zip(named, held.tolist(), strict=True))
    return (active, share, *_seat_use(counts, seats, known, level))


def _joined_and_left(now: pd.Index, past: pd.Index, level: float) -> Difference:
    stayed = len(now.intersection(past))
    return change_of_members(stayed, len(now) - stayed, len(past) - stayed, level=level)


def _seat_use(
    counts: dict[str, int], seats: dict[str, float], known: dict[str, bool], level: float
) -> tuple[Compared, ...]:
    if isnan(seats["now"]) or not counts["now"] <= seats["now"]:
        return ()
    whole = {name: 0 if isnan(number) else int(number) for name, number in seats.items()}
    fits = {name: known[name] and counts[name] <= whole[name] for name in counts}
    return (_shares("seat_use", "Seats in use", counts, whole, fits, level, unit="seats"),)


def _shares(
    key: str,
    label: str,
    parts: dict[str, int],
    wholes: dict[str, int],
    known: dict[str, bool],
    level: float,
    *,
    unit: str = "users",
) -> Compared:
    now = (parts["now"], wholes["now"])
    past, changes = [], []
    for name in ("before", "year_before"):
        usable = known[name] and wholes[name] > 0 and wholes["now"] > 0
        past.append(parts[name] / wholes[name] if usable else nan)
        then = (parts[name], wholes[name])
        changes.append(rate_difference(now, then, level=level) if usable else UNKNOWN)
    return Compared(key, label, rate(*now, level=level), *past, *changes, unit=unit)


def _weekly(
    given: Tables, account: Account, use: pd.DataFrame, key: str, label: str, level: float
) -> Compared:
    column = "quantity" if key == "value" else "actions"
    named = account.periods.named()
    totals = {
        name: float(use.loc[period.holds(use["day"]), column].sum())
        for name, period in named.items()
    }
    past, changes = [], []
    for name in ("before", "year_before"):
        known = account.knows(given, "activity", named[name])
        past.append(totals[name] if known else nan)
        changed = change_of_use(use, account.periods, name, column=column, level=level)
        changes.append(changed if known else UNKNOWN)
    weeks = account.periods.now.days // usage.WEEK_DAYS
    now = Estimate(totals["now"], None, weeks, "count", "counted")
    return Compared(key, label, now, *past, *changes, unit="weeks")


def change_of_use(
    use: pd.DataFrame, periods: Periods, name: str, *, column: str, level: float
) -> Difference:
    """Compare what was done in whole weeks of two periods; earlier swings tell what is usual.

    Parameters
    ----------
    use : DataFrame
        ``day`` and `column`, as from `daily_use`.
    periods : Periods
    name : str
        The period that the present one is held against: ``before`` or ``year_before``.
    column : str
        What is summed: ``actions`` or ``quantity``.
    level : float

    Returns
    -------
    Difference
    """
    spans = (periods.now, periods.named()[name], _past(periods))
    now, then, usual = (usage.per_week(use, span, sums=column) for span in spans)
    return change_beyond_swings(now, then, history=usual, lag=_lag(periods, name), level=level)


def _past(periods: Periods) -> Period:
    """Return the time before the present period that tells what is usual."""
    first = periods.now.back(usage.WEEK_DAYS * HISTORY_WEEKS).first
    return Period(first, periods.before.last)


def _lag(periods: Periods, name: str) -> int:
    """Return the weeks between the first days of the present period and of another one."""
    apart = periods.now.first - periods.named()[name].first
    return ceil(apart.days / usage.WEEK_DAYS)


def _weeks(given: Tables, account: Account, use: pd.DataFrame) -> pd.DataFrame:
    last = account.periods.now.last
    recent = use.loc[use["day"] > pd.Timestamp(last) - pd.Timedelta(weeks=WEEKS)]
    weeks = usage.weekly_users(recent, last, weeks=WEEKS)
    ends = pd.DatetimeIndex(weeks["week_end"])
    return weeks.assign(seats=order_metrics.in_force_on(given["contracts"], ends, "seats"))


def _key_actions(
    given: Tables, params: Params, account: Account, use: pd.DataFrame
) -> pd.DataFrame:
    """Compare each key action by week; many are looked at, so chance is corrected for."""
    periods = account.periods
    known = account.knows(given, "activity", periods.before)
    spans = (periods.now, periods.before, _past(periods))
    weeks = [usage.weeks_of_actions(use, span) for span in spans]
    lag = _lag(periods, "before")
    chosen = _chosen(params, weeks[:2])
    rows = [_action(name, *weeks, lag=lag, level=params.level) for name in chosen]
    frame = pd.DataFrame(rows, columns=_ACTION_COLUMNS)
    if not known:
        frame[["before", "change", "low", "high", "p_value"]] = nan
    adjusted = holm(frame["p_value"].to_numpy(dtype=float))
    return frame.assign(beyond_chance=adjusted < 1 - params.level)


_ACTION_COLUMNS = ["action", "now", "before", "change", "low", "high", "weeks", "p_value"]


def _chosen(params: Params, weeks: list[pd.DataFrame]) -> list[str]:
    """Take the actions that were asked for, or the most frequent ones of both periods."""
    if params.key_actions:
        return list(params.key_actions)
    sums = pd.concat([frame.sum() for frame in weeks]).groupby(level=0).sum()
    return sums.sort_values(ascending=False, kind="stable").head(KEY_ACTIONS).index.tolist()


def _action(
    name: str,
    now: pd.DataFrame,
    before: pd.DataFrame,
    past: pd.DataFrame,
    *,
    lag: int,
    level: float,
) -> tuple[object, ...]:
    one, two, usual = (
        frame[name].to_numpy() if name in frame else np.zeros(len(frame))
        for frame in (now, before, past)
    )
    change = change_beyond_swings(one, two, history=usual, lag=lag, level=level)
    return name, one.sum(), two.sum(), change.value, *change.ends, change.n, change.p_value


def _value_blocks(given: Tables, account: Account, delivered: pd.DataFrame) -> pd.DataFrame:
    last = account.periods.now.last
    sums = block_sums(delivered["day"], delivered["quantity"], last)
    found = year_on_year(sums, last, known_from=account.known_from(given, "activity"))
    return found if len(delivered) else found.iloc[:0]


def _caveats(given: Tables, params: Params, account: Account, use: pd.DataFrame) -> tuple[str, ...]:
    if "activity" not in given.qualities:
        return ("There is no record of use: users, actions and value are left out.",)
    caveats = []
    if use.empty:
        caveats.append("Nothing was done in the product in the last three years.")
    elif use["user_id"].isna().all():
        caveats.append("Activity names no users: users and seats in use are left out.")
    if params.value_action and not (use["action"] == params.value_action).any():
        caveats.append(f"There is no action {params.value_action!r}: value is left out.")
    if not account.knows(given, "activity", account.periods.before):
        caveats.append("Use in the period before is not known in full: it is not compared.")
    users = len(usage.users_in(use, account.periods.now))
    (held,) = order_metrics.in_force_on(given["contracts"], [given.as_of], "seats")
    if users > held:
        caveats.append("More people used the product than there are seats.")
    return tuple(caveats)
