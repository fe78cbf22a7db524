"""Collect the planted truths from the modules that plant them."""

import numpy as np
import pandas as pd

from opsplaybook.samples import event_plans, experiments, marketing, onboarding, renewals, service
from opsplaybook.samples import market as value
from opsplaybook.samples.clock import day_of
from opsplaybook.samples.history import History
from opsplaybook.samples.ids import Ids
from opsplaybook.samples.market import Market
from opsplaybook.samples.truths import (
    EventTruths,
    ExperimentTruth,
    FunnelTruths,
    OtherTruths,
    RenewalTruths,
    Truths,
    ValueTruths,
)

_VERDICTS = {
    "X-01": "effect",
    "X-02": "null",
    "X-03": "mismatch",
    "X-04": "one account",
    "X-05": "guardrail",
}


def collect(
    market: Market,
    history: History,
    ids: Ids,
    *,
    caused: pd.DataFrame,
    deciding_account: int,
    null: bool,
) -> Truths:
    """State what was planted.

    Parameters
    ----------
    market : Market
    history : History
    ids : Ids
    caused : DataFrame
        The opportunities that an event caused.
    deciding_account : int
        Number of the account that decides one experiment.
    null : bool
    """
    return Truths(
        events=_events(history, caused, null=null),
        value=_value(market, ids, null=null),
        renewals=_renewals(market, ids, null=null),
        funnel=_funnel(null=null),
        experiments=_experiments(ids, deciding_account, null=null),
        others=_others(null=null),
    )


def _events(history: History, caused: pd.DataFrame, *, null: bool) -> EventTruths:
    plans = event_plans
    channel = plans.CHANNELS.index(plans.FAILED_CHANNEL)
    usual = plans.ATTENDANCE_RATES[channel]
    return EventTruths(
        lifting_event="" if null else plans.LIFTING_EVENT,
        lift=0.0 if null else plans.LIFT,
        lift_days=plans.LIFT_DAYS,
        realised_lift=_realised_lift(history),
        caused_opportunities=tuple(caused["opportunity_id"]),
        caused_deals=int((caused["outcome"] == "won").sum()),
        selecting_event=plans.SELECTING_EVENT,
        missing_event="" if null else plans.MISSING_EVENT,
        failed_channel="" if null else plans.FAILED_CHANNEL,
        usual_attendance_rate=usual,
        failed_attendance_rate=usual if null else plans.FAILED_ATTENDANCE_RATE,
    )


def _realised_lift(history: History) -> float:
    """Share of attending accounts with a caused deal in the window, and no other."""
    numbers = [plan.event_id for plan in event_plans.EVENT_PLANS]
    number = numbers.index(event_plans.LIFTING_EVENT)
    start = day_of(event_plans.EVENT_PLANS[number].start)
    deals, came = history.deals, history.guests[number].attended_accounts
    within = (deals["opened"] >= start) & (deals["opened"] <= start + event_plans.LIFT_DAYS)
    is_caused = deals["caused_by"] == number
    anyway = np.isin(came, deals["account"][within & ~is_caused])
    because = np.isin(came, deals["account"][within & is_caused])
    return float((because & ~anyway).mean())


def _value(market: Market, ids: Ids, *, null: bool) -> ValueTruths:
    drivers = {
        "employees": value.SIZE_EFFECT,
        "growth_potential": value.GROWTH_EFFECT,
        "demand_type": value.DEMAND_EFFECT,
    }
    idle = ("influence", "brand")
    return ValueTruths(
        drivers={} if null else drivers,
        correlated=("employees", "growth_potential"),
        correlation=value.SIZE_GROWTH_CORRELATION,
        idle=(*drivers, *idle) if null else idle,
        strategic_accounts=_keys(ids, market.strategic),
    )


def _renewals(market: Market, ids: Ids, *, null: bool) -> RenewalTruths:
    first, last = renewals.PRICE_ATTACK_FIRST, renewals.PRICE_ATTACK_LAST
    return RenewalTruths(
        base_loss_probability=renewals.BASE_LOSS_PROBABILITY,
        lost_decision_maker=1.0 if null else renewals.LOST_DECISION_MAKER_RATIO,
        falling_use=1.0 if null else renewals.FALLING_USE_RATIO,
        price_attack=1.0 if null else renewals.PRICE_ATTACK_RATIO,
        attack_days=() if null else (first, last),
        attacker="" if null else renewals.ATTACKER,
        deciding_accounts=() if null else _keys(ids, market.key_account),
    )


def _funnel(*, null: bool) -> FunnelTruths:
    before = dict(zip(onboarding.SEGMENTS, onboarding.CONNECT_RATES_BEFORE, strict=True))
    after = dict(zip(onboarding.SEGMENTS, onboarding.CONNECT_RATES_AFTER, strict=True))
    share = onboarding.GUIDED_SHARE_BEFORE
    return FunnelTruths(
        steps=onboarding.STEPS,
        release_on=onboarding.RELEASE_DATE,
        connect_rates_before=before,
        connect_rates_after=before if null else after,
        guided_share_before=share,
        guided_share_after=share if null else onboarding.GUIDED_SHARE_AFTER,
        create_rate=onboarding.CREATE_RATE,
        share_rate=onboarding.SHARE_RATE,
        colleague_rate=onboarding.COLLEAGUE_RATE,
    )


def _experiments(ids: Ids, deciding: int, *, null: bool) -> tuple[ExperimentTruth, ...]:
    plans = experiments.EXPERIMENT_PLANS
    if null:
        return tuple(ExperimentTruth(plan.experiment_id, "null", {}) for plan in plans)
    account = ids.account[deciding].as_py()
    return tuple(
        ExperimentTruth(
            key,
            _VERDICTS[key],
            dict(plan.effects),
            deciding_account=account if key == experiments.DECIDED_BY_ONE else "",
            lost_share=experiments.LOST_SHARE if key == experiments.MISMATCHED else 0.0,
        )
        for plan in plans
        for key in (plan.experiment_id,)
    )


def _others(*, null: bool) -> OtherTruths:
    usual_pass_rates = dict.fromkeys(service.PASS_RATES, service.PASS_RATES["during"])
    before = service.ASKED_SHARE_BEFORE
    return OtherTruths(
        slow_topic=service.SLOW_TOPIC,
        slow_since=service.SLOW_SINCE,
        slow_ratio=1.0 if null else service.SLOW_RATIO,
        asked_topic=service.ASKED_TOPIC,
        asked_since=service.ASKED_SINCE,
        asked_share_before=before,
        asked_share_after=before if null else service.ASKED_SHARE_AFTER,
        slow_step=service.SLOW_STEP,
        slow_step_median_hours=service.USUAL_STEP_MEDIAN_HOURS
        if null
        else service.SLOW_STEP_MEDIAN_HOURS,
        dear_channel=marketing.DEAR_CHANNEL,
        dear_ratio=1.0 if null else marketing.DEAR_RATIO,
        leading_kind=marketing.LEADING_KIND,
        lead_rate=marketing.LEAD_RATE,
        leading_rate=marketing.LEAD_RATE if null else marketing.LEADING_RATE,
        pass_rates=usual_pass_rates if null else dict(service.PASS_RATES),
    )


def _keys(ids: Ids, chosen: np.ndarray) -> tuple[str, ...]:
    return tuple(ids.account[int(number)].as_py() for number in np.flatnonzero(chosen))
