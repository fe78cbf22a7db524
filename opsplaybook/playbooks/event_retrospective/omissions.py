"""Step 2: what the results leave out, because the data do not hold it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.metrics import events as event_metrics
from opsplaybook.metrics.quiet_hours import zone_caveats
from opsplaybook.playbooks.event_retrospective.goals import Event
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.sources import Tables


def omissions(
    given: Tables,
    params: Params,
    event: Event,
    people: pd.DataFrame,
    costs: pd.DataFrame,
    deals: pd.DataFrame,
) -> tuple[str, ...]:
    """List what a reader of the results has to know, as sentences.

    Parameters
    ----------
    given : Tables
    params : Params
    event : Event
    people, costs, deals : DataFrame
        As from `opsplaybook.metrics.events`.
    """
    return (
        *_of_time(given, params, event),
        *_of_people(given, params, people),
        *_of_costs(costs),
        *_of_deals(given, deals),
        *zone_caveats(given),
    )


def _of_time(given: Tables, params: Params, event: Event) -> Iterator[str]:
    known = given.as_of
    if known < event.end_on.date():
        yield (
            f"The event runs until {formats.day(event.end_on)} and is known until "
            f"{formats.day(known)}: its steps are not held against those of events that are over."
        )
    for days in (params.early_window_days, params.late_window_days):
        last = event_metrics.window_end(event.start_on, days)
        if known < last:
            seen = max((known - event.start_on.date()).days, 0)
            yield (
                f"The window of {formats.days(days)} is not over: it is known for "
                f"{formats.days(seen)} and ends on {formats.day(last)}."
            )


def _of_people(given: Tables, params: Params, people: pd.DataFrame) -> Iterator[str]:
    if people.empty:
        yield "Nobody was recorded as reached: rates and comparisons are left out."
    if not given.has("accounts", "tier"):
        yield "Accounts have no tier: the distribution by tier is left out."
    if not given.has("contacts", "role"):
        yield "Contacts have no role: the share of decision makers is left out."
    if people["qualified"].any():
        yield from _of_leads(params, people)


def _of_leads(params: Params, people: pd.DataFrame) -> Iterator[str]:
    if people["was_customer"].isna().all():
        yield "Accounts have no first day as customers: the count of new accounts is left out."
    if people["followed_up"].isna().all():
        yield "Follow-ups are not recorded: the share followed up in time is left out."
    states = event_metrics.follow_up_states(people, hours=params.follow_up_hours)
    whose = {
        "not due yet": f"whose {formats.hours(params.follow_up_hours)} are not over",
        "not known": "without a time of qualification",
    }
    for state, words in whose.items():
        some = int((states == state).sum())
        if some:
            yield (
                f"Left out of the share followed up in time: {some} of {len(states)} qualified "
                f"contacts, {words}."
            )


def _of_costs(costs: pd.DataFrame) -> Iterator[str]:
    if costs.empty:
        yield "No cost was recorded: costs per lead and returns are left out."
        return
    items = len(costs)
    unpaid = int(costs["unpaid"].sum())
    if unpaid:
        yield f"{unpaid} of {items} cost items have no actual cost: they count as nothing spent."
    unrated = int((costs["staff_hours"].gt(0) & np.isnan(costs["hourly_rate"])).sum())
    if unrated:
        yield f"{unrated} of {items} cost items have staff time without a rate: it counts nothing."


def _of_deals(given: Tables, deals: pd.DataFrame) -> Iterator[str]:
    if given["opportunities"].empty:
        yield "There is no pipeline: deals and returns on them are left out."
    elif not event_metrics.names_events(given):
        yield "Deals do not name the event that they came from: deals sourced are left out."
    worthless = int(deals["amount"].isna().sum())
    if worthless:
        yield f"{worthless} of {len(deals)} deals have no amount: they add nothing to returns."
    sourced = deals.loc[deals["relation"] == "sourced"]
    early = int((sourced["days_to_open"] < 0).sum())
    if early:
        yield (
            f"{early} of {len(sourced)} deals sourced were opened before the first day: unless its "
            "invitation brought them, the event did not."
        )
