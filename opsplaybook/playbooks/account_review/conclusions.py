"""The findings of an account review, and the head of its report."""

from math import isnan

from opsplaybook import formats
from opsplaybook.findings import Finding, Findings, Notes, Strength, grade, strongest
from opsplaybook.playbooks.account_review import signals
from opsplaybook.playbooks.account_review.account import Account
from opsplaybook.playbooks.account_review.business import Business
from opsplaybook.playbooks.account_review.compared import Compared, change_text
from opsplaybook.playbooks.account_review.definitions import DEFINITIONS, METHOD
from opsplaybook.playbooks.account_review.next_steps import NextSteps
from opsplaybook.playbooks.account_review.people import People
from opsplaybook.playbooks.account_review.place import LABELS, Place
from opsplaybook.playbooks.account_review.support import Support
from opsplaybook.playbooks.account_review.use import Use
from opsplaybook.playbooks.account_review.verdict import in_words, tiles, verdict
from opsplaybook.sources import Tables

MIDDLE = 0.5


def findings(
    given: Tables,
    account: Account,
    business: Business,
    use: Use,
    support: Support,
    people: People,
    place: Place,
    steps: NextSteps,
) -> Findings:
    """Put the report's head together: verdict, tiles, findings, actions.

    Whatever is marked for customers speaks of the account alone; signals, owners and caveats of
    our records are for us. What limits a comparison that a customer reads, the customer reads too.
    """
    found = signals.signals(business, use, people, steps)
    for_customer = [
        *_business(business),
        *_use(use),
        *_actions(use),
        *_support(support),
        *_place(place),
    ]
    shared = tuple(c for part in (business, use, support, place) for c in part.caveats)
    caveats = (*given.caveats, *shared, *people.caveats)
    return Findings(
        playbook="account_review",
        title=f"Account review: {account.name}",
        subject=account.name,
        period=account.periods.now.text,
        as_of=given.as_of.isoformat(),
        verdict=verdict(business, use, steps),
        key_figures=(*tiles(business, use, support), signals.tile(found)),
        findings=strongest([signals.finding(found), *for_customer]),
        actions=steps.actions,
        caveats=tuple(dict.fromkeys(caveats)),
        definitions=DEFINITIONS,
        method=METHOD,
        for_customer=Notes(tuple(dict.fromkeys(shared)), DEFINITIONS, METHOD),
    )


def _business(business: Business) -> list[Finding]:
    headline = business.headline
    if headline is None:
        return []
    size = formats.value(headline.now.value, "money", currency=business.currency)
    claim = f"{headline.label} {size}, {in_words(headline)}"
    on_the_year = headline.year_change
    if not isnan(on_the_year.value):
        claim += f"; {change_text(on_the_year, fact=headline.fact)} on the year"
    claim += "."
    return [_finding(claim, _strength(headline), ("business", "business-chart"))]


def _use(use: Use) -> list[Finding]:
    return [
        _finding(f"{m.label} {_size(m)}, {in_words(m)}.", _strength(m), ("use", "use-chart"))
        for m in (use.of("users"), use.of("actions"), use.of("value"))
        if m is not None and m.compared
    ]


def _actions(use: Use) -> list[Finding]:
    """Name the key actions whose change is beyond chance after correction."""
    moved = use.actions.loc[use.actions["beyond_chance"]]
    if moved.empty:
        return []
    parts = [
        f"{name.replace('_', ' ')} {formats.change(change)}"
        for name, change in zip(moved["action"], moved["change"], strict=True)
    ]
    n = int(moved["weeks"].min())
    strength = grade(detectable=True, n=n, design="before and after")
    claim = f"Key actions that changed beyond chance, by week: {', '.join(parts)}."
    return [_finding(claim, strength, ("key-actions", "key-actions-chart"))]


def _support(support: Support) -> list[Finding]:
    answered = support.of("in_time")
    if answered is None or not answered.now.enough:
        return []
    claim = f"{answered.label}: {formats.estimate(answered.now, unit='tickets')}"
    moved = answered.difference
    if moved.detectable:
        claim += f"; {formats.estimate(moved, unit='tickets')} on the span before"
    strength = grade(detectable=moved.detectable, n=moved.n, design="before and after")
    return [_finding(f"{claim}.", strength, ("support", "support-chart"))]


def _place(place: Place) -> list[Finding]:
    """Name the measure that lies farthest from the middle beyond chance."""
    far = {name: e for name, e in place.places.items() if not e.interval.contains(MIDDLE)}
    if not far:
        return []
    name = max(far, key=lambda key: abs(far[key].value - MIDDLE))
    ends = formats.interval(far[name].interval, "share")
    claim = (
        f"{LABELS[name]}: {formats.share(far[name].value)} of comparable accounts lie below "
        f"({far[name].interval.level:.0%} interval {ends}, n = {far[name].n:,} {place.likeness})."
    )
    strength = grade(detectable=True, n=far[name].n, design="description")
    return [_finding(claim, strength, ("place", "place-chart"))]


def _size(measure: Compared) -> str:
    return formats.value(measure.now.value, measure.now.kind)


def _strength(measure: Compared) -> Strength:
    """Grade a change: one of a contract is certain, others rest on their interval."""
    if measure.fact:
        moved = (measure.change.value, measure.year_change.value)
        return "strong" if any(change and not isnan(change) for change in moved) else "none"
    change = measure.change
    return grade(detectable=change.detectable, n=change.n, design="before and after")


def _finding(claim: str, strength: Strength, evidence: tuple[str, ...]) -> Finding:
    return Finding(
        claim=f"{claim[:1].upper()}{claim[1:]}",
        strength=strength,
        design="before and after" if "place" not in evidence else "description",
        evidence=evidence,
        audience="customer",
    )
