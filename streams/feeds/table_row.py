"""One row of a bank's export as an entry, by the columns of its profile."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from operator import itemgetter
from typing import Literal, NamedTuple

from models.facts import EntryBooked
from models.money import MoneyError, parse_fen_cell
from streams.feeds.camt_entry import bounded, fingerprint, told_reference
from streams.feeds.profiles import BankProfile, Column, Stated, currency_of
from streams.feeds.records import AMOUNT_FEN_MAX, Entry, FeedRefused
from streams.feeds.rows import Rows
from streams.feeds.sheet_limits import NUMBER_MARK
from streams.feeds.text import clean, heading, is_spreadsheet_number, parse_day

Direction = Literal["C", "D"]

_ACCOUNT = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_OPPOSITE: dict[Direction, Direction] = {"C": "D", "D": "C"}
_NONE = -1
_NUMBER_DIGITS_MAX = 15
_REPEATED_MAX = 4_096
_LOST = "has lost digits in a spreadsheet"
# What banks write where no amount is.
_NO_AMOUNT = frozenset({"", "-", "--", "—", "——", "－", "/"})
_TOTALS = frozenset({"合计", "总计", "共计", "合计金额", "总合计"})
_CHINESE_DAY = re.compile(r"(\d{4})[年.](\d{1,2})[月.](\d{1,2})日?", re.ASCII)
# Lines around the rows that are about the print or the page, and about no entry.
_REMARK = re.compile(
    r"注|备注|说明|提示|温馨提示|打印|制表|导出|下载|第\d+页|共\d+页|本?页?小计|本页合计|承前页|过次页|以下无"
    r"|以下空白|[-=*—_]{3,}"
)


class Own(NamedTuple):
    """What the lines above the heading say about every row; empty where they do not."""

    account: str
    currency: str


Parties = tuple[str, str, tuple[str, str, str]]
"""Account and sub-account of a row, and the other's account, name and bank."""


Repeated = tuple[str, bool, str]
"""Currency, whether a word or flag says reversal, and code: the same in many rows."""


class RowReader:
    """Knows where each column stands; reads rows as fast as they come.

    Cells that a spreadsheet holds as numbers are marked. They are right for money and days, and
    wrong for whatever is a name of something: 15 digits are all that a number keeps.
    """

    def __init__(self, profile: BankProfile, cells: list[str], own: Own, rows: Rows) -> None:
        self._profile = profile
        self._has_numbers = rows.has_numbers
        self._width = len(cells)
        self._clean: Callable[[str], str] = clean if rows.is_dressed else str.strip
        self._accounts: set[str] = set()
        self._has_serials: bool | None = None
        self._own = self._account(own.account, "row 1") if own.account else ""
        self._own_currency = own.currency
        self._cells = cells
        self._used: set[int] = set()
        self._repeated: dict[tuple[str, ...], Repeated] = {}
        self._places: dict[str, int] = {}
        for place, cell in enumerate(cells):
            self._places.setdefault(heading(cell), place)
        at = self._at
        self._day, self._time = at("booking_date"), at("time")
        self._value_day, self._balance = at("value_date"), at("balance")
        self._currency, self._serial = at("currency"), at("serial")
        self._remittance = self._named(profile.remittance)
        self._code = self._named(profile.code)
        self._reversal_in = self._named(profile.reversal_in)
        self._flag, self._mark = at("reversal_flag"), at("mark")
        self._two_columns = profile.signs == "two-columns"
        self._debit, self._credit = at("debit"), at("credit")
        self._account_at = at("account")
        self._other = (at("other_account"), at("other_name"), at("other_bank"))
        self._type, self._amount = at("type"), at("amount")
        self._payer = (at("payer_account"), at("payer_name"), at("payer_bank"))
        self._payee = (at("payee_account"), at("payee_name"), at("payee_bank"))
        self._repeated_places = (self._currency, self._flag, *self._reversal_in, *self._code)
        self._repeated_cells: Callable[[list[str]], tuple[str, ...]]
        self._repeated_cells = itemgetter(*self._repeated_places)
        if self._two_columns and self._account_at == _NONE and not own.account:
            raise FeedRefused("neither a column nor a line above it names the account", "row 1")

    def read(self, raw: list[str], line: int) -> tuple[str, Entry]:
        """The entry of a row, and the text of its time by which rows of a day can be ordered.

        Its serial is the bank's, or the fingerprint of its content; it may not be unique yet.
        """
        position = f"row {line}"
        row = list(map(self._clean, raw))
        if len(row) != self._width:
            # Also an empty cell too many: an amount with an unquoted separator makes one.
            raise FeedRefused(f"{len(row)} cells where the heading has {self._width}", position)
        # The place of a column that the export lacks is -1: here, where nothing stands.
        row.append("")
        try:
            if self._has_numbers:
                row = self._numbers_read(row)
            signed_fen, written = self._of_two_columns(row) if self._two_columns else self._by(row)
            parties = self._parties(row, written, position)
            days = day_of(row[self._day] or row[self._time]), _value_day(row[self._value_day])
            balance = row[self._balance]
            balance_fen = None if balance in _NO_AMOUNT else parse_fen_cell(balance)
        except (MoneyError, ValueError) as error:
            raise FeedRefused(str(error), position) from error
        red_ink = signed_fen < 0
        amount_fen = -signed_fen if red_ink else signed_fen
        direction = _OPPOSITE[written] if red_ink else written
        if amount_fen > AMOUNT_FEN_MAX:
            raise FeedRefused("the amount is too large", position)
        repeated = self._repeated.get(self._repeated_cells(row))
        if repeated is None:
            repeated = self._read_repeated(row, position)
        remittance = joined([row[place] for place in self._remittance])
        own = self._serial_of(row, position)
        serial = own or fingerprint(direction, amount_fen, parties[2][0], remittance)
        money = (amount_fen, direction, red_ink)
        fact = booked(days, serial, money, parties, remittance, repeated)
        return row[self._time], Entry(fact, position, balance_fen, red_ink, bool(own))

    def _read_repeated(self, row: list[str], position: str) -> Repeated:
        """What few rows say differently is read once for all that say the same."""
        if len(self._repeated) >= _REPEATED_MAX:
            self._repeated.clear()
        found = (
            self._currency_of(row, position),
            self._is_reversal(row),
            " ".join([row[place] for place in self._code if row[place]]),
        )
        self._repeated[self._repeated_cells(row)] = found
        return found

    def _numbers_read(self, row: list[str]) -> list[str]:
        """The row without marks. Raises ValueError for a number where a name has to stand."""
        names = (self._account_at, self._serial, self._other[0], self._payer[0])
        for place in (*names, self._payee[0]):
            if place >= 0 and row[place].startswith(NUMBER_MARK):
                shown = row[place][1:]
                raise ValueError(
                    f"{shown} is a number in a spreadsheet, which keeps 15 digits and"
                    " no leading zeros; format the column as text"
                )
        for place in self._remittance:
            digits = row[place].removeprefix(NUMBER_MARK)
            if digits != row[place] and (
                not digits.isdecimal() or len(digits) > _NUMBER_DIGITS_MAX
            ):
                raise ValueError(f"{digits} {_LOST}; format the column as text")
        return [cell.removeprefix(NUMBER_MARK) for cell in row]

    def _is_reversal(self, row: list[str]) -> bool:
        if self._flag >= 0 and row[self._flag] in self._profile.reversal_flags:
            return True
        words = self._profile.reversal_words
        return any(word in row[place] for place in self._reversal_in for word in words)

    def _of_two_columns(self, row: list[str]) -> tuple[int, Direction]:
        debit, credit = row[self._debit], row[self._credit]
        debit_fen = 0 if debit in _NO_AMOUNT else parse_fen_cell(debit)
        credit_fen = 0 if credit in _NO_AMOUNT else parse_fen_cell(credit)
        if debit_fen and credit_fen:
            raise ValueError(f"both a debit {debit} and a credit {credit}")
        if debit in _NO_AMOUNT and credit in _NO_AMOUNT:
            raise ValueError("neither a debit nor a credit")
        direction: Direction = "D" if debit_fen else "C"
        if self._mark >= 0 and row[self._mark]:
            marked = self._direction_of(row[self._mark])
            if (debit_fen or credit_fen) and marked != direction:
                raise ValueError(f"marked {row[self._mark]}, and the amount is in the other column")
            direction = marked
        return debit_fen or credit_fen, direction

    def _by(self, row: list[str]) -> tuple[int, Direction]:
        """A signed amount and its type: what comes in is above zero."""
        direction = self._direction_of(row[self._type])
        amount_fen = parse_fen_cell(row[self._amount])
        return (amount_fen if direction == "C" else -amount_fen), direction

    def _direction_of(self, word: str) -> Direction:
        direction = self._profile.types.get(word)
        if direction is None:
            raise ValueError(f"type {word!r} is none of {', '.join(self._profile.types)}")
        return direction

    def _parties(self, row: list[str], written: Direction, position: str) -> Parties:
        """With two sides, the account is the payee of what comes in and payer of what goes out."""
        own_side, sub_account = self._own, ""
        if self._two_columns:
            places = self._other
            if self._account_at >= 0:
                own_side = row[self._account_at]
        else:
            comes_in = written == "C"
            mine, places = (self._payee, self._payer) if comes_in else (self._payer, self._payee)
            own_side = self._own or row[mine[0]]
            sub_account = row[mine[0]] if row[mine[0]] != own_side else ""
        other = (row[places[0]], row[places[1]], row[places[2]])
        if is_spreadsheet_number(other[0]):
            raise FeedRefused(f"{other[0]!r} {_LOST}", position)
        if own_side not in self._accounts:
            self._account(own_side, position)
        return own_side, sub_account, other

    def _account(self, text: str, position: str) -> str:
        if is_spreadsheet_number(text) or _ACCOUNT.fullmatch(text) is None:
            raise FeedRefused(f"{text!r} is no account number", position)
        self._accounts.add(text)
        return text

    def _serial_of(self, row: list[str], position: str) -> str:
        """The bank's serial; empty where the export has no column for it, or nothing in it.

        A single row without one is doubtful: the others say that the bank has serials.
        """
        if self._serial == _NONE:
            return ""
        serial = row[self._serial]
        if self._has_serials is None:
            self._has_serials = bool(serial)
        if not serial and not self._has_serials:
            return ""
        if not serial or not self._has_serials or is_spreadsheet_number(serial):
            name = self._profile.columns["serial"][0]
            others = "" if self._has_serials else ", and the rows before have none"
            raise FeedRefused(f"{name} {serial!r} is no serial{others}", position)
        return bounded(serial)

    def _currency_of(self, row: list[str], position: str) -> str:
        text = row[self._currency] if self._currency >= 0 else self._own_currency
        currency = currency_of(text)
        if currency is None:
            raise FeedRefused(f"{text!r} is no known currency", position)
        return currency

    def is_heading(self, raw: list[str]) -> bool:
        """Whether the heading stands here again, as on each page of a print."""
        return raw == self._cells

    def remark_of(self, raw: list[str]) -> str:
        """The line where it is about the print or the page, empty where it may be an entry."""
        told = [cell for cell in map(self._clean, raw) if cell]
        is_alone = len(told) == 1 or (bool(told) and told[0].endswith(("小计", "本页合计")))
        return told[0] if is_alone and _REMARK.match(told[0]) else ""

    def totals_of(self, raw: list[str]) -> dict[Stated, str]:
        """What a line of totals says by the columns of money; empty for any other line."""
        row = list(map(self._clean, raw))
        told = {place: cell for place, cell in enumerate(row) if cell}
        label = told.pop(min(told)) if told else ""
        columns: dict[int, Stated] = {self._debit: "debit_fen", self._credit: "credit_fen"}
        columns[self._balance] = "closing"
        is_total = label.rstrip(":：") in _TOTALS and self._two_columns
        if not is_total or not told or not told.keys() <= columns.keys():
            return {}
        return {columns[place]: cell.removeprefix(NUMBER_MARK) for place, cell in told.items()}

    @property
    def unused(self) -> list[str]:
        """The headings of the columns that nothing is read from."""
        return [
            "".join(cell.split())
            for place, cell in enumerate(self._cells)
            if place not in self._used and cell.strip()
        ]

    @property
    def has_serials(self) -> bool:
        """Whether the bank's own serials tell equal entries apart."""
        return self._serial != _NONE and self._has_serials is not False

    def _at(self, column: Column) -> int:
        for name in self._profile.columns.get(column, ()):
            place = self._places.get(heading(name))
            if place is not None:
                self._used.add(place)
                return place
        return _NONE

    def _named(self, names: tuple[str, ...]) -> tuple[int, ...]:
        found = (self._places.get(heading(name)) for name in names)
        places = tuple(place for place in found if place is not None)
        self._used.update(places)
        return places


def booked(  # noqa: PLR0917 -- the parts of a row
    days: tuple[date, date | None],
    serial: str,
    money: tuple[int, Direction, bool],
    parties: Parties,
    remittance: str,
    repeated: Repeated,
) -> EntryBooked:
    """The fact of a row, by booking and value day; in `money` the last says: in red ink."""
    account, sub_account, other = parties
    currency, is_reversal, code = repeated
    reversal = is_reversal or money[2]
    return EntryBooked(
        account,
        days[0],
        serial,
        money[0],
        money[1],
        currency,
        counterparty_name=other[1],
        counterparty_account=other[0],
        remittance=remittance,
        reversal=reversal,
        reverses=told_reference(remittance) if reversal else "",
        sub_account=sub_account,
        value_date=days[1],
        counterparty_bank=other[2],
        code=code,
    )


def joined(texts: Sequence[str]) -> str:
    """The texts of several cells, each once."""
    found = [text for text in texts if text]
    if len(found) > 1:
        return " ".join(dict.fromkeys(found))
    return found[0] if found else ""


def _value_day(text: str) -> date | None:
    return day_of(text) if text else None


def day_of(text: str) -> date:
    """The day of a date, or of a date with a time behind it."""
    try:
        return parse_day(text)
    except ValueError:
        day, blank, _ = text.replace("T", " ").partition(" ")
        chinese = _CHINESE_DAY.fullmatch(day)
        if chinese:
            return parse_day("-".join(chinese.groups()))
        if not blank:
            raise
        return parse_day(day)
