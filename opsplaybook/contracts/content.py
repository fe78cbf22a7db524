"""What was published, and how it was received."""

from opsplaybook.contracts.base import Contract, Date, Facts, Text, Whole, optional, required


class Content(
    Contract,
    facts=Facts(
        table="content",
        key=("content_id",),
        refers_to={"event_id": "events"},
        dated_by=("published_on",),
    ),
):
    """A published piece."""

    content_id: Text = required("Content", "Key of the piece.")
    channel: Text | None = optional("Channel", "Where it was published.")
    kind: Text | None = optional("Kind", "Article, video, case study, white paper.")
    name: Text | None = optional("Name", "Its title.")
    topic: Text | None = optional("Topic", "What it is about.")
    owner: Text | None = optional("Owner", "Who made it.")
    event_id: Text | None = optional("Event", "Event that it belongs to.")
    published_on: Date = required("Published", "Day of publication.")


class ContentDaily(
    Contract,
    facts=Facts(
        table="content_daily",
        key=("content_id", "day"),
        refers_to={"content_id": "content"},
        dated_by=("day",),
    ),
):
    """The numbers of one piece on one day."""

    content_id: Text = required("Content", "The piece.")
    day: Date = required("Day", "The day.")
    pv: Whole | None = optional("Page views", "Times opened.", at_least=0)
    uv: Whole | None = optional("Unique visitors", "People who opened it.", at_least=0)
    exposure: Whole | None = optional("Exposure", "Times shown.", at_least=0)
    reposts: Whole | None = optional("Reposts", "Times passed on.", at_least=0)
    clicks: Whole | None = optional("Clicks", "Times a link in it was followed.", at_least=0)
    leads: Whole | None = optional("Leads", "Enquiries that came of it.", at_least=0)
