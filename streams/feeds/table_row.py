"""One row of a bank's export as an entry, by the columns of its profile."""

import re
from typing import Literal

from models.facts import EntryBooked
from models.money import MoneyError, parse_fen_cell
from streams.feeds.camt_entry import bounded, told_reference
from streams.feeds.profiles import BankProfile, Column, currency_of
from streams.feeds.records import AMOUNT_FEN_MAX, Entry, FeedRefused, Serials
from streams.feeds.text import cleaner, heading, is_spreadsheet_number, parse_day

Direction = Literal["C", "D"]
Posting = tuple[int, Direction, str, str, tuple[str, str, str]]
"""Signed amount, direction of its column, account, sub-account; the other's account, name, bank."""

_ACCOUNT = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_OPPOSITE: dict[Direction, Direction] = {"C": "D", "D": "C"}
_NONE = -1


class RowReader:
    """Knows where each column stands; reads rows as fast as they come."""

    def __init__(self, profile: BankProfile, cells: list[str], own: str, text: str) -> None:
        self._clean = cleaner(text)
        self._profile = profile
        self._accounts: set[str] = set()
        self._own = self._account(own, 1) if own else ""
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
        self._words = profile.reversal_words
        self._serials = Serials()
        self._two_columns = profile.signs == "two-columns"
        self._debit, self._credit = at("debit"), at("credit")
        self._account_at, self._other_name = at("account"), at("other_name")
        self._other_account, self._other_bank = at("other_account"), at("other_bank")
        self._type, self._amount = at("type"), at("amount")
        self._payer = (at("payer_account"), at("payer_name"), at("payer_bank"))
        self._payee = (at("payee_account"), at("payee_name"), at("payee_bank"))

    def read(self, row: list[str], line: int) -> tuple[str, Entry]:
        """The entry of a row, and the text of its time by which rows can be ordered."""
        row = self._clean(row)
        position = f"row {line}"
        posting = self._of_two_columns if self._two_columns else self._signed
        try:
            amount_fen, direction, account, sub_account, other = posting(row, line)
            day_text = row[self._day] or _cell(row, self._time).partition(" ")[0]
            day = parse_day(day_text)
            value_text = _cell(row, self._value_day)
            value_day = parse_day(value_text) if value_text else None
            balance_fen = parse_fen_cell(row[self._balance]) if row[self._balance] else None
        except (MoneyError, ValueError) as error:
            raise FeedRefused(str(error), position) from error
        if is_spreadsheet_number(other[0]):
            raise FeedRefused(f"{other[0]!r} has lost digits in a spreadsheet", position)
        red_ink = amount_fen < 0
        if red_ink:
            amount_fen, direction = -amount_fen, _OPPOSITE[direction]
        if amount_fen > AMOUNT_FEN_MAX:
            raise FeedRefused("the amount is too large", position)
        currency = currency_of(row[self._currency])
        if currency is None:
            raise FeedRefused(f"{row[self._currency]!r} is no known currency", position)
        remittance = " ".join(dict.fromkeys(filter(None, (row[i] for i in self._remittance))))
        reversal = red_ink or any(
            word in row[place] for place in self._reversal_in for word in self._words
        )
        fact = EntryBooked(
            account=account,
            booking_date=day,
            serial=self._serials.unique(account, day, self._serial_of(row, line)),
            amount_fen=amount_fen,
            direction=direction,
            currency=currency,
            counterparty_name=other[1],
            counterparty_account=other[0],
            remittance=remittance,
            reversal=reversal,
            reverses=told_reference(remittance) if reversal else "",
            sub_account=sub_account,
            value_date=value_day,
            counterparty_bank=other[2],
            code=" ".join(filter(None, (row[i] for i in self._code))),
        )
        ordered_by = f"{day.isoformat()} {_cell(row, self._time)}"
        return ordered_by, Entry(fact, position, balance_fen, red_ink)

    def _of_two_columns(self, row: list[str], line: int) -> Posting:
        debit, credit = row[self._debit], row[self._credit]
        debit_fen = parse_fen_cell(debit) if debit else 0
        credit_fen = parse_fen_cell(credit) if credit else 0
        if debit_fen and credit_fen:
            raise ValueError(f"both a debit {debit} and a credit {credit}")
        if not debit and not credit:
            raise ValueError("neither a debit nor a credit")
        account = self._account(row[self._account_at], line)
        other = (
            _cell(row, self._other_account),
            _cell(row, self._other_name),
            _cell(row, self._other_bank),
        )
        if debit_fen:
            return debit_fen, "D", account, "", other
        return credit_fen, "C", account, "", other

    def _signed(self, row: list[str], line: int) -> Posting:
        """The account is the payee of what comes in and the payer of what goes out."""
        kind = self._profile.types.get(row[self._type])
        if kind is None:
            raise ValueError(
                f"type {row[self._type]!r} is none of {', '.join(self._profile.types)}"
            )
        amount_fen = parse_fen_cell(row[self._amount])
        mine, other = (self._payee, self._payer) if kind == "C" else (self._payer, self._payee)
        own_side = row[mine[0]]
        account, sub_account = self._own or own_side, ""
        if self._own and own_side not in ("", self._own):
            sub_account = own_side
        told = (_cell(row, other[0]), _cell(row, other[1]), _cell(row, other[2]))
        signed_fen = amount_fen if kind == "C" else -amount_fen
        return signed_fen, kind, self._account(account, line), sub_account, told

    def _account(self, text: str, line: int) -> str:
        if text in self._accounts:
            return text
        if is_spreadsheet_number(text) or _ACCOUNT.fullmatch(text) is None:
            raise FeedRefused(f"{text!r} is no account number", f"row {line}")
        self._accounts.add(text)
        return text

    def _serial_of(self, row: list[str], line: int) -> str:
        serial = row[self._serial]
        if not serial or is_spreadsheet_number(serial):
            name = self._profile.columns["serial"][0]
            raise FeedRefused(f"{name} {serial!r} is no serial", f"row {line}")
        return bounded(serial)

    def _at(self, column: Column) -> int:
        for name in self._profile.columns.get(column, ()):
            place = self._places.get(heading(name))
            if place is not None:
                return place
        return _NONE

    def _named(self, names: tuple[str, ...]) -> tuple[int, ...]:
        places = (self._places.get(heading(name)) for name in names)
        return tuple(place for place in places if place is not None)


def _cell(row: list[str], place: int) -> str:
    return row[place] if place >= 0 else ""
