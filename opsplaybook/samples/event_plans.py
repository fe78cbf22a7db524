"""Twelve marketing events over three years, as they were planned.

`selection` says whom an event reaches: the log-odds of an invitation rise by so much per
deviation of recent activity and of company size.

Planted here:

- **EV-09, the one that truly brings deals**: for each company that attends, the probability of
  a new deal (new or upsell) opened within 90 days is raised by 0.20 (see `events`).
- **EV-07, whose attendees would have bought anyway**: account managers invite the most active
  and largest companies; the event itself does nothing.
- **EV-08, that missed its lead goal because of one channel**: of the partner channel's
  registrations 0.15 attended instead of the usual 0.62 (see `events`).

All other events do nothing. In the null company no event does anything, no channel fails, and
EV-07 still selects the active and large.
"""

from dataclasses import dataclass, field

CHANNELS = ("email", "phone", "partner", "social", "website")
REGISTRATION_RATES = (0.45, 0.58, 0.55, 0.36, 0.62)
ATTENDANCE_RATES = (0.60, 0.68, 0.62, 0.50, 0.60)
QUALIFICATION_RATES = (0.40, 0.45, 0.40, 0.30, 0.45)

LIFTING_EVENT = "EV-09"
SELECTING_EVENT = "EV-07"
MISSING_EVENT = "EV-08"
LIFT = 0.20
LIFT_DAYS = 90
FAILED_CHANNEL = "partner"
FAILED_ATTENDANCE_RATE = 0.15


@dataclass(frozen=True, slots=True)
class Goal:
    """A target: a metric, how far above or below the usual, when it was set or dropped.

    Attributes
    ----------
    metric, purpose : str
    factor : float
        Target over what is usual for such an event.
    set_day, dropped_day : int, optional
        Days relative to the start of the event; `None`: nothing is recorded.
    """

    metric: str
    purpose: str
    factor: float = 1.0
    set_day: int | None = -45
    dropped_day: int | None = None


@dataclass(frozen=True, slots=True)
class EventPlan:
    """An event as planned.

    Attributes
    ----------
    event_id, name, purposes, format, hosting, series, region, topic, start : str
    days : int
        Length.
    invitation_odds : float
        Log-odds that a usual company is invited.
    selection : tuple of float
        What is added per deviation of recent activity, of company size.
    largest_share : float
        Share of the most active and largest that is invited: seats are few.
    contact_share : float
        Share of the people of an invited company that are invited.
    channels : tuple of float
        Shares of `CHANNELS` in the invitations.
    goals : tuple of Goal
    """

    event_id: str
    name: str
    purposes: str
    format: str
    hosting: str
    start: str
    series: str
    region: str
    topic: str
    days: int = 1
    invitation_odds: float = -0.6
    selection: tuple[float, float] = (0.2, 0.1)
    largest_share: float = 1.0
    contact_share: float = 0.5
    channels: tuple[float, ...] = (0.45, 0.20, 0.15, 0.10, 0.10)
    goals: tuple[Goal, ...] = field(default=())


_WEBINAR_CHANNELS = (0.30, 0.05, 0.40, 0.15, 0.10)
_FAIR_GOALS = (
    Goal("leads", "acquisition", 0.95),
    Goal("attendees", "promotion", 1.0),
    Goal("new_accounts", "acquisition", 1.1),
    Goal("cost", "acquisition", 1.0),
    Goal("pipeline_value", "acquisition", 1.2),
)
_WEBINAR_GOALS = (
    Goal("registrations", "promotion", 0.95),
    Goal("attendees", "promotion", 1.0),
    Goal("leads", "acquisition", 0.9),
    Goal("follow_up_share", "acquisition", 1.0, set_day=5),
)
_FORUM_GOALS = (
    Goal("attended_accounts", "conversion", 0.95),
    Goal("decision_maker_share", "conversion", 1.0),
    Goal("tier_sa_share", "conversion", 1.0),
    Goal("qualified_opportunities", "conversion", 1.0),
    Goal("closed_revenue", "conversion", 0.8, set_day=12),
    Goal("satisfaction", "promotion", 1.0, dropped_day=-7),
)
_CAMPAIGN_GOALS = (
    Goal("invited", "acquisition", 1.0, set_day=None),
    Goal("leads", "acquisition", 1.05, set_day=None),
    Goal("cost_per_lead", "acquisition", 1.0, dropped_day=10),
)


def _fair(event_id: str, year: int, start: str) -> EventPlan:
    return EventPlan(
        event_id,
        f"Industry Fair {year}",
        "acquisition;promotion",
        "fair",
        "third party",
        start,
        "Industry Fair",
        "Central",
        "Operations in practice",
        days=3,
        channels=(0.40, 0.25, 0.10, 0.10, 0.15),
        goals=_FAIR_GOALS,
    )


def _webinar(event_id: str, name: str, start: str, lead_factor: float = 0.9) -> EventPlan:
    goals = tuple(
        Goal("leads", "acquisition", lead_factor) if goal.metric == "leads" else goal
        for goal in _WEBINAR_GOALS
    )
    return EventPlan(
        event_id,
        f"Product Webinar: {name}",
        "acquisition;promotion",
        "webinar",
        "joint",
        start,
        "Product Webinar",
        "All",
        name,
        invitation_odds=-0.2,
        contact_share=0.5,
        channels=_WEBINAR_CHANNELS,
        goals=goals,
    )


def _campaign(event_id: str, name: str, start: str) -> EventPlan:
    return EventPlan(
        event_id,
        name,
        "acquisition",
        "campaign",
        "own",
        start,
        "Year-end Campaign",
        "All",
        "Planning the next year",
        days=14,
        invitation_odds=0.0,
        channels=(0.60, 0.0, 0.10, 0.20, 0.10),
        goals=_CAMPAIGN_GOALS,
    )


def _forum(event_id: str, name: str, start: str, series: str = "Customer Forum") -> EventPlan:
    return EventPlan(
        event_id,
        name,
        "promotion;conversion",
        "meeting",
        "own",
        start,
        series,
        "North",
        "What customers have built",
        invitation_odds=-0.3,
        goals=_FORUM_GOALS,
    )


def _leaders_dinner() -> EventPlan:
    return EventPlan(
        SELECTING_EVENT,
        "Leaders Dinner 2025",
        "conversion",
        "meeting",
        "own",
        "2025-02-11",
        "Leaders Dinner",
        "Central",
        "Plans of the largest customers",
        invitation_odds=-1.0,
        selection=(1.7, 1.0),
        largest_share=0.75,
        contact_share=0.9,
        channels=(0.20, 0.70, 0.05, 0.0, 0.05),
        goals=_FORUM_GOALS,
    )


EVENT_PLANS: tuple[EventPlan, ...] = (
    _fair("EV-01", 2023, "2023-10-10"),
    _webinar("EV-02", "Connecting your data", "2023-12-06"),
    _forum("EV-03", "Customer Forum 2024", "2024-03-12"),
    _webinar("EV-04", "Reports people read", "2024-05-15"),
    _fair("EV-05", 2024, "2024-09-17"),
    _campaign("EV-06", "Year-end Campaign 2024", "2024-11-18"),
    _leaders_dinner(),
    _webinar(MISSING_EVENT, "Planning with live numbers", "2025-05-14", lead_factor=1.0),
    _forum(LIFTING_EVENT, "Hands-on Days 2025", "2025-09-16", series="Hands-on Days"),
    _campaign("EV-10", "Year-end Campaign 2025", "2025-11-17"),
    _fair("EV-11", 2026, "2026-03-10"),
    _webinar("EV-12", "What is new in 5.1", "2026-05-20"),
)
"""All events, in order of their start."""
