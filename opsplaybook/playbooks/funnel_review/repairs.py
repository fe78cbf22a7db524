"""Step 6: how many more would come to the end by a repair, with drawn accounts for the doubt."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from opsplaybook.playbooks.funnel_review.change import FIRST, SECOND, Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.nested import alone, matrix
from opsplaybook.playbooks.funnel_review.params import Params
from opsplaybook.playbooks.funnel_review.unit_value import DRAWS
from opsplaybook.stats.arrays import Floats

KEEP = "keep some of those lost"
BACK = "back to before"


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair would bring.

    Attributes
    ----------
    kind : str
        `KEEP` or `BACK`.
    step, segment : str
        Where; no segment means all.
    lost : float
        Units lost at that step.
    rate, target : float
        Rate of the step now, and after the repair.
    more : float
        Units more at the end.
    drawn : array of float, shape (DRAWS,)
        The same with other accounts; NaN where nobody of theirs came to the step.
    ahead : float
        Share of draws in which no other step brings more; NaN where steps are not compared.
    """

    kind: str
    step: str
    segment: str
    lost: float
    rate: float
    target: float
    more: float
    drawn: Floats
    ahead: float = np.nan


def stages_of(counts: pd.DataFrame, definition: Definition) -> tuple[Floats, Floats]:
    """Return mature units per account and required step, and those of no account.

    Shapes are (accounts, steps) and (steps,).
    """
    required = counts.loc[~counts["optional"].astype(bool)]
    positions = [place for place, step in enumerate(definition.steps, start=1) if not step.optional]
    reached = matrix(required, "mature_reached", "position", positions)
    entered = matrix(required, "mature_entered", "position", positions)
    table = np.column_stack([entered[:, :1], reached[:, 1:]])
    single = alone(required) if len(table) > 1 else np.array([True])
    return table[~single], table[single].sum(axis=0)


def total(stages: tuple[Floats, Floats]) -> Floats:
    """Return mature units per required step, shape (steps,)."""
    return stages[0].sum(axis=0) + stages[1]


def keep_some(
    stages: tuple[Floats, Floats], definition: Definition, params: Params
) -> Iterator[Repair]:
    """Keep, at each step, the same share of those lost; they go on like others."""
    drawn, sums = _drawn(stages, np.random.default_rng(params.seed)), total(stages)
    names = definition.step_names
    places = range(1, len(names))
    gains = [
        tuple(
            _more_at_the_end(s, place, params.repair_share * (s[..., place - 1] - s[..., place]))
            for s in (sums, drawn)
        )
        for place in places
    ]
    ahead = _ahead(np.column_stack([of_draws for _, of_draws in gains]))
    for place, (more, of_draws), first in zip(places, gains, ahead, strict=True):
        before, here = sums[place - 1], sums[place]
        rate = here / before if before else np.nan
        yield Repair(
            kind=KEEP,
            step=names[place],
            segment="",
            lost=before - here,
            rate=rate,
            target=rate + (1 - rate) * params.repair_share,
            more=float(more),
            drawn=of_draws,
            ahead=first,
        )


def undo_falls(change: Change, definition: Definition, params: Params) -> Iterator[Repair]:
    """Let each segment that fell beyond chance do as well as before."""
    names = definition.step_names
    for cell in change.moved(-1).itertuples() if change.since is not None else ():
        own = change.counts.loc[change.counts[change.by].astype(str) == cell.segment]
        sides = [stages_of(own.loc[own["side"] == side], definition) for side in (FIRST, SECOND)]
        place = names.index(cell.step)
        generator = np.random.default_rng(params.seed)
        drawn = [_drawn(stages, generator) for stages in sides]
        sums = [total(stages) for stages in sides]
        more, of_draws = (
            _more_at_the_end(now, place, _gap(before, now, place)) for before, now in (sums, drawn)
        )
        yield Repair(
            kind=BACK,
            step=cell.step,
            segment=cell.segment,
            lost=sums[1][place - 1] - sums[1][place],
            rate=cell.second,
            target=cell.first,
            more=float(more),
            drawn=of_draws,
        )


def _ahead(gains: Floats) -> Floats:
    """Return for each step in which share of the draws it brings most, shape (steps,)."""
    known = np.where(np.isfinite(gains), gains, -np.inf)
    return np.bincount(known.argmax(axis=1), minlength=gains.shape[1]) / len(gains)


def _drawn(stages: tuple[Floats, Floats], generator: np.random.Generator) -> Floats:
    """Draw accounts, and units that belong to none: shape (DRAWS, steps)."""
    accounts, single = stages
    chain = [generator.poisson(single[0], size=DRAWS)]
    for before, after in pairwise(single):
        chain.append(generator.binomial(chain[-1], after / before if before else 0.0))
    drawn = np.column_stack(chain).astype(float)
    return drawn + generator.poisson(1.0, size=(DRAWS, len(accounts))) @ accounts


def _more_at_the_end(stages: Floats, position: int, kept: Floats) -> Floats:
    """Return how many more come to the end if `kept` more come to a step; they go on like others.

    `stages` has the shape (..., steps); NaN where nobody comes to the step.
    """
    here = stages[..., position]
    onward = np.divide(stages[..., -1], here, out=np.full(np.shape(here), np.nan), where=here > 0)
    return kept * onward


def _gap(before: Floats, now: Floats, position: int) -> Floats:
    """Return how many more would come to a step at the rate of before."""
    base = before[..., position - 1]
    rate = np.divide(
        before[..., position], base, out=np.full(np.shape(base), np.nan), where=base > 0
    )
    return rate * now[..., position - 1] - now[..., position]
