"""Parameters of the account review."""

from typing import Literal

from pydantic import Field

from opsplaybook.params import PlaybookParams, Texts

Likeness = Literal["", "industry", "region", "country", "business_model", "demand_type"]
"""Columns of accounts that may be named to a customer; tiers and scores are not among them."""


class Params(PlaybookParams):
    """What can be asked of the account review."""

    account_id: str = Field("A-0186", description="Key of the account", min_length=1)
    period_days: int = Field(
        90, description="Days of the period, and of the two it is held against", ge=7, le=366
    )
    key_actions: Texts = Field(
        (), description="Actions that matter, most important first. Empty: the most frequent"
    )
    value_action: str = Field(
        "imported_records", description="Action whose quantities are the value delivered, if any"
    )
    value_unit: str = Field("records", description="What those quantities count")
    comparable_by: Likeness = Field(
        "industry", description="What comparable accounts have in common. Empty: all customers"
    )
    comparable_minimum: int = Field(
        8, description="Comparable accounts that there must be at least to show a place", ge=5
    )
    response_hours: float = Field(
        8, description="Hours within which a ticket is to be answered first", gt=0
    )
    support_days: int = Field(
        364,
        description="Days over which answers are measured; one period has few tickets",
        ge=28,
        le=3_660,
    )
    due_days: int = Field(
        180,
        description="Days after `as_of` within which the end of a contract is near",
        ge=1,
        le=730,
    )
    owner: str = Field(
        "account owner", description="Who owns actions if the account has no owner", min_length=1
    )
    action_days: int = Field(
        14, description="Days from `as_of` to the date of an action", ge=1, le=365
    )
