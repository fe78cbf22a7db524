"""Parameters of the A/B review."""

from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from opsplaybook.errors import ParamsError
from opsplaybook.metrics.experiment_measures import read_measure
from opsplaybook.params import Lines, Numbers, PlaybookParams, Texts

Segment = Literal[
    "tier", "segment", "industry", "region", "country", "business_model", "demand_type", "channel"
]
SpendingName = Literal[
    "o'brien-fleming",
    "pocock",
    "lan-demets o'brien-fleming",
    "lan-demets pocock",
    "kim-demets",
]
ROLES = ("success", "guardrail")
DIRECTIONS = ("higher", "lower", "")


class Params(PlaybookParams):
    """What can be asked of the A/B review."""

    experiment_id: str = Field("X-01", description="Key of the experiment", min_length=1)
    metrics: Lines = Field(
        (),
        description="measure | success or guardrail | higher or lower is better | tolerated "
        "relative loss | money per unit of it. Empty: those of the plan",
    )
    average: Literal["", "account", "user"] = Field(
        "", description="Whom an average is over. Empty: whoever is listed in the assignments"
    )
    before_days: int = Field(
        0,
        description="Days before the assignment that tell the past. 0: as long as it ran",
        ge=0,
        le=3_660,
    )
    outcome_days: int = Field(
        0,
        description="Days after the assignment that count. 0: all up to the last day",
        ge=0,
        le=3_660,
    )
    segments: Texts = Field(
        ("tier", "industry"), description="Columns of accounts by which effects are compared"
    )
    looks: Numbers = Field(
        (), description="Share of the planned span at each look. Empty: equally spaced"
    )
    looks_taken: int = Field(
        0, description="Number of the present look. 0: the one that the last day stands for", ge=0
    )
    spending: SpendingName = Field(
        "lan-demets o'brien-fleming", description="How planned looks share the level"
    )
    unplanned: bool = Field(
        default=False,
        description="Somebody looked more often than planned, and could have stopped it",
    )
    guardrail_margin: float = Field(
        0.1, description="Tolerated relative loss of a guardrail without one", gt=0, lt=1
    )
    sample_ratio_alpha: float = Field(
        0.01, description="P-value below which the ratio of the arms stops the verdict", gt=0, lt=1
    )
    minimum_effect: float = Field(
        0.05, description="Lift worth having, where the plan does not say", gt=0
    )
    power: float = Field(0.8, description="Power of what could have been seen", gt=0.5, lt=1)
    rollout_units: int = Field(
        0,
        description="Users, or accounts where an average is over accounts, that would get the "
        "treatment. 0: those of the experiment",
        ge=0,
    )
    cap_share: float = Field(
        0.01,
        description="Share of the largest values that is cut back for comparison",
        gt=0,
        lt=0.5,
    )
    resamples: int = Field(
        9999, description="Drawn assignments where not all can be tried", ge=999, le=199_999
    )
    seed: int = Field(7, description="Seed of all draws", ge=0)
    owner: str = Field(
        "experiment owner", description="Who owns actions that name nobody else", min_length=1
    )
    action_days: int = Field(
        14, description="Days from `as_of` to the date of an action", ge=1, le=365
    )

    @field_validator("metrics")
    @classmethod
    def _metrics_can_be_read(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        for line in lines:
            read_metric(line)
        measures = [read_metric(line)[0] for line in lines]
        if len(set(measures)) < len(measures):
            _refuse("a measure is named twice")
        return lines

    @field_validator("segments")
    @classmethod
    def _segments_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        allowed = Segment.__args__
        unknown = [name for name in names if name not in allowed]
        if unknown:
            _refuse(f"{', '.join(unknown)} is none of {', '.join(allowed)}")
        return names

    @field_validator("looks")
    @classmethod
    def _looks_rise(cls, looks: tuple[float, ...]) -> tuple[float, ...]:
        rises = list(looks) == sorted(set(looks))
        if looks and (not rises or looks[0] <= 0 or looks[-1] != 1):
            _refuse("shares of the planned span rise, lie above 0, and end with 1")
        return looks

    @model_validator(mode="after")
    def _one_way_of_looking(self) -> "Params":
        if self.looks and self.looks_taken > len(self.looks):
            _refuse(f"looks_taken: {self.looks_taken}, but {len(self.looks)} looks are planned")
        return self


def read_metric(line: str) -> tuple[str, str, str, float | None, float | None]:
    """Read a metric: measure, role, direction, tolerated loss, money per unit.

    Examples
    --------
    >>> read_metric("rows(error_shown) | guardrail | lower | 0.05")
    ('rows(error_shown)', 'guardrail', 'lower', 0.05, None)

    Errors may rise by 5% at most.
    """
    parts = [part.strip() for part in line.split("|")]
    if len(parts) > 5:
        _refuse(f"{line}: write measure | role | direction | margin | money")
    measure, role, direction, margin, money = [*parts, *[""] * (5 - len(parts))]
    try:
        read_measure(measure)
    except ParamsError as error:
        _refuse(f"{error.what}; {error.remedy}")
    if (role or "success") not in ROLES or direction not in DIRECTIONS:
        _refuse(f"{line}: the role is success or guardrail, the direction higher or lower")
    return measure, role or "success", direction or "higher", *_numbers(line, margin, money)


def _numbers(line: str, margin: str, money: str) -> tuple[float | None, float | None]:
    try:
        found = tuple(float(part) if part else None for part in (margin, money))
    except ValueError:
        _refuse(f"{line}: margin and money are numbers")
    if found[0] is not None and not 0 < found[0] < 1:
        _refuse(f"{line}: the tolerated loss lies between 0 and 1")
    return found


def _refuse(why: str) -> None:
    raise PydanticCustomError("params", "{why}", {"why": why})
