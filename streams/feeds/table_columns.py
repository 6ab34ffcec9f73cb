"""Many rows of an export at once, column by column: half of the time for rows as they mostly are.

What needs a closer look is left to the reader of single rows, which alone refuses anything.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import repeat
from operator import ne
from typing import Any, NamedTuple

from models.facts import EntryBooked
from streams.feeds.camt_entry import bounded, fingerprint, told_reference
from streams.feeds.records import AMOUNT_FEN_MAX, SERIAL_LENGTH_MAX, Entry, FeedRefused
from streams.feeds.rows import Place
from streams.feeds.table_row import Direction, Repeated, RowReader, day_of, joined
from streams.feeds.text import is_spreadsheet_number

Column = Sequence[str]

_PLAIN = r"(?:(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})\.[0-9]{2})?"
_UNSIGNED = re.compile(rf"{_PLAIN}(?:\n{_PLAIN})*")
_SIGNED = re.compile(rf"-?{_PLAIN}(?:\n-?{_PLAIN})*")


class Told(NamedTuple):
    """Rows one behind the other: where they stand, the texts of their times, and their entries.

    `statements`: account and currency of each.
    """

    places: list[Place]
    times: list[str]
    entries: list[Entry]
    statements: list[tuple[str, str]]


class ColumnReader(RowReader):
    """Reads rows singly like any RowReader, and many at once where nothing in them is unusual."""

    def read_many(self, places: list[Place], rows: list[list[str]]) -> Told | None:
        """What `read` gives for each of the rows; None where any of them needs a closer look."""
        if not self._two_columns or self._has_numbers or set(map(len, rows)) != {self._width}:
            return None
        # Behind the last column stands, at -1, what an export says in a column that it lacks.
        columns: list[Column] = [*zip(*rows, strict=True), [""] * len(rows)]
        try:
            read = self._read_columns(columns, [f"row {line}" for _, line in places])
        except (FeedRefused, ValueError):
            return None
        times = self._cleaned(columns[self._time])
        return None if read is None else Told(places, times, *read)

    def _cleaned(self, column: Column) -> list[str]:
        first = column[0]
        if first == column[-1] and column.count(first) == len(column):
            # Kept with every entry: one text for all of them takes less memory.
            return [self._clean(first)] * len(column)
        return list(map(self._clean, column))

    def _read_columns(
        self, columns: list[Column], positions: list[str]
    ) -> tuple[list[Entry], list[tuple[str, str]]] | None:
        """Columns are cleaned only where they may need it: amounts and days tell that they do."""
        money = self._money_of(columns)
        balances = self._fen_of(columns[self._balance], _SIGNED)
        own = self._own_of(columns, len(positions))
        days = self._days_of(columns[self._day])
        if None in days:
            days = self._days_of(
                [
                    self._clean(day) or time
                    for day, time in zip(columns[self._day], columns[self._time], strict=True)
                ]
            )
        if money is None or balances is None or own is None or None in days:
            return None
        amounts_fen, directions = money
        accounts, names, banks = (self._cleaned(columns[place]) for place in self._other)
        if _may_be_number(accounts):
            return None
        remittances = _joined([self._cleaned(columns[i]) for i in self._remittance or (-1,)])
        serials = self._serials_of(columns, money, accounts, remittances)
        if serials is None:
            return None
        currencies, reversals, codes = self._repeated_of(columns)
        reverses: Iterable[str] = repeat("")
        if any(reversals):
            reverses = [
                told_reference(text) if reversal else ""
                for text, reversal in zip(remittances, reversals, strict=True)
            ]
        facts = map(
            EntryBooked,
            *(own, days, serials, amounts_fen, directions, currencies),
            *(names, accounts, remittances, reversals, reverses, repeat(""), repeat("")),
            *(self._days_of(columns[self._value_day]), banks, codes),
        )
        in_red, has_own = repeat(False), repeat(self._serial >= 0)
        entries = list(map(Entry, facts, positions, balances, in_red, has_own))
        return entries, list(zip(own, currencies, strict=True))

    def _own_of(self, columns: list[Column], count: int) -> Column | None:
        """The account of each row; the first row of an account is looked at singly."""
        if self._account_at < 0:
            return [self._own] * count
        own = self._cleaned(columns[self._account_at])
        return own if set(own) <= self._accounts else None

    def _money_of(self, columns: list[Column]) -> tuple[list[int], list[Direction]] | None:
        """Amounts and directions, none of them in red ink; the mark must say the same."""
        outgoing, incoming = (
            self._fen_of(columns[place], _UNSIGNED) for place in (self._debit, self._credit)
        )
        if outgoing is None or incoming is None:
            return None
        if not all(map(ne, map(bool, outgoing), map(bool, incoming))):
            return None
        amounts_fen = [
            debit_fen or credit_fen or 0
            for debit_fen, credit_fen in zip(outgoing, incoming, strict=True)
        ]
        directions: list[Direction] = ["D" if debit_fen else "C" for debit_fen in outgoing]
        if max(amounts_fen) > AMOUNT_FEN_MAX:
            return None
        if self._mark >= 0:
            told = zip(self._cleaned(columns[self._mark]), directions, strict=True)
            if any(mark and self._profile.types.get(mark) != one for mark, one in told):
                return None
        return amounts_fen, directions

    def _serials_of(
        self,
        columns: list[Column],
        money: tuple[list[int], list[Direction]],
        accounts: list[str],
        remittances: list[str],
    ) -> list[str] | None:
        if self._serial < 0:
            amounts_fen, directions = money
            return list(map(fingerprint, directions, amounts_fen, accounts, remittances))
        serials = self._cleaned(columns[self._serial])
        # Whether the bank has serials is known from its first row, which is looked at singly.
        if not self._has_serials or not all(serials) or _may_be_number(serials):
            return None
        if max(map(len, serials)) > SERIAL_LENGTH_MAX:
            return list(map(bounded, serials))
        return serials

    def _repeated_of(self, columns: list[Column]) -> Iterable[Sequence[Any]]:
        """Currencies, reversals and codes. Raises FeedRefused for a currency that nobody knows."""
        told = [columns[place] for place in self._repeated_places]
        count = len(columns[0])
        is_same = all(column.count(column[0]) == count for column in told)
        keys = list(zip(*(column[:1] if is_same else column for column in told), strict=True))
        found: dict[tuple[str, ...], Repeated] = {}
        for key in set(keys):
            known = self._repeated.get(key)
            place = 0 if known else keys.index(key)
            found[key] = known or self._read_repeated(
                [self._clean(column[place]) for column in columns], ""
            )
        if is_same:
            return [[one] * count for one in found[keys[0]]]
        return zip(*[found[key] for key in keys], strict=True)

    def _fen_of(self, column: Column, plain: re.Pattern[str]) -> list[int | None] | None:
        """The amounts of a column, None for an empty cell; None where any is written otherwise."""
        text = "\n".join(column)
        if plain.fullmatch(text) is None:
            text = "\n".join(map(self._clean, column))
            if plain.fullmatch(text) is None:
                return None
        digits = text.replace(".", "").replace(",", "").split("\n")
        return [int(one) if one else None for one in digits]

    def _days_of(self, texts: Column) -> list[date | None]:
        cleaned = {text: self._clean(text) for text in set(texts)}
        days = {text: day_of(plain) if plain else None for text, plain in cleaned.items()}
        return [days[text] for text in texts]


def _may_be_number(column: list[str]) -> bool:
    text = "\n".join(column)
    return ("E" in text or "e" in text) and any(map(is_spreadsheet_number, column))


def _joined(columns: list[list[str]]) -> list[str]:
    """The texts of several columns, row by row; most exports have two."""
    if len(columns) != 2:
        return list(map(joined, zip(*columns, strict=True)))
    return [
        f"{first} {second}" if first and second and first != second else first or second
        for first, second in zip(*columns, strict=True)
    ]
