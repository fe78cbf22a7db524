"""A funnel as its rule says it, by trying every chain: slow, obvious, and shared with nothing.

Times are whole minutes. A row is (minute, action, user, session); a step is a set of actions.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

Row = tuple[int, str, str, str]
Chain = tuple[int, ...]


@dataclass(frozen=True)
class SlowRule:
    steps: tuple[frozenset[str], ...]
    window: int | None = None
    anchor: str = "any"
    ties: str = "allowed"
    order: str = "loose"
    within: dict[int, int] = field(default_factory=dict)
    excluded: tuple[tuple[str, int, int], ...] = ()


def chains(rows: list[Row], rule: SlowRule, enters: int) -> Iterator[Chain]:
    """Give the minutes of every chain of different rows that keeps the rule."""
    starts = [row for row in rows if row[1] in rule.steps[0] and row[0] < enters]
    if rule.anchor == "first":
        starts = [row for row in starts if row[0] == min(r[0] for r in starts)]
    for start in starts:
        yield from _longer(rows, rule, [start])


def _longer(rows: list[Row], rule: SlowRule, chain: list[Row]) -> Iterator[Chain]:
    yield tuple(row[0] for row in chain)
    done = len(chain)
    if done == len(rule.steps):
        return
    for row in rows:
        fits = row[1] in rule.steps[done] and not any(row is used for used in chain)
        if fits and _may_follow(rows, rule, chain, row):
            yield from _longer(rows, rule, [*chain, row])


def _may_follow(rows: list[Row], rule: SlowRule, chain: list[Row], row: Row) -> bool:
    done, waited = len(chain), row[0] - chain[-1][0]
    if waited < 0 or (rule.ties == "later" and waited == 0):
        return False
    if rule.window is not None and row[0] - chain[0][0] > rule.window:
        return False
    if waited > rule.within.get(done + 1, waited):
        return False
    return not any(
        other[1] == action and after <= done < before and chain[-1][0] < other[0] <= row[0]
        for action, after, before in rule.excluded
        for other in rows
    )


def strict_chains(rows: list[Row], rule: SlowRule, enters: int) -> Iterator[Chain]:
    """Give the minutes of every chain of rows that come one right after the other."""

    def place(row: Row) -> tuple[int, int, tuple[bool, ...]]:
        fits = [row[1] in step for step in rule.steps]
        signature = tuple(reversed(fits))
        return row[0], fits.index(True) if any(fits) else 99, signature

    ordered = sorted(rows, key=place)
    entries = [row[0] for row in ordered if row[1] in rule.steps[0] and row[0] < enters]
    for begin, first in enumerate(ordered):
        if first[1] not in rule.steps[0] or first[0] >= enters:
            continue
        if rule.anchor == "first" and first[0] != min(entries):
            continue
        chain = [first]
        yield (first[0],)
        for row in ordered[begin + 1 :]:
            done = len(chain)
            if done == len(rule.steps) or row[1] not in rule.steps[done]:
                break
            if not _may_follow(ordered, rule, chain, row):
                break
            chain.append(row)
            yield tuple(row[0] for row in chain)


def any_order_chains(rows: list[Row], rule: SlowRule, enters: int) -> Iterator[Chain]:
    """Give, for each entry, the minutes at which one more of the steps was done."""
    own = [row for row in rows if any(row[1] in step for step in rule.steps)]
    starts = sorted({row[0] for row in own if row[0] < enters})
    for start in starts[:1] if rule.anchor == "first" else starts:
        firsts = []
        for step in rule.steps:
            minutes = [row[0] for row in own if row[1] in step and row[0] >= start]
            firsts += [min(minutes)] if minutes else []
        limit = float("inf") if rule.window is None else start + rule.window
        done = sorted(minute for minute in firsts if minute <= limit)
        yield from ((start, *done[1:count]) for count in range(1, len(done) + 1))


ORDERS = {"loose": chains, "strict": strict_chains, "any": any_order_chains}


def best_chain(found: list[Chain]) -> Chain:
    """Choose the chain that came furthest; of those the first there; of those the last to enter."""
    return min(found, key=lambda chain: (-len(chain), chain[-1], -chain[0]))


def follow(rows: list[Row], rule: SlowRule, enters: int) -> list[Chain]:
    """Give every chain of a unit's rows; none where it does not enter."""
    return list(ORDERS[rule.order](rows, rule, enters))
