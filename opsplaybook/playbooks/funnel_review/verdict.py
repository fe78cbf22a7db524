"""The verdict of a funnel review: one sentence."""

import pandas as pd

from opsplaybook import formats
from opsplaybook.findings import Tone, Verdict
from opsplaybook.playbooks.funnel_review.change import Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.reach import Reach


def verdict(params: Params, definition: Definition, reach: Reach, change: Change) -> Verdict:
    """Say what to do: Repair, Look into it, Keep, Steady, Too early, No window, Not enough data."""
    if not reach.entered:
        sentence = f"Nobody entered {definition.name} in the period."
        return Verdict("Not enough data", sentence, "open")
    if definition.rule is not None and definition.rule.horizon is None:
        sentence = (
            f"{reach.entered:,} {definition.counted} entered. Without a window nobody is ever "
            "lost, so there is no rate to judge: give `window_days`."
        )
        return Verdict("No window", sentence, "open")
    if not reach.mature:
        sentence = (
            f"{reach.entered:,} {definition.counted} entered and the window of none is over: "
            f"{reach.open:,} are still open, nobody is lost."
        )
        return Verdict("Too early", sentence, "open")
    if not reach.whole.enough:
        sentence = f"{reach.mature:,} mature {definition.counted} are too few for a rate."
        return Verdict("Not enough data", sentence, "open")
    word, tone, why = _change(params, change)
    unit = "accounts" if definition.nested else definition.counted
    whole = formats.estimate(reach.whole, unit=unit)
    return Verdict(word, f"{why} Of mature entrants {whole} came to {definition.last}.", tone)


def _change(params: Params, change: Change) -> tuple[str, Tone, str]:
    """Return word, tone and reason from what moved beyond chance."""
    if change.whole is None or not change.whole.enough:
        return "Describe", "open", "Nothing could be compared."
    if change.since is None:
        return _difference(change)
    when, size = when_in_words(change, params), _size(change)
    fallen, risen = change.moved(-1), change.moved(1)
    if len(fallen):
        row = fallen.iloc[0]
        cell = (row["step"], row["segment"])
        hidden = cell in [(found.step, found.segment) for found in change.reversals]
        though = ", hidden by a total that rose with the mix" if hidden else ""
        rates = (
            f"from {formats.share(row['first'])} to {formats.share(row['second'])} "
            f"({_interval_of(row)})"
        )
        why = f"The rate of {row['step']} fell for {row['segment']} {when}, {rates}{though}."
        return "Repair", "bad", why
    if change.whole.detectable and change.whole.value < 0:
        return "Look into it", "bad", f"Fewer come to the end {when}: {size}."
    if change.whole.detectable:
        return "Keep", "good", f"More come to the end {when}: {size}."
    if len(risen):
        row = risen.iloc[0]
        why = f"The rate of {row['step']} rose for {row['segment']} {when}."
        return "Keep", "good", why
    return "Steady", "good", f"No detectable change {when}: {size}."


def _interval_of(row: pd.Series) -> str:
    return formats.ends(row["difference_low"], row["difference_high"], "points")


def _difference(change: Change) -> tuple[str, Tone, str]:
    """Say how two segments differ: neither is before the other, so nothing rose or fell."""
    first, second = change.labels
    if not change.whole.detectable:
        why = f"No detectable difference between {first} and {second}: {_size(change)}."
        return "Alike", "good", why
    more = "more" if change.whole.value > 0 else "fewer"
    why = f"Of {second} {more} come to the end than of {first}: {_size(change)}."
    return "Different", "mixed", why


def _size(change: Change) -> str:
    size = formats.points(change.whole.value)
    if change.whole.interval is None:
        return size
    return f"{size} ({formats.interval(change.whole.interval, 'points')})"


def when_in_words(change: Change, params: Params) -> str:
    """Say since when."""
    return f"since {params.change_known_as}" if params.change_known_as else change.labels[1]
