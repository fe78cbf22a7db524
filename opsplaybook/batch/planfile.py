"""The form of a batch plan: ``params/batches/NAME.yaml``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from opsplaybook.batch.records import Limits
from opsplaybook.display import Audience
from opsplaybook.errors import ParamsError
from opsplaybook.params import read_yaml


class FromFile(BaseModel):
    """One run per row of a CSV file with the names of parameters as its header."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    csv: str = Field(description="Path, relative to the plan")


class FromQuery(BaseModel):
    """One run per row of a query on the source's tables; columns are parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str = Field(description="SQL over the tables, such as SELECT account_id FROM accounts")


Row = dict[str, Any] | str | int


def _hold_rows(each: object) -> object:
    """Hold that a row is a mapping or a text; a whole number is the text that was written."""
    odd = [] if not isinstance(each, list) else [row for row in each if not _is_row(row)]
    if odd:
        found = f"{len(odd):,}, such as {', '.join(str(row) for row in odd[:5])}"
        raise ValueError(f"rows that are no text: {found}; write ids in quotes")
    return each


def _is_row(row: object) -> bool:
    return isinstance(row, dict | str) or type(row) is int  # a flag is a number, too


Selection = FromFile | FromQuery | list[Row]
"""A list holds rows of parameters, or single values of the playbook's subject."""


class PlanFile(BaseModel):
    """A batch plan: ``params/batches/NAME.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    playbook: str = Field(description="Stem of the playbook")
    source: str = Field("sample", description="Where the tables are; shared by all runs")
    params: dict[str, Any] = Field(default_factory=dict, description="Shared parameters")
    each: Annotated[Selection, BeforeValidator(_hold_rows)] = Field(
        description="One row of parameters per run"
    )
    name: str | None = Field(
        None, description="Name of a run, such as '{account_id} {as_of}'. Empty: its subject"
    )
    audience: Audience | None = Field(None, description="Who reads it")
    limits: Limits = Field(Limits(), description="How long and large a run may become")


def read_plan_file(path: Path) -> PlanFile:
    """Read a batch plan; its rows are not looked at yet.

    Raises
    ------
    UsageError
        If there is no such file.
    ParamsError
        With every problem of the plan.
    """
    content = read_yaml(path)
    try:
        return PlanFile.model_validate(content)
    except ValidationError as error:
        problems = dict.fromkeys(_problem(item) for item in error.errors(include_url=False))
    raise ParamsError(
        "the plan is wrong",
        where=str(path),
        examples=tuple(problems),
        remedy="see params/batches for plans that work",
    )


def _problem(item: Mapping[str, Any]) -> str:
    if item["loc"][:1] == ("each",) and item["type"] != "value_error":
        return "each: give a list, or `csv: FILE`, or `query: SQL`"
    place = ".".join(str(part) for part in item["loc"])
    message = item["msg"].removeprefix("Value error, ")
    return f"{place}: {message[:1].lower()}{message[1:]}"
