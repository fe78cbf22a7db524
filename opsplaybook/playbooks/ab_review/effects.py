"""Step 2: what changed, metric by metric, each with one test on the absolute scale."""

from dataclasses import dataclass, replace

import numpy as np

from opsplaybook import formats
from opsplaybook.playbooks.ab_review.measured import (
    Measured,
    adjusted_arms,
    lay_out_everything,
    measure,
)
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.plan import Metric
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.sources import Tables
from opsplaybook.stats.contrasts import difference_of_moments, relative_of_moments
from opsplaybook.stats.covariates import AdjustedDifference, adjusted_difference
from opsplaybook.stats.exact_rates import exact_rate_difference
from opsplaybook.stats.guardrails import NonInferiority, non_inferior
from opsplaybook.stats.moments import Moments
from opsplaybook.stats.multiplicity import holm
from opsplaybook.stats.randomisation import randomised_difference
from opsplaybook.stats.results import Difference

_SMALL = 10
"""Conversions, or failures, of an arm below which nothing is adjusted for the past."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect on one metric.

    Attributes
    ----------
    metric : Metric
    units : tuple of int
        Of treatment and control.
    means : tuple of float
        Mean of treatment and control, as measured.
    difference : Difference
        Treatment less control: the one that decides.
    raw : Difference
        The same without the past.
    relative : Difference
        Lift; without an interval where it is unbounded.
    adjusted_p : float
        P-value corrected for the number of success metrics (Holm).
    gain : float
        Share of the variance that the past explains, 0 to 1.
    note : str
        Why it was not adjusted for the past, or what else to know.
    guardrail : NonInferiority or None
    by_rule : bool or None
        Whether it is detected by the rule of looking early; None where one look was planned.
    """

    metric: Metric
    units: tuple[int, int]
    means: tuple[float, float]
    difference: Difference
    raw: Difference
    relative: Difference
    adjusted_p: float
    gain: float
    note: str
    guardrail: NonInferiority | None
    by_rule: bool | None = None

    @property
    def better(self) -> bool:
        """Whether it moved to the better, whatever the size."""
        return (self.difference.value > 0) == self.metric.higher_is_better

    @property
    def standing(self) -> str:
        """What is found; of guardrails whether it holds, is harmed or open."""
        if not self.difference.enough:
            return "not enough data"
        if self.guardrail is not None:
            return self.guardrail.state
        if not self.detected:
            return "no detectable effect"
        return "better" if self.better else "worse"

    @property
    def detected(self) -> bool:
        """Whether it is more than chance, all success metrics together."""
        if self.by_rule is not None:
            return self.by_rule
        if not self.difference.enough or self.difference.interval is None:
            return False
        return self.adjusted_p < 1 - self.difference.interval.level


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects on all metrics.

    Attributes
    ----------
    all : tuple of Effect
        Success metrics first; the first is the one that decides.
    as_assigned : tuple of Difference
        The same metrics with everything that contradicts itself left in; empty where nothing
        does.
    shown : bool
        Whether they may be read as effects: the experiment ran as planned.
    """

    all: tuple[Effect, ...]
    as_assigned: tuple[Difference, ...]
    shown: bool

    @property
    def main(self) -> Effect:
        """The first success metric."""
        return self.all[0]

    @property
    def guardrails(self) -> tuple[Effect, ...]:
        """Metrics that must not suffer."""
        return tuple(effect for effect in self.all if effect.guardrail is not None)

    def with_main(self, effect: Effect) -> "Effects":
        """Replace the effect on the first success metric."""
        return replace(self, all=(effect, *self.all[1:]))

    @property
    def successes(self) -> tuple[Effect, ...]:
        """Metrics that decide."""
        return tuple(effect for effect in self.all if effect.guardrail is None)


def measure_effects(given: Tables, params: Params, run: RunCheck) -> Effects:
    """Estimate the effect on every metric.

    Parameters
    ----------
    given : Tables
    params : Params
    run : RunCheck

    Returns
    -------
    Effects
    """
    found = [effect_on(item, params) for item in run.measured]
    places = [k for k, effect in enumerate(found) if effect.guardrail is None]
    adjusted = holm([found[k].difference.p_value for k in places])
    for place, p_value in zip(places, adjusted, strict=True):
        found[place] = replace(found[place], adjusted_p=float(p_value))
    return Effects(tuple(found), _as_assigned(given, params, run), shown=not run.stops)


def effect_on(item: Measured, params: Params) -> Effect:
    """Estimate the effect on one metric, before any correction for their number.

    Where accounts were put into arms, assignments of accounts are drawn again; small tables of
    conversions get an exact test; all else is Welch's test, adjusted for the past where the past
    is known.
    """
    past = _adjusted(item, params)
    difference, raw, note = _headline(item, past, params)
    one, two = _arms(item)
    adjusted = past is not None and difference is not raw
    guards = item.metric.role == "guardrail"
    lift = past.relative if adjusted else _relative(item, params)
    return Effect(
        metric=item.metric,
        units=(one.n, two.n),
        means=(one.mean, two.mean),
        difference=difference,
        raw=raw,
        relative=consistent(lift, difference, two.mean),
        adjusted_p=difference.p_value,
        gain=past.gain if adjusted else 0.0,
        note=note,
        guardrail=_guardrail(item, params, adjusted=adjusted) if guards else None,
    )


def consistent(lift: Difference, difference: Difference, base: float) -> Difference:
    """Keep the interval of a lift only where it says what the test of the difference says."""
    value = difference.value / abs(base) if base else float("nan")
    ends = lift.interval
    if ends is not None and difference.interval is not None:
        agrees = ends.contains(0) == difference.interval.contains(0)
        ends = ends if agrees and ends.contains(value) else None
    return replace(lift, value=value, interval=ends, p_value=difference.p_value, kind="change")


def _headline(
    item: Measured, past: AdjustedDifference | None, params: Params
) -> tuple[Difference, Difference, str]:
    """Return the difference that decides, the one without the past, and a note."""
    counts = _counts(item)
    small = counts is not None and min(_rarer(hits, n) for hits, n in counts) < _SMALL
    if small or (counts is not None and past is None and item.accounts is None):
        found = exact_rate_difference(*counts, level=params.level)
        return found, found, "small table: exact test" if small else "the past is not known"
    why = "the past is not known" if past is None else past.message
    if item.accounts is not None and item.is_ratio:
        why = "ratios by account are not adjusted for the past"
    if item.accounts is None:
        raw = _plain(item, params) if past is None else past.raw
        return (raw, raw, why) if past is None or past.message else (past.adjusted, raw, "")
    raw = _randomised(item, params, adjust=False)
    return (raw, raw, why) if why else (_randomised(item, params, adjust=True), raw, "")


def _plain(item: Measured, params: Params) -> Difference:
    return difference_of_moments(*_arms(item), kind=item.metric.kind, level=params.level)


def _randomised(item: Measured, params: Params, *, adjust: bool) -> Difference:
    accounts = item.accounts
    return randomised_difference(
        accounts.totals if item.is_ratio else accounts.means,
        accounts.treated,
        sizes=accounts.weights if item.is_ratio else None,
        covariates=(accounts.before,) if adjust else (),
        generator=np.random.default_rng(params.seed),
        resamples=params.resamples,
        kind=item.metric.kind,
        level=params.level,
    )


def _adjusted(item: Measured, params: Params) -> AdjustedDifference | None:
    """Adjust for the past; None where it is not known."""
    if not item.with_past:
        return None
    return adjusted_difference(
        item.treatment,
        item.control,
        ratio=item.is_ratio,
        kind=item.metric.kind,
        level=params.level,
    )


def _relative(item: Measured, params: Params) -> Difference:
    return relative_of_moments(*_arms(item), level=params.level)


def _arms(item: Measured) -> tuple[Moments, Moments]:
    """Moments of the value of each arm."""
    pair = (item.treatment, item.control)
    if item.is_ratio:
        return tuple(moments.ratio(0, 1) for moments in pair)
    return tuple(moments.column(0) for moments in pair)


def _counts(item: Measured) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Conversions and units of each arm; None for what is no conversion of one unit."""
    if item.metric.measure.kind != "conversion":
        return None
    if item.accounts is not None and (item.accounts.weights != 1).any():
        return None
    arms = _arms(item)
    return tuple((round(arm.mean * arm.n) if arm.n else 0, arm.n) for arm in arms)


def _rarer(hits: int, n: int) -> int:
    return min(hits, n - hits)


def _guardrail(item: Measured, params: Params, *, adjusted: bool) -> NonInferiority:
    return non_inferior(
        *(adjusted_arms(item) if adjusted else _arms(item)),
        margin=item.metric.margin,
        relative=True,
        higher_is_better=item.metric.higher_is_better,
        alpha=(1 - params.level) / 2,
        kind=item.metric.kind,
    )


def _as_assigned(given: Tables, params: Params, run: RunCheck) -> tuple[Difference, ...]:
    """Estimate the effects with contradicting rows left in, by the arm of the plan."""
    if not _contradicts(run):
        return ()
    again = measure(given, lay_out_everything(given, params, run.experiment), met=False)
    return tuple(effect_on(item, params).difference for item in again)


def _contradicts(run: RunCheck) -> bool:
    return bool(run.design.units.contradictions) or bool(
        run.problems.set_index("check").loc["outcomes measured in another arm", "found"]
    )


def in_words(effect: Effect, *, currency: str, noun: str) -> str:
    """Write an effect with its interval, lift and n, for a sentence."""
    text = formats.estimate(effect.difference, currency=currency, unit=noun)
    lift = effect.relative
    if formats.is_missing(lift.value):
        return text
    size = formats.value(lift.value, "change")
    if effect.by_rule is not None:
        return f"{text}; lift {size}"
    bounds = formats.interval(lift.interval, "change") if lift.interval else "unbounded"
    return f"{text}; lift {size} ({bounds})"
