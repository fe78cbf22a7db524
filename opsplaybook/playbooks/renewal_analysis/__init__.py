"""Renewal analysis: which revenue is at risk, why, and what to do before the notice date.

Seven steps: what was due, how long customers stay, past use, what goes with losses, back-test,
forecast, risk register. One function per step, each taking what the steps before returned.
"""

from opsplaybook.playbooks import base
from opsplaybook.playbooks.renewal_analysis.back_test import BackTest, back_test
from opsplaybook.playbooks.renewal_analysis.back_test_shown import (
    chart_calibration,
    table_back_test,
    table_origins,
)
from opsplaybook.playbooks.renewal_analysis.book import Book, open_book
from opsplaybook.playbooks.renewal_analysis.conclusions import findings
from opsplaybook.playbooks.renewal_analysis.drivers import Drivers, find_drivers
from opsplaybook.playbooks.renewal_analysis.drivers_shown import (
    chart_drivers,
    table_drivers,
    table_leaks,
    table_model,
)
from opsplaybook.playbooks.renewal_analysis.due import Due, review_due
from opsplaybook.playbooks.renewal_analysis.due_shown import chart_due, table_due, table_reasons
from opsplaybook.playbooks.renewal_analysis.forecast import Forecast, forecast_renewals
from opsplaybook.playbooks.renewal_analysis.forecast_shown import chart_forecast, table_forecast
from opsplaybook.playbooks.renewal_analysis.frozen import Frozen, read_frozen
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.playbooks.renewal_analysis.past_use import (
    PastUse,
    chart_use,
    review_use,
    table_key_actions,
    table_use,
)
from opsplaybook.playbooks.renewal_analysis.records import Records, compare_records, table_records
from opsplaybook.playbooks.renewal_analysis.register import Register, keep_register
from opsplaybook.playbooks.renewal_analysis.register_shown import (
    table_actions,
    table_frozen,
    table_register,
)
from opsplaybook.playbooks.renewal_analysis.revenue import (
    Retained,
    chart_bridge,
    measure_retention,
    table_bridge,
    table_rates,
)
from opsplaybook.playbooks.renewal_analysis.stay import Stay, measure_stay
from opsplaybook.playbooks.renewal_analysis.stay_shown import (
    chart_causes,
    chart_survival,
    table_groups,
    table_hazards,
    table_remaining,
)
from opsplaybook.playbooks.renewal_analysis.what_if import (
    WHAT_IF_HORIZON,
    at_risk,
    what_if_horizon,
)
from opsplaybook.sources import Tables

TITLE = "Renewal analysis"
QUESTION = "Which revenue is at risk, why, and what is to be done before the notice date?"
SUBJECT = "account_id"
REQUIRED = ("accounts", "contracts")
OPTIONAL = ("contacts", "activity", "tickets", "trainings", "opportunities")


def load(params: Params) -> Tables:
    """Read contracts and what surrounds them, as known on ``params.as_of``.

    `activity` stays in the engine; a report on one account reads only its rows of it.
    """
    return base.load_tables(params, REQUIRED, OPTIONAL)


__all__ = [
    "OPTIONAL",
    "QUESTION",
    "REQUIRED",
    "SUBJECT",
    "TITLE",
    "WHAT_IF_HORIZON",
    "BackTest",
    "Book",
    "Drivers",
    "Due",
    "Forecast",
    "Frozen",
    "Params",
    "PastUse",
    "Records",
    "Register",
    "Retained",
    "Stay",
    "at_risk",
    "back_test",
    "chart_bridge",
    "chart_calibration",
    "chart_causes",
    "chart_drivers",
    "chart_due",
    "chart_forecast",
    "chart_survival",
    "chart_use",
    "compare_records",
    "find_drivers",
    "findings",
    "forecast_renewals",
    "keep_register",
    "load",
    "measure_retention",
    "measure_stay",
    "open_book",
    "read_frozen",
    "review_due",
    "review_use",
    "table_actions",
    "table_back_test",
    "table_bridge",
    "table_drivers",
    "table_due",
    "table_forecast",
    "table_frozen",
    "table_groups",
    "table_hazards",
    "table_key_actions",
    "table_leaks",
    "table_model",
    "table_origins",
    "table_rates",
    "table_reasons",
    "table_records",
    "table_register",
    "table_remaining",
    "table_use",
    "what_if_horizon",
]
