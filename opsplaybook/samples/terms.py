"""The book of contracts: terms that begin, are renewed, or end.

A term runs from the first of a month to the end of a month; all terms of an account end
together, so that it decides once. Terms of one product of one account never overlap, and the
renewed value of a term is the annual value of the next.

Planted here: at a renewal the value grows by 3%, and by 6% more per standard deviation of
growth potential. In the null company every term has a value of its own, all terms are annual,
and nothing lasts.
"""

from dataclasses import dataclass

import numpy as np

from opsplaybook.samples.clock import UNKNOWN, first_day
from opsplaybook.samples.market import Market

PRODUCTS = ("Core", "Insight", "Connect")
OUTCOMES = ("open", "renewed", "lost")
OPEN, RENEWED, LOST = range(3)
RENEWAL_GROWTH = 0.03
RENEWAL_GROWTH_PER_SCORE = 0.06

_RENEWAL_SPREAD = 0.12
_ADD_ON_SHARE = 0.25
_NOTICE_DAYS = (30, 60, 90)
_TERM_MONTHS = (12, 24)
_TERM_SHARES = (0.85, 0.15)
_KEY_END_MONTH = 37  # August 2026
_KEY_NOTICE_DAYS = 60
_NONE = -1


@dataclass(frozen=True, slots=True)
class Terms:
    """All terms; arrays have one entry per term.

    Attributes
    ----------
    account, product, renews : ndarray of int
        Company; code of `PRODUCTS`; number of the term that it follows, or -1.
    start_month, end_month, signed, notice_days : ndarray of int
    value : ndarray of float
        Annual value.
    outcome, decided, reason, competitor : ndarray of int
    renewed_value : ndarray of float
    """

    account: np.ndarray
    product: np.ndarray
    renews: np.ndarray
    start_month: np.ndarray
    end_month: np.ndarray
    signed: np.ndarray
    notice_days: np.ndarray
    value: np.ndarray
    outcome: np.ndarray
    decided: np.ndarray
    reason: np.ndarray
    competitor: np.ndarray
    renewed_value: np.ndarray

    @property
    def start_day(self) -> np.ndarray:
        """First day of each term."""
        return first_day(self.start_month)

    @property
    def end_day(self) -> np.ndarray:
        """Last day of each term."""
        return first_day(self.end_month + 1) - 1


class Book:
    """State of all contracts while the months go by.

    Parameters
    ----------
    rng : Generator
    market : Market
    null : bool
    """

    def __init__(self, rng: np.random.Generator, market: Market, *, null: bool) -> None:
        self._rng = rng
        self._market = market
        self._null = null
        size = market.size
        self.paid_from = np.full(size, _NONE)
        self.paid_until = np.full(size, _NONE - 1)
        self.leaving = np.zeros(size, dtype=bool)
        self.notice_days = rng.choice(_NOTICE_DAYS, size=size, p=(0.4, 0.35, 0.25))
        self.notice_days[market.key_account & (not null)] = _KEY_NOTICE_DAYS
        self._months = rng.choice(_TERM_MONTHS, size=size, p=_TERM_SHARES)
        self._months[market.key_account | null] = _TERM_MONTHS[0]
        self._value = np.zeros((size, len(PRODUCTS)))
        self._row = np.full((size, len(PRODUCTS)), _NONE)
        self._uplift = np.zeros(size)
        self._terms: list[dict[str, np.ndarray]] = []
        self._decisions: list[dict[str, np.ndarray]] = []
        self._rows = 0
        self._begin()

    def is_customer(self, month: int) -> np.ndarray:
        """Tell who has a contract in a month."""
        return (self.paid_from <= month) & (month <= self.paid_until)

    def notice_day(self, accounts: np.ndarray) -> np.ndarray:
        """Day by which each account must have decided."""
        return first_day(self.paid_until[accounts] + 1) - 1 - self.notice_days[accounts]

    def deciding(self, month: int) -> np.ndarray:
        """List the accounts whose notice date lies in a month (or before, undecided)."""
        accounts = np.flatnonzero(self.is_customer(month) & ~self.leaving)
        return accounts[self.notice_day(accounts) < first_day(month + 1)]

    def value_of(self, accounts: np.ndarray, product: int = 0) -> np.ndarray:
        """Draw the annual value of a new contract."""
        if self._null:
            log_value = np.median(self._market.log_value) + self._rng.normal(0, 1, len(accounts))
        else:
            log_value = self._market.log_value[accounts]
        share = 1.0 if product == 0 else _ADD_ON_SHARE
        return _rounded(share * np.exp(log_value))

    def renew(self, accounts: np.ndarray, decided: np.ndarray) -> None:
        """Renew all products of accounts for another term."""
        start = self.paid_until[accounts] + 1
        self.paid_until[accounts] = start + self._months[accounts] - 1
        for product in range(len(PRODUCTS)):
            held = self._row[accounts, product] != _NONE
            chosen = accounts[held]
            value = self._renewed_value(chosen, product)
            self._decide(chosen, product, RENEWED, decided[held], value)
            rows = self._row[chosen, product]
            self._open(chosen, product, start[held], decided[held], value, rows)
        self._uplift[accounts] = 0

    def lose(
        self,
        accounts: np.ndarray,
        decided: np.ndarray,
        reason: np.ndarray,
        competitor: np.ndarray,
    ) -> None:
        """Let accounts go when their terms end."""
        self.leaving[accounts] = True
        for product in range(len(PRODUCTS)):
            held = self._row[accounts, product] != _NONE
            chosen = accounts[held]
            why = {"reason": reason[held], "competitor": competitor[held]}
            self._decide(chosen, product, LOST, decided[held], np.full(len(chosen), np.nan), why)
            self._row[chosen, product] = _NONE

    def sell(self, month: int, accounts: np.ndarray, signed: np.ndarray, value: np.ndarray) -> None:
        """Begin the contracts that deals brought, in the month after their closing.

        A company without a contract gets the core product, a customer the next product that it
        lacks; a customer that has all of them pays more from its next renewal on.
        """
        start = np.full(len(accounts), month + 1)
        new = ~self.is_customer(month + 1)[accounts]
        core = accounts[new]
        self.paid_from[core] = month + 1
        self.paid_until[core] = month + self._months[core]
        self.leaving[core] = False
        self._open(core, 0, start[new], signed[new], value[new], np.full(len(core), _NONE))
        left = ~new
        for product in range(1, len(PRODUCTS)):
            fits = left & (self._row[accounts, product] == _NONE)
            nothing = np.full(int(fits.sum()), _NONE)
            self._open(accounts[fits], product, start[fits], signed[fits], value[fits], nothing)
            left = left & ~fits
        self._uplift[accounts[left]] += value[left]

    def terms(self) -> Terms:
        """Close the book."""
        columns = _stacked(self._terms)
        decided = _stacked(self._decisions)
        results = {
            "outcome": np.full(self._rows, OPEN),
            "decided": np.full(self._rows, UNKNOWN),
            "renewed_value": np.full(self._rows, np.nan),
            "reason": np.full(self._rows, _NONE),
            "competitor": np.full(self._rows, _NONE),
        }
        for name, values in results.items():
            values[decided["row"]] = decided[name]
        return Terms(**columns, **results)

    def _begin(self) -> None:
        """Draw the terms that run on the first day."""
        accounts = np.flatnonzero(self._market.begins_as_customer)
        months = self._months[accounts]
        end = np.floor(self._rng.random(len(accounts)) * months).astype(np.int64)
        key = self._market.key_account[accounts] & (not self._null)
        end[key] = _KEY_END_MONTH % _TERM_MONTHS[0]
        self.paid_until[accounts] = end
        start = end - months + 1
        self.paid_from[accounts] = start
        signed = first_day(start) - self._rng.integers(3, 40, len(accounts))
        value = self.value_of(accounts)
        self._open(accounts, 0, start, signed, value, np.full(len(accounts), _NONE))
        second = accounts[self._rng.random(len(accounts)) < 0.25]
        where = np.searchsorted(accounts, second)
        nothing = np.full(len(second), _NONE)
        add_on = self.value_of(second, 1)
        self._open(second, 1, start[where], signed[where], add_on, nothing)

    def _renewed_value(self, accounts: np.ndarray, product: int) -> np.ndarray:
        if self._null:
            return self.value_of(accounts, product)
        growth = RENEWAL_GROWTH + RENEWAL_GROWTH_PER_SCORE * self._market.growth_score[accounts]
        noise = self._rng.normal(0, _RENEWAL_SPREAD, len(accounts))
        noise = np.where(self._market.key_account[accounts], 0.0, noise)
        value = self._value[accounts, product] * np.exp(growth + noise)
        return _rounded(value + (self._uplift[accounts] if product == 0 else 0))

    def _open(
        self,
        accounts: np.ndarray,
        product: int,
        start: np.ndarray,
        signed: np.ndarray,
        value: np.ndarray,
        renews: np.ndarray,
    ) -> None:
        self._terms.append(
            {
                "account": accounts,
                "product": np.full(len(accounts), product),
                "renews": renews,
                "start_month": start,
                "end_month": self.paid_until[accounts],
                "signed": signed,
                "notice_days": self.notice_days[accounts],
                "value": value,
            }
        )
        self._row[accounts, product] = self._rows + np.arange(len(accounts))
        self._value[accounts, product] = value
        self._rows += len(accounts)

    def _decide(
        self,
        accounts: np.ndarray,
        product: int,
        outcome: int,
        decided: np.ndarray,
        renewed_value: np.ndarray,
        why: dict[str, np.ndarray] | None = None,
    ) -> None:
        nothing = np.full(len(accounts), _NONE)
        self._decisions.append(
            {
                "row": self._row[accounts, product],
                "outcome": np.full(len(accounts), outcome),
                "decided": decided,
                "renewed_value": renewed_value,
                **(why or {"reason": nothing, "competitor": nothing}),
            }
        )


def _rounded(value: np.ndarray) -> np.ndarray:
    return np.maximum(np.round(value, -2), 600.0)


def _stacked(chunks: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
