"""Step 3, second half: those who came against comparable accounts that were not reached."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.findings import Design
from opsplaybook.formats import Kind
from opsplaybook.metrics import events as event_metrics
from opsplaybook.metrics.history import PAST, account_history
from opsplaybook.playbooks.event_retrospective.goals import Event
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.effects import effect_on_treated
from opsplaybook.stats.matching import BALANCED, Balance, Matching, Overlap, match
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
"""Outcomes in order of preference."""

ADJUSTABLE = 0.25
"""Standard deviations up to which regression can adjust for what matching left (Rubin 2001)."""

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
        What is compared, over the late window.
    currency : str
        Of the outcome, where it is money.
    design : Design
        ``matched`` when what matching left of every covariate can be adjusted for and the
        placebo is silent, else ``association``.
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
        if self.outcome is None or self.effect is None or not self.effect.enough:
            return "too few comparable accounts to tell an effect"
        if not self.effect.detectable:
            return f"no detectable effect on {self.outcome.label}"
        verb = self.outcome.more if self.effect.value > 0 else self.outcome.less
        return f"{self.treated_word} {verb} than comparable accounts that were not reached"


def compare(given: Tables, params: Params, event: Event, people: pd.DataFrame) -> Comparison:
    """Compare accounts that came with comparable accounts that were not reached.

    Accounts are matched on what was known of them the day before. The outcome is the first of
    `OUTCOMES` that the source has. Where the covariates stay unbalanced, or the placebo one
    window earlier is not silent, the design is called an association.
    """
    frame = _history(given, params, event.start_on)
    outcome = next((name for name in OUTCOMES if name in frame), "")
    treated, word = _treated(people)
    frame = frame.loc[frame.index.isin(treated) | ~frame.index.isin(people["account_id"])]
    came = frame.index.isin(treated)
    caveats = _overlap_caveats(given, params, event)
    if not outcome or not came.any() or came.all():
        reason = _why_not(outcome, came)
        return Comparison(
            word, None, "", "association", *(None,) * 3, (), None, None, _no_scores(), (reason,)
        )
    kind = OUTCOMES[outcome].kind
    covariates = _covariates(frame)
    matching = match(frame[list(covariates)], came, neighbours=NEIGHBOURS)
    result = _result(frame, outcome, kind)
    effect = effect_on_treated(matching, result, kind=kind, level=params.level)
    placebo = _placebo(given, params, event, people, outcome, kind)
    alike = matching.balance.worst <= ADJUSTABLE
    sound = alike and placebo is not None and not placebo.detectable
    return Comparison(
        treated_word=word,
        outcome=OUTCOMES[outcome],
        currency=given.currency if kind == "money" else "",
        design="matched" if sound else "association",
        naive=mean_difference(result[came], result[~came], kind=kind, level=params.level),
        effect=effect,
        placebo=placebo,
        covariates=covariates,
        balance=matching.balance,
        overlap=matching.overlap,
        scores=_scores(matching),
        caveats=(*caveats, *_match_caveats(matching, covariates, placebo)),
    )


def _history(given: Tables, params: Params, day: pd.Timestamp) -> pd.DataFrame:
    return account_history(
        given, day, history_days=params.history_days, window_days=params.late_window_days
    )


def _treated(people: pd.DataFrame) -> tuple[np.ndarray, str]:
    """Return the accounts that came; where nobody could come, those that were reached."""
    if people["attended"].any():
        return people.loc[people["attended"], "account_id"].unique(), "attending accounts"
    return people["account_id"].unique(), "accounts reached"


def _placebo(
    given: Tables, params: Params, event: Event, people: pd.DataFrame, outcome: str, kind: Kind
) -> Difference | None:
    """Repeat the comparison one window earlier, matched on what was known then."""
    day = event.start_on - pd.Timedelta(days=params.late_window_days + 1)
    frame = _history(given, params, day)
    treated, _ = _treated(people)
    frame = frame.loc[frame.index.isin(treated) | ~frame.index.isin(people["account_id"])]
    came = frame.index.isin(treated)
    covariates = _covariates(frame)
    if outcome not in frame or not came.any() or came.all() or not covariates:
        return None
    matching = match(frame[list(covariates)], came, neighbours=NEIGHBOURS)
    result = _result(frame, outcome, kind)
    return effect_on_treated(matching, result, kind=kind, level=params.level)


def _covariates(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return what is known of the past and differs between accounts."""
    return tuple(name for name in PAST if name in frame and frame[name].max() > frame[name].min())


def _result(frame: pd.DataFrame, outcome: str, kind: Kind) -> np.ndarray:
    """Return the outcome; of amounts the change since the window before."""
    after = frame[outcome].to_numpy()
    return after if kind == "points" else after - frame[f"before_{outcome}"].to_numpy()


def _scores(matching: Matching) -> pd.DataFrame:
    weights = matching.weights
    group = np.select([matching.treated, weights > 0], ["came", "comparable"], default="other")
    return pd.DataFrame({"group": group, "propensity": matching.propensity})


def _no_scores() -> pd.DataFrame:
    return pd.DataFrame(columns=["group", "propensity"])


def _why_not(outcome: str, came: np.ndarray) -> str:
    if not outcome:
        return "There are no deals, invoices or activity: the event is not compared with others."
    if not came.any():
        return "No account known before the event came: there is nothing to compare."
    return "Every known account came: there is nobody to compare with."


def _match_caveats(
    matching: Matching, covariates: tuple[str, ...], placebo: Difference | None
) -> tuple[str, ...]:
    overlap, balance = matching.overlap, matching.balance
    caveats = [
        "Who came was not drawn at random: the comparison adjusts for what was known of them only."
    ]
    before = np.abs(balance.before)
    if before.max() > BALANCED:
        worst = covariates[int(before.argmax())].replace("_", " ")
        caveats.append(
            f"Before matching they differed from the others by up to {before.max():.1f} standard "
            f"deviations ({worst}): they were chosen, or chose themselves."
        )
    if not balance.good:
        caveats.append(f"After matching up to {balance.worst:.2f} standard deviations are left.")
    if overlap.matched < overlap.treated:
        left_out = overlap.treated - overlap.matched
        caveats.append(
            f"{formats.count(left_out)} of {formats.count(overlap.treated)} accounts have no "
            "comparable account and are left out of the comparison."
        )
    if placebo is not None and placebo.detectable:
        caveats.append(
            "One window before the event the same accounts differed already "
            f"({formats.estimate(placebo)}): a difference after it may be theirs, not the event's."
        )
    return tuple(caveats)


def _overlap_caveats(given: Tables, params: Params, event: Event) -> tuple[str, ...]:
    others = event_metrics.overlapping(given, event.event_id, window_days=params.late_window_days)
    if others.empty:
        return ()
    first = others.iloc[0]
    name = first["event_id"] if formats.is_missing(first["name"]) else first["name"]
    sentence = (
        f"{len(others)} other events fall into the window or the one before; the largest "
        f"({name}) reached {formats.share(first['share'])} of the same accounts, so effects mix."
    )
    return (sentence,)
