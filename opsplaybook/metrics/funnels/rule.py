"""The rule of a funnel: it decides the answer, so every choice in it has a name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations
from typing import Literal

from opsplaybook.errors import ParamsError, quote
from opsplaybook.metrics.funnels.words import rule_in_words, unit_in_words

Order = Literal["loose", "strict", "any"]
Anchor = Literal["first", "any"]
Ties = Literal["allowed", "later"]
Values = Mapping[str, tuple[str, ...]]

MOST_STEPS = 20
_WHERE = "funnel rule"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a funnel: rows of a table that fit a filter, at their time.

    Attributes
    ----------
    name : str
        As shown.
    where : mapping of str to tuple of str
        Column to the values of which any will do; every column has to fit. Empty: every row with
        a time.
    table : str
        Table of the vocabulary that has the column of the unit.
    at : str
        Its time column: ``at``, or a date column such as ``closed_on``.
    optional : bool
        May be skipped. It lies between the required steps around it.
    within : timedelta or None
        Longest time after the required step before it, ends included.
    """

    name: str
    where: Values = field(default_factory=dict)
    table: str = "activity"
    at: str = "at"
    optional: bool = False
    within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Rows that must not come between two steps.

    A row at the instant of the later step lies between them; one at the instant of the earlier
    step does not.

    Attributes
    ----------
    name, where, table, at
        As of a `Step`.
    after, before : str
        Names of required steps. Empty: the first, and the last.
    """

    name: str
    where: Values = field(default_factory=dict)
    after: str = ""
    before: str = ""
    table: str = "activity"
    at: str = "at"


@dataclass(frozen=True, slots=True)
class FunnelRule:
    """What counts as going through a funnel.

    A unit reaches a step when there are as many different rows as steps up to it, one fitting
    each, in order of time, within the windows, the first of them in the period of entry.

    Attributes
    ----------
    steps : tuple of Step
    exclusions : tuple of Exclusion
    order : {"loose", "strict", "any"}
        Loose: other rows may come between. Strict: each step is the very next row of the unit; a
        chain that is broken may start again. Any: the steps in whatever order, k of n.
    window : timedelta or None
        Longest time from entry to the last step, ends included, in elapsed time.
    anchor : {"first", "any"}
        Whether only the first entry of the period counts, or any.
    ties : {"allowed", "later"}
        Whether steps of one instant count, or each has to come later than the one before.
    unit : str
        Column that is followed, such as ``user_id``, ``account_id`` or ``opportunity_id``.
    quorum : int
        For ``account_id``. 0: the rows of an account are merged, its steps may be done by
        different users. k: each user goes alone, and the account has reached a step when k of
        its users have.
    hold : str
        Column with one value along a chain, such as a session; rows without it are left out.
    first_day, last_day : date or None
        Period of entry, both ends inclusive, days of the source's zone.
    segments : tuple of str
        Columns of the first step's table, or of accounts as ``accounts.industry``, as they were
        at the first entry.

    Raises
    ------
    ParamsError
        If two choices exclude each other, with what to do.

    Examples
    --------
    >>> rule = FunnelRule(
    ...     (Step("trial", {"action": ("trial",)}), Step("paid", {"action": ("paid",)})),
    ...     window=timedelta(days=7),
    ...     anchor="first",
    ... )
    >>> print(rule.words)
    trial, then paid; other rows may come between.
    At most 7 days from the first trial of the period to paid; later entries do not count.
    Steps at one instant count in this order. Counted per user.

    Two analysts who print the same words have counted the same.
    """

    steps: tuple[Step, ...]
    exclusions: tuple[Exclusion, ...] = ()
    order: Order = "loose"
    window: timedelta | None = None
    anchor: Anchor = "any"
    ties: Ties = "allowed"
    unit: str = "user_id"
    quorum: int = 0
    hold: str = ""
    first_day: date | None = None
    last_day: date | None = None
    segments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checks = (_step_problems, _limit_problems, _exclusion_problems, _choice_problems)
        problems = [problem for check in checks for problem in check(self)]
        if problems:
            raise ParamsError(
                "the choices do not go together",
                where=_WHERE,
                examples=problems,
                remedy="change one of the two that each line names",
            )

    @property
    def required(self) -> tuple[Step, ...]:
        """Steps that have to be reached, in order."""
        return tuple(step for step in self.steps if not step.optional)

    @property
    def words(self) -> str:
        """The whole rule in words, one choice per sentence."""
        return rule_in_words(self)

    @property
    def counted(self) -> str:
        """What is counted, in the plural."""
        return unit_in_words(self.unit)[1]

    @property
    def horizon(self) -> timedelta | None:
        """Longest time from an entry to the last step; None without a limit."""
        gaps = [step.within for step in self.required[1:]]
        limits = [self.window]
        if gaps and None not in gaps:
            limits.append(sum(gaps, timedelta()))
        return min((limit for limit in limits if limit is not None), default=None)

    def gaps_of(self, exclusion: Exclusion) -> range:
        """Return the gaps that an exclusion guards; gap k follows the k-th required step."""
        names = [step.name for step in self.required]
        first = names.index(exclusion.after) if exclusion.after else 0
        last = names.index(exclusion.before) if exclusion.before else len(names) - 1
        return range(first + 1, last + 1)

    @property
    def shared(self) -> tuple[tuple[int, int], ...]:
        """Pairs of required steps (from 1) that one row may fit."""
        numbered = enumerate(self.required, start=1)
        return tuple((i, j) for (i, a), (j, b) in combinations(numbered, 2) if _may_share(a, b))


def _may_share(a: Step | Exclusion, b: Step | Exclusion) -> bool:
    """Tell whether one row may fit two filters."""
    if (a.table, a.at) != (b.table, b.at):
        return False
    return all(set(a.where[column]) & set(b.where[column]) for column in a.where.keys() & b.where)


def _step_problems(rule: FunnelRule) -> Iterator[str]:
    names = [step.name for step in rule.steps]
    if len(rule.required) < 2 or len(rule.steps) > MOST_STEPS:
        yield f"steps: {len(rule.required)} required of {len(rule.steps)}; a funnel has 2 to 20"
    if len(set(names)) < len(names):
        yield f"steps: {quote(next(n for n in names if names.count(n) > 1))} is there twice"
    if rule.steps and rule.steps[0].optional:
        yield f"steps: the first one, {quote(names[0])}, cannot be optional"
    for optional in (step for step in rule.steps if step.optional):
        for other in rule.steps:
            if other is not optional and _may_share(optional, other):
                yield f"steps: one row may fit {quote(optional.name)} and {quote(other.name)}"


def _limit_problems(rule: FunnelRule) -> Iterator[str]:
    if rule.steps and rule.steps[0].within is not None:
        yield f"steps: the first one, {quote(rule.steps[0].name)}, has none before it to be within"
    for step in rule.steps:
        if step.within is not None and step.within < timedelta(0):
            yield f"steps: {quote(step.name)} is within a negative time"
        if step.within == timedelta(0) and rule.ties == "later":
            yield f"ties later and steps: {quote(step.name)} is within no time of the one before"


def _exclusion_problems(rule: FunnelRule) -> Iterator[str]:
    names = [step.name for step in rule.required]
    for exclusion in rule.exclusions:
        ends = [end for end in (exclusion.after, exclusion.before) if end]
        unknown = [end for end in ends if end not in names]
        if unknown:
            yield f"exclusions: {quote(unknown[0])} is not among the steps {', '.join(names)}"
            continue
        gaps = rule.gaps_of(exclusion)
        if not gaps:
            yield f"exclusions: {quote(exclusion.name)} ends before it begins"
        for gap in gaps:
            if _may_share(exclusion, rule.required[gap]):
                excluded, step = quote(exclusion.name), quote(names[gap])
                yield f"exclusions: one row may fit {excluded} and the step {step} that it guards"


def _choice_problems(rule: FunnelRule) -> Iterator[str]:
    if rule.window is not None and rule.window < timedelta(0):
        yield "window: it is negative"
    if rule.quorum < 0 or (rule.quorum and rule.unit != "account_id"):
        yield f"quorum {rule.quorum} and unit {quote(rule.unit)}: only accounts have users"
    if rule.first_day and rule.last_day and rule.first_day > rule.last_day:
        yield f"days of entry, {rule.first_day} to {rule.last_day}: the period ends first"
    if rule.order != "loose" and any(step.optional for step in rule.steps):
        yield f"order {quote(rule.order)} and optional steps: only loose order can skip a step"
    if rule.order != "loose" and rule.exclusions:
        yield f"order {quote(rule.order)} and exclusions: only loose order has rows between steps"
    if rule.order == "strict" and len({(step.table, step.at) for step in rule.steps}) > 1:
        yield "order strict and steps of several columns: the next row is one of the same column"
    if rule.order == "any":
        yield from _any_order_problems(rule)


def _any_order_problems(rule: FunnelRule) -> Iterator[str]:
    if any(step.within is not None for step in rule.steps):
        yield "order any and a window per step: there is no step before; use one window"
    if rule.ties == "later":
        yield "order any and ties later: no step has to come after another"
    for i, j in rule.shared:
        first, second = (quote(rule.required[place - 1].name) for place in (i, j))
        yield f"order any and steps that one row may fit: {first} and {second}"
