from datetime import date

import numpy as np
import pandas as pd

from opsplaybook.metrics.periods import Period
from opsplaybook.metrics.support import in_time, opened_in, waits

ZONE = "Europe/Berlin"
AS_OF = date(2026, 6, 30)


def tickets(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["opened_at", "first_response_at", "resolved_at"])
    return frame.apply(lambda column: pd.to_datetime(column).dt.tz_localize(ZONE))


def test_waiting_ticket_waits_until_the_last_known_day_ends():
    hours, reached = waits(tickets(("2026-06-30 20:00", None, None)), "resolved_at", AS_OF)

    assert hours.tolist() == [4.0]
    assert reached.tolist() == [False]


def test_solution_counts_as_answer_where_no_answer_was_recorded():
    found = tickets(("2026-06-01 08:00", None, "2026-06-01 11:00"))

    hours, reached = waits(found, "first_response_at", AS_OF)

    assert hours.tolist() == [3.0]
    assert reached.tolist() == [True]


def test_hours_are_counted_over_the_change_of_clocks():
    found = tickets(("2026-03-28 12:00", "2026-03-29 12:00", None))

    assert waits(found, "first_response_at", AS_OF)[0].tolist() == [23.0]


def test_ticket_opened_near_midnight_belongs_to_its_local_day():
    found = tickets(("2026-06-30 23:30", None, None), ("2026-07-01 00:30", None, None))

    assert len(opened_in(found, Period(date(2026, 6, 1), AS_OF))) == 1


def test_young_waiting_ticket_is_not_decided_and_an_old_one_is_late():
    hours, reached = np.array([8.0, 8.1, 7.0, 9.0]), np.array([True, True, False, False])

    assert in_time(hours, reached, limit_hours=8) == (1, 3)
