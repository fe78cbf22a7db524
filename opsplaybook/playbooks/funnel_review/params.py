"""Parameters of the funnel review."""

from datetime import date, timedelta
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from opsplaybook.errors import ParamsError
from opsplaybook.metrics.funnels import Exclusion, FunnelRule, Step
from opsplaybook.params import FIRST_DAY, LAST_DAY, Lines, PlaybookParams, Texts
from opsplaybook.playbooks.funnel_review.steps_text import GRAMMAR, read_exclusion, read_step
from opsplaybook.sources.opening import SAMPLE

Unit = Literal["user_id", "account_id", "contact_id", "opportunity_id", "contract_id"]

_RELEASED_ON, _RELEASE = "2026-01-15", "release 5.0"
"""What happened in the sample company."""


class Params(PlaybookParams):
    """What can be asked of the funnel review."""

    funnel: str = Field("Onboarding", description="Name of the funnel", min_length=1)
    steps: Lines = Field(
        ("signed_up", "connected_data", "created_report", "shared_report"),
        description=f"Steps in order, an action each, or: {GRAMMAR}",
        min_length=2,
    )
    exclusions: Lines = Field((), description="What must not happen: a step, after and before")
    unit: Unit = Field("user_id", description="Column of who is followed")
    quorum: int = Field(
        0, description="Of accounts: 0 merges their users, k needs k users alone", ge=0
    )
    order: Literal["loose", "strict", "any"] = Field(
        "loose", description="loose: others come between; strict: the very next; any: k of n"
    )
    window_days: int = Field(
        28, description="Days from entry to the last step; 0: no limit", ge=0, le=3660
    )
    anchor: Literal["first", "any"] = Field(
        "first", description="Entry that the window begins with: the first one, or any"
    )
    ties: Literal["allowed", "later"] = Field(
        "allowed", description="Whether two steps may happen at one instant"
    )
    hold: str = Field("", description="Column that stays the same on the way. Empty: none")
    entered_from: date | None = Field(
        None, description="First day of entry. Empty: open", ge=FIRST_DAY, le=LAST_DAY
    )
    entered_to: date | None = Field(
        None, description="Last day of entry. Empty: open", ge=FIRST_DAY, le=LAST_DAY
    )
    segment_by: Texts = Field(
        ("segment", "accounts.industry"),
        description="Columns of the first step, or of accounts; the first explains changes",
    )
    cohort: Literal["week", "month"] = Field("month", description="Entrants that make one point")
    compare: Literal["periods", "segments"] = Field(
        "periods", description="What is explained: a change between periods, or between segments"
    )
    change_on: date | None = Field(
        _RELEASED_ON,
        description="First day of the later period. Empty: the middle of the mature entrants",
        ge=FIRST_DAY,
        le=LAST_DAY,
    )
    change_name: str = Field(
        _RELEASE,
        description="What happened on that day, if known; the release is the sample company's only",
    )
    between: Texts = Field(
        (), description="The two segments that are compared. Empty: the two largest"
    )
    landmark_days: int = Field(
        2, description="Days after a step in which actions are looked at", ge=1, le=90
    )
    other_rules: bool = Field(default=True, description="Whether other rules are tried as well")
    value_days: int = Field(
        180, description="Days after the end of the way in which deals count", ge=1, le=1095
    )
    value_per_unit: float = Field(
        0, description="Money that one more at the end is worth. 0: from deals", ge=0
    )
    repair_share: float = Field(
        0.1, description="Share of those lost at a step that a repair keeps", gt=0, le=1
    )
    listed: int = Field(
        250_000, description="Lost ones that the list holds at most", ge=1, le=1_000_000
    )
    seed: int = Field(7, description="Seed of all draws", ge=0)
    owner: str = Field(
        "product manager", description="Who owns actions without an owner", min_length=1
    )
    action_days: int = Field(
        14, description="Days from `as_of` to the date of an action", ge=1, le=365
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "Params":
        try:
            if not self.of_statuses:
                funnel_rule(self)
        except ParamsError as error:
            _refuse("; ".join(error.examples) or error.what)
        statuses = [step.at == "" for step in self.read_steps()]
        if any(statuses) and not all(statuses):
            _refuse("steps: some name a column of times and some do not; give all or none")
        if self.between and len(self.between) != 2:
            _refuse(f"between: {len(self.between)} segments, two are compared")
        if self.compare == "segments" and not self.segment_by:
            _refuse("compare: segments are compared, and segment_by names none")
        return self

    @property
    def change_known_as(self) -> str:
        """Name of the change; empty where the name given is that of another company's change."""
        of_sample = self.source.partition("?")[0] == SAMPLE and str(self.change_on) == _RELEASED_ON
        return self.change_name if self.change_name != _RELEASE or of_sample else ""

    @property
    def of_statuses(self) -> bool:
        """Whether the steps are statuses of rows, without any time."""
        return all(step.at == "" for step in self.read_steps())

    def read_steps(self) -> tuple[Step, ...]:
        """Return the steps that the lines mean."""
        try:
            return tuple(read_step(line) for line in self.steps)
        except ParamsError as error:
            _refuse(error.what)

    def read_exclusions(self) -> tuple[Exclusion, ...]:
        """Return the exclusions that the lines mean."""
        try:
            return tuple(read_exclusion(line) for line in self.exclusions)
        except ParamsError as error:
            _refuse(error.what)


def funnel_rule(params: Params, **changed: object) -> FunnelRule:
    """Return the rule that parameters mean, with fields of it changed.

    Raises
    ------
    ParamsError
        If its settings do not go together.
    """
    settings: dict[str, object] = {
        "steps": params.read_steps(),
        "exclusions": params.read_exclusions(),
        "order": params.order,
        "window": timedelta(days=params.window_days) if params.window_days else None,
        "anchor": params.anchor,
        "ties": params.ties,
        "unit": params.unit,
        "quorum": params.quorum,
        "hold": params.hold,
        "first_day": params.entered_from,
        "last_day": params.entered_to,
        "segments": params.segment_by,
    }
    return FunnelRule(**(settings | changed))


def _refuse(why: str) -> None:
    raise PydanticCustomError("params", "{why}", {"why": why})
