"""Run as `python -m streams.feeds.sheet_child FILE`: an Excel file as delimited text, by limits.

Status 0: the rows are on standard output, a row a line, in UTF-8. Status 3: the reason of a refusal
is on standard error. Anything else: a limit ended it.
"""

import csv
import io
import resource
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any

import python_calamine

from streams.feeds.sheet_checks import CELLS_MAX, ROWS_MAX, SheetRefused, check_package
from streams.feeds.sheet_limits import MEMORY_STATUS, NUMBER_MARK, REFUSED_STATUS, SECONDS_MAX

MEMORY_BYTES_MAX = 600_000_000
"""Of addresses, so also of memory: 300,000 rows of 15 columns fit."""

_ZIP_MAGIC = b"PK\x03\x04"
_WRITTEN_ROWS = 500
"""At once: as many as stay near the processor."""
_UNUSUAL = ('"', "\r", NUMBER_MARK)
_PLAIN_CELLS_MIN = 2
"""A line of a single empty cell would be a blank line."""

_EXACT_MAX = 10**15


def main() -> int:
    """Read the file that the first argument names; the status of the process."""
    status, reason = convert(sys.argv[1], sys.stdout.buffer, 0)
    sys.stderr.write(reason)
    return status


def convert(path: str, out: IO[bytes], spared_bytes: int) -> tuple[int, str]:
    """Limit this process for good and write the rows; the status, and the reason of a refusal.

    `spared_bytes` of addresses do not count: what a process had before that was not made for this.
    """
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES_MAX + spared_bytes),
        (resource.RLIMIT_CPU, SECONDS_MAX),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    try:
        _write(Path(path), out)
    except SheetRefused as error:
        return REFUSED_STATUS, str(error)
    except python_calamine.PasswordError:
        return REFUSED_STATUS, "the Excel file is encrypted; send it without a password"
    except (python_calamine.CalamineError, OSError, ValueError, OverflowError) as error:
        return REFUSED_STATUS, f"the Excel file cannot be read: {error}"
    except MemoryError:
        return MEMORY_STATUS, ""
    return 0, ""


def _write(path: Path, out: IO[bytes]) -> None:
    with path.open("rb") as file:
        is_package = file.read(4) == _ZIP_MAGIC
    if is_package:
        check_package(path)
    rows = _rows(path)
    while some := list(islice(rows, _WRITTEN_ROWS)):
        out.write((_plain_lines(some) or _lines(some)).encode())


def _plain_lines(rows: list[list[Any]]) -> str:
    """Rows of which every cell is a text that stands in its line as it is; else empty."""
    try:
        text = "\n".join(map(",".join, rows))
    except TypeError:
        return ""
    commas, ends = sum(map(len, rows)) - len(rows), len(rows) - 1
    if any(sign in text for sign in _UNUSUAL) or min(map(len, rows)) < _PLAIN_CELLS_MIN:
        return ""
    return f"{text}\n" if (text.count(","), text.count("\n")) == (commas, ends) else ""


def _lines(rows: list[list[Any]]) -> str:
    """Any rows, quoted where it is needed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(map(_texts, rows))
    return text.getvalue()


def _texts(row: list[Any]) -> list[str]:
    texts = [cell for cell in row if type(cell) is str]
    whole = "".join(texts)
    if len(texts) < len(row) or "\n" in whole or "\r" in whole or NUMBER_MARK in whole:
        texts = [_TEXTS[type(cell)](cell) for cell in row]
    return texts


def _rows(path: Path) -> Iterator[list[Any]]:
    """The rows of the one sheet that holds anything, from its first row on."""
    book = python_calamine.CalamineWorkbook.from_path(path)
    found = []
    for place in range(len(book.sheet_names)):
        sheet = book.get_sheet_by_index(place)
        if sheet.height:
            found.append(sheet)
    if len(found) != 1:
        named = ", ".join(sheet.name for sheet in found) or "none"
        raise SheetRefused(f"one sheet with content is wanted; there are {len(found)}: {named}")
    (sheet,) = found
    start, end = sheet.start, sheet.end
    assert start is not None, "it has rows"
    assert end is not None, "it has rows"
    if end[0] >= ROWS_MAX or (end[0] + 1) * (end[1] + 1) > CELLS_MAX:
        raise SheetRefused(f"the sheet reaches to row {end[0] + 1:,}, column {end[1] + 1:,}")
    yield from sheet.iter_rows()


def _text(cell: str) -> str:
    if "\n" in cell or "\r" in cell:
        cell = " ".join(cell.splitlines())
    if cell.startswith(NUMBER_MARK):
        raise SheetRefused("a cell begins with a control character")
    return cell


def _number(cell: float) -> str:
    """A number as it is shown, marked; beyond 15 digits it is left to be refused."""
    if cell == int(cell) and abs(cell) < _EXACT_MAX:
        return f"{NUMBER_MARK}{int(cell)}"
    return f"{NUMBER_MARK}{cell!r}"


def _moment(cell: datetime) -> str:
    return cell.isoformat(" ", "seconds")


_TEXTS: dict[type, Callable[..., str]] = {
    str: _text,
    float: _number,
    int: _number,
    bool: str,
    date: date.isoformat,
    datetime: _moment,
    time: time.isoformat,
    timedelta: str,
}


if __name__ == "__main__":
    sys.exit(main())
