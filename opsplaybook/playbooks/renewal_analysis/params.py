"""Parameters of the renewal analysis."""

from typing import Literal

from pydantic import Field

from opsplaybook.params import PlaybookParams

Grouping = Literal["", "tier", "segment", "industry", "region", "product", "cohort"]


class Params(PlaybookParams):
    """What can be asked of the renewal analysis."""

    account_id: str = Field("", description="Account that the report is about. Empty: all accounts")
    period_months: int = Field(
        12, description="Months up to `as_of` over which renewals and revenue are looked at", ge=1,
        le=36,
    )  # fmt: skip
    horizon_days: int = Field(
        180, description="Days after `as_of` within which contracts due are forecast", ge=7, le=730
    )
    grace_days: int = Field(
        30, description="Days after the due date within which a renewal is late and not lost",
        ge=0, le=180,
    )  # fmt: skip
    landmark_days: int = Field(
        90, description="Days between looks at contracts that have no due date", ge=28, le=365
    )
    group_by: Grouping = Field(
        "tier", description="What the curves of step 2 are drawn by. Empty: everybody together"
    )
    top: int = Field(
        10, description="Accounts that the team can work on before they decide", ge=1, le=500
    )
    back_test_days: int = Field(
        91, description="Days between the dates on which the back-test forecasts", ge=28, le=366
    )
    draws: int = Field(20_000, description="Draws of the forecast", ge=1_000, le=200_000)
    seed: int = Field(7, description="Seed of all draws", ge=0)
    owner: str = Field(
        "head of customer success", description="Who owns actions without an owner", min_length=1
    )
    action_days: int = Field(
        14, description="Days from `as_of` to the date of an action", ge=1, le=365
    )
