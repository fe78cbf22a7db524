"""What step 1 shows: the plan, the arms, where units are missing, what does not fit."""

from dataclasses import replace

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_lines
from opsplaybook.playbooks import actions
from opsplaybook.playbooks.ab_review.params import Params
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.tables import Column

CAUSES = (
    (
        "Assignment",
        "Wrong shares, a hash that is not random, units put into arms again and again.",
        "units in two arms; users in two accounts or more",
    ),
    (
        "Execution",
        "The arms start at different times, or one of them fails or is slow before it is recorded.",
        "the ratio day by day; by platform and version",
    ),
    (
        "Recording",
        "Rows of one arm are lost, late, or filtered as robots.",
        "rows that contradict their arm; by platform and version",
    ),
    (
        "Analysis",
        "Units are counted by something that the treatment changes, or joined to few of them.",
        "units without an outcome, by arm",
    ),
    (
        "Interference",
        "Someone puts units into an arm by hand, or another experiment takes some away.",
        "units assigned outside the planned days; classes of accounts",
    ),
)
"""What to look for where the ratio is off, in the five groups of Fabijan and others (2019)."""


def table_plan(run: RunCheck, params: Params) -> Table:
    """Show what was planned, set before the experiment."""
    plan = run.experiment
    shares = ", ".join(f"{name} {formats.share(share)}" for name, share in plan.shares.items())
    rows = [
        ("Experiment", plan.title),
        ("Hypothesis", plan.hypothesis or formats.MISSING),
        ("Arms and shares", f"{shares}; compared with {plan.control}"),
        ("Period", plan.period if plan.over else f"{plan.period}, still running"),
        ("Put into arms", f"{plan.planned_unit}s by plan; {run.design.noun} in the data"),
        ("Averages are over", f"{run.design.average}s"),
        *[(_role(metric.role, place), _metric_text(run, place))
          for place, metric in enumerate(plan.metrics)],
        ("Looks", f"{plan.planned_looks:,} planned"),
        ("Sized to see", formats.value(plan.minimum_effect, "change")),
        ("Ratio stops below", f"p = {params.sample_ratio_alpha:g}"),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["what", "planned"])
    columns = [Column("what", "What"), Column("planned", "Planned")]
    caption = f"The plan of {plan.experiment_id}, as known on {formats.day(plan.as_of)}"
    return tables.table(frame, columns, key="plan", caption=caption, shown=len(frame))


def table_arms(run: RunCheck) -> Table:
    """Show how many units each arm has, against the plan."""
    columns = [
        Column("arm", "Arm"),
        Column("share", "Planned share", "share"),
        Column("expected", "Planned units", "number"),
        Column("units", "Units", "count"),
        Column("share_found", "Share", "share"),
    ]
    return tables.table(
        run.arms,
        columns,
        key="arms",
        caption=f"Units by arm, {_about(run)}",
        note=run.sentence,
        shown=len(run.arms),
    )


def chart_daily_ratio(run: RunCheck) -> Chart | Table:
    """Draw the sequential test of the ratio, day by day."""
    columns = [
        Column("day", "Day", "date"),
        Column("units", "Units so far", "count"),
        Column("p_value", "P-value that holds on every day", "number"),
    ]
    caption = f"Sample ratio day by day, {_about(run)}"
    alarm = (
        f"alarm on {formats.day(run.first_alarm)}" if run.first_alarm is not None else "no alarm"
    )
    data = tables.table(run.daily, columns, key="daily-ratio-data", caption=caption, note=alarm)
    if run.daily.empty:
        note = "All units were assigned on one day, or days are not known."
        return tables.table(run.daily, columns, key="daily-ratio", caption=caption, note=note)
    return plot_lines(
        run.daily,
        x="day",
        y="p_value",
        label="P-value",
        zero=True,
        key="daily-ratio",
        title="Whether units fall into arms as planned, day by day",
        subtitle=f"{_about(run)}; {alarm}",
        data=data,
    )


def table_places(run: RunCheck) -> Table:
    """Show where units are missing: the ratio by platform, version and class of accounts."""
    arms = [arm for arm, share in run.experiment.shares.items() if share > 0]
    columns = [
        Column("attribute", "By"),
        Column("place", "Is"),
        *[Column(arm, f"Units in {arm}", "count") for arm in arms if arm in run.places],
        Column("p_value", "P-value", "number", description="Corrected for the number of rows"),
    ]
    return tables.table(
        run.places,
        columns,
        key="places",
        caption=f"Sample ratio by what is known, most unequal first, {_about(run)}",
        note="" if len(run.places) else "Nothing is known of the units: left out.",
        shown=8,
    )


def table_problems(run: RunCheck) -> Table:
    """Show every check of the assignments and outcomes, and what is done about what it found."""
    frame = run.problems.assign(
        text=[
            formats.p_value(row.found) if row.check == "sample ratio" else formats.count(row.found)
            for row in run.problems.itertuples()
        ]
    )
    columns = [
        Column("check", "Check"),
        Column("text", "Found"),
        Column("of", "Of", "count"),
        Column("state", "State", description="`stop` forbids a verdict"),
        Column("done", "What is done"),
    ]
    return tables.table(
        frame, columns, key="problems", caption=f"Checks, {_about(run)}", shown=len(frame)
    )


def table_balance(run: RunCheck) -> Table:
    """Show the span before the assignment, where arms can differ by chance alone."""
    frame = run.balance.assign(
        text=[
            formats.value(row.difference, row.kind, currency=run.experiment.currency)
            + (
                ""
                if formats.is_missing(row.low)
                else " ({} to {})".format(
                    *(
                        formats.value(end, row.kind, currency=run.experiment.currency)
                        for end in (row.low, row.high)
                    )
                )
            )
            for row in run.balance.itertuples()
        ]
    )
    columns = [
        Column("metric", "Metric"),
        Column("text", "Difference before"),
        Column("n", f"{run.design.noun.capitalize()} in the smaller arm", "count"),
        Column("adjusted", "P-value", "number", description="Corrected for the number of metrics"),
    ]
    known = f"{run.design.span.before_days:,} days before the assignment"
    return tables.table(
        frame,
        columns,
        key="balance",
        caption=f"Balance, {known}, {run.experiment.level:.0%} intervals",
        note="" if len(frame) else "Nothing is known of the time before: left out.",
        shown=len(frame),
    )


def table_causes(run: RunCheck) -> Table:
    """Show the five groups of causes of a wrong ratio, and where to look for each."""
    frame = pd.DataFrame(CAUSES, columns=["group", "cause", "look"])
    columns = [
        Column("group", "Group"),
        Column("cause", "What goes wrong"),
        Column("look", "Look at"),
    ]
    state = "work through it before anything else" if run.stops else "not needed: the ratio holds"
    return tables.table(
        frame,
        columns,
        key="causes",
        caption=f"Causes of a wrong ratio: {state}",
        note="Fabijan and others 2019, Diagnosing sample ratio mismatch in online controlled "
        "experiments, KDD.",
        shown=len(frame),
    )


def table_open_actions(run: RunCheck) -> Table:
    """Show what earlier reviews of this experiment left open."""
    earlier = run.earlier
    return replace(
        actions.table_actions(earlier.actions),
        key="open-actions",
        caption=f"Open actions from {len(earlier.runs):,} earlier reviews of this experiment",
        note="" if earlier.runs else "No earlier review was given (parameter earlier_runs).",
    )


def withheld(run: RunCheck, key: str, what: str) -> Table:
    """Say that something is not shown because the experiment did not run as planned."""
    frame = pd.DataFrame([(what, run.sentence)], columns=["what", "why"])
    columns = [Column("what", "Not shown"), Column("why", "Why")]
    return tables.table(frame, columns, key=key, caption=f"{what}: not shown, {_about(run)}")


def _about(run: RunCheck) -> str:
    n = formats.count(run.arms["units"].sum())
    return f"{run.experiment.period}, n = {n} {run.design.noun}"


def _role(role: str, place: int) -> str:
    return ("First success metric" if place == 0 else "Success metric") if role == "success" else (
        "Guardrail"
    )  # fmt: skip


def _metric_text(run: RunCheck, place: int) -> str:
    metric, found = run.experiment.metrics[place], run.measured[place].metric
    better = "higher" if metric.higher_is_better else "lower"
    text = f"{metric.measure.text} ({found.measure.kind}), {better} is better"
    if metric.role == "guardrail":
        text += f", tolerated loss {formats.share(metric.margin)}"
    return text if metric.money is None else f"{text}, money per unit {metric.money:g}"
