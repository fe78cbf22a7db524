"""What the units did, metric by metric, as the numbers that every later step needs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from opsplaybook.metrics.experiment_moments import Group, account_sums, arm_moments
from opsplaybook.metrics.experiment_outcomes import outcome_values
from opsplaybook.metrics.experiment_values import (
    Span,
    Values,
    kept_values,
    matured,
    unit_values,
    values_by_look,
)
from opsplaybook.metrics.experiments import (
    RandomisedBy,
    Units,
    UnitTable,
    assigned_units,
    units_drawn,
    units_in,
)
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.plan import Experiment, Metric
from opsplaybook.sources import Tables
from opsplaybook.stats.covariates import adjusted_difference
from opsplaybook.stats.moments import JointMoments, Moments


@dataclass(frozen=True, slots=True)
class Accounts:
    """A metric by account, where accounts were put into arms; arrays have one entry per account.

    Attributes
    ----------
    account_id : array of str
    treated : array of bool
    totals : array of float
        Sum over the units of the account.
    weights : array of float
        What the totals are divided by: denominators of a ratio, users, or 1 for each account.
    squares : array of float or None
        Sum of squares over its users; None where users are not known.
    before : array of float or None
        Value per weight over the span before; None where it is not known.
    users : array of float
        Users of each account; 1 where they are not known.
    """

    account_id: np.ndarray
    treated: np.ndarray
    totals: np.ndarray
    weights: np.ndarray
    squares: np.ndarray | None
    before: np.ndarray | None
    users: np.ndarray

    @property
    def means(self) -> np.ndarray:
        """Value per weight; missing where an account has none."""
        return np.divide(
            self.totals, self.weights, out=np.full(self.totals.size, np.nan),
            where=self.weights > 0,
        )  # fmt: skip

    def moments(self, *, treated: bool, ratio: bool) -> JointMoments:
        """Joint moments of an arm: value, and what was before where it is known.

        Of a ratio, totals and weights, whose ratio is that of the arm: accounts vary, not what
        is counted within them.
        """
        arm = self.treated if treated else ~self.treated
        if ratio:
            return JointMoments.of(self.totals[arm], self.weights[arm])
        columns = [self.means] if self.before is None else [self.means, self.before]
        return JointMoments.of(*(column[arm] for column in columns))

    @property
    def user_count(self) -> int:
        """Users of all accounts."""
        return round(float(self.users.sum()))

    def without(self, left_out: Sequence[int]) -> "Accounts":
        """Leave accounts out, by position."""
        keep = np.ones(self.totals.size, dtype=bool)
        keep[list(left_out)] = False
        return self.only(keep)

    def only(self, keep: np.ndarray) -> "Accounts":
        """Keep the marked accounts."""
        arrays = {
            name: None if (column := getattr(self, name)) is None else column[keep]
            for name in ("account_id", "treated", "totals", "weights", "squares", "before", "users")
        }
        return Accounts(**arrays)


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric with its numbers.

    Attributes
    ----------
    metric : Metric
        With the kind that the data have.
    arms : tuple of str
        Treatment and control.
    treatment, control : JointMoments
        Value, denominator of a ratio, and the same from before where known; over units, or over
        accounts where accounts were put into arms, whose ratios have no past.
    accounts : Accounts or None
        Where accounts were put into arms.
    held : Values
        The values of units in the engine.
    place : int
        Number of the measure in them.
    missing : dict of str to int
        Units without a value, by arm.
    """

    metric: Metric
    arms: tuple[str, str]
    treatment: JointMoments
    control: JointMoments
    accounts: Accounts | None
    held: Values
    place: int
    missing: dict[str, int]

    @property
    def with_past(self) -> bool:
        """Whether the span before is known, and may be used."""
        return self.held.with_past[self.place] and not (self.is_ratio and self.accounts is not None)

    @property
    def is_ratio(self) -> bool:
        """Whether it is a ratio of sums."""
        return self.metric.measure.kind == "ratio"


@dataclass(frozen=True, slots=True)
class Design:
    """Who was put into arms, and whom averages are over.

    Attributes
    ----------
    experiment : Experiment
    units : Units
    analysed : ibis table
        Units in one planned arm whose days are over.
    drawn : ibis table
        What was put into a planned arm, each once: accounts or users.
    randomised_by : {"account", "user"}
    average : {"account", "user"}
        Whom an average is over; ``user`` where users were put into arms.
    by : str
        Column of activity that holds the unit.
    span : Span
    """

    experiment: Experiment
    units: Units
    analysed: UnitTable
    drawn: UnitTable
    randomised_by: RandomisedBy
    average: RandomisedBy
    by: str
    span: Span

    @property
    def arms(self) -> tuple[str, str]:
        """Control and treatment."""
        return self.experiment.control, self.experiment.treatment

    @property
    def noun(self) -> str:
        """What n counts: accounts or users, whichever were put into arms."""
        return f"{self.randomised_by}s"

    @property
    def average_noun(self) -> str:
        """Whom an average is over."""
        return f"{self.average}s"


def lay_out(
    given: Tables, params: Params, experiment: Experiment, units: Units, *, one_arm: bool = True
) -> Design:
    """Say who is compared: units in a planned arm whose days after the assignment are over.

    Units in two arms are left out; without `one_arm` they stay in the first one.
    """
    randomised_by = units.randomised_by(experiment.planned_unit)
    days = params.before_days or params.outcome_days or experiment.days
    # Days that belong to a unit are counted out after the plan has ended, too.
    last = experiment.as_of if params.outcome_days else experiment.last
    span = Span(last, days, params.outcome_days)
    planned = [name for name, share in experiment.shares.items() if share > 0]
    chosen = units_in(units, planned, one_arm=one_arm)
    own = units.own_accounts and experiment.planned_unit == "account"
    listed: RandomisedBy = "account" if own else "user"
    return Design(
        experiment=experiment,
        units=units,
        analysed=matured(chosen, span, given.timezone),
        drawn=units_drawn(units, planned, randomised_by),
        randomised_by=randomised_by,
        average=params.average or listed if randomised_by == "account" else "user",
        by=f"{listed}_id",
        span=span,
    )


def lay_out_everything(given: Tables, params: Params, experiment: Experiment) -> Design:
    """Say who is compared when nothing is left out: every unit, in the first arm that it had."""
    key, start, end = experiment.experiment_id, experiment.start_on, experiment.end_on
    units = assigned_units(given, key, start=start, end=end, met=False)
    return lay_out(given, params, experiment, units, one_arm=False)


def measure(given: Tables, design: Design, *, met: bool = True) -> tuple[Measured, ...]:
    """Measure every metric, in the order of the plan.

    Parameters
    ----------
    given : Tables
    design : Design
    met : bool, optional
        Leave out outcomes measured while the unit met another arm.
    """
    metrics = design.experiment.metrics
    own = [metric for metric in metrics if metric.measure.table == "outcomes"]
    others = [metric for metric in metrics if metric.measure.table != "outcomes"]
    found: dict[str, Measured] = {}
    units = design.analysed
    if own:
        key, asked = design.experiment.experiment_id, [metric.measure for metric in own]
        days = design.span.outcome_days
        values = outcome_values(given, units, key, asked, outcome_days=days, met=met)
        found |= _by_text(_measured(given, design, values, own))
    if others:
        asked = [metric.measure for metric in others]
        table = unit_values(given, units, asked, design.span, by=design.by)
        found |= _by_text(_measured(given, design, kept_values(given, table, asked), others))
    return tuple(found[metric.measure.text] for metric in metrics)


def _by_text(measured: Sequence[Measured]) -> dict[str, Measured]:
    return {item.metric.measure.text: item for item in measured}


def measure_main_by(given: Tables, design: Design, ends: Sequence[date]) -> tuple[Measured, ...]:
    """Measure the first metric as it stood at the end of each of several days."""
    units = design.analysed
    first = design.experiment.metrics[0]
    held = values_by_look(given, units, first.measure, design.span, ends, by=design.by)
    return _measured(given, design, held, [first] * len(ends), count_users=design.average == "user")


def adjusted_arms(item: Measured) -> tuple[Moments, Moments]:
    """Moments of both arms, adjusted for the past where it is known (CUPED)."""
    return adjusted_pair(item, (item.treatment, item.control))


def adjusted_pair(
    item: Measured, pair: tuple[JointMoments, JointMoments]
) -> tuple[Moments, Moments]:
    """Moments of both arms of a part of the units, with the slope of all of them."""
    if item.is_ratio:
        return tuple(moments.ratio(0, 1) for moments in pair)
    slope, middle = _slope(item)
    if not slope:
        return tuple(moments.column(0) for moments in pair)
    return tuple(
        moments.linear(moments.means[0] - slope * (moments.means[1] - middle), [1.0, -slope])
        for moments in pair
    )


def adjusted_means(item: Measured) -> np.ndarray:
    """Values of accounts, adjusted for their past where it is known."""
    accounts = item.accounts
    slope, middle = (0.0, 0.0) if item.is_ratio else _slope(item)
    return accounts.means - slope * (accounts.before - middle) if slope else accounts.means


def _slope(item: Measured) -> tuple[float, float]:
    """Slope on the past, the same for both arms, and the mean of the past; 0 where unknown."""
    pair = (item.treatment, item.control)
    if item.treatment.means.size < 2:
        return 0.0, 0.0
    found = adjusted_difference(*pair)
    if found.message:
        return 0.0, 0.0
    return found.coefficient, float(pair[0].joined(pair[1]).means[1])


def _measured(
    given: Tables,
    design: Design,
    values: Values,
    metrics: Sequence[Metric],
    *,
    count_users: bool = True,
) -> tuple[Measured, ...]:
    """Bring values to moments; with accounts in arms, to one row per account."""
    moments = arm_moments(given, values)
    by_account = design.randomised_by == "account"
    accounts = _accounts(given, design, values, count_users=count_users) if by_account else None
    arms = (design.experiment.treatment, design.experiment.control)
    counted = {arm: int(design.units.counts["units"].get(arm, 0)) for arm in arms}
    found = []
    for place, measured in enumerate(values.measures):
        own = None if accounts is None else accounts[place]
        pair = [
            moments[place].get(Group(arm), _nothing(len(values.columns(place)))) for arm in arms
        ]
        missing = {arm: counted[arm] - part.n for arm, part in zip(arms, pair, strict=True)}
        if own is not None:
            ratio = measured.kind == "ratio"
            pair = [own.moments(treated=arm, ratio=ratio) for arm in (True, False)]
        metric = replace(metrics[place], measure=measured)
        found.append(Measured(metric, arms, *pair, own, values, place, missing))
    return tuple(found)


def _nothing(width: int) -> JointMoments:
    return JointMoments(0, np.full(width, np.nan), np.full((width, width), np.nan))


def _accounts(
    given: Tables, design: Design, values: Values, *, count_users: bool
) -> list[Accounts]:
    frame = account_sums(given, values)
    users = _users(given, design, values, frame) if count_users else frame
    return [_account_column(frame, users, design, values, k) for k in range(len(values.measures))]


def _users(given: Tables, design: Design, values: Values, frame: pd.DataFrame) -> pd.DataFrame:
    """Count users per account, with sums of squares where accounts themselves are listed."""
    if design.by != "account_id":
        return frame
    active = [m for m in values.measures if m.table == "activity"]
    if len(active) < len(values.measures) or not _knows_users(given):
        return frame
    units = design.analysed
    table = unit_values(given, units, active, design.span, by="account_id", members=True)
    members = account_sums(given, replace(values, table=table)).set_index("account_id")
    return members.reindex(frame["account_id"]).fillna({"size": 0.0}).reset_index()


def _knows_users(given: Tables) -> bool:
    rows = given.expression("activity")
    return rows is not None and "user_id" in rows.columns


def _account_column(
    frame: pd.DataFrame, users: pd.DataFrame, design: Design, values: Values, place: int
) -> Accounts:
    """Make the arrays of one metric; accounts without a value are left out."""
    own = values.columns(place)
    count = users["size"].to_numpy()
    ratio = values.measures[place].kind == "ratio"
    per_user = design.average == "user"
    one = np.ones(len(frame))
    weights = frame[f"d{place}"].to_numpy() if ratio else count if per_user else one
    before = frame[f"x{place}"].to_numpy() if f"x{place}" in own else None
    below = frame[f"e{place}"].to_numpy() if f"e{place}" in own else weights
    if before is not None:
        before = np.divide(before, below, out=np.zeros(before.size), where=below > 0)
    totals = frame[f"y{place}"].to_numpy()
    if values.measures[place].kind == "conversion" and not per_user:
        # An account has converted when one of its users has.
        totals = (totals > 0).astype(float)
        before = None if before is None else (before > 0).astype(float)
    known_users = f"yy{place}" in users and not ratio
    squares = users[f"yy{place}"].to_numpy() if known_users else None
    made = Accounts(
        account_id=frame["account_id"].to_numpy(dtype=object),
        treated=(frame["arm"] == design.experiment.treatment).to_numpy(),
        totals=totals,
        weights=weights,
        squares=squares,
        before=before,
        users=np.maximum(count, 1.0),
    )
    known = (frame[f"n{place}"] > 0).to_numpy() & (weights > 0)
    return made.only(known)
