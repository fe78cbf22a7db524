"""Step 3: what a reader has to know of the comparison, from its own checks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.metrics import events as event_metrics
from opsplaybook.playbooks.event_retrospective.goals import Event
from opsplaybook.sources import Tables
from opsplaybook.stats.matching import BALANCED, Matching, standardised_differences
from opsplaybook.stats.results import Difference

ADJUSTABLE = 0.25
"""Standard deviations up to which regression can adjust for what matching left (Rubin 2001)."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Whether other events reached the compared groups alike.

    Attributes
    ----------
    gap : float
        Other events per account in the window, treated less comparable accounts, in standard
        deviations.
    caveats : tuple of str
    """

    gap: float
    caveats: tuple[str, ...]


def exposure(
    given: Tables, event: Event, accounts: pd.Index, matching: Matching, days: int
) -> Exposure:
    """Compare how often other events reached the two groups in the window.

    `overlap` says how many there are; this adds whether they can explain a difference.

    Parameters
    ----------
    given : Tables
    event : Event
    accounts : Index of str, shape (units,)
        The units of `matching`.
    matching : Matching
    days : int
        Length of the window, and of the one before.
    """
    counts = event_metrics.other_events(given, event.event_id, window_days=days)
    reached = counts.reindex(accounts, fill_value=0).to_numpy(dtype=float)
    weights = matching.weights
    gap = standardised_differences(reached[:, None], matching.treated, weights)[0]
    return Exposure(float(gap), _unequal(gap, reached, matching))


def overlap(given: Tables, event: Event, days: int) -> tuple[str, ...]:
    """Name the other events that reached the same accounts in the window or the one before."""
    around = event_metrics.overlapping(given, event.event_id, window_days=days)
    if around.empty:
        return ()
    largest = around.iloc[0]
    name = largest["event_id"] if formats.is_missing(largest["name"]) else largest["name"]
    others = "1 other event falls" if len(around) == 1 else f"{len(around)} other events fall"
    share = formats.share(largest["share"])
    sentence = (
        f"{others} into the window of {formats.days(days)} or the one before; the largest "
        f"({name}) reached {share} of the same accounts, so effects mix."
    )
    return (sentence,)


def match_caveats(
    matching: Matching, covariates: tuple[str, ...], placebo: Difference | None, *, currency: str
) -> tuple[str, ...]:
    """Say how the compared accounts were chosen, what matching left, and whom it left out."""
    overlap, balance = matching.overlap, matching.balance
    caveats = [
        (
            "Who came was not drawn at random and there is no control group: the comparison "
            "adjusts for what was known of the accounts only."
        )
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
            f"({formats.estimate(placebo, currency=currency, unit='accounts')}): a difference "
            "after it may be theirs, not the event's."
        )
    return tuple(caveats)


def _unequal(gap: float, reached: np.ndarray, matching: Matching) -> tuple[str, ...]:
    """Say by how much other events in the window reached one group more; nothing where alike."""
    if not abs(gap) > ADJUSTABLE:
        return ()
    treated, weights, any_other = matching.treated, matching.weights, reached > 0
    ours, theirs = (
        formats.share(np.average(any_other[group], weights=weights[group]))
        for group in (treated, ~treated)
    )
    sentence = (
        f"In the window other events reached {ours} of the compared accounts and {theirs} of "
        "those that they are compared with: what those brought is part of the difference."
    )
    return (sentence,)
