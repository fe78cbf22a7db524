"""The verdict of a funnel review: one sentence."""

from opsplaybook import formats
from opsplaybook.findings import Tone, Verdict
from opsplaybook.playbooks.funnel_review.change import Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.reach import Reach


def verdict(params: Params, definition: Definition, reach: Reach, change: Change) -> Verdict:
    """Say what to do: Repair, Look into it, Keep, Steady, Too early, Not enough data."""
    if not reach.entered:
        sentence = f"Nobody entered {definition.name} in the period."
        return Verdict("Not enough data", sentence, "open")
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
    fallen, risen = change.moved(-1), change.moved(1)
    if len(fallen):
        row = fallen.iloc[0]
        cell = (row["step"], row["segment"])
        hidden = cell in [(found.step, found.segment) for found in change.reversals]
        though = ", hidden by a total that rose with the mix" if hidden else ""
        rates = f"from {formats.share(row['first'])} to {formats.share(row['second'])}"
        when = when_in_words(change, params)
        why = f"{row['step'].capitalize()} fell for {row['segment']} {when}, {rates}{though}."
        return ("Repair" if change.since else "Look into it"), "bad", why
    size = formats.points(change.whole.value)
    ends = formats.interval(change.whole.interval, "points") if change.whole.interval else ""
    if change.whole.detectable:
        worse = change.whole.value < 0
        verb = "fewer" if worse else "more"
        why = (
            f"{verb.capitalize()} come to the end {when_in_words(change, params)}: {size} ({ends})."
        )
        return ("Look into it", "bad", why) if worse else ("Keep", "good", why)
    if len(risen):
        row = risen.iloc[0]
        why = (
            f"{row['step'].capitalize()} rose for {row['segment']} {when_in_words(change, params)}."
        )
        return "Keep", "good", why
    why = f"No detectable change {when_in_words(change, params)}: {size} ({ends})."
    return "Steady", "good", why


def when_in_words(change: Change, params: Params) -> str:
    """Say what lies between the two compared sides."""
    if change.since is None:
        return f"from {change.labels[0]} to {change.labels[1]}"
    return f"since {params.change_name}" if params.change_name else change.labels[1]
