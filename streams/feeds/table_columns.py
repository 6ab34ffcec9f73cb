"""Many rows of an export at once, column by column: half of the time for rows as they mostly are.

What needs a closer look is left to the reader of single rows, which alone refuses anything.
"""

import re
from collections.abc import Sequence
from datetime import date
from itertools import repeat

from streams.feeds.camt_entry import bounded, fingerprint
from streams.feeds.records import AMOUNT_FEN_MAX, Entry, FeedRefused
from streams.feeds.rows import Place
from streams.feeds.table_row import Direction, Repeated, RowReader, booked, day_of, joined
from streams.feeds.text import is_spreadsheet_number

Told = tuple[Place, str, Entry]
"""A row: where it stands, the text of its time, and its entry."""

_PLAIN = r"(?:(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})\.[0-9]{2})?"
_UNSIGNED = re.compile(rf"{_PLAIN}(?:\n{_PLAIN})*")
_SIGNED = re.compile(rf"-?{_PLAIN}(?:\n-?{_PLAIN})*")


class ColumnReader(RowReader):
    """Reads rows singly like any RowReader, and many at once where nothing in them is unusual."""

    def read_many(self, places: Sequence[Place], rows: list[list[str]]) -> list[Told] | None:
        """What `read` gives for each of the rows; None where any of them needs a closer look."""
        if not self._two_columns or self._has_numbers or set(map(len, rows)) != {self._width}:
            return None
        # Behind the last column stands, at -1, what an export says in a column that it lacks.
        columns = [list(map(self._clean, column)) for column in zip(*rows, strict=True)]
        columns.append([""] * len(rows))
        try:
            read = self._read_columns(columns, [f"row {line}" for _, line in places])
        except (FeedRefused, ValueError):
            return None
        return list(zip(places, *read, strict=True)) if read else None

    def _read_columns(
        self, columns: list[list[str]], positions: list[str]
    ) -> tuple[list[str], list[Entry]] | None:
        money = self._money_of(columns)
        balances = _fen_of(columns[self._balance], _SIGNED)
        own = columns[self._account_at] if self._account_at >= 0 else [self._own] * len(positions)
        others = [columns[place] for place in self._other]
        # The first row of an account is looked at singly.
        if money is None or balances is None or not set(own) <= self._accounts:
            return None
        if any(map(is_spreadsheet_number, others[0])):
            return None
        places = self._remittance or (-1,)
        remittances = list(map(joined, zip(*(columns[i] for i in places), strict=True)))
        serials = self._serials_of(columns, money, remittances)
        times = columns[self._time]
        days = _days_of([day or time for day, time in zip(columns[self._day], times, strict=True)])
        value_days = _days_of(columns[self._value_day])
        if serials is None or None in days:
            return None
        facts = map(
            booked,
            zip(days, value_days, strict=True),
            serials,
            money,
            zip(own, columns[-1], zip(*others, strict=True), strict=True),
            remittances,
            self._repeated_of(columns),
        )
        in_red, has_own = repeat(False), repeat(self._serial >= 0)
        return times, list(map(Entry, facts, positions, balances, in_red, has_own))

    def _money_of(self, columns: list[list[str]]) -> list[tuple[int, Direction, bool]] | None:
        """Amounts and directions, none of them in red ink; the mark must say the same."""
        outgoing, incoming = (_fen_of(columns[i], _UNSIGNED) for i in (self._debit, self._credit))
        if outgoing is None or incoming is None:
            return None
        money: list[tuple[int, Direction, bool]] = []
        for debit_fen, credit_fen in zip(outgoing, incoming, strict=True):
            if bool(debit_fen) == bool(credit_fen):
                return None
            money.append((debit_fen, "D", False) if debit_fen else (credit_fen or 0, "C", False))
        if max(amount_fen for amount_fen, _, _ in money) > AMOUNT_FEN_MAX:
            return None
        if self._mark >= 0:
            told = zip(columns[self._mark], money, strict=True)
            if any(mark and self._profile.types.get(mark) != one[1] for mark, one in told):
                return None
        return money

    def _serials_of(
        self,
        columns: list[list[str]],
        money: list[tuple[int, Direction, bool]],
        remittances: list[str],
    ) -> list[str] | None:
        if self._serial < 0:
            others = columns[self._other[0]]
            return [
                fingerprint(direction, amount_fen, other, remittance)
                for (amount_fen, direction, _), other, remittance in zip(
                    money, others, remittances, strict=True
                )
            ]
        serials = columns[self._serial]
        # Whether the bank has serials is known from its first row, which is looked at singly.
        if not self._has_serials or not all(serials) or any(map(is_spreadsheet_number, serials)):
            return None
        return list(map(bounded, serials))

    def _repeated_of(self, columns: list[list[str]]) -> list[Repeated]:
        """Raises FeedRefused for a currency that nobody knows."""
        keys = list(zip(*(columns[place] for place in self._repeated_places), strict=True))
        found: dict[tuple[str, ...], Repeated] = {}
        for key in set(keys):
            known = self._repeated.get(key)
            place = 0 if known else keys.index(key)
            found[key] = known or self._read_repeated([column[place] for column in columns], "")
        return [found[key] for key in keys]


def _fen_of(column: list[str], plain: re.Pattern[str]) -> list[int | None] | None:
    """The amounts of a column, None for an empty cell; None where any is written otherwise."""
    text = "\n".join(column)
    if plain.fullmatch(text) is None:
        return None
    digits = text.replace(".", "").replace(",", "").split("\n")
    return [int(one) if one else None for one in digits]


def _days_of(texts: list[str]) -> list[date | None]:
    days = {text: day_of(text) if text else None for text in set(texts)}
    return [days[text] for text in texts]
