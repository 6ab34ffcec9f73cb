"""Reads camt.052, .053 and .054, every version by local name, as a stream with flat memory."""

import re
from collections.abc import Iterator
from datetime import date

from lxml import etree
from lxml.etree import _Element as Element

from models.money import format_yuan
from streams.feeds.camt_entry import period_end, read_entry
from streams.feeds.camt_frame import Frame, page_fault
from streams.feeds.camt_xml import (
    LOCAL,
    account_of,
    amount_of,
    children,
    day_of,
    day_of_text,
    find,
    words,
)
from streams.feeds.hardened import hardened_parser, refuse_document_type, utf8_chunks
from streams.feeds.records import (
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
from streams.feeds.text import end_of_day, parse_moment, to_utc

_STATEMENTS = {"Stmt", "Rpt", "Ntfctn"}
_TAGS = tuple(f"{{*}}{name}" for name in (*sorted(_STATEMENTS), "Ntry", "Bal"))
_MESSAGES = {
    "BkToCstmrAcctRpt": "052",
    "BkToCstmrStmt": "053",
    "BkToCstmrDbtCdtNtfctn": "054",
}
# Starts of elements in the raw bytes, so that an entry can be shown as it was delivered. No trail
# byte of the accepted encodings is "<". Comments and the like are passed over as a whole.
_STARTS = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    rb"|<(?:[\w.-]+:)?(Stmt|Rpt|Ntfctn|Ntry|Bal)(?=[\s>/])",
    re.DOTALL,
)
_BALANCES = {"OPBD": "opening", "PRCD": "opening", "CLBD": "closing"}


def read(data: Data) -> Iterator[Record]:
    """The records of a message, statement by statement.

    Raises FeedRefused for a document type, entities, bytes that are not of the declared encoding,
    XML that is cut or not well-formed, and every field that cannot be read with certainty.
    """
    refuse_document_type(data)
    parser = hardened_parser(_TAGS)
    reader = _Reader(data)
    try:
        for chunk in utf8_chunks(data):
            parser.feed(chunk)
            for event, element in parser.read_events():
                assert isinstance(element, Element), "comments and the like are removed"
                yield from reader.handle(event, element)
        root = parser.close()
    except etree.XMLSyntaxError as error:
        line, column = error.position
        reason = f"the XML is cut or not well-formed: {error.msg}"
        raise FeedRefused(reason, f"line {line}, column {column}") from error
    if not reader.statements:
        name = LOCAL[root.tag]
        raise FeedRefused(f"no statement stands in the message (root {name})", "byte 0")


class _Reader:
    """Turns parser events into records and gives back the memory of what it has read."""

    def __init__(self, data: Data) -> None:
        self.statements = 0
        self._entries = 0
        self._balances = 0
        self._starts = (m for m in _STARTS.finditer(data) if m.group(1))
        self._offset = 0
        self._statement: _Statement | None = None
        self._balance_places: list[str] = []

    def handle(self, event: str, element: Element) -> Iterator[Record]:
        name = LOCAL[element.tag]
        if event == "start":
            self._start(name, element)
        elif self._statement is None:
            return
        elif element is self._statement.element:
            yield from self._statement.end()
            element.clear()
            self._statement = None
        elif name == "Ntry" and element.getparent() is self._statement.element:
            place = f"entry {self._entries} at byte {self._offset}"
            yield from self._statement.entry(element, place)
            element.clear()
            before = element.getprevious()
            if before is not None and LOCAL[before.tag] == "Ntry":
                self._statement.element.remove(before)

    def _start(self, name: str, element: Element) -> None:
        start = next(self._starts, None)
        if start is None or start.group(1).decode() != name:
            raise FeedRefused(f"<{name}> cannot be found in the raw bytes", f"byte {self._offset}")
        self._offset = start.start()
        parent = element.getparent()
        if name in _STATEMENTS and self._statement is None and parent is not None:
            message = _MESSAGES.get(LOCAL[parent.tag].partition("V0")[0])
            if message is None:
                return
            self.statements += 1
            place = f"statement {self.statements} at byte {self._offset}"
            self._statement = _Statement(element, message, place)
        elif self._statement is not None and parent is self._statement.element:
            if name == "Ntry":
                self._entries += 1
            elif name == "Bal":
                self._balances += 1
                place = f"balance {self._balances} at byte {self._offset}"
                self._statement.balance_places.append(place)


class _Statement:
    """One statement, report or notification between its first and its last tag."""

    def __init__(self, element: Element, message: str, place: str) -> None:
        self.element = element
        self.balance_places: list[str] = []
        self._place = place
        self._message = message
        self._frame: Frame | None = None
        self._opened: set[str] = set()
        self._days: set[date] = set()
        self._created = ""
        self._checks: list[Check] = []

    def entry(self, ntry: Element, place: str) -> Iterator[Record]:
        if self._frame is None:
            self._frame = self._read_frame()
            yield from self._openings(self._frame)
        entry: Entry = read_entry(ntry, self._frame, place)
        self._days.add(entry.fact.booking_date)
        yield entry

    def end(self) -> Iterator[Record]:
        frame = self._frame
        if frame is None:
            frame = self._frame = self._read_frame()
        yield from self._openings(frame)
        for what, balance in self._balances_of(frame):
            if what == "closing" and isinstance(balance, Closing):
                yield balance
        yield from self._declared(frame)
        self._compare_balances(frame)
        lacking = page_fault(self.element)
        if lacking and frame.is_statement:
            self._fault(frame, "pages", lacking)
        yield from self._checks
        yield from frame.checks()
        yield self._end(frame)

    def _read_frame(self) -> Frame:
        header = children(self.element)
        self._created = self._created_text(header)
        created_day = None
        if self._created:
            created_day = day_of_text(self._created, self._place)
        frame = Frame(self._message, created_day or date.min)
        frame.account = account_of(header.get("Acct"))
        if not frame.account:
            raise FeedRefused("the statement names no account", self._place)
        if len(frame.account) > 100:
            raise FeedRefused("the account number is too long", self._place)
        frame.statement = words(self.element, "Id")
        if not 0 < len(frame.statement) <= 200:
            raise FeedRefused("the statement has no Id of 1 to 200 characters", self._place)
        frame.currency = words(header.get("Acct"), "Ccy")
        for balance in self.element:
            if not frame.currency and LOCAL[balance.tag] == "Bal":
                amount = find(balance, "Amt")
                frame.currency = (amount.get("Ccy") if amount is not None else "") or ""
        period = header.get("FrToDt")
        begins = words(period, "FrDtTm") or words(period, "FrDt")
        ends = words(period, "ToDtTm") or words(period, "ToDt")
        if begins and ends:
            frame.begins = day_of_text(begins, self._place)
            frame.ends = day_of_text(ends, self._place)
            if frame.ends < frame.begins:
                raise FeedRefused(f"the period {begins} to {ends} ends first", self._place)
        return frame

    def _created_text(self, header: dict[str, Element]) -> str:
        created = header.get("CreDtTm")
        if created is not None:
            return (created.text or "").strip()
        return words(self.element.getparent(), "GrpHdr", "CreDtTm")

    def _openings(self, frame: Frame) -> Iterator[Opening]:
        for what, balance in self._balances_of(frame):
            if what == "opening" and isinstance(balance, Opening):
                if balance.currency in self._opened:
                    continue
                self._opened.add(balance.currency)
                yield balance

    def _balances_of(self, frame: Frame) -> list[tuple[str, Opening | Closing]]:
        """The booked balances, OPBD before PRCD; the other kinds are not about bookings."""
        found: list[tuple[str, str, Opening | Closing]] = []
        elements = [child for child in self.element if LOCAL[child.tag] == "Bal"]
        for element, place in zip(elements, self.balance_places, strict=True):
            kind = words(element, "Tp", "CdOrPrtry", "Cd") or words(element, "Tp", "Cd")
            amount = find(element, "Amt")
            balance_fen = amount_of(amount, f"balance {kind}", place)
            if kind not in _BALANCES:
                continue
            sign = words(element, "CdtDbtInd")
            if sign not in ("CRDT", "DBIT", ""):
                raise FeedRefused(f"CdtDbtInd {sign!r} is neither CRDT nor DBIT", place)
            currency = (amount.get("Ccy") if amount is not None else "") or frame.currency
            if not sign:
                self._note_sign(frame, kind, currency)
            day = day_of(find(element, "Dt"), place)
            made = Opening if _BALANCES[kind] == "opening" else Closing
            balance = made(
                account=frame.account,
                statement=frame.statement,
                currency=currency,
                balance_fen=-balance_fen if sign == "DBIT" else balance_fen,
                day=None if kind == "PRCD" else day,
                position=place,
                interim=words(element, "Tp", "SubTp", "Cd") == "INTM",
            )
            found.append((kind, _BALANCES[kind], balance))
        # Of the balances of several days the first opens and the last closes.
        found.sort(key=lambda one: (one[0], one[2].day or date.min))
        return [(what, balance) for _, what, balance in found]

    def _compare_balances(self, frame: Frame) -> None:
        """Two booked balances of one kind and day that differ leave open which one is right."""
        told: dict[tuple[str, str, date | None], int] = {}
        for what, balance in self._balances_of(frame):
            if balance.interim:
                continue
            first = told.setdefault((what, balance.currency, balance.day), balance.balance_fen)
            if first != balance.balance_fen:
                detail = f"{what} is told as {format_yuan(first)}"
                detail += f" and as {format_yuan(balance.balance_fen)}"
                self._fault(frame, "balances", detail, abs(first - balance.balance_fen))

    def _fault(self, frame: Frame, name: str, detail: str, gap_fen: int = 0) -> None:
        self._checks.append(
            Check(frame.account, frame.statement, frame.currency, name, False, detail, gap_fen)
        )

    def _note_sign(self, frame: Frame, kind: str, currency: str) -> None:
        note = Check(
            account=frame.account,
            statement=frame.statement,
            currency=currency,
            name="balance-direction",
            ok=True,
            detail=f"{kind} has no CdtDbtInd, read as CRDT",
        )
        if note not in self._checks:
            self._checks.append(note)

    def _declared(self, frame: Frame) -> Iterator[Declared]:
        summary = find(self.element, "TxsSummry")
        if summary is None:
            return

        def count(part: str) -> int | None:
            text = words(summary, part, "NbOfNtries")
            if text and not (text.isascii() and text.isdecimal() and len(text) < 16):
                raise FeedRefused(f"NbOfNtries {text!r} is no number", self._place)
            return int(text) if text else None

        def money(part: str) -> int | None:
            element = find(summary, part, "Sum")
            return None if element is None else amount_of(element, f"{part} Sum", self._place)

        yield Declared(
            account=frame.account,
            statement=frame.statement,
            # The summary names no currency: it is about all entries of the statement.
            currency="",
            entries=count("TtlNtries"),
            credits=count("TtlCdtNtries"),
            debits=count("TtlDbtNtries"),
            credit_fen=money("TtlCdtNtries"),
            debit_fen=money("TtlDbtNtries"),
            sum_fen=money("TtlNtries"),
        )

    def _end(self, frame: Frame) -> End:
        dated = {b.day for _, b in self._balances_of(frame) if b.day is not None}
        days = self._days | dated or {frame.created_day}
        begins, ends = min(days), max(days)
        if frame.begins is not None and frame.ends is not None:
            begins = frame.begins
            period = find(self.element, "FrToDt")
            text = words(period, "ToDtTm") or words(period, "ToDt")
            ends = period_end(begins, text, days, self._place)
        if ends == date.min:
            raise FeedRefused("the statement has no date at all", self._place)
        created = end_of_day(ends)
        if self._created:
            try:
                created = to_utc(parse_moment(self._created))
            except ValueError as error:
                raise FeedRefused(str(error), self._place) from error
        return End(
            account=frame.account,
            statement=frame.statement,
            currency=frame.currency or "CNY",
            created=created,
            begins=begins,
            ends=ends,
            position=self._place,
            is_statement=frame.is_statement,
            period_declared=frame.begins is not None,
        )
