"""Entries announced as pending that no booked feed has confirmed in time (feeds.md 4.1)."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import Connection

from alerts.inbox import journal
from models import facts as f
from models.keys import DECODER
from models.working_days import CalendarMissing, WorkingCalendar

CONFIRMED_WORKING_DAYS = 2
LOOKED_BACK_DAYS = 92
"""Of older ones nothing is asked, so that the answer costs the same after years."""

_PENDING = "/PENDING"
_OF_CONTENT = "fp-"  # a serial made of what is written: the same of each month's rent


def unconfirmed(
    connection: Connection, calendar: WorkingCalendar, closed_day: date | None
) -> dict[str, tuple[str, ...]]:
    """By account the ids of the entries that are late on the closed day, the oldest first."""
    if closed_day is None:
        return {}
    since = (closed_day - timedelta(days=LOOKED_BACK_DAYS)).isoformat()
    announced: defaultdict[str, dict[str, f.EntryAnnounced]] = defaultdict(dict)
    for identifier, _, body, *_ in journal.of_accounts(connection, "EntryAnnounced", since=since):
        if identifier.endswith(_PENDING):
            fact = DECODER.decode(body)
            assert isinstance(fact, f.EntryAnnounced), identifier
            if _is_due(calendar, fact.booking_date, closed_day):
                announced[fact.account][identifier] = fact
    booked: defaultdict[str, dict[str, f.EntryBooked]] = defaultdict(dict)
    for account in sorted(announced):
        rows = journal.of_accounts(connection, "EntryBooked", account=account, since=since)
        for identifier, _, body, *_ in rows:
            fact = DECODER.decode(body)
            assert isinstance(fact, f.EntryBooked), identifier
            booked[account][identifier] = fact
    late = {
        account: late_of(facts, booked[account].values()) for account, facts in announced.items()
    }
    return {account: ids for account, ids in sorted(late.items()) if ids}


def late_of(
    announced: dict[str, f.EntryAnnounced], booked: Iterable[f.EntryBooked]
) -> tuple[str, ...]:
    """Which of the announced entries no booked one confirms, on their day or later.

    A serial from a reference may be announced again each day until it is booked. Where the booked
    feed has another serial, one of direction, amount and currency confirms one announced entry.
    """
    days: defaultdict[str, date] = defaultdict(lambda: date.min)
    free: defaultdict[tuple[str, int, str], list[date]] = defaultdict(list)
    told = {one.serial for one in announced.values() if not one.serial.startswith(_OF_CONTENT)}
    for entry in booked:
        if entry.serial in told:
            days[entry.serial] = max(days[entry.serial], entry.booking_date)
        else:
            free[entry.direction, entry.amount_fen, entry.currency].append(entry.booking_date)
    for every in free.values():
        every.sort()
    late = []
    for identifier, one in sorted(announced.items()):
        if days[one.serial] >= one.booking_date:
            continue
        left = free[one.direction, one.amount_fen, one.currency]
        place = bisect_left(left, one.booking_date)
        if place < len(left):
            del left[place]
        else:
            late.append(identifier)
    return tuple(late)


def _is_due(calendar: WorkingCalendar, day: date, closed_day: date) -> bool:
    """A day beyond the calendar is due by nobody's guess."""
    try:
        return calendar.add(day, CONFIRMED_WORKING_DAYS) <= closed_day
    except CalendarMissing:
        return False
