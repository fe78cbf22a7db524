"""Marketing events: what was intended, what it cost, whom it reached."""

from dataclasses import dataclass

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

PURPOSES = ("acquisition", "promotion", "conversion")
FORMATS = ("meeting", "webinar", "fair", "campaign")
HOSTINGS = ("own", "joint", "third party")


@dataclass(frozen=True, slots=True)
class GoalMetric:
    """A number that an event can be held to.

    Parameters
    ----------
    meaning : str
        What is counted or computed.
    unit : str
        ``people``, ``accounts``, ``deals``, ``money``, ``share``, ``points`` or ``count``.
    purposes : tuple of str
        Purposes of an event that the metric serves.
    higher_is_better : bool
        False where the target is a limit, such as a cost.
    """

    meaning: str
    unit: str
    purposes: tuple[str, ...]
    higher_is_better: bool = True


GOAL_METRICS: dict[str, GoalMetric] = {
    "invited": GoalMetric("Contacts invited.", "people", ("acquisition", "promotion")),
    "registrations": GoalMetric(
        "Contacts registered.", "people", ("acquisition", "promotion", "conversion")
    ),
    "attendees": GoalMetric(
        "Contacts that attended.", "people", ("acquisition", "promotion", "conversion")
    ),
    "attended_accounts": GoalMetric(
        "Accounts with at least one attendee.", "accounts", ("promotion", "conversion")
    ),
    "attendance_rate": GoalMetric(
        "Attendees of those registered.", "share", ("acquisition", "promotion", "conversion")
    ),
    "leads": GoalMetric("Contacts that were qualified.", "people", ("acquisition",)),
    "new_accounts": GoalMetric(
        "Qualified accounts that were no customers before.", "accounts", ("acquisition",)
    ),
    "decision_maker_share": GoalMetric(
        "Decision makers, budget holders and signers of attendees with a known role.",
        "share",
        ("acquisition", "conversion"),
    ),
    "tier_sa_share": GoalMetric(
        "Attended accounts of tier S or A, of those with a tier.", "share", ("conversion",)
    ),
    "follow_up_share": GoalMetric(
        "Qualified contacts followed up within the agreed hours.",
        "share",
        ("acquisition", "conversion"),
    ),
    "impressions": GoalMetric("Times that its content was shown.", "count", ("promotion",)),
    "satisfaction": GoalMetric("Mean rating by attendees.", "points", ("promotion",)),
    "qualified_opportunities": GoalMetric(
        "Deals sourced by the event and qualified.", "deals", ("acquisition", "conversion")
    ),
    "pipeline_value": GoalMetric(
        "Value of the deals sourced by the event.", "money", ("acquisition", "conversion")
    ),
    "deals": GoalMetric("Deals sourced by the event and won.", "deals", ("conversion",)),
    "closed_revenue": GoalMetric("Value of those deals.", "money", ("conversion",)),
    "redemptions": GoalMetric(
        "Offers of the event that were taken up.", "count", ("promotion", "conversion")
    ),
    "redemption_rate": GoalMetric(
        "Accounts reached that took up an offer.", "share", ("promotion", "conversion")
    ),
    "cost": GoalMetric(
        "Money spent, staff time included.", "money", PURPOSES, higher_is_better=False
    ),
    "cost_per_lead": GoalMetric(
        "Cost over qualified contacts.", "money", ("acquisition",), higher_is_better=False
    ),
    "cost_per_opportunity": GoalMetric(
        "Cost over qualified opportunities.",
        "money",
        ("acquisition", "conversion"),
        higher_is_better=False,
    ),
}
"""Vocabulary of ``event_goals.metric``, each with the purposes that it serves."""


class Events(
    Contract,
    facts=Facts(
        table="events",
        key=("event_id",),
        dated_by=("start_on",),
        orders=(Order("start_on", "end_on"),),
        plans_ahead=True,
    ),
):
    """A marketing event: a meeting, webinar, fair or campaign."""

    event_id: Text = required("Event", "Key of the event.")
    name: Text | None = optional("Name", "Name of the event.")
    purposes: Text | None = optional(
        "Purposes", "What it was held for, separated by semicolons.", allowed=PURPOSES, items=True
    )
    format: Text | None = optional("Format", "What kind of event.", allowed=FORMATS)
    hosting: Text | None = optional("Hosting", "Who held it.", allowed=HOSTINGS)
    series: Text | None = optional("Series", "Events held again and again share a series.")
    region: Text | None = optional("Region", "Where it was held.")
    topic: Text | None = optional("Topic", "What it was about.")
    owner: Text | None = optional("Owner", "Who was responsible.")
    start_on: Date = required("Start", "First day.")
    end_on: Date | None = optional("End", "Last day; the first day when missing.")


class EventGoals(
    Contract,
    facts=Facts(
        table="event_goals",
        key=("event_id", "metric"),
        refers_to={"event_id": "events"},
        dated_by=("set_on",),
        reveals=(Reveal(on=("dropped_on",)),),
    ),
):
    """A target of an event. Without `set_on` it counts as set before the event."""

    event_id: Text = required("Event", "Event that it was set for.")
    metric: Text = required("Metric", "What is measured.", allowed=tuple(GOAL_METRICS))
    target: Number = required("Target", "Value to reach, or to keep to for a cost.")
    baseline: Number | None = optional("Baseline", "Value of a comparable earlier event.")
    purpose: Text | None = optional("Purpose", "Purpose that it serves.", allowed=PURPOSES)
    set_on: Date | None = optional("Set", "Day on which it was set.")
    dropped_on: Date | None = optional("Dropped", "Day on which it was given up.")


class EventCosts(
    Contract,
    facts=Facts(
        table="event_costs",
        refers_to={"event_id": "events"},
        reveals=(Reveal(on=("incurred_on",), columns=("actual", "staff_hours")),),
    ),
):
    """A cost item of an event. Staff time is hours times hourly rate, beside `actual`."""

    event_id: Text = required("Event", "Event that it was spent on.")
    item: Text = required("Item", "What it was spent on.")
    planned: Number | None = optional("Planned", "Money planned.", unit="money", at_least=0)
    actual: Number | None = optional("Actual", "Money spent.", unit="money", at_least=0)
    staff_hours: Number | None = optional(
        "Staff hours", "Working time of our people.", unit="hours", at_least=0
    )
    hourly_rate: Number | None = optional(
        "Hourly rate", "Cost of an hour of staff time.", unit="money per hour", at_least=0
    )
    incurred_on: Date | None = optional("Incurred", "Day on which the cost was known.")


class EventContacts(
    Contract,
    facts=Facts(
        table="event_contacts",
        key=("event_id", "account_id", "contact_id"),
        refers_to={"event_id": "events", "account_id": "accounts", "contact_id": "contacts"},
        dated_by=("invited_at", "registered_at", "attended_at", "qualified_at", "followed_up_at"),
        reveals=(
            Reveal(on=("registered_at",)),
            Reveal(on=("attended_at",), columns=("rating",)),
            Reveal(on=("qualified_at",)),
            Reveal(on=("followed_up_at",)),
            Reveal(on=("redeemed_at",), columns=("redemptions",)),
        ),
        orders=(Order("qualified_at", "followed_up_at"),),
    ),
):
    """A person, or an account as a whole, that an event reached.

    Steps may be skipped: walk-in guests attend without registration.
    """

    event_id: Text = required("Event", "Event that reached them.")
    account_id: Text | None = optional("Account", "Account of the person.")
    contact_id: Text | None = optional("Contact", "The person, where known.")
    channel: Text | None = optional("Channel", "Channel of the invitation.")
    invited_at: Timestamp | None = optional("Invited", "When invited.")
    registered_at: Timestamp | None = optional("Registered", "When registered.")
    attended_at: Timestamp | None = optional("Attended", "When attended.")
    qualified_at: Timestamp | None = optional("Qualified", "When found to be a lead.")
    followed_up_at: Timestamp | None = optional("Followed up", "When first spoken to afterwards.")
    redeemed_at: Timestamp | None = optional("Redeemed", "When an offer was first taken up.")
    redemptions: Whole | None = optional("Redemptions", "Offers taken up.", at_least=0)
    rating: Number | None = optional("Rating", "Rating given by the person.", unit="points")
