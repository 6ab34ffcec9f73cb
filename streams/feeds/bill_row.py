"""What both payment companies' bills say: rows, what they sum up to, what the bill says itself."""

import re
from collections.abc import Callable
from datetime import date
from typing import Literal

import msgspec

from models.money import MoneyError, parse_e5, parse_fen_cell
from streams.feeds.records import AMOUNT_FEN_MAX, TEXT_LENGTH_MAX
from streams.feeds.text import is_spreadsheet_number

What = Literal["payment", "refund"]

EXACT_DECIMALS = 5

_CODE = re.compile(r"[0-9A-Za-z_|*@.:/+=-]{1,128}", re.ASCII)
_COUNT_DIGITS_MAX = 16


class BillRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row. `day` is None where the row does not tell it; `waits` says why it is held.

    `fee_e5` is what the company keeps, in 1/100,000 yuan. `raw` is the row as it stands there.
    """

    line: int
    what: What
    merchant: str
    number: str
    day: date | None
    amount_fen: int
    fee_e5: int
    raw: str
    payment: str = ""
    order: str = ""
    booked_at: str = ""
    name: str = ""
    text: str = ""
    waits: str = ""


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What a bill says of itself; None where it says nothing. Refunds have no sign.

    `fees_decimals`: how exactly the fees are written.
    """

    rows: int | None = None
    payments: int | None = None
    refunds: int | None = None
    payments_fen: int | None = None
    refunds_fen: int | None = None
    fees_e5: int | None = None
    fees_decimals: int = EXACT_DECIMALS
    net_e5: int | None = None


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around the rows. `created` is UTC.

    `day_untold` is the day of the rows that tell none; None where it could be any of several.
    """

    merchant: str
    begins: date
    ends: date
    period_declared: bool
    created: str
    totals: Totals
    day_untold: date | None = None


class Sums:
    """What the rows of a bill sum up to, those that wait as well."""

    def __init__(self) -> None:
        self.counts: dict[What, int] = {"payment": 0, "refund": 0}
        self.fen: dict[What, int] = {"payment": 0, "refund": 0}
        self.fees_e5 = 0
        self.twice = ""
        """The number of a payment or refund that came twice, empty where none did."""
        self._numbers: set[tuple[What, str, str]] = set()

    def add(self, row: BillRow) -> None:
        """One more row."""
        self.counts[row.what] += 1
        self.fen[row.what] += row.amount_fen
        self.fees_e5 += row.fee_e5
        key = (row.what, row.merchant, row.number)
        if key in self._numbers:
            self.twice = self.twice or f"row {row.line}: the {row.what} {row.number} comes twice"
        self._numbers.add(key)

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def net_e5(self) -> int:
        """What the company owes for them."""
        return (self.fen["payment"] - self.fen["refund"]) * 1_000 - self.fees_e5


def money_fen(text: str, name: str) -> int:
    """An amount of a bill in fen. Raises ValueError naming the column."""
    return _money(parse_fen_cell, text, name)


def money_e5(text: str, name: str) -> int:
    """A fee of a bill in 1/100,000 yuan. Raises ValueError naming the column."""
    return _money(parse_e5, text, name)


def _money(parse: Callable[[str], int], text: str, name: str) -> int:
    try:
        amount = parse(text)
    except MoneyError as error:
        raise ValueError(f"{name}: {error}") from error
    if abs(amount) > AMOUNT_FEN_MAX:
        raise ValueError(f"{name}: {text!r} is too large")
    return amount


def code(text: str, name: str) -> str:
    """A number as payment companies give them. Raises ValueError for what can be none."""
    if is_spreadsheet_number(text):
        raise ValueError(f"{name}: {text!r} has lost digits in a spreadsheet")
    if not _CODE.fullmatch(text):
        raise ValueError(f"{name}: {text!r} is no number")
    return text


def order_number(text: str) -> str:
    """The merchant's own number of an order, which may be any text or none."""
    if len(text) > TEXT_LENGTH_MAX:
        raise ValueError(f"商户订单号: {text[:40]!r}… is too long")
    return text


def count(text: str, name: str) -> int:
    """How many. Raises ValueError naming the column."""
    if not (text.isascii() and text.isdecimal() and len(text) < _COUNT_DIGITS_MAX):
        raise ValueError(f"{name}: {text!r} is no count")
    return int(text)
