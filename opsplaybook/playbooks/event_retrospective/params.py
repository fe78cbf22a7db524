"""Parameters of the event retrospective."""

from pydantic import Field

from opsplaybook.params import PlaybookParams


class Params(PlaybookParams):
    """What can be asked of the event retrospective."""

    event_id: str = Field("EV-09", description="Key of the event", min_length=1)
    follow_up_hours: float = Field(
        48, description="Hours within which a qualified contact is to be followed up", gt=0
    )
    follow_up_target: float = Field(
        0.8, description="Share of qualified contacts to be followed up in time", gt=0, le=1
    )
    early_window_days: int = Field(
        14, description="Days after the first day at which deals are read first", ge=1, le=365
    )
    late_window_days: int = Field(
        90, description="Days after the first day at which deals are read last", ge=1, le=730
    )
    goal_tolerance: float = Field(
        0.05,
        description="A result this close to its target, as a share of it, is met",
        ge=0,
        le=0.5,
    )
    history_days: int = Field(
        180,
        description="Days before the event on which comparable accounts are matched",
        ge=30,
        le=3_660,
    )
    shown_minimum: int = Field(
        8, description="Accounts that a number shown to guests and partners rests on", ge=5
    )
    owner: str = Field(
        "event owner", description="Who owns actions that name nobody else", min_length=1
    )
    action_days: int = Field(
        14, description="Days from `as_of` to the date of an action", ge=1, le=365
    )
