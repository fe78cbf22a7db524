"""Parameters of the customer portrait."""

import difflib
from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from opsplaybook.contracts import TIERS
from opsplaybook.metrics.value import DIMENSIONS
from opsplaybook.params import AddsUpTo, Lines, Numbers, PlaybookParams, Texts
from opsplaybook.stats.scores import Gaps, Transformation

Grouping = Literal[
    "", "industry", "size", "region", "country", "business_model", "demand_type", "product", "owner"
]
CutBy = Literal["capacity", "threshold", "cumulative"]

WEIGHTS_TOTAL = 100.0
_TOLERANCE = 0.01


class Params(PlaybookParams):
    """What can be asked of the customer portrait."""

    scope_by: Grouping = Field(
        "", description="Column that selects whom the report is about. Empty: all customers"
    )
    scope: str = Field("", description="Value of that column, such as the name of an owner")
    account_id: str = Field("", description="Account of the card. Empty: the highest score")
    segment_by: Grouping = Field("industry", description="Column by which customers are grouped")
    value_months: int = Field(
        12, description="Months up to `as_of` over which money is summed", ge=1, le=36
    )
    dimensions: Texts = Field(DIMENSIONS, description="Dimensions of value", min_length=1)
    weights: Annotated[Numbers, AddsUpTo(WEIGHTS_TOTAL, "dimensions")] = Field(
        (20, 15, 10, 10, 10, 5, 5, 10, 15),
        description="Weight of each dimension; they add up to 100",
    )
    pairwise: Numbers = Field(
        (),
        description="Comparisons in place of weights: how many times as important the first is "
        "as the second, as the third, ..., the second as the third, ...",
    )
    transformations: Texts = Field(
        ("rank",), description="Scale of each dimension, or of all: rank, minmax, log or z"
    )
    gaps: Texts = Field(
        ("rescale",),
        description="What a gap does, for each dimension or all: rescale, middle or lowest",
    )
    lower_is_better: Texts = Field(("payment",), description="Dimensions of which less is better")
    demand_order: Texts = Field(
        ("project", "department", "company-wide"),
        description="Kinds of demand, the least valuable first",
    )
    cut_by: CutBy = Field(
        "capacity", description="What cuts tiers: capacity, threshold or cumulative value"
    )
    managers: Numbers = Field((2, 3, 3, 1), description="Account managers for tiers S, A, B, C")
    accounts_per_manager: Numbers = Field(
        (5, 10, 30, 150), description="Accounts that one of them looks after"
    )
    thresholds: Numbers = Field(
        (75, 60, 45), description="Lowest score of S, A and B, if thresholds cut"
    )
    value_shares: Numbers = Field(
        (0.5, 0.8, 0.95), description="Share of all value held down to S, A and B, if value cuts"
    )
    second_axis: Literal["", "growth_potential", "effort"] = Field(
        "", description="Second axis of the choice between S and A; effort is tickets of a year"
    )
    second_weight: float = Field(0.3, description="Weight of the second axis", ge=0, le=1)
    teams: Lines = Field(
        (
            "team of their own with product and engineering",
            "manager of their own",
            "shared manager",
            "pooled service",
        ),
        description="Who serves tiers S, A, B, C",
    )
    contact_days: Numbers = Field(
        (7, 14, 30, 90), description="Days between contacts in tiers S, A, B, C"
    )
    strategic_tier: Literal["S", "A"] = Field(
        "A", description="Tier that accounts marked as strategic are in at least"
    )
    overrides: Lines = Field(
        (), description="Decided by hand: account | tier | reason | decided on | expires on"
    )
    borderline_points: float = Field(
        2, description="Points of score within which an account is at the border", ge=0, le=50
    )
    weight_draws: int = Field(1000, description="Drawn sets of weights", ge=100, le=20_000)
    weight_certainty: float = Field(
        100, description="How close draws stay: a weight of 0.1 varies by 0.03 at 100", ge=5
    )
    firm_share: float = Field(
        0.8, description="Share of draws from which a tier is firm", gt=0.5, le=1
    )
    back_test_months: int = Field(
        12, description="Months before `as_of` of the back-test", ge=1, le=36
    )
    seed: int = Field(7, description="Seed of all draws", ge=0)
    owner: str = Field(
        "head of customer success", description="Who owns actions without an owner", min_length=1
    )
    action_days: int = Field(
        14, description="Days from `as_of` to the date of an action", ge=1, le=365
    )

    @field_validator("dimensions", "lower_is_better")
    @classmethod
    def _dimensions_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in DIMENSIONS:
                near = difflib.get_close_matches(name, DIMENSIONS, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(DIMENSIONS)}"
                _refuse(f"there is no dimension {name}; {hint}")
        if len(set(names)) < len(names):
            _refuse("a dimension is named twice")
        return names

    @field_validator("weights")
    @classmethod
    def _weights_add_up(cls, weights: tuple[float, ...]) -> tuple[float, ...]:
        if any(weight < 0 for weight in weights):
            _refuse("a weight is negative; for what lowers the value use lower_is_better")
        if abs(sum(weights) - WEIGHTS_TOTAL) > _TOLERANCE:
            _refuse(f"weights add up to {sum(weights):g} and should add up to 100")
        return weights

    @field_validator("transformations", "gaps")
    @classmethod
    def _options_exist(cls, names: tuple[str, ...], info: object) -> tuple[str, ...]:
        allowed = get_args({"transformations": Transformation, "gaps": Gaps}[info.field_name])
        unknown = [name for name in names if name not in allowed]
        if unknown or not names:
            _refuse(f"{', '.join(unknown) or 'nothing'} is none of {', '.join(allowed)}")
        return names

    @field_validator("managers", "accounts_per_manager", "teams", "contact_days")
    @classmethod
    def _one_per_tier(cls, items: tuple) -> tuple:
        if len(items) != len(TIERS):
            _refuse(f"{len(items)} given, one for each of the tiers {', '.join(TIERS)} is needed")
        if any(not isinstance(item, str) and item < 0 for item in items):
            _refuse("a number is negative")
        return items

    @field_validator("thresholds", "value_shares")
    @classmethod
    def _one_per_cut(cls, levels: tuple[float, ...], info: object) -> tuple[float, ...]:
        falls = info.field_name == "thresholds"
        most = 100 if falls else 1
        if len(levels) != len(TIERS) - 1 or any(not 0 <= level <= most for level in levels):
            _refuse(f"three numbers from 0 to {most} are needed, for S, A and B")
        if list(levels) != sorted(levels, reverse=falls):
            _refuse(f"they must {'fall' if falls else 'rise'} from S to B")
        return levels

    @field_validator("overrides")
    @classmethod
    def _overrides_can_be_read(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        for line in lines:
            read_override(line)
        return lines

    @model_validator(mode="after")
    def _lists_fit(self) -> "Params":
        count = len(self.dimensions)
        if not self.pairwise and len(self.weights) != count:
            _refuse(f"weights: {len(self.weights)} for {count} dimensions")
        if self.pairwise and len(self.pairwise) != count * (count - 1) // 2:
            pairs = count * (count - 1) // 2
            _refuse(f"pairwise: {len(self.pairwise)} comparisons, {pairs} pairs of dimensions")
        if any(not 0 < answer <= 9 for answer in self.pairwise):
            _refuse("pairwise: comparisons lie above 0 and up to 9")
        for name in ("transformations", "gaps"):
            if len(getattr(self, name)) not in (1, count):
                _refuse(f"{name}: {len(getattr(self, name))} for {count} dimensions; give 1 or all")
        if bool(self.scope_by) != bool(self.scope):
            _refuse("scope_by and scope belong together: give both or neither")
        return self

    def each(self, name: Literal["transformations", "gaps"]) -> tuple[str, ...]:
        """Return an option of every dimension, where one was given for all."""
        given = getattr(self, name)
        return given if len(given) == len(self.dimensions) else given * len(self.dimensions)


def read_override(line: str) -> tuple[str, str, str, date | None, date | None]:
    """Read an override: account, tier, reason, day of the decision, last day.

    Examples
    --------
    >>> read_override("A-0001 | S | entry into Asia | 2026-01-31 | 2026-12-31")[:3]
    ('A-0001', 'S', 'entry into Asia')
    """
    parts = [part.strip() for part in line.split("|")]
    if len(parts) != 5 or not parts[0] or parts[1] not in TIERS or not parts[2]:
        _refuse(f"{line}: write account | tier | reason | decided on | expires on")
    try:
        decided, expires = (date.fromisoformat(part) if part else None for part in parts[3:])
    except ValueError:
        _refuse(f"{line}: days are written as 2026-12-31")
    return parts[0], parts[1], parts[2], decided, expires


def _refuse(why: str) -> None:
    raise PydanticCustomError("params", "{why}", {"why": why})
