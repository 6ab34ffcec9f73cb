"""Days on which nothing is taught or sold as usual: public holidays, and vacations of the term.

The term calendar of an institution is its TermStated rows. A name with one of the policy's words
(假, 停课, …) is a vacation, any other a term.
"""

from functools import lru_cache
from typing import Final

from alerts.rules.view import View
from models import facts as f
from models.registers import ordinal
from models.working_days import CalendarMissing, WorkingCalendar

RULE: Final = "teaching-stopped"
"""The rule under which the numbers and words of the term calendar are kept."""
DAYS_CACHED_MAX: Final = 16_384
WEEK_DAYS: Final = 7
WORKING_WEEKDAYS: Final = 5


def is_weekend(day: int) -> bool:
    """Whether a day is a Saturday or Sunday, worked or not."""
    return (day - 1) % WEEK_DAYS >= WORKING_WEEKDAYS


@lru_cache(maxsize=DAYS_CACHED_MAX)
def is_public_holiday(calendar: WorkingCalendar, day: int) -> bool:
    """Whether a day lies in a run of days off that holds a free weekday; a plain weekend does not.

    CalendarMissing if its year has no data.
    """
    if calendar.is_working_ordinal(day):
        return False
    if not is_weekend(day):
        return True
    return any(_reaches_free_weekday(calendar, day, step) for step in (-1, 1))


def _reaches_free_weekday(calendar: WorkingCalendar, day: int, step: int) -> bool:
    try:
        while not calendar.is_working_ordinal(day):
            if not is_weekend(day):
                return True
            day += step
    except CalendarMissing:
        pass
    return False


def vacation_since(view: View, day: int) -> int | None:
    """The first day of the vacation that covers a day, None when none does.

    The time after a term is a vacation too, until a further term or so many days have passed.
    """
    vacations: list[int] = []
    term_ended = vacation_ended = 0
    is_term = False
    words: tuple[str, ...] | None = None
    for row in view.ledger.registers.latest(f.TermStated, day):
        if words is None:
            words = view.words(RULE, "vacation_words", day)
        last = ordinal(row.valid_to)
        is_vacation = any(word in row.name.lower() for word in words)
        if last >= day:
            is_term = is_term or not is_vacation
            vacations += [row.valid_from.toordinal()] if is_vacation else []
        elif is_vacation:
            vacation_ended = max(vacation_ended, last)
        else:
            term_ended = max(term_ended, last)
    if vacations:
        return min(vacations)
    if is_term or term_ended <= vacation_ended:
        return None
    gap_days = view.number(RULE, "gap_days", day) or 0
    return term_ended + 1 if day - term_ended <= gap_days else None
