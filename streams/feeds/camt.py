"""Reads camt.052, .053 and .054, every version by local name, as a stream with flat memory."""

import re
from collections.abc import Generator, Iterator
from datetime import date

from lxml import etree
from lxml.etree import _Element as Parsed

from streams.feeds.camt_entry import read_entry
from streams.feeds.camt_frame import Frame
from streams.feeds.camt_pages import Balances, page_of
from streams.feeds.camt_shapes import LENGTH_MAX, Shapes
from streams.feeds.camt_xml import (
    LOCAL,
    Element,
    Node,
    account_of,
    amount_of,
    children,
    currency_of,
    day_of,
    find,
    text_of,
    words,
)
from streams.feeds.hardened import (
    PIECE_BYTES,
    Utf8Pieces,
    hardened_parser,
    refuse_document_type,
)
from streams.feeds.records import (
    Closing,
    Data,
    Declared,
    FeedRefused,
    Opening,
    Record,
    sequence_of,
)

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
_BLANKS = re.compile(rb"[ \t\r\n]*")
_BALANCES = {"OPBD": "opening", "PRCD": "opening", "CLBD": "closing"}


def read(data: Data) -> Iterator[Record]:
    """The records of a message, statement by statement.

    Raises FeedRefused for a document type, entities, bytes that are not of the declared encoding,
    XML that is cut or not well-formed, and every field that cannot be read with certainty.
    """
    refuse_document_type(data)
    reader = _Reader(data)
    try:
        yield from reader.read()
    except etree.XMLSyntaxError as error:
        told = _told_of_the_whole(data) if reader.has_passed_by else error
        line, column = told.position
        reason = f"the XML is cut or not well-formed: {told.msg}"
        raise FeedRefused(reason, f"line {line}, column {column}") from error


def _told_of_the_whole(data: Data) -> etree.XMLSyntaxError:
    """The fault with its line, as a parser tells it that was given all of the file."""
    try:
        for _ in _Reader(data, has_shapes=False).read():
            pass
    except etree.XMLSyntaxError as error:
        return error
    raise AssertionError("what is well-formed is so without some of its entries")


class _Reader:
    """Turns parser events into records and gives back the memory of what it has read.

    Entries that stand as one which the parser has read are passed by it: their texts hold no mark
    of XML, so that nothing is in doubt but these texts.
    """

    def __init__(self, data: Data, *, has_shapes: bool = True) -> None:
        self.has_passed_by = False
        self._statements = 0
        self._entries = 0
        self._balances = 0
        self._data = data
        self._pieces = Utf8Pieces(data)
        self._parser = hardened_parser(_TAGS)
        self._has_shapes = has_shapes
        self._shapes = Shapes()
        self._end_tag = b"</Ntry>"
        self._entry_at = 0
        self._shape_ends_at = -1
        self._starts = self._starts_from(0)
        self._offset = 0
        self._statement: _Statement | None = None
        self._waiting: Frame | None = None

    def read(self) -> Iterator[Record]:
        """The records. Raises XMLSyntaxError with a line that counts only what the parser saw."""
        data, parser = self._data, self._parser
        place = 0
        while True:
            if place == self._shape_ends_at and self._has_shapes:
                # The parser has read just to the end of an entry and waits for what may follow it.
                place = yield from self._passed_by(place)
            end = self._cut(place)
            parser.feed(self._pieces.piece(place, end))
            for event, element in parser.read_events():
                assert isinstance(element, Parsed), "comments and the like are removed"
                yield from self._handle(event, element)
            place = end
            if place >= len(data):
                break
        root = parser.close()
        if self._waiting is not None:
            # What is left of a statement whose next page is not in the file.
            yield from self._waiting.finish()
        if not self._statements:
            name = LOCAL[root.tag]
            raise FeedRefused(f"no statement stands in the message (root {name})", "byte 0")

    def _cut(self, place: int) -> int:
        """Where to stop reading: behind the next entry."""
        end = min(place + PIECE_BYTES, len(self._data))
        found = self._data.find(self._end_tag, place, end) if self._has_shapes else -1
        return end if found < 0 else found + len(self._end_tag)

    def _passed_by(self, place: int) -> Generator[Record, None, int]:
        """The entries from here on that stand as one before in their statement; where they end."""
        data, tag, encoding = self._data, self._end_tag, self._pieces.encoding
        assert self._statement is not None, "an entry of it was read"
        frame = self._statement.frame
        assert frame is not None, "an entry of it was read"
        while True:
            blanks = _BLANKS.match(data, place)
            start = blanks.end() if blanks else place
            end = data.find(tag, start, start + LENGTH_MAX) + len(tag)
            try:
                node = self._shapes.again(data[start:end].decode(encoding))
            except UnicodeDecodeError:
                node = None
            if node is None:
                break
            self._entries += 1
            entry = read_entry(node, frame, f"entry {self._entries} at byte {start}")
            frame.add(entry)
            yield entry
            place, self.has_passed_by = end, True
            self._pieces.release(place)
        self._starts = self._starts_from(place)
        return place

    def _starts_from(self, place: int) -> Iterator[re.Match[bytes]]:
        return (found for found in _STARTS.finditer(self._data, place) if found.group(1))

    def _handle(self, event: str, element: Parsed) -> Iterator[Record]:
        name = LOCAL[element.tag]
        if event == "start":
            self._start(name, element)
        elif self._statement is None:
            return
        elif element is self._statement.element:
            frame = yield from self._statement.end()
            self._waiting = frame if frame.waits else None
            if self._waiting is None:
                yield from frame.finish()
            element.clear()
            self._statement = None
        elif name == "Ntry" and element.getparent() is self._statement.element:
            place = f"entry {self._entries} at byte {self._offset}"
            node = self._node(element)
            yield from self._statement.entry(element if node is None else node, place)
            element.clear()
            before = element.getprevious()
            if before is not None and LOCAL[before.tag] == "Ntry":
                self._statement.element.remove(before)

    def _node(self, ntry: Parsed) -> Node | None:
        """The entry by its shape, where its bytes have one that is known."""
        start = self._entry_at
        tag = b"</%bNtry>" % (f"{ntry.prefix}:".encode() if ntry.prefix else b"")
        end = self._data.find(tag, start, start + LENGTH_MAX) + len(tag)
        if end < len(tag):
            return None
        node = self._shapes.read(self._data[start:end].decode(self._pieces.encoding))
        if node is not None:
            self._end_tag, self._shape_ends_at = tag, end
        return node

    def _start(self, name: str, element: Parsed) -> None:
        start = next(self._starts, None)
        if start is None or start.group(1).decode() != name:
            raise FeedRefused(f"<{name}> cannot be found in the raw bytes", f"byte {self._offset}")
        self._offset = start.start()
        parent = element.getparent()
        if name in _STATEMENTS and self._statement is None and parent is not None:
            message = _MESSAGES.get(LOCAL[parent.tag].partition("V0")[0])
            if message is None:
                return
            self._statements += 1
            place = f"statement {self._statements} at byte {self._offset}"
            self._shapes.forget_accepted()
            self._statement = _Statement(element, message, place, self._waiting)
        elif self._statement is not None and parent is self._statement.element:
            if name == "Ntry":
                self._entries += 1
                self._entry_at = self._offset
            elif name == "Bal":
                self._balances += 1
                place = f"balance {self._balances} at byte {self._offset}"
                self._statement.balance_places.append(place)


class _Statement:
    """One statement, report or notification between its first and its last tag.

    `before` is what waits for its next page, which this may be.
    """

    def __init__(self, element: Parsed, message: str, place: str, before: Frame | None) -> None:
        self.element = element
        self.balance_places: list[str] = []
        self._place = place
        self._message = message
        self._before = before
        self.frame: Frame | None = None

    def entry(self, ntry: Element, place: str) -> Iterator[Record]:
        frame = self.frame or (yield from self._begin())
        entry = read_entry(ntry, frame, place)
        frame.add(entry)
        yield entry

    def end(self) -> Generator[Record, None, Frame]:
        """The element is complete; its frame may wait for the next page."""
        frame = self.frame or (yield from self._begin())
        balances = self._balances_of(frame)
        yield from frame.openings(balances)
        frame.end_page(balances, self._declared(frame))
        return frame

    def _begin(self) -> Generator[Record, None, Frame]:
        frame, before = self._read_frame(), self._before
        if before is not None and before.join(frame):
            self.frame = before
            return before
        if before is not None:
            yield from before.finish()
        self.frame = frame
        yield from frame.openings(self._balances_of(frame))
        return frame

    def _read_frame(self) -> Frame:
        header = children(self.element)
        frame = Frame(self._message, self._created_text(header), self._place)
        frame.account = account_of(header.get("Acct"))
        if not frame.account:
            raise FeedRefused("the statement names no account", self._place)
        if len(frame.account) > 100:
            raise FeedRefused("the account number is too long", self._place)
        frame.statement = words(self.element, "Id")
        if not 0 < len(frame.statement) <= 200:
            raise FeedRefused("the statement has no Id of 1 to 200 characters", self._place)
        frame.currency = currency_of(None, words(header.get("Acct"), "Ccy"), self._place)
        for balance in self.element:
            if not frame.currency and LOCAL[balance.tag] == "Bal":
                frame.currency = currency_of(find(balance, "Amt"), "", self._place)
        period = header.get("FrToDt")
        frame.set_period(
            words(period, "FrDtTm") or words(period, "FrDt"),
            words(period, "ToDtTm") or words(period, "ToDt"),
        )
        frame.page = page_of(self.element)
        frame.sequence = sequence_of(
            words(header.get("ElctrncSeqNb")) or words(header.get("LglSeqNb"))
        )
        return frame

    def _created_text(self, header: dict[str, Element]) -> str:
        created = header.get("CreDtTm")
        if created is not None:
            return (created.text or "").strip()
        return words(self.element.getparent(), "GrpHdr", "CreDtTm")

    def _balances_of(self, frame: Frame) -> Balances:
        """The booked balances, OPBD before PRCD; the other kinds are not about bookings."""
        found: list[tuple[str, str, Opening | Closing]] = []
        elements = [child for child in self.element if LOCAL[child.tag] == "Bal"]
        # A parser may be ahead of its events: what stands behind an entry is told at the end.
        for element, place in zip(elements, self.balance_places, strict=False):
            kind = words(element, "Tp", "CdOrPrtry", "Cd") or words(element, "Tp", "Cd")
            if kind not in _BALANCES:
                continue
            amount = find(element, "Amt")
            balance_fen = amount_of(amount, f"balance {kind}", place)
            sign = words(element, "CdtDbtInd")
            if sign not in ("CRDT", "DBIT", ""):
                raise FeedRefused(f"CdtDbtInd {sign!r} is neither CRDT nor DBIT", place)
            currency = currency_of(amount, frame.currency, place)
            if not sign:
                frame.note_sign(kind, currency)
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
            net_fen=self._net(find(summary, "TtlNtries")),
        )

    def _net(self, total: Element | None) -> int | None:
        """Credits less debits, where amount and direction of it are told; each version its way."""
        own = find(total, "TtlNetNtry")
        amount = find(total, "TtlNetNtryAmt") if own is None else find(own, "Amt")
        sign = words(total if own is None else own, "CdtDbtInd")
        if sign not in ("CRDT", "DBIT") or text_of(amount)[:1] in ("", "-"):
            return None
        net_fen = amount_of(amount, "TtlNetNtry", self._place)
        return net_fen if sign == "CRDT" else -net_fen
