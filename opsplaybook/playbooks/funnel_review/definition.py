"""Step 1, definition: what counts as a step, and what the choice of the rule decides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd

from opsplaybook.errors import ParamsError
from opsplaybook.metrics import funnels, statuses
from opsplaybook.metrics.funnels import Funnel, FunnelRule, Step
from opsplaybook.playbooks.funnel_review.nested import ACCOUNT, ends, estimate_rate, with_base
from opsplaybook.playbooks.funnel_review.params import Params, funnel_rule
from opsplaybook.sources import Tables

_STATUS_WORDS = (
    "{steps}, by the status that each row has now. No times are known: a unit counts for a step "
    "if its status implies it, and what happened in which order cannot be told. Counted per {unit}."
)
_UNITS = {
    "user_id": "users",
    "account_id": "accounts",
    "contact_id": "contacts",
    "opportunity_id": "deals",
    "contract_id": "contracts",
}


@dataclass(frozen=True, slots=True)
class Definition:
    """The funnel as it is counted.

    Attributes
    ----------
    name : str
        Name of the funnel.
    steps : tuple of Step
    rule : FunnelRule or None
        None for statuses.
    funnel : Funnel or None
        Units in the engine; None for statuses.
    units : DataFrame
        Units of a funnel over statuses; empty otherwise.
    words : str
        The rule in words, printed under every number.
    counted : str
        What is counted, in the plural.
    nested : bool
        Whether units belong to accounts, so that intervals go by account.
    occurrences : DataFrame
        As from `funnels.occurrences`: ``step``, ``rows``, ``units``, ``first_on``, ``last_on``.
    alternatives : DataFrame
        The same data under other rules: ``rule``, ``entered``, ``reached`` (the end, all units),
        ``rate`` of mature units with ``rate_low``, ``rate_high``, ``rate_n``, ``unit``.
    impossible : tuple of str
        Rules that do not go together with the others of this funnel.
    segments : tuple of str
    as_of : date
    level : float
    caveats : tuple of str
    """

    name: str
    steps: tuple[Step, ...]
    rule: FunnelRule | None
    funnel: Funnel | None
    units: pd.DataFrame
    words: str
    counted: str
    nested: bool
    occurrences: pd.DataFrame
    alternatives: pd.DataFrame
    impossible: tuple[str, ...]
    segments: tuple[str, ...]
    as_of: date
    level: float
    caveats: tuple[str, ...]

    @property
    def required(self) -> tuple[Step, ...]:
        """Steps that have to be reached, in order."""
        return tuple(step for step in self.steps if not step.optional)

    @property
    def last(self) -> str:
        """Name of the last step."""
        return self.required[-1].name

    @property
    def window_days(self) -> int:
        """Days from entry to the end; 0 without a limit."""
        horizon = self.rule.horizon if self.rule else None
        return horizon.days if horizon else 0

    def counts(self, *, by: Sequence[str] = (), cohort: str = "") -> pd.DataFrame:
        """Count units per step, by account where they are nested, with the base of a rate."""
        keys = (ACCOUNT, *by) if self.nested else tuple(by)
        if self.funnel is None:
            return with_base(statuses.status_reach(self.units, self.steps, by=keys))
        return with_base(funnels.reach(self.funnel, by=keys, cohort=cohort))

    def counts_in(
        self, periods: dict[str, tuple[date, date]], *, by: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Count units that entered in each of several periods."""
        keys = (ACCOUNT, *by) if self.nested else tuple(by)
        return with_base(funnels.reach_in(self.funnel, periods, by=keys))


def define_funnel(given: Tables, params: Params) -> Definition:
    """Fix what counts, in words, and show what other rules would have counted.

    Parameters
    ----------
    given : Tables
    params : Params

    Returns
    -------
    Definition

    Raises
    ------
    ParamsError
        If a step names a table or column that does not exist.
    """
    if params.of_statuses:
        return _of_statuses(given, params)
    rule = _with_accounts(given, funnel_rule(params))
    plain = _definition(given, params, rule, funnels.read_funnel(given, rule))
    alternatives, impossible = _alternatives(given, params, plain)
    return replace(plain, alternatives=alternatives, impossible=impossible)


def _with_accounts(given: Tables, rule: FunnelRule) -> FunnelRule:
    """Let units carry the account of their first entry, where the first step knows it."""
    rows = given.expression(rule.required[0].table)
    if rule.unit == ACCOUNT or rows is None or ACCOUNT not in rows.columns:
        return rule
    return replace(rule, segments=(*rule.segments, ACCOUNT))


def _definition(given: Tables, params: Params, rule: FunnelRule, funnel: Funnel) -> Definition:
    occurrences = funnels.occurrences(given, rule)
    nested = rule.unit != ACCOUNT and len(funnels.account_times(funnel)) > 0
    return Definition(
        name=params.funnel,
        steps=rule.steps,
        rule=rule,
        funnel=funnel,
        units=pd.DataFrame(),
        words=rule.words,
        counted=rule.counted,
        nested=nested,
        occurrences=occurrences,
        alternatives=pd.DataFrame(),
        impossible=(),
        segments=params.segment_by,
        as_of=given.as_of,
        level=params.level,
        caveats=(
            *_never(occurrences),
            *_without_window(rule),
            *_alone(rule.counted, nested, params),
        ),
    )


def _of_statuses(given: Tables, params: Params) -> Definition:
    steps = params.read_steps()
    units = statuses.status_units(given, steps, segments=params.segment_by)
    counted = _UNITS[params.unit]
    reach = statuses.status_reach(units, steps)
    occurrences = pd.DataFrame(
        {"step": reach["step"], "rows": reach["reached"], "units": reach["reached"]}
    ).assign(first_on=pd.NaT, last_on=pd.NaT)
    nested = params.unit != ACCOUNT and bool((units[ACCOUNT] != statuses.UNKNOWN).any())
    caveats = (
        *_alone(counted, nested, params),
        (
            "Only the present status is known, not its history: time to convert, trend and detours "
            "are left out, and who is lost may have been further than the status tells."
        ),
        *_never(occurrences),
    )
    return Definition(
        name=params.funnel,
        steps=steps,
        rule=None,
        funnel=None,
        units=units,
        words=_STATUS_WORDS.format(
            steps=", then ".join(step.name for step in steps), unit=counted.removesuffix("s")
        ),
        counted=counted,
        nested=nested,
        occurrences=occurrences,
        alternatives=pd.DataFrame(),
        impossible=(),
        segments=params.segment_by,
        as_of=given.as_of,
        level=params.level,
        caveats=caveats,
    )


def _alone(counted: str, nested: bool, params: Params) -> tuple[str, ...]:  # noqa: FBT001 - a fact
    """Say that units are taken as independent because nobody knows their accounts."""
    if nested or params.unit == ACCOUNT:
        return ()
    return (
        (
            f"No account is known of any of the {counted}: intervals take them as independent, "
            "and are too narrow where some of them are alike."
        ),
    )


def _never(occurrences: pd.DataFrame) -> tuple[str, ...]:
    absent = occurrences.loc[occurrences["rows"] == 0, "step"]
    if absent.empty:
        return ()
    return (f"Nothing in the data fits {', '.join(absent)}: check how the step is written.",)


def _without_window(rule: FunnelRule) -> tuple[str, ...]:
    if rule.horizon is not None:
        return ()
    return (
        (
            "Without a window nobody is ever lost: whoever did not finish counts as open, and "
            "there are no rates, only times to convert."
        ),
    )


def _alternatives(
    given: Tables, params: Params, definition: Definition
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Count the end of the funnel under the chosen rule and under others, one change each."""
    rows = [_end_row("as chosen", definition)]
    impossible = []
    for name, changed in _changes(params, nested=definition.nested) if params.other_rules else ():
        try:
            rule = _with_accounts(given, funnel_rule(params, segments=(), **changed))
            funnel = funnels.read_funnel(given, rule)
        except ParamsError as error:
            impossible.append(f"{name} ({error.what})")
            continue
        other = replace(
            definition,
            rule=rule,
            funnel=funnel,
            counted=rule.counted,
            nested=definition.nested and ACCOUNT in rule.segments,
        )
        rows.append(_end_row(name, other))
    return pd.DataFrame(rows), tuple(impossible)


def _changes(params: Params, *, nested: bool) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the other rules: what is changed, in words, and to what."""
    if params.anchor == "first":
        yield "window from any entry", {"anchor": "any"}
    else:
        yield "window from the first entry only", {"anchor": "first"}
    if params.window_days:
        for days in (params.window_days // 2, params.window_days * 2):
            yield f"window of {days} days", {"window": timedelta(days=days)}
    for order, words in (
        ("loose", "others may come between"),
        ("strict", "each step the very next"),
        ("any", "steps in any order"),
    ):
        if order != params.order:
            yield words, {"order": order}
    if params.unit == "user_id" and nested:
        yield "by account, users together", {"unit": ACCOUNT}
        yield "by account, any one user", {"unit": ACCOUNT, "quorum": 1}


def _end_row(name: str, definition: Definition) -> dict[str, object]:
    """Count who came to the end; the rate is of mature entrants."""
    counts = definition.counts()
    end = counts.loc[counts["position"] == len(definition.steps)]
    shares = estimate_rate(end, base="mature_entered", level=definition.level)
    return {
        "rule": name,
        "unit": definition.counted,
        "entered": int(end["entered"].sum()),
        "reached": int(end["reached"].sum()),
        "mature": int(end["mature_entered"].sum()),
        **ends(shares),
    }
