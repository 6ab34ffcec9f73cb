"""Reads a bank's export by its profile: one statement per account and currency in the file.

Opening and closing are computed from the running balance where no line states them, and the order
of the rows is found out first: Chinese exports are often newest first. Only the places of the rows
of a large file are kept: its rows are read again in their order.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter

import msgspec

from models.facts import EntryBooked
from streams.feeds.preamble import Preamble
from streams.feeds.profiles import HEADER_ROWS_MAX, BankProfile, currency_of
from streams.feeds.records import (
    Check,
    Closing,
    End,
    Entry,
    FeedRefused,
    LastDay,
    Opening,
    Record,
    Serials,
)
from streams.feeds.rows import Block, Place, Rows
from streams.feeds.table_columns import ColumnReader, Told
from streams.feeds.table_group import Group
from streams.feeds.table_row import Own
from streams.feeds.text import end_of_day, shanghai_day

_TOTALS = "totals"

ENTRIES_KEPT_MAX = 50_000
"""Entries that are held in memory between finding their order and telling them: some 50 MB."""


def read(rows: Rows, profile: BankProfile) -> Iterator[Record]:
    """The records of an export, account by account in the order of their first rows.

    Raises FeedRefused for a row with more or fewer cells than the heading, and for every cell that
    cannot be read with certainty.
    """
    heading_line, cells, above = _find_heading(iter(rows), profile)
    preamble = Preamble(above, profile)
    reader = ColumnReader(profile, cells, Own(preamble.account, preamble.currency), rows)
    seen = _Seen()
    groups = _group(_below(rows, heading_line), reader, preamble, seen)
    if not groups:
        if not preamble.account:
            reason = "no row stands below the heading, and no line names an account"
            raise FeedRefused(reason, f"row {heading_line}")
        yield from _empty_statement(profile, preamble, heading_line)
    shared = len(groups) > 1
    notes = tuple(_notes(rows, reader, seen.passed_over))
    if shared:
        preamble.compare_count(sum(group.days.total() for group in groups.values()))
    for group in groups.values():
        entries = _numbered(group, rows, reader)
        last_day = "whole" if reader.has_serials else _last_day(group, preamble)
        told = _Told(entries, last_day, notes, shared)
        yield from _statement(profile, preamble, group, told)


def _notes(
    rows: Rows, reader: ColumnReader, passed_over: Counter[str]
) -> Iterator[tuple[str, str]]:
    """What is read otherwise than it might be expected, by the name of the check that says so."""
    unused = [f"columns {', '.join(reader.unused)}"] if reader.unused else []
    unused += [f"{count} × {what}" for what, count in passed_over.items()]
    if unused:
        yield "not-used", "; ".join(unused)
    if rows.ends_open:
        yield "last-line", "the last line has no end: whether all of its text is there is not told"


def _find_heading(
    rows: Iterator[tuple[Place, list[str]]], profile: BankProfile
) -> tuple[int, list[str], list[list[str]]]:
    """The heading with its line number, and the rows of the preamble above it."""
    above: list[list[str]] = []
    for (_, line), cells in rows:
        if line > HEADER_ROWS_MAX:
            break
        if profile.heads(cells):
            return line, cells, above
        above.append(cells)
    raise FeedRefused(f"no heading of {profile.id} in the first {HEADER_ROWS_MAX} rows", "row 1")


class _Seen:
    """What stands below the heading and is no entry: totals from a line on, and how much else."""

    def __init__(self) -> None:
        self.totals_line = 0
        self.passed_over: Counter[str] = Counter()


def _below(rows: Rows, heading_line: int) -> Iterator[Block]:
    """The rows below the heading; what stands above it was read to find it."""
    for places, cells in rows.blocks():
        first = next((n for n, (_, line) in enumerate(places) if line > heading_line), len(places))
        if first < len(places):
            yield places[first:], cells[first:]


def _group(
    blocks: Iterator[Block], reader: ColumnReader, preamble: Preamble, seen: _Seen
) -> dict[tuple[str, str], Group]:
    """The rows below the heading by account and currency, checked; what follows them is stated."""
    groups: dict[tuple[str, str], Group] = {}
    count = 0
    for places, rows in blocks:
        told = None if seen.totals_line else reader.read_many(places, rows)
        if told is None:
            told = _singly(places, rows, reader, preamble, seen)
        for key, some in _by_statement(told):
            groups.setdefault(key, Group()).add(some)
        count += len(told.entries)
        if count > ENTRIES_KEPT_MAX:
            for one in groups.values():
                one.let_go()
    return groups


def _by_statement(told: Told) -> Iterator[tuple[tuple[str, str], Told]]:
    if len(set(told.statements)) == 1:
        yield told.statements[0], told
        return
    for key, some in groupby(zip(*told, strict=True), itemgetter(-1)):
        yield key, Told(*map(list, zip(*some, strict=True)))


def _singly(
    places: list[Place],
    rows: list[list[str]],
    reader: ColumnReader,
    preamble: Preamble,
    seen: _Seen,
) -> Told:
    """The entries of rows that want a closer look, and what is seen beside them."""
    told = Told([], [], [], [])
    for place, cells in zip(places, rows, strict=True):
        if not any(cells):
            continue
        try:
            time_text, entry = reader.read(cells, place[1])
        except FeedRefused:
            other = _other_line(cells, reader, preamble)
            if not other:
                raise
            if other == _TOTALS:
                seen.totals_line = seen.totals_line or place[1]
            else:
                seen.passed_over[other] += 1
            continue
        if seen.totals_line:
            raise FeedRefused("an entry stands below the totals", f"row {place[1]}")
        told.places.append(place)
        told.times.append(time_text)
        told.entries.append(entry)
        told.statements.append((entry.fact.account, entry.fact.currency))
    return told


def _other_line(cells: list[str], reader: ColumnReader, preamble: Preamble) -> str:
    """What a line is that is no entry, empty where it may be one; what it states is then known."""
    if reader.is_heading(cells):
        return "heading again"
    totals = reader.totals_of(cells)
    for what, text in totals.items():
        preamble.take_total(what, text)
    if totals or preamble.take(cells):
        return _TOTALS
    remark = reader.remark_of(cells)
    return f"line {remark[:20]}" if remark else ""


def _numbered(group: Group, rows: Rows, reader: ColumnReader) -> Iterator[Entry]:
    """The entries from the oldest on, each with a serial of its own within account and day."""
    entries: Iterator[Entry]
    if group.kept is not None:
        kept, group.kept = group.kept_in_order(), None
        if len({one.fact.serial for one in kept}) == len(kept):
            return iter(kept)
        if len({(one.fact.booking_date, one.fact.serial) for one in kept}) == len(kept):
            return iter(kept)
        entries = iter(kept)
    else:
        entries = _again(rows.again(group.places()), reader)
        if group.tells_apart:
            return entries
    return _told_apart(entries)


def _again(blocks: Iterator[Block], reader: ColumnReader) -> Iterator[Entry]:
    """Rows that were read before and refused nothing."""
    for places, rows in blocks:
        many = reader.read_many(places, rows)
        if many is None:
            singly = zip(places, rows, strict=True)
            yield from (reader.read(cells, line)[1] for (_, line), cells in singly)
        else:
            yield from many.entries


def _told_apart(entries: Iterator[Entry]) -> Iterator[Entry]:
    serials = Serials()
    for entry in entries:
        fact = entry.fact
        serial = serials.unique(fact.account, fact.booking_date, fact.serial)
        if serial != fact.serial:
            fact = msgspec.structs.replace(fact, serial=serial)
            yield msgspec.structs.replace(entry, fact=fact)
        else:
            yield entry


class _Told(msgspec.Struct, frozen=True):
    """What a statement tells beside its figures.

    `shared`: what the preamble says is about several accounts or currencies at once.
    """

    entries: Iterator[Entry]
    last_day: LastDay
    notes: tuple[tuple[str, str], ...]
    shared: bool


def _statement(
    profile: BankProfile, preamble: Preamble, group: Group, told: _Told
) -> Iterator[Record]:
    shared = told.shared
    first, last = group.ends
    account, currency = first.fact.account, first.fact.currency
    begins, ends = preamble.period()
    period_declared = begins is not None
    begins, ends = begins or min(group.days), ends or max(group.days)
    statement = _statement_id(profile, begins, ends)
    assert isinstance(first.fact, EntryBooked)
    effect_fen = first.fact.amount_fen if first.fact.direction == "C" else -first.fact.amount_fen
    opening_fen, closing_fen = preamble.opening_fen, preamble.closing_fen
    if (opening_fen is None or shared) and first.balance_fen is not None:
        opening_fen = first.balance_fen - effect_fen
    if (closing_fen is None or shared) and last.balance_fen is not None:
        closing_fen = last.balance_fen
    if opening_fen is not None:
        yield Opening(account, statement, currency, opening_fen, begins, first.position)
    yield from told.entries
    if closing_fen is not None:
        yield Closing(account, statement, currency, closing_fen, ends, last.position)
    if preamble.declares and not shared:
        yield preamble.declared(account, statement, currency)
    for name, detail in told.notes:
        yield Check(account, statement, currency, name, ok=True, detail=detail)
    created = preamble.created()
    yield End(
        account=account,
        statement=statement,
        currency=currency,
        created=created or end_of_day(ends),
        begins=begins,
        ends=ends,
        position=last.position,
        period_declared=period_declared,
        last_day=told.last_day,
    )


def _last_day(group: Group, preamble: Preamble) -> LastDay:
    """What is known of the day on which an export without serials ends."""
    created = preamble.created()
    if not created:
        return "whole-when-over"
    ends = preamble.period()[1] or max(group.days)
    return "whole" if shanghai_day(created) > ends else "partial"


def _empty_statement(
    profile: BankProfile, preamble: Preamble, heading_line: int
) -> Iterator[Record]:
    """A period in which nothing was booked: its balance is the same at both ends."""
    (begins, ends), account = preamble.period(), preamble.account
    if begins is None or ends is None:
        raise FeedRefused("an export without rows must state its period", f"row {heading_line}")
    currency = currency_of(preamble.currency)
    if currency is None:
        raise FeedRefused(f"{preamble.currency!r} is no known currency", f"row {heading_line}")
    statement, place = _statement_id(profile, begins, ends), f"row {heading_line}"
    opening_fen, closing_fen = preamble.opening_fen, preamble.closing_fen
    if opening_fen is None:
        opening_fen = closing_fen
    if closing_fen is None:
        closing_fen = opening_fen
    if opening_fen is not None and closing_fen is not None:
        yield Opening(account, statement, currency, opening_fen, begins, place)
        yield Closing(account, statement, currency, closing_fen, ends, place)
    if preamble.declares:
        yield preamble.declared(account, statement, currency)
    created = preamble.created() or end_of_day(ends)
    yield End(account, statement, currency, created, begins, ends, place)


def _statement_id(profile: BankProfile, begins: date, ends: date) -> str:
    """From what the file is about, so that a corrected export has the same identity."""
    return f"{profile.id}:{begins}..{ends}"
