"""Step 2: how many come to the end under other rules, one change each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pandas as pd

from opsplaybook.errors import ParamsError
from opsplaybook.metrics import funnels
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.nested import ACCOUNT, carry_account, ends, estimate_rate
from opsplaybook.playbooks.funnel_review.params import Params, funnel_rule
from opsplaybook.sources import Tables


@dataclass(frozen=True, slots=True)
class OtherRules:
    """The same data under other rules.

    Attributes
    ----------
    rates : DataFrame
        One row per rule, the chosen one first: ``rule``, ``unit``, ``entered``, ``reached`` (the
        end, all units), ``mature`` and ``rate`` of mature units with ``rate_low``, ``rate_high``,
        ``rate_n``. Empty for statuses, which have no rule.
    impossible : tuple of str
        Rules that do not go together with the others of this funnel.
    """

    rates: pd.DataFrame
    impossible: tuple[str, ...]


def try_other_rules(given: Tables, params: Params, definition: Definition) -> OtherRules:
    """Count the end of the funnel under the chosen rule and under others, one change each.

    Parameters
    ----------
    given : Tables
    params : Params
    definition : Definition
        The funnel as chosen.

    Returns
    -------
    OtherRules
    """
    if definition.rule is None:
        return OtherRules(pd.DataFrame(), ())
    rows = [_end_row("as chosen", definition)]
    impossible = []
    for name, changed in _changes(params, nested=definition.nested) if params.other_rules else ():
        try:
            rule = carry_account(given, funnel_rule(params, segments=(), **changed))
            funnel = funnels.read_funnel(given, rule)
        except ParamsError as error:
            impossible.append(f"{name} ({error.what})")
            continue
        other = replace(
            definition,
            rule=rule,
            funnel=funnel,
            counted=rule.counted,
            nested=definition.nested and ACCOUNT in rule.segments,
        )
        rows.append(_end_row(name, other))
    return OtherRules(pd.DataFrame(rows), tuple(impossible))


def _changes(params: Params, *, nested: bool) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the other rules: what is changed, in words, and to what."""
    if params.anchor == "first":
        yield "window from any entry", {"anchor": "any"}
    else:
        yield "window from the first entry only", {"anchor": "first"}
    if params.window_days:
        for days in (params.window_days // 2, params.window_days * 2):
            yield f"window of {days} days", {"window": timedelta(days=days)}
    for order, words in (
        ("loose", "others may come between"),
        ("strict", "each step the very next"),
        ("any", "steps in any order"),
    ):
        if order != params.order:
            yield words, {"order": order}
    if params.unit == "user_id" and nested:
        yield "by account, users together", {"unit": ACCOUNT}
        yield "by account, any one user", {"unit": ACCOUNT, "quorum": 1}


def _end_row(name: str, definition: Definition) -> dict[str, object]:
    """Count who came to the end; the rate is of mature entrants."""
    counts = definition.counts()
    end = counts.loc[counts["position"] == len(definition.steps)]
    shares = estimate_rate(end, base="mature_entered", level=definition.level)
    return {
        "rule": name,
        "unit": definition.counted,
        "entered": int(end["entered"].sum()),
        "reached": int(end["reached"].sum()),
        "mature": int(end["mature_entered"].sum()),
        **ends(shares),
    }
