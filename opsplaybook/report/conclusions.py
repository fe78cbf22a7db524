"""The findings of a run as the head and the tail of the page, for one readership."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsplaybook.display import Audience
from opsplaybook.report.content import FigureBlock, TableBlock
from opsplaybook.report.markdown import slug
from opsplaybook.report.notebook import shown_to

STRENGTH_WORDS = {
    "strong": "Strong evidence",
    "moderate": "Moderate evidence",
    "weak": "Weak evidence",
    "none": "No effect detected",
}
DESIGN_WORDS = {
    "randomised": "randomised comparison",
    "matched": "comparison of matched accounts",
    "before and after": "before and after, without a control group",
    "association": "association, which need not be a cause",
    "description": "description of what happened",
}
TONE_WORDS = {"good": ("✓", "Good"), "bad": ("!", "Needs attention"), "mixed": ("◆", "Mixed")}
"""Marks of a key figure: no arrows, since they would be read as the sign of its change."""
STATUS_WORDS = {"new": "New", "open": "Carried over", "done": "Done", "dropped": "Dropped"}

_NONE = "–"

Shown = FigureBlock | TableBlock


@dataclass(frozen=True, slots=True)
class Tile:
    """A key figure with its sense as mark and word, and its trend as a path."""

    label: str
    value: str
    definition: str
    change: str
    target: str
    interval: str
    base: str
    tone: str
    tone_mark: str
    tone_word: str
    trend: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding with its grade in words and the figures and tables that show it."""

    claim: str
    strength: str
    design: str
    evidence: tuple[Shown, ...]
    caveats: tuple[str, ...]
    would_change: str


def tiles(found: Mapping[str, Any], audience: Audience) -> tuple[Tile, ...]:
    """Return the key figures that a readership may see."""
    return tuple(tile(item) for item in _shown(found, "key_figures", audience))


def tile(figure: Mapping[str, Any]) -> Tile:
    """Make the tile of one key figure."""
    mark, word = TONE_WORDS.get(figure["tone"], ("", ""))
    names = ("label", "value", "definition", "change", "target", "interval", "base", "tone")
    texts = {name: figure[name] for name in names}
    return Tile(**texts, tone_mark=mark, tone_word=word, trend=trend_path(figure["trend"]))


def findings(
    found: Mapping[str, Any], audience: Audience, shown: Mapping[str, Shown]
) -> tuple[FindingRow, ...]:
    """Return the findings that a readership may see; evidence that it may not see is not named."""
    return tuple(
        FindingRow(
            claim=item["claim"],
            strength=STRENGTH_WORDS[item["strength"]],
            design=DESIGN_WORDS[item["design"]],
            evidence=tuple(shown[slug(key)] for key in item["evidence"] if slug(key) in shown),
            caveats=tuple(item["caveats"]),
            would_change=item["would_change"],
        )
        for item in _shown(found, "findings", audience)
    )


def actions(found: Mapping[str, Any], audience: Audience) -> TableBlock | None:
    """Return the actions as a table; customers read the owner's role and not the name."""
    who = "owner" if audience == "internal" else "role"
    columns = {
        "Action": lambda item: item["what"],
        "Owner": lambda item: item.get(who) or _NONE,
        "Due": lambda item: item["due_on"] or _NONE,
        "How it will be seen": lambda item: item["measure"] or _NONE,
        "Expected effect": lambda item: item["expected_effect"] or _NONE,
        "Status": lambda item: _status(item, audience),
    }
    return _table(
        "Actions, by when and how they will be judged",
        "actions",
        columns,
        _shown(found, "actions", audience),
    )


def patterns(found: Mapping[str, Any], audience: Audience) -> TableBlock | None:
    """Return what to keep, stop and try the next time, as a table."""
    columns = {
        "Do": lambda item: item["kind"].capitalize(),
        "What": lambda item: item["what"],
        "Evidence": lambda item: item["evidence"] or _NONE,
        "Strength": lambda item: STRENGTH_WORDS[item["strength"]],
        "Holds for": lambda item: item["applies_to"] or _NONE,
    }
    return _table(
        "What to keep, stop and try the next time",
        "patterns",
        columns,
        _shown(found, "patterns", audience),
    )


def trend_path(trend: Sequence[float], *, width: int = 100, height: int = 24) -> str:
    """Draw up to twelve numbers as a path in a box, oldest at the left; missing ones left out.

    Examples
    --------
    >>> trend_path([1.0, 3.0, 2.0])
    'M0 23l50-22 50 11'

    Up, then half of the way back.
    """
    known = [value for value in trend if value is not None and math.isfinite(value)]
    if len(known) < 2:
        return ""
    low, last = min(known), len(known) - 1
    span = (max(known) - low) or 1.0
    across = [round(position * width / last) for position in range(len(known))]
    down = [round(height - 1 - (height - 2) * (value - low) / span) for value in known]
    steps = [
        f"{to_x - x}{to_y - y:+d}".replace("+", " ")
        for x, to_x, y, to_y in zip(across, across[1:], down, down[1:], strict=False)
    ]
    return f"M0 {down[0]}l{' '.join(steps)}"


def _shown(found: Mapping[str, Any], name: str, audience: Audience) -> list[Mapping[str, Any]]:
    return [item for item in found.get(name, ()) if shown_to(item, audience)]


def _status(item: Mapping[str, Any], audience: Audience) -> str:
    word = STATUS_WORDS[item["status"]]
    named = item["from_run"] and audience == "internal"
    return f"{word} from {item['from_run']}" if named else word


def _table(
    caption: str, anchor: str, columns: Mapping[str, Any], items: Sequence[Mapping[str, Any]]
) -> TableBlock | None:
    """Make a table of what the items say, without the columns of which none says anything."""
    if not items:
        return None
    written = {label: [str(write(item)) for item in items] for label, write in columns.items()}
    written = {label: texts for label, texts in written.items() if set(texts) != {_NONE}}
    return TableBlock(
        anchor=f"part-{anchor}-table",
        number=0,
        caption=caption,
        note="",
        labels=tuple(written),
        right=(False,) * len(written),
        rows=tuple(zip(*written.values(), strict=True)),
        total_rows=len(items),
        file="",
    )
