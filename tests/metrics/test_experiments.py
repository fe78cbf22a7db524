"""Units, values and moments of experiments, from rows made by hand."""

import numpy as np
import pandas as pd
import pytest

from opsplaybook.errors import ContractError, ParamsError
from opsplaybook.metrics.experiment_measures import read_measure
from opsplaybook.metrics.experiment_moments import (
    Group,
    account_sums,
    arm_moments,
    capped,
    largest_units,
    upper_quantile,
    without_units,
)
from opsplaybook.metrics.experiment_outcomes import outcome_values
from opsplaybook.metrics.experiment_places import places_of_units
from opsplaybook.metrics.experiment_values import (
    Span,
    kept_values,
    matured,
    unit_values,
    values_by_look,
    weekly_values,
)
from opsplaybook.metrics.experiments import (
    assigned_units,
    count_by_arm,
    daily_assignments,
    units_drawn,
    users_in_two_accounts,
)

START, END = pd.Timestamp("2026-01-05"), pd.Timestamp("2026-01-18")
LAST = END.date()
PLAN = {
    "experiment_id": "T", "unit": "account", "shares": "control=0.5;treatment=0.5",
    "start_on": "2026-01-05", "end_on": "2026-01-18",
}  # fmt: skip


def assignment(unit, arm, account=None, at="2026-01-05 08:00", **other):
    row = {"experiment_id": "T", "unit_id": unit, "arm": arm, "account_id": account or unit}
    return row | {"assigned_at": pd.Timestamp(at, tz="Europe/Berlin")} | other


def act(account, user, at, action="ran", quantity=1.0):
    moment = pd.Timestamp(at, tz="Europe/Berlin")
    return {"account_id": account, "user_id": user, "at": moment, "action": action,
            "quantity": quantity}  # fmt: skip


@pytest.fixture
def two_accounts(make_tables):
    """A does little before and much after its assignment; B the same always."""
    rows = [
        act("A", "a1", "2026-01-05 07:59"),
        act("A", "a1", "2026-01-05 08:00"),
        act("A", "a2", "2026-01-13 12:00", quantity=5.0),
        act("A", "a2", "2026-01-18 23:59"),
        act("A", "a2", "2026-01-19 00:00"),
        act("B", "b1", "2025-12-31 12:00"),
        act("B", "b1", "2026-01-07 12:00"),
        act("B", "b1", "2026-01-07 12:00", action="other"),
        act("B", "b1", "2025-12-01 12:00"),
    ]
    assigned = [assignment("A", "treatment"), assignment("B", "control")]
    return make_tables({"experiments": [PLAN], "assignments": assigned, "activity": rows})


def units_of(tables, **kwargs):
    return assigned_units(tables, "T", start=START, end=END, **kwargs)


def frame_of(table):
    return table.to_pandas().set_index("unit_id").sort_index()


def test_rows_count_from_the_assignment_to_the_last_day(two_accounts):
    units = units_of(two_accounts)
    measures = [read_measure("rows(ran)"), read_measure("quantity(ran)"), read_measure("any(ran)")]
    table = unit_values(two_accounts, units.table, measures, Span(LAST, 14), by="account_id")
    found = frame_of(table)
    assert found[["y0", "x0"]].to_numpy().tolist() == [[3, 1], [1, 1]]
    assert found[["y1", "x1"]].to_numpy().tolist() == [[7, 1], [1, 1]]
    assert found[["y2", "x2"]].to_numpy().tolist() == [[1, 1], [1, 1]]


def test_a_span_of_days_after_the_assignment_cuts_both_sides(two_accounts):
    units = units_of(two_accounts)
    span = Span(LAST, 14, outcome_days=7)
    table = unit_values(
        two_accounts, units.table, [read_measure("rows(ran)")], span, by="account_id"
    )
    assert frame_of(table)[["y0", "x0"]].to_numpy().tolist() == [[1, 1], [1, 1]]
    assert matured(units.table, span, two_accounts.timezone).count().execute() == 2
    longer = Span(LAST, 14, outcome_days=14)
    assert matured(units.table, longer, two_accounts.timezone).count().execute() == 0


def test_ratios_keep_numerator_and_denominator_apart(two_accounts):
    units = units_of(two_accounts)
    measure = read_measure("quantity(ran) / rows(*)")
    values = kept_values(
        two_accounts,
        unit_values(two_accounts, units.table, [measure], Span(LAST, 14), by="account_id"),
        [measure],
    )
    assert values.columns(0) == ("y0", "d0", "x0", "e0")
    found = frame_of(values.table)
    assert found[["y0", "d0"]].to_numpy().tolist() == [[7, 3], [1, 2]]


def test_members_are_users_of_either_span(two_accounts):
    units = units_of(two_accounts)
    table = unit_values(
        two_accounts, units.table, [read_measure("rows(ran)")], Span(LAST, 14),
        by="account_id", members=True,
    )  # fmt: skip
    found = table.to_pandas().set_index("user_id").sort_index()
    assert found[["y0", "x0"]].to_numpy().tolist() == [[1, 1], [2, 0], [1, 1]]


def test_looks_and_weeks_add_up_to_the_whole(two_accounts):
    units, measure = units_of(two_accounts), read_measure("rows(ran)")
    days = [pd.Timestamp("2026-01-11").date(), LAST]
    by_look = values_by_look(
        two_accounts, units.table, measure, Span(LAST, 14), days, by="account_id"
    )
    found = frame_of(by_look.table)
    assert found[["y0", "y1", "x0", "x1"]].to_numpy().tolist() == [[1, 3, 1, 1], [1, 1, 1, 1]]
    weeks = frame_of(
        weekly_values(two_accounts, units.table, measure, Span(LAST, 14), by="account_id", weeks=2)
    )
    assert weeks["w0"].tolist() == [1, 1]
    assert weeks["w1"].isna().all()


def test_units_assigned_after_a_look_are_not_in_it(make_tables):
    assigned = [assignment("A", "treatment"), assignment("B", "control", at="2026-01-14 08:00")]
    tables = make_tables(
        {"experiments": [PLAN], "assignments": assigned,
         "activity": [act("A", "a", "2026-01-06 10:00"), act("B", "b", "2026-01-15 10:00")]}
    )  # fmt: skip
    days = [pd.Timestamp("2026-01-11").date(), LAST]
    found = values_by_look(
        tables, units_of(tables).table, read_measure("rows(ran)"), Span(LAST, 14), days,
        by="account_id",
    )  # fmt: skip
    values = frame_of(found.table)
    assert values.loc["B", "y1"] == 1
    assert pd.isna(values.loc["B", "y0"])


@pytest.mark.parametrize(
    ("accounts", "planned", "found"),
    [
        (("A", "A", "B", "B"), "user", "account"),
        (("A", "B", "A", "B"), "account", "user"),
        (("A", "B", "C", "D"), "account", "account"),
        (("A", "B", "C", "D"), "user", "user"),
    ],
)
def test_who_was_put_into_arms_is_seen_in_the_data(make_tables, accounts, planned, found):
    arms = ("treatment", "treatment", "control", "control")
    assigned = [
        assignment(f"u{k}", arm, account)
        for k, (arm, account) in enumerate(zip(arms, accounts, strict=True))
    ]
    units = units_of(make_tables({"experiments": [PLAN], "assignments": assigned}))
    assert units.randomised_by(planned) == found


def test_contradictions_are_counted_by_arm_and_kind(make_tables):
    assigned = [
        assignment("u1", "control"),
        assignment("u1", "treatment", at="2026-01-06 08:00"),
        assignment("u2", "treatment"),
        assignment("u2", "treatment", at="2026-01-07 08:00"),
        assignment("u3", "treatment", "A"),
        assignment("u3", "treatment", "B"),
        assignment("u4", "third"),
        assignment("u5", "control", at="2026-02-01 08:00"),
        assignment("u6", "control", met_arm="treatment"),
    ]
    tables = make_tables({"experiments": [PLAN], "assignments": assigned})
    units = units_of(tables)
    counts = units.counts
    assert counts["units"].to_dict() == {"control": 2, "third": 1, "treatment": 2}
    assert counts.loc["control", "in_two_arms"] == 1
    assert counts.loc["treatment", "again"] == 2
    assert counts.loc["treatment", "in_two_accounts"] == 1
    assert counts.loc["control", "outside"] == 1
    assert units.contradictions == {"control": 1}
    assert units_of(tables, met=False).counts["units"].sum() == 6
    arms = ("control", "treatment")
    drawn = units_drawn(units, arms, "user")
    assert count_by_arm(drawn) == {"control": 1, "treatment": 2}
    assert daily_assignments(drawn, arms).sum().to_dict() == {"control": 1, "treatment": 2}


def test_where_accounts_were_put_into_arms_they_were_drawn_not_their_users(make_tables):
    assigned = [
        assignment("u1", "control", "A"),
        assignment("u2", "control", "A", at="2026-01-07 08:00"),
        assignment("u3", "control", "B"),
        assignment("u4", "treatment", "C"),
        assignment("u5", "treatment", account_id=None),
        assignment("u6", "control", "D"),
        assignment("u7", "treatment", "D"),
    ]
    tables = make_tables({"experiments": [PLAN], "assignments": assigned})
    units, arms = units_of(tables), ("control", "treatment")
    drawn = units_drawn(units, arms, "account")
    assert count_by_arm(drawn) == {"control": 2, "treatment": 1}
    assert len(daily_assignments(drawn, arms)) == 1
    assert count_by_arm(units_drawn(units, arms, "user")) == {"control": 4, "treatment": 3}


def test_users_of_accounts_in_two_arms_are_counted(make_tables):
    rows = [act("A", "x", "2026-01-06 10:00"), act("B", "x", "2026-01-07 10:00"),
            act("B", "y", "2026-01-07 10:00")]  # fmt: skip
    assigned = [assignment("A", "treatment"), assignment("B", "control")]
    tables = make_tables({"experiments": [PLAN], "assignments": assigned, "activity": rows})
    units = units_of(tables)
    assert users_in_two_accounts(tables, units, since=START.date()) == 1
    assert users_in_two_accounts(tables, units, since=LAST) == 0


def test_units_are_placed_by_what_was_known_first(make_tables):
    rows = [
        act("A", "a", "2026-01-06 10:00") | {"platform": "web"},
        act("A", "a", "2026-01-07 10:00") | {"platform": "mobile"},
        act("B", "b", "2026-01-07 10:00") | {"platform": "mobile"},
    ]
    accounts = [{"account_id": "A", "tier": "S"}, {"account_id": "B", "tier": "S"}]
    assigned = [assignment("A", "treatment"), assignment("B", "control")]
    tables = make_tables(
        {"experiments": [PLAN], "assignments": assigned, "activity": rows, "accounts": accounts}
    )
    found = places_of_units(tables, units_of(tables).table, by="account_id", attributes=("tier",))
    assert found.to_numpy().tolist() == [["platform", "mobile", 1, 0], ["platform", "web", 0, 1]]


def outcome(unit, value, metric="score", **other):
    return {"experiment_id": "T", "unit_id": unit, "metric": metric, "value": value} | other


def with_outcomes(make_tables, rows):
    arms = {"u1": "treatment", "u2": "treatment", "u3": "control", "u4": "control"}
    assigned = [assignment(unit, arm) for unit, arm in arms.items()]
    return make_tables({"experiments": [PLAN], "assignments": assigned, "outcomes": rows})


def outcomes_of(tables, *names, met=True):
    measures = [read_measure(f"outcome({name})") for name in names]
    return outcome_values(tables, units_of(tables).table, "T", measures, met=met)


def test_outcomes_tell_their_kind_and_missing_ones_are_no_zeros(make_tables):
    rows = [
        outcome("u1", 4.0, before=2.0), outcome("u2", 6.0, before=3.0),
        outcome("u3", None), outcome("u4", 9.0),
        outcome("u1", 1.0, "bought"), outcome("u1", 1.0, "bought"), outcome("u3", 0.0, "bought"),
        outcome("u1", 3.0, "share", denominator=4.0), outcome("u4", 1.0, "share", denominator=2.0),
    ]  # fmt: skip
    tables = with_outcomes(make_tables, rows)
    values = outcomes_of(tables, "score", "bought", "share")
    assert [measure.kind for measure in values.measures] == ["mean", "conversion", "ratio"]
    assert values.with_past == (True, False, False)
    found = frame_of(values.table)
    assert found["y0"].tolist()[:2] == [4, 6]
    assert np.isnan(found.loc["u3", "y0"])
    assert found["x0"].tolist() == [2, 3, 2.5, 2.5]
    assert found.loc["u1", "y1"] == 1
    score = arm_moments(tables, values)[0]
    assert score[Group("treatment")].n == 2
    assert score[Group("control")].n == 1
    assert values.outcomes["missing"].sum() == 1


def test_outcomes_of_the_wrong_arm_or_time_are_left_out_and_counted(make_tables):
    before = pd.Timestamp("2026-01-04 08:00", tz="Europe/Berlin")
    rows = [
        outcome("u1", 4.0, met_arm="treatment"),
        outcome("u2", 90.0, met_arm="control"),
        outcome("u3", 70.0, at=before),
        outcome("u4", 2.0),
    ]
    tables = with_outcomes(make_tables, rows)
    values = outcomes_of(tables, "score")
    found = frame_of(values.table)["y0"]
    assert found.dropna().to_dict() == {"u1": 4, "u4": 2}
    facts = values.outcomes.set_index("arm")
    assert facts["elsewhere"].to_dict() == {"control": 0, "treatment": 1}
    assert facts["too_early"].to_dict() == {"control": 1, "treatment": 0}
    assert outcomes_of(tables, "score", met=False).table.y0.sum().execute() == 96


def test_an_outcome_that_is_not_there_is_named(make_tables):
    tables = with_outcomes(make_tables, [outcome("u1", 1.0)])
    with pytest.raises(ContractError, match="there are score"):
        outcomes_of(tables, "revenue")


def test_moments_are_those_of_the_rows(make_tables):
    rng = np.random.default_rng(3)
    names = [f"u{k}" for k in range(40)]
    arms = np.array(["control", "treatment"])[rng.integers(0, 2, 40)]
    past = rng.normal(100, 5, 40)
    now = past + rng.normal(0, 2, 40)
    accounts = np.array(["A", "B", "C"])[rng.integers(0, 3, 40)]
    rows = [outcome(u, y, before=x) for u, y, x in zip(names, now, past, strict=True)]
    assigned = [assignment(*one) for one in zip(names, arms, accounts, strict=True)]
    tables = make_tables({"experiments": [PLAN], "assignments": assigned, "outcomes": rows})
    values = outcomes_of(tables, "score")
    own = arms == "treatment"
    found = arm_moments(tables, values)[0][Group("treatment")]
    assert found.n == own.sum()
    assert found.means == pytest.approx([now[own].mean(), past[own].mean()])
    assert found.covariance == pytest.approx(np.cov(now[own], past[own]))
    top = largest_units(tables, values, 0, count=1)
    assert top["value"].iloc[0] == now.max()
    cap = upper_quantile(tables, values, 0, 0.25)
    assert cap == pytest.approx(np.quantile(now, 0.75))
    cut = arm_moments(tables, capped(values, 0, cap))[0][Group("treatment")]
    assert cut.means[0] == pytest.approx(np.minimum(now[own], cap).mean())
    rest = arm_moments(tables, without_units(values, [top["unit_id"].iloc[0]]))[0]
    assert sum(part.n for part in rest.values()) == 39
    assert account_sums(tables, values).empty


@pytest.mark.parametrize(
    "text",
    ["rows", "rows()", "any(a) / any(b)", "rows(a) / won_amount()", "sum(a)", "invoiced(a)",
     "rows(a) / rows(b) / rows(c)"],
)  # fmt: skip
def test_what_is_no_measure_is_refused(text):
    with pytest.raises(ParamsError, match="is no measure"):
        read_measure(text)


def test_a_table_that_is_missing_is_named(two_accounts):
    units = units_of(two_accounts)
    with pytest.raises(ContractError, match="the source has no invoices"):
        unit_values(
            two_accounts, units.table, [read_measure("invoiced()")], Span(LAST, 14),
            by="account_id",
        )  # fmt: skip


def test_deals_and_invoices_are_read_by_account(make_tables):
    deals = [
        {"opportunity_id": "O1", "account_id": "A", "opened_on": "2026-01-06", "kind": "new",
         "closed_on": "2026-01-10", "outcome": "won", "closed_amount": 500.0},
        {"opportunity_id": "O2", "account_id": "A", "opened_on": "2026-01-06", "kind": "renewal",
         "closed_on": "2026-01-10", "outcome": "won", "closed_amount": 900.0},
        {"opportunity_id": "O3", "account_id": "B", "opened_on": "2025-12-30", "kind": "new",
         "closed_on": None, "outcome": "open", "closed_amount": None},
    ]  # fmt: skip
    invoices = [
        {"invoice_id": "I1", "account_id": "A", "issued_on": "2026-01-18", "amount": 70.0},
        {"invoice_id": "I2", "account_id": "A", "issued_on": "2026-01-19", "amount": 7.0},
        {"invoice_id": "I3", "account_id": "B", "issued_on": "2026-01-04", "amount": -20.0},
    ]  # fmt: skip
    assigned = [assignment("A", "treatment"), assignment("B", "control")]
    tables = make_tables(
        {"experiments": [PLAN], "assignments": assigned, "opportunities": deals,
         "invoices": invoices}
    )  # fmt: skip
    texts = ("deals_opened()", "deals_won()", "won_amount()", "invoiced()")
    measures = [read_measure(text) for text in texts]
    found = frame_of(
        unit_values(tables, units_of(tables).table, measures, Span(LAST, 14), by="account_id")
    )
    assert found.loc["A", ["y0", "y1", "y2", "y3"]].tolist() == [1, 1, 500, 70]
    assert found.loc["B", ["y0", "x0", "x1", "x3"]].tolist() == [0, 1, 0, -20]
