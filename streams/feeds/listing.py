"""Lists which entries a statement tells of a day, where some carry no reference of the bank.

By nothing else can be known that two such entries of one feed are two, and that one of another feed
must be among them (models.pairing).
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

from models.facts import EntriesListed, EntryBooked
from streams.feeds.receipts import StatementProof
from streams.feeds.records import End, Entry, Listed, Opening, Record

LISTED_MAX = 500
"""Serials in one listing, unless more have the same amount: a fact stays below 50 KB or so."""

_Group = tuple[date, str, str, int]


class Look:
    """What the first pass notes of the booked entries of a statement."""

    def __init__(self) -> None:
        self._is_needed = False
        self._is_by_day = True
        self._day = date.min

    def add(self, day: date, *, has_reference: bool) -> None:
        """One more entry, in the order in which they are told."""
        if not has_reference:
            self._is_needed = True
        if day != self._day:
            self._is_by_day = self._is_by_day and day > self._day
            self._day = day

    @property
    def listed(self) -> Literal["no", "by-day", "at-end"]:
        """Whether the second pass has to list them, and when."""
        if not self._is_needed:
            return "no"
        return "by-day" if self._is_by_day else "at-end"


def with_listings(
    records: Iterable[Record], proofs: Iterable[StatementProof]
) -> Iterator[Record | Listed]:
    """The records of statements that were proved, and listings where they are needed.

    After each day, so that a large file needs the memory of one day; at the end of a statement that
    is not in the order of its days.
    """
    statements = iter(proofs)
    proof = next(statements, None)
    lister = _Lister()
    for record in records:
        if isinstance(record, Opening):
            lister.open(record)
        if isinstance(record, Entry) and proof is not None and proof.listed != "no":
            if proof.listed == "by-day" and record.fact.booking_date != lister.day:
                yield from lister.listings()
            lister.add(record)
        elif isinstance(record, End):
            yield from lister.listings()
            lister = _Lister()
            proof = next(statements, None)
        yield record


class _Lister:
    """Booked entries by day, currency, direction and amount."""

    def __init__(self) -> None:
        self.day = date.min
        self._account = ""
        self._serials: dict[_Group, tuple[list[str], list[str]]] = {}
        self._first: dict[_Group, str] = {}
        self._opening_fen: dict[str, int] = {}
        self._moved_fen: dict[tuple[str, date], int] = {}

    def open(self, opening: Opening) -> None:
        """The balance before all entries of a currency."""
        self._opening_fen.setdefault(opening.currency, opening.balance_fen)

    def add(self, entry: Entry) -> None:
        """One more entry; only what is booked is listed."""
        fact = entry.fact
        if not isinstance(fact, EntryBooked):
            return
        self.day = fact.booking_date
        self._account = fact.account
        group = (fact.booking_date, fact.currency, fact.direction, fact.amount_fen)
        moved = (fact.currency, fact.booking_date)
        effect_fen = fact.amount_fen if fact.direction == "C" else -fact.amount_fen
        self._moved_fen[moved] = self._moved_fen.get(moved, 0) + effect_fen
        referenced, unreferenced = self._serials.setdefault(group, ([], []))
        if entry.has_reference:
            referenced.append(fact.serial)
        else:
            unreferenced.append(fact.serial)
            self._first.setdefault(group, entry.position)

    def listings(self) -> Iterator[Listed]:
        """What was added, day by day; nothing is left afterwards.

        Amounts of which all have references are not listed: those tell entries apart themselves.
        """
        part: list[_Group] = []
        listed = 0
        for group in sorted(self._first):
            size = sum(map(len, self._serials[group]))
            if part and (part[0][:2] != group[:2] or listed + size > LISTED_MAX):
                yield self._listed(part)
                part, listed = [], 0
            part.append(group)
            listed += size
        if part:
            yield self._listed(part)
        self._serials.clear()
        self._first.clear()

    def _listed(self, part: list[_Group]) -> Listed:
        referenced, unreferenced = (
            tuple(sorted(serial for group in part for serial in self._serials[group][place]))
            for place in (0, 1)
        )
        day, currency = part[0][:2]
        opening_fen = self._balance_fen(currency, before=day)
        closing_fen = None
        if opening_fen is not None:
            closing_fen = opening_fen + self._moved_fen[currency, day]
        fact = EntriesListed(
            account=self._account,
            day=day,
            referenced=referenced,
            unreferenced=unreferenced,
            currency=currency,
            opening_fen=opening_fen,
            closing_fen=closing_fen,
        )
        return Listed(fact, self._first[part[0]])

    def _balance_fen(self, currency: str, *, before: date) -> int | None:
        """The balance before a day, None where the statement has none."""
        opening_fen = self._opening_fen.get(currency)
        if opening_fen is None:
            return None
        moved = self._moved_fen.items()
        return opening_fen + sum(fen for (of, day), fen in moved if of == currency and day < before)
