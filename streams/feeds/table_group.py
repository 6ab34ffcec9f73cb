"""The rows of one account and currency in an export: in which order they are to be told, and where.

Of a large file nothing stays in memory but the places of the rows and a hash of what each is.
"""

from array import array
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from operator import ne, neg, sub

from streams.feeds.records import Entry
from streams.feeds.rows import Place
from streams.feeds.table_columns import Told

_HASHES_AT_ONCE = 250_000
"""Compared with each other in some 25 MB, whatever the size of the file."""


class Group:
    """The rows of one account and currency, and both orders in which they may follow."""

    def __init__(self) -> None:
        self.kept: list[Entry] | None = []
        self.days: Counter[date] = Counter()
        self._offsets, self._lines = array("Q"), array("L")
        self._hashes = array("q")
        self._first_time = self._last_time = ""
        self._balance_fen: int | None = None
        self._effect_fen = 0
        self._breaks = self._breaks_backwards = 0
        self._ends: list[Entry] = []

    def add(self, told: Told) -> None:
        """Some more rows, as they stand in the file one behind the other."""
        places, times, entries, _ = told
        facts = [entry.fact for entry in entries]
        effects = [one.amount_fen if one.direction == "C" else -one.amount_fen for one in facts]
        balances = [entry.balance_fen for entry in entries]
        if self._ends:
            self._ends[1] = entries[-1]
            self._compare([self._balance_fen, *balances], [self._effect_fen, *effects])
        else:
            self._ends = [entries[0], entries[-1]]
            self._first_time = times[0]
            self._compare(balances, effects)
        self._last_time = times[-1]
        self._balance_fen, self._effect_fen = balances[-1], effects[-1]
        self.days.update([fact.booking_date for fact in facts])
        offsets, lines = zip(*places, strict=True)
        self._offsets.extend(offsets)
        self._lines.extend(lines)
        if self.kept is None:
            self._keep_hashes(entries)
        else:
            self.kept.extend(entries)

    def let_go(self) -> None:
        """Hold no entry of it any more: it is large."""
        if self.kept is not None:
            self._keep_hashes(self.kept)
            self.kept = None

    def _keep_hashes(self, entries: list[Entry]) -> None:
        self._hashes.extend([hash((one.fact.booking_date, one.fact.serial)) for one in entries])

    @property
    def tells_apart(self) -> bool:
        """Whether no two entries of a day may have one serial, which their hashes know."""
        parts = 1 + len(self._hashes) // _HASHES_AT_ONCE
        for part in range(parts):
            some = [one for one in self._hashes if one % parts == part]
            if len(set(some)) < len(some):
                return False
        return True

    def _compare(self, balances: list[int | None], effects: list[int]) -> None:
        """Count the balances that do not follow from their neighbours, in either order."""
        told = [balance for balance in balances if balance is not None]
        if len(told) == len(balances):
            steps = list(map(sub, told[1:], told))
            self._breaks += sum(map(ne, steps, effects[1:]))
            self._breaks_backwards += sum(map(ne, steps, map(neg, effects)))
            return
        for (before_fen, after_fen), (first_fen, second_fen) in zip(
            pairwise(balances), pairwise(effects), strict=True
        ):
            if before_fen is None or after_fen is None:
                self._breaks += 1
                self._breaks_backwards += 1
                continue
            step_fen = after_fen - before_fen
            self._breaks += step_fen != second_fen
            self._breaks_backwards += step_fen != -first_fen

    @property
    def is_newest_first(self) -> bool:
        """The order in which each balance follows from the one before; in doubt, of the times."""
        if self._breaks == self._breaks_backwards:
            (first, last), times = self._ends, (self._first_time, self._last_time)
            days = first.fact.booking_date, last.fact.booking_date
            return (days[0], times[0]) > (days[1], times[1])
        return self._breaks_backwards < self._breaks

    @property
    def ends(self) -> tuple[Entry, Entry]:
        """The oldest entry and the newest."""
        first, last = self._ends
        return (last, first) if self.is_newest_first else (first, last)

    def places(self) -> Iterator[Place]:
        """Where the rows stand, from the oldest on."""
        pairs = zip(self._offsets, self._lines, strict=True)
        if self.is_newest_first:
            pairs = zip(reversed(self._offsets), reversed(self._lines), strict=True)
        return pairs

    def kept_in_order(self) -> list[Entry]:
        """The entries themselves from the oldest on, where they are still held."""
        assert self.kept is not None, "a large file is read again"
        return self.kept[::-1] if self.is_newest_first else self.kept
