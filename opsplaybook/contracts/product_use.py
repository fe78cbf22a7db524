"""What customers do with the product, and what is tried on them."""

from opsplaybook.contracts.base import (
    Contract,
    Date,
    Facts,
    Number,
    Order,
    Reveal,
    Text,
    Timestamp,
    Whole,
    optional,
    required,
)

UNITS = ("account", "user")
"""Units of randomisation."""


class Activity(
    Contract,
    facts=Facts(
        table="activity",
        key=("activity_id",),
        refers_to={"account_id": "accounts", "contract_id": "contracts"},
        dated_by=("at",),
        coded=("action",),
    ),
):
    """Somebody did something in the product. The largest table: aggregate it in the engine."""

    account_id: Text | None = optional("Account", "Account of the user.")
    user_id: Text | None = optional("User", "Who did it.")
    at: Timestamp = required("At", "When.")
    action: Text = required("Action", "What was done.")
    quantity: Number | None = optional("Quantity", "How much of it; 1 when missing.")
    activity_id: Text | None = optional("Key", "Key of the row, where there is one.")
    product: Text | None = optional("Product", "Product or feature area.")
    version: Text | None = optional("Version", "Release of the product that was used.")
    platform: Text | None = optional("Platform", "Where: web, mobile, API.")
    segment: Text | None = optional("Segment", "Segment of the user at that time.")
    contract_id: Text | None = optional("Contract", "Term under which it was done, where known.")
    amount: Number | None = optional("Amount", "Money moved by the action.", unit="money")


class Experiments(
    Contract,
    facts=Facts(
        table="experiments",
        key=("experiment_id",),
        dated_by=("start_on",),
        orders=(Order("start_on", "end_on"),),
        plans_ahead=True,
    ),
):
    """An A/B test, as planned.

    `shares` lists arms with their planned shares, such as ``control=0.5;treatment=0.5``; lists
    are separated by semicolons.
    """

    experiment_id: Text = required("Experiment", "Key of the experiment.")
    name: Text | None = optional("Name", "Name of the experiment.")
    unit: Text = required("Unit", "What is put into an arm.", allowed=UNITS)
    shares: Text = required("Shares", "Arms and their planned shares.")
    control_arm: Text | None = optional("Control", "Arm that the others are compared with.")
    hypothesis: Text | None = optional("Hypothesis", "What was expected, and why.")
    owner: Text | None = optional("Owner", "Who runs it.")
    start_on: Date | None = optional("Start", "First day of assignment.")
    end_on: Date | None = optional("End", "Last planned day.")
    success_metrics: Text | None = optional("Success metrics", "Metrics that decide it.")
    guardrail_metrics: Text | None = optional("Guardrails", "Metrics that must not suffer.")
    guardrail_margin: Number | None = optional(
        "Margin", "Relative loss of a guardrail that is tolerated.", at_least=0
    )
    minimum_effect: Number | None = optional(
        "Minimum effect", "Relative effect that it was sized to see.", at_least=0
    )
    planned_units: Whole | None = optional("Planned units", "Units planned.", at_least=1)
    planned_looks: Whole | None = optional("Planned looks", "Looks planned.", at_least=1)


class Assignments(
    Contract,
    facts=Facts(
        table="assignments",
        refers_to={"experiment_id": "experiments", "account_id": "accounts"},
        dated_by=("assigned_at",),
        reveals=(Reveal(on=("exposed_at",)),),
        orders=(Order("assigned_at", "exposed_at"),),
    ),
):
    """A unit was put into an arm.

    Without a key on purpose: a unit in two arms is a finding of the review, not a broken row.
    """

    experiment_id: Text = required("Experiment", "Experiment that assigned it.")
    unit_id: Text = required("Unit", "The account or user that was assigned.")
    arm: Text = required("Arm", "Arm that it was put into.")
    met_arm: Text | None = optional("Arm met", "Arm that it really met, where that was recorded.")
    account_id: Text | None = optional("Account", "Account that the unit belongs to.")
    assigned_at: Timestamp | None = optional("Assigned", "When it was assigned.")
    exposed_at: Timestamp | None = optional("Exposed", "When it first met the difference.")


class Outcomes(
    Contract,
    facts=Facts(
        table="outcomes",
        refers_to={"experiment_id": "experiments"},
        dated_by=("at",),
    ),
):
    """A number that was measured on a unit of an experiment.

    For what lies in no other table, such as the results that an experiment platform exports.
    A metric whose values are all 0 or 1 is a conversion; one with denominators is a ratio of
    sums. Several rows of a unit are added up, and a conversion happened when any of them says
    so. Without a key on purpose: repeated and missing values are findings of the review.
    """

    experiment_id: Text = required("Experiment", "Experiment that the unit takes part in.")
    unit_id: Text = required("Unit", "The account or user that was assigned.")
    metric: Text = required("Metric", "What was measured.")
    value: Number | None = optional("Value", "The number; missing where it was not measured.")
    denominator: Number | None = optional("Denominator", "What the value is divided by, of ratios.")
    before: Number | None = optional("Before", "The same value before the assignment.")
    before_denominator: Number | None = optional(
        "Denominator before", "The same denominator before the assignment."
    )
    met_arm: Text | None = optional(
        "Arm met", "Arm that the unit really met when it was measured, where that was recorded."
    )
    at: Timestamp | None = optional("At", "When it was measured.")
