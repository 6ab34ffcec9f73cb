"""Working-day arithmetic on a calendar that it is given.

A day in a year without data is never guessed by its weekday: it raises CalendarMissing.
"""

import calendar
import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Final

ORDINALS_CACHED_MAX: Final = 65_536

YearDays = tuple[frozenset[date], frozenset[date]]
"""Of one year: the holidays that fall Monday to Friday, and the working Saturdays and Sundays."""


class CalendarMissing(LookupError):  # noqa: N818 - a name that reads as the fact it states
    """A day was needed from a year that the calendar has no data for."""

    def __init__(self, year: int) -> None:
        super().__init__(year)
        self.year = year

    def __str__(self) -> str:
        return f"calendar {self.year} missing"


class WorkingCalendar:
    """The working days of consecutive years: every question costs one or two list look-ups.

    A method whose name ends in `_ordinal` takes and gives `date.toordinal()` numbers, which saves
    the hot path the making of dates.
    """

    __slots__ = ("_after", "_before", "_digest", "_first", "_working", "years")

    def __init__(self, days_by_year: Mapping[int, YearDays]) -> None:
        """Build the tables; ValueError if years have a gap or a day does not belong in its set."""
        years = tuple(sorted(days_by_year))
        if years and years[-1] - years[0] != len(years) - 1:
            raise ValueError(f"calendar years are not consecutive: {years}")
        for year in years:
            _check_year(year, days_by_year[year])
        self.years = years
        self._digest = _digest_of(days_by_year)
        self._first = date(years[0], 1, 1).toordinal() if years else date.max.toordinal()
        self._working: list[int] = []
        # Entry i counts the working days before the ordinal `_first + i`.
        self._before: list[int] = [0]
        for year in years:
            for day in _days_of(year):
                if _is_working_day(day, days_by_year[year]):
                    self._working.append(day.toordinal())
                self._before.append(len(self._working))
        self._after = self._first + len(self._before) - 1

    def digest(self) -> str:
        """Give the SHA-256 of the calendar's data, names left out, in hexadecimal."""
        return self._digest

    def is_working(self, day: date) -> bool:
        """Say whether a day is a working day; CalendarMissing if its year has no data."""
        return self.is_working_ordinal(day.toordinal())

    def is_working_ordinal(self, ordinal: int) -> bool:
        """Say whether a day is a working day; CalendarMissing if its year has no data."""
        self._must_hold(ordinal)
        index = ordinal - self._first
        return self._before[index + 1] != self._before[index]

    def add(self, day: date, working_days: int) -> date:
        """Give the n-th working day after a day, which is not counted itself; n = 0 is the day.

        CalendarMissing names the first year without data among the days to be looked at.
        """
        return date.fromordinal(self.add_ordinal(day.toordinal(), working_days))

    def add_ordinal(self, ordinal: int, working_days: int) -> int:
        """Give the n-th working day after a day, as `add` does."""
        assert working_days >= 0, f"{working_days} working days cannot be added"
        if working_days == 0:
            return ordinal
        self._must_hold(ordinal + 1)
        index = self._before[ordinal + 1 - self._first] + working_days - 1
        if index >= len(self._working):
            raise CalendarMissing(_year_of(self._after))
        return self._working[index]

    def count_since(self, event_day: date, day: date) -> int:
        """Count the working days after the event's day, up to and including the other day.

        0 if the other day is not later. CalendarMissing names the first year without data.
        """
        return self.count_since_ordinal(event_day.toordinal(), day.toordinal())

    def count_since_ordinal(self, event_ordinal: int, ordinal: int) -> int:
        """Count the working days after the event's day up to a day, as `count_since` does."""
        if ordinal <= event_ordinal:
            return 0
        self._must_hold(event_ordinal + 1)
        if ordinal >= self._after:
            raise CalendarMissing(_year_of(self._after))
        before = self._before
        return before[ordinal + 1 - self._first] - before[event_ordinal + 1 - self._first]

    def latest(self, day: date, working_days: int) -> tuple[date, ...]:
        """Give the last n working days up to and including a day, earliest first.

        CalendarMissing names the latest year without data among the days to be looked at.
        """
        ordinals = self.latest_ordinal(day.toordinal(), working_days)
        return tuple(date.fromordinal(ordinal) for ordinal in ordinals)

    def latest_ordinal(self, ordinal: int, working_days: int) -> tuple[int, ...]:
        """Give the last n working days up to and including a day, as `latest` does."""
        assert working_days >= 0, f"{working_days} working days cannot be listed"
        if working_days == 0:
            return ()
        self._must_hold(ordinal)
        end = self._before[ordinal + 1 - self._first]
        if end < working_days:
            raise CalendarMissing(self.years[0] - 1)
        return tuple(self._working[end - working_days : end])

    def _must_hold(self, ordinal: int) -> None:
        if not self._first <= ordinal < self._after:
            raise CalendarMissing(_year_of(ordinal))


def add_months(day: date, months: int) -> date:
    """Add calendar months, clamped to the month's end: 30 Nov + 3 months is the last of February.

    A negative number goes back. OverflowError beyond the years 1 to 9999.
    """
    year, month_index = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError(f"{day} plus {months} months is outside the years 1 to 9999")
    month = month_index + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@lru_cache(maxsize=ORDINALS_CACHED_MAX)
def add_months_ordinal(ordinal: int, months: int) -> int:
    """Add calendar months to an ordinal, as `add_months` does."""
    return add_months(date.fromordinal(ordinal), months).toordinal()


def _year_of(ordinal: int) -> int:
    return date.fromordinal(ordinal).year


def _is_weekend(day: date) -> bool:
    return day.weekday() >= calendar.SATURDAY


def _check_year(year: int, days: YearDays) -> None:
    holidays, make_up_days = days
    for day in sorted(holidays | make_up_days):
        if day.year != year:
            raise ValueError(f"calendar {year} holds a day of another year: {day}")
    for day in sorted(holidays):
        if _is_weekend(day):
            raise ValueError(f"holiday {day} falls on a weekend: only Monday to Friday are listed")
    for day in sorted(make_up_days):
        if not _is_weekend(day):
            raise ValueError(f"make-up day {day} is no Saturday or Sunday")


def _days_of(year: int) -> Iterator[date]:
    first = date(year, 1, 1).toordinal()
    return map(date.fromordinal, range(first, first + 365 + calendar.isleap(year)))


def _is_working_day(day: date, days: YearDays) -> bool:
    holidays, make_up_days = days
    return day in make_up_days if _is_weekend(day) else day not in holidays


def _digest_of(days_by_year: Mapping[int, YearDays]) -> str:
    lines = []
    for year in sorted(days_by_year):
        holidays, make_up_days = days_by_year[year]
        lines.append(f"year {year}\n")
        lines += [f"holiday {day.isoformat()}\n" for day in sorted(holidays)]
        lines += [f"make-up {day.isoformat()}\n" for day in sorted(make_up_days)]
    return hashlib.sha256("".join(lines).encode("ascii")).hexdigest()
