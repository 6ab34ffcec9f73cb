"""Lessons that are no longer held while families are owed some (rules.md C, teaching-stopped).

Which days are teaching days is read from the institution's own habit: the weekdays on which it
taught in at least half of the weeks before its last lesson. Without a habit yet every day is one,
but so many first days are not counted. Public holidays are none. A vacation is none, unless the
institution showed a habit within it; where every contract is academic, weekends and vacations are
none at all.
"""

from functools import lru_cache
from typing import Final

from mypy_extensions import mypyc_attr

from alerts.rules import days
from alerts.rules.terms import WEEK_DAYS, is_public_holiday, is_weekend, vacation_since
from alerts.rules.view import View, day_step, number, yuan
from models.directory import Directory
from models.findings import Finding
from models.working_days import CalendarMissing

RULE: Final = "teaching-stopped"
QUIET: Final = RULE + " quiet"
HABITS_CACHED_MAX: Final = 65_536
LESSONS_LEAST: Final = 2
"""A weekday taught once is no habit."""


@mypyc_attr(acyclic=True)
class _Quiet:
    """The last lesson's day, the days taught up to it as bits, and the teaching days missed since.

    Bit n is the n-th day before the last lesson. `missed` is below 0 while the first days without
    a habit are not counted; `missing` names what stops the count.
    """

    __slots__ = ("last", "missed", "missing", "taught")

    def __init__(self, last: int, taught: int, missed: int, missing: str = "") -> None:
        self.last = last
        self.taught = taught
        self.missed = missed
        self.missing = missing


def teaching_stopped(view: View, _subject: str) -> list[Finding]:
    """No lesson was held on so many teaching days while money is unearned."""
    return days.judge(view, TEACHING_STOPPED)


def _see(view: View, day: int) -> days.Seen:
    steps = view.policy.steps(RULE, "teaching_days", day)
    if steps is None or not view.ledger.directory.terms:
        return None
    quiet = _quiet(view, day)
    if quiet.missing:
        return days.Unknown(quiet.missing)
    level = days.at_least(steps, quiet.missed)
    # Of whom no lesson was ever told, nobody knows if he taught none or his lessons are not told.
    return days.Unknown("lessons") if level and not quiet.last else level


def _quiet(view: View, day: int) -> _Quiet:
    series = view.ledger.series
    return series.memo(QUIET, day, _next, view)[day - series.first]


def _next(view: View, day: int, before: _Quiet | None) -> _Quiet:
    weeks = view.number(RULE, "habit_weeks", day) or 1
    unknown_days = view.number(RULE, "unknown_habit_days", day) or 0
    before = before or _Quiet(0, 0, -unknown_days)
    if view.ledger.records.lessons_on.get(day):
        shifted = before.taught << (day - before.last) if before.last else 0
        taught = (shifted | 1) & ((1 << weeks * WEEK_DAYS) - 1)
        return _Quiet(day, taught, _start(taught, unknown_days))
    rested = _Quiet(before.last, before.taught, _start(before.taught, unknown_days))
    if view.ledger.series.unearned(day) <= 0:
        return rested
    try:
        if not _is_teaching_day(view, day, before):
            return _Quiet(before.last, before.taught, before.missed)
    except CalendarMissing as missing:
        return _Quiet(before.last, before.taught, before.missed, str(missing))
    owes = _owes_lessons(view, day, has_taught=before.last > 0)
    if owes is None:
        return _Quiet(before.last, before.taught, before.missed, "begins")
    return _Quiet(before.last, before.taught, before.missed + 1) if owes else rested


def _start(taught: int, unknown_days: int) -> int:
    return 0 if habit(taught) else -unknown_days


def _is_teaching_day(view: View, day: int, quiet: _Quiet) -> bool:
    if is_public_holiday(view.calendar, day):
        return False
    vacation = vacation_since(view, day)
    if (vacation is not None or is_weekend(day)) and _is_academic(view, day):
        return False
    offset = (quiet.last - day) % WEEK_DAYS
    if vacation is not None:
        within = max(0, quiet.last - vacation + 1)
        return offset in habit(quiet.taught & ((1 << within) - 1))
    known = habit(quiet.taught)
    return offset in known if known else True


@lru_cache(maxsize=HABITS_CACHED_MAX)
def habit(taught: int) -> frozenset[int]:
    """The weekdays of a habit, each as its number of days before that of the last lesson.

    A weekday belongs to it that was taught twice, and in half of the weeks since the first bit.
    """
    weeks = -(-taught.bit_length() // WEEK_DAYS)
    every_week = sum(1 << WEEK_DAYS * week for week in range(weeks))
    counts = [(taught >> offset & every_week).bit_count() for offset in range(WEEK_DAYS)]
    return frozenset(
        offset
        for offset, count in enumerate(counts)
        if count >= LESSONS_LEAST and 2 * count >= weeks
    )


def _is_academic(view: View, day: int) -> bool:
    """Whether every contract signed by a day is academic."""
    series = view.ledger.series
    return series.memo("academic", day, _all_academic, view.ledger.directory)[day - series.first]


def _all_academic(directory: Directory, day: int, before: bool | None) -> bool:
    # The first day of the series stands for all days before it.
    signed = [day] if before is not None else [d for d in directory.signed_on if d <= day]
    return before is not False and all(
        directory.terms[contract].contract.academic is True
        for signed_day in signed
        for contract in directory.signed_on.get(signed_day, ())
    )


def _owes_lessons(view: View, day: int, *, has_taught: bool) -> bool | None:
    """Whether lessons are owed of a contract that has begun; None when no begin is told.

    Where lessons were ever held, a contract that tells no begin has begun with its signature.
    """
    untold = False
    for number_, terms in view.ledger.directory.terms.items():
        if terms.signed > day or (terms.begins is not None and terms.begins > day):
            continue
        point = view.ledger.books[number_].at(day)
        if point is None or point.unearned <= 0:
            continue
        if terms.begins is not None or has_taught:
            return True
        untold = True
    return None if untold else False


def _show(view: View, day: int) -> days.Shown:
    quiet = _quiet(view, day)
    unearned = view.ledger.series.unearned(day)
    return days.Shown(
        unearned,
        view.ledger.register_ids("InstitutionStated", "TermStated"),
        (
            *((day_step("last_lesson", quiet.last),) if quiet.last else ()),
            number("missed_teaching_days", quiet.missed),
            yuan("unearned", unearned),
        ),
    )


TEACHING_STOPPED: Final = days.State(RULE, "teaching", "warning", _see, _show)
