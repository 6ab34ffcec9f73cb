"""A table as lines of delimited text: every row is one line, has a number, and can be read again.

Nothing of a large file stays in memory but the line that is being read.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate, count

from streams.feeds.mapped import Keeper, find, give_back
from streams.feeds.records import Data, FeedRefused
from streams.feeds.sheet_limits import NUMBER_MARK
from streams.feeds.text import UTF8_BOM, encoding_of, split_lines

_LINE_END = re.compile(rb"[\r\n]")
_DRESS = ("`", "\t", '="', "\u3000")
_BLOCK_BYTES = 65_536
"""Small enough for the texts of its lines to stay near the processor."""


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
        try:
            rows = list(csv.reader(texts, delimiter=self.delimiter, strict=True))
        except csv.Error:
            rows = []
        if len(rows) == len(texts):
            # As many rows as lines: no quote reaches over the end of any.
            yield places, rows
        else:
            yield from (([place], [cells]) for place, cells in self._parsed(places, texts))

    def again(self, places: Iterable[Place]) -> Iterator[tuple[Place, list[str]]]:
        """The rows at these places, in this order."""
        for place, line in self._lines_at(places):
            yield from self._parsed((place,), (line,))

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

    def _lines_at(self, places: Iterable[Place]) -> Iterator[tuple[Place, str]]:
        data, encoding = self._data, self._encoding
        block, start, end_of = b"", 0, _LINE_END.search
        for place in places:
            offset = place[0]
            at = offset - start
            end = end_of(block, at) if 0 <= at < len(block) else None
            if end is None:
                # A block to both sides: rows may be read from the last to the first.
                start = max(0, offset - _BLOCK_BYTES)
                block = data[start : _cut(data, offset + _BLOCK_BYTES)]
                # The kernel reads ahead on both sides of what is asked for.
                give_back(data, 0, len(data))
                at = offset - start
                end = end_of(block, at)
            yield place, block[at : end.start() if end else len(block)].decode(encoding)


def _cut(data: Data, place: int) -> int:
    """Behind the line that reaches over this place: neither end is a part of any character."""
    end = _LINE_END.search(data, place) if place < len(data) else None
    if end is None:
        return len(data)
    return end.end() + (data[end.start() : end.end() + 1] == b"\r\n")
