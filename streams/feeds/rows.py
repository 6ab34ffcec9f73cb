"""A table as lines of delimited text: every row is one line, has a number, and can be read again.

Nothing of a large file stays in memory but the line that is being read.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate, count, islice

from streams.feeds.mapped import Keeper, find, give_back
from streams.feeds.records import Data, FeedRefused
from streams.feeds.sheet_limits import NUMBER_MARK
from streams.feeds.text import UTF8_BOM, encoding_of, split_lines

_LINE_END = re.compile(rb"[\r\n]")
_DRESS = ("`", "\t", '="', "\u3000")
_BLOCK_BYTES = 65_536
"""Small enough for the texts of its lines to stay near the processor."""
_APART_BYTES_MAX = 2_048
"""Rows that lie further apart on average are read again singly, not with what is between them."""


Place = tuple[int, int]
"""Where a row stands: the offset of its first byte, and its line from 1."""

Block = tuple[list[Place], list[list[str]]]
"""The places of some rows, and their cells."""

BLOCK_ROWS = 500


class Rows:
    """The rows of a table. `is_sheet`: it was a spreadsheet, and numbers in it are marked."""

    def __init__(
        self, data: Data, encoding: str, delimiter: str = ",", *, is_sheet: bool = False
    ) -> None:
        self._data = data
        self._encoding = encoding
        self.delimiter = delimiter
        self.is_sheet = is_sheet

    @cached_property
    def is_dressed(self) -> bool:
        """Whether cells may hold more than blanks around what they say."""
        signs = (sign.encode(self._encoding) for sign in _DRESS if sign != self.delimiter)
        return find(self._data, *signs) >= 0

    @cached_property
    def has_numbers(self) -> bool:
        """Whether it was a spreadsheet that holds any cell as a number."""
        return self.is_sheet and find(self._data, NUMBER_MARK.encode()) >= 0

    @property
    def ends_open(self) -> bool:
        """Whether the last line lacks its end: then nothing says that all of it is there."""
        return len(self._data) > 0 and self._data[-1:] not in (b"\n", b"\r")

    def split_by(self, delimiter: str) -> "Rows":
        """The same lines in other cells."""
        return Rows(self._data, self._encoding, delimiter, is_sheet=self.is_sheet)

    def __iter__(self) -> Iterator[tuple[Place, list[str]]]:
        """Every row but blank lines, from the first on."""
        for places, rows in self.blocks():
            for place, cells in zip(places, rows, strict=True):
                if cells:
                    yield place, cells

    def lines(self) -> Iterator[tuple[Place, str]]:
        """Every line as it stands there, blank ones too."""
        for places, texts in self._lines():
            yield from zip(places, texts, strict=True)

    def blocks(self) -> Iterator[Block]:
        """Every line as a row, blank ones with no cells, some hundred at once."""
        for places, texts in self._lines():
            for start in range(0, len(places), BLOCK_ROWS):
                some = slice(start, start + BLOCK_ROWS)
                yield from self._block(places[some], texts[some])

    def _lines(self) -> Iterator[tuple[list[Place], list[str]]]:
        data, number = self._data, 1
        keeper = Keeper(data)
        offset = len(UTF8_BOM) if data[: len(UTF8_BOM)] == UTF8_BOM else 0
        while offset < len(data):
            block = data[offset : _cut(data, offset + _BLOCK_BYTES)]
            # Lines of bytes give the places, lines of text the cells: decoded as a whole, it takes
            # half of the time. Neither CR nor LF is a part of any other character.
            lengths = list(map(len, block.splitlines(keepends=True)))
            offsets = accumulate(lengths[:-1], initial=offset)
            places = list(zip(offsets, count(number)))
            yield places, self._texts(block, len(places))
            offset, number = offset + len(block), number + len(places)
            keeper.release(offset)

    def _texts(self, block: bytes, count: int) -> list[str]:
        """The lines of a block. Raises FeedRefused where its encoding is not what it seemed."""
        try:
            text = block.decode(self._encoding)
        except UnicodeDecodeError:
            encoding_of(self._data)
            raise
        # It also divides at separators that are part of a line here: then there are more.
        lines = text.splitlines()
        return lines if len(lines) == count else split_lines(text)[:count]

    def _block(self, places: list[Place], texts: list[str]) -> Iterator[Block]:
        rows = self._split(texts)
        if len(rows) == len(texts):
            # As many rows as lines: no quote reaches over the end of any.
            yield places, rows
        else:
            yield from (([place], [cells]) for place, cells in self._parsed(places, texts))

    def _split(self, texts: list[str]) -> list[list[str]]:
        """The cells of each line; where a quote reaches over the end of one, not as many rows."""
        delimiter = self.delimiter
        if '"' not in "".join(texts) and max(map(len, texts)) <= csv.field_size_limit():
            # Then there is nothing else to know: twice as fast as the reader of CSV.
            return [text.split(delimiter) if text else [] for text in texts]
        try:
            return list(csv.reader(texts, delimiter=delimiter, strict=True))
        except csv.Error:
            return []

    def again(self, places: Iterable[Place]) -> Iterator[Block]:
        """The rows at these places, in the order of the file or against it, some hundred at once.

        They were read before: nothing in them is refused.
        """
        left = iter(places)
        while some := list(islice(left, BLOCK_ROWS)):
            yield from self._block(some, self._texts_at(some))
            # The kernel reads ahead on both sides of what is asked for.
            give_back(self._data, 0, len(self._data))

    def _parsed(
        self, places: Iterable[Place], lines: Iterable[str]
    ) -> Iterator[tuple[Place, list[str]]]:
        """A quoted cell must end in its line: an open quote would swallow rows without a word."""
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        for read, place in enumerate(places, start=1):
            try:
                cells = next(reader, None)
            except csv.Error as error:
                if "unexpected end of data" in str(error):
                    raise FeedRefused("a quote is not closed", f"row {place[1]}") from error
                raise FeedRefused(f"no proper CSV: {error}", f"row {place[1]}") from error
            if cells is None:
                return
            if reader.line_num != read:
                raise FeedRefused("a quote is not closed in its line", f"row {place[1]}")
            yield place, cells

    def _texts_at(self, places: list[Place]) -> list[str]:
        """The lines at these places; those between them are another account's, or blank."""
        data, offsets = self._data, sorted(offset for offset, _ in places)
        first, last = offsets[0], offsets[-1]
        if last - first > _APART_BYTES_MAX * len(places):
            block = b"".join([data[offset : _cut(data, offset)] for offset in offsets])
        else:
            block = data[first : _cut(data, last)]
            lines = block.splitlines(keepends=True)
            if len(lines) > len(places):
                wanted = set(offsets)
                starts = accumulate(map(len, lines), initial=first)
                told = [one for start, one in zip(starts, lines, strict=False) if start in wanted]
                block = b"".join(told)
        texts = self._texts(block, len(places))
        return texts if first == places[0][0] else texts[::-1]


def _cut(data: Data, place: int) -> int:
    """Behind the line that reaches over this place: neither end is a part of any character."""
    end = _LINE_END.search(data, place) if place < len(data) else None
    if end is None:
        return len(data)
    return end.end() + (data[end.start() : end.end() + 1] == b"\r\n")
