"""From when a refund must have been asked to be late on a day, by the calendar of working days."""

from datetime import date, timedelta

import pytest

from alerts.rules.risk import asked_days
from models.working_days import CalendarMissing, WorkingCalendar
from tests.engine import law

NEAR_DAYS = 60


def by_adding(calendar: WorkingCalendar, working_days: int, day: int) -> list[int]:
    """The days before this one to which so many working days are added to come to it."""
    found = []
    for asked in range(day - NEAR_DAYS, day):
        try:
            if calendar.add_ordinal(asked, working_days) == day:
                found.append(asked)
        except CalendarMissing:
            pass
    return found


@pytest.mark.parametrize("working_days", [0, 1, 3, 10])
def test_asked_days_are_those_to_which_the_working_days_are_added(working_days: int) -> None:
    """Of every day of all calendars and of the weeks before and after them."""
    calendar = law().calendar
    first = date(calendar.years[0], 1, 1) - timedelta(days=20)
    last = date(calendar.years[-1], 12, 31) + timedelta(days=20)
    for day in range(first.toordinal(), last.toordinal() + 1):
        assert sorted(asked_days(calendar, working_days, day)) == by_adding(
            calendar, working_days, day
        )
