"""What step 4 shows: the spread of scores, the tiers, every customer's tier, and the card."""

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.contracts import TIERS
from opsplaybook.display import Chart, Table
from opsplaybook.errors import UsageError, quote
from opsplaybook.figures import plot_distribution
from opsplaybook.metrics.portrait import card
from opsplaybook.playbooks import cards
from opsplaybook.playbooks.customer_portrait.params import Params
from opsplaybook.playbooks.customer_portrait.portrait import Portrait, note_on_shares
from opsplaybook.playbooks.customer_portrait.score import Scored, words
from opsplaybook.playbooks.customer_portrait.tiers import NO_TIER, Tiered
from opsplaybook.tables import Column

_REASONS = 2


def chart_scores(scored: Scored, portrait: Portrait, tiered: Tiered) -> Chart:
    """Draw how scores are spread, and where the tiers are cut."""
    own = scored.frame.loc[portrait.own.index]
    cuts = tiered.service.dropna(subset="cut").drop_duplicates("cut")
    columns = [Column("score", "Score", "number"), Column("coverage", "Known", "share")]
    data = tables.table(own, columns, key="score-spread-data", caption="Scores")
    return plot_distribution(
        own,
        value="score",
        label="Value score (points)",
        references={f"cut {t}": cut for t, cut in zip(cuts["tier"], cuts["cut"], strict=True)},
        unit="customers",
        key="score-spread",
        title="Spread of the value score",
        subtitle=portrait.base,
        data=data,
    )


def table_tiers(tiered: Tiered, portrait: Portrait) -> Table:
    """Show each tier with its service model and the capacity used; of all customers."""
    columns = [
        Column("tier", "Tier"),
        Column("customers", "Customers", "count"),
        Column("value", "Value", "money", description=portrait.customers.meaning),
        Column("share", "Share of value", "share"),
        Column("cut", "Lowest score", "number"),
        Column("team", "Served by"),
        Column("contact_days", "Contact every", "days"),
        Column("managers", "Managers", "number"),
        Column("places", "Places", "count"),
        Column("used", "Used", "share", description="Customers over places"),
    ]
    n = len(tiered.frame)
    unscored = int((tiered.frame["tier"] == NO_TIER).sum())
    notes = [
        f"{unscored:,} customers have no score: nothing is known of them." if unscored else "",
        note_on_shares(portrait.facts["value"]),
        *tiered.caveats,
    ]
    return tables.table(
        tiered.service,
        columns,
        key="tiers",
        caption=f"Tiers and their service, all customers, n = {n:,}",
        currency=portrait.currency,
        note=" ".join(filter(None, notes)),
        shown=len(TIERS),
    )


def table_accounts(tiered: Tiered, scored: Scored, portrait: Portrait) -> Table:
    """Show every customer's tier, what speaks for it, and how far the next one is."""
    frame = accounts(tiered, scored, portrait)
    columns = [
        Column("label", "Customer"),
        Column("tier", "Tier"),
        Column("score", "Score", "number", decimals=1),
        Column("coverage", "Known", "share", description="Share of the weight that is known"),
        Column("value", "Value", "money"),
        Column("reason", "Because of", description="What lifts the score most above the middle"),
        Column("to_next", "To next tier", "number", description="Points that are missing",
               decimals=2),
        Column("above_cut", "Above cut", "number", description="Points above the own cut",
               decimals=2),
        Column("borderline", "Borderline", "flag"),
        Column("overridden", "By hand", "flag"),
    ]  # fmt: skip
    border = int(frame["borderline"].sum())
    return tables.table(
        frame,
        columns,
        key="accounts",
        caption=f"Customers by score, {portrait.base}, {border:,} of them at a border",
        currency=portrait.currency,
    )


def table_overrides(tiered: Tiered) -> Table:
    """Show the decisions by hand with reason, date and expiry; expired ones count no more."""
    columns = [
        Column("account_id", "Account"),
        Column("name", "Name"),
        Column("tier", "Tier"),
        Column("reason", "Reason"),
        Column("decided_on", "Decided", "date"),
        Column("expires_on", "Until", "date"),
        Column("standing", "Standing"),
    ]
    return tables.table(
        tiered.overrides,
        columns,
        key="overrides",
        caption=f"Tiers decided by hand, n = {len(tiered.overrides)}",
        note="A mark in the source holds the account in the tier at least."
        if tiered.overrides["at_least"].eq(other=True).any()
        else "",
    )


def table_card(portrait: Portrait, scored: Scored, tiered: Tiered, params: Params) -> Table:
    """Show all that is known of one customer."""
    account = _chosen(portrait, scored, params)
    label = portrait.facts.loc[account, "label"]
    return cards.table_card(
        card(portrait.facts, portrait.chain, account),
        _card_of_value(account, scored, tiered),
        key="card",
        caption=f"{label} ({account}) on {formats.day(portrait.customers.last)}",
        currency=portrait.currency,
        note=f"Value is {portrait.customers.meaning}." if portrait.customers.basis else "",
    )


def accounts(tiered: Tiered, scored: Scored, portrait: Portrait) -> pd.DataFrame:
    """Join tier, score and reasons of the customers of the report, highest score first."""
    own = portrait.own[["label", "owner", "value"]]
    frame = own.join([scored.frame, tiered.frame]).assign(reason=reasons(scored))
    frame = frame.rename_axis("account_id").reset_index()
    return frame.sort_values(["score", "account_id"], ascending=[False, True], ignore_index=True)


def reasons(scored: Scored) -> pd.Series:
    """Name the dimensions that lift each score most above the middle of the scale."""
    names = list(scored.scaled)
    lift = (scored.scaled - 0.5) * scored.weights
    order = np.argsort(-lift.fillna(-1.0).to_numpy(), axis=1, kind="stable")[:, :_REASONS]
    best = np.take_along_axis(lift.fillna(-1.0).to_numpy(), order, axis=1)
    labels = np.asarray([words(name) for name in names], dtype=object)[order]
    texts = np.where(best > 0, labels, "")
    joined = [", ".join(text for text in row if text) for row in texts]
    return pd.Series(joined, index=scored.scaled.index, dtype="str")


def _chosen(portrait: Portrait, scored: Scored, params: Params) -> str:
    if not params.account_id:
        own = scored.frame.loc[portrait.own.index, "score"]
        return own.fillna(-1.0).idxmax()
    if params.account_id not in portrait.own.index:
        raise UsageError(
            f"{quote(params.account_id)} is no current customer of {portrait.scope}",
            where="account_id",
            remedy="set account_id to the key of a current customer, or leave it empty",
        )
    return params.account_id


def _card_of_value(account: str, scored: Scored, tiered: Tiered) -> pd.DataFrame:
    score, tier = scored.frame.loc[account], tiered.frame.loc[account]
    parts = scored.contributions.loc[account].sort_values(ascending=False)
    rows = [
        ("value", "Tier", tier["tier"] + (" (by hand)" if tier["overridden"] else "")),
        ("value", "Score", formats.value(score["score"], "number")),
        ("value", "Weight that is known", formats.value(score["coverage"], "share")),
        ("value", "Points to the next tier", formats.value(tier["to_next"], "number")),
        *(
            ("contribution", words(str(name)).capitalize(), formats.value(points, "number"))
            for name, points in parts.items()
        ),
    ]
    return pd.DataFrame(rows, columns=["part", "fact", "text"])
