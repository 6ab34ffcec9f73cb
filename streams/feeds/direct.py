"""Reads the replies of bank-direct links (银企直连): one query a file, with all of its pages.

A reply that says that more follows is refused: half of a query is no account of anything. Only a
query that states its period is a statement; one of today tells its entries and closes nothing.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from models.facts import EntryBooked
from models.money import MoneyError, parse_fen
from streams.feeds.camt_entry import bounded, told_reference
from streams.feeds.direct_banks import BANKS, CURRENCIES, REVERSALS, Bank, first, whole_fen
from streams.feeds.direct_pages import (
    Document,
    Fields,
    Watched,
    json_documents,
    unused,
    xml_documents,
)
from streams.feeds.direct_switches import note_of
from streams.feeds.records import (
    AMOUNT_FEN_MAX,
    Check,
    Closing,
    Data,
    Declared,
    End,
    Entry,
    FeedRefused,
    Opening,
    Record,
)
from streams.feeds.text import end_of_day, parse_day

_ACCOUNT_LENGTH_MAX = 100


def read(data: Data, name: str) -> Iterator[Record]:
    """The records of one query in the format `name`.

    Raises FeedRefused for a page that is missing, came twice or reports a failure, and for every
    field that cannot be read with certainty.
    """
    documents = json_documents(data) if name == "cmb-direct-json" else xml_documents(data, name)
    bank = BANKS[name]
    asked = [one for one in documents if bank.is_request(one)]
    pages = [one for one in documents if not bank.is_request(one)]
    for page in pages:
        failure = bank.failure(page.fields)
        if failure:
            raise FeedRefused(f"the bank answers {failure}", f"byte {page.offset}")
    pages = _whole(bank, pages)
    stated = _stated(bank, [*asked, *pages])
    asked_for: set[str] = set()
    rows = [
        (place, Watched({**_header(page), **row}, asked_for))
        for page in pages
        for place, row in page.rows
    ]
    note = note_of(name)
    entries = [
        _entry(bank, row, stated, f"entry {count} at byte {place}{note}")
        for count, (place, row) in enumerate(rows, 1)
    ]
    _refuse_twice(entries)
    ordered = [one for _, one in _oldest_first(entries)]
    for record in _statement(name, pages, stated, ordered):
        if isinstance(record, End):
            told = (record.account, record.statement, record.currency)
            skipped = _skipped(bank, [row for _, row in rows])
            if skipped:
                yield Check(*told, "running-number", ok=False, detail=skipped)
            if left := unused([row for _, row in rows], asked_for):
                yield Check(*told, "not-used", ok=True, detail=f"fields {', '.join(left)}")
        yield record


def _header(page: Document) -> Fields:
    """What a page says about all of its rows."""
    return {key: page.fields[key] for key in ("CurrType", "CURR_COD") if key in page.fields}


# ---- the pages of a query ----


def _whole(bank: Bank, pages: list[Document]) -> list[Document]:
    """The pages in their order; FeedRefused unless the query is there from first to last."""
    if not pages:
        raise FeedRefused("a question without any reply", "byte 0")
    numbers = [bank.number(page.fields) for page in pages]
    if any(number is not None for number in numbers):
        return _by_number(pages, [number or ("", "") for number in numbers])
    for page in pages[:-1]:
        if not bank.more(page.fields):
            raise FeedRefused("another page follows the last one", f"byte {page.offset}")
    if bank.more(pages[-1].fields):
        reason = "the bank says that more pages follow; deliver all pages of the query in one file"
        raise FeedRefused(reason, f"byte {pages[-1].offset}")
    return pages


def _by_number(pages: list[Document], numbers: list[tuple[str, str]]) -> list[Document]:
    place = f"byte {pages[0].offset}"
    if not all(one.isascii() and one.isdecimal() for number in numbers for one in number):
        raise FeedRefused(f"page numbers {numbers} cannot be read", place)
    totals = {int(total) for _, total in numbers}
    found = {int(number): page for (number, _), page in zip(numbers, pages, strict=True)}
    total = max(totals)
    # A query that found nothing has one page and counts none.
    if (
        len(totals) > 1
        or len(found) != len(pages)
        or sorted(found) != [*range(1, (total or 1) + 1)]
    ):
        shown = ", ".join(f"{number} of {of}" for number, of in numbers)
        reason = f"these are pages {shown}; deliver each page of the query once, in one file"
        raise FeedRefused(reason, place)
    return [found[number] for number in sorted(found)]


class _Stated:
    """What request and replies say of the query: account, period (None: neither says), today."""

    def __init__(self, account: str, begins: date | None, ends: date | None) -> None:
        self.account = account
        self.begins = begins
        self.ends = ends
        self.is_today = False


def _stated(bank: Bank, documents: list[Document]) -> _Stated:
    def only(names: tuple[str, ...]) -> str:
        told = sorted({first(one.fields, names) for one in documents} - {""})
        if len(told) > 1:
            raise FeedRefused(f"two queries in one file: {' and '.join(told[:2])}", "byte 0")
        return told[0] if told else ""

    account = only(bank.account)
    if not 0 < len(account) <= _ACCOUNT_LENGTH_MAX:
        reason = "no account is named; put the request before its replies in the file"
        raise FeedRefused(reason, "byte 0")
    begins, ends = (_day(only(names), "byte 0") for names in (bank.begins, bank.ends))
    if begins and ends and ends < begins:
        raise FeedRefused(f"the period {begins} to {ends} ends first", "byte 0")
    stated = _Stated(account, begins, ends)
    stated.is_today = any(bank.is_today(one.fields) for one in documents)
    return stated


# ---- rows ----


def _entry(bank: Bank, row: Fields, stated: _Stated, position: str) -> tuple[str, Entry]:
    """The entry of a row, and the text of its time by which rows can be ordered."""
    try:
        return _read_entry(bank, row, stated, position)
    except (MoneyError, ValueError) as error:
        raise FeedRefused(str(error), position) from error


def _read_entry(bank: Bank, row: Fields, stated: _Stated, position: str) -> tuple[str, Entry]:
    signed_fen = bank.amount(row)
    if abs(signed_fen) > AMOUNT_FEN_MAX:
        raise ValueError("the amount is too large")
    written = bank.directions.get(row.get(bank.direction, ""))
    if written is None:
        raise ValueError(f"{bank.direction} {row.get(bank.direction, '')!r} is no direction")
    red_ink = signed_fen < 0
    is_credit = (written == "C") != red_ink
    serial = "-".join(row.get(part, "") for part in bank.serial)
    if any(not row.get(part) for part in bank.serial):
        raise ValueError(f"no serial {'-'.join(bank.serial)}")
    day_text = first(row, tuple(bank.day.split()))
    day = _day(day_text, position)
    if day is None:
        raise ValueError(f"no day {bank.day}")
    currency = CURRENCIES.get(first(row, bank.currency))
    if currency is None:
        raise ValueError(f"currency {first(row, bank.currency)!r} is not known")
    reversal = _is_reversal(bank, row) or red_ink
    remittance = " ".join(dict.fromkeys(row[k] for k in bank.remittance if row.get(k)))
    account, sub_account, other = _parties(bank, row, stated.account, written)
    balance = first(row, bank.balance)
    fact = EntryBooked(
        account=account,
        booking_date=day,
        serial=bounded(serial),
        amount_fen=abs(signed_fen),
        direction="C" if is_credit else "D",
        currency=currency,
        counterparty_name=other[1],
        counterparty_account=other[0],
        remittance=remittance,
        reversal=reversal,
        reverses=told_reference(remittance) if reversal else "",
        sub_account=sub_account,
        value_date=_day(row.get(bank.value_day, ""), position),
        counterparty_bank=other[2],
        code=" ".join(row[k] for k in bank.code if row.get(k)),
    )
    balance_fen = None
    if balance:
        balance_fen = whole_fen(balance) if bank.is_fen else parse_fen(balance)
    time_text = f"{day} {first(row, tuple(bank.time.split()))}"
    return time_text, Entry(fact, position, balance_fen, red_ink)


def _is_reversal(bank: Bank, row: Fields) -> bool:
    flag = row.get(bank.reversal, "")
    known = REVERSALS if bank is not BANKS["icbc-direct"] else {"": False}
    if flag not in known:
        raise ValueError(f"{bank.reversal} {flag!r}: what that means is not public; ask the bank")
    return known[flag]


def _parties(
    bank: Bank, row: Fields, account: str, written: str
) -> tuple[str, str, tuple[str, str, str]]:
    """The account, its sub-account, and the other's account, name and bank."""
    if bank is not BANKS["boc-direct"]:
        account_names, names, banks = bank.other
        other = (first(row, account_names), first(row, names), first(row, banks))
        return account, row.get(bank.sub_account, ""), other
    own_side, side = ("toactn", "fractn") if written == "C" else ("fractn", "toactn")
    names = ("acntname", "ibkname") if side == "fractn" else ("toname", "tobank")
    number, name, branch = (row.get(f"{side}/{key}", "") for key in ("actacn", *names))
    own = row.get(f"{own_side}/actacn", "")
    return account, own if own != account else "", (number, name, branch)


def _day(text: str, position: str) -> date | None:
    try:
        return parse_day(text) if text else None
    except ValueError as error:
        raise FeedRefused(str(error), position) from error


def _skipped(bank: Bank, rows: list[Fields]) -> str:
    """Which of the bank's running numbers are missing between the first and the last of a query."""
    told = [row.get(bank.running_number, "") for row in rows if bank.running_number]
    if not told or not all(one.isascii() and one.isdecimal() and len(one) < 10 for one in told):
        return ""
    numbers = sorted({int(one) for one in told})
    first, last = numbers[0], numbers[-1]
    missing = last - first + 1 - len(numbers)
    shown = f"{missing} of the numbers {bank.running_number} {first} to {last} are missing"
    return shown if missing else ""


def _refuse_twice(entries: list[tuple[str, Entry]]) -> None:
    seen: dict[tuple[date, str], str] = {}
    for _, entry in entries:
        key = (entry.fact.booking_date, entry.fact.serial)
        if key in seen:
            reason = f"serial {key[1]} stands here and at {seen[key]}: a page came twice"
            raise FeedRefused(reason, entry.position)
        seen[key] = entry.position


def _effect_fen(entry: Entry) -> int:
    fact = entry.fact
    return fact.amount_fen if fact.direction == "C" else -fact.amount_fen


def _oldest_first(entries: list[tuple[str, Entry]]) -> list[tuple[str, Entry]]:
    """The order in which each balance follows from the one before; in doubt, of the times."""

    def breaks(order: list[tuple[str, Entry]]) -> int:
        return sum(
            before.balance_fen is None
            or before.balance_fen + _effect_fen(after) != after.balance_fen
            for (_, before), (_, after) in pairwise(order)
        )

    backwards = entries[::-1]
    forth, back = breaks(entries), breaks(backwards)
    if forth == back:
        return sorted(entries, key=lambda one: one[0])
    return entries if forth < back else backwards


# ---- the statement ----


def _statement(
    name: str, pages: list[Document], stated: _Stated, entries: list[Entry]
) -> Iterator[Record]:
    days = [entry.fact.booking_date for entry in entries]
    begins, ends = stated.begins or min(days, default=None), stated.ends or max(days, default=None)
    if begins is None or ends is None:
        reason = "a reply without entries and period; put the request before its replies"
        raise FeedRefused(reason, f"byte {pages[0].offset}")
    is_statement = bool(stated.begins and stated.ends) and not stated.is_today
    account, statement = stated.account, f"{name}:{begins}..{ends}"
    place = entries[-1].position if entries else f"statement 1 at byte {pages[0].offset}"
    currency = entries[0].fact.currency if entries else "CNY"
    if entries and entries[0].balance_fen is not None:
        opening_fen = entries[0].balance_fen - _effect_fen(entries[0])
        yield Opening(account, statement, currency, opening_fen, begins, entries[0].position)
    yield from entries
    if entries and entries[-1].balance_fen is not None:
        yield Closing(account, statement, currency, entries[-1].balance_fen, ends, place)
    yield from _declared(pages, account, statement)
    yield End(
        account=account,
        statement=statement,
        currency=currency,
        created=end_of_day(ends),
        begins=begins,
        ends=ends,
        position=place,
        is_statement=is_statement,
        period_declared=is_statement,
    )


def _declared(pages: list[Document], account: str, statement: str) -> Iterator[Declared]:
    """The counts and sums of the pages; each page's own count is held to its rows here."""
    rows = sum(len(page.rows) for page in pages)
    sums: Counter[str] = Counter()
    for page in pages:
        fields, found = page.fields, len(page.rows)
        place = f"byte {page.offset}"
        # Whether ICBC counts the page or the query is not public; either proves that none is lost.
        for key, allowed in (("TotalNum", {found, rows}), ("totalnum", {found})):
            if fields.get(key) and _number(fields[key], key, place) not in allowed:
                raise FeedRefused(f"{key} {fields[key]}, and {found} rows are here", place)
        for key in ("debitNums", "creditNums"):
            if fields.get(key):
                sums[key] += _number(fields[key], key, place)
        for key in ("debitAmount", "creditAmount"):
            if fields.get(key):
                sums[key] += abs(_fen(fields[key], place))
    noted = next((page.fields["notenum"] for page in pages if page.fields.get("notenum")), "")
    if noted:
        count = _number(noted, "notenum", "byte 0")
        yield Declared(account, statement, "", entries=count)
    if sums.keys() >= {"debitNums", "creditNums", "debitAmount", "creditAmount"}:
        yield Declared(
            *(account, statement, ""),
            credits=sums["creditNums"],
            debits=sums["debitNums"],
            credit_fen=sums["creditAmount"],
            debit_fen=sums["debitAmount"],
        )


def _number(text: str, key: str, position: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise FeedRefused(f"{key} {text!r} is no count", position)
    return int(text)


def _fen(text: str, position: str) -> int:
    try:
        return parse_fen(text)
    except MoneyError as error:
        raise FeedRefused(str(error), position) from error
