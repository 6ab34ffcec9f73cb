"""How a simulated school's months go: demand, pauses, its end, wages, rent; days are ordinals."""

from dataclasses import dataclass, field
from datetime import date

Day = int
_NEVER: Day = date.max.toordinal()


@dataclass(slots=True)
class Course:
    """How an institution's months go: demand in percent of its usual size, pauses, its end.

    `demand` holds (day, percent) points, a straight line between them; `pauses` are days from and
    to without lessons. `vacations` are (from, to, name) as the term calendar tells them.
    """

    demand: list[tuple[Day, int]] = field(default_factory=list)
    vacation_percent: int = 100
    pauses: list[tuple[Day, Day]] = field(default_factory=list)
    vacations: list[tuple[Day, Day, str]] = field(default_factory=list)
    ends: Day = _NEVER

    def percent(self, day: Day) -> int:
        """The demand of a day."""
        before, after = (0, 100), (_NEVER, 100)
        for point in self.demand:
            if point[0] <= day:
                before = point
            else:
                after = point
                break
        if before[0] == 0:
            return after[1] if self.demand else 100
        if after[0] == _NEVER:
            return before[1]
        return before[1] + (after[1] - before[1]) * (day - before[0]) // (after[0] - before[0])

    def paused(self, day: Day) -> Day | None:
        """The last day of the pause that covers a day, None without one."""
        return next((last for first, last in self.pauses if first <= day <= last), None)


@dataclass(slots=True)
class Payroll:
    """Wages and rent from the settlement account: day of the month, fen, and delays by month.

    `late` says by (kind, month) how many days later than usual it is paid, None for never.
    """

    wages_day: int = 15
    wages_fen: int = 0
    rent_day: int = 8
    rent_fen: int = 0
    late: dict[tuple[str, str], int | None] = field(default_factory=dict)
