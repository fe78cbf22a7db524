"""What customers needed from us: support, requirements, service processes, trainings."""

from opsplaybook.contracts.base import (
    Contract,
    Date,
    Facts,
    Flag,
    Number,
    Order,
    Reveal,
    Text,
    Timestamp,
    optional,
    required,
)

TICKET_KINDS = ("production", "operation", "management")
SEVERITIES = ("critical", "high", "medium", "low")
REQUIREMENT_KINDS = ("requirement", "bug")
REQUIREMENT_STATUSES = ("new", "accepted", "planned", "delivered", "declined")
PROCESSES = ("signing", "support", "settlement", "requirement", "training")
TRAINING_STAGES = ("before", "during", "after")


class Tickets(
    Contract,
    facts=Facts(
        table="tickets",
        key=("ticket_id",),
        refers_to={"account_id": "accounts", "contact_id": "contacts"},
        dated_by=("opened_at",),
        reveals=(
            Reveal(on=("first_response_at",)),
            Reveal(on=("resolved_at",), columns=("reopened", "satisfaction", "made_limit")),
        ),
        orders=(Order("opened_at", "first_response_at"), Order("opened_at", "resolved_at")),
    ),
):
    """A support case."""

    ticket_id: Text = required("Ticket", "Key of the case.")
    account_id: Text | None = optional("Account", "Account that asked.")
    contact_id: Text | None = optional("Contact", "Person who asked.")
    opened_at: Timestamp = required("Opened", "When it was opened.")
    first_response_at: Timestamp | None = optional("First response", "When first answered.")
    resolved_at: Timestamp | None = optional("Resolved", "When solved; missing while open.")
    kind: Text | None = optional("Kind", "What kind of case.", allowed=TICKET_KINDS)
    severity: Text | None = optional("Severity", "How much it hurts.", allowed=SEVERITIES)
    topic: Text | None = optional("Topic", "What it is about.")
    product: Text | None = optional("Product", "Product or feature area.")
    channel: Text | None = optional("Channel", "How it came in.")
    owner: Text | None = optional("Owner", "Person or team that works on it.")
    reopened: Flag | None = optional("Reopened", "Opened again after it was solved.")
    limit_hours: Number | None = optional(
        "Limit", "Time agreed for the solution.", unit="hours", at_least=0
    )
    made_limit: Flag | None = optional("Within limit", "Solved in time, as the source has it.")
    satisfaction: Number | None = optional("Satisfaction", "Rating by the customer.", unit="points")


class Requirements(
    Contract,
    facts=Facts(
        table="requirements",
        key=("requirement_id",),
        refers_to={"account_id": "accounts", "contact_id": "contacts"},
        dated_by=("submitted_on",),
        reveals=(
            Reveal(on=("answered_on",), columns=("answer", "promised_on")),
            Reveal(on=("delivered_on", "answered_on"), before=(("status", "new"),)),
        ),
        as_exported=("status",),
        orders=(Order("submitted_on", "answered_on"), Order("submitted_on", "delivered_on")),
    ),
):
    """What a customer asked for, in their words."""

    requirement_id: Text = required("Requirement", "Key of the requirement.")
    account_id: Text | None = optional("Account", "Account that asked.")
    contact_id: Text | None = optional("Contact", "Person who asked.")
    words: Text | None = optional("Words", "What they said.")
    kind: Text | None = optional("Kind", "Wish or defect.", allowed=REQUIREMENT_KINDS)
    product: Text | None = optional("Product", "Product or feature area.")
    topic: Text | None = optional("Topic", "What it is about.")
    submitted_on: Date | None = optional("Submitted", "Day on which it was asked for.")
    status: Text | None = optional("Status", "Where it stands.", allowed=REQUIREMENT_STATUSES)
    answered_on: Date | None = optional("Answered", "Day of our first answer.")
    answer: Text | None = optional("Answer", "What we said.")
    promised_on: Date | None = optional("Promised", "Day for which it was promised.")
    delivered_on: Date | None = optional("Delivered", "Day of delivery.")
    effort: Number | None = optional(
        "Effort", "Estimated effort.", unit="person-days or story points", at_least=0
    )
    value: Number | None = optional("Value", "Money that depends on it in a year.", unit="money")
    weight: Number | None = optional("Weight", "How much the customer counts.", at_least=0)


class ProcessSteps(
    Contract,
    facts=Facts(
        table="process_steps",
        key=("step_id",),
        refers_to={"account_id": "accounts"},
        dated_by=("started_at",),
        reveals=(Reveal(on=("finished_at",), columns=("paused_hours",)),),
        orders=(Order("started_at", "finished_at"),),
    ),
):
    """One step of a service process for one case."""

    process: Text = required("Process", "Process of the step.", allowed=PROCESSES)
    case_id: Text = required("Case", "What went through the process.")
    step: Text = required("Step", "Name of the step.")
    started_at: Timestamp = required("Started", "When it began.")
    finished_at: Timestamp | None = optional("Finished", "When it ended; missing while open.")
    step_id: Text | None = optional("Key", "Key of the row, where there is one.")
    account_id: Text | None = optional("Account", "Account that the case belongs to.")
    owner: Text | None = optional("Owner", "Person or team that did it.")
    limit_hours: Number | None = optional("Limit", "Time agreed.", unit="hours", at_least=0)
    paused_hours: Number | None = optional(
        "Paused", "Time waiting for the customer.", unit="hours", at_least=0
    )


class Trainings(
    Contract,
    facts=Facts(
        table="trainings",
        refers_to={"account_id": "accounts", "contact_id": "contacts"},
        dated_by=("at",),
    ),
):
    """One person's training. The stage is relative to the launch at the account."""

    account_id: Text = required("Account", "Account of the person.")
    contact_id: Text | None = optional("Contact", "Who was trained.")
    at: Timestamp = required("At", "When.")
    stage: Text | None = optional("Stage", "Relative to the launch.", allowed=TRAINING_STAGES)
    course: Text | None = optional("Course", "What was taught.")
    hours: Number | None = optional("Hours", "Length.", unit="hours", at_least=0)
    score: Number | None = optional(
        "Score", "Result of the test.", unit="points", at_least=0, at_most=100
    )
    passed: Flag | None = optional("Passed", "Passed the test.")
