"""Step 5: for whom the effect holds, and for how long."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from opsplaybook.formats import MINIMUM_UNITS
from opsplaybook.metrics.experiment_moments import Group, arm_moments
from opsplaybook.metrics.experiment_places import with_attribute
from opsplaybook.metrics.experiment_values import weekly_values
from opsplaybook.metrics.experiments import count_units
from opsplaybook.playbooks.ab_review.measured import (
    Design,
    Measured,
    adjusted_means,
    adjusted_pair,
)
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.sources import Tables
from opsplaybook.stats.contrasts import welch_contrast
from opsplaybook.stats.heterogeneity import (
    EffectTrend,
    Heterogeneity,
    heterogeneity,
    trend_of_effect,
)
from opsplaybook.stats.moments import Moments
from opsplaybook.stats.multiplicity import holm

MOST_CLASSES = 8
MOST_WEEKS = 26
MOST_ROWS = 200_000
"""Units whose weeks are compared one by one; above that weeks are compared by arm only."""

_COLUMNS = ["attribute", "place", "n", "difference", "low", "high"]
_NO_WEEKS = pd.DataFrame(columns=["week", "n", "difference", "low", "high"])


@dataclass(frozen=True, slots=True)
class Groups:
    """Whether the effect on the first success metric differs between groups, or fades.

    Attributes
    ----------
    classes : DataFrame
        ``attribute``, ``place``, ``n`` (units of the smaller arm), ``difference``, ``low``,
        ``high``.
    tests : DataFrame
        ``attribute``, ``classes``, ``p_value``, ``adjusted`` (for the number of attributes),
        ``i_squared`` (share of the spread that is more than noise).
    weeks : DataFrame
        ``week`` (since the assignment, from 1), ``n``, ``difference``, ``low``, ``high``.
    trend : EffectTrend or None
        Change of the effect per week; None where weeks are not known.
    open_units : int
        Units whose days after the assignment are not over, and are left out.
    differs : bool
        Whether groups differ by more than chance, all attributes together.
    sentence : str
    caveats : tuple of str
    """

    classes: pd.DataFrame
    tests: pd.DataFrame
    weeks: pd.DataFrame
    trend: EffectTrend | None
    open_units: int
    differs: bool
    sentence: str
    caveats: tuple[str, ...]


def compare_groups(given: Tables, params: Params, run: RunCheck) -> Groups:
    """Compare the effect between classes of accounts, and between weeks since the assignment.

    Parameters
    ----------
    given : Tables
    params : Params
    run : RunCheck

    Returns
    -------
    Groups
    """
    alone = compare_classes(given, params, run)
    weeks, trend = _weeks(given, params, run, run.measured[0])
    return replace(
        alone,
        weeks=weeks,
        trend=trend,
        sentence=_in_words(alone.tests, trend, params.level),
        caveats=(*alone.caveats, *_without_weeks(weeks)),
    )


def compare_classes(given: Tables, params: Params, run: RunCheck) -> Groups:
    """Compare the effect between classes of accounts, and leave weeks alone.

    Parameters
    ----------
    given : Tables
    params : Params
    run : RunCheck

    Returns
    -------
    Groups
        Without weeks and their trend.
    """
    item = run.measured[0]
    found = {name: _by_class(given, run, item, name) for name in params.segments}
    classes, tests = _classes(found, params), _tests(found, params)
    analysed = count_units(run.design.analysed)
    counts = run.design.units.counts
    arms = [arm for arm, share in run.experiment.shares.items() if share > 0]
    in_one = int((counts["units"] - counts["in_two_arms"]).reindex(arms, fill_value=0).sum())
    open_units = in_one - analysed
    return Groups(
        classes=classes,
        tests=tests,
        weeks=_NO_WEEKS,
        trend=None,
        open_units=open_units,
        differs=bool((tests["adjusted"] < 1 - params.level).any()),
        sentence=_in_words(tests, None, params.level),
        caveats=(*_open(open_units, in_one, params), *_not_compared(found)),
    )


def _by_class(
    given: Tables, run: RunCheck, item: Measured, name: str
) -> dict[str, tuple[Moments, Moments]]:
    """Moments of both arms for each of the largest classes of an attribute."""
    if item.accounts is not None:
        return _accounts_by_class(given, item, name)
    table = with_attribute(given, item.held.table, name)
    if table is None:
        return {}
    moments = arm_moments(given, replace(item.held, table=table), segment=name)[item.place]
    places = {group.segment for group in moments}
    arms = run.experiment.treatment, run.experiment.control
    pairs = {
        place: tuple(moments.get(Group(arm, place)) for arm in arms) for place in sorted(places)
    }
    whole = {place: pair for place, pair in pairs.items() if None not in pair}
    return _largest({place: adjusted_pair(item, pair) for place, pair in whole.items()})


def _accounts_by_class(
    given: Tables, item: Measured, name: str
) -> dict[str, tuple[Moments, Moments]]:
    if not given.has("accounts", name):
        return {}
    accounts = item.accounts
    place_of = given["accounts"].set_index("account_id")[name]
    places = place_of.reindex(accounts.account_id).to_numpy(dtype=object)
    found = {}
    for place in sorted({str(p) for p in places[pd.notna(places)]}):
        own = places == place
        found[place] = _accounts_in(item, own)
    return _largest(found)


def _accounts_in(item: Measured, chosen: np.ndarray) -> tuple[Moments, Moments]:
    """Moments of both arms over some of the accounts."""
    if item.is_ratio:
        part = item.accounts.only(chosen)
        return tuple(part.moments(treated=arm, ratio=True).ratio(0, 1) for arm in (True, False))
    values, treated = adjusted_means(item), item.accounts.treated
    return tuple(Moments.of(values[chosen & arm]) for arm in (treated, ~treated))


def _largest(
    found: dict[str, tuple[Moments, Moments]],
) -> dict[str, tuple[Moments, Moments]]:
    """Keep the largest classes with enough units in both arms."""
    enough = {k: v for k, v in found.items() if min(part.n for part in v) >= MINIMUM_UNITS}
    by_size = sorted(enough, key=lambda place: -sum(part.n for part in enough[place]))
    return {place: enough[place] for place in by_size[:MOST_CLASSES]}


def _classes(found: dict[str, dict[str, tuple[Moments, Moments]]], params: Params) -> pd.DataFrame:
    rows = []
    for name, classes in found.items():
        for place, pair in classes.items():
            contrast = welch_contrast(*pair)
            ends = contrast.interval(params.level) if contrast.usable else None
            bounds = (ends.low, ends.high) if ends else (np.nan, np.nan)
            smaller = min(part.n for part in pair)
            rows.append((name.replace("_", " "), place, smaller, contrast.value, *bounds))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _tests(found: dict[str, dict[str, tuple[Moments, Moments]]], params: Params) -> pd.DataFrame:
    rows = []
    for name, classes in found.items():
        contrasts = [welch_contrast(*pair) for pair in classes.values()]
        usable = [contrast for contrast in contrasts if contrast.usable]
        if len(usable) < 2:
            continue
        test: Heterogeneity = heterogeneity(
            [contrast.value for contrast in usable],
            [contrast.variance for contrast in usable],
            freedoms=[contrast.freedom for contrast in usable],
            level=params.level,
        )
        rows.append((name.replace("_", " "), len(usable), test.p_value, test.i_squared))
    frame = pd.DataFrame(rows, columns=["attribute", "classes", "p_value", "i_squared"])
    return frame.assign(adjusted=holm(frame["p_value"].to_numpy(dtype=float)))


def _weeks(
    given: Tables, params: Params, run: RunCheck, item: Measured
) -> tuple[pd.DataFrame, EffectTrend | None]:
    """Compare each whole week since the assignment."""
    design, nothing = run.design, _NO_WEEKS
    weeks = min(run.experiment.days // 7, MOST_WEEKS)
    if weeks < 2 or item.metric.measure.table == "outcomes" or item.is_ratio:
        return nothing, None
    if item.treatment.n + item.control.n > MOST_ROWS:
        return nothing, None
    units = design.analysed
    table = weekly_values(given, units, item.metric.measure, design.span, by=design.by, weeks=weeks)
    names = [f"w{week}" for week in range(weeks)]
    frame = given.fetch(table)
    if item.accounts is not None:
        frame = _weeks_of_accounts(frame, names, design, item)
    values = frame[names].to_numpy(dtype=float, na_value=np.nan)
    treated = (frame["arm"] == run.experiment.treatment).to_numpy()
    reached = [k for k in range(weeks) if _both_arms(values[:, k], treated)]
    if len(reached) < 2:
        return nothing, None
    trend = trend_of_effect(values[:, reached], treated, kind=item.metric.kind, level=params.level)
    rows = [
        (k + 1, part.n, part.value,
         *((part.interval.low, part.interval.high) if part.interval else (np.nan, np.nan)))
        for k, part in zip(reached, trend.periods, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["week", "n", "difference", "low", "high"]), trend


def _weeks_of_accounts(
    frame: pd.DataFrame, names: list[str], design: Design, item: Measured
) -> pd.DataFrame:
    """Bring weekly values of listed units to one row per account, averaged as the effect is."""
    by_account = frame.groupby(["account_id", "arm"])[names]
    if design.average == "user" and design.by == "user_id":
        return by_account.mean().reset_index()
    totals = by_account.sum(min_count=1).reset_index()
    if design.average == "user":
        users = pd.Series(item.accounts.users, index=item.accounts.account_id)
        totals[names] = totals[names].div(totals["account_id"].map(users), axis=0)
    elif item.metric.measure.kind == "conversion":
        totals[names] = totals[names].clip(upper=1.0)
    return totals


def _both_arms(values: np.ndarray, treated: np.ndarray) -> bool:
    known = ~np.isnan(values)
    return min((known & treated).sum(), (known & ~treated).sum()) >= MINIMUM_UNITS


def _open(units: int, of: int, params: Params) -> tuple[str, ...]:
    if not units:
        return ()
    days = f"{params.outcome_days:,} days"
    return (f"{units:,} of {of:,} units have not had their {days} yet, and are left out.",)


def _not_compared(found: dict[str, dict[str, tuple[Moments, Moments]]]) -> tuple[str, ...]:
    lacking = [name.replace("_", " ") for name, classes in found.items() if len(classes) < 2]
    if not lacking:
        return ()
    return (f"Not compared by {', '.join(lacking)}: fewer than two classes are known.",)


def _without_weeks(weeks: pd.DataFrame) -> tuple[str, ...]:
    if not weeks.empty:
        return ()
    return ("Whether the effect fades is left out: values by week are not known.",)


def _in_words(tests: pd.DataFrame, trend: EffectTrend | None, level: float) -> str:
    said = []
    if tests.empty:
        said.append("Groups could not be compared")
    elif (tests["adjusted"] < 1 - level).any():
        named = ", ".join(tests.loc[tests["adjusted"] < 1 - level, "attribute"])
        said.append(f"The effect differs by {named}")
    else:
        named = ", ".join(tests["attribute"])
        said.append(f"The effect does not differ detectably by {named}")
    if trend is not None:
        if not trend.slope.detectable:
            said.append("it does not change detectably from week to week")
        else:
            said.append("it fades with the weeks" if trend.fades else "it grows with the weeks")
    return f"{'; '.join(said)}."
