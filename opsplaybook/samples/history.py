"""Three years, month by month: use, deals, events, renewals, in the order in which they happen.

What happens in a month depends on what happened before it, and on nothing else; each step
handles all companies at once.
"""

from dataclasses import dataclass

import numpy as np

from opsplaybook.samples import events, renewals
from opsplaybook.samples.clock import MONTHS, day_of, first_day, month_of
from opsplaybook.samples.columns import generator
from opsplaybook.samples.event_plans import EVENT_PLANS, LIFTING_EVENT, EventPlan
from opsplaybook.samples.events import Guests
from opsplaybook.samples.market import Market
from opsplaybook.samples.onboarding import Onboarding
from opsplaybook.samples.people import People
from opsplaybook.samples.pipeline import NEW, UPSELL, Pipeline, monthly_rate
from opsplaybook.samples.terms import Book, Terms
from opsplaybook.samples.usage import Levels, Log, activity_score

_LATE_RENEWALS = 0.10
_LATEST_RENEWAL_DAYS = 25
_EVENT_MONTHS = month_of(np.array([day_of(plan.start) for plan in EVENT_PLANS]))


@dataclass(frozen=True, slots=True)
class History:
    """What happened.

    Attributes
    ----------
    log : Log
        Rows of activity per company and day.
    customer_months : ndarray of bool, shape (companies, months)
    terms : Terms
        All terms of contracts.
    deals : dict of str to ndarray
        All deals but renewals.
    tagged_event : ndarray of int
        Number of the event in `EVENT_PLANS` that each deal carries, or -1.
    guests : tuple of Guests
        Of each event in `EVENT_PLANS`.
    """

    log: Log
    customer_months: np.ndarray
    terms: Terms
    deals: dict[str, np.ndarray]
    tagged_event: np.ndarray
    guests: tuple[Guests, ...]


class _Simulation:
    """The state of the world between two steps."""

    def __init__(
        self,
        market: Market,
        people: People,
        onboarding: Onboarding,
        levels: Levels,
        *,
        seed: int,
        null: bool,
    ) -> None:
        self.market = market
        self.people = people
        self.levels = levels
        self.null = null
        self.everyone = np.arange(market.size)
        self.random = {
            topic: generator(seed, f"history {topic}")
            for topic in ("use", "deals", "events", "renewals", "terms", "tags")
        }
        self.log = Log(onboarding.daily_rows(market.size))
        self.book = Book(self.random["terms"], market, null=null)
        self.pipeline = Pipeline(self.random["deals"])
        self.customer_months = np.zeros((market.size, MONTHS), dtype=bool)
        self.guests: list[Guests] = []

    def use_product(self, month: int) -> None:
        is_customer = self.book.is_customer(month)
        self.customer_months[:, month] = is_customer
        as_customer, as_prospect = self.levels.as_customer, self.levels.as_prospect
        per_day = np.where(is_customer, as_customer[:, month], as_prospect[:, month])
        self.log.write(self.random["use"], month, per_day)

    def rate(self, day: int) -> np.ndarray:
        """Deals expected in a month without events, as of a day."""
        is_customer = self.book.is_customer(int(month_of(day)))
        return monthly_rate(self.market, self.score(day), is_customer, null=self.null)

    def score(self, day: int) -> np.ndarray:
        recent = self.log.recent(self.everyone, np.full(self.market.size, day))
        return activity_score(recent, self.book.is_customer(int(month_of(day))))

    def open_deals(self, month: int) -> None:
        rng = self.random["deals"]
        begin, end = (int(day) for day in first_day(np.array([month, month + 1])))
        chance = -np.expm1(-self.rate(begin))
        opens = (rng.random(self.market.size) < chance) & (self.market.known_from <= begin)
        accounts = np.flatnonzero(opens)
        opened = rng.integers(begin, end, len(accounts))
        self._open(accounts, opened, month)

    def hold_events(self, month: int) -> None:
        for number in np.flatnonzero(month == _EVENT_MONTHS):
            plan = EVENT_PLANS[number]
            rng = self.random["events"]
            invited = events.invitations(rng, plan, self.market, self.score(day_of(plan.start)))
            guests = events.hold(rng, plan, self.people, invited, null=self.null)
            self.guests.append(guests)
            if plan.event_id == LIFTING_EVENT and not self.null:
                self._lift(int(number), plan, guests)

    def decide_renewals(self, month: int) -> None:
        rng = self.random["renewals"]
        accounts = self.book.deciding(month)
        end = first_day(self.book.paid_until[accounts] + 1) - 1
        notice = self.book.notice_day(accounts)
        risks = renewals.Risks(
            self.people.lost_decision_maker(accounts, notice),
            self.log.falling(accounts, notice),
            renewals.attacked(end),
        )
        leaves = rng.random(len(accounts)) < renewals.loss_probability(risks, null=self.null)
        leaves &= self.null | ~self.market.key_account[accounts]
        reason = renewals.loss_reasons(rng, risks, null=self.null)
        attacked = risks.attacked & (not self.null)
        competitor = renewals.competitors(rng, reason, attacked)
        decided = self._decision_days(rng, notice, end, leaves)
        self.book.lose(accounts[leaves], decided[leaves], reason[leaves], competitor[leaves])
        self.book.renew(accounts[~leaves], decided[~leaves])

    def close_deals(self, month: int) -> None:
        given_notice = self.book.leaving & self.book.is_customer(month)
        won = self.pipeline.close(month, given_notice)
        self.book.sell(month, won["account"], won["closed"], won["value"])

    def _open(
        self,
        accounts: np.ndarray,
        opened: np.ndarray,
        month: int,
        *,
        contact: np.ndarray | None = None,
        event: int = -1,
    ) -> None:
        is_customer = self.book.is_customer(month)[accounts]
        value = np.where(is_customer, self.book.value_of(accounts, 1), self.book.value_of(accounts))
        kind = np.where(is_customer, UPSELL, NEW)
        self.pipeline.open(accounts, opened, kind, value, contact=contact, event=event)

    def _lift(self, number: int, plan: EventPlan, guests: Guests) -> None:
        rng, start = self.random["events"], day_of(plan.start)
        came = guests.attended_accounts
        anyway = -np.expm1(-3 * self.rate(start)[came])
        accounts = came[events.lifted(rng, anyway)]
        opened = events.lifted_days(rng, start, len(accounts))
        contact = guests.first_attendee(accounts)
        self._open(accounts, opened, int(month_of(start)), contact=contact, event=number)

    @staticmethod
    def _decision_days(
        rng: np.random.Generator, notice: np.ndarray, end: np.ndarray, leaves: np.ndarray
    ) -> np.ndarray:
        """Decisions fall between notice date and end; some renewals are late."""
        share = rng.random(len(notice))
        decided = notice + np.floor(share * (end - notice)).astype(np.int64)
        late = (rng.random(len(notice)) < _LATE_RENEWALS) & ~leaves
        return np.where(late, end + rng.integers(1, _LATEST_RENEWAL_DAYS, len(notice)), decided)


def live(
    market: Market,
    people: People,
    onboarding: Onboarding,
    levels: Levels,
    *,
    seed: int,
    null: bool,
) -> History:
    """Let three years go by."""
    world = _Simulation(market, people, onboarding, levels, seed=seed, null=null)
    for month in range(MONTHS):
        world.use_product(month)
        world.open_deals(month)
        world.hold_events(month)
        world.decide_renewals(month)
        world.close_deals(month)
    deals = world.pipeline.deals()
    return History(
        log=world.log,
        customer_months=world.customer_months,
        terms=world.book.terms(),
        deals=deals,
        tagged_event=_tags(world.random["tags"], deals, tuple(world.guests)),
        guests=tuple(world.guests),
    )


def _tags(
    rng: np.random.Generator, deals: dict[str, np.ndarray], guests: tuple[Guests, ...]
) -> np.ndarray:
    tagged = deals["caused_by"].copy()
    for number, plan in enumerate(EVENT_PLANS):
        came = guests[number].attended_accounts
        hit = events.tag(rng, day_of(plan.start), came, deals)
        tagged = np.where(hit & (tagged == -1), number, tagged)
    return tagged
