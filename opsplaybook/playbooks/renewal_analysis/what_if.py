"""Ask how much revenue is at risk over another horizon, or from another risk on."""

from pydantic import Field

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.playbooks.renewal_analysis.back_test import BackTest
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.drivers import Drivers
from opsplaybook.playbooks.renewal_analysis.forecast import Forecast, forecast_renewals
from opsplaybook.playbooks.renewal_analysis.forecast_shown import chart_forecast, coverage_words
from opsplaybook.playbooks.renewal_analysis.frozen import Frozen
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.sources import Tables
from opsplaybook.tables import Column

WHAT_IF_HORIZON = ("horizon_days", "risk_from")
"""What can be moved."""


class AtRisk(Params):
    """Parameters of the playbook, and from which risk on a decision is listed in this view."""

    risk_from: float = Field(
        0.1, description="Probability of a loss from which a decision is listed", ge=0, le=1
    )


def at_risk(params: Params) -> AtRisk:
    """Return parameters with the risk that the view begins with."""
    return AtRisk(**params.model_dump())


def what_if_horizon(
    params: AtRisk, given: Tables, book: Book, drivers: Drivers, test: BackTest, frozen: Frozen
) -> tuple[Chart, Table]:
    """Forecast what is due until another day, and list what is at risk.

    Returns
    -------
    tuple of Chart and Table
        Value expected to stay, and the open decisions from that risk on, most at risk first.
    """
    forecast = forecast_renewals(given, params, book, drivers, test, frozen)
    return chart_forecast(forecast, book), _table_at_risk(forecast, params, book)


def _table_at_risk(forecast: Forecast, params: AtRisk, book: Book) -> Table:
    open_decisions = forecast.frame
    frame = open_decisions.loc[open_decisions["probability"] >= params.risk_from]
    frame = frame.assign(at_risk=frame["probability"] * frame["annual_value"])
    frame = frame.sort_values("at_risk", ascending=False, kind="stable")
    due, value, at_risk = (
        formats.money(amount, book.currency)
        for amount in (forecast.due, *map(float, frame[["annual_value", "at_risk"]].sum()))
    )
    columns = [
        Column("label", "Customer"),
        Column("due_on", "Due", "date"),
        Column("decide_by", "Notice by", "date"),
        Column("annual_value", "Annual value", "money"),
        Column("probability", "Risk", "share"),
        Column("at_risk", "Value at risk", "money", description="Risk times annual value"),
    ]
    return tables.table(
        frame,
        columns,
        key="at-risk",
        caption=f"Decisions with a risk of {formats.share(params.risk_from)} or more, "
        f"{len(frame):,} of {len(open_decisions):,}, {value} of {due} due, {at_risk} value at "
        f"risk, {book.scope}",
        currency=book.currency,
        note=f"{forecast.sentence(book.currency)} {coverage_words(forecast)}",
    )
