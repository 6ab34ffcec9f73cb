"""Bytes to text, lines and cells; dates and times as Chinese files write them.

Times without a zone are Asia/Shanghai, which has known no summer time since 1991.
"""

import codecs
import csv
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

from streams.feeds.mapped import chunks, find
from streams.feeds.records import Data, FeedRefused

SHANGHAI = timezone(timedelta(hours=8))
EPOCH = "1970-01-01T00:00:00Z"

UTF8_BOM = b"\xef\xbb\xbf"

_NUL = b"\0"
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|(\d{2})(\d{2}))", re.ASCII)
_DAY_INSIDE = re.compile(r"(?<!\d)(\d{4}([-/]?)\d{2}\2\d{2})(?!\d)", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-?\d{2}-?\d{2}|\d{4}/\d{1,2}/\d{1,2})[T ]+(\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?"
    r"[ ]*(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_EDGES = " \t\r\n`\u3000\ufeff"
_SPREADSHEET_NUMBER = re.compile(r"\d(\.\d+)?[eE]\+?\d+", re.ASCII)


def decode(data: Data) -> str:
    """The whole file as text in its encoding, without a byte order mark."""
    return bytes(data).decode(encoding_of(data)).removeprefix("\ufeff")


def encoding_of(data: Data) -> str:
    """`utf-8` if the file is that to its last byte, else `gb18030`; else FeedRefused.

    GB18030 is a superset of GBK and GB2312, so it reads files declared as either.
    """
    encoding, utf8_fault = encoding_to_prove(data)
    fault = None if encoding == "utf-8" else _fault(data, encoding)
    if fault is None:
        return encoding
    reason = f"neither UTF-8 (byte {utf8_fault}) nor GB18030 (byte {fault})"
    raise FeedRefused(reason, f"byte {max(utf8_fault, fault)}")


def encoding_to_prove(data: Data) -> tuple[str, int]:
    """The only encoding that it may have, and where it is not UTF-8: GB18030 is still to prove."""
    nul = find(data, _NUL)
    if nul >= 0:
        raise FeedRefused("a NUL byte stands in what should be text", f"byte {nul}")
    utf8_fault = _fault(data, "utf-8")
    if utf8_fault is None:
        return "utf-8", 0
    if data[: len(UTF8_BOM)] == UTF8_BOM:
        raise FeedRefused("begins as UTF-8 but is not", f"byte {utf8_fault}")
    return "gb18030", utf8_fault


def _fault(data: Data, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    try:
        for chunk in chunks(data):
            waiting = len(decoder.getstate()[0])
            decoder.decode(chunk)
            read += len(chunk)
        waiting = len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return read - waiting + error.start
    return None


def split_lines(text: str) -> list[str]:
    """The lines of a text, ended by CR LF, LF or CR; other separators are part of a line."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def read_rows(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV table with their line numbers from 1; blank lines are no rows.

    A quoted cell must end in its line: a quote that nobody closed would swallow the rows after it
    without a word.
    """
    reader = csv.reader(lines, strict=True)
    line_before = 0
    try:
        for cells in reader:
            if reader.line_num != line_before + 1:
                raise FeedRefused("a quote is not closed in its line", f"row {line_before + 1}")
            line_before += 1
            if cells:
                yield line_before, cells
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise FeedRefused("a quote is not closed", f"row {line_before + 1}") from error
        raise FeedRefused(f"no proper CSV: {error}", f"row {line_before + 1}") from error


def clean(cell: str) -> str:
    """A cell without what spreadsheets and banks put around it: blanks, backticks, `="…"`."""
    cell = cell.strip(_EDGES)
    if cell.startswith('="') and cell.endswith('"') and len(cell) > len('=""'):
        return cell[2:-1].strip(_EDGES)
    return cell


def is_spreadsheet_number(cell: str) -> bool:
    """Whether a spreadsheet has written a long number as 6.217E+18: digits are lost for good."""
    has_exponent = "E" in cell or "e" in cell
    return has_exponent and _SPREADSHEET_NUMBER.fullmatch(cell) is not None


@lru_cache(maxsize=4096)
def heading(cell: str) -> str:
    """A heading as headings are compared: NFKC, no blanks, no translation in [], no unit 元."""
    plain = "".join(unicodedata.normalize("NFKC", clean(cell)).split())
    first = plain.partition("[")[0] or plain
    return (first.replace("/元", "").removesuffix("(元)") or first).lower()


@lru_cache(maxsize=65_536)
def parse_day(text: str) -> date:
    """Read YYYY-MM-DD, YYYY/M/D or YYYYMMDD. Raises ValueError with a sentence."""
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no date YYYY-MM-DD")
    year, *rest = (part for part in match.groups() if part is not None)
    try:
        return date(int(year), int(rest[0]), int(rest[1]))
    except ValueError as error:
        raise ValueError(f"{text!r} is no date: {error}") from error


def days_inside(text: str) -> list[date]:
    """All dates YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD that stand in a text, such as a file name."""
    found = []
    for match in _DAY_INSIDE.finditer(text):
        try:
            found.append(parse_day(match.group(1)))
        except ValueError:
            continue
    return found


@lru_cache(maxsize=4096)
def parse_moment(text: str) -> datetime:
    """Read a date and time as an aware moment in Shanghai. Raises ValueError with a sentence."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time YYYY-MM-DDTHH:MM:SS")
    day, clock, zone = match.groups()
    # ISO 8601 also calls the midnight at the end of a day 24:00.
    is_end = clock.startswith("24:00") and not clock[5:].strip(":0")
    try:
        moment = datetime.combine(parse_day(day), time.fromisoformat("00:00" if is_end else clock))
        moment += timedelta(days=is_end)
        aware = datetime.fromisoformat(f"{moment.isoformat()}{zone or '+08:00'}")
        aware.astimezone(UTC)  # the first and the last day of the calendar may have no other zone
        return aware.astimezone(SHANGHAI)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time: {error}") from error


def to_utc(moment: datetime) -> str:
    """An aware moment as `YYYY-MM-DDTHH:MM:SSZ`, as facts carry it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def end_of_day(day: date) -> str:
    """The last second of a day in Shanghai, in UTC."""
    return f"{day.isoformat()}T15:59:59Z"


def shanghai_day(stated_at: str) -> date:
    """The day in Shanghai of a UTC moment `YYYY-MM-DDTHH:MM:SSZ`."""
    return datetime.fromisoformat(stated_at).astimezone(SHANGHAI).date()
