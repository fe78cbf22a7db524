"""Who the customers are, and who speaks for them."""

from opsplaybook.contracts.base import (
    Contract,
    Date,
    Facts,
    Flag,
    Number,
    Reveal,
    Text,
    Whole,
    optional,
    required,
)

TIERS = ("S", "A", "B", "C")
"""Tiers of customers, the most valuable first."""

ROLES = ("user", "evaluator", "budget holder", "decision maker", "signer")
"""Parts that a person plays when an account decides to buy."""


class Accounts(
    Contract,
    facts=Facts(
        table="accounts",
        key=("account_id",),
        refers_to={"parent_id": "accounts"},
        dated_by=("created_on", "customer_since"),
        reveals=(
            Reveal(on=("customer_since",)),
            Reveal(on=("churned_on",), columns=("churned",)),
            Reveal(on=("scored_on",), columns=("health_score",)),
        ),
        as_exported=("tier", "health_score", "churned", "employees", "owner"),
    ),
):
    """A customer or prospect: one company."""

    account_id: Text = required("Account", "Key of the account.")
    name: Text | None = optional("Name", "Name of the company.")
    industry: Text | None = optional("Industry", "Industry of the company.")
    employees: Whole | None = optional("Employees", "People employed.", unit="people", at_least=0)
    annual_revenue: Number | None = optional(
        "Revenue of the company", "What the company itself earns in a year.", unit="money"
    )
    region: Text | None = optional("Region", "Sales region.")
    country: Text | None = optional("Country", "Country of the head office.")
    business_model: Text | None = optional("Business model", "How the company earns its money.")
    segment: Text | None = optional("Segment", "Segment as the source company maintains it.")
    parent_id: Text | None = optional("Parent", "Account that owns this one.")
    owner: Text | None = optional("Owner", "Who looks after the account.")
    channel: Text | None = optional("Channel", "Channel through which the account was acquired.")
    demand_type: Text | None = optional("Demand", "What the account needs the product for.")
    strategic: Flag | None = optional("Strategic", "Strategic, whatever its score.")
    strategic_reason: Text | None = optional("Reason", "Why the account is strategic.")
    strategic_until: Date | None = optional("Strategic until", "Last day of that decision.")
    influence: Number | None = optional(
        "Influence", "Influence on its industry.", unit="points", at_least=0, at_most=100
    )
    brand: Number | None = optional(
        "Brand", "Strength of its brand.", unit="points", at_least=0, at_most=100
    )
    growth_potential: Number | None = optional(
        "Growth potential", "Money that could still be won from it in a year.", unit="money"
    )
    created_on: Date | None = optional("Created", "Day on which the account was first recorded.")
    customer_since: Date | None = optional(
        "Customer since", "Day of the first contract or order; missing for a prospect."
    )
    tier: Text | None = optional("Tier", "Tier as maintained by the company.", allowed=TIERS)
    health_score: Number | None = optional(
        "Health score", "Score as maintained by the company.", unit="points"
    )
    scored_on: Date | None = optional("Scored", "Day of the health score.")
    churned: Flag | None = optional("Churned", "Marked as lost by the company.")
    churned_on: Date | None = optional("Churned on", "Day on which it was marked as lost.")


class Contacts(
    Contract,
    facts=Facts(
        table="contacts",
        key=("contact_id",),
        refers_to={"account_id": "accounts"},
        dated_by=("joined_on",),
        reveals=(Reveal(on=("left_on",)), Reveal(on=("covered_on",))),
    ),
):
    """A person at an account. Roles are those of the decision chain."""

    contact_id: Text = required("Contact", "Key of the person.")
    account_id: Text = required("Account", "Account that the person works for.")
    name: Text | None = optional("Name", "Name of the person.")
    role: Text | None = optional("Role", "Part in the decision to buy.", allowed=ROLES)
    title: Text | None = optional("Title", "Job title.")
    has_veto: Flag | None = optional("Veto", "Can stop a decision alone.")
    joined_on: Date | None = optional("Joined", "First day in the role.")
    left_on: Date | None = optional("Left", "Last day in the role; missing while in it.")
    covered_on: Date | None = optional(
        "Covered", "Day since which somebody of ours is in regular contact."
    )
