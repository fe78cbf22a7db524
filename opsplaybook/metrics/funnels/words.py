"""The rule of a funnel in words, to be printed under every number."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from opsplaybook import formats

if TYPE_CHECKING:
    from opsplaybook.metrics.funnels.rule import FunnelRule, Step

_UNITS = {
    "user_id": ("user", "users"),
    "account_id": ("account", "accounts"),
    "contact_id": ("person", "people"),
    "opportunity_id": ("deal", "deals"),
    "contract_id": ("contract", "contracts"),
}
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def unit_in_words(unit: str) -> tuple[str, str]:
    """Name a unit, in the singular and the plural.

    Examples
    --------
    >>> unit_in_words("opportunity_id"), unit_in_words("session_id")
    (('deal', 'deals'), ('session', 'sessions'))

    Columns without a name of their own are named after themselves.
    """
    own = unit.removesuffix("_id").replace("_", " ")
    return _UNITS.get(unit, (own, f"{own}s"))


def time_in_words(time: timedelta) -> str:
    """Write a span of time in the largest unit that it is a whole number of.

    Examples
    --------
    >>> time_in_words(timedelta(days=7)), time_in_words(timedelta(minutes=90))
    ('7 days', '90 minutes')
    """
    units = ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"))
    for size, name in units:
        if time % size == timedelta(0) and time:
            count = time // size
            return f"{formats.count(count)} {name if count == 1 else name + 's'}"
    return f"{time.total_seconds():g} seconds"


def rule_in_words(rule: FunnelRule) -> str:
    """Write a rule, one group of choices per line."""
    lines = [_steps(rule), _window(rule), _exclusions(rule), _unit(rule), _period(rule)]
    return "\n".join(line for line in lines if line)


def _steps(rule: FunnelRule) -> str:
    if rule.order == "any":
        return f"{_listed([step.name for step in rule.steps])}, in any order."
    names = ", then ".join(_named(step) for step in rule.steps)
    if rule.order == "strict":
        return f"{names}, each the very next row; a broken chain may start again."
    return f"{names}; other rows may come between."


def _named(step: Step) -> str:
    notes = ["optional"] if step.optional else []
    if step.within is not None:
        notes.append(f"within {time_in_words(step.within)} of the required step before")
    return f"{step.name} ({', '.join(notes)})" if notes else step.name


def _window(rule: FunnelRule) -> str:
    entry = rule.required[0].name if rule.order != "any" else "of these steps"
    last = rule.required[-1].name if rule.order != "any" else "the last of them"
    limit = "No limit of time" if rule.window is None else f"At most {time_in_words(rule.window)}"
    if rule.anchor == "first":
        which, others = f"the first {entry} of the period", "later entries do not count"
    else:
        which, others = f"any {entry} of the period", "the entry that leads furthest counts"
    return f"{limit} from {which} to {last}; {others}."


def _exclusions(rule: FunnelRule) -> str:
    names = [step.name for step in rule.required]
    parts = [
        f"no {exclusion.name} between {exclusion.after or names[0]} and "
        f"{exclusion.before or names[-1]}"
        for exclusion in rule.exclusions
    ]
    text = _listed(parts)
    return text[:1].upper() + text[1:] + "." if text else ""


def _unit(rule: FunnelRule) -> str:
    tied = {
        "allowed": "Steps at one instant count in this order.",
        "later": "Each step comes later than the one before.",
    }
    ties = "" if rule.order == "any" else f"{tied[rule.ties]} "
    counted = f"Counted per {unit_in_words(rule.unit)[0]}"
    if rule.unit == "account_id":
        counted += f", {_members(rule.quorum)}"
    if rule.hold:
        counted += f", along one and the same {rule.hold.removesuffix('_id').replace('_', ' ')}"
    return f"{ties}{counted}."


def _members(quorum: int) -> str:
    if not quorum:
        return "whose users may share the steps"
    if quorum == 1:
        return "which is as far as any one of its users"
    return f"which is as far as {quorum} of its users, each alone"


def _period(rule: FunnelRule) -> str:
    if rule.first_day and rule.last_day:
        return f"Entries of {formats.period(rule.first_day, rule.last_day)}."
    if rule.first_day:
        return f"Entries from {formats.day(rule.first_day)}."
    return f"Entries up to {formats.day(rule.last_day)}." if rule.last_day else ""


def _listed(texts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))
