"""From completed steps to units: how far each came, when, and whether it may still go on."""

from collections.abc import Sequence
from functools import reduce

import ibis
import ibis.expr.types as ir

from opsplaybook.metrics.funnels.chains import START, UNTIL
from opsplaybook.metrics.funnels.clock import microseconds, one_if
from opsplaybook.metrics.funnels.rows import (
    MEMBER,
    STEP,
    TIME,
    UNIT,
    Plan,
    step_rows,
)
from opsplaybook.sources import Tables

_SCORE = "score"
_LEVEL_WEIGHT = 2**57
"""More than any moment in microseconds, so that the level counts before the moment."""


def make_units(tables: Tables, plan: Plan, steps: Sequence[ir.Table]) -> ir.Table:
    """Choose the chain of each unit that counts.

    It is the one that came furthest; of those the first to get there; of those the one that
    entered last.

    Parameters
    ----------
    tables : Tables
    plan : Plan
    steps : sequence of ibis table
        The rows that complete each step, as from
        `opsplaybook.metrics.funnels.chains.loose_chains`.

    Returns
    -------
    ibis table
        One row per unit that entered: ``unit``, ``entered`` (first entry), ``level`` (required
        steps reached), ``at_1`` to ``at_N`` for all steps of the rule, optional ones included,
        ``until``, ``open`` and ``mature``.
    """
    # Most units have entered and no more: they need no chain, but for steps that are optional.
    optional = any(step.optional for step in plan.rule.steps)
    completed = _numbered(steps, 1 if optional else 2)
    chains = _best_chains(plan, completed)
    if plan.rule.order == "loose" and plan.has_limits_between:
        chains = _with_real_moments(plan, chains, completed)
    if optional:
        chains = _with_optional(tables, plan, chains)
    units = _one_per_unit(plan, _by_position(plan, chains), steps[0])
    if plan.rule.quorum:
        units = _accounts(plan, units)
    return _judged(plan, units)


def at(position: int) -> str:
    """Name the column with the moment of a step, by its position among all steps (from 1)."""
    return f"at_{position}"


def has_reached(units: ir.Table, position: int) -> ir.BooleanValue:
    """Tell which units reached a step, by its position among all steps (from 1)."""
    return units[at(position)].notnull()


def positions(plan: Plan) -> list[int]:
    """Return the position among all steps of each required step."""
    return [place for place, step in enumerate(plan.rule.steps, start=1) if not step.optional]


def _numbered(steps: Sequence[ir.Table], first: int) -> ir.Table:
    """Put the rows that complete the steps from `first` on together."""
    parts = [
        rows.mutate(**{STEP: ibis.literal(step, type="int64")})
        for step, rows in enumerate(steps, start=1)
        if step >= first
    ]
    return reduce(lambda one, other: one.union(other), parts)


def _step(number: int) -> str:
    return f"step_{number}"


def _best_chains(plan: Plan, completed: ir.Table) -> ir.Table:
    """Return, for each unit, the chains from one entry each that came furthest first."""
    later = range(2, plan.length + 1)
    moments = {_step(n): ibis.cases((completed[STEP] == n, completed[TIME])).min() for n in later}
    chains = completed.group_by([*plan.paths, START]).agg(
        level=completed[STEP].max(), **moments, **{UNTIL: completed[UNTIL].max()}
    )
    # A step without a moment of its own was passed at the instant of the next one.
    filled = {
        _step(n): ibis.coalesce(*(chains[_step(i)] for i in range(n, plan.length + 1)))
        if n < plan.length
        else chains[_step(n)]
        for n in later
    }
    arrived = ibis.coalesce(*(chains[_step(n)] for n in reversed(later)), chains[START])
    chains = chains.mutate(
        **filled, **{_SCORE: (plan.length - chains["level"]) * _LEVEL_WEIGHT + arrived}
    )
    owner = _owner(plan)
    best = chains.group_by(owner).agg(best=chains[_SCORE].min(), last_until=chains[UNTIL].max())
    joined = chains.inner_join(best, [*owner, (chains[_SCORE], best["best"])])
    names = [*plan.paths, START, "level", *moments]
    return joined.select(*names, **{UNTIL: joined["last_until"]})


def _owner(plan: Plan) -> list[str]:
    return [UNIT, MEMBER] if plan.rule.quorum else [UNIT]


def _with_real_moments(plan: Plan, chains: ir.Table, completed: ir.Table) -> ir.Table:
    """Go back from the last step: the latest row of each step that the next one may follow."""
    keys = [*plan.paths, START]
    ends = chains.select(
        *keys,
        "level",
        chain_until=chains[UNTIL],
        **{f"first_{n}": chains[_step(n)] for n in range(2, plan.length + 1)},
    )
    rows = completed.drop(UNTIL).inner_join(ends, keys)
    rows = rows.mutate(**{_step(plan.length): rows[f"first_{plan.length}"]})
    for number in range(plan.length - 1, 1, -1):
        following = rows[_step(number + 1)]
        in_time = rows[TIME] < following if plan.rule.ties == "later" else rows[TIME] <= following
        own = ibis.cases(((rows[STEP] == number) & in_time, rows[TIME]))
        before = own.max().over(group_by=keys)
        rows = rows.mutate(before_next=before)
        moment = ibis.cases(
            (rows["level"] == number, rows[f"first_{number}"]),
            (rows["level"] > number, ibis.coalesce(rows["before_next"], rows[_step(number + 1)])),
        )
        rows = rows.mutate(**{_step(number): moment}).drop("before_next")
    moments = {_step(n): rows[_step(n)].max() for n in range(2, plan.length + 1)}
    return rows.group_by([*keys, "level"]).agg(**moments, **{UNTIL: rows["chain_until"].max()})


def _by_position(plan: Plan, chains: ir.Table) -> ir.Table:
    """Name the moments by position among all steps."""
    required = {
        at(place): chains[START] if number == 1 else chains[_step(number)]
        for number, place in enumerate(positions(plan), start=1)
    }
    optional = {
        at(place): chains[f"optional_{place}"]
        for place, step in enumerate(plan.rule.steps, start=1)
        if step.optional
    }
    own = dict(sorted((required | optional).items(), key=lambda item: int(item[0][3:])))
    return chains.select(*_owner(plan), "level", UNTIL, **own)


def _with_optional(tables: Tables, plan: Plan, chains: ir.Table) -> ir.Table:
    """Add the first moment of each optional step between the required steps around it."""
    steps = [(place, s) for place, s in enumerate(plan.rule.steps, start=1) if s.optional]
    rows = step_rows(tables, plan, [step for _, step in steps])
    keys = [*plan.paths, START]
    joined = rows.inner_join(chains.rename(chain_start=START), plan.paths)
    moments = {
        f"optional_{place}": ibis.cases(
            ((joined[STEP] == number) & _lies_between(plan, joined, place), joined[TIME])
        ).min()
        for number, (place, _) in enumerate(steps, start=1)
    }
    found = joined.group_by([*plan.paths, "chain_start"]).agg(**moments)
    found = found.rename(**{START: "chain_start"})
    return chains.left_join(found, keys).drop(*(f"{key}_right" for key in keys))


def _lies_between(plan: Plan, rows: ir.Table, place: int) -> ir.BooleanValue:
    """Tell which rows lie between the required steps around an optional one, in time."""
    number = sum(position < place for position in positions(plan))
    moment = rows[TIME]
    begin = rows["chain_start"] if number == 1 else rows[_step(number)]
    after = moment > begin if plan.rule.ties == "later" else moment >= begin
    between = after & (rows["level"] >= number)
    if number < plan.length:
        following = rows[_step(number + 1)]
        before = moment < following if plan.rule.ties == "later" else moment <= following
        between &= before.fill_null(ibis.literal(value=True))
    within = plan.rule.steps[place - 1].within
    if within is not None:
        between &= moment - begin <= microseconds(within)
    if plan.window is not None:
        between &= moment - rows["chain_start"] <= plan.window
    return between


def _one_per_unit(plan: Plan, chains: ir.Table, entries: ir.Table) -> ir.Table:
    """Settle what two paths of a unit reached at the same moment, and add who only entered."""
    owner = _owner(plan)
    names = [at(place) for place in range(1, len(plan.rule.steps) + 1)]
    went = {name: chains[name].max() for name in ("level", *names, UNTIL)}
    went_on = chains.group_by(owner).agg(**went)
    entered = entries.group_by(owner).agg(
        entered=entries[START].min(), entry_until=entries[UNTIL].max()
    )
    units = entered.left_join(went_on, owner)
    until = ibis.greatest(units["entry_until"], units[UNTIL].fill_null(units["entry_until"]))
    return units.select(
        *owner,
        "entered",
        level=units["level"].fill_null(1),
        **{at(1): units[at(1)].fill_null(units["entered"])},
        **{name: units[name] for name in names[1:]},
        **{UNTIL: until},
    )


def _accounts(plan: Plan, users: ir.Table) -> ir.Table:
    """Let an account reach a step when as many of its users as the quorum asks have reached it."""
    quorum = plan.rule.quorum
    names = ["entered", *(at(place) for place in range(1, len(plan.rule.steps) + 1))]
    running = (users["level"] < plan.length) & (users[UNTIL] >= plan.end)
    done = users["level"] == plan.length
    summed = users.group_by(UNIT).agg(
        able=one_if(running | done).sum(), **{UNTIL: users[UNTIL].max()}
    )
    moments = [
        users.filter(users[name].notnull()).select(
            UNIT, MEMBER, place=ibis.literal(place, type="int64"), moment=users[name]
        )
        for place, name in enumerate(names)
    ]
    long = reduce(lambda one, other: one.union(other), moments)
    order = ibis.window(group_by=[UNIT, "place"], order_by=["moment", MEMBER])
    ranked = long.mutate(rank=ibis.row_number().over(order))
    own = ranked.filter(ranked["rank"] == quorum - 1)
    wide = own.group_by(UNIT).agg(
        **{
            name: ibis.cases((own["place"] == p, own["moment"])).max()
            for p, name in enumerate(names)
        }
    )
    required = [one_if(wide[at(place)].notnull()) for place in positions(plan)]
    wide = wide.mutate(level=reduce(lambda one, other: one + other, required))
    joined = wide.inner_join(summed, UNIT)
    until = ibis.cases(
        (joined["able"] >= quorum, plan.end), else_=ibis.least(joined[UNTIL], plan.end - 1)
    )
    return joined.select(UNIT, "level", *names, **{UNTIL: until})


def _judged(plan: Plan, units: ir.Table) -> ir.Table:
    """Tell which units may still go on, and which entered so long ago that nothing is open."""
    running = (units["level"] < plan.length) & (units[UNTIL] >= plan.end)
    horizon = plan.rule.horizon
    over = ibis.literal(value=False)
    if horizon is not None:
        over = units["entered"] + microseconds(horizon) < plan.end
    return units.mutate(open=running, mature=over)
