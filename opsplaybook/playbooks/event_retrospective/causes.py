"""Step 3, analyse causes: the funnel, the comparison, and the tree of causes they leave."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.findings import Design, Strength, grade
from opsplaybook.metrics.events import UNKNOWN
from opsplaybook.playbooks.event_retrospective.comparison import Comparison, compare
from opsplaybook.playbooks.event_retrospective.funnel import Funnel, make_funnel, unrecorded_steps
from opsplaybook.playbooks.event_retrospective.goals import Goals
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.playbooks.event_retrospective.results import Results
from opsplaybook.sources import Tables
from opsplaybook.stats.rates import rate_difference

CONTROLLABLE = {
    "entrants": "yes",
    "mix": "yes",
    "registered": "yes",
    "attended": "partly",
    "qualified": "partly",
    "redeemed": "partly",
}
"""How far a step is in our own hands: whom we invite is, whether they come is only partly."""

OVERRUN = 0.1
"""A cost item this far over its plan is named."""

WORTH_NAMING = 0.05
"""A part of the gap is named from this share of the target on, and from two people on."""

ROUNDING = 1e-9
"""Parts of a gap below it are zero but for rounding."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A leaf of the cause tree.

    Attributes
    ----------
    branch : str
        ``reach``, a step of the funnel, ``follow-up``, ``audience``, ``cost`` or ``effect``.
    subject : str
        What it is about in short: a channel, a cost item.
    statement : str
        The claim.
    evidence : str
        The number it rests on, with interval and n where it is estimated.
    shown_by : str
        Key of the table or chart that shows it.
    controllable : {"yes", "partly", "no"}
    helped : bool
        True where it brought something, False where it cost something.
    strength : Strength
    design : Design
    """

    branch: str
    subject: str
    statement: str
    evidence: str
    shown_by: str
    controllable: str
    helped: bool
    strength: Strength
    design: Design = "association"


@dataclass(frozen=True, slots=True)
class Causes:
    """Why it came out as it did.

    Attributes
    ----------
    funnel : Funnel
    comparison : Comparison
        Attendees against comparable accounts that were not reached.
    leaves : tuple of Cause
        Strongest first within each branch.
    caveats : tuple of str
    """

    funnel: Funnel
    comparison: Comparison
    leaves: tuple[Cause, ...]
    caveats: tuple[str, ...]


def analyse_causes(given: Tables, params: Params, goals: Goals, results: Results) -> Causes:
    """Look for what explains the results.

    The words follow the design: differences from earlier events and from comparable accounts are
    associations, since neither the people reached nor the accounts were drawn at random.

    Parameters
    ----------
    given : Tables
    params : Params
    goals, results
        As from the steps before.

    Returns
    -------
    Causes
    """
    funnel = make_funnel(given, params, goals, results.people)
    comparison = compare(given, params, goals.event, results.people)
    leaves = (
        *(() if results.running else _reach_and_conversion(funnel)),
        *_follow_up(results, params),
        *_audience(results, params),
        *_costs(results),
        *comparison_leaf(comparison),
    )
    caveats = [*comparison.caveats, *unrecorded_steps(funnel)]
    if funnel.gap is None:
        caveats.append(
            "No earlier event of this kind has all of its steps: the gap is not split."
            if funnel.reference.events
            else "There is no earlier event of this kind to compare with: the gap is not split."
        )
    return Causes(funnel, comparison, leaves, tuple(caveats))


def gap_parts(funnel: Funnel) -> pd.DataFrame:
    """List the parts of the gap to target, the costliest first.

    Returns
    -------
    DataFrame
        ``factor`` ("entrants", "mix" or the step), ``channel`` ("all" for entrants and mix) and
        ``people`` (gained or lost); the column adds up to the gap.
    """
    gap = funnel.gap
    if gap is None:
        return pd.DataFrame({"factor": [], "channel": [], "people": []})
    steps = ["entrants", "mix", *funnel.steps["step"].tolist()[1:]]
    effects = np.where(np.abs(gap.effects) < ROUNDING, 0.0, gap.effects)
    frame = pd.DataFrame(effects, columns=steps).assign(channel=list(funnel.channels))
    long = frame.melt(id_vars="channel", var_name="factor", value_name="people")
    long["channel"] = long["channel"].mask(long["factor"].isin(["entrants", "mix"]), "all")
    parts = long.groupby(["factor", "channel"], as_index=False)["people"].sum()
    return parts.sort_values(["people", "factor", "channel"], ignore_index=True)


def comparison_leaf(comparison: Comparison) -> tuple[Cause, ...]:
    """Turn the comparison with accounts that were not reached into a leaf."""
    effect = comparison.effect
    if effect is None or not effect.enough:
        return ()
    cause = Cause(
        branch="effect",
        subject=comparison.outcome.label,
        statement=comparison.statement,
        evidence=formats.estimate(effect, unit="accounts", currency=comparison.currency),
        shown_by="comparison-chart",
        controllable="partly",
        helped=effect.detectable and effect.value > 0,
        strength=grade(detectable=effect.detectable, n=effect.n, design=comparison.design),
        design=comparison.design,
    )
    return (cause,)


def _reach_and_conversion(funnel: Funnel) -> tuple[Cause, ...]:
    """Name the parts of the gap that are worth naming, and whether they are beyond chance."""
    parts = gap_parts(funnel)
    if parts.empty:
        return ()
    named = parts.loc[parts["people"].abs() >= max(2.0, WORTH_NAMING * funnel.gap.target)]
    cells = funnel.cells.loc[funnel.cells["by"] == "channel"].set_index(["segment", "step"])
    leaves = [_part(part, cells) for part in named.itertuples(index=False)]
    return tuple(sorted(leaves, key=lambda leaf: leaf.strength == "none"))


def _part(part: tuple, cells: pd.DataFrame) -> Cause:
    helped = part.people > 0
    verb = "brought" if helped else "cost"
    size = f"{verb} {formats.count(abs(part.people))} people at the end"
    if part.factor in ("entrants", "mix"):
        what = {"entrants": "the number of people reached", "mix": "the mix of channels"}
        return Cause(
            branch="reach",
            subject=what[part.factor],
            statement=f"{what[part.factor]} {size}",
            evidence="exact part of the gap to target",
            shown_by="gap",
            controllable=CONTROLLABLE[part.factor],
            helped=helped,
            strength="moderate",
            design="description",
        )
    key = (part.channel, part.factor)
    evidence, strength = _cell_evidence(cells.loc[key] if key in cells.index else None)
    return Cause(
        branch=part.factor,
        subject=part.channel,
        statement=f"{part.channel}: the step to {part.factor} {size}",
        evidence=evidence,
        shown_by="segments",
        controllable=CONTROLLABLE[part.factor],
        helped=helped,
        strength=strength,
    )


def _cell_evidence(cell: pd.Series | None) -> tuple[str, Strength]:
    if cell is None or np.isnan(cell["usual"]):
        return "no earlier event used this channel", "none"
    text = f"{formats.share(cell['rate'])} against {formats.share(cell['usual'])} usually"
    if np.isnan(cell["difference"]):
        return f"{text}; not enough data to tell", "none"
    low, high = formats.points(cell["difference_low"]), formats.points(cell["difference_high"])
    base = f"n = {formats.count(cell['n'])} accounts"
    text = f"{text}: {formats.points(cell['difference'])} ({low} to {high}), {base}"
    detectable = bool(cell["detectable"])
    return text, grade(detectable=detectable, n=int(cell["n"]), design="association")


def _follow_up(results: Results, params: Params) -> tuple[Cause, ...]:
    estimate = results.measures.of("follow_up_share")
    if estimate is None or not estimate.enough or estimate.interval is None:
        return ()
    late = estimate.interval.high < params.follow_up_target
    early = estimate.interval.low > params.follow_up_target
    hours, target = formats.hours(params.follow_up_hours), formats.share(params.follow_up_target)
    word = "fewer than" if late else "more than" if early else "about"
    cause = Cause(
        branch="follow-up",
        subject="speed of follow-up",
        statement=f"{word} {target} of qualified contacts were followed up within {hours}",
        evidence=formats.estimate(estimate, unit="accounts"),
        shown_by="key-measures",
        controllable="yes",
        helped=early,
        strength=grade(detectable=late or early, n=estimate.n, design="description"),
        design="description",
    )
    return (cause,)


def _audience(results: Results, params: Params) -> tuple[Cause, ...]:
    """Compare the share of tiers S and A among attended accounts with that of all others."""
    tiers = results.tiers.loc[results.tiers["tier"] != UNKNOWN].set_index("tier")
    attended = tiers["attended"]
    others = tiers["base"] - attended
    if not attended.sum() or not others.sum():
        return ()
    top = tiers.index.isin(["S", "A"])
    found = rate_difference(
        (attended[top].sum(), attended.sum()), (others[top].sum(), others.sum()), level=params.level
    )
    if not found.enough:
        return ()
    word = "above" if found.value > 0 else "below"
    tail = f"{word} that among the others" if found.detectable else "much as among the others"
    cause = Cause(
        branch="audience",
        subject="tiers S and A",
        statement=f"the share of tiers S and A among attended accounts is {tail}",
        evidence=formats.estimate(found, unit="accounts"),
        shown_by="tiers",
        controllable="yes",
        helped=found.detectable and found.value > 0,
        strength=grade(detectable=found.detectable, n=found.n, design="association"),
    )
    return (cause,)


def _costs(results: Results) -> tuple[Cause, ...]:
    """Name items whose money out was above plan; staff time is no part of the plan."""
    over = results.costs.loc[results.costs["spent"] > results.costs["planned"] * (1 + OVERRUN)]
    return tuple(
        Cause(
            branch="cost",
            subject=str(row.item),
            statement=f"{row.item} cost more than planned",
            evidence=f"{formats.money(row.spent, results.currency)} spent against "
            f"{formats.money(row.planned, results.currency)} planned, staff time aside",
            shown_by="costs",
            controllable="yes",
            helped=False,
            strength="moderate",
            design="description",
        )
        for row in over.itertuples(index=False)
    )
