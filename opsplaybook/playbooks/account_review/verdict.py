"""The verdict in neutral words, and the tiles under it.

The same verdict stands before us and before the customer: it says what changed, by how much and
how certain that is, and nothing of risk. What is for us alone is in `signals`.
"""

from dataclasses import replace

import pandas as pd

from opsplaybook import formats
from opsplaybook.findings import KeyFigure, Tone, Verdict, key_figure
from opsplaybook.playbooks.account_review.business import Business
from opsplaybook.playbooks.account_review.compared import Compared, change_text, singular
from opsplaybook.playbooks.account_review.next_steps import NextSteps
from opsplaybook.playbooks.account_review.support import Measure, Support
from opsplaybook.playbooks.account_review.use import Use

TREND_POINTS = 12
_SENTENCE_CHARACTERS = 300

_DEFINITIONS = {
    "contract_value": "annual value of the terms in force on the last day",
    "order_value": "invoiced less credited in the period",
    "users": "people who did anything in the product in the period",
    "seat_use": "active users over seats in force",
    "actions": "everything done in the product in the period",
    "value": "quantities of the action that stands for value, in the period",
}

_TONES: dict[int, Tone] = {1: "good", 0: "open", -1: "mixed"}


def verdict(business: Business, use: Use, steps: NextSteps) -> Verdict:
    """Say what changed: Growing, Steady, Mixed, Less than before, Quiet, Not enough data."""
    word, tone = _word(business.headline, use)
    parts = [_business_in_words(business, steps), _use_in_words(use), _due_in_words(steps)]
    sentence = "; ".join(part for part in parts if part)
    whole = f"{sentence[:1].upper()}{sentence[1:]}."
    return Verdict(word, whole[:_SENTENCE_CHARACTERS], tone, audience="customer")


def tiles(business: Business, use: Use, support: Support) -> tuple[KeyFigure, ...]:
    """Make the tiles, all of them numbers of the account itself."""
    wanted = [business.headline, *(use.of(k) for k in ("users", "seat_use", "actions", "value"))]
    trends = {
        "contract_value": _trend(business.blocks["amount"]),
        "order_value": _trend(business.blocks["amount"]),
        "users": _trend(use.weeks["users"]),
        "actions": _trend(use.weeks["actions"]),
        "value": _trend(use.value["amount"]),
    }
    made = [_tile(measure, business.currency) for measure in wanted if measure is not None]
    drawn = [replace(tile, trend=trends.get(tile.key, ())) for tile in made]
    waits = support.of("first_response_at")
    return (*drawn, *([_response(waits)] if waits else []))


def use_direction(use: Use) -> int:
    """Tell whether use rose (1) or fell (-1) detectably; actions count before users."""
    found = [use.of(key) for key in ("actions", "users")]
    moved = [measure.direction for measure in found if measure is not None]
    return next((direction for direction in moved if direction), 0)


def _word(headline: Compared | None, use: Use) -> tuple[str, Tone]:
    actions = use.of("actions")
    there = [measure for measure in (headline, actions) if measure is not None]
    if there and all(measure.now.value == 0 for measure in there):
        return "Quiet", "open"
    known = [measure for measure in there if measure.compared]
    if not known:
        return "Not enough data", "open"
    directions = {headline.direction if headline else 0, use_direction(use)} - {0}
    if directions == {1}:
        return "Growing", "good"
    if directions == {-1}:
        return "Less than before", "mixed"
    return ("Mixed", "mixed") if directions else ("Steady", "good")


def _business_in_words(business: Business, steps: NextSteps) -> str:
    headline = business.headline
    if headline is None and steps.ended_on is not None:
        return f"no contract runs since {steps.ended_on:%Y-%m-%d}"
    if headline is None:
        return "no contract or order is known"
    size = formats.value(headline.now.value, "money", currency=business.currency)
    return f"{headline.label.lower()} {size}, {in_words(headline)}"


def _use_in_words(use: Use) -> str:
    users, actions = use.of("users"), use.of("actions")
    if actions is None:
        return "no use is known" if use.recorded else ""
    people = f"{formats.count(users.now.value)} active users, " if users else ""
    return f"{people}{formats.count(actions.now.value)} actions, {in_words(actions)}"


def _due_in_words(steps: NextSteps) -> str:
    return f"the term ends on {steps.due.end_on:%Y-%m-%d}" if steps.due else ""


def in_words(measure: Compared) -> str:
    """Say how a measure compares with the period before, with the certainty of it."""
    if not measure.compared:
        return "not comparable with the period before"
    if measure.fact:
        moved = measure.change.value != 0
        change = f"{formats.change(measure.change.value)} on the period before"
        return change if moved else "unchanged from the period before"
    change = formats.estimate(measure.change, unit=_units(measure))
    if not measure.change.detectable:
        return f"no detectable change from the period before: {change}"
    more = "more" if measure.direction > 0 else "less"
    return f"{more} than in the period before: {change}"


def _units(measure: Compared) -> str:
    """Name what n counts: orders and users of either period, weeks of each."""
    return f"{measure.unit} of either" if measure.unit in ("orders", "users") else measure.unit


def _tile(measure: Compared, currency: str) -> KeyFigure:
    change = change_text(measure.change, fact=measure.fact)
    made = key_figure(
        measure.key,
        measure.label,
        measure.now,
        _DEFINITIONS[measure.key],
        unit=singular(measure.unit, measure.now.n),
        currency=currency,
        tone=_TONES[measure.direction],
    )
    on = "" if change == formats.MISSING else f"{change} on the period before"
    return replace(made, change=on, audience="customer")


def _response(waits: Measure) -> KeyFigure:
    made = key_figure(
        "first_response",
        "First response",
        waits.now,
        "median hours from opening a ticket to the first answer, waiting ones included",
        unit=singular("tickets", waits.now.n),
    )
    change = change_text(waits.difference)
    on = "" if change == formats.MISSING else f"{change} on the span before"
    return replace(made, change=on, audience="customer")


def _trend(amounts: pd.Series) -> tuple[float, ...]:
    return tuple(float(amount) for amount in amounts.dropna().tail(TREND_POINTS))
