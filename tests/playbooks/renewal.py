"""All steps of the renewal analysis in one call, and everything that its notebook shows."""

from collections.abc import Callable
from types import SimpleNamespace

import pandas as pd

from opsplaybook.display import Chart, Table
from opsplaybook.params import resolve
from opsplaybook.playbooks import renewal_analysis as playbook
from opsplaybook.sources import Tables

QUICK = {"draws": 2_000}


def analyse(source: str | Tables, **values: object) -> SimpleNamespace:
    """Run all steps on a source, or on tables that are loaded already."""
    name = source if isinstance(source, str) else "given"
    params = resolve(playbook.Params, QUICK | {"source": name} | values)
    given = playbook.load(params) if isinstance(source, str) else source
    book = playbook.open_book(given, params)
    records = playbook.compare_records(given, book)
    due = playbook.review_due(book, params)
    retained = playbook.measure_retention(book, params)
    stay = playbook.measure_stay(given, params, book)
    past = playbook.review_use(given, params, book)
    drivers = playbook.find_drivers(params, book, past.features)
    test = playbook.back_test(params, book, drivers)
    frozen = playbook.read_frozen(given, params, book)
    forecast = playbook.forecast_renewals(given, params, book, drivers, test, frozen)
    register = playbook.keep_register(given, params, book, past, forecast, frozen)
    found = playbook.findings(
        given, book, records, due, retained, stay, past, drivers, test, forecast, register
    )
    return SimpleNamespace(
        params=params, given=given, book=book, records=records, due=due, retained=retained,
        stay=stay, past=past, drivers=drivers, test=test, frozen=frozen, forecast=forecast,
        register=register, findings=found,
    )  # fmt: skip


def shown(done: SimpleNamespace) -> list[Chart | Table]:
    """Return every chart and table of the notebook, in its order."""
    book = done.book
    return [
        done.given.table(),
        playbook.table_records(done.records, book),
        playbook.chart_due(done.due, book),
        playbook.table_due(done.due, book),
        playbook.table_reasons(book),
        playbook.table_rates(done.due, done.retained, book),
        playbook.chart_bridge(done.retained, book),
        playbook.table_bridge(done.retained, book),
        playbook.chart_survival(done.stay, book),
        playbook.table_groups(done.stay, book),
        playbook.chart_causes(done.stay, book),
        playbook.table_hazards(done.stay, book),
        playbook.table_remaining(done.stay, book),
        playbook.table_use(done.past, book),
        playbook.chart_use(done.past, book),
        playbook.table_key_actions(done.past, book),
        playbook.chart_drivers(done.drivers, book),
        playbook.table_drivers(done.drivers, book),
        playbook.table_model(done.drivers, book),
        playbook.table_leaks(done.drivers),
        playbook.chart_calibration(done.test, book),
        playbook.table_back_test(done.test, book),
        playbook.table_origins(done.test, book),
        playbook.chart_forecast(done.forecast, book),
        playbook.table_forecast(done.forecast, book),
        playbook.table_register(done.register, book),
        playbook.table_frozen(done.register, book),
        playbook.table_actions(done.register),
    ]


def yearly_terms(
    account: str, first: str, last: str, *, losing: Callable[[], bool], days_before: int
) -> list[dict[str, object]]:
    """Make terms of a year from a day on, each decided so many days before it ends."""
    start, end_of_record = pd.Timestamp(first), pd.Timestamp(last)
    terms = []
    while start <= end_of_record:
        end = start + pd.DateOffset(years=1) - pd.Timedelta(days=1)
        is_open = end > end_of_record
        lost = not is_open and losing()
        decided = pd.NaT if is_open else end - pd.Timedelta(days=days_before)
        terms.append({
            "contract_id": f"{account} {start:%Y}", "account_id": account, "product": "Core",
            "start_on": start, "end_on": end, "annual_value": 100.0, "decided_on": decided,
            "outcome": "open" if is_open else "lost" if lost else "renewed",
        })  # fmt: skip
        if lost:
            break
        start = end + pd.Timedelta(days=1)
    return terms
