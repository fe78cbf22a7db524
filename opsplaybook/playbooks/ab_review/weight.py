"""Step 3: the unit that was drawn, several sound readings side by side, and who decides."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.metrics.experiment_moments import (
    Group,
    arm_moments,
    capped,
    largest_units,
    upper_quantile,
    without_units,
)
from opsplaybook.metrics.experiment_values import Values
from opsplaybook.playbooks.ab_review.effects import Effect, Effects
from opsplaybook.playbooks.ab_review.measured import Accounts, Measured, adjusted_means
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.sources import Tables
from opsplaybook.stats.arms import (
    AVERAGE_ACCOUNT,
    AVERAGE_USER,
    AccountTotals,
    account_effects,
    effective_accounts,
    trimmed_difference,
    winsorised_difference,
)
from opsplaybook.stats.contrasts import difference_of_moments
from opsplaybook.stats.influence import leave_one_account_out
from opsplaybook.stats.means import mean_difference, ratio_difference
from opsplaybook.stats.results import Difference

TRIM = 0.2
_LARGEST = 5
_NOTHING = Difference(float("nan"), None, 0)


@dataclass(frozen=True, slots=True)
class Influence:
    """What a single unit does to the effect on one metric.

    Attributes
    ----------
    metric : str
    kind : Kind
    n : int
        Units of both arms.
    effective : float
        Accounts of equal size that would tell as much about the average user; NaN where users
        were drawn.
    unit : str
        The unit that moves the effect most.
    share : float
        Its share of the total of its arm; NaN where that means nothing.
    full, without : Difference
        With all units, and without this one.
    low, high : float
        Range of the effect over leaving out each account in turn; NaN where users were drawn.
    changes : int
        Accounts of which each alone changes the decision.
    """

    metric: str
    kind: str
    n: int
    effective: float
    unit: str
    share: float
    full: Difference
    without: Difference
    low: float
    high: float
    changes: int

    @property
    def decides(self) -> bool:
        """Whether one unit is the effect: the interval of all others leaves the effect out."""
        if self.without.interval is None or formats.is_missing(self.full.value):
            return False
        return not self.without.interval.contains(self.full.value)

    @property
    def fragile(self) -> bool:
        """Whether leaving out one unit changes what is decided."""
        return self.decides or self.changes > 0


@dataclass(frozen=True, slots=True)
class Weighed:
    """How far the effects hang on the unit, on the reading, and on single units.

    Attributes
    ----------
    noun : str
        What was drawn: accounts or users.
    readings : DataFrame
        ``estimand``, ``method``, ``difference``, ``low``, ``high``, ``p_value``, ``headline``:
        the first success metric, read in every sound way.
    influences : tuple of Influence
        By metric.
    robust : DataFrame
        ``metric``, ``way``, ``kind``, ``n``, ``difference``, ``low``, ``high``, ``p_value``.
    largest : DataFrame
        ``metric``, ``unit_id``, ``arm``, ``value``, ``kind``: the largest units.
    sentence : str
    """

    noun: str
    readings: pd.DataFrame
    influences: tuple[Influence, ...]
    robust: pd.DataFrame
    largest: pd.DataFrame
    sentence: str

    @property
    def main(self) -> Influence:
        """That of the first success metric."""
        return self.influences[0]


def weigh_units(given: Tables, params: Params, run: RunCheck, effects: Effects) -> Weighed:
    """Read the effects with the unit that was drawn, and without each single one.

    Parameters
    ----------
    given : Tables
    params : Params
    run : RunCheck
    effects : Effects

    Returns
    -------
    Weighed
    """
    pairs = list(zip(run.measured, effects.all, strict=True))
    influences, robust, largest = [], [], []
    for item, effect in pairs:
        top = _largest(given, item)
        largest.append(top)
        influences.append(_influence(given, item, effect, top, params))
        robust += _robust(given, item, effect, influences[-1], params)
    names = ["metric", "way", "kind", "n", "difference", "low", "high", "p_value"]
    return Weighed(
        noun=run.design.noun,
        readings=_readings(run.measured[0], effects.main, params),
        influences=tuple(influences),
        robust=pd.DataFrame(robust, columns=names),
        largest=pd.concat(largest, ignore_index=True),
        sentence=_in_words(influences[0], run.design.noun, given.currency),
    )


def _readings(item: Measured, effect: Effect, params: Params) -> pd.DataFrame:
    """Read the first metric in every way that fits who was drawn."""
    rows = [("headline", effect.difference.method, effect.difference, True)]
    rows += [("without the past", effect.raw.method, effect.raw, False)]
    accounts = item.accounts
    if accounts is not None and not item.is_ratio and accounts.users.max() > 1:
        totals = AccountTotals.of(accounts.totals, accounts.users, accounts.treated)
        found = account_effects(
            totals,
            generator=np.random.default_rng(params.seed),
            resamples=params.resamples,
            kind=item.metric.kind,
            level=params.level,
        )
        rows += [(part.estimand, part.method, part.difference, False) for part in found]
    frame = pd.DataFrame(
        [(*row[:2], *_numbers(row[2]), row[2].n, row[3]) for row in rows],
        columns=["estimand", "method", "difference", "low", "high", "p_value", "n", "headline"],
    )
    if accounts is None or item.is_ratio:
        whom = "all users together" if item.is_ratio else "average user"
    elif (accounts.weights == 1).all():
        whom = "total per account"
    else:
        whom = "mean per user, each account counts once"
    named = {
        "headline": f"{whom}, adjusted for the past" if effect.gain else whom,
        "without the past": whom,
        AVERAGE_ACCOUNT: "mean per user, each account counts once",
        AVERAGE_USER: "mean per user, each user counts once",
    }
    return frame.assign(estimand=frame["estimand"].replace(named))


def _influence(
    given: Tables, item: Measured, effect: Effect, top: pd.DataFrame, params: Params
) -> Influence:
    if item.accounts is not None:
        return _account_influence(item, params)
    if top.empty:
        full = effect.raw
        return Influence(item.metric.label, item.metric.kind, 0, np.nan, "", np.nan, full,
                         full, np.nan, np.nan, 0)  # fmt: skip
    first = str(top["unit_id"].iloc[0])
    without = _of_moments(given, item, without_units(item.held, [first]), params)
    full = _of_moments(given, item, item.held, params)
    arm = item.treatment if _is_treated(item, top) else item.control
    total = float(arm.means[0] * arm.n)
    share = float(top["value"].iloc[0]) / total if total > 0 else np.nan
    n = item.treatment.n + item.control.n
    return Influence(item.metric.label, item.metric.kind, n, np.nan, first, share, full, without,
                     np.nan, np.nan, int(full.detectable != without.detectable))  # fmt: skip


def _account_influence(item: Measured, params: Params) -> Influence:
    accounts = item.accounts
    values = accounts.totals if item.is_ratio else adjusted_means(item)
    sizes = accounts.weights if item.is_ratio else None
    found = leave_one_account_out(
        values, accounts.treated, sizes=sizes, kind=item.metric.kind, level=params.level
    )
    place = found.most_influential
    rest = accounts.without([place]) if place >= 0 else accounts
    own = accounts.treated == accounts.treated[place] if place >= 0 else accounts.treated
    total = accounts.totals[own].sum()
    return Influence(
        metric=item.metric.label,
        kind=item.metric.kind,
        n=accounts.totals.size,
        effective=effective_accounts(np.maximum(accounts.totals, 0)).effective,
        unit=str(accounts.account_id[place]) if place >= 0 else "",
        share=accounts.totals[place] / total if place >= 0 and total > 0 else np.nan,
        full=found.full,
        without=_without(rest, np.delete(values, place), item, params),
        low=found.low,
        high=found.high,
        changes=int(found.decision_changes.size),
    )


def _without(rest: Accounts, values: np.ndarray, item: Measured, params: Params) -> Difference:
    one, two = rest.treated, ~rest.treated
    shared = {"kind": item.metric.kind, "level": params.level}
    if item.is_ratio:
        pair = [(rest.totals[arm], rest.weights[arm]) for arm in (one, two)]
        return ratio_difference(*pair, **shared)
    return mean_difference(values[one], values[two], **shared)


def _robust(
    given: Tables, item: Measured, effect: Effect, influence: Influence, params: Params
) -> list[tuple]:
    """Cut back, trim or leave out the largest, beside what was measured."""
    named = f"without {influence.unit}"
    found: list[tuple[str, Difference]] = [("as measured", effect.difference)]
    if item.metric.measure.kind != "conversion" and not item.is_ratio:
        found += _cut_back(given, item, params)
    if influence.unit:
        found.append((named, influence.without))
    return [
        (item.metric.label, way, item.metric.kind, part.n, *_numbers(part)) for way, part in found
    ]


def _cut_back(given: Tables, item: Measured, params: Params) -> list[tuple[str, Difference]]:
    text = f"largest {formats.share(params.cap_share)} cut back"
    shared = {"kind": item.metric.kind, "level": params.level}
    if item.accounts is None:
        cap = upper_quantile(given, item.held, item.place, params.cap_share)
        return [(text, _of_moments(given, item, capped(item.held, item.place, cap), params))]
    means, treated = adjusted_means(item), item.accounts.treated
    pair = (means[treated], means[~treated])
    return [
        (text, winsorised_difference(*pair, share=params.cap_share, **shared)),
        (f"{TRIM:.0%} trimmed from each end", trimmed_difference(*pair, trim=TRIM, **shared)),
    ]


def _of_moments(given: Tables, item: Measured, values: Values, params: Params) -> Difference:
    """Compare users after something was done to their values."""
    moments = arm_moments(given, values)[item.place]
    pair = [moments.get(Group(arm)) for arm in item.arms]
    if None in pair:
        return _NOTHING
    arms = [part.ratio(0, 1) if item.is_ratio else part.column(0) for part in pair]
    return difference_of_moments(*arms, kind=item.metric.kind, level=params.level)


def _largest(given: Tables, item: Measured) -> pd.DataFrame:
    """List the largest units; of conversions there are none."""
    if item.metric.measure.kind == "conversion":
        frame = pd.DataFrame(columns=["unit_id", "arm", "value"])
    elif item.accounts is not None:
        accounts = item.accounts
        order = np.argsort(-accounts.totals, kind="stable")[:_LARGEST]
        arms = np.where(accounts.treated, *item.arms)
        frame = pd.DataFrame(
            {"unit_id": accounts.account_id[order], "arm": arms[order],
             "value": accounts.totals[order]}
        )  # fmt: skip
    else:
        frame = largest_units(given, item.held, item.place, count=_LARGEST)
    return frame.assign(metric=item.metric.label, kind=item.metric.kind)


def _is_treated(item: Measured, top: pd.DataFrame) -> bool:
    return top["arm"].iloc[0] == item.arms[0]


def _numbers(part: Difference) -> Sequence[float]:
    ends = part.interval
    return (part.value, *((ends.low, ends.high) if ends else (np.nan, np.nan)), part.p_value)


def _in_words(main: Influence, noun: str, currency: str) -> str:
    """Say whether a single unit decides."""
    if not main.unit or not main.full.enough:
        return f"No single one of the {noun} can decide a count of conversions."
    size = formats.value(main.full.value, main.kind, currency=currency)
    rest = formats.estimate(main.without, currency=currency, unit=noun)
    share = "" if formats.is_missing(main.share) else f" ({formats.share(main.share)} of its arm)"
    if main.decides:
        return f"One of the {noun} decides: {main.unit}{share}; with it {size}, without it {rest}."
    if main.changes:
        return (
            f"Fragile: leaving out {main.changes:,} of the {noun}, each alone, changes the "
            f"decision; the most influential is {main.unit}{share}, without it {rest}."
        )
    return f"No single one decides: without {main.unit}, the most influential{share}, {rest}."
