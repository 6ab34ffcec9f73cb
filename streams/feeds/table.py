"""Reads a bank's CSV export by its profile: one statement per account and currency in the file.

Opening and closing are computed from the running balance where the preamble states none, and the
order of the rows is found out first: Chinese exports are often newest first.
"""

from collections.abc import Iterator
from datetime import date

from models.facts import EntryBooked
from models.money import MoneyError, parse_fen_cell
from streams.feeds.profiles import HEADER_ROWS_MAX, BankProfile
from streams.feeds.records import Closing, Declared, End, Entry, FeedRefused, Opening, Record
from streams.feeds.table_row import RowReader
from streams.feeds.text import (
    clean,
    days_inside,
    end_of_day,
    heading,
    parse_day,
    parse_moment,
    read_rows,
    split_lines,
    to_utc,
)


def find_heading(
    rows: Iterator[tuple[int, list[str]]], profile: BankProfile
) -> tuple[int, list[str], list[list[str]]]:
    """The heading with its line number, and the rows of the preamble above it."""
    above: list[list[str]] = []
    for line, cells in rows:
        if line > HEADER_ROWS_MAX:
            break
        if profile.heads(cells):
            return line, cells, above
        above.append(cells)
    raise FeedRefused(f"no heading of {profile.id} in the first {HEADER_ROWS_MAX} rows", "row 1")


def read(text: str, profile: BankProfile) -> Iterator[Record]:
    """The records of an export, account by account in the order of their first rows.

    Raises FeedRefused for a row with more or fewer cells than the heading, and for every cell that
    cannot be read with certainty.
    """
    rows = read_rows(split_lines(text))
    heading_line, cells, above = find_heading(rows, profile)
    preamble = _Preamble(above, profile)
    reader = RowReader(profile, cells, preamble.account, text)
    groups: dict[tuple[str, str], list[tuple[str, Entry]]] = {}
    width = len(cells)
    for line, row in rows:
        if not any(row):
            continue
        if len(row) != width:
            # Also an empty cell too many: an amount with an unquoted separator makes one.
            raise FeedRefused(f"{len(row)} cells where the heading has {width}", f"row {line}")
        read_row = reader.read(row, line)
        fact = read_row[1].fact
        group = groups.get((fact.account, fact.currency))
        if group is None:
            group = groups[fact.account, fact.currency] = []
        group.append(read_row)
    if not groups and preamble.account:
        yield from _empty_statement(profile, preamble, heading_line)
    shared = len(groups) > 1
    for group in groups.values():
        yield from _statement(profile, preamble, _oldest_first(group), shared=shared)


def _oldest_first(group: list[tuple[str, Entry]]) -> list[Entry]:
    """The order in which each balance follows from the one before; in doubt, that of the times."""
    entries = [entry for _, entry in group]
    if len(entries) < 2:
        return entries
    backwards = entries[::-1]
    breaks, breaks_backwards = _breaks(entries), _breaks(backwards)
    if breaks == breaks_backwards:
        return backwards if group[0][0] > group[-1][0] else entries
    return entries if breaks < breaks_backwards else backwards


def _breaks(entries: list[Entry]) -> int:
    broken = 0
    balance_fen = entries[0].balance_fen
    for entry in entries[1:]:
        fact = entry.fact
        effect_fen = fact.amount_fen if fact.direction == "C" else -fact.amount_fen
        if balance_fen is None or balance_fen + effect_fen != entry.balance_fen:
            broken += 1
        balance_fen = entry.balance_fen
    return broken


def _statement(
    profile: BankProfile,
    preamble: "_Preamble",
    entries: list[Entry],
    *,
    shared: bool,
) -> Iterator[Record]:
    """`shared`: what the preamble says is about several accounts or currencies at once."""
    account, currency = entries[0].fact.account, entries[0].fact.currency
    begins = preamble.begins or min(entry.fact.booking_date for entry in entries)
    ends = preamble.ends or max(entry.fact.booking_date for entry in entries)
    statement = _statement_id(profile, begins, ends)
    first, last = entries[0], entries[-1]
    assert isinstance(first.fact, EntryBooked)
    effect_fen = first.fact.amount_fen if first.fact.direction == "C" else -first.fact.amount_fen
    opening_fen, closing_fen = preamble.opening_fen, preamble.closing_fen
    if (opening_fen is None or shared) and first.balance_fen is not None:
        opening_fen = first.balance_fen - effect_fen
    if (closing_fen is None or shared) and last.balance_fen is not None:
        closing_fen = last.balance_fen
    if opening_fen is not None:
        yield Opening(account, statement, currency, opening_fen, begins, first.position)
    yield from entries
    if closing_fen is not None:
        yield Closing(account, statement, currency, closing_fen, ends, last.position)
    if preamble.declares and not shared:
        yield preamble.declared(account, statement, currency)
    yield End(
        account=account,
        statement=statement,
        currency=currency,
        created=preamble.created or end_of_day(ends),
        begins=begins,
        ends=ends,
        position=last.position,
        period_declared=preamble.begins is not None,
    )


def _empty_statement(
    profile: BankProfile, preamble: "_Preamble", heading_line: int
) -> Iterator[Record]:
    """A period in which nothing was booked: its balance is the same at both ends."""
    begins, ends, account = preamble.begins, preamble.ends, preamble.account
    if begins is None or ends is None:
        raise FeedRefused("an export without rows must state its period", f"row {heading_line}")
    statement, place = _statement_id(profile, begins, ends), f"row {heading_line}"
    opening_fen, closing_fen = preamble.opening_fen, preamble.closing_fen
    if opening_fen is None:
        opening_fen = closing_fen
    if closing_fen is None:
        closing_fen = opening_fen
    if opening_fen is not None and closing_fen is not None:
        yield Opening(account, statement, "CNY", opening_fen, begins, place)
        yield Closing(account, statement, "CNY", closing_fen, ends, place)
    if preamble.declares:
        yield preamble.declared(account, statement, "CNY")
    created = preamble.created or end_of_day(ends)
    yield End(account, statement, "CNY", created, begins, ends, place)


def _statement_id(profile: BankProfile, begins: date, ends: date) -> str:
    """From what the file is about, so that a corrected export has the same identity."""
    return f"{profile.id}:{begins}..{ends}"


class _Preamble:
    """What the rows above the heading state."""

    def __init__(self, rows: list[list[str]], profile: BankProfile) -> None:
        names = {
            heading(name): what for what, several in profile.preamble.items() for name in several
        }
        self._stated: dict[str, str] = {}
        for cells in rows:
            for place, cell in enumerate(cells):
                name, colon, value = clean(cell).replace("：", ":").partition(":")
                what = names.get(heading(name))
                if what is None:
                    continue
                if not colon:
                    value = next((c for c in map(clean, cells[place + 1 :]) if c), "")
                self._stated.setdefault(what, value.strip())
        self.account = self._stated.get("account", "")
        self.begins, self.ends = self._period()
        self.created = self._created()
        self.opening_fen = self._money("opening")
        self.closing_fen = self._money("closing")
        counted = ("entries", "credits", "debits", "credit_fen", "debit_fen")
        self.declares = any(self._stated.get(name) for name in counted)

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

    def _period(self) -> tuple[date | None, date | None]:
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

    def _created(self) -> str:
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
