"""The truth about what was always done and then no more: wages, rent and lessons."""

from collections import defaultdict
from collections.abc import Iterator

from models.working_days import add_months_ordinal
from streams.simulator.judge import Wrong, windows
from streams.simulator.judge_days import DailyJudge
from streams.simulator.judge_feed import told_days
from streams.simulator.plan import Day, Entry, Institution
from streams.simulator.season import Season

_PAYMENTS = (("payroll-missed", "payroll", "工资"), ("rent-missed", "rent", "房租"))
_LATE_STEPS = ((30, "red"), (15, "orange"), (10, "yellow"), (5, "blue"))
_LATE_MOST = 180
_ABOUT_DAYS = 5
_EARLY_WORKING_DAYS = 5
_STILL_STEPS = ((21, "red"), (14, "orange"), (7, "yellow"), (3, "blue"))
_HABIT_WEEKS = 8
_UNKNOWN_DAYS = 7
_WEEK_DAYS = 7


def habits(inst: Institution, daily: DailyJudge, entries: list[Entry]) -> Iterator[Wrong]:
    """Wages, rent and lessons that did not come; `daily` has played the institution's days."""
    if inst.settlement.fed:
        for rule, subject, word in _PAYMENTS:
            paid = {
                entry.day
                for entry in entries
                if entry.account is inst.settlement and word in entry.remittance
            }
            levels = _late(inst, daily, paid)
            yield from windows(rule, subject, levels, inst.last)
    yield from windows("teaching-stopped", "teaching", _still(inst, daily), inst.last)


# ---- wages and rent ----


def _late(
    inst: Institution, daily: DailyJudge, paid: set[Day]
) -> Iterator[tuple[Day, tuple[None, str] | None]]:
    """By day how late what is due every month is, by what the bank has told of the account."""
    told = told_days(inst, inst.settlement)
    before: list[Day] = []
    due = through = 0
    for day in daily.days:
        through = day if day in told else through
        if day in paid:
            before.append(day)
            due = _usual(before) or _due_after(daily.season, due, day)
        late = through - _bank_day(daily.season, due) if due and through > due else 0
        level = next((word for least, word in _LATE_STEPS if late >= least), None)
        owes = daily.unearned.get(day, 0) > 0
        yield day, (None, level) if level and owes and late <= _LATE_MOST else None


def _usual(paid: list[Day]) -> Day:
    """The day due next if it came in each of three months about the same day, else 0."""
    last = paid[-1]
    due = add_months_ordinal(last, 1)
    for months in (1, 2):
        same = add_months_ordinal(last, -months)
        near = [day for day in paid if abs(day - same) <= _ABOUT_DAYS]
        if not near:
            return 0
        due = max(due, add_months_ordinal(max(near), months + 1))
    return due


def _due_after(season: Season, due: Day, paid: Day) -> Day:
    """The next due day that what was paid on a day does not pay, 0 while none is usual."""
    while due and (due <= paid or _working_days(season, paid, due) <= _EARLY_WORKING_DAYS):
        due = add_months_ordinal(due, 1)
    return due


def _working_days(season: Season, after: Day, through: Day) -> int:
    return sum(day > season.last or season.working(day) for day in range(after + 1, through + 1))


def _bank_day(season: Season, day: Day) -> Day:
    while day <= season.last and not season.working(day):
        day += 1
    return day


# ---- lessons ----


def _still(inst: Institution, daily: DailyJudge) -> Iterator[tuple[Day, tuple[None, str] | None]]:
    """By day how many teaching days have passed without a lesson while lessons were owed."""
    taught = sorted({session.day for session in inst.sessions})
    held = set(taught)
    begun = min((max(each.signed, each.begins) for each in inst.contracts), default=inst.last + 1)
    missed = -_UNKNOWN_DAYS
    usual: set[int] = set()
    for day in daily.days:
        if day in held:
            usual = _weekdays([each for each in taught if each <= day])
        if day in held or day < begun or daily.unearned.get(day, 0) <= 0:
            missed = 0 if usual else -_UNKNOWN_DAYS
        elif _is_teaching_day(inst, daily.season, taught, usual, day):
            missed += 1
        level = next((word for least, word in _STILL_STEPS if missed >= least), None)
        yield day, (None, level) if level else None


def _weekdays(taught: list[Day]) -> set[int]:
    """The weekdays of two lessons or more, in half of the weeks or more, of eight weeks."""
    last = taught[-1]
    recent = [day for day in taught if day > last - _HABIT_WEEKS * _WEEK_DAYS]
    weeks = (last - recent[0]) // _WEEK_DAYS + 1
    counts: dict[int, int] = defaultdict(int)
    for day in recent:
        counts[day % _WEEK_DAYS] += 1
    return {weekday for weekday, n in counts.items() if n > 1 and 2 * n >= weeks}


def _is_teaching_day(
    inst: Institution, season: Season, taught: list[Day], usual: set[int], day: Day
) -> bool:
    if day in season.holidays:
        return False
    for begins, ends, _ in inst.course.vacations:
        if begins <= day <= ends:
            within = [each for each in taught if begins <= each < day]
            return bool(within) and day % _WEEK_DAYS in _weekdays(within)
    return day % _WEEK_DAYS in usual or not usual
