"""What steps 4, 5 and 6 show: looks, groups, weeks, and the units that would be needed."""

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals, plot_lines
from opsplaybook.playbooks.ab_review.groups import Groups
from opsplaybook.playbooks.ab_review.looks import Looks
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.playbooks.ab_review.run_shown import withheld
from opsplaybook.playbooks.ab_review.sight import Sight
from opsplaybook.tables import Column


def chart_path(looks: Looks, run: RunCheck) -> Chart | Table:
    """Draw the effect so far, week by week, with intervals that hold at every look."""
    if run.stops:
        return withheld(run, "path", "Effect so far")
    kind = run.measured[0].metric.kind
    columns = [
        Column("day", "Up to", "date"),
        Column("units", "Units", "count"),
        Column("difference", "Difference", kind, low="low", high="high",
               description="Interval that holds at every look"),
    ]  # fmt: skip
    caption = f"Effect so far, {run.measured[0].metric.label}, {_level(run)}"
    currency = run.experiment.currency
    if len(looks.path) < 2:
        known = columns if len(looks.path) else columns[:2]
        return tables.table(looks.path, known, key="path", caption=caption, currency=currency,
                            note="Values by day are not known.")  # fmt: skip
    data = tables.table(looks.path, columns, key="path-data", caption=caption, currency=currency)
    return plot_lines(
        looks.path,
        x="day",
        y="difference",
        low="low",
        high="high",
        label=f"Difference in {run.measured[0].metric.label}",
        kind=kind,
        currency=currency,
        zero=True,
        key="path",
        title="The effect so far, week by week",
        subtitle=f"{_level(run)} that hold at every look",
        data=data,
    )


def table_looks(looks: Looks, run: RunCheck) -> Table:
    """Show the planned looks that were due, each against its boundary."""
    if run.stops:
        return withheld(run, "looks", "Looks")
    columns = [
        Column("look", "Look", "count"),
        Column("day", "Up to", "date"),
        Column("fraction", "Of the planned span", "share"),
        Column("units", "Units", "count"),
        Column("difference", "Difference", run.measured[0].metric.kind, low="low", high="high"),
        Column("z", "Statistic", "number", description="Standard errors from no effect"),
        Column("critical", "Boundary", "number", description="To be crossed to decide"),
        Column("crosses", "Crosses", "flag"),
    ]
    return tables.table(
        looks.planned,
        columns,
        key="looks",
        caption=f"Planned looks, {looks.spending}, {_level(run)}",
        currency=run.experiment.currency,
        note=looks.sentence,
        shown=max(len(looks.planned), 1),
    )


def chart_classes(groups: Groups, run: RunCheck) -> Chart | Table:
    """Draw the effect in each class of accounts."""
    if run.stops:
        return withheld(run, "classes", "Effect by group")
    kind, currency = run.measured[0].metric.kind, run.experiment.currency
    frame = groups.classes.assign(
        label=groups.classes["attribute"] + ": " + groups.classes["place"].astype("str")
    )
    columns = [
        Column("label", "Group"),
        Column("difference", "Difference", kind, low="low", high="high"),
        Column("n", "n", "count", description="Of the smaller arm"),
    ]
    caption = f"Effect by group, {_level(run)}"
    if frame.empty:
        return tables.table(frame, columns, key="classes", caption=caption, note=groups.sentence)
    data = tables.table(frame, columns, key="classes-data", caption=caption, currency=currency)
    return plot_intervals(
        frame,
        category="label",
        value="difference",
        low="low",
        high="high",
        n="n",
        reference=0.0,
        reference_label="no effect",
        label=f"Difference in {run.measured[0].metric.label}",
        kind=kind,
        currency=currency,
        key="classes",
        title="The effect by group",
        subtitle=f"{_level(run)}; {groups.sentence}",
        data=data,
    )


def table_groups(groups: Groups, run: RunCheck) -> Table:
    """Show whether groups differ, one test per attribute."""
    if run.stops:
        return withheld(run, "groups", "Tests of groups")
    columns = [
        Column("attribute", "By"),
        Column("classes", "Classes", "count"),
        Column("p_value", "P-value", "number"),
        Column("adjusted", "Corrected", "number", description="For the number of attributes"),
        Column("i_squared", "More than noise", "share", description="Share of the spread"),
    ]
    return tables.table(
        groups.tests,
        columns,
        key="groups",
        caption=f"Does the effect differ between groups? {run.experiment.period}",
        note=" ".join([groups.sentence, *groups.caveats]),
    )


def chart_weeks(groups: Groups, run: RunCheck) -> Chart | Table:
    """Draw the effect in each whole week since the assignment."""
    if run.stops:
        return withheld(run, "weeks", "Effect by week")
    kind, currency = run.measured[0].metric.kind, run.experiment.currency
    columns = [
        Column("week", "Week since the assignment", "count"),
        Column("difference", "Difference", kind, low="low", high="high"),
        Column("n", "n", "count", description="Of the smaller arm"),
    ]
    caption = f"Effect by week since the assignment, {_level(run)}"
    if groups.weeks.empty:
        note = "Values by week are not known."
        return tables.table(groups.weeks, columns, key="weeks", caption=caption, note=note)
    slope = formats.estimate(groups.trend.slope, currency=currency, unit=run.design.noun)
    data = tables.table(groups.weeks, columns, key="weeks-data", caption=caption, currency=currency)
    return plot_lines(
        groups.weeks,
        x="week",
        y="difference",
        low="low",
        high="high",
        label=f"Difference in {run.measured[0].metric.label}",
        x_label="Whole weeks since the assignment",
        kind=kind,
        currency=currency,
        zero=True,
        key="weeks",
        title="The effect by week since the assignment",
        subtitle=f"{_level(run)}; change per week {slope}",
        data=data,
    )


def table_needed(sight: Sight, run: RunCheck) -> Table:
    """Show how many units another experiment would need."""
    kind = run.measured[0].metric.kind
    columns = [
        Column("lift", "To see a lift of", "share"),
        Column("difference", "That is", kind),
        Column("per_arm", f"{sight.noun.capitalize()} per arm", "count"),
        Column("times", "Times as many as here", "ratio"),
    ]
    notes = [sight.sentence]
    if sight.likeness is not None:
        notes.append(
            f"Users of one account are alike (intraclass correlation "
            f"{formats.number(sight.likeness.value)}): counting users as units would need "
            f"{formats.number(sight.design_effect)} times as many of them as it seems."
        )
    return tables.table(
        sight.needed,
        columns,
        key="needed",
        caption=f"{sight.noun.capitalize()} per arm for {sight.power:.0%} power at the level "
        f"{run.experiment.level:.0%}, from the spread measured here",
        currency=run.experiment.currency,
        note=" ".join(notes),
        shown=len(sight.needed),
    )


def _level(run: RunCheck) -> str:
    n = " and ".join(
        formats.count(p.n) for p in (run.measured[0].treatment, run.measured[0].control)
    )
    return (
        f"{run.experiment.period}, n = {n} {run.design.noun}, {run.experiment.level:.0%} intervals"
    )
