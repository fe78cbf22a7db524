"""What can be asked: the parameters of a playbook, checked before anything runs.

Values live in YAML, are injected by papermill as flat names, and are checked by one pydantic model
per playbook: unknown names are refused, and ranges, units and meanings have one home.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from opsplaybook import formats
from opsplaybook.display import Audience, Heading, MimeBundle, Table
from opsplaybook.errors import ParamsError, UsageError, quote
from opsplaybook.plain_yaml import load_yaml

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Days that a parameter can be: beyond them, dates with an offset cannot be counted."""

Shipped = Literal["notebooks", "params"]
Model = TypeVar("Model", bound="PlaybookParams")


_WORDS = {
    "string_too_short": "must not be empty",
    "too_short": "at least {min_length} needed",
    "too_long": "at most {max_length} allowed",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "float_parsing": "must be a number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
}
"""What pydantic finds, in words for whoever fills a form."""


def _parted(value: object) -> object:
    """Let a text with commas stand for a list, as the command line writes it."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _lines(value: object) -> object:
    """Let a text with semicolons stand for a list whose texts hold commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(";") if part.strip())
    return value


@dataclass(frozen=True, slots=True)
class Separator:
    """What stands between the texts of a list that is written as one text."""

    mark: str


@dataclass(frozen=True, slots=True)
class AddsUpTo:
    """Numbers that add up to a total, one for each item of another parameter."""

    total: float
    items: str


Texts = Annotated[tuple[str, ...], BeforeValidator(_parted)]
Numbers = Annotated[tuple[float, ...], BeforeValidator(_parted)]
"""Lists that may also be written as one text with commas."""
Lines = Annotated[tuple[str, ...], BeforeValidator(_lines), Separator(";")]
"""A list that may also be written as one text with semicolons."""


class PlaybookParams(BaseModel):
    """Parameters that every playbook has; each playbook adds its own."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )

    source: str = Field(
        "sample",
        description="Where the tables are: a source YAML or its name, or `sample`",
        min_length=1,
    )
    as_of: date | None = Field(
        None,
        description="Last known day; nothing after it is read. Empty: the last day of the data",
        ge=FIRST_DAY,
        le=LAST_DAY,
    )
    audience: Audience = Field(
        "internal", description="`customer` leaves out other customers, scores, staff and code"
    )
    earlier_runs: str | None = Field(
        None, description="Folder of earlier runs, whose open actions and patterns open this one"
    )
    level: float = Field(0.95, description="Level of the intervals", ge=0.5, le=0.999)

    def table(self) -> Table:
        """Show the parameters with their meaning."""
        rows = tuple(
            (name, _shown(getattr(self, name)), field.description or "")
            for name, field in type(self).model_fields.items()
        )
        headings = (Heading("Parameter"), Heading("Value"), Heading("Meaning"))
        lines = ["parameter,value", *(f'{n},"{v.replace(chr(34), chr(39))}"' for n, v, _ in rows)]
        return Table("parameters", "Parameters", headings, rows, len(rows), "\r\n".join(lines))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> MimeBundle:  # noqa: ARG002
        return self.table()._repr_mimebundle_()


def resolve(model: type[Model], values: Mapping[str, Any], *, where: str = "parameters") -> Model:
    """Check values against a model and return the parameters.

    Parameters
    ----------
    model : type
        Parameters of a playbook.
    values : mapping
        Names and values, as from YAML or the command line (where all are text).
    where : str, optional
        File or command that they come from, for messages.

    Raises
    ------
    ParamsError
        Naming every unknown name, with near matches, and every value out of range.

    Examples
    --------
    >>> resolve(PlaybookParams, {"sorce": "crm"})
    Traceback (most recent call last):
    opsplaybook.errors.ParamsError: parameters: 1 parameter is wrong
      sorce: there is no such parameter; did you mean source?
    To fix: correct the name or value; the notebook's first cell lists what each means
    """
    try:
        return model(**values)
    except ValidationError as error:
        problems = [_problem(model, item) for item in error.errors(include_url=False)]
    how_many = "1 parameter is" if len(problems) == 1 else f"{len(problems)} parameters are"
    raise ParamsError(
        f"{how_many} wrong",
        where=where,
        examples=problems,
        remedy="correct the name or value; the notebook's first cell lists what each means",
    )


def problem_text(item: Mapping[str, Any]) -> str:
    """Say what is wrong with a value, in words that ask for no knowledge of types.

    Parameters
    ----------
    item : mapping
        One of the errors of a pydantic ``ValidationError``.

    Examples
    --------
    >>> problem_text({"type": "less_than_equal", "ctx": {"le": 200_000}, "msg": ""})
    'must be at most 200,000'
    >>> problem_text({"type": "weights", "msg": "Weights add up to 90"})
    'weights add up to 90'
    """
    kind = item["type"]
    if kind.startswith("date"):
        return "must be a date like 2026-01-31"
    if kind in _WORDS:
        return _WORDS[kind].format(
            **{name: _limit(end) for name, end in item.get("ctx", {}).items()}
        )
    return item["msg"][:1].lower() + item["msg"][1:]


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises
    ------
    UsageError
        If the file does not exist or is a folder.
    ParamsError
        If it is not valid YAML, has a key twice, or is not a mapping; with the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            "there is no such file", where=str(path), remedy="check the path"
        ) from None
    except IsADirectoryError:
        raise UsageError(
            "a folder was given where a YAML file is needed",
            where=str(path),
            remedy="name the file in it",
        ) from None
    except UnicodeDecodeError as error:
        raise ParamsError(
            f"not UTF-8 text at byte {error.start:,}", where=str(path), remedy="save it as UTF-8"
        ) from None
    try:
        content = load_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise ParamsError(f"{problem}{line}", where=str(path), remedy="correct the YAML") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ParamsError(
            f"a mapping of names to values is needed, not a {type(content).__name__}",
            where=str(path),
            remedy="write lines of the form `name: value`",
        )
    return content


def shipped_folder(name: Shipped) -> Path:
    """Return the folder of notebooks or params that belongs to this package.

    In a checkout it stands beside the package; a wheel carries a copy inside.

    Raises
    ------
    UsageError
        If the installation carries neither.
    """
    package = Path(__file__).parent
    for folder in (package / "_shipped" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise UsageError(
        f"this installation carries no {name}", remedy="install the wheel, or work in a checkout"
    )


def _limit(end: object) -> str:
    return f"{end:,.12g}" if isinstance(end, int | float) else str(end)


def _shown(item: object) -> str:
    if item is None:
        return formats.MISSING
    if isinstance(item, list | tuple):
        return ", ".join(str(part) for part in item)
    return str(item)


def _problem(model: type[PlaybookParams], item: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, model.model_fields, n=1)
        hint = (
            f"; did you mean {near[0]}?" if near else f"; there are {', '.join(model.model_fields)}"
        )
        return f"{name}: there is no such parameter{hint}"
    message = problem_text(item)
    return f"{name}: {message}, not {quote(item['input'])}" if name else message
