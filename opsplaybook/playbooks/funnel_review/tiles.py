"""The key figures at the head of the report."""

import pandas as pd

from opsplaybook.findings import KeyFigure, key_figure
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.playbooks.funnel_review.repairs import BACK, KEEP
from opsplaybook.playbooks.funnel_review.wording import rule_in_words
from opsplaybook.playbooks.funnel_review.worth import Worth
from opsplaybook.playbooks.funnel_review.worth_shown import repair_name
from opsplaybook.stats.results import Estimate, Interval


def key_figures(definition: Definition, reach: Reach, worth: Worth) -> tuple[KeyFigure, ...]:
    """Return the tiles: who came to the end, who entered, who is open, the lowest rate, the repair.

    The rule stands in the definition of each.
    """
    tiles = [*_of_reach(definition, reach)]
    row = reach.steps.loc[reach.steps["step"] == reach.lowest]
    if len(row) and not definition.has_one_rate:
        tiles.append(_lowest(definition, reach, step_estimate(row.iloc[0], definition.level)))
    fall = worth.first(BACK)
    best = worth.first(KEEP) if fall is None else fall
    if best is not None:
        tiles.append(_repair(definition, worth, best))
    return tuple(tiles)


def step_estimate(row: pd.Series, level: float) -> Estimate:
    """Return the rate of a step as an estimate."""
    ends = Interval(float(row["rate_low"]), float(row["rate_high"]), level)
    return Estimate(float(row["rate"]), ends, int(row["rate_n"]), "share")


def unit_of_rates(definition: Definition) -> str:
    """Say what n counts behind a rate."""
    return "accounts" if definition.nested else definition.counted


def _of_reach(definition: Definition, reach: Reach) -> list[KeyFigure]:
    rule, counted = rule_in_words(definition), definition.counted
    tiles = [
        key_figure("whole", f"Came to {definition.last}", reach.whole,
                   f"Mature entrants that came to the last step. {rule}",
                   unit=unit_of_rates(definition)),
        key_figure("entered", "Entered", Estimate(reach.entered, None, reach.entered, "count"),
                   f"{counted.capitalize()} that did the first step. {rule}", unit=counted),
    ]  # fmt: skip
    if definition.window_days:
        open_now = Estimate(reach.open, None, reach.entered, "count")
        tiles.append(
            key_figure("open", "Still open", open_now,
                       f"Not at the end, window still running: not lost. {rule}", unit=counted)
        )  # fmt: skip
    return tiles


def _lowest(definition: Definition, reach: Reach, rate: Estimate) -> KeyFigure:
    return key_figure(
        "lowest",
        f"Went on to {reach.lowest}",
        rate,
        f"Of mature {definition.counted} at the step before: the lowest rate of all steps. "
        f"{rule_in_words(definition)}",
        unit=unit_of_rates(definition),
    )


def _repair(definition: Definition, worth: Worth, row: pd.Series) -> KeyFigure:
    ends = Interval(row["units_low"], row["units_high"], definition.level)
    return key_figure(
        "worth",
        f"More {definition.counted} {worth.span}: "
        f"{repair_name(row['repair'], row['step'], row['segment'], worth.share)}",
        Estimate(row["units"], ends, worth.mature, worth.units_kind),
        f"More {definition.counted} at {definition.last}, {worth.span}, by this repair; "
        f"{worth.basis}. {rule_in_words(definition)}",
        unit=definition.counted,
    )
