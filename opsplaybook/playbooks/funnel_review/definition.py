"""Step 1, definition: what counts as a step, and by which rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from opsplaybook.metrics import funnels, statuses
from opsplaybook.metrics.funnels import Funnel, FunnelRule, Step
from opsplaybook.playbooks.funnel_review.nested import ACCOUNT, carry_account, with_base
from opsplaybook.playbooks.funnel_review.params import Params, funnel_rule
from opsplaybook.sources import Tables

_STATUS_WORDS = (
    "{steps}, by the status that each row has now. No times are known: a unit counts for a step "
    "if its status implies it, and what happened in which order cannot be told. Counted per {unit}."
)
_NO_OCCURRENCES = pd.DataFrame(columns=["step", "rows", "units", "first_on", "last_on"])
_UNITS = {
    "user_id": "users",
    "account_id": "accounts",
    "contact_id": "contacts",
    "opportunity_id": "deals",
    "contract_id": "contracts",
}

_TWO_STEPS = 2


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
    segments: tuple[str, ...]
    as_of: date
    level: float
    caveats: tuple[str, ...]

    @property
    def required(self) -> tuple[Step, ...]:
        """Steps that have to be reached, in order."""
        return tuple(step for step in self.steps if not step.optional)

    @property
    def step_names(self) -> tuple[str, ...]:
        """Names of the steps that have to be reached; in any order, how many were done."""
        names = tuple(step.name for step in self.required)
        if self.rule is None or self.rule.order != "any":
            return names
        return tuple(f"{done} of {len(names)} steps" for done in range(1, len(names) + 1))

    @property
    def has_one_rate(self) -> bool:
        """Whether the only rate is that of the whole way."""
        return len(self.step_names) == _TWO_STEPS

    @property
    def last(self) -> str:
        """Name of the last step."""
        return self.step_names[-1]

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
    """Fix what counts, in words.

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
    rule = carry_account(given, funnel_rule(params))
    funnel = funnels.read_funnel(given, rule)
    return _definition(given, params, funnel, funnels.occurrences(given, rule))


def define_alone(given: Tables, params: Params) -> Definition:
    """Fix what counts, and look at nothing else: no segments, no occurrences.

    For whoever asks again and again, as a what-if view does.

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
    bare = params.model_copy(update={"segment_by": ()})
    funnel = funnels.read_funnel(given, carry_account(given, funnel_rule(bare)))
    return _definition(given, bare, funnel, _NO_OCCURRENCES)


def _definition(
    given: Tables, params: Params, funnel: Funnel, occurrences: pd.DataFrame
) -> Definition:
    rule = funnel.rule
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
