"""Ask how much revenue is at risk over another horizon."""

from opsplaybook.display import Chart, Table
from opsplaybook.playbooks.renewal_analysis.back_test import BackTest
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.drivers import Drivers
from opsplaybook.playbooks.renewal_analysis.forecast import forecast_renewals
from opsplaybook.playbooks.renewal_analysis.forecast_shown import chart_forecast, table_forecast
from opsplaybook.playbooks.renewal_analysis.frozen import Frozen
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.sources import Tables

WHAT_IF_HORIZON = ("horizon_days",)
"""Parameters that can be moved."""


def what_if_horizon(
    params: Params, given: Tables, book: Book, drivers: Drivers, test: BackTest, frozen: Frozen
) -> tuple[Chart, Table]:
    """Forecast what is due until another day.

    Returns
    -------
    tuple of Chart and Table
        Value expected to stay, and the open decisions, those that move the total most first.
    """
    forecast = forecast_renewals(given, params, book, drivers, test, frozen)
    return chart_forecast(forecast, book), table_forecast(forecast, book)
