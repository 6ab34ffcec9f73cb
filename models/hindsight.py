"""Figures of an earlier day by the answers that count now, whenever a contract was signed.

A deed of a day (rules.md O1) is judged by all that is known at as_of, a state of a day (R1) by the
facts of days up to it. They differ only for contracts signed after the day and for entries whose
answer changed later, so only those are reckoned again here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.ledger import Ledger


def excess_by_name(ledger: Ledger, number: str, day: int) -> int:
    """Released by name of a contract, beyond what its schedule allows at the close of a day."""
    return max(0, _released(ledger, number, day) - _allowed(ledger, number, day))


def excess_in_batches(ledger: Ledger, day: int) -> int:
    """Released in batches, beyond what all contracts allow and by name did not use."""
    room = ledger.series.due(day)
    for number in _reckoned_again(ledger, day):
        point = ledger.books[number].at(day)
        if point is not None:
            room -= point.due
        room += max(0, _allowed(ledger, number, day) - _released(ledger, number, day))
    return max(0, _batched(ledger, day) - room)


def _batched(ledger: Ledger, day: int) -> int:
    """Released in batches through a day."""
    series = ledger.series
    return series.memo("released in batches", day, _add, ledger.batched_on)[day - series.first]


def _add(batched_on: Mapping[int, int], day: int, before: int | None) -> int:
    return (before or 0) + batched_on.get(day, 0)


def _reckoned_again(ledger: Ledger, day: int) -> list[str]:
    """Contracts whose path of that day may differ from what is known now."""
    directory = ledger.directory
    later: set[str] = set()
    for signed in range(day + 1, ledger.series.last + 1):
        for number in directory.signed_on.get(signed, ()):
            # Nearly none was paid or released before its signature: then it adds nothing.
            payments = ledger.books[number].ordered_payments()
            if (payments and payments[0][0] <= day) or ledger.releases_of.get(number):
                later.add(number)
    for identifier in ledger.shifting:
        entry = ledger.entries[identifier]
        # An answer that has not shifted by the day, or for the last time, stands in the paths.
        if entry.day <= day < entry.segments[-1].since:
            answers = (segment.answer for segment in entry.segments)
            later |= {answer.contract for answer in answers if answer.contract in directory.terms}
    return sorted(later)


def _released(ledger: Ledger, number: str, day: int) -> int:
    releases = (ledger.entries[entry] for entry in ledger.releases_of.get(number, ()))
    return sum(entry.fact.amount_fen for entry in releases if entry.day <= day)


def _allowed(ledger: Ledger, number: str, day: int) -> int:
    book = ledger.books[number]
    terms = book.terms
    if terms is None:
        return 0
    paid = sum(fen for booked, _, fen in book.payments.values() if booked <= day)
    hours, sessions = book.lessons_by(day)
    share = terms.taught(hours, sessions, day)
    return terms.allowed_fen(paid, terms.earned_fen(paid, share), share, day)
