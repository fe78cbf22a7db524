import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, ttest_ind


def measured(company, experiment_id, action, *, quantity=False):
    """Assigned units with their arm and the outcome from the first to the last planned day."""
    plan = company.tables["experiments"].set_index("experiment_id").loc[experiment_id]
    units = company.tables["assignments"].query("experiment_id == @experiment_id")
    activity = company.tables["activity"]
    day = activity["at"].dt.tz_localize(None).dt.normalize()
    rows = activity[day.between(plan["start_on"], plan["end_on"]) & (activity["action"] == action)]
    key = "account_id" if plan["unit"] == "account" else "user_id"
    outcome = rows.groupby(key)["quantity"].sum() if quantity else rows.groupby(key).size()
    values = units["unit_id"].map(outcome).fillna(0.0).astype(float)
    return units.assign(outcome=values)


def arms(frame):
    return (frame.loc[frame["arm"] == arm, "outcome"] for arm in ("treatment", "control"))


def relative_effect(companies, experiment_id, action):
    both = [tuple(arms(measured(company, experiment_id, action))) for company in companies]
    treated, control = (pd.concat([pair[k] for pair in both]) for k in (0, 1))
    return treated.mean() / control.mean() - 1


def test_units_are_in_one_arm_and_of_the_planned_kind(company):
    assignments = company.tables["assignments"]
    assert not assignments.duplicated(["experiment_id", "unit_id"]).any()
    plans = company.tables["experiments"].set_index("experiment_id")
    by_account = assignments["experiment_id"].map(plans["unit"]) == "account"
    same = assignments["unit_id"] == assignments["account_id"]
    assert (same == by_account).all()
    assert (assignments["assigned_at"] <= assignments["exposed_at"]).all()


def test_the_true_effect_is_there(companies):
    assert relative_effect(companies, "X-01", "ran_report") == pytest.approx(0.40, abs=0.12)
    found = [ttest_ind(*arms(measured(c, "X-01", "ran_report"))).pvalue for c in companies]
    assert np.median(found) < 0.05


def test_the_null_is_null(companies):
    assert relative_effect(companies, "X-02", "exported_data") == pytest.approx(0, abs=0.12)


def test_the_sample_ratio_does_not_match(companies):
    counts = [c.tables["assignments"].query("experiment_id == 'X-03'") for c in companies]
    treated = [(units["arm"] == "treatment").sum() for units in counts]
    total = [len(units) for units in counts]
    planned = total[0]
    assert np.sum(treated) / np.sum(total) == pytest.approx(0.8 / 1.8, abs=0.01)
    assert max(binomtest(int(k), n, 0.5).pvalue for k, n in zip(treated, total, strict=True)) < 0.05
    assert planned > 500
    assert relative_effect(companies, "X-03", "viewed_dashboard") == pytest.approx(0, abs=0.09)


def test_other_experiments_keep_their_ratio(companies):
    for company in companies:
        assignments = company.tables["assignments"].query("experiment_id != 'X-03'")
        sizes = assignments.pivot_table(index="experiment_id", columns="arm", aggfunc="size")
        assert (abs(sizes["treatment"] - sizes["control"]) <= 1).all()


def test_one_account_decides(companies):
    without_it = []
    for company in companies:
        frame = measured(company, "X-04", "imported_records", quantity=True)
        truth = next(t for t in company.truths.experiments if t.verdict == "one account")
        deciding = frame["unit_id"] == truth.deciding_account
        treated, control = arms(frame)
        assert set(frame.loc[deciding, "arm"]) == {"treatment"}
        assert frame.loc[deciding, "outcome"].sum() > 0.3 * treated.sum()
        assert treated.mean() > 1.3 * control.mean()
        treated, control = arms(frame[~deciding])
        without_it.append(treated.mean() / control.mean() - 1)
    assert np.mean(without_it) == pytest.approx(0, abs=0.12)


def test_the_guardrail_is_harmed_while_the_success_metric_rises(companies):
    assert relative_effect(companies, "X-05", "exported_data") == pytest.approx(0.50, abs=0.15)
    assert relative_effect(companies, "X-05", "error_shown") == pytest.approx(0.80, abs=0.30)
    plan = companies[0].tables["experiments"].set_index("experiment_id").loc["X-05"]
    assert plan["guardrail_metrics"] == "rows(error_shown)"


@pytest.mark.parametrize(
    ("experiment_id", "action", "noise"),
    [
        ("X-01", "ran_report", 0.12),
        ("X-05", "exported_data", 0.15),
        ("X-05", "error_shown", 0.25),
        ("X-04", "imported_records", 0.20),
    ],
)
def test_in_the_null_company_no_experiment_has_an_effect(
    null_companies, experiment_id, action, noise
):
    assert relative_effect(null_companies, experiment_id, action) == pytest.approx(0, abs=noise)


def test_in_the_null_company_no_assignment_is_lost(null_companies):
    for company in null_companies:
        sizes = company.tables["assignments"].pivot_table(
            index="experiment_id", columns="arm", aggfunc="size"
        )
        assert (abs(sizes["treatment"] - sizes["control"]) <= 1).all()
