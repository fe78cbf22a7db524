"""Step 3, second half: those who came against comparable accounts that were not reached."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook.findings import Design
from opsplaybook.formats import Kind
from opsplaybook.metrics.history import PAST, account_history
from opsplaybook.playbooks.event_retrospective.cautions import (
    ADJUSTABLE,
    exposure,
    match_caveats,
    overlap,
)
from opsplaybook.playbooks.event_retrospective.goals import Event
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.playbooks.event_retrospective.windows import CHANGES, Windows, plan_windows
from opsplaybook.sources import Tables
from opsplaybook.stats.effects import effect_on_treated
from opsplaybook.stats.matching import Balance, Matching, Overlap, match
from opsplaybook.stats.means import mean_difference
from opsplaybook.stats.results import Difference


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is compared, in words.

    Attributes
    ----------
    label : str
        Noun phrase for titles.
    kind : Kind
        How its difference is written.
    more, less : str
        What accounts did that did it more, or less, than others.
    """

    label: str
    kind: Kind
    more: str
    less: str


OUTCOMES = {
    "deals_opened": Outcome(
        "accounts that opened a deal",
        "points",
        "opened a deal more often",
        "opened a deal less often",
    ),
    "spend": Outcome(
        "change in spend per account", "money", "raised their spend more", "raised their spend less"
    ),
    "activity": Outcome(
        "change in activity per account", "number", "became more active", "became less active"
    ),
}
"""Words for each outcome of `windows.TABLE_OF`."""

NEIGHBOURS = 3
"""Comparable accounts per account that came: fewer leave chance, more leave likeness."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Accounts that came against comparable ones that were not reached.

    Attributes
    ----------
    treated_word : str
        Who is compared: attending accounts, or accounts reached where nobody could attend.
    outcome : Outcome or None
        What is compared; None when there is nobody to compare, or too little is known.
    days : int
        Days after the first day that are compared, with as many before.
    currency : str
        Of the outcome, where it is money.
    design : Design
        ``matched`` when what matching left of every covariate can be adjusted for, other events
        reached both groups alike and the placebo is silent, else ``association``.
    naive : Difference or None
        Before matching: what a comparison without care would say.
    effect : Difference or None
        After matching; None when there is nobody to compare.
    placebo : Difference or None
        The same comparison one window earlier, where the event can have had no effect.
    covariates : tuple of str
    balance : Balance or None
    overlap : Overlap or None
    scores : DataFrame
        ``group`` ("came", "comparable", "other") and ``propensity`` of each account.
    caveats : tuple of str
    """

    treated_word: str
    outcome: Outcome | None
    days: int
    currency: str
    design: Design
    naive: Difference | None
    effect: Difference | None
    placebo: Difference | None
    covariates: tuple[str, ...]
    balance: Balance | None
    overlap: Overlap | None
    scores: pd.DataFrame
    caveats: tuple[str, ...]

    @property
    def statement(self) -> str:
        """The effect in words, without its number."""
        if self.outcome is None or self.effect is None:
            return "not compared with accounts that were not reached"
        if not self.effect.enough:
            return "too few comparable accounts to tell an effect"
        if not self.effect.detectable:
            return f"no detectable effect on {self.outcome.label}"
        verb = self.outcome.more if self.effect.value > 0 else self.outcome.less
        return f"{self.treated_word} {verb} than comparable accounts that were not reached"


@dataclass(frozen=True, slots=True)
class Groups:
    """Who is compared with whom.

    Attributes
    ----------
    treated, reached : array of str
        Accounts that came, and all accounts that the event reached; the latter never serve as
        comparable accounts.
    word : str
        What to call the treated.
    """

    treated: np.ndarray
    reached: np.ndarray
    word: str

    @classmethod
    def of(cls, people: pd.DataFrame) -> "Groups":
        """Take the accounts that came; where nobody could come, those that were reached."""
        reached = people["account_id"].unique()
        if not people["attended"].any():
            return cls(reached, reached, "accounts reached")
        attended = people.loc[people["attended"], "account_id"].unique()
        return cls(attended, reached, "attending accounts")

    def eligible(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Leave out accounts that were reached and did not come."""
        return frame.loc[self.came(frame) | ~frame.index.isin(self.reached)]

    def came(self, frame: pd.DataFrame) -> np.ndarray:
        """Mark the treated, by account."""
        return frame.index.isin(self.treated)


def compare(given: Tables, params: Params, event: Event, people: pd.DataFrame) -> Comparison:
    """Compare accounts that came with comparable accounts that were not reached.

    Accounts are matched on what was known of them the day before. The outcome is the first of
    `OUTCOMES` that the source knows of before the event. The design is called an association
    where the covariates stay unbalanced, other events reached the two groups unequally in the
    window, or the placebo one window earlier is not silent or not covered by the data.
    """
    windows = plan_windows(given, params, event)
    groups = Groups.of(people)
    around = overlap(given, event, windows.days or params.late_window_days)
    if windows.reason:
        return _not_compared(groups, windows.days, (windows.reason, *around))
    frame = groups.eligible(_history(given, params, event.start_on, windows))
    came = groups.came(frame)
    covariates = known_past(frame)
    if not came.any() or came.all() or not covariates:
        return _not_compared(groups, windows.days, (_why_not(came), *around))
    outcome = OUTCOMES[windows.outcome]
    matching = match(frame[list(covariates)], came, neighbours=NEIGHBOURS)
    result = _result(frame, windows.outcome)
    placebo = _placebo(given, params, groups, windows)
    others = exposure(given, event, frame.index, matching, windows.days)
    sound = matching.balance.worst <= ADJUSTABLE and abs(others.gap) <= ADJUSTABLE
    silent = placebo is not None and not placebo.detectable
    return Comparison(
        treated_word=groups.word,
        outcome=outcome,
        days=windows.days,
        currency=given.currency if outcome.kind == "money" else "",
        design="matched" if sound and silent else "association",
        naive=mean_difference(result[came], result[~came], kind=outcome.kind, level=params.level),
        effect=effect_on_treated(matching, result, kind=outcome.kind, level=params.level),
        placebo=placebo,
        covariates=covariates,
        balance=matching.balance,
        overlap=matching.overlap,
        scores=_scores(matching),
        caveats=(
            *windows.caveats,
            *around,
            *others.caveats,
            *match_caveats(matching, covariates, placebo, currency=given.currency),
        ),
    )


def known_past(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return what is known of the past and differs between accounts."""
    return tuple(name for name in PAST if name in frame and frame[name].max() > frame[name].min())


def _history(given: Tables, params: Params, day: pd.Timestamp, windows: Windows) -> pd.DataFrame:
    return account_history(given, day, history_days=params.history_days, window_days=windows.days)


def _placebo(given: Tables, params: Params, groups: Groups, windows: Windows) -> Difference | None:
    """Repeat the comparison one window earlier, matched on what was known then."""
    if windows.placebo_on is None:
        return None
    frame = groups.eligible(_history(given, params, windows.placebo_on, windows))
    came = groups.came(frame)
    covariates = known_past(frame)
    if not came.any() or came.all() or not covariates:
        return None
    matching = match(frame[list(covariates)], came, neighbours=NEIGHBOURS)
    kind = OUTCOMES[windows.outcome].kind
    return effect_on_treated(
        matching, _result(frame, windows.outcome), kind=kind, level=params.level
    )


def _result(frame: pd.DataFrame, outcome: str) -> np.ndarray:
    """Return the outcome; of amounts the change since the window before."""
    after = frame[outcome].to_numpy()
    return after - frame[f"before_{outcome}"].to_numpy() if outcome in CHANGES else after


def _not_compared(groups: Groups, days: int, caveats: tuple[str, ...]) -> Comparison:
    return Comparison(
        treated_word=groups.word,
        outcome=None,
        days=days,
        currency="",
        design="association",
        naive=None,
        effect=None,
        placebo=None,
        covariates=(),
        balance=None,
        overlap=None,
        scores=pd.DataFrame(columns=["group", "propensity"]),
        caveats=caveats,
    )


def _scores(matching: Matching) -> pd.DataFrame:
    weights = matching.weights
    group = np.select([matching.treated, weights > 0], ["came", "comparable"], default="other")
    return pd.DataFrame({"group": group, "propensity": matching.propensity})


def _why_not(came: np.ndarray) -> str:
    if not came.any():
        return "No account known before the event came: there is nothing to compare."
    if came.all():
        return "Every known account came, or was reached: there is nobody to compare with."
    return "Nothing is known of accounts before the event: comparable ones cannot be found."
