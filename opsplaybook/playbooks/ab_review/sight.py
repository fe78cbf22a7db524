"""Step 6: was it able to see anything? In accounts, where accounts were put into arms."""

from dataclasses import dataclass, replace
from math import isnan, nan, sqrt

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.playbooks.ab_review.effects import Effects
from opsplaybook.playbooks.ab_review.measured import Measured, adjusted_arms
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.stats.clusters import IntraclassCorrelation, intraclass_correlation_of_sums
from opsplaybook.stats.contrasts import welch_contrast
from opsplaybook.stats.power import AccountDesign, accounts_needed, smallest_detectable_after

LIFTS = (0.05, 0.10, 0.15, 0.20, 0.30, 0.50)
"""Lifts for which the needed units are planned."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the experiment could see, and what another one would need.

    Attributes
    ----------
    noun : str
    smallest : float
        Smallest difference that it would have detected with the power asked for; NaN where no
        error is known.
    smallest_lift : float
        The same as a share of the control.
    wanted_lift : float
        Lift worth having.
    low_lift, high_lift : float
        Lifts that are compatible with the data; NaN where unbounded.
    needed : DataFrame
        ``lift``, ``difference``, ``per_arm`` (units per arm), ``times`` (as many as it had).
    likeness : IntraclassCorrelation or None
        How much alike the users of one account are.
    design_effect : float
        How many times more users are needed because they come in accounts.
    power : float
    sentence : str
    """

    noun: str
    smallest: float
    smallest_lift: float
    wanted_lift: float
    low_lift: float
    high_lift: float
    needed: pd.DataFrame
    likeness: IntraclassCorrelation | None
    design_effect: float
    power: float
    sentence: str

    @property
    def sees_wanted(self) -> bool:
        """Whether it was able to see a lift worth having."""
        return bool(self.smallest_lift <= self.wanted_lift)


def plan_units(params: Params, run: RunCheck, effects: Effects) -> Sight:
    """Say what could have been seen, and how many units another experiment would need.

    The power is that of the error which was reached for the lift worth having. It is never
    computed from the effect that was found, which would only repeat the p-value.

    Parameters
    ----------
    params : Params
    run : RunCheck
    effects : Effects

    Returns
    -------
    Sight
    """
    item = run.measured[0]
    pair = adjusted_arms(item)
    contrast = welch_contrast(*pair)
    base = abs(effects.main.means[1])
    alpha = 1 - params.level
    smallest = nan
    if contrast.usable:
        smallest = smallest_detectable_after(
            contrast.error, contrast.freedom, power=params.power, alpha=alpha
        )
    given = run.experiment.minimum_effect
    wanted = params.minimum_effect if isnan(given) else given
    ends = effects.main.relative.interval
    likeness, design_effect = _likeness(item)
    needed = _needed(item, base, params, sorted({*LIFTS, wanted}))
    sight = Sight(
        noun=run.design.noun,
        smallest=smallest,
        smallest_lift=smallest / base if base else nan,
        wanted_lift=wanted,
        low_lift=ends.low if ends else nan,
        high_lift=ends.high if ends else nan,
        needed=needed,
        likeness=likeness,
        design_effect=design_effect,
        power=params.power,
        sentence="",
    )
    return _with_sentence(sight)


def _needed(item: Measured, base: float, params: Params, lifts: list[float]) -> pd.DataFrame:
    """Plan units per arm for each lift, from the spread that was measured."""
    one, two = adjusted_arms(item)
    columns = ["lift", "difference", "per_arm", "times"]
    if not (one.usable and two.usable and base):
        return pd.DataFrame(columns=columns)
    pooled = ((one.n - 1) * one.variance + (two.n - 1) * two.variance) / (one.n + two.n - 2)
    if not pooled > 0:
        return pd.DataFrame(columns=columns)
    # The spread of accounts holds likeness and unequal sizes already: each counts as one unit.
    design = AccountDesign(mean_size=1.0, correlation=0.0, deviation=sqrt(pooled))
    rows = []
    for lift in lifts:
        count = accounts_needed(design, lift * base, power=params.power, alpha=1 - params.level)
        rows.append((lift, lift * base, count, count / min(one.n, two.n)))
    return pd.DataFrame(rows, columns=columns)


def _likeness(item: Measured) -> tuple[IntraclassCorrelation | None, float]:
    """Measure how much alike users of an account are, and what that costs."""
    accounts = item.accounts
    if accounts is None or accounts.squares is None or accounts.users.max() <= 1:
        return None, nan
    found = intraclass_correlation_of_sums(accounts.totals, accounts.users, accounts.squares)
    if isnan(found.value):
        return None, nan
    sizes = accounts.users
    variation = float(sizes.std() / sizes.mean())
    design = AccountDesign(float(sizes.mean()), min(max(found.value, 0.0), 1.0), variation)
    return found, float(np.asarray(design.effect))


def _with_sentence(sight: Sight) -> Sight:
    if isnan(sight.smallest_lift):
        return replace(sight, sentence="What it could have seen cannot be told: no spread.")
    least = formats.share(sight.smallest_lift)
    wanted = formats.share(sight.wanted_lift)
    state = "was able" if sight.sees_wanted else "was not able"
    text = (
        f"It {state} to see the lift worth having ({wanted}): with {sight.power:.0%} power it sees "
        f"{least} and more."
    )
    if not isnan(sight.high_lift):
        low, high = (formats.change(end) for end in (sight.low_lift, sight.high_lift))
        text += f" Compatible with the data: {low} to {high}."
    return replace(sight, sentence=text)
