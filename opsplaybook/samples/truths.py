"""The planted truths as values, for tests to compare with what a playbook finds.

In the null company effects are 0, ratios are 1, and names of what carries an effect are empty.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventTruths:
    """What the events really did.

    Attributes
    ----------
    lifting_event : str
        The event that truly brings deals.
    lift : float
        By how much it raises the probability that an attending account opens a new deal (new or
        upsell) within `lift_days`.
    lift_days : int
    realised_lift : float
        Share of the attending accounts that opened a deal because of it and would not have
        opened another one: what `lift` came to in this company.
    caused_opportunities : tuple of str
        The deals that exist because of it.
    caused_deals : int
        Those of them that are won.
    selecting_event : str
        The event whose attendees would have bought anyway: its effect is 0.
    missing_event : str
        The event that missed its lead goal because of one channel.
    failed_channel : str
    usual_attendance_rate, failed_attendance_rate : float
        Of the registrations of that channel: as always, and at that event.
    """

    lifting_event: str
    lift: float
    lift_days: int
    realised_lift: float
    caused_opportunities: tuple[str, ...]
    caused_deals: int
    selecting_event: str
    missing_event: str
    failed_channel: str
    usual_attendance_rate: float
    failed_attendance_rate: float


@dataclass(frozen=True, slots=True)
class ValueTruths:
    """What drives the value of a customer.

    Attributes
    ----------
    drivers : dict of str to float
        Column of accounts to its effect on the logarithm of the annual value: per standard
        deviation (of the logarithm of `employees` and `growth_potential`), or per step of
        `demand_type`. In order of strength.
    correlated : tuple of str
        The two drivers that are correlated.
    correlation : float
    idle : tuple of str
        Columns of accounts that look like drivers and do nothing.
    strategic_accounts : tuple of str
    """

    drivers: dict[str, float]
    correlated: tuple[str, ...]
    correlation: float
    idle: tuple[str, ...]
    strategic_accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RenewalTruths:
    """What makes customers leave: ratios of a discrete-time hazard per decision.

    Attributes
    ----------
    base_loss_probability : float
    lost_decision_maker : float
        A decision maker left in the 365 days up to the notice date.
    falling_use : float
        90 days before the notice date bring at most 0.6 of the rows of the 90 days before.
    price_attack : float
        For terms that end in the quarter of `attack_days`.
    attack_days : tuple of str
        First and last day.
    attacker : str
    deciding_accounts : tuple of str
        The three whose contracts decide the third quarter of 2026.
    """

    base_loss_probability: float
    lost_decision_maker: float
    falling_use: float
    price_attack: float
    attack_days: tuple[str, ...]
    attacker: str
    deciding_accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FunnelTruths:
    """How new users go through their first steps.

    Attributes
    ----------
    steps : tuple of str
        Actions, in order.
    release_on : str
    connect_rates_before, connect_rates_after : dict of str to float
        From the first to the second step, by segment, before and from the release.
    guided_share_before, guided_share_after : float
        Mix of the segments.
    create_rate, share_rate : float
        Of the later steps.
    colleague_rate : float
        Of those who do not connect data themselves, share for whom a colleague does.
    """

    steps: tuple[str, ...]
    release_on: str
    connect_rates_before: dict[str, float]
    connect_rates_after: dict[str, float]
    guided_share_before: float
    guided_share_after: float
    create_rate: float
    share_rate: float
    colleague_rate: float


@dataclass(frozen=True, slots=True)
class ExperimentTruth:
    """What one experiment really does.

    Attributes
    ----------
    experiment_id : str
    verdict : {"effect", "null", "mismatch", "one account", "guardrail"}
    effects : dict of str to float
        Action to the relative change of its rows.
    deciding_account : str
        The account that decides it, else empty.
    lost_share : float
        Share of the treatment arm that was never recorded.
    """

    experiment_id: str
    verdict: str
    effects: dict[str, float]
    deciding_account: str = ""
    lost_share: float = 0.0


@dataclass(frozen=True, slots=True)
class OtherTruths:
    """One truth for each table of playbooks to come.

    Attributes
    ----------
    slow_topic, slow_since : str
        Tickets on this topic take `slow_ratio` times as long from that day.
    slow_ratio : float
    asked_topic, asked_since : str
        Requirements on this topic grow from one share to the other on that day.
    asked_share_before, asked_share_after : float
    slow_step : str
        Step of the signing process that takes `slow_step_median_hours`.
    slow_step_median_hours : float
    dear_channel : str
        Leads of this channel cost `dear_ratio` times what they cost elsewhere.
    dear_ratio : float
    leading_kind : str
        Clicks on content of this kind become leads at `leading_rate`, others at `lead_rate`.
    lead_rate, leading_rate : float
    pass_rates : dict of str to float
        Of trained people, by stage.
    """

    slow_topic: str
    slow_since: str
    slow_ratio: float
    asked_topic: str
    asked_since: str
    asked_share_before: float
    asked_share_after: float
    slow_step: str
    slow_step_median_hours: float
    dear_channel: str
    dear_ratio: float
    leading_kind: str
    lead_rate: float
    leading_rate: float
    pass_rates: dict[str, float]


@dataclass(frozen=True, slots=True)
class Truths:
    """Everything that was planted."""

    events: EventTruths
    value: ValueTruths
    renewals: RenewalTruths
    funnel: FunnelTruths
    experiments: tuple[ExperimentTruth, ...]
    others: OtherTruths
