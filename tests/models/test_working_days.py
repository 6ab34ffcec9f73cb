"""Working days are counted on the given data, and a year without data is never guessed."""

import copy
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.working_days import (
    CalendarMissing,
    WorkingCalendar,
    YearDays,
    add_months,
    add_months_ordinal,
)

# The days around the New Year of 2024 and the Spring Festival of 2024, as decreed.
DAYS_2024: YearDays = (
    frozenset(
        [date(2024, 1, 1), date(2024, 2, 12), date(2024, 2, 13)]
        + [date(2024, 2, day) for day in (14, 15, 16)]
    ),
    frozenset([date(2024, 2, 4), date(2024, 2, 18)]),
)
NOTHING: YearDays = (frozenset(), frozenset())
CALENDAR = WorkingCalendar({2023: NOTHING, 2024: DAYS_2024, 2025: NOTHING})

days = st.dates(min_value=date(2023, 1, 1), max_value=date(2025, 12, 31))
inner_days = st.dates(min_value=date(2023, 3, 1), max_value=date(2025, 10, 31))


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        (date(2024, 2, 2), True),  # Friday
        (date(2024, 2, 3), False),  # Saturday
        (date(2024, 2, 4), True),  # make-up Sunday
        (date(2024, 2, 12), False),  # holiday on a Monday
        (date(2024, 2, 18), True),  # make-up Sunday
        (date(2024, 12, 31), True),  # Tuesday, last day of a leap year
        (date(2023, 1, 1), False),  # first day of the data, a Sunday
        (date(2025, 12, 31), True),  # last day of the data
    ],
)
def test_holidays_and_make_up_days_count(day: date, is_working: bool) -> None:
    """A holiday is no working day, a make-up day is one, else the weekday says."""
    assert is_working is CALENDAR.is_working(day)


@pytest.mark.parametrize(
    ("day", "working_days", "last"),
    [
        (date(2024, 2, 1), 0, date(2024, 2, 1)),
        (date(2024, 2, 1), 1, date(2024, 2, 2)),
        (date(2024, 2, 2), 1, date(2024, 2, 4)),  # the make-up Sunday
        (date(2024, 2, 3), 1, date(2024, 2, 4)),  # the event's day may be free
        (date(2024, 2, 9), 1, date(2024, 2, 18)),  # over the whole festival
        (date(2024, 2, 9), 3, date(2024, 2, 20)),
        (date(2023, 12, 29), 1, date(2024, 1, 2)),  # over the end of the year
        (date(2022, 12, 31), 1, date(2023, 1, 2)),  # only later days are looked at
    ],
)
def test_term_ends_on_the_nth_working_day_after(day: date, working_days: int, last: date) -> None:
    """The event's day is not counted, holidays are passed over, make-up days count."""
    assert last == CALENDAR.add(day, working_days)


@pytest.mark.parametrize(
    ("event_day", "day", "working_days"),
    [
        (date(2024, 2, 1), date(2024, 2, 1), 0),
        (date(2024, 2, 1), date(2024, 1, 1), 0),
        (date(2024, 2, 2), date(2024, 2, 3), 0),
        (date(2024, 2, 2), date(2024, 2, 4), 1),
        (date(2024, 2, 9), date(2024, 2, 17), 0),
        (date(2024, 2, 9), date(2024, 2, 18), 1),
        (date(2022, 12, 31), date(2023, 1, 2), 1),
        (date(2025, 12, 30), date(2025, 12, 31), 1),
    ],
)
def test_working_days_since_an_event(event_day: date, day: date, working_days: int) -> None:
    """Counted are the working days after the event's day, up to and including the other day."""
    assert working_days == CALENDAR.count_since(event_day, day)


def test_latest_working_days_ascend_to_the_day() -> None:
    """The last three working days of a holiday end before it, earliest first."""
    expected = (date(2024, 2, 7), date(2024, 2, 8), date(2024, 2, 9))

    assert expected == CALENDAR.latest(date(2024, 2, 9), 3)
    assert expected == CALENDAR.latest(date(2024, 2, 17), 3)
    assert () == CALENDAR.latest(date(2024, 2, 17), 0)


@given(inner_days, st.integers(min_value=1, max_value=40))
def test_add_and_count_are_inverse(day: date, working_days: int) -> None:
    """The n-th working day after a day has n working days since, the day before it n - 1."""
    last = CALENDAR.add(day, working_days)

    assert CALENDAR.is_working(last)
    assert working_days == CALENDAR.count_since(day, last)
    assert working_days - 1 == CALENDAR.count_since(day, last - timedelta(days=1))


@given(days, days)
def test_count_equals_a_walk_over_the_days(event_day: date, day: date) -> None:
    """The tables give the same number as looking at each day."""
    walked = (event_day + timedelta(days=n + 1) for n in range((day - event_day).days))

    assert sum(map(CALENDAR.is_working, walked)) == CALENDAR.count_since(event_day, day)


@given(inner_days, st.integers(min_value=1, max_value=40))
def test_latest_gives_the_nearest_working_days(day: date, working_days: int) -> None:
    """The listed days are working days, as many as asked for, and none is left out."""
    listed = CALENDAR.latest(day, working_days)

    assert working_days == len(listed)
    assert working_days == CALENDAR.count_since(listed[0] - timedelta(days=1), day)
    assert all(map(CALENDAR.is_working, listed))


@given(inner_days, inner_days, st.integers(min_value=1, max_value=20))
def test_ordinals_answer_like_dates(event_day: date, day: date, working_days: int) -> None:
    """Each method on ordinals gives what its twin on dates gives."""
    event, other = event_day.toordinal(), day.toordinal()

    assert CALENDAR.is_working(day) is CALENDAR.is_working_ordinal(other)
    assert CALENDAR.count_since(event_day, day) == CALENDAR.count_since_ordinal(event, other)
    assert CALENDAR.add(day, working_days).toordinal() == CALENDAR.add_ordinal(other, working_days)
    latest = tuple(map(date.fromordinal, CALENDAR.latest_ordinal(other, working_days)))
    assert latest == CALENDAR.latest(day, working_days)


def test_missing_year_is_named() -> None:
    """Whatever needs a day without data names its year."""
    first, last, beyond = date(2023, 1, 1), date(2025, 12, 31), date(2026, 1, 1)
    questions: list[tuple[int, Callable[[], object]]] = [
        (2026, lambda: CALENDAR.is_working(beyond)),
        (2022, lambda: CALENDAR.is_working(date(2022, 12, 31))),
        (2026, lambda: CALENDAR.add(last, 1)),
        (2027, lambda: CALENDAR.add(date(2026, 12, 31), 1)),
        (2022, lambda: CALENDAR.add(date(2022, 12, 30), 1)),
        (2026, lambda: CALENDAR.count_since(last, beyond)),
        (2026, lambda: CALENDAR.count_since(first, date(2027, 5, 1))),
        (2022, lambda: CALENDAR.count_since(date(2022, 12, 30), first)),
        (2022, lambda: CALENDAR.latest(first, 1)),
        (2026, lambda: CALENDAR.latest(beyond, 1)),
    ]

    for year, question in questions:
        with pytest.raises(CalendarMissing, match=f"calendar {year} missing") as caught:
            question()
        assert year == caught.value.year


def test_missing_year_survives_copying() -> None:
    """The error can be copied and sent between processes without losing its year."""
    assert 2027 == copy.copy(CalendarMissing(2027)).year


def test_empty_calendar_answers_nothing() -> None:
    """A calendar without years refuses every question."""
    empty = WorkingCalendar({})

    assert () == empty.years
    with pytest.raises(CalendarMissing):
        empty.is_working(date(2024, 1, 1))


@pytest.mark.parametrize(
    ("days_by_year", "reason"),
    [
        ({2023: NOTHING, 2025: NOTHING}, "not consecutive"),
        ({2025: DAYS_2024}, "another year"),
        ({2024: (frozenset([date(2024, 2, 3)]), frozenset())}, "weekend"),
        ({2024: (frozenset(), frozenset([date(2024, 2, 5)]))}, "no Saturday or Sunday"),
    ],
)
def test_wrong_data_is_refused(days_by_year: dict[int, YearDays], reason: str) -> None:
    """Data that contradicts itself builds no calendar."""
    with pytest.raises(ValueError, match=reason):
        WorkingCalendar(days_by_year)


def test_digest_changes_with_the_data_only() -> None:
    """The digest tells calendars apart by their days, not by the order in which they are told."""
    same = WorkingCalendar({2025: NOTHING, 2024: DAYS_2024, 2023: NOTHING})
    shorter = WorkingCalendar({2023: NOTHING, 2024: DAYS_2024})
    other = WorkingCalendar({2023: NOTHING, 2024: NOTHING, 2025: NOTHING})

    assert CALENDAR.digest() == same.digest()
    assert 3 == len({CALENDAR.digest(), shorter.digest(), other.digest()})


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 1, 1), 3, date(2025, 4, 1)),
        (date(2024, 11, 30), 3, date(2025, 2, 28)),
        (date(2023, 11, 30), 3, date(2024, 2, 29)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2099, 11, 30), 3, date(2100, 2, 28)),  # no leap year
        (date(2025, 12, 31), 1, date(2026, 1, 31)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
        (date(2025, 1, 15), -1, date(2024, 12, 15)),
        (date(2025, 1, 15), 0, date(2025, 1, 15)),
    ],
)
def test_months_are_clamped_to_the_end(day: date, months: int, expected: date) -> None:
    """A day that the target month lacks becomes its last day."""
    assert expected == add_months(day, months)
    assert expected.toordinal() == add_months_ordinal(day.toordinal(), months)


@given(days, st.integers(min_value=-240, max_value=240))
def test_months_move_by_exactly_their_number(day: date, months: int) -> None:
    """The result lies the given number of months away, on the same day or the month's last."""
    moved = add_months(day, months)
    is_last_of_month = (moved + timedelta(days=1)).day == 1

    assert months == (moved.year - day.year) * 12 + moved.month - day.month
    assert moved.day == day.day or (moved.day < day.day and is_last_of_month)


def test_months_beyond_the_calendar_are_refused() -> None:
    """Months that lead beyond year 9999 raise an error that says so."""
    with pytest.raises(OverflowError, match="9999-12-01"):
        add_months(date(9999, 12, 1), 1)
