"""Deals: when they are opened, and what becomes of them.

A company opens a deal with a rate of its own: the chance of one within 90 days is about 0.065
for a prospect and 0.10 for a customer of usual size and activity, and rises by a factor of
exp(1.0) per deviation of recent activity and of exp(0.6) per deviation of company size. So the
active and the large would have bought anyway: what misleads a naive reading of an event. In the
null company the rate is the same for all.
"""

import numpy as np

from opsplaybook.samples.clock import month_of
from opsplaybook.samples.market import Market

KINDS = ("new", "upsell", "renewal")
NEW, UPSELL, RENEWAL = range(3)
ACTIVITY_SLOPE = 1.0
SIZE_SLOPE = 0.6
WIN_RATES = (0.22, 0.32)
CAUSED_WIN_RATE = 0.45

_PROSPECT_CHANCE = 0.065
_CUSTOMER_CHANCE = 0.10
_CHANCE_DAYS = 90
_MONTH_DAYS = 365.25 / 12
_CYCLE_MEDIAN_DAYS = 45.0
_CYCLE_SPREAD = 0.6
_SHORTEST_CYCLE_DAYS = 7
_NONE = -1


def monthly_rate(
    market: Market, activity_score: np.ndarray, is_customer: np.ndarray, *, null: bool
) -> np.ndarray:
    """Compute the new deals expected of each company in a month, without any event."""
    chance = np.where(is_customer, _CUSTOMER_CHANCE, _PROSPECT_CHANCE)
    usual = -np.log1p(-chance) * _MONTH_DAYS / _CHANCE_DAYS
    if null:
        return usual * np.exp((ACTIVITY_SLOPE**2 + SIZE_SLOPE**2) / 2)
    return usual * np.exp(ACTIVITY_SLOPE * activity_score + SIZE_SLOPE * market.size_score)


class Pipeline:
    """Deals, opened and closed while the months go by."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._chunks: list[dict[str, np.ndarray]] = []

    def open(
        self,
        accounts: np.ndarray,
        opened: np.ndarray,
        kind: np.ndarray,
        value: np.ndarray,
        *,
        contact: np.ndarray | None = None,
        event: int = _NONE,
    ) -> None:
        """Open deals; those with an event were caused by it."""
        rng, count = self._rng, len(accounts)
        cycle = _CYCLE_MEDIAN_DAYS * np.exp(_CYCLE_SPREAD * rng.normal(size=count))
        chance = np.array(WIN_RATES)[kind] if event == _NONE else CAUSED_WIN_RATE
        self._chunks.append(
            {
                "account": accounts,
                "kind": kind,
                "opened": opened,
                "closed": opened + _SHORTEST_CYCLE_DAYS + np.round(cycle).astype(np.int64),
                "won": rng.random(count) < chance,
                "value": value,
                "contact": np.full(count, _NONE) if contact is None else contact,
                "caused_by": np.full(count, event),
            }
        )

    def close(self, month: int, given_notice: np.ndarray) -> dict[str, np.ndarray]:
        """Close the deals of a month; deals with customers that have given notice are lost.

        Returns
        -------
        dict of str to ndarray
            The deals that were won, in order of closing.
        """
        won = []
        for chunk in self._chunks:
            now = month_of(chunk["closed"]) == month
            chunk["won"] = chunk["won"] & ~(now & given_notice[chunk["account"]])
            won.append({name: values[now & chunk["won"]] for name, values in chunk.items()})
        deals = {name: np.concatenate([part[name] for part in won]) for name in won[0]}
        order = np.argsort(deals["closed"], kind="stable")
        deals = {name: values[order] for name, values in deals.items()}
        _, first = np.unique(deals["account"], return_index=True)
        return {name: values[np.sort(first)] for name, values in deals.items()}

    def deals(self) -> dict[str, np.ndarray]:
        """All deals, in order of opening."""
        names = self._chunks[0]
        stacked = {name: np.concatenate([c[name] for c in self._chunks]) for name in names}
        order = np.argsort(stacked["opened"], kind="stable")
        return {name: values[order] for name, values in stacked.items()}
