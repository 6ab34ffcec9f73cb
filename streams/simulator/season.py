"""When lessons are held: never on public holidays, more often in the vacations."""

from datetime import date

from models.working_days import WorkingCalendar
from streams.simulator.plan import Day


class Season:
    """The teaching days of the simulated months, from the calendar that the caller passes in."""

    def __init__(self, calendar: WorkingCalendar, first: Day, last: Day) -> None:
        self.calendar = calendar
        self.first, self.last = first, last
        self._working = {day: calendar.is_working_ordinal(day) for day in range(first, last + 1)}
        self.holidays = self._holidays()

    def working(self, day: Day) -> bool:
        """Whether banks and offices work on that day."""
        return self._working[day]

    def after(self, day: Day, working_days: int) -> Day | None:
        """The n-th working day after a day, None when it lies beyond the simulated months."""
        for later in range(day + 1, self.last + 1):
            working_days -= self._working[later]
            if working_days == 0:
                return later
        return None

    def teaching_days(
        self, weekdays: frozenset[int], begins: Day, count: int, until: Day
    ) -> list[Day]:
        """So many days of these weekdays, public holidays left out, none after `until`.

        Beyond the simulated months holidays are not known, and those lessons are never held.
        """
        days: list[Day] = []
        day = begins
        while len(days) < count and day <= until:
            # Ordinal 1 was a Monday.
            if (day - 1) % 7 in weekdays and day not in self.holidays:
                days.append(day)
            day += 1
        return days

    def _holidays(self) -> frozenset[Day]:
        """Runs of days off that hold a free weekday: a public holiday with its weekends."""
        holidays: set[Day] = set()
        run: list[Day] = []
        for day in sorted(self._working):
            if not self._working[day]:
                run.append(day)
                continue
            if any((free - 1) % 7 < 5 for free in run):
                holidays.update(run)
            run = []
        if any((free - 1) % 7 < 5 for free in run):
            holidays.update(run)
        return frozenset(holidays)


def is_vacation(day: Day) -> bool:
    """Whether school children are free: the summer and winter vacations, in round dates."""
    when = date.fromordinal(day)
    return when.month in {7, 8} or (1, 20) <= (when.month, when.day) <= (2, 20)
