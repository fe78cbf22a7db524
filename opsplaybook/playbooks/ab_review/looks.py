"""Step 4: how often it was looked at, and what that costs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from opsplaybook.playbooks.ab_review.effects import Effect, Effects
from opsplaybook.playbooks.ab_review.measured import Measured, adjusted_arms, measure_main_by
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.plan import Experiment
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.sources import Tables
from opsplaybook.stats.contrasts import welch_contrast
from opsplaybook.stats.group_sequential import boundaries
from opsplaybook.stats.planned_looks import read_look
from opsplaybook.stats.results import Difference, Interval
from opsplaybook.stats.sequential import always_valid_path

Rule = Literal["one look", "planned looks", "any time"]
MOST_WEEKS = 26
_LOOK_COLUMNS = [
    "look", "day", "fraction", "units", "difference", "low", "high", "critical", "z", "crosses",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Looks:
    """What looking early does to the effect on the first success metric.

    Attributes
    ----------
    rule : {"one look", "planned looks", "any time"}
        Which interval holds.
    spending : str
        Name of the boundaries.
    planned : DataFrame
        ``look``, ``day``, ``fraction`` (of the planned span), ``units``, ``difference``, ``low``,
        ``high`` (repeated interval), ``critical``, ``z``, ``crosses``: the looks so far.
    path : DataFrame
        ``day``, ``units``, ``difference``, ``low``, ``high`` (hold at every look), ``fixed_low``,
        ``fixed_high`` (hold at one look only), ``p_value``: week by week.
    main : Effect
        The effect on the first success metric as the rule lets it be read.
    first_detected : Timestamp or None
        First day on which the intervals that always hold leave out no effect.
    sentence : str
    """

    rule: Rule
    spending: str
    planned: pd.DataFrame
    path: pd.DataFrame
    main: Effect
    first_detected: pd.Timestamp | None
    sentence: str

    @property
    def decisive(self) -> Difference:
        """The difference with the interval of the rule."""
        return self.main.difference

    @property
    def detected(self) -> bool:
        """Whether it is more than chance by that rule."""
        return self.main.detected


def look_early(given: Tables, params: Params, run: RunCheck, effects: Effects) -> Looks:
    """Say which interval holds, given how often somebody could have stopped the experiment.

    Parameters
    ----------
    given : Tables
    params : Params
    run : RunCheck
    effects : Effects

    Returns
    -------
    Looks
    """
    experiment = run.experiment
    rule = _rule(experiment, params)
    path, first = _path(given, params, run)
    planned, crossed = pd.DataFrame(columns=_LOOK_COLUMNS), False
    main = effects.main
    if rule == "planned looks":
        planned, crossed = _planned(given, params, run)
        main = _read_by_rule(main, planned, params.level, detected=crossed)
    elif rule == "any time":
        found = len(path) and path["p_value"].iloc[-1] <= 1 - params.level
        main = _read_by_rule(main, path, params.level, detected=bool(found))
    return Looks(
        rule=rule,
        spending=params.spending,
        planned=planned,
        path=path,
        main=main,
        first_detected=first,
        sentence=_in_words(rule, experiment, params, planned, crossed=crossed),
    )


def _rule(experiment: Experiment, params: Params) -> Rule:
    if params.unplanned:
        return "any time"
    if experiment.planned_looks > 1:
        # Before the first look is due, and where nobody knows when one is, each is one too many.
        return "planned looks" if _taken(experiment, params) else "any time"
    return "one look" if experiment.over else "any time"


def _taken(experiment: Experiment, params: Params) -> int:
    """Count the looks taken so far; 0 where none was due yet."""
    days = look_days(experiment, params)
    due = sum(day <= experiment.last for _, day in days)
    return (params.looks_taken or due) if days else 0


def look_days(experiment: Experiment, params: Params) -> list[tuple[float, date]]:
    """Return the share of the planned span and the last day of each planned look."""
    count = experiment.planned_looks
    shares = params.looks or tuple((k + 1) / count for k in range(count))
    if experiment.start_on is None:
        return []
    end = experiment.end_on if experiment.end_on is not None else pd.Timestamp(experiment.last)
    span = (end - experiment.start_on).days + 1
    first = experiment.start_on.date()
    return [(share, first + timedelta(days=round(share * span) - 1)) for share in shares]


def _planned(given: Tables, params: Params, run: RunCheck) -> tuple[pd.DataFrame, bool]:
    """Read the looks that were due by the last day, each as known on its own day."""
    days = look_days(run.experiment, params)
    taken = _taken(run.experiment, params)
    found = boundaries([share for share, _ in days], spending=params.spending,
                       alpha=1 - params.level)  # fmt: skip
    read = [days[k] if k < len(days) else (1.0, run.experiment.last) for k in range(taken)]
    items = _as_of(given, run, [day for _, day in read])
    rows = []
    for k, ((share, day), item) in enumerate(zip(read, items, strict=True)):
        pair = adjusted_arms(item)
        units = item.treatment.n + item.control.n
        contrast = welch_contrast(*pair)
        if not contrast.usable:
            # Nobody had converted yet, or too few units were there to see how far they differ.
            rows.append((k + 1, pd.Timestamp(day), share, units, pair[0].mean - pair[1].mean,
                         *[np.nan] * 4, False))  # fmt: skip
            continue
        look = read_look(
            found, k, contrast.value, contrast.error, n=item.control.n, freedom=contrast.freedom
        )
        ends = look.interval
        rows.append(
            (k + 1, pd.Timestamp(day), share, units, contrast.value,
             *((ends.low, ends.high) if ends else (np.nan, np.nan)), look.critical, look.z,
             look.crosses)
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=_LOOK_COLUMNS)
    return frame, bool(frame["crosses"].any())


def _path(given: Tables, params: Params, run: RunCheck) -> tuple[pd.DataFrame, pd.Timestamp | None]:
    """Follow the effect week by week, with intervals that hold at every look."""
    days = _weeks(run)
    days = days or [run.experiment.last]
    items = _as_of(given, run, days)
    pairs = [adjusted_arms(item) for item in items]
    enough = [k for k, (one, two) in enumerate(pairs) if one.usable and two.usable]
    if not enough:
        return pd.DataFrame(columns=["day", "units", "difference", "p_value"]), None
    pairs, days = [pairs[k] for k in enough], [days[k] for k in enough]
    n = [one.n + two.n for one, two in pairs]
    kind = run.measured[0].metric.kind
    found = always_valid_path(
        [one for one, _ in pairs],
        [two for _, two in pairs],
        tuning_n=max(run.experiment.planned_units, n[-1]),
        kind=kind,
        level=params.level,
    )
    rows = []
    for day, units, pair, look in zip(days, n, pairs, found.looks, strict=True):
        fixed = welch_contrast(*pair)
        bounds = fixed.interval(params.level) if fixed.usable else None
        rows.append(
            (pd.Timestamp(day), units, look.difference.value, *_ends(look.difference.interval),
             *_ends(bounds))
        )  # fmt: skip
    names = ["day", "units", "difference", "low", "high", "fixed_low", "fixed_high"]
    frame = pd.DataFrame(rows, columns=names).assign(p_value=found.p_values)
    first = None if found.first_detected is None else frame["day"].iloc[found.first_detected]
    return frame, first


def _weeks(run: RunCheck) -> list[date]:
    """Return the last day of each whole week so far; none where values have no days."""
    experiment = run.experiment
    if experiment.start_on is None or run.measured[0].metric.measure.table == "outcomes":
        return []
    weeks = min(experiment.days // 7, MOST_WEEKS)
    first = experiment.start_on.date()
    days = [first + timedelta(days=7 * (week + 1) - 1) for week in range(weeks)]
    return days if days and days[-1] == experiment.last else [*days, experiment.last]


def _as_of(given: Tables, run: RunCheck, days: Sequence[date]) -> list[Measured]:
    """Measure the first metric as it stood on each of several days."""
    now, last = run.measured[0], run.experiment.last
    earlier = [day for day in days if day < last]
    if now.metric.measure.table == "outcomes" or not earlier:
        return [now] * len(days)
    found = iter(measure_main_by(given, run.design, earlier))
    return [next(found) if day < last else now for day in days]


def _ends(ends: Interval | None) -> tuple[float, float]:
    return (ends.low, ends.high) if ends else (np.nan, np.nan)


def _read_by_rule(effect: Effect, looks: pd.DataFrame, level: float, *, detected: bool) -> Effect:
    """Read an effect by its last look: its interval is the wider one, its lift has none."""
    last = looks.iloc[-1] if len(looks) else pd.Series(dtype="float64")
    low, high = (float(last.get(name, np.nan)) for name in ("low", "high"))
    difference = replace(
        effect.difference,
        value=float(last.get("difference", effect.difference.value)),
        interval=None if np.isnan(low) else Interval(low, high, level),
        p_value=float(last.get("p_value", np.nan)),
        method="interval that holds at every look",
    )
    lift = replace(effect.relative, interval=None)
    return replace(effect, difference=difference, relative=lift, by_rule=detected)


def _in_words(
    rule: Rule, experiment: Experiment, params: Params, planned: pd.DataFrame, *, crossed: bool
) -> str:
    if rule == "one look":
        return "One look was planned, at the end, and the end is over: the plain interval holds."
    if rule == "any time":
        why = _why_any_time(experiment, params)
        return f"{why}: only the wider interval that holds at every look may decide."
    count = experiment.planned_looks
    taken = len(planned)
    if taken > count:
        return (
            f"{count} looks were planned and {taken} taken: past the plan no level is left, and "
            "nothing more can be decided by these boundaries."
        )
    state = "crosses its boundary" if crossed else "stays within its boundary"
    return f"Look {taken} of {count} planned ({params.spending}): the effect {state}."


def _why_any_time(experiment: Experiment, params: Params) -> str:
    if params.unplanned:
        return "Somebody looked more often than planned"
    if experiment.planned_looks == 1:
        return "One look was planned, at the end, and the experiment is still running"
    if experiment.start_on is None:
        return f"{experiment.planned_looks} looks were planned, and no day is known for them"
    return f"The first of {experiment.planned_looks} planned looks is not due yet"
