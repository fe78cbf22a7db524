"""What it means: the verdict, key figures, findings, actions and patterns of one run.

A sentence and its number come from one object. `Findings` leaves the kernel as JSON beside its
text, and feeds the head of the report, the index page, the manifest and the next run of the same
playbook, which opens with what became of the actions.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from html import escape
from math import isfinite
from typing import Any, Literal

from opsplaybook import formats
from opsplaybook.display import FINDINGS_MIME, Audience, MimeBundle
from opsplaybook.errors import OpsPlaybookError
from opsplaybook.formats import EstimateLike, IntervalLike, Kind

FINDINGS_SHOWN = 5
"""A report has at most this many findings: more are not read."""

Tone = Literal["good", "mixed", "bad", "open"]
"""Sense of a verdict or key figure; ``open`` is for too early and not enough data."""

Strength = Literal["strong", "moderate", "weak", "none"]
Design = Literal["randomised", "matched", "before and after", "association", "description"]
ActionStatus = Literal["new", "open", "done", "dropped"]
PatternKind = Literal["keep", "stop", "try"]

_MARKS: dict[Tone, str] = {"good": "▲", "mixed": "◆", "bad": "▼", "open": "○"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer in one sentence: decision, size, certainty.

    Attributes
    ----------
    word : str
        The decision in one or two words, such as ``Scale``, ``Change``, ``Stop``, ``Too early``.
    sentence : str
        Decision, size and certainty, below 300 characters.
    tone : Tone
        Its sense; shown as a word and a mark, never by colour alone.
    audience : {"internal", "customer"}
        Who may see it.
    """

    word: str
    sentence: str
    tone: Tone = "open"
    audience: Audience = "internal"

    @property
    def mark(self) -> str:
        """A sign that tells the tone without colour."""
        return _MARKS[self.tone]


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One tile at the head of the report.

    Attributes
    ----------
    key, label : str
        Stable name, and what is measured.
    value : str
        The number as text.
    definition : str
        What is counted over which base and period.
    target, change, interval, base : str
        As text; empty where there is none. `base` is n with its unit.
    tone : Tone
        Its sense against the target or the past.
    trend : tuple of float
        Up to twelve numbers, oldest first, for the small line on the index page.
    raw : float or None
        The number itself, for sorting.
    audience : {"internal", "customer"}
        Who may see it.
    """

    key: str
    label: str
    value: str
    definition: str
    target: str = ""
    change: str = ""
    interval: str = ""
    base: str = ""
    tone: Tone = "open"
    trend: tuple[float, ...] = ()
    raw: float | None = None
    audience: Audience = "internal"


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim with the number that carries it.

    Attributes
    ----------
    claim : str
        One sentence, number and interval included.
    strength : Strength
        Graded by `grade`, never by hand.
    design : Design
        What the data can carry: the wording of the claim follows it.
    evidence : tuple of str
        Keys of the charts and tables that show it.
    caveats : tuple of str
        What limits it.
    would_change : str
        What would change the conclusion.
    audience : {"internal", "customer"}
        Who may see it.
    """

    claim: str
    strength: Strength
    design: Design = "description"
    evidence: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    would_change: str = ""
    audience: Audience = "internal"


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do, that can be checked next time.

    Attributes
    ----------
    what, owner : str
        What is to be done, and by whom.
    due_on : date or None
        By when.
    measure : str
        How it will be seen that it worked.
    expected_effect : str
        What it should bring; empty where nothing supports a number.
    status : ActionStatus
        ``new`` in this run; ``open``, ``done`` or ``dropped`` when carried over.
    from_run : str
        Run that first named it; empty for new ones.
    audience : {"internal", "customer"}
        Who may see it.
    role : str
        What the owner is to the customer, who does not read the name.
    """

    what: str
    owner: str
    due_on: date | None
    measure: str
    expected_effect: str = ""
    status: ActionStatus = "new"
    from_run: str = ""
    audience: Audience = "internal"
    role: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What to keep, stop or try the next time, with its evidence.

    Attributes
    ----------
    kind : PatternKind
        ``keep``, ``stop`` or ``try``.
    what : str
        One sentence.
    evidence : str
        The number it rests on.
    strength : Strength
        How far the evidence carries.
    applies_to : str
        Kind of subject it holds for, such as a format of event.
    audience : {"internal", "customer"}
        Who may see it.
    """

    kind: PatternKind
    what: str
    evidence: str
    strength: Strength
    applies_to: str = ""
    audience: Audience = "internal"


@dataclass(frozen=True, slots=True)
class Notes:
    """What surrounds the findings: caveats, glossary and method, as in `Findings`."""

    caveats: tuple[str, ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()
    method: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a run concludes.

    Attributes
    ----------
    playbook, title, subject, period : str
        Stem of the playbook; title of the report; what it is about; both ends of the period.
    as_of : str
        Last day that was known, as ``2026-06-30``.
    verdict : Verdict
    key_figures : tuple of KeyFigure
    findings : tuple of Finding
        At most five, strongest first.
    actions : tuple of Action
    patterns : tuple of Pattern
    caveats : tuple of str
        What holds for the whole report: data left out, windows not over yet.
    definitions : tuple of (term, meaning)
        Glossary for the appendix.
    method : tuple of str
        Sentences on how the numbers were made.
    for_customer : Notes
        Caveats, definitions and method of a customer's report; the others are for us.

    Raises
    ------
    OpsPlaybookError
        If there are more than five findings.
    """

    playbook: str
    title: str
    subject: str
    period: str
    as_of: str
    verdict: Verdict
    key_figures: tuple[KeyFigure, ...] = ()
    findings: tuple[Finding, ...] = ()
    actions: tuple[Action, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    caveats: tuple[str, ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()
    method: tuple[str, ...] = ()
    for_customer: Notes = Notes()

    def __post_init__(self) -> None:
        if len(self.findings) > FINDINGS_SHOWN:
            raise OpsPlaybookError(
                f"{len(self.findings)} findings; a report has at most {FINDINGS_SHOWN}",
                where=self.playbook,
                remedy="rank them by strength and keep the first",
            )

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def to_json(self) -> dict[str, Any]:
        """Return the form that the report, the index, the manifest and the next run read."""
        record = asdict(self)
        record["verdict"]["mark"] = self.verdict.mark
        for figure in record["key_figures"]:
            figure["raw"] = _finite(figure["raw"])
            figure["trend"] = [_finite(number) for number in figure["trend"]]
        for action in record["actions"]:
            action["due_on"] = action["due_on"].isoformat() if action["due_on"] else None
        return record

    def _lines(self) -> list[str]:
        lines = [f"{self.verdict.mark} {self.verdict.word}: {self.verdict.sentence}"]
        lines += [f"  {figure_text(figure)}" for figure in self.key_figures]
        for position, finding in enumerate(self.findings, start=1):
            lines.append(f"{position}. {finding.claim} [{finding.strength}; {finding.design}]")
            lines += [f"   caveat: {caveat}" for caveat in finding.caveats]
        lines += [f"Action ({a.status}): {action_text(a)}" for a in self.actions]
        lines += [f"{p.kind.capitalize()}: {p.what} ({p.evidence})" for p in self.patterns]
        lines += [f"Caveat: {caveat}" for caveat in self.caveats]
        return lines

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> MimeBundle:  # noqa: ARG002
        bundle = {
            "text/plain": str(self),
            "text/html": _html(self._lines()),
            FINDINGS_MIME: self.to_json(),
        }
        return bundle, {}


def grade(*, detectable: bool, n: int, design: Design) -> Strength:
    """Grade how far a number carries.

    ``strong`` needs an interval that leaves out "no effect", at least 30 units and a design that
    compares like with like; ``moderate`` lacks one of the last two; ``none`` has no detectable
    effect or fewer than five units.

    Examples
    --------
    >>> grade(detectable=True, n=120, design="matched")
    'strong'
    >>> grade(detectable=False, n=120, design="matched")
    'none'

    The second says: no detectable effect.
    """
    if not detectable or n < formats.MINIMUM_UNITS:
        return "none"
    met = [n >= 30, design in ("randomised", "matched", "description")]
    return ("weak", "moderate", "strong")[met.count(True)]


def strongest(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Keep the five strongest findings; equal ones stay in the order given."""
    rank = {"strong": 0, "moderate": 1, "weak": 2, "none": 3}
    return tuple(sorted(findings, key=lambda finding: rank[finding.strength])[:FINDINGS_SHOWN])


def key_figure(
    key: str,
    label: str,
    estimate: EstimateLike,
    definition: str,
    *,
    unit: str = "",
    currency: str = "",
    target: float | None = None,
    tone: Tone = "open",
) -> KeyFigure:
    """Make a tile from an estimate, so that number, interval and n cannot part.

    Examples
    --------
    >>> from opsplaybook.stats.results import Estimate
    >>> deals = Estimate(7, None, 40, "count")
    >>> key_figure("won", "Deals", deals, "closed won", unit="accounts").base
    'n = 40 accounts'
    """
    text = formats.value(estimate.value, estimate.kind, currency=currency)
    ends = estimate.interval if estimate.enough else None
    return KeyFigure(
        key=key,
        label=label,
        value=text if estimate.enough or estimate.interval is None else formats.NOT_ENOUGH,
        definition=definition,
        target="" if target is None else formats.value(target, estimate.kind, currency=currency),
        interval=_level_and_ends(ends, estimate.kind, currency) if ends else "",
        base=f"n = {formats.count(estimate.n)}{f' {unit}' if unit else ''}",
        tone=tone,
        raw=None if formats.is_missing(estimate.value) else float(estimate.value),
    )


def figure_text(figure: KeyFigure) -> str:
    """Write a tile as one line."""
    parts = [
        f"target {figure.target}" if figure.target else "",
        figure.change,
        figure.interval,
        figure.base,
    ]
    behind = ", ".join(part for part in parts if part)
    return f"{figure.label}: {figure.value}{f' ({behind})' if behind else ''}"


def action_text(action: Action) -> str:
    """Write an action as one line: what, owner, due, measure."""
    due = formats.value(action.due_on, "date")
    owner = action.owner or formats.MISSING
    return f"{action.what} (owner: {owner}, due {due}); seen by: {action.measure}"


def carry_over(actions: Sequence[Action], run: str) -> tuple[Action, ...]:
    """Return the actions of an earlier run as they open the next one.

    Parameters
    ----------
    actions : sequence of Action
        Actions of the earlier run; those done or dropped are left out.
    run : str
        Name of the earlier run.
    """
    live = [action for action in actions if action.status in ("new", "open")]
    return tuple(replace(a, status="open", from_run=a.from_run or run) for a in live)


def _finite(number: float | None) -> float | None:
    """Return None for what JSON cannot hold: NaN and infinity."""
    return number if number is not None and isfinite(number) else None


def _level_and_ends(interval: IntervalLike, kind: Kind, currency: str) -> str:
    ends = formats.interval(interval, kind, currency=currency)
    return f"{interval.level:.0%} interval {ends}"


def _html(lines: Sequence[str]) -> str:
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f'<div class="opsplaybook tex2jax_ignore mathjax_ignore">{paragraphs}</div>'
