"""What an account owner should look at before a renewal: for us alone, never for the customer."""

from opsplaybook import formats
from opsplaybook.findings import Finding, KeyFigure, Tone, grade
from opsplaybook.playbooks.account_review.business import Business
from opsplaybook.playbooks.account_review.compared import change_text
from opsplaybook.playbooks.account_review.next_steps import NextSteps
from opsplaybook.playbooks.account_review.people import People
from opsplaybook.playbooks.account_review.use import Use

CHECKS = 7
"""Signals that are looked for: use, business, people who left, people not met, the end of the
contract, a contract lost or over, invoices."""


def signals(business: Business, use: Use, people: People, steps: NextSteps) -> tuple[str, ...]:
    """List the signals that are there, in words for our own eyes."""
    found = [
        *_falling(use, business),
        f"{people.deciders_left} of those who decide left in the last year"
        if people.deciders_left
        else "",
        f"nobody in contact: {', '.join(people.uncovered)}" if people.uncovered else "",
        f"the contract ends on {steps.due.end_on:%Y-%m-%d}" if steps.due else "",
        _gone(steps),
        f"invoices overdue: {steps.count('invoice')}" if steps.count("invoice") else "",
    ]
    return tuple(text for text in found if text)


def finding(found: tuple[str, ...]) -> Finding:
    """Put the signals into one finding."""
    claim = (
        f"To look at: {'; '.join(found)}."
        if found
        else f"None of the {CHECKS} signals that are looked for."
    )
    return Finding(
        claim=claim,
        strength=grade(detectable=bool(found), n=CHECKS, design="description"),
        design="description",
        evidence=("use", "business", "people", "open-items"),
        caveats=("Whether these come before a loss is not tested here, on one account.",),
    )


def tile(found: tuple[str, ...]) -> KeyFigure:
    """Count the signals, for the index page."""
    tone: Tone = "good" if not found else "mixed" if len(found) < 3 else "bad"
    return KeyFigure(
        key="signals",
        label="Signals before renewal",
        value=formats.count(len(found)),
        definition=f"of {CHECKS}: use, business, people who left, people not met, end of contract, "
        "contract lost, invoices overdue",
        base=f"of {CHECKS}",
        tone=tone,
        raw=float(len(found)),
    )


def _gone(steps: NextSteps) -> str:
    if steps.ended_on is not None:
        return f"no contract runs since {steps.ended_on:%Y-%m-%d}"
    return "a contract is lost" if steps.leaving else ""


def _falling(use: Use, business: Business) -> list[str]:
    fallen = [measure for measure in use.measures if measure.direction < 0]
    texts = [f"{m.label.lower()} {change_text(m.change)}" for m in fallen[:1]]
    headline = business.headline
    if headline is not None and headline.direction < 0:
        change = change_text(headline.change, fact=headline.fact)
        texts.append(f"{headline.label.lower()} {change}")
    return texts
