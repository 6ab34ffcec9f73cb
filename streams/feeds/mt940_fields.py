"""The fields of MT940 and MT942 as bytes: tags, balances, statement lines, dates and amounts.

All that decides a figure is ASCII, whatever the texts are written in, so it is read from the bytes.
"""

import codecs
import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from itertools import chain
from typing import Literal, NamedTuple

from streams.feeds.mapped import Keeper, chunks
from streams.feeds.records import AMOUNT_FEN_MAX, Data, FeedRefused
from streams.feeds.text import to_utc

_CENTURY_PIVOT = 80
_CLAMPED_MONTH = 2
_CLAMPED_DAYS = (29, 30)
# A statement line is one also where it is indented: as a text it would hide an entry.
_FIELD = re.compile(
    rb"[\r\n](?:[ \t]+(?=:61:[ ]*\d{6}))?"
    rb":(2[01]|25P?|28C?|34F|60[FM]|61|62[FM]|64|65|86|90[CD]|NS|13D?(?=:\d{10})):"
)
_FIRST_FIELD = re.compile(_FIELD.pattern.removeprefix(rb"[\r\n]"))
_BALANCE = re.compile(rb" {0,4}([CDcd]) ?(\d{8}|\d{6}) ?([A-Z]{3}) {0,4}([\d.,]+) *")
# StarMoney writes a closing without its currency; it is then that of the opening.
_BARE_BALANCE = re.compile(rb"([CD])(\d{6})(\d+,\d*) *")
_LINE = re.compile(
    rb" {0,4}(\d{6,16}) {0,4}([RrEe]?[CcDd])[A-Z]? {0,4}([\d.,]+) {0,4}"
    rb"([A-Z][A-Z0-9 ]{3}|(?=//))([^\r\n]*)"
)
_LINE_STEPS = (
    (re.compile(rb" {0,4}\d{6,16} {0,4}"), "no date YYMMDD, with or without MMDD behind it"),
    (re.compile(rb"[RrEe]?[CcDd]"), "no mark C, D, RC, RD, EC or ED"),
    (re.compile(rb"[A-Z]? {0,4}[\d.,]+ {0,4}"), "no amount"),
    (re.compile(rb"[A-Z][A-Z0-9 ]{3}"), "no transaction type such as NTRF"),
)
_SUM = re.compile(rb"(\d{1,9})([A-Z]{3})([\d.,]+) *")
_FLOOR = re.compile(rb"([A-Z]{3})[CD]?[\d.,]+ *")
_GROUPED = re.compile(rb"\d{1,3}(?:\.\d{3})+,\d*")
_POINTED = re.compile(rb"\d+\.\d{1,2}")
_MOMENT = re.compile(rb"(\d{10})([+-]\d{4})? *")

Direction = Literal["C", "D"]
_MARKS: dict[bytes, tuple[Direction, bool, bool]] = {
    b"C": ("C", False, False),
    b"D": ("D", False, False),
    # The reversal of a credit takes money away, that of a debit gives it back.
    b"RC": ("D", True, False),
    b"RD": ("C", True, False),
    b"EC": ("C", False, True),
    b"ED": ("D", False, True),
}


class Field(NamedTuple):
    """A tag, the byte at which its colon stands, and the bytes up to the next tag."""

    tag: bytes
    at: int
    body: bytes

    @property
    def body_at(self) -> int:
        """The byte at which the content begins."""
        return self.at + len(self.tag) + 2


class Balance(NamedTuple):
    """A balance; `currency` is empty where the bank left it out."""

    balance_fen: int
    day: date
    currency: str


class Days(NamedTuple):
    """Value date and booking date; `clamped` where one of them is a 30 February of a bank."""

    value: date
    booking: date
    clamped: bool


class Line(NamedTuple):
    """The first line of a `:61:`; `expected` marks EC and ED, which are not booked yet."""

    days: Days
    direction: Direction
    reversal: bool
    expected: bool
    amount_fen: int
    kind: bytes
    customer_reference: bytes
    bank_reference: bytes
    lacks_comma: bool


def fields(data: Data) -> Iterator[Field]:
    """The fields in their order; the first has the tag b"" and holds what stands before them.

    Only tags of MT940 and MT942 at the begin of a line are tags: text is wrapped at any place, so
    a line of it may begin with a colon.
    """
    tag, at, body_at = b"", 0, 0
    start = len(codecs.BOM_UTF8) if data[:3] == codecs.BOM_UTF8 else 0
    keeper = Keeper(data)
    first = _FIRST_FIELD.match(data, start)
    if first:
        yield Field(b"", start, b"")
        tag, at, body_at = first.group(1), start, first.end()
    for match in _FIELD.finditer(data, body_at):
        yield Field(tag, at, data[body_at : match.start()])
        tag, at, body_at = match.group(1), match.start(1) - 1, match.end()
        keeper.release(at)
    yield Field(tag, at, data[body_at:])


def codec_of(data: Data) -> str:
    """How the texts are written: UTF-8, else GB18030, else ISO 8859-1, by the whole file."""
    place = 0
    for chunk in chunks(data):
        nul = chunk.find(b"\0")
        if nul >= 0:
            raise FeedRefused("a NUL byte stands in what should be text", f"byte {place + nul}")
        place += len(chunk)
    return next((name for name in ("utf-8", "gb18030") if _is_all(data, name)), "iso-8859-1")


def _is_all(data: Data, name: str) -> bool:
    """Whether the file is written so to its last byte, and reads like it.

    Much of what is Latin can be decoded as GB18030: then it is full of characters that no Chinese
    text is full of, those which GB 2312 lacks.
    """
    decoder = codecs.getincrementaldecoder(name)("strict")
    usual = unusual = 0
    try:
        for chunk in chain(chunks(data), (b"",)):
            text = decoder.decode(chunk, final=not chunk)
            if name == "gb18030":
                plain = len(text.encode("ascii", "ignore"))
                known = (len(text.encode("gb2312", "ignore")) - plain) // 2
                usual, unusual = usual + known, unusual + len(text) - plain - known
    except UnicodeDecodeError:
        return False
    return usual >= unusual


def read_balance(body: bytes, at: int, *, may_lack_currency: bool = False) -> tuple[Balance, int]:
    """A balance of a 60, 62, 64 or 65, and how many bytes it takes."""
    match = _BALANCE.match(body)
    if match:
        mark, digits, currency, amount = match.groups()
    else:
        match = _BARE_BALANCE.match(body) if may_lack_currency else None
        if match is None:
            raise FeedRefused(f"{shown(body)} is no balance", f"byte {at}")
        mark, digits, amount = match.groups()
        currency = b""
    amount_fen = amount_of(amount, at + match.start(match.lastindex or 0))
    if mark in b"Dd":
        amount_fen = -amount_fen
    return Balance(amount_fen, day_of(digits, at + match.start(2)), currency.decode()), match.end()


def read_line(body: bytes, at: int) -> tuple[Line, int]:
    """The first line of a `:61:`, and how many bytes it takes."""
    match = _LINE.match(body)
    if match is None:
        raise _no_line(body, at)
    digits, mark, amount, kind, references = match.groups()
    direction, reversal, expected = _MARKS[mark.upper()]
    try:
        days = _days_of(digits)
    except ValueError as error:
        raise FeedRefused(str(error), f"byte {at}") from error
    customer, _, bank = references.partition(b"//")
    lacks_comma = amount.isdigit()
    line = Line(
        *(days, direction, reversal, expected),
        amount_of(amount + b"," if lacks_comma else amount, at + match.start(3)),
        *(kind.rstrip(), customer.strip(), bank.strip(), lacks_comma),
    )
    return line, match.end()


def _no_line(body: bytes, at: int) -> FeedRefused:
    """The refusal of a `:61:`, at the byte from which on it cannot be read."""
    end = 0
    for step, reason in _LINE_STEPS:
        match = step.match(body, end)
        if match is None:
            raise FeedRefused(f"{reason} in {shown(body)}", f"byte {at + end}")
        end = match.end()
    return FeedRefused(f"{shown(body)} is no statement line", f"byte {at}")


def read_sum(body: bytes, at: int) -> tuple[int, str, int, int]:
    """Count, currency and sum of a `:90C:` or `:90D:`, and how many bytes it takes."""
    match = _SUM.match(body)
    if match is None:
        raise FeedRefused(f"{shown(body)} is no count with a sum", f"byte {at}")
    count, currency, amount = match.groups()
    return int(count), currency.decode(), amount_of(amount, at + match.start(3)), match.end()


def read_floor(body: bytes, at: int) -> tuple[str, int]:
    """The currency of a floor limit `:34F:`, and how many bytes it takes."""
    match = _FLOOR.match(body)
    if match is None:
        raise FeedRefused(f"{shown(body)} is no floor limit", f"byte {at}")
    return match.group(1).decode(), match.end()


def read_moment(body: bytes, at: int) -> tuple[str, int]:
    """The UTC moment of a `:13D:` (without an offset in Shanghai), and how many bytes it takes."""
    match = _MOMENT.match(body)
    if match is None:
        raise FeedRefused(f"{shown(body)} is no moment YYMMDDHHMM", f"byte {at}")
    digits, offset = match.groups()
    day = day_of(digits[:6], at)
    text = f"{day.isoformat()}T{digits[6:8].decode()}:{digits[8:].decode()}"
    try:
        moment = datetime.fromisoformat(f"{text}{(offset or b'+0800').decode()}")
        return to_utc(moment), match.end()
    except (ValueError, OverflowError) as error:
        raise FeedRefused(f"{shown(body)} is no moment: {error}", f"byte {at}") from error


def amount_of(text: bytes, at: int) -> int:
    """An amount with its comma in hundredths; without one only nothing is beyond doubt.

    Some banks write a point instead, with one or two digits behind it, or points between thousands.
    """
    told = text
    if b"." in text:
        if _GROUPED.fullmatch(text):
            text = text.replace(b".", b"")
        elif _POINTED.fullmatch(text):
            text = text.replace(b".", b",")
    whole, comma, decimals = text.partition(b",")
    if len(decimals) > 2:
        decimals = decimals[:2] + decimals[2:].rstrip(b"0")
    if len(decimals) > 2 or len(whole) > 20 or not (whole + decimals).isdigit():
        reason = f"{shown(told)} is no amount with at most two decimals"
        raise FeedRefused(reason, f"byte {at}")
    amount_fen = int(whole + decimals.ljust(2, b"0"))
    if amount_fen > AMOUNT_FEN_MAX:
        raise FeedRefused(f"{shown(text)} is too large", f"byte {at}")
    if amount_fen and not comma:
        raise FeedRefused(f"the amount {shown(text)} has no comma", f"byte {at}")
    return amount_fen


def day_of(digits: bytes, at: int) -> date:
    """A day YYMMDD or YYYYMMDD."""
    try:
        return _day(digits)
    except ValueError as error:
        raise FeedRefused(str(error), f"byte {at}") from error


@lru_cache(maxsize=4096)
def _day(digits: bytes) -> date:
    year, month, day = int(digits[:-4]), int(digits[-4:-2]), int(digits[-2:])
    if len(digits) == 6:
        year += 1900 if year >= _CENTURY_PIVOT else 2000
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(f"{digits.decode()} is no date: {error}") from error


@lru_cache(maxsize=65_536)
def _days_of(digits: bytes) -> Days:
    """Value and booking date of a `:61:`; how many digits there are says how they are written."""
    lengths = {6: (6, 0), 8: (8, 0), 10: (6, 4), 12: (8, 4), 16: (8, 8)}.get(len(digits))
    if lengths is None:
        raise ValueError(f"{digits.decode()} is no date")
    first, second = digits[: lengths[0]], digits[lengths[0] :]
    value, clamped = _day_of_february(first)
    if not second:
        # The standard: no booking date where it is the value date.
        return Days(value, value, clamped)
    if len(second) == 8:
        return Days(value, _day(second), clamped)
    booking, is_late = _nearest(second, value)
    return Days(value, booking, clamped or is_late)


def _day_of_february(digits: bytes) -> tuple[date, bool]:
    """German banks count interest by months of 30 days and so know a 30 February."""
    month, day = int(digits[-4:-2]), int(digits[-2:])
    if month == _CLAMPED_MONTH and day in _CLAMPED_DAYS:
        first = _day(digits[:-2] + b"01")
        last = monthrange(first.year, month)[1]
        return first.replace(day=min(day, last)), day > last
    return _day(digits), False


def _nearest(digits: bytes, value: date) -> tuple[date, bool]:
    """The day MMDD nearest to the value date, so that New Year lies between them or not."""
    found = []
    for year in (value.year - 1, value.year, value.year + 1):
        try:
            found.append(_day_of_february(b"%04d%b" % (year, digits)))
        except ValueError:
            continue
    if not found:
        raise ValueError(f"{digits.decode()} is no day MMDD")
    return min(found, key=lambda one: abs(one[0] - value))


def shown(body: bytes) -> str:
    """What stands there, for a reason: its first line, cut."""
    line = body.split(b"\n", 1)[0].rstrip(b"\r")[:40]
    return repr(line.decode("ascii", errors="replace"))
