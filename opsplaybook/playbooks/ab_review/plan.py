"""What was planned, set before the experiment: arms, shares, metrics, looks."""

import difflib
from dataclasses import dataclass
from datetime import date

import pandas as pd

from opsplaybook import formats
from opsplaybook.errors import ContractError, UsageError, quote
from opsplaybook.formats import Kind
from opsplaybook.metrics.experiment_measures import Measure, MeasureKind, read_measure
from opsplaybook.metrics.experiments import RandomisedBy
from opsplaybook.playbooks.ab_review.params import Params, read_metric
from opsplaybook.sources import Tables

_KINDS: dict[MeasureKind, Kind] = {
    "conversion": "points",
    "mean": "number",
    "revenue": "money",
    "ratio": "number",
}
HARMFUL = (
    "error",
    "fail",
    "crash",
    "complain",
    "cancel",
    "refund",
    "timeout",
    "unsubscrib",
    "churn",
)
"""Words in the name of a guardrail of which less is better, where parameters do not say."""

_TOLERANCE = 0.001


@dataclass(frozen=True, slots=True)
class Metric:
    """What the experiment is judged by.

    Attributes
    ----------
    measure : Measure
    role : str
        ``success`` or ``guardrail``.
    higher_is_better : bool
    margin : float
        Tolerated relative loss of a guardrail.
    money : float or None
        What one unit of it is worth; 1 for revenue.
    """

    measure: Measure
    role: str
    higher_is_better: bool
    margin: float
    money: float | None

    @property
    def label(self) -> str:
        """What is measured, in words."""
        return self.measure.label

    @property
    def kind(self) -> Kind:
        """How its difference is written."""
        return _KINDS[self.measure.kind]


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment as planned.

    Attributes
    ----------
    experiment_id, name, hypothesis, owner : str
        Empty where the source does not say.
    planned_unit : str
        ``account`` or ``user``.
    shares : dict of str to float
        Planned share of each arm, adding up to 1.
    treatment, control : str
        The arms that are compared.
    start_on, end_on : Timestamp or None
        First and last planned day.
    last : date
        Last day that counts: the last planned one, or the last known one before it.
    as_of : date
    metrics : tuple of Metric
        Success metrics first.
    planned_looks : int
    planned_units : int
        0 where the plan does not say.
    minimum_effect : float
        Relative effect that it was sized to see; NaN where the plan does not say.
    currency : str
    level : float
    """

    experiment_id: str
    name: str
    hypothesis: str
    owner: str
    planned_unit: RandomisedBy
    shares: dict[str, float]
    treatment: str
    control: str
    start_on: pd.Timestamp | None
    end_on: pd.Timestamp | None
    last: date
    as_of: date
    metrics: tuple[Metric, ...]
    planned_looks: int
    planned_units: int
    minimum_effect: float
    currency: str
    level: float

    @property
    def period(self) -> str:
        """First and last day that count."""
        if self.start_on is None:
            return f"up to {formats.day(self.last)}"
        return formats.period(self.start_on, pd.Timestamp(self.last))

    @property
    def days(self) -> int:
        """Days that the experiment ran; 0 where its start is not known."""
        if self.start_on is None:
            return 0
        return (pd.Timestamp(self.last) - self.start_on).days + 1

    @property
    def over(self) -> bool:
        """Whether the last planned day is over; a plan without one is over when it is read."""
        return self.end_on is None or self.end_on.date() <= self.as_of

    @property
    def title(self) -> str:
        """Key and name."""
        return f"{self.experiment_id}, {self.name}" if self.name else self.experiment_id


def read_plan(given: Tables, params: Params) -> Experiment:
    """Read the plan of an experiment, and the metrics that it is judged by.

    Parameters
    ----------
    given : Tables
    params : Params

    Returns
    -------
    Experiment

    Raises
    ------
    UsageError
        If there is no such experiment, or it had not started on the last known day.
    ContractError
        If its shares cannot be read or name fewer or more than two arms, or it has no metric.
    """
    row = _row(given, params.experiment_id)
    shares = read_shares(_text(row, "shares"), where=params.experiment_id)
    treatment, control = _arms(shares, _text(row, "control_arm"), params.experiment_id)
    start, end = (None if pd.isna(row[name]) else row[name] for name in ("start_on", "end_on"))
    if start is not None and start.date() > given.as_of:
        raise UsageError(
            f"the experiment starts on {start:%Y-%m-%d}, after the last known day",
            where=f"experiment_id = {params.experiment_id}",
            remedy="give a later `as_of`, or another experiment",
        )
    return Experiment(
        experiment_id=params.experiment_id,
        name=_text(row, "name"),
        hypothesis=_text(row, "hypothesis"),
        owner=_text(row, "owner") or params.owner,
        planned_unit=row["unit"],
        shares=shares,
        treatment=treatment,
        control=control,
        start_on=start,
        end_on=end,
        last=given.as_of if end is None else min(end.date(), given.as_of),
        as_of=given.as_of,
        metrics=_metrics(row, params),
        planned_looks=len(params.looks) or int(_number(row, "planned_looks", 1)),
        planned_units=int(_number(row, "planned_units", 0)),
        minimum_effect=_number(row, "minimum_effect", float("nan")),
        currency=given.currency,
        level=params.level,
    )


def read_shares(text: str, *, where: str) -> dict[str, float]:
    """Read arms and their planned shares.

    Examples
    --------
    >>> read_shares("control=50;treatment=50", where="X-01")
    {'control': 0.5, 'treatment': 0.5}

    Half of the units belong to each arm.
    """
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    try:
        found = {name.strip(): float(share) for name, _, share in parts}
    except ValueError:
        found = {}
    total = sum(found.values())
    if len(found) != len(parts) or not total > 0 or min(found.values()) < 0:
        raise ContractError(
            f"the planned shares {quote(text)} cannot be read",
            where=f"experiments.shares, {where}",
            remedy="write them as control=0.5;treatment=0.5",
        )
    scale = total if abs(total - 1) > _TOLERANCE else 1.0
    return {name: share / scale for name, share in found.items()}


def _row(given: Tables, experiment_id: str) -> pd.Series:
    plans = given["experiments"].set_index("experiment_id")
    if experiment_id in plans.index:
        return plans.loc[experiment_id]
    near = difflib.get_close_matches(experiment_id, plans.index, n=1)
    there = ", ".join(plans.index[:5]) or "none"
    hint = f"did you mean {near[0]}?" if near else f"there are {there}"
    raise UsageError(
        "there is no such experiment", where=f"experiment_id = {experiment_id}", remedy=hint
    )


def _arms(shares: dict[str, float], control: str, where: str) -> tuple[str, str]:
    """Return treatment and control of a plan with two arms that get units."""
    used = [name for name, share in shares.items() if share > 0]
    if len(used) != 2:
        raise ContractError(
            f"the plan has {len(used)} arms with a share, and two can be compared",
            where=f"experiments.shares, {where}: {', '.join(used) or 'none'}",
            remedy="review each treatment against the control as an experiment of its own",
        )
    if control and control not in used:
        raise ContractError(
            f"the control arm {quote(control)} has no planned share",
            where=f"experiments.control_arm, {where}",
            remedy=f"the arms are {', '.join(used)}",
        )
    chosen = control or ("control" if "control" in used else used[0])
    return next(name for name in used if name != chosen), chosen


def _metrics(row: pd.Series, params: Params) -> tuple[Metric, ...]:
    lines = [read_metric(line) for line in params.metrics]
    if not lines:
        lines = [(text, "success", "higher", None, None) for text in _items(row, "success_metrics")]
        planned = _number(row, "guardrail_margin", params.guardrail_margin)
        guarded = _items(row, "guardrail_metrics")
        lines += [(text, "guardrail", _better(text), planned, None) for text in guarded]
    found = [_metric(line, params) for line in lines]
    if not any(metric.role == "success" for metric in found):
        raise ContractError(
            "no success metric is planned",
            where=f"experiment {params.experiment_id}",
            remedy="fill experiments.success_metrics, or give `metrics`",
        )
    return tuple(sorted(found, key=lambda metric: metric.role != "success"))


def _metric(line: tuple[str, str, str, float | None, float | None], params: Params) -> Metric:
    text, role, direction, margin, money = line
    measure = read_measure(text)
    worth = 1.0 if money is None and measure.kind == "revenue" else money
    return Metric(measure, role, direction == "higher", margin or params.guardrail_margin, worth)


def _better(text: str) -> str:
    """Guess whether more of a guardrail is better; the table of the plan shows the guess."""
    return "lower" if any(word in text.lower() for word in HARMFUL) else "higher"


def _items(row: pd.Series, name: str) -> list[str]:
    return [part.strip() for part in _text(row, name).split(";") if part.strip()]


def _text(row: pd.Series, name: str) -> str:
    return "" if formats.is_missing(row[name]) else str(row[name])


def _number(row: pd.Series, name: str, otherwise: float) -> float:
    return otherwise if formats.is_missing(row[name]) or row[name] == 0 else float(row[name])
