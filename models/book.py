"""The account of one contract: money and lessons by day, and the path of what is owed.

Unearned and due change only on days of events, so a path is a short list of points; a change is
told to the institution as differences by day.
"""

from bisect import bisect_left, bisect_right
from typing import Final

from mypy_extensions import mypyc_attr

from models.contracts import Terms
from models.registers import FOREVER

PAID, REFUNDED, RELEASED = "paid", "refunded", "released"
"""What money may do on a day: names of an event's fields."""


@mypyc_attr(acyclic=True)
class Point:
    """How a contract stands from the close of a day on: fen, hundredths of an hour, sessions.

    `certain` is what the lessons so far show to have been due, `lacking` what of it did not come.
    """

    __slots__ = (
        *("certain", "day", "due", "hours", "lacking", "paid", "refunded", "released"),
        *("sessions", "unearned"),
    )

    def __init__(self, day: int, before: "Point | None") -> None:
        self.day = day
        if before is None:
            self.paid = self.refunded = self.released = self.hours = self.sessions = 0
            self.unearned = self.due = self.certain = self.lacking = 0
            return
        self.paid = before.paid
        self.refunded = before.refunded
        self.released = before.released
        self.hours = before.hours
        self.sessions = before.sessions
        self.unearned = before.unearned
        self.due = before.due
        self.certain = before.certain
        self.lacking = before.lacking

    def add(self, event: "Event") -> None:
        """Take in what happened; what is owed is not yet right."""
        self.paid += event.paid
        self.refunded += event.refunded
        self.released += event.released
        self.hours += event.hours
        self.sessions += event.sessions

    def reckon(self, terms: Terms, *, is_taught: bool) -> None:
        """Work out what is owed, by all that was taken in."""
        self.unearned, self.due = terms.owed_and_due(
            self.paid, self.refunded, self.released, self.hours, self.sessions, self.day
        )
        if is_taught:
            self.certain = terms.certain_fen(self.hours, self.sessions, self.day)
        self.lacking = terms.lacking_fen(self.paid, self.certain)

    def figures(self) -> tuple[int, ...]:
        """All but the day, in the order in which they were named above: to compare."""
        return (
            *(self.paid, self.refunded, self.released, self.hours, self.sessions),
            *(self.unearned, self.due, self.certain, self.lacking),
        )


@mypyc_attr(acyclic=True)
class Event:
    """What happened on a day: money in fen, lessons in hundredths of an hour and in sessions."""

    __slots__ = ("hours", "paid", "refunded", "released", "sessions")

    def __init__(self) -> None:
        self.paid = self.refunded = self.released = self.hours = self.sessions = 0


@mypyc_attr(acyclic=True)
class Change:
    """By what sums over all contracts change on a day, in fen: unearned, due, paid, lacking."""

    __slots__ = ("due", "lacking", "paid", "unearned")

    def __init__(self) -> None:
        self.unearned = self.due = self.paid = self.lacking = 0

    def figures(self) -> tuple[int, ...]:
        """In the order in which they were named above; what was taken out again leaves zeros."""
        return (self.unearned, self.due, self.paid, self.lacking)


class Totals:
    """Changes by day of sums over all contracts: unearned, due for release, paid, lacking."""

    def __init__(self) -> None:
        self.changes: dict[int, Change] = {}

    def add(self, before: Point, point: Point, sign: int) -> None:
        """Add (1) or take out (-1) by what a point differs from the one before."""
        change = self.changes.get(point.day)
        if change is None:
            change = self.changes[point.day] = Change()
        change.lacking += sign * (point.lacking - before.lacking)
        change.unearned += sign * (point.unearned - before.unearned)
        change.due += sign * (point.due - before.due)
        change.paid += sign * (point.paid - before.paid)


_BEFORE: Final = Point(0, None)


@mypyc_attr(acyclic=True)
class Book:
    """Events of one contract by day, in any order of arrival; terms may come late or change."""

    __slots__ = ("_days", "_events", "_ordered", "_path", "_path_days", "payments", "terms")

    def __init__(self) -> None:
        self.terms: Terms | None = None
        self.payments: dict[str, tuple[int, str, int]] = {}
        """By entry: booking day, entry id, fen."""
        self._ordered: list[tuple[int, str, int]] | None = None
        self._days: list[int] = []
        self._events: list[Event] = []
        self._path: list[Point] = []
        self._path_days: list[int] = []

    def add(self, day: int, what: str, amount: int) -> None:
        """Add to (or, negative, take from) what happened on a day."""
        event = self._event(day)
        setattr(event, what, getattr(event, what) + amount)

    def pay(self, entry: str, day: int, fen: int) -> None:
        """Match a payment booked on a day."""
        self.payments[entry] = (day, entry, fen)
        self._ordered = None

    def unpay(self, entry: str) -> None:
        """Take a matched payment out."""
        del self.payments[entry]
        self._ordered = None

    def lesson(self, day: int, hours: int, sessions: int) -> None:
        """Add (or, negative, take out) the hours of a class session: the hot path."""
        event = self._event(day)
        event.hours += hours
        event.sessions += sessions

    def _event(self, day: int) -> Event:
        days = self._days
        place = len(days)
        if days and day <= days[-1]:
            place = bisect_left(days, day)
            if days[place] == day:
                return self._events[place]
        event = Event()
        days.insert(place, day)
        self._events.insert(place, event)
        return event

    def ordered_payments(self) -> list[tuple[int, str, int]]:
        """The matched payments as (booking day, entry id, fen), in order."""
        found = self._ordered
        if found is None:  # a dozen rules ask one after the other
            found = self._ordered = sorted(self.payments.values())
        return found

    def first_day(self) -> int:
        """The first day on which anything happened, past every day when nothing did."""
        return self._days[0] if self._days else FOREVER

    def at(self, day: int) -> Point | None:
        """The last point of the path not after the day; None before the signature."""
        place = bisect_right(self._path_days, day)
        return self._path[place - 1] if place else None

    def path(self) -> list[Point]:
        """The points, in order."""
        return self._path

    def lessons_by(self, day: int) -> tuple[int, int]:
        """Hours and sessions taught through a day, whether the contract was signed by then."""
        hours = sessions = 0
        for event in self._events[: bisect_right(self._days, day)]:
            hours += event.hours
            sessions += event.sessions
        return hours, sessions

    def retrace(self, since: int, totals: Totals) -> None:
        """Work the path out again from a day on, and correct the institution's differences."""
        days = self._path_days
        if days and since > days[-1] and since == self._days[-1]:
            self._append(since, totals)
            return
        start = bisect_left(days, since)
        if self.terms is not None and since <= self.terms.signed:
            start = 0
        self._post(start, totals, -1)
        del self._path[start:], days[start:]
        if self.terms is None:
            return
        self._trace(start, max(since, self.terms.signed) if start else self.terms.signed)
        self._post(start, totals, 1)

    def _append(self, day: int, totals: Totals) -> None:
        """The commonest case, a new last day: the same as _trace and _post for one point."""
        terms = self.terms
        assert terms is not None
        before = self._path[-1]
        event = self._events[-1]
        point = Point(day, before)
        point.add(event)
        point.reckon(terms, is_taught=event.sessions > 0 or terms.by_days)
        self._path_days.append(day)
        self._path.append(point)
        totals.add(before, point, 1)

    def _trace(self, start: int, since: int) -> None:
        """Append the points from a day on; what lay before the signature counts from it."""
        terms = self.terms
        assert terms is not None
        last = self._path[-1] if start else None
        days = self._days
        place = bisect_left(days, since) if start else 0
        marks = self._marks(terms, since, place)
        for day in marks:
            last = Point(day, last)
            is_taught = terms.by_days
            while place < len(days) and days[place] <= day:
                event = self._events[place]
                last.add(event)
                is_taught = is_taught or event.sessions > 0
                place += 1
            last.reckon(terms, is_taught=is_taught)
            self._path_days.append(day)
            self._path.append(last)

    def _marks(self, terms: Terms, since: int, place: int) -> list[int]:
        """The days on which the path has a point, from a day on."""
        marks = [day for day in self._days[place:] if day >= since]
        if since == terms.signed and (not marks or marks[0] != since):
            marks.insert(0, since)
        if terms.by_days and terms.begins is not None and terms.ends is not None:
            every = range(max(since, terms.begins), terms.ends + 1)
            marks = sorted({*marks, *every})
        if terms.dated:
            marks = sorted({*marks, *(day for day in terms.dated if day >= since)})
        return marks

    def _post(self, start: int, totals: Totals, sign: int) -> None:
        before = self._path[start - 1] if start else _BEFORE
        for point in self._path[start:]:
            totals.add(before, point, sign)
            before = point
