"""What an experiment is judged by: measures in a short notation, read into their parts.

============================ =========== ==================================================
notation                     kind        of each unit, from its assignment to the last day
============================ =========== ==================================================
``rows(ACTION)``             mean        rows of activity with that action; ``*`` for all
``quantity(ACTION)``         mean        sum of their quantities
``any(ACTION)``              conversion  whether there is such a row
``amount(ACTION)``           revenue     sum of the money they moved
``rows(A) / rows(B)``        ratio       sum of the one over the sum of the other
``invoiced()``               revenue     invoiced less credited; accounts only
``deals_opened()``           conversion  whether a deal was opened, renewals left out
``deals_won()``              conversion  whether a deal was won, renewals left out
``won_amount()``             revenue     closed amount of the deals won, renewals left out
``outcome(NAME)``            as found    the metric of that name in the table of outcomes
============================ =========== ==================================================

Outcomes count whatever their day after the assignment, unless days are counted (`outcome_days`).
"""

import re
from dataclasses import dataclass
from typing import Literal

from opsplaybook.errors import ParamsError, quote

MeasureKind = Literal["mean", "conversion", "revenue", "ratio"]
Table = Literal["activity", "invoices", "opportunities", "outcomes"]

EVERY_ACTION = "*"

_FORM: dict[str, tuple[Table, MeasureKind]] = {
    "rows": ("activity", "mean"),
    "quantity": ("activity", "mean"),
    "any": ("activity", "conversion"),
    "amount": ("activity", "revenue"),
    "invoiced": ("invoices", "revenue"),
    "deals_opened": ("opportunities", "conversion"),
    "deals_won": ("opportunities", "conversion"),
    "won_amount": ("opportunities", "revenue"),
    "outcome": ("outcomes", "mean"),
}
_WITHOUT_ARGUMENT = frozenset({"invoiced", "deals_opened", "deals_won", "won_amount"})
_PART = re.compile(r"^\s*(\w+)\(\s*(.*?)\s*\)\s*$")
_WORDS = {
    "invoiced": "invoiced amount",
    "deals_opened": "opened a deal",
    "deals_won": "won a deal",
    "won_amount": "amount of deals won",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One sum: what is added up over the rows of which table.

    Attributes
    ----------
    function : str
        ``rows``, ``quantity``, ``any``, ...
    argument : str
        Action, or name of the outcome; empty where none is needed.
    """

    function: str
    argument: str = ""

    @property
    def table(self) -> Table:
        """The table whose rows are added up."""
        return _FORM[self.function][0]


@dataclass(frozen=True, slots=True)
class Measure:
    """What one metric measures.

    Attributes
    ----------
    text : str
        Its notation.
    kind : MeasureKind
        How it is compared. That of an outcome is found in the data.
    numerator : Part
    denominator : Part or None
        Of ratios.
    """

    text: str
    kind: MeasureKind
    numerator: Part
    denominator: Part | None = None

    @property
    def table(self) -> Table:
        """The table that it needs."""
        return self.numerator.table

    @property
    def label(self) -> str:
        """What is measured, in words.

        Examples
        --------
        >>> read_measure("rows(error_shown) / rows(ran_report)").label
        'error shown per ran report'
        """
        words = _label(self.numerator)
        return words if self.denominator is None else f"{words} per {_label(self.denominator)}"


def read_measure(text: str) -> Measure:
    """Read the notation of a measure.

    Parameters
    ----------
    text : str
        As in the table at the head of this module.

    Returns
    -------
    Measure

    Raises
    ------
    ParamsError
        If it cannot be read, or a ratio mixes tables.

    Examples
    --------
    >>> read_measure("any(shared)").kind
    'conversion'

    Units are compared by whether they shared anything at all.
    """
    parts = [_part(part, text) for part in text.split("/")]
    if len(parts) == 1:
        return Measure(text.strip(), _FORM[parts[0].function][1], parts[0])
    if len(parts) > 2 or {part.function for part in parts} - {"rows", "quantity", "amount"}:
        raise _unreadable(text)
    return Measure(text.strip(), "ratio", *parts)


def _part(text: str, whole: str) -> Part:
    found = _PART.match(text)
    if found is None or found[1] not in _FORM:
        raise _unreadable(whole)
    if (found[2] == "") != (found[1] in _WITHOUT_ARGUMENT):
        raise _unreadable(whole)
    return Part(found[1], found[2])


def _label(part: Part) -> str:
    if part.function in _WORDS:
        return _WORDS[part.function]
    if part.argument == EVERY_ACTION:
        return {"rows": "all actions", "any": "did anything"}.get(part.function, "all quantities")
    return part.argument.replace("_", " ").strip()


def _unreadable(text: str) -> ParamsError:
    return ParamsError(
        f"{quote(text)} is no measure",
        where="metrics",
        remedy="write rows(ACTION), quantity(ACTION), any(ACTION), amount(ACTION), "
        "rows(A) / rows(B), invoiced(), deals_opened(), deals_won(), won_amount() or outcome(NAME)",
    )
