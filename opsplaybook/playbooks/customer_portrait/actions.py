"""Step 7, first half: what follows from the tiers, for whom, by when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Table
from opsplaybook.findings import Action
from opsplaybook.metrics.portrait import CHAIN, STATES
from opsplaybook.playbooks import actions
from opsplaybook.playbooks.base import earlier_runs
from opsplaybook.playbooks.customer_portrait.back_test import BackTest
from opsplaybook.playbooks.customer_portrait.firmness import Firmness
from opsplaybook.playbooks.customer_portrait.overrides import IN_FORCE
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.playbooks.customer_portrait.portrait import DECISION_MAKER, NO_COVERAGE, Portrait
from opsplaybook.playbooks.customer_portrait.score import Scored
from opsplaybook.playbooks.customer_portrait.tiers import NO_TIER, TOP_TIERS, Tiered
from opsplaybook.sources import Tables
from opsplaybook.tables import Column

DECIDERS = (DECISION_MAKER, "budget holder", "signer")
_NAMED = 5
_SOON_DAYS = 90


@dataclass(frozen=True, slots=True)
class Steps:
    """What follows.

    Attributes
    ----------
    uncovered : DataFrame
        ``account_id``, ``label``, ``tier``, ``owner``, ``missing`` (parts of the decision that
        nobody of ours speaks with), ``open`` (whether the decision maker is one of them):
        customers of S and A, those first, then by score.
    top : int
        Customers of S and A in the report.
    review : DataFrame
        ``account_id``, ``label``, ``tier``, ``own_share``, ``why``: to be looked at by hand.
    shifts : DataFrame
        ``tier``, ``customers``, ``places``, ``managers``, ``needed`` (managers), ``difference``.
    actions : tuple of Action
    """

    uncovered: pd.DataFrame
    top: int
    review: pd.DataFrame
    shifts: pd.DataFrame
    actions: tuple[Action, ...]


def plan_steps(
    given: Tables,
    params: Params,
    portrait: Portrait,
    scored: Scored,
    tiered: Tiered,
    firmness: Firmness,
    test: BackTest,
) -> Steps:
    """Turn tiers into actions: contacts to make, accounts to review, hands to move.

    Parameters
    ----------
    given : Tables
    params : Params
    portrait, scored, tiered, firmness, test
        As from the steps before.

    Returns
    -------
    Steps
    """
    uncovered, top = _uncovered(portrait, scored, tiered)
    review = _review(portrait, tiered, firmness)
    shifts = _shifts(tiered, params)
    about = {"scope_by": params.scope_by, "scope": params.scope}
    earlier = earlier_runs(params.earlier_runs, "customer_portrait", given.as_of, about=about)
    known = {action.what for action in earlier.actions}
    due_on = given.as_of + timedelta(days=params.action_days)
    wanted = [
        *_contacts(uncovered, params),
        *_reviews(review, params),
        *_hands(shifts, params),
        *_decisions(tiered, portrait, params),
        *_score(scored, test, params),
    ]
    new = [
        Action(what, owner, due_on, measure) for what, owner, measure in wanted if what not in known
    ]
    return Steps(uncovered, top, review, shifts, (*earlier.actions, *new))


def table_uncovered(steps: Steps, portrait: Portrait) -> Table:
    """Show S and A customers whose decisions are made by people we do not speak with."""
    columns = [
        Column("label", "Customer"),
        Column("tier", "Tier"),
        Column("owner", "Looked after by"),
        Column("missing", "Nobody in regular contact with"),
    ]
    note = NO_COVERAGE if not portrait.covers else ""
    note = note if len(portrait.chain) else "The source does not say who decides: left out."
    return tables.table(
        steps.uncovered,
        columns,
        key="uncovered",
        caption=f"Decision chains with a part that is not covered, {len(steps.uncovered):,} of "
        f"{steps.top:,} customers of S and A, {portrait.scope}",
        note=note,
    )


def table_review(steps: Steps, portrait: Portrait) -> Table:
    """Show the customers to look at by hand."""
    columns = [
        Column("label", "Customer"),
        Column("tier", "Tier"),
        Column("own_share", "Keeps it in", "share", description="Share of the drawn weights"),
        Column("why", "Why"),
    ]
    return tables.table(
        steps.review,
        columns,
        key="review",
        caption=f"To review by hand, {portrait.scope}, n = {len(steps.review):,}",
    )


def table_shifts(steps: Steps) -> Table:
    """Show where hands are missing, and where there are more than needed."""
    columns = [
        Column("tier", "Tier"),
        Column("customers", "Customers", "count"),
        Column("managers", "Managers", "number"),
        Column("needed", "Needed", "number", description="Customers over accounts per manager",
               decimals=1),
        Column("difference", "More or fewer", "number", decimals=1),
    ]  # fmt: skip
    return tables.table(
        steps.shifts,
        columns,
        key="shifts",
        caption=f"Hands by tier, all customers, n = {steps.shifts['customers'].sum():,}",
        shown=len(steps.shifts),
    )


def table_actions(steps: Steps) -> Table:
    """Show all actions, those carried over first."""
    return actions.table_actions(steps.actions)


def some(number: float, noun: str) -> str:
    """Write how many there are of something.

    Examples
    --------
    >>> some(1, "place"), some(1200, "place")
    ('1 place', '1,200 places')
    """
    return f"{number:,.0f} {noun}{'' if number == 1 else 's'}"


def _uncovered(portrait: Portrait, scored: Scored, tiered: Tiered) -> tuple[pd.DataFrame, int]:
    top = tiered.of(*TOP_TIERS).intersection(portrait.own.index)
    chain = portrait.chain
    wanted = portrait.covers & chain["account_id"].isin(top) & chain["role"].isin(DECIDERS)
    open_parts = chain.loc[wanted & (chain["state"] != STATES[0])]
    order = {role: place for place, role in enumerate(CHAIN)}
    open_parts = open_parts.sort_values("role", key=lambda roles: roles.map(order))
    grouped = open_parts.groupby("account_id")["role"]
    decider = (open_parts["role"] == DECISION_MAKER).groupby(open_parts["account_id"]).any()
    frame = pd.DataFrame({"missing": grouped.agg(", ".join), "open": decider})
    frame = frame.join(portrait.facts[["label", "owner"]]).join(tiered.frame["tier"])
    frame = frame.join(scored.frame["score"]).rename_axis("account_id").reset_index()
    order_by = ["open", "score", "account_id"]
    frame = frame.sort_values(order_by, ascending=[False, False, True], ignore_index=True)
    names = ["account_id", "label", "tier", "owner", "missing", "open"]
    return frame[names], len(top)


def _review(portrait: Portrait, tiered: Tiered, firmness: Firmness) -> pd.DataFrame:
    """List S and A customers whose tier hangs on the weights, and large ones below.

    What was decided by hand is decided: it is not asked for again.
    """
    own = tiered.frame.loc[portrait.own.index]
    doubtful = (own["borderline"] & ~firmness.firm.loc[own.index]) & ~own["overridden"]
    near_top = own["tier"].isin(TOP_TIERS) | (
        firmness.shares.loc[own.index, list(TOP_TIERS)].sum(axis=1) > 0.2
    )
    value = portrait.customers.frame["value"].reindex(own.index)
    smallest_top = value.loc[own["tier"] == "S"].median()
    large = ~own["tier"].isin(TOP_TIERS) & (value > smallest_top) & ~own["overridden"]
    more = "brings more than half of the customers of S, but"
    why = pd.Series("", index=own.index, dtype="str")
    why = why.mask(doubtful & near_top, "at the border, and its tier hangs on the weights")
    why = why.mask(large, f"{more} scores low")
    why = why.mask(large & (own["tier"] == NO_TIER), f"{more} has no score")
    frame = pd.DataFrame(
        {
            "label": portrait.facts.loc[own.index, "label"],
            "tier": own["tier"],
            "own_share": firmness.own_share.loc[own.index],
            "why": why,
        }
    )
    frame = frame.loc[why != ""].rename_axis("account_id").reset_index()
    return frame.sort_values(["own_share", "account_id"], ignore_index=True)


def _shifts(tiered: Tiered, params: Params) -> pd.DataFrame:
    frame = tiered.service[["tier", "customers", "places", "managers"]].copy()
    load = pd.Series(params.accounts_per_manager, dtype="float64")
    frame["needed"] = frame["customers"] / load.where(load > 0)
    frame["difference"] = frame["needed"] - frame["managers"]
    return frame


def _contacts(uncovered: pd.DataFrame, params: Params) -> Iterator[tuple[str, str, str]]:
    for row in uncovered.loc[uncovered["open"].eq(other=True)].head(_NAMED).itertuples():
        owner = params.owner if formats.is_missing(row.owner) else row.owner
        what = f"{row.label}: get in regular contact with {row.missing}"
        yield what, owner, "covered in the next portrait"


def _reviews(review: pd.DataFrame, params: Params) -> Iterator[tuple[str, str, str]]:
    if len(review):
        named = ", ".join(review["label"].head(_NAMED))
        more = f" and {len(review) - _NAMED:,} more" if len(review) > _NAMED else ""
        what = f"Decide the tier by hand, with a reason and a last day: {named}{more}"
        yield what, params.owner, "each one decided, or left to the score"


def _hands(shifts: pd.DataFrame, params: Params) -> Iterator[tuple[str, str, str]]:
    over = shifts.loc[shifts["customers"] > shifts["places"]]
    for row in over.itertuples():
        what = (
            f"Tier {row.tier}: {some(row.customers, 'customer')} for "
            f"{some(row.places, 'place')}; find {formats.number(row.difference)} more managers, "
            "or serve them another way"
        )
        yield what, params.owner, "no tier above its places"


def _decisions(
    tiered: Tiered, portrait: Portrait, params: Params
) -> Iterator[tuple[str, str, str]]:
    frame = tiered.overrides
    soon = portrait.customers.last + pd.Timedelta(days=_SOON_DAYS)
    ending = (frame["standing"] == IN_FORCE) & (frame["expires_on"] <= soon)
    over = frame.loc[ending | (frame["standing"] == "expired")]
    if len(over):
        named = ", ".join(over["name"].fillna(over["account_id"]).head(_NAMED))
        what = f"Decide again on tiers held by hand that end or have ended: {named}"
        yield what, params.owner, "renewed with a reason, or dropped"


def _score(scored: Scored, test: BackTest, params: Params) -> Iterator[tuple[str, str, str]]:
    if test.standing in ("does not separate", "repeats orders"):
        what = "Do not steer by this score alone: change its dimensions or weights, and test again"
        yield what, params.owner, "a back-test that separates"
    if scored.pairwise is not None and not scored.pairwise.consistent:
        yield "Ask for the pairwise comparisons again", params.owner, "consistency ratio up to 0.1"
