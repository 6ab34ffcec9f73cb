"""A table as lines of delimited text: every row is one line, has a number, and can be read again.

Nothing of a large file stays in memory but the line that is being read.
"""

import csv
import re
from collections.abc import Iterable, Iterator

from streams.feeds.mapped import CHUNK_BYTES, Keeper
from streams.feeds.records import Data, FeedRefused
from streams.feeds.text import UTF8_BOM

NUMBER_MARK = "\x02"
"""Before a cell that a spreadsheet holds as a number: digits may be lost, zeros are."""

_LINE_END = re.compile(rb"[\r\n]")
_DRESS = ("`", "\t", '="', "\u3000")
_BLOCK_BYTES = 65_536

Place = tuple[int, int]
"""Where a row stands: the offset of its first byte, and its line from 1."""


class Rows:
    """The rows of a table. `is_sheet`: it was a spreadsheet, and numbers in it are marked.

    `is_dressed`: cells may hold more than blanks around what they say.
    """

    def __init__(
        self, data: Data, encoding: str, delimiter: str = ",", *, is_sheet: bool = False
    ) -> None:
        self._data = data
        self._encoding = encoding
        self.delimiter = delimiter
        self.is_sheet = is_sheet
        signs = (sign.encode(encoding) for sign in _DRESS if sign != delimiter)
        self.is_dressed = any(data.find(sign) >= 0 for sign in signs)

    @property
    def ends_open(self) -> bool:
        """Whether the last line lacks its end: then nothing says that all of it is there."""
        return len(self._data) > 0 and self._data[-1:] not in (b"\n", b"\r")

    def split_by(self, delimiter: str) -> "Rows":
        """The same lines in other cells."""
        return Rows(self._data, self._encoding, delimiter, is_sheet=self.is_sheet)

    def __iter__(self) -> Iterator[tuple[Place, list[str]]]:
        """Every row but blank lines, from the first on."""
        return self._parsed(self.lines())

    def again(self, places: Iterable[Place]) -> Iterator[tuple[Place, list[str]]]:
        """The rows at these places, in this order."""
        return self._parsed(self._lines_at(places))

    def _parsed(self, lines: Iterator[tuple[Place, str]]) -> Iterator[tuple[Place, list[str]]]:
        """A quoted cell must end in its line: an open quote would swallow rows without a word."""
        place = (0, 0)

        def texts() -> Iterator[str]:
            nonlocal place
            for here, text in lines:
                place = here
                yield text

        reader = csv.reader(texts(), delimiter=self.delimiter, strict=True)
        count = 0
        try:
            for cells in reader:
                count += 1
                if reader.line_num != count:
                    first = place[1] - (reader.line_num - count)
                    raise FeedRefused("a quote is not closed in its line", f"row {first}")
                if cells:
                    yield place, cells
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                first = place[1] - (reader.line_num - count) + 1
                raise FeedRefused("a quote is not closed", f"row {first}") from error
            raise FeedRefused(f"no proper CSV: {error}", f"row {place[1]}") from error

    def lines(self) -> Iterator[tuple[Place, str]]:
        """Every line as it stands there, blank ones too."""
        data, encoding, number = self._data, self._encoding, 0
        keeper = Keeper(data)
        offset = len(UTF8_BOM) if data[: len(UTF8_BOM)] == UTF8_BOM else 0
        while offset < len(data):
            block = data[offset : _cut(data, offset + CHUNK_BYTES)]
            for line in block.splitlines(keepends=True):
                number += 1
                yield (offset, number), line.decode(encoding).rstrip("\r\n")
                offset += len(line)
            keeper.release(offset)

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
                at = offset - start
                end = end_of(block, at)
            yield place, block[at : end.start() if end else len(block)].decode(encoding)


def _cut(data: Data, place: int) -> int:
    """Behind the line that reaches over this place: neither end is a part of any character."""
    end = _LINE_END.search(data, place) if place < len(data) else None
    if end is None:
        return len(data)
    return end.end() + (data[end.start() : end.end() + 1] == b"\r\n")
