"""Step 1, portrait: who the customers are, and how much of that is known."""

import difflib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.contracts import TABLES
from opsplaybook.display import Table
from opsplaybook.errors import EXAMPLES_SHOWN, NotEnoughDataError, UsageError, quote
from opsplaybook.metrics.portrait import (
    CHAIN,
    FACTS,
    STATES,
    account_facts,
    decision_chain,
    records_contact,
)
from opsplaybook.metrics.value import CustomerValues, customer_values
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.rates import rate
from opsplaybook.stats.resampling import median
from opsplaybook.tables import Column

UNKNOWN = "not known"
DECISION_MAKER = "decision maker"
NO_COVERAGE = "Contacts have no day since which we are in contact: coverage is left out."


@dataclass(frozen=True, slots=True)
class Portrait:
    """The customers of the last known day.

    Attributes
    ----------
    customers : CustomerValues
        Every current customer with its dimensions of value.
    facts : DataFrame
        As from `account_facts`, with ``label`` (name, or key) and ``in_scope``.
    chain : DataFrame
        As from `decision_chain`; empty where the source knows no roles.
    covers : bool
        Whether the source says whom we are in regular contact with; without that no part of a
        decision counts as covered, or as not.
    segment : str
        Column by which customers are grouped; empty where it has no value.
    scope : str
        Whom the report is about, in words.
    caveats : tuple of str
        What is left out, and why.
    currency : str
    level : float
        Level of the intervals.
    """

    customers: CustomerValues
    facts: pd.DataFrame
    chain: pd.DataFrame
    covers: bool
    segment: str
    scope: str
    caveats: tuple[str, ...]
    currency: str
    level: float

    @property
    def own(self) -> pd.DataFrame:
        """Facts of the customers that the report is about."""
        return self.facts.loc[self.facts["in_scope"]]

    @property
    def base(self) -> str:
        """Whom the numbers are about, with n."""
        n = len(self.own)
        return f"{self.scope}, n = {n:,} customer{'' if n == 1 else 's'}"


def portray(given: Tables, params: Params) -> Portrait:
    """Describe every current customer as known on the last day.

    Tiers are those of the company, whoever looks at them: a scope selects whom the report shows,
    not whom they are compared with.

    Parameters
    ----------
    given : Tables
        As from `load`.
    params : Params

    Returns
    -------
    Portrait

    Raises
    ------
    NotEnoughDataError
        If nobody is a customer on that day.
    UsageError
        If nobody is in the scope.
    """
    values = customer_values(given, months=params.value_months, demand_order=params.demand_order)
    if values.frame.empty:
        raise NotEnoughDataError(
            f"nobody is a customer on {formats.day(given.as_of)}",
            where=given.source.name,
            remedy="set as_of to a day after the first order, or value_months to a longer window",
        )
    facts = account_facts(given, values)
    facts["label"] = facts["name"].fillna(facts.index.to_series()).map(formats.text)
    facts["in_scope"] = _in_scope(facts, params)
    segment = params.segment_by
    known = bool(segment) and bool(facts[segment].notna().any())
    return Portrait(
        customers=values,
        facts=facts,
        chain=decision_chain(given, values.frame.index),
        covers=records_contact(given),
        segment=segment if known else "",
        scope=f"{params.scope_by} {params.scope}" if params.scope_by else "all customers",
        caveats=_caveats(given, values, facts, params),
        currency=given.currency,
        level=params.level,
    )


def positive_shares(values: pd.Series, groups: pd.Series) -> pd.Series:
    """Return the share of all value that each group holds; a value below zero counts as zero.

    Missing for a group of which no value is known; empty where there is no value above zero.
    """
    worth = values.clip(lower=0)
    total = worth.sum()
    return (
        worth.groupby(groups).sum(min_count=1) / total if total > 0 else pd.Series(dtype="float64")
    )


def note_on_shares(values: pd.Series) -> str:
    """Say that shares leave out what is below zero, where something is."""
    return "Values below zero count as zero in the shares." if (values < 0).any() else ""


def table_coverage(portrait: Portrait) -> Table:
    """Show of how many customers each fact is known: gaps are gaps, not zeros."""
    own = portrait.own
    names = [name for name in FACTS if name != "name"]
    counts = own[names].notna().sum()
    frame = pd.DataFrame(
        {"fact": [FACTS[name] for name in names], "known": counts.to_numpy(), "of": len(own)}
    )
    frame["share"] = frame["known"] / frame["of"]
    columns = [
        Column("fact", "Fact"),
        Column("known", "Customers", "count", description="Customers of whom it is known"),
        Column("share", "Coverage", "share"),
    ]
    return tables.table(
        frame,
        columns,
        key="coverage",
        caption=f"What is known, {portrait.base}",
        note=" ".join(portrait.caveats),
        shown=len(frame),
    )


def table_segments(portrait: Portrait) -> Table:
    """Show every segment: how many, what they are worth, whether their decisions are covered."""
    label = portrait.segment.replace("_", " ") or "segment"
    frame = _segments(portrait)
    columns = [
        Column("segment", label.capitalize()),
        Column("customers", "Customers", "count"),
        Column("value", "Value", "money", description=portrait.customers.meaning),
        Column("share", "Share of value", "share"),
        Column("median", "Median value", "money", low="median_low", high="median_high",
               n="customers"),
        Column("covered", "Decision maker covered", "share", low="covered_low",
               high="covered_high", n="customers"),
        Column("tickets", "Tickets per customer", "number"),
    ]  # fmt: skip
    if not portrait.covers:
        columns = [column for column in columns if column.name != "covered"]
    note = "" if portrait.segment else "The column to group by has no value in this source."
    note = " ".join(filter(None, [note, note_on_shares(portrait.own["value"])]))
    return tables.table(
        frame,
        columns,
        key="segments",
        caption=f"Customers by {label}, {portrait.base}, {portrait.level:.0%} intervals",
        currency=portrait.currency,
        note=note,
        shown=len(frame),
    )


def table_chain(portrait: Portrait) -> Table:
    """Show how far the decision chain is covered, part by part."""
    frame = _chain(portrait)
    columns = [
        Column("role", "Part in decisions"),
        Column("covered", "In regular contact", "count"),
        Column("known", "Known only" if portrait.covers else "Somebody known", "count"),
        Column("nobody", "Nobody known", "count"),
        Column("share", "Covered", "share", low="low", high="high"),
        Column("since", "Half of them since", "date"),
    ]
    if not portrait.covers:
        columns = [column for column in columns if column.name in ("role", "known", "nobody")]
    note = NO_COVERAGE if not portrait.covers else ""
    note = note if len(frame) else "The source does not say who plays which part: left out."
    return tables.table(
        frame,
        columns,
        key="decision-chain",
        caption=f"Decision chain, {portrait.base}, {portrait.level:.0%} intervals",
        note=note,
        shown=len(frame),
    )


def _in_scope(facts: pd.DataFrame, params: Params) -> pd.Series:
    if not params.scope_by:
        return pd.Series(data=True, index=facts.index)
    column = facts[params.scope_by].astype("str")
    inside = column == params.scope
    if not inside.any():
        known = facts[params.scope_by].dropna().unique().tolist()
        near = difflib.get_close_matches(params.scope, known, n=EXAMPLES_SHOWN) or known
        raise UsageError(
            f"no current customer has {params.scope_by} {quote(params.scope)}",
            where="scope",
            examples=[quote(name) for name in near],
            remedy="set scope to a value of that column",
        )
    return inside


def _caveats(
    given: Tables, values: CustomerValues, facts: pd.DataFrame, params: Params
) -> tuple[str, ...]:
    parts = []
    if values.lapsed or values.prospects:
        parts.append(
            f"Not current on the last day, left out: {values.lapsed:,} former customers and "
            f"{values.prospects:,} prospects."
        )
    if not values.basis:
        parts.append("The source has neither invoices, contracts nor deals: value is not known.")
    elif not values.window_known:
        parts.append(
            f"Money is known from {formats.value(values.history_from, 'date')} on only, "
            f"a shorter time than the {values.months} months asked for."
        )
    if given.has("contacts", "role") and not records_contact(given):
        parts.append(NO_COVERAGE)
    unknown = set(given["accounts"]["demand_type"].dropna()) - set(params.demand_order)
    if unknown:
        named = ", ".join(sorted(unknown)[:EXAMPLES_SHOWN])
        parts.append(f"Kinds of demand without a place in demand_order count as gaps: {named}.")
    empty = [FACTS[name] for name in FACTS if facts[name].isna().all()]
    if empty:
        parts.append(f"Not in the source, left out: {', '.join(empty)}.")
    exported = [
        c.replace("_", " ")
        for c in TABLES["accounts"].facts().as_exported
        if given.has("accounts", c)
    ]
    if exported:
        parts.append(f"Known as exported only, without history: {', '.join(exported)}.")
    return tuple(parts)


def _segments(portrait: Portrait) -> pd.DataFrame:
    own = portrait.own
    key = own[portrait.segment].fillna(UNKNOWN) if portrait.segment else _everybody(own)
    chain = portrait.chain
    decider = chain.loc[chain["role"] == DECISION_MAKER].set_index("account_id")["state"]
    covered = decider.reindex(own.index) == STATES[0]
    shares = positive_shares(own["value"], key.astype("str"))
    rows = []
    for name, part in own.groupby(key.astype("str")):
        middle = median(part["value"], kind="money", level=portrait.level)
        share = rate(float(covered[part.index].sum()), len(part), level=portrait.level)
        value = part["value"].sum(min_count=1)
        rows.append((
            name, len(part), value, shares.get(name, np.nan),
            middle.value, *middle.ends, share.value, *share.ends, part["tickets"].mean(),
        ))  # fmt: skip
    columns = [
        "segment", "customers", "value", "share", "median", "median_low", "median_high",
        "covered", "covered_low", "covered_high", "tickets",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["value", "segment"], ascending=[False, True], ignore_index=True)


def _everybody(own: pd.DataFrame) -> pd.Series:
    return pd.Series("all customers", index=own.index)


def _chain(portrait: Portrait) -> pd.DataFrame:
    own = portrait.chain.loc[portrait.chain["account_id"].isin(portrait.own.index)]
    rows = []
    for role in [name for name in CHAIN if (own["role"] == name).any()]:
        part = own.loc[own["role"] == role]
        states = [int((part["state"] == state).sum()) for state in STATES]
        share = rate(float(states[0]), len(part), level=portrait.level)
        since = part["since"].dropna()
        half = since.sort_values().iloc[(len(since) - 1) // 2] if len(since) else pd.NaT
        rows.append((role, *states, share.value, *share.ends, half))
    columns = ["role", *STATES, "share", "low", "high", "since"]
    return pd.DataFrame(rows, columns=columns)
