"""Step 7, second half: verdict, key figures and findings."""

from opsplaybook import formats
from opsplaybook.contracts import TIERS
from opsplaybook.findings import (
    Finding,
    Findings,
    KeyFigure,
    Tone,
    Verdict,
    grade,
    key_figure,
    strongest,
)
from opsplaybook.playbooks.customer_portrait.actions import Steps, some
from opsplaybook.playbooks.customer_portrait.back_test import BackTest, Standing
from opsplaybook.playbooks.customer_portrait.concentration import Concentrated, negative_values
from opsplaybook.playbooks.customer_portrait.definitions import DEFINITIONS, METHOD
from opsplaybook.playbooks.customer_portrait.firmness import Firmness
from opsplaybook.playbooks.customer_portrait.portrait import Portrait
from opsplaybook.playbooks.customer_portrait.score import Scored, double_counting
from opsplaybook.playbooks.customer_portrait.tiers import TOP_TIERS, Tiered
from opsplaybook.sources import Tables
from opsplaybook.stats.rates import rate
from opsplaybook.stats.results import Estimate

_WORDS: dict[Standing, tuple[str, Tone]] = {
    "separates": ("Use the tiers", "good"),
    "repeats orders": ("Use with care", "mixed"),
    "does not separate": ("Do not steer by it", "bad"),
    "not enough data": ("Not tested", "open"),
}
_SENTENCE_CHARACTERS = 300


def findings(
    given: Tables,
    portrait: Portrait,
    concentrated: Concentrated,
    scored: Scored,
    tiered: Tiered,
    firmness: Firmness,
    test: BackTest,
    steps: Steps,
) -> Findings:
    """Put the report's head together: verdict, tiles, findings, actions."""
    found = [
        _back_test(test),
        _concentration(concentrated),
        _firmness(firmness, portrait),
        _coverage(steps, portrait),
        _hands(steps),
        _double(scored),
        _moved(test),
    ]
    caveats = (*given.caveats, *portrait.caveats, *scored.caveats, *tiered.caveats)
    customers = portrait.customers
    return Findings(
        playbook="customer_portrait",
        title="Customer portrait and tiering",
        subject=portrait.scope,
        period=formats.period(customers.first, customers.last),
        as_of=given.as_of.isoformat(),
        verdict=_verdict(portrait, tiered, firmness, test),
        key_figures=_tiles(portrait, concentrated, tiered, firmness, test, steps),
        findings=strongest([finding for finding in found if finding is not None]),
        actions=steps.actions,
        caveats=tuple(dict.fromkeys([*caveats, *test.caveats, *negative_values(concentrated)])),
        definitions=DEFINITIONS,
        method=METHOD,
    )


def _verdict(portrait: Portrait, tiered: Tiered, firmness: Firmness, test: BackTest) -> Verdict:
    word, tone = _WORDS[test.standing]
    top = tiered.of(*TOP_TIERS).intersection(portrait.own.index)
    share = _share_of_value(portrait, tiered)
    held = f", with {formats.share(share.value)} of the value" if share.n else ""
    by_score = top[firmness.own_share.loc[top].notna()]
    loose = int((~firmness.firm.loc[by_score]).sum())
    whom = "these" if len(by_score) == len(top) else f"the {len(by_score):,} by score"
    parts = [
        f"in tiers S and A: {len(top):,} of {len(portrait.own):,} customers{held}",
        f"not firm: {loose:,} of {whom}" if len(by_score) else "",
        _tested(test),
    ]
    sentence = "; ".join(part for part in parts if part)
    return Verdict(word, f"{sentence[:1].upper()}{sentence[1:]}."[:_SENTENCE_CHARACTERS], tone)


def _tested(test: BackTest) -> str:
    if test.standing == "not enough data":
        return "the score could not be tested on the past"
    size = formats.share(test.top.value)
    ends = formats.interval(test.top.interval, "share") if test.top.interval else formats.MISSING
    said = {
        "separates": "the earlier tiers separated what came after",
        "repeats orders": "the earlier tiers told no more than earlier orders",
        "does not separate": "the earlier tiers did not separate what came after",
    }[test.standing]
    return f"{said}: S or A ahead of B or C in {size} of pairs ({ends})"


def _share_of_value(portrait: Portrait, tiered: Tiered) -> Estimate:
    value = portrait.own["value"].clip(lower=0)
    top = tiered.of(*TOP_TIERS).intersection(value.index)
    total = value.sum()
    share = value.loc[top].sum() / total if total > 0 else float("nan")
    return Estimate(share, None, int(value.notna().sum()) if total > 0 else 0, "share", "counted")


def _tiles(
    portrait: Portrait,
    concentrated: Concentrated,
    tiered: Tiered,
    firmness: Firmness,
    test: BackTest,
    steps: Steps,
) -> tuple[KeyFigure, ...]:
    own = firmness.own_share.loc[portrait.own.index].dropna()
    firm = rate(float(firmness.firm.loc[own.index].sum()), len(own), level=portrait.level)
    count = Estimate(len(portrait.own), None, len(portrait.own), "count", "counted")
    tiles = [
        key_figure("customers", "Customers", count, "current on the last known day"),
        key_figure("top_value", "Value with S and A", _share_of_value(portrait, tiered),
                   "share of the value with customers of S and A", unit="customers"),
        key_figure("top_share", "Largest fifth", concentrated.measures.top_share,
                   "share of the value with the largest 20% of customers", unit="customers"),
        key_figure("firm", "Firm tiers", firm,
                   "customers that keep their tier under nearly all drawn weights",
                   unit="customers"),
    ]  # fmt: skip
    if test.standing != "not enough data":
        top = Estimate(test.top.value, test.top.interval, test.top.n, "share", test.top.method)
        tone = _WORDS[test.standing][1]
        tiles.append(key_figure("separation", "Back-test", top,
            "share of pairs in which a customer of S or A brought more than one of B or C; 50% "
            "is chance", unit="customers in the smaller half", tone=tone))  # fmt: skip
    if portrait.covers:
        tiles.append(key_figure("covered", "Decision makers covered", _covered(steps, portrait),
            "customers of S and A with somebody of ours in contact with a decision maker",
            unit="customers"))  # fmt: skip
    return tuple(tiles)


def _covered(steps: Steps, portrait: Portrait) -> Estimate:
    """Return of how many customers of S and A we speak with a decision maker."""
    without = int(steps.uncovered["open"].sum())
    return rate(float(steps.top - without), steps.top, level=portrait.level)


def _back_test(test: BackTest) -> Finding | None:
    if test.standing == "not enough data":
        return None
    strength = grade(detectable=test.top.detectable, n=test.top.n, design="description")
    return Finding(
        claim=test.sentence,
        strength=strength,
        design="description",
        evidence=("back-test", "back-test-chart", "drivers"),
        caveats=test.caveats,
        would_change=f"the same test over another {test.months} months",
    )


def _concentration(concentrated: Concentrated) -> Finding | None:
    size = concentrated.measures.top_share
    if not size.enough:
        return None
    decided = concentrated.measures.few_hold_most is not None
    return Finding(
        claim=concentrated.sentence,
        strength=grade(detectable=decided, n=size.n, design="description"),
        evidence=("lorenz", "concentration"),
        caveats=negative_values(concentrated),
        would_change="one of the largest customers leaves",
    )


def _firmness(firmness: Firmness, portrait: Portrait) -> Finding | None:
    own = firmness.own_share.loc[portrait.own.index].dropna()
    if own.empty:
        return None
    loose = int((~firmness.firm.loc[own.index]).sum())
    low, high = (formats.share(end) for end in firmness.kept[1:])
    worst = firmness.methods.sort_values("kept").iloc[0]
    claim = (
        f"Under drawn weights {formats.share(firmness.kept[0])} of all customers keep their tier "
        f"(95% of draws {low} to {high}); {loose:,} of {len(own):,} are not firm, and "
        f"{worst['method']} would move {worst['moved']:,}."
    )
    return Finding(
        claim=claim,
        strength=grade(detectable=True, n=len(own), design="description"),
        evidence=("weights", "acceptability", "methods"),
        would_change="other dimensions, or a far different weight",
    )


def _coverage(steps: Steps, portrait: Portrait) -> Finding | None:
    if not steps.top or not portrait.covers:
        return None
    covered = _covered(steps, portrait)
    known = f": {formats.estimate(covered, unit='customers')}" if covered.enough else ""
    claim = (
        f"With {len(steps.uncovered):,} of {steps.top:,} customers of S and A, nobody of ours "
        f"speaks with some part of the decision; a decision maker is covered at "
        f"{covered.numerator:,.0f} of them{known}."
    )
    return Finding(
        claim=claim,
        strength=grade(detectable=len(steps.uncovered) > 0, n=steps.top, design="description"),
        evidence=("uncovered", "decision-chain"),
        caveats=("A contact that nobody wrote down counts as none.",),
    )


def _hands(steps: Steps) -> Finding | None:
    over = steps.shifts.loc[steps.shifts["customers"] > steps.shifts["places"]]
    if over.empty:
        return None
    parts = [
        f"tier {row.tier} has {some(row.customers, 'customer')} for {some(row.places, 'place')}"
        for row in over.itertuples()
    ]
    n = int(over["customers"].sum())
    return Finding(
        claim=f"Hands are missing: {'; '.join(parts)}.",
        strength=grade(detectable=True, n=n, design="description"),
        evidence=("tiers", "shifts"),
    )


def _double(scored: Scored) -> Finding | None:
    double = double_counting(scored)
    if not double:
        return None
    named = "; ".join(f"{one} and {two} ({r:.2f})" for one, two, r in double)
    claim = f"The score counts some things twice, by rank correlation: {named}."
    return Finding(
        claim=claim,
        strength=grade(detectable=True, n=len(scored.frame), design="description"),
        evidence=("correlations",),
        would_change="one weight for both",
    )


def _moved(test: BackTest) -> Finding | None:
    if test.moves.empty:
        return None
    rank = {tier: place for place, tier in enumerate(TIERS)}
    up = int((test.moves["now"].map(rank) < test.moves["then"].map(rank)).sum())
    first = test.moves.iloc[0]
    return Finding(
        claim=f"Since {formats.day(test.day)} {some(up, 'customer')} moved up and "
        f"{len(test.moves) - up:,} down by score; the largest change is {first['label']}, from "
        f"{first['then']} to {first['now']} because of {first['because']}.",
        strength=grade(detectable=True, n=len(test.moves), design="before and after"),
        design="before and after",
        evidence=("moved", "transitions"),
        caveats=("Whoever was at an extreme tends to move back to the middle by chance alone.",),
    )
