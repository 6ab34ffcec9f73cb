"""The lines around the rows of a bank's export: account, period, balances, counts and sums."""

import re
from datetime import date

from models.money import MoneyError, parse_fen_cell
from streams.feeds.profiles import BankProfile, Stated
from streams.feeds.records import Declared, FeedRefused
from streams.feeds.sheet_limits import NUMBER_MARK
from streams.feeds.text import clean, days_inside, heading, parse_day, parse_moment, to_utc

# Some banks write several of them into one cell: 账号：36… 户名：… 币种：人民币.
_PIECES = re.compile(r"\s+(?=[\u4e00-\u9fff()]{2,12}[:：])")


class Preamble:
    """What the rows above the heading state, and those below the last entry."""

    def __init__(self, rows: list[list[str]], profile: BankProfile) -> None:
        self._names = {
            heading(name): what for what, several in profile.preamble.items() for name in several
        }
        self._stated: dict[str, str] = {}
        for cells in rows:
            self.take(cells)

    def take(self, row: list[str]) -> bool:
        """Whether the row states anything, as `name: value` or in two cells; it is then known.

        Raises FeedRefused for a number in a spreadsheet where an account number has to stand.
        """
        cells = [clean(cell) for cell in row]
        is_known = False
        pieces = [(place, one) for place, cell in enumerate(cells) for one in _PIECES.split(cell)]
        for place, piece in pieces:
            name, colon, value = piece.replace("：", ":").partition(":")
            what = self._names.get(heading(name))
            if what is None:
                continue
            is_known = True
            if not colon:
                value = next((one for one in cells[place + 1 :] if one), "")
            value = value.strip()
            if what == "account" and value.startswith(NUMBER_MARK):
                raise FeedRefused(f"the account {value[1:]} is a number in a spreadsheet", "row 1")
            self._stated.setdefault(what, value.removeprefix(NUMBER_MARK))
        return is_known

    def take_total(self, what: Stated, text: str) -> None:
        """What the line of totals below the entries says in one of the columns of money."""
        self._stated.setdefault(what, text)

    @property
    def account(self) -> str:
        """The account of every row, empty where the columns name it."""
        return self._stated.get("account", "")

    @property
    def currency(self) -> str:
        """The currency of every row as the bank writes it."""
        return self._stated.get("currency", "")

    @property
    def declares(self) -> bool:
        """Whether counts or sums are stated."""
        counted = ("entries", "credits", "debits", "credit_fen", "debit_fen")
        return any(self._stated.get(name) for name in counted)

    @property
    def opening_fen(self) -> int | None:
        """The balance before the first entry."""
        return self._money("opening")

    @property
    def closing_fen(self) -> int | None:
        """The balance after the last entry."""
        return self._money("closing")

    def declared(self, account: str, statement: str, currency: str) -> Declared:
        """The counts and sums that the preamble states; debits are written with either sign."""
        credit_fen, debit_fen = self._money("credit_fen"), self._money("debit_fen")
        return Declared(
            account=account,
            statement=statement,
            currency=currency,
            entries=self._count("entries"),
            credits=self._count("credits"),
            debits=self._count("debits"),
            credit_fen=credit_fen,
            debit_fen=abs(debit_fen) if debit_fen is not None else None,
        )

    def compare_count(self, found: int) -> None:
        """The number of entries that is stated of several accounts at once must be theirs."""
        stated = self._count("entries")
        if stated not in (None, found):
            raise FeedRefused(f"preamble: {stated} entries declared, {found} found", "row 1")

    def period(self) -> tuple[date | None, date | None]:
        """The first and the last day, both or none."""
        days = days_inside(self._stated.get("period", ""))
        try:
            begins = days[0] if days else self._day("begins")
            ends = days[-1] if days else self._day("ends")
        except ValueError as error:
            raise FeedRefused(f"preamble: {error}", "row 1") from error
        if begins is None or ends is None:
            return None, None
        if ends < begins:
            raise FeedRefused(f"preamble: the period {begins} to {ends} ends first", "row 1")
        return begins, ends

    def _day(self, name: str) -> date | None:
        text = self._stated.get(name, "")
        return parse_day(text.partition(" ")[0]) if text else None

    def created(self) -> str:
        """When the export was made, in UTC; empty where it does not say."""
        text = self._stated.get("created", "")
        if not text:
            return ""
        try:
            return to_utc(parse_moment(text))
        except ValueError as error:
            raise FeedRefused(f"preamble: {error}", "row 1") from error

    def _money(self, name: str) -> int | None:
        text = self._stated.get(name, "")
        if not text:
            return None
        try:
            return parse_fen_cell(text)
        except MoneyError as error:
            raise FeedRefused(f"preamble: {error}", "row 1") from error

    def _count(self, name: str) -> int | None:
        text = self._stated.get(name, "").removesuffix("笔")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 16):
            raise FeedRefused(f"preamble: {text!r} is no count", "row 1")
        return int(text)
