"""The rules of a contract as expressions of the engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis
from ibis.expr import types as ir

from opsplaybook.contracts import Contract, Kind, kinds

_NOT_A = {
    Kind.TEXT: "a text",
    Kind.NUMBER: "a number",
    Kind.WHOLE: "a whole number",
    Kind.FLAG: "yes or no",
    Kind.DATE: "a date",
    Kind.TIMESTAMP: "a date and time",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which a row can be wrong.

    Attributes
    ----------
    reason : str
        What is wrong, led by the column.
    broken : ibis condition
        True where it is; missing counts as kept.
    shown : tuple of str
        Columns whose raw values an example quotes.
    excluded : bool
        Left out because the mapping says so.
    unreadable : str
        Column whose values could not be read; empty for other rules.
    """

    reason: str
    broken: ir.BooleanValue
    shown: tuple[str, ...] = ()
    excluded: bool = False
    unreadable: str = ""


def raw_name(column: str) -> str:
    """Name the raw text of a column beside its value."""
    return f"_raw_{column}"


def contract_rules(table: ir.Table, contract: type[Contract], *, currency: str) -> list[Rule]:
    """List what can be wrong with the rows of a typed table.

    Parameters
    ----------
    table : ibis table
        With the columns that are filled, and the raw text of each as `raw_name` calls it.
    contract : type of Contract
    currency : str
        Currency of the source; rows of a `currency` column that name another are refused.

    Returns
    -------
    list of Rule
        In the order in which they count.
    """
    schema = contract.to_schema().columns
    kind_of = kinds(contract)
    rules: list[Rule] = []
    for name in (name for name in schema if name in table.columns):
        rules += _value_rules(table, name, kind_of[name], required=not schema[name].nullable)
        rules += [_check_rule(table, name, check) for check in schema[name].checks]
    if "currency" in table.columns and "currency" in schema:
        other = table["currency"].upper() != currency
        rules.append(Rule(f"currency: not {currency}", other, ("currency",)))
    return rules + _order_rules(table, contract)


def _value_rules(table: ir.Table, name: str, kind: Kind, *, required: bool) -> list[Rule]:
    value, raw = table[name], table[raw_name(name)]
    rules = []
    if kind is not Kind.TEXT:
        unreadable = raw.notnull() & value.isnull()
        rules.append(Rule(f"{name}: not {_NOT_A[kind]}", unreadable, (name,), unreadable=name))
    if required:
        rules.append(Rule(f"{name}: no value", raw.isnull()))
    return rules


def _check_rule(table: ir.Table, name: str, check: Any) -> Rule:
    text, broken = _CHECKS[check.name](table[name], check.statistics)
    return Rule(f"{name}: {text}", broken, (name,))


def _below(column: Any, bounds: dict[str, Any]) -> tuple[str, ir.BooleanValue]:
    return f"below {bounds['min_value']:g}", column < bounds["min_value"]


def _above(column: Any, bounds: dict[str, Any]) -> tuple[str, ir.BooleanValue]:
    return f"above {bounds['max_value']:g}", column > bounds["max_value"]


def _unknown(column: Any, values: dict[str, Any]) -> tuple[str, ir.BooleanValue]:
    allowed = tuple(values["allowed_values"])
    return f"not one of {', '.join(allowed)}", column.notin(allowed)


def _misformed(column: Any, values: dict[str, Any]) -> tuple[str, ir.BooleanValue]:
    pattern = values["pattern"]
    text = getattr(pattern, "pattern", pattern)
    return "not a list of the allowed values", ~column.re_search(text)


_CHECKS: dict[str, Callable[[Any, dict[str, Any]], tuple[str, ir.BooleanValue]]] = {
    "greater_than_or_equal_to": _below,
    "less_than_or_equal_to": _above,
    "isin": _unknown,
    "str_matches": _misformed,
}


def _order_rules(table: ir.Table, contract: type[Contract]) -> list[Rule]:
    return [
        Rule(
            f"{order.later} before {order.earlier} ({order.name})",
            table[order.later] < table[order.earlier],
            (order.earlier, order.later),
        )
        for order in contract.facts().orders
        if {order.earlier, order.later} <= set(table.columns)
    ]


def first_broken(rules: list[Rule]) -> ir.IntegerValue:
    """Give the position of the first rule that a row breaks; missing where it keeps them all."""
    branches = [(rule.broken, ibis.literal(i, "int16")) for i, rule in enumerate(rules)]
    return ibis.cases(*branches) if branches else ibis.null("int16")


def quoted(table: ir.Table, rules: list[Rule]) -> ir.StringValue:
    """Give the raw text that breaks the first broken rule, as an example shows it."""
    branches = [(rule.broken, _shown(table, rule)) for rule in rules if rule.shown]
    return ibis.cases(*branches) if branches else ibis.null("string")


def _shown(table: ir.Table, rule: Rule) -> ir.StringValue:
    first, *others = [table[raw_name(name)] for name in rule.shown]
    for other in others:
        first = first + " … " + other
    return first
