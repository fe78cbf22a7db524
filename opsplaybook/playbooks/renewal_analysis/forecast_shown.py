"""What step 6 shows: the distribution of the value kept, and whose outcome moves it most."""

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.forecast import Forecast
from opsplaybook.tables import Column


def chart_forecast(forecast: Forecast, book: Book) -> Chart:
    """Draw the value expected to stay, by month due and in all, from P10 to P90."""
    frame = forecast.months
    columns = [
        Column("month", "Due"),
        Column("decisions", "Decisions", "count"),
        Column("due", "Value due", "money"),
        Column("median", "Expected to stay", "money", low="low", high="high"),
    ]
    last = formats.day(forecast.last)
    source = "too few outcomes to forecast from"
    if forecast.basis != "none":
        source = f"probabilities from the {forecast.basis}"
    data = tables.table(
        frame,
        columns,
        key="forecast-by-month",
        caption=f"Forecast by month due, {book.scope}, up to {last}, P10 to P90",
        currency=book.currency,
        shown=max(len(frame), 1),
    )
    return plot_intervals(
        frame,
        category="month",
        value="median",
        low="low",
        high="high",
        n="decisions",
        label="Annual value expected to stay",
        kind="money",
        currency=book.currency,
        zero=True,
        key="forecast",
        title="Annual value expected to stay, by month due",
        subtitle=f"{book.scope}, up to {last}, P10 to P90, n = {len(forecast.frame):,} open "
        f"decisions, {source}",
        data=data,
    )


def table_forecast(forecast: Forecast, book: Book) -> Table:
    """Show the open decisions, those whose single outcome moves the total most first."""
    columns = [
        Column("label", "Customer"),
        Column("due_on", "Due", "date"),
        Column("annual_value", "Annual value", "money"),
        Column("probability", "Risk", "share"),
        Column("swing", "Moves the total by", "money"),
        Column("share_of_variance", "Of the uncertainty", "share"),
    ]
    return tables.table(
        forecast.frame,
        columns,
        key="swings",
        caption=f"Open decisions by what hangs on each, {book.scope}, n = {len(forecast.frame):,}",
        currency=book.currency,
        note=f"{forecast.sentence(book.currency)} {coverage_words(forecast)}",
    )


def coverage_words(forecast: Forecast) -> str:
    """Say how often such intervals held in the past."""
    if not forecast.coverage.enough:
        return "How often such intervals hold could not be tested on enough of the past."
    covered = formats.estimate(forecast.coverage, unit="forecasts")
    return f"Such intervals should hold in 80% of cases; in the back-test they did in {covered}."
